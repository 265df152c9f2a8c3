//! What the person asked for.

use crate::entry::Time;

/// The direction of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Mode {
    /// Changes go both ways.
    #[default]
    TwoWay,
    /// B becomes A.
    Mirror,
    /// B gets all of A's additions and edits; nothing is deleted.
    Copy,
}

/// What happens to a conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnConflict {
    /// Both versions stay, the conflict is recorded.
    #[default]
    Ask,
    /// The newer version wins; ties stay conflicts.
    Newest,
    /// The larger version wins; ties stay conflicts.
    Largest,
    /// A's version wins.
    A,
    /// B's version wins.
    B,
    /// Both versions exist afterwards on both sides, B's under another name.
    KeepBoth,
}

/// Everything a plan depends on besides the three trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Direction.
    pub mode: Mode,
    /// Conflicts.
    pub on_conflict: OnConflict,
    /// Compare content wherever size and time say "the same" (`--checksum`).
    pub checksum: bool,
    /// The current time: later ones (by more than a day) are implausible.
    pub now: Time,
    /// The coarser time resolution of both sides in nanoseconds (1 for most, 2,000,000,000 for FAT).
    pub time_resolution: u64,
    /// What is put before the extension of a version that is kept under another name, for instance
    /// `conflict-B-20261122-161500`.
    pub keep_both_suffix: String,
}
