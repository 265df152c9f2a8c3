//! The works: what is prepared, what is run, what counts.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::Sizes;
use super::measure::{Figures, Job, median};
use super::peers::{Peer, floor};
use super::workload;

/// One row of the table.
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) peer: Peer,
    pub(crate) figures: Figures,
}

/// Runs every work whose name contains `only`.
pub(crate) fn all(sizes: &Sizes, only: Option<&str>, peers: &[Peer], place: &Path) -> Result<Vec<Row>> {
    let wanted = |work: &str| only.is_none_or(|word| work.contains(word));
    let mut rows = Vec::new();
    let bench = Bench { sizes, peers, place };
    if wanted("small") || wanted("churn") {
        let (files, dirs) = sizes.small;
        let tree = bench.prepare("small", |root| workload::tree(root, files, dirs, 4096.0, 1))?;
        let pairs = bench.first("small, first copy", &tree, &mut rows)?;
        bench.unchanged("small, unchanged", &pairs, &mut rows)?;
        bench.churn("small, churn on both sides", &pairs, &mut rows)?;
    }
    for (name, make) in [
        (
            "wide",
            (|root: &Path, sizes: &Sizes| workload::wide(root, sizes.wide))
                as fn(&Path, &Sizes) -> Result<()>,
        ),
        ("deep", |root, sizes| workload::deep(root, sizes.deep)),
    ] {
        if wanted(name) {
            let tree = bench.prepare(name, |root| make(root, sizes))?;
            let pairs = bench.first(&format!("{name}, first copy"), &tree, &mut rows)?;
            bench.unchanged(&format!("{name}, unchanged"), &pairs, &mut rows)?;
        }
    }
    if wanted("big") {
        let tree = bench.prepare("big", |root| workload::big(&root.join("big.dat"), sizes.big, 3))?;
        let pairs = bench.first("big, first copy", &tree, &mut rows)?;
        bench.edited("big, 64 pages edited", &pairs, &mut rows)?;
    }
    if wanted("tiny") {
        let (files, dirs) = sizes.tiny;
        let tree = bench.prepare("tiny", |root| workload::tree(root, files, dirs, 0.0, 2))?;
        bench.tiny("tiny, unchanged", &tree, &mut rows)?;
    }
    Ok(rows)
}

/// A peer with trees of its own, after its first run.
struct Pair {
    peer: Peer,
    a: PathBuf,
    b: PathBuf,
    state: PathBuf,
}

struct Bench<'a> {
    sizes: &'a Sizes,
    peers: &'a [Peer],
    place: &'a Path,
}

