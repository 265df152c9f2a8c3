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

impl Mode {
    /// Whether what A has no more is left on B as it is, without a look at what becomes of it there.
    pub fn leaves_what_is_gone(self) -> bool {
        self == Self::Copy
    }
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

/// What is a question although it need not be one. Only where conflicts are left to a person, and changes go both ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct AskAlso {
    /// Something was deleted on one side and changed on the other: else the change survives.
    pub deletions: bool,
    /// Permissions were changed differently on both sides: else the later change wins.
    pub permissions: bool,
}

/// What is kept in sync besides content, permissions and times; all of it on request only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Keep {
    /// Whose files, directories and links are.
    pub owners: bool,
    /// Extended attributes, POSIX access lists and capabilities among them.
    pub attributes: bool,
}

/// Everything a plan depends on besides the three trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Direction.
    pub mode: Mode,
    /// Conflicts.
    pub on_conflict: OnConflict,
    /// What else is left to a person.
    pub ask: AskAlso,
    /// Compare content wherever size and time say "the same" (`--checksum`).
    pub checksum: bool,
    /// What is kept in sync besides: the sides show it if it is asked for.
    pub keep: Keep,
    /// The current time: later ones (by more than a day) are implausible.
    pub now: Time,
    /// The coarser time resolution of both sides in nanoseconds (1 for most, 2,000,000,000 for FAT).
    pub time_resolution: u64,
    /// What is put before the extension of a version that is kept under another name, for instance
    /// `conflict-B-20261122-161500`.
    pub keep_both_suffix: String,
}

impl Policy {
    /// Whether deletions against changes are left to a person.
    pub(crate) fn asks_about_deletions(&self) -> bool {
        self.ask.deletions && self.asks()
    }

    /// Whether permissions that were changed on both sides are left to a person.
    pub(crate) fn asks_about_permissions(&self) -> bool {
        self.ask.permissions && self.asks()
    }

    fn asks(&self) -> bool {
        self.mode == Mode::TwoWay && self.on_conflict == OnConflict::Ask
    }
}
