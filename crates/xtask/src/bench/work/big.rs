//! One big file: its first copy, and its edited version.

use std::fs;

use anyhow::Result;

use super::{Bench, Series};
use crate::bench::disk::Disk;
use crate::bench::peers::{Peer, floor};
use crate::bench::workload;

const NAME: &str = "big.dat";

impl Bench<'_> {
    pub(super) fn big(&mut self) -> Result<()> {
        let size = self.sizes.big;
        let mut first = Series::new("big, first copy");
        let mut edited = Series::new("big, 64 pages edited");
        let mib = size >> 20;
        for round in 0..self.sizes.rounds {
            for peer in self.in_turn(round).into_iter().chain([Peer::Floor]) {
                // Room for both sides, and for the old version that goes to a trash.
                let disk = Disk::new(self.place, &format!("big-{}", peer.word()), 3 * mib, 1_000)?;
                let [a, b, state] = ["a", "b", "state"].map(|name| disk.path().join(name));
                for dir in [&a, &b, &state] {
                    fs::create_dir_all(dir)?;
                }
                workload::big(&a.join(NAME), size, 3)?;
                let job = |first| match peer {
                    Peer::Floor => floor("read-write", &[&a.join(NAME), &b.join(NAME)]),
                    _ => peer.job(&a, &b, &state, first),
                };
                self.measure(&mut first, peer, &job(true), Some(&b))?;
                workload::edit_big(&a.join(NAME), 100 + round as u64)?;
                self.measure(&mut edited, peer, &job(false), Some(&b))?;
            }
        }
        self.keep(first);
        self.keep(edited);
        Ok(())
    }
}
