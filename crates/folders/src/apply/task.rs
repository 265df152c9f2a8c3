//! What is to be staged, what is being built, and what waits to be published.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use reconcile::path::Name;
use reconcile::{Facets, Listing, RelPath, Seen, Side, Tally};

use super::Edit;
use crate::journal::Deed;
use crate::side::ReadDir;
use crate::side::write::WriteDir;

/// One thing to stage.
pub(super) struct Task {
    pub(super) on: Side,
    /// The directory it belongs into.
    pub(super) dir: RelPath,
    /// That directory, if this run made it.
    pub(super) home: Option<Arc<NewDir>>,
    pub(super) work: Work,
}

pub(super) enum Work {
    /// Files and links of one directory.
    Leaves(Vec<Item>),
    /// A directory with all that is in it.
    Tree(Item),
    /// What is in a directory that this run made, from one place of the order on.
    Children(Arc<Listing>, usize),
}

pub(super) struct Item {
    pub(super) name: Vec<u8>,
    pub(super) source: Seen,
    pub(super) instead: Option<Box<Instead>>,
    /// Seen a moment ago, not when the run was planned.
    pub(super) fresh: bool,
}

/// What a new version takes the place of.
#[derive(Clone)]
pub(super) struct Instead {
    pub(super) target: Seen,
    pub(super) removed: Tally,
    /// What of it the new version keeps.
    pub(super) keep: Facets,
}

/// One version on its way to the other side.
#[derive(Clone, Copy)]
pub(super) struct Copied<'c> {
    /// The directory of the original, and its name there.
    pub(super) original: (&'c dyn ReadDir, &'c Name),
    /// The same of the copy.
    pub(super) copy: (&'c dyn WriteDir, &'c Name),
    /// What the copy is to be.
    pub(super) wanted: Seen,
    /// The file whose place it takes.
    pub(super) instead: Option<&'c Instead>,
}

/// A directory that this run makes.
pub(super) struct NewDir {
    pub(super) on: Side,
    pub(super) path: RelPath,
    pub(super) like: Seen,
    pub(super) root: Arc<Root>,
    /// Children that are not there yet.
    pub(super) left: AtomicUsize,
}

impl NewDir {
    /// Where it is now.
    pub(super) fn place(&self) -> RelPath {
        match self.root.state() {
            State::Published => self.path.clone(),
            _ => self.path.moved(&self.root.path, &self.root.temp_path()),
        }
    }

    /// One child less to wait for; true if it was the last.
    pub(super) fn one_done(&self) -> bool {
        self.left.fetch_sub(1, Ordering::AcqRel) == 1
    }
}

/// A tree that is built under one temporary name.
pub(super) struct Root {
    pub(super) on: Side,
    pub(super) dir: RelPath,
    pub(super) temp: Vec<u8>,
    pub(super) path: RelPath,
    pub(super) seen: Seen,
    pub(super) instead: Option<Box<Instead>>,
    /// The directory it belongs into, if this run made it.
    pub(super) home: Option<Arc<NewDir>>,
    pub(super) state: AtomicU8,
    pub(super) made: Mutex<Made>,
}

/// What is in a tree that is being built.
#[derive(Default)]
pub(super) struct Made {
    pub(super) deeds: Vec<Deed>,
    pub(super) edits: Vec<Edit>,
    pub(super) entries: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    Building,
    Published,
    Failed,
}

impl Root {
    pub(super) fn state(&self) -> State {
        match self.state.load(Ordering::Acquire) {
            0 => State::Building,
            1 => State::Published,
            _ => State::Failed,
        }
    }

    pub(super) fn set_state(&self, state: State) {
        self.state.store(state as u8, Ordering::Release);
    }

    pub(super) fn temp_path(&self) -> RelPath {
        self.dir.join(&self.temp)
    }
}

/// A file or link that waits under a temporary name in a directory that people see.
pub(super) struct Staged {
    pub(super) on: Side,
    pub(super) dir: RelPath,
    pub(super) name: Vec<u8>,
    pub(super) temp: Vec<u8>,
    /// The version that was copied.
    pub(super) source: Seen,
    /// The copy.
    pub(super) made: Seen,
    pub(super) instead: Option<Box<Instead>>,
    pub(super) home: Option<Arc<NewDir>>,
}
