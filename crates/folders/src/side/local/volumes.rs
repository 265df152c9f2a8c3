//! The file systems that a side lies on: that of its root, and what is mounted beneath.
//!
//! Looking at a name tells where it lies, so planning learns of every mount for nothing. They matter twice: what was
//! written has to be made durable on each of them (S3), and a rename does not lead from one to another, so each needs a
//! trash of its own (S7).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use reconcile::RelPath;
use rustix::fs::Statx;

/// One mount of one file system: renames lead to everything on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Volume {
    /// Which mount; zero where the kernel does not tell.
    mount: u64,
    /// Which file system: durability is its affair.
    pub(super) device: u64,
}

impl Volume {
    pub(super) fn of(stat: &Statx) -> Self {
        Self { mount: stat.stx_mnt_id, device: rustix::fs::makedev(stat.stx_dev_major, stat.stx_dev_minor) }
    }
}

/// Those that were met so far.
#[derive(Debug)]
pub(super) struct Volumes {
    root: Volume,
    /// The others, and a directory of each. No descriptors: an open one would keep a person from unmounting.
    beneath: Mutex<BTreeMap<Volume, RelPath>>,
}

impl Volumes {
    pub(super) fn new(root: Volume) -> Self {
        Self { root, beneath: Mutex::default() }
    }

    pub(super) fn root(&self) -> Volume {
        self.root
    }

    /// Something lies on `volume`, and the directory that `path` tells as well.
    pub(super) fn meet(&self, volume: Volume, path: impl FnOnce() -> RelPath) {
        if volume != self.root {
            let mut beneath = self.beneath.lock().unwrap_or_else(PoisonError::into_inner);
            beneath.entry(volume).or_insert_with(path);
        }
    }

    /// Those beneath the root, with a directory of each.
    pub(super) fn beneath(&self) -> Vec<(Volume, RelPath)> {
        let beneath = self.beneath.lock().unwrap_or_else(PoisonError::into_inner);
        beneath.iter().map(|(volume, path)| (*volume, path.clone())).collect()
    }
}
