//! A folder pair as the person set it up.

use std::path::PathBuf;

pub use reconcile::{AskAlso, Keep, MaxDelete};
use reconcile::{Mode, OnConflict, Side};
use syncmgr::ItemId;

/// One side as it was set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairSide {
    /// Absolute path of the folder, without symbolic links when the pair was made.
    pub path: PathBuf,
    /// What the person calls it; the path as given unless they named it.
    pub label: String,
}

/// A folder pair: settings that hold for every run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The item it is.
    pub item: ItemId,
    /// What the person calls it.
    pub name: String,
    /// Side A.
    pub a: PairSide,
    /// Side B.
    pub b: PairSide,
    /// Direction.
    pub mode: Mode,
    /// What happens to conflicts.
    pub on_conflict: OnConflict,
    /// What is kept besides content, permissions and times.
    pub keep: Keep,
    /// Globs that leave names out, gitignore syntax.
    pub exclude: Vec<String>,
    /// Globs that bring names back in.
    pub include: Vec<String>,
    /// The limit the person set; none is the default of 50 %.
    pub max_delete: Option<MaxDelete>,
    /// How long the trash is kept, in days.
    pub trash_days: u32,
    /// What else is left to a person besides conflicts.
    pub ask: AskAlso,
    /// How many bytes the trash of each side may hold, if there is a limit: the oldest runs' goes first, that of the last
    /// run never.
    pub trash_size: Option<u64>,
    /// Keep the last common version of small text files, so that conflicts about them can be merged.
    pub ancestors: bool,
}

impl Pair {
    /// What people call the sides.
    pub fn labels(&self) -> [&str; 2] {
        [&self.a.label, &self.b.label]
    }

    /// The settings of one side.
    pub fn side(&self, side: Side) -> &PairSide {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }
}
