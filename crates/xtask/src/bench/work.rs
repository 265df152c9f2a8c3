//! What all works have in common: alternate runs of several programs, and the rows that come of them.

mod big;
mod program;
mod tiny;
mod trees;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use super::Sizes;
use super::disk::{self, Disk};
use super::measure::{Figures, Job, fetch_memory, median};
use super::peers::Peer;
use super::results::{Fact, Part, Row};

/// A peer that takes more seconds than this is run once on a work.
const ENOUGH: f64 = 20.0;

/// Runs every workload, or the one of that name.
pub(crate) fn all(sizes: &Sizes, only: Option<&str>, peers: &[Peer], place: &Path) -> Result<Vec<Part>> {
    const WORKS: [(&str, Work); 7] = [
        ("small", |bench| bench.small()),
        ("wide", |bench| bench.shape(trees::Shape::Wide)),
        ("deep", |bench| bench.shape(trees::Shape::Deep)),
        ("big", |bench| bench.big()),
        ("tiny", |bench| bench.tiny()),
        ("start", |bench| bench.start()),
        ("callback", |bench| bench.callback()),
    ];
    let mut parts = Vec::new();
    for (name, work) in WORKS.into_iter().filter(|(name, _)| only.is_none_or(|only| only == *name)) {
        let peers = peers.iter().copied().filter(|peer| peer.works_at(name)).collect();
        let mut bench = Bench { sizes, peers, place, rows: Vec::new(), facts: Vec::new() };
        work(&mut bench)?;
        parts.push(Part { name: name.to_owned(), rows: bench.rows, facts: bench.facts });
    }
    ensure!(
        !parts.is_empty(),
        "no workload has that name; there are {}",
        WORKS.map(|(name, _)| name).join(", ")
    );
    Ok(parts)
}

/// Measures one workload.
type Work = fn(&mut Bench<'_>) -> Result<()>;

struct Bench<'a> {
    sizes: &'a Sizes,
    peers: Vec<Peer>,
    place: &'a Path,
    rows: Vec<Row>,
    facts: Vec<Fact>,
}

/// A peer with trees of its own, after its first run.
struct Pair {
    peer: Peer,
    a: PathBuf,
    b: PathBuf,
    state: PathBuf,
    _disk: Option<Disk>,
}

impl Pair {
    /// The command that synchronizes it again.
    fn again(&self) -> Job {
        self.peer.job(&self.a, &self.b, &self.state, false)
    }
}

/// Alternate runs of several programs on one work.
struct Series {
    work: String,
    runs: Vec<(Peer, Vec<Figures>)>,
}

impl Series {
    fn new(work: impl Into<String>) -> Self {
        Self { work: work.into(), runs: Vec::new() }
    }

    fn add(&mut self, peer: Peer, figures: Figures) {
        eprintln!("{}: {} {:.2} s", self.work, peer.name(), figures.wall);
        match self.runs.iter_mut().find(|(known, _)| *known == peer) {
            Some((_, runs)) => runs.push(figures),
            None => self.runs.push((peer, vec![figures])),
        }
    }

    /// Whether a program has shown already that it is of another order: more runs would tell nothing new.
    fn has_seen_enough(&self, peer: Peer) -> bool {
        let runs = self.runs.iter().find(|(known, _)| *known == peer).map(|(_, runs)| runs.as_slice());
        runs.unwrap_or_default().iter().any(|run| run.wall > ENOUGH)
    }

    fn into_rows(self) -> impl Iterator<Item = Row> {
        let work = self.work;
        self.runs.into_iter().map(move |(peer, runs)| Row {
            work: work.clone(),
            peer,
            figures: median(&runs),
            runs: runs.len(),
        })
    }
}

impl Bench<'_> {
    fn keep(&mut self, series: Series) {
        self.rows.extend(series.into_rows());
    }

    fn fact(&mut self, what: impl Into<String>, value: impl Into<String>) {
        let fact = Fact { what: what.into(), value: value.into() };
        eprintln!("{}: {}", fact.what, fact.value);
        self.facts.push(fact);
    }

    /// One run on a machine that has nothing else to write.
    fn run(&self, job: &Job) -> Result<Figures> {
        disk::settle();
        job.run(self.place)
    }

    /// The same, and how long it takes after that until everything is durable in `target`.
    fn run_into(&self, job: &Job, target: &Path) -> Result<Figures> {
        disk::settle();
        // What the largest work writes anew.
        fetch_memory(self.sizes.big);
        let figures = job.run(self.place)?;
        let target = fs::File::open(target)?;
        let start = Instant::now();
        rustix::fs::syncfs(&target)?;
        Ok(Figures { flush: start.elapsed().as_secs_f64(), ..figures })
    }

    /// One run for a series. A peer that fails at a work has no figure there, and the table says so; ours may not fail.
    fn measure(&mut self, series: &mut Series, peer: Peer, job: &Job, target: Option<&Path>) -> Result<()> {
        if series.has_seen_enough(peer) {
            return Ok(());
        }
        let figures = match target {
            Some(target) => self.run_into(job, target),
            None => self.run(job),
        };
        match figures {
            Ok(figures) => series.add(peer, figures),
            Err(error) if matches!(peer, Peer::Instep | Peer::Floor) => return Err(error),
            Err(error) => self.fact(format!("{}: {} failed", series.work, peer.name()), first_words(&error)),
        }
        Ok(())
    }

    /// Makes a tree that all peers read.
    fn prepare(&self, name: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<Source> {
        eprintln!("preparing {name}");
        let root = self.place.join(name);
        fs::create_dir_all(&root)?;
        make(&root).with_context(|| format!("cannot prepare {name}"))?;
        Ok(Source(root))
    }

    fn copy(&self, from: &Path, to: &Path) -> Result<()> {
        Job::new(&["cp", "-a", &from.display().to_string(), &to.display().to_string()]).run(self.place)?;
        Ok(())
    }

    /// The peers, another first in each round.
    fn in_turn(&self, round: usize) -> Vec<Peer> {
        let mut peers = self.peers.clone();
        peers.rotate_left(round % self.peers.len());
        peers
    }
}

/// What a failed program said, short enough for a table.
fn first_words(error: &anyhow::Error) -> String {
    let text = error.to_string().replace('|', "/");
    let (_, said) = text.rsplit_once("` ").unwrap_or(("", &text));
    said.chars().take(120).collect()
}

/// A tree that goes when nobody needs it any more.
struct Source(PathBuf);

impl Drop for Source {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
