//! What was measured, and how it is kept: a workload that is measured again takes the place of its old figures, so that a
//! change of one hot path does not cost the whole run.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::measure::Figures;
use super::peers::Peer;

/// All figures of one machine.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Results {
    /// What it was measured on.
    pub(crate) machine: String,
    /// The programs with their versions.
    pub(crate) programs: Vec<String>,
    /// In the order of the table.
    pub(crate) parts: Vec<Part>,
}

/// The figures of one workload, all from one run.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part {
    /// The word that measures it again.
    pub(crate) name: String,
    /// Rows of the table.
    pub(crate) rows: Vec<Row>,
    /// What is no run of a peer.
    pub(crate) facts: Vec<Fact>,
}

/// One row of the table.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Row {
    pub(crate) work: String,
    pub(crate) peer: Peer,
    pub(crate) figures: Figures,
    /// How many runs the medians are of.
    pub(crate) runs: usize,
}

/// A figure that is no run of a peer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fact {
    pub(crate) what: String,
    pub(crate) value: String,
}

impl Results {
    /// What is kept there and still holds. Figures of another machine or of programs that are others now do not: two
    /// machines never stand in one table. A peer that came since changes nothing of them.
    pub(crate) fn read(path: &Path, machine: String, programs: Vec<String>) -> Result<Self> {
        let kept = match fs::read(path) {
            Ok(text) => serde_json::from_slice::<Self>(&text)
                .with_context(|| format!("{} is no list of results: remove it", path.display()))?
                .parts_of(&machine, &programs),
            Err(_) => Vec::new(),
        };
        Ok(Self { machine, programs, parts: kept })
    }

    fn parts_of(self, machine: &str, programs: &[String]) -> Vec<Part> {
        let are_there = self.programs.iter().all(|old| programs.contains(old));
        if self.machine == machine && are_there { self.parts } else { Vec::new() }
    }

    /// Puts new figures in the place of the old ones.
    pub(crate) fn replace(&mut self, measured: Vec<Part>) {
        for part in measured {
            match self.parts.iter_mut().find(|old| old.name == part.name) {
                Some(old) => *old = part,
                None => self.parts.push(part),
            }
        }
    }

    /// Keeps them for the next run.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
    }

    /// All rows, those of one work together.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &[Row]> {
        self.parts.iter().flat_map(|part| part.rows.chunk_by(|one, next| one.work == next.work))
    }
}
