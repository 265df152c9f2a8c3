//! Trees of many files: the first copy, runs where nothing is to be done, and churn.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::{Bench, Pair, Series, Source};
use crate::bench::calls::Calls;
use crate::bench::disk::{self, Disk};
use crate::bench::peers::{Peer, floor};
use crate::bench::{Sizes, workload};

/// Directories of an unusual shape.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    Wide,
    Deep,
}

impl Shape {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Wide => "wide",
            Self::Deep => "deep",
        }
    }

    fn files(self, sizes: &Sizes) -> u64 {
        match self {
            Self::Wide => sizes.wide,
            Self::Deep => sizes.deep,
        }
    }
}

/// A tree with what it takes on a disk.
struct Work {
    name: &'static str,
    tree: Source,
    files: u64,
    mib: u64,
}

impl Bench<'_> {
    pub(super) fn small(&mut self) -> Result<()> {
        let (files, dirs) = self.sizes.small;
        let tree = self.prepare("small", |root| workload::tree(root, files, dirs, 4096.0, 1))?;
        // Sizes are log-normal: 10 KiB a file on the whole, and as much again for what two sides and a state take.
        let work = Work { name: "small", tree, files: files + dirs, mib: files / 50 };
        let mut pairs = self.first(&work)?;
        self.calls(&work, files)?;
        self.unchanged(work.name, &pairs, true)?;
        pairs.retain(|pair| pair.peer.both_ways());
        self.churn(&pairs)
    }

    pub(super) fn shape(&mut self, shape: Shape) -> Result<()> {
        let files = shape.files(self.sizes);
        let tree = self.prepare(shape.name(), |root| match shape {
            Shape::Wide => workload::wide(root, files),
            Shape::Deep => workload::deep(root, files),
        })?;
        let work = Work { name: shape.name(), tree, files: 2 * files, mib: files / 50 + 64 };
        let pairs = self.first(&work)?;
        self.unchanged(work.name, &pairs, false)
    }

    /// The first copy, each run into a file system of its own. Gives pairs to go on with: A of the two-way peers is a
    /// copy of their own, since later works change it.
    fn first(&mut self, work: &Work) -> Result<Vec<Pair>> {
        let mut series = Series::new(format!("{}, first copy", work.name));
        let mut pairs = Vec::new();
        let rounds = self.sizes.rounds;
        for round in 0..rounds {
            for peer in self.in_turn(round).into_iter().chain([Peer::Floor]) {
                let disk = Disk::new(
                    self.place,
                    &format!("{}-{round}-{}", work.name, peer.word()),
                    work.mib,
                    work.files,
                )?;
                let pair = self.pair(peer, disk, &work.tree.0)?;
                disk::warm(&pair.a)?;
                self.measure(
                    &mut series,
                    peer,
                    &peer.job(&pair.a, &pair.b, &pair.state, true),
                    Some(&pair.b),
                )?;
                if round + 1 == rounds && !peer.both_ways() && !matches!(peer, Peer::Cp | Peer::Floor) {
                    pairs.push(pair);
                }
            }
        }
        for peer in self.peers.clone().into_iter().filter(|peer| peer.both_ways()) {
            let disk = Disk::new(
                self.place,
                &format!("{}-{}", work.name, peer.word()),
                2 * work.mib,
                2 * work.files,
            )?;
            let a = disk.path().join("a");
            self.copy(&work.tree.0, &a)?;
            let pair = self.pair(peer, disk, &a)?;
            self.run(&peer.job(&pair.a, &pair.b, &pair.state, true))?;
            pairs.push(pair);
        }
        pairs.sort_by_key(|pair| self.peers.iter().position(|&peer| peer == pair.peer));
        self.keep(series);
        Ok(pairs)
    }

    /// How many system calls our first copy takes.
    fn calls(&mut self, work: &Work, files: u64) -> Result<()> {
        let disk = Disk::new(self.place, &format!("{}-calls", work.name), work.mib, work.files)?;
        let pair = self.pair(Peer::Instep, disk, &work.tree.0)?;
        let job = Peer::Instep.job(&pair.a, &pair.b, &pair.state, true);
        let what = format!("{}, first copy: system calls a file, with its share of directories", work.name);
        match Calls::of(&job, self.place)? {
            Some(calls) => self.fact(what, calls.each(files)),
            None => self.fact(what, "not counted: strace is not here, or may not trace"),
        }
        Ok(())
    }

    fn pair(&self, peer: Peer, disk: Disk, a: &Path) -> Result<Pair> {
        let (b, state) = (disk.path().join("b"), disk.path().join("state"));
        fs::create_dir_all(&b)?;
        fs::create_dir_all(&state)?;
        Ok(Pair { peer, a: a.to_path_buf(), b, state, _disk: Some(disk) })
    }

    /// A run where nothing is to be done. The first one after a copy settles what a program has to settle.
    pub(super) fn unchanged(&mut self, name: &str, pairs: &[Pair], cold: bool) -> Result<()> {
        for pair in pairs {
            self.run(&pair.again())?;
        }
        let mut warm = Series::new(format!("{name}, unchanged"));
        for _ in 0..self.sizes.rounds {
            for pair in pairs {
                self.measure(&mut warm, pair.peer, &pair.again(), None)?;
            }
            if let Some(pair) = pairs.first() {
                warm.add(Peer::Floor, self.run(&floor("walk", &[&pair.a, &pair.b]))?);
            }
        }
        self.keep(warm);
        if cold && disk::forget() {
            let mut series = Series::new(format!("{name}, unchanged, cold"));
            for pair in pairs {
                disk::forget();
                self.measure(&mut series, pair.peer, &pair.again(), None)?;
            }
            if let Some(pair) = pairs.first() {
                disk::forget();
                series.add(Peer::Floor, self.run(&floor("walk", &[&pair.a, &pair.b]))?);
            }
            self.keep(series);
        }
        Ok(())
    }

    /// Work of people on both sides, with moves and conflicts.
    fn churn(&mut self, pairs: &[Pair]) -> Result<()> {
        let (files, dirs) = self.sizes.small;
        let mut series = Series::new("small, churn on both sides");
        for round in 0..self.sizes.rounds as u64 {
            for pair in pairs {
                workload::churn(&pair.a, &pair.b, files, dirs, round)?;
                self.measure(&mut series, pair.peer, &pair.again(), Some(&pair.b))?;
            }
            if let Some(pair) = pairs.first() {
                series.add(Peer::Floor, self.run(&floor("walk", &[&pair.a, &pair.b]))?);
            }
        }
        self.keep(series);
        Ok(())
    }
}