impl Bench<'_> {
    fn prepare(&self, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        eprintln!("preparing {name}");
        let root = self.place.join(name);
        fs::create_dir_all(&root)?;
        make(&root).with_context(|| format!("cannot prepare {name}"))?;
        Ok(root)
    }

    fn run(&self, work: &str, peer: Peer, job: &Job) -> Result<Figures> {
        // What the run before left to the kernel is not this one's to carry.
        Job::new(&["sync"]).run(self.place)?;
        let figures = job.run(self.place)?;
        eprintln!("{work}: {} {:.2} s", peer.name(), figures.wall);
        Ok(figures)
    }

    /// The first copy, each run into a new place; the last round's trees go on. `A` of the two-way peers is a copy of
    /// their own, since later works change it.
    fn first(&self, work: &str, tree: &Path, rows: &mut Vec<Row>) -> Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); self.peers.len() + 1];
        for round in 0..self.sizes.rounds {
            for (at, &peer) in self.peers.iter().chain([&Peer::Floor]).enumerate() {
                let home = self
                    .place
                    .join(format!("{}-{round}-{at}", tree.file_name().unwrap_or_default().display()));
                let (b, state) = (home.join("b"), home.join("state"));
                fs::create_dir_all(&b)?;
                fs::create_dir_all(&state)?;
                let last = round + 1 == self.sizes.rounds;
                let a = if last && peer.both_ways() { home.join("a") } else { tree.to_path_buf() };
                if a != tree {
                    Job::new(&["cp", "-a", &tree.display().to_string(), &a.display().to_string()])
                        .run(self.place)?;
                }
                runs[at].push(self.run(work, peer, &peer.job(&a, &b, &state, true))?);
                if last && peer != Peer::Floor {
                    pairs.push(Pair { peer, a, b, state });
                }
            }
        }
        for (&peer, runs) in self.peers.iter().chain([&Peer::Floor]).zip(&runs) {
            rows.push(Row { work: work.to_owned(), peer, figures: median(runs) });
        }
        Ok(pairs)
    }

    /// A run where nothing is to be done; the first one after a copy settles what a program has to settle.
    fn unchanged(&self, work: &str, pairs: &[Pair], rows: &mut Vec<Row>) -> Result<()> {
        let pairs: Vec<&Pair> = pairs.iter().filter(|pair| pair.peer != Peer::Cp).collect();
        let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); pairs.len() + 1];
        for pair in &pairs {
            pair.peer.job(&pair.a, &pair.b, &pair.state, false).run(self.place)?;
        }
        for _ in 0..self.sizes.rounds {
            for (at, pair) in pairs.iter().enumerate() {
                runs[at].push(self.run(
                    work,
                    pair.peer,
                    &pair.peer.job(&pair.a, &pair.b, &pair.state, false),
                )?);
            }
            if let Some(pair) = pairs.first() {
                let walk = floor("walk", &[&pair.a.display().to_string(), &pair.b.display().to_string()]);
                runs[pairs.len()].push(self.run(work, Peer::Floor, &walk)?);
            }
        }
        for (peer, runs) in pairs.iter().map(|pair| pair.peer).chain([Peer::Floor]).zip(&runs) {
            rows.push(Row { work: work.to_owned(), peer, figures: median(runs) });
        }
        Ok(())
    }

    fn churn(&self, work: &str, pairs: &[Pair], rows: &mut Vec<Row>) -> Result<()> {
        let (files, dirs) = self.sizes.small;
        let pairs: Vec<&Pair> = pairs.iter().filter(|pair| pair.peer.both_ways()).collect();
        let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); pairs.len()];
        for round in 0..self.sizes.rounds as u64 {
            for (at, pair) in pairs.iter().enumerate() {
                workload::churn(&pair.a, &pair.b, files, dirs, round)?;
                runs[at].push(self.run(
                    work,
                    pair.peer,
                    &pair.peer.job(&pair.a, &pair.b, &pair.state, false),
                )?);
            }
        }
        for (pair, runs) in pairs.iter().zip(&runs) {
            rows.push(Row { work: work.to_owned(), peer: pair.peer, figures: median(runs) });
        }
        Ok(())
    }

    fn edited(&self, work: &str, pairs: &[Pair], rows: &mut Vec<Row>) -> Result<()> {
        let mut runs: Vec<Vec<Figures>> = vec![Vec::new(); pairs.len()];
        for round in 0..self.sizes.rounds as u64 {
            for (at, pair) in pairs.iter().enumerate() {
                // The one-way peers share A: it is edited once a round, by the first of them.
                if pair.peer.both_ways() || pairs[..at].iter().all(|earlier| earlier.peer.both_ways()) {
                    workload::edit_big(&pair.a.join("big.dat"), 100 + round)?;
                }
                runs[at].push(self.run(
                    work,
                    pair.peer,
                    &pair.peer.job(&pair.a, &pair.b, &pair.state, false),
                )?);
            }
        }
        for (pair, runs) in pairs.iter().zip(&runs) {
            rows.push(Row { work: work.to_owned(), peer: pair.peer, figures: median(runs) });
        }
        Ok(())
    }

    /// A million files that are the same on both sides already: every peer looks at the same two trees.
    fn tiny(&self, work: &str, tree: &Path, rows: &mut Vec<Row>) -> Result<()> {
        let copy = self.place.join("tiny-copy");
        Job::new(&["cp", "-a", &tree.display().to_string(), &copy.display().to_string()]).run(self.place)?;
        let mut pairs = Vec::new();
        for &peer in self.peers {
            let state = self.place.join(format!("tiny-state-{}", peer.name().replace(' ', "-")));
            fs::create_dir_all(&state)?;
            if !matches!(peer, Peer::Cp | Peer::Bisync) {
                let first = peer.job(tree, &copy, &state, true);
                eprintln!("{work}: first run of {}", peer.name());
                first.run(self.place)?;
                pairs.push(Pair { peer, a: tree.to_path_buf(), b: copy.clone(), state });
            }
        }
        self.unchanged(work, &pairs, rows)
    }
}
