//! A plan is a value: computed, shown, stored, then carried out, each by other code.

use syncmgr::conflict::ConflictKind;

use crate::entry::{Seen, Side};
use crate::path::RelPath;
use crate::world::DirKey;

/// What a subtree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Regular files.
    pub files: u64,
    /// Directories, the top one included.
    pub dirs: u64,
    /// Symbolic links.
    pub links: u64,
    /// Bytes of all regular files.
    pub bytes: u64,
}

impl Tally {
    /// Files, directories and links together.
    pub fn entries(&self) -> u64 {
        self.files + self.dirs + self.links
    }
}

/// One thing to do at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Where, in the names that hold after the plan's moves.
    pub path: RelPath,
    /// What.
    pub op: Op,
}

/// What is done at a path. `on` is the side that is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Op {
    /// `on` has nothing there and gets what the other side has: a file, a link, or a whole directory tree.
    Create {
        /// The side that is changed.
        on: Side,
        /// The version on the other side.
        source: Seen,
        /// What is created in all.
        tally: Tally,
        /// For a directory: false makes only the directory itself (its children have actions of their own, because
        /// some of them are moved there).
        whole: bool,
    },
    /// `on` has another version there and gets that of the other side.
    Replace {
        /// The side that is changed.
        on: Side,
        /// The version on the other side.
        source: Seen,
        /// The version that goes to the trash (S1).
        target: Seen,
        /// What is created in all.
        tally: Tally,
        /// What is removed in all (a directory may be replaced by a file).
        removed: Tally,
    },
    /// Content is the same; permissions or times of `on` follow the other side.
    Meta {
        /// The side that is changed.
        on: Side,
        /// The version on the other side.
        source: Seen,
        /// The version whose metadata is changed.
        target: Seen,
        /// Take over the permission bits.
        mode: bool,
        /// Take over the time.
        mtime: bool,
    },
    /// `on` loses what it has there: a file, a link, a whole tree without exception, or (`whole` false) a directory
    /// that stays with what must stay, and is then no action of its own.
    Remove {
        /// The side that is changed.
        on: Side,
        /// The version that goes to the trash (S1).
        target: Seen,
        /// What is removed in all.
        tally: Tally,
    },
    /// On `on`, what is at `from` gets the name `path`.
    Move {
        /// The side that is changed.
        on: Side,
        /// The old name, on that side before the plan.
        from: RelPath,
        /// The version that is moved.
        seen: Seen,
    },
    /// Both versions stay: that of `renamed_on` gets the name `path`, both names exist afterwards on both sides
    /// (the policy keep-both; followed by `Create` actions for both names).
    KeepBoth {
        /// The side whose version is renamed.
        renamed_on: Side,
        /// The contested name.
        from: RelPath,
        /// The version that is renamed.
        seen: Seen,
    },
}

/// A change of the base alone: both sides agree already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settle {
    /// Where, in the names that hold after the plan's moves.
    pub path: RelPath,
    /// What both sides have now; none when neither has anything.
    pub agreed: Option<(Seen, Seen)>,
}

/// A disagreement that needs a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contested {
    /// Where.
    pub path: RelPath,
    /// How.
    pub kind: ConflictKind,
    /// A's version; none when deleted.
    pub a: Option<Seen>,
    /// B's version; none when deleted.
    pub b: Option<Seen>,
}

/// Something a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Where.
    pub path: RelPath,
    /// What.
    pub what: NoteKind,
}

/// Kinds of notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoteKind {
    /// Could not be read on that side; left alone on both (S5). An error.
    Unreadable(Side, String),
    /// A socket, device or pipe on that side; skipped.
    Special(Side),
    /// A file against something that is no file, directory or link: both left. An error.
    AgainstSpecial,
    /// Deleted on one side, edited on this one: the edit survives. Information.
    EditSurvived(Side),
    /// Copy mode: B alone changed it; left as it is. Information.
    LeftOnB,
    /// A directory stays on that side because something excluded or unreadable is in it. Information.
    DirectoryStays(Side),
}

/// What a run is going to do.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// In the order in which they can be carried out: directories that lead somewhere and moves first (parents before
    /// children), then creations and replacements, metadata, removals last.
    pub actions: Vec<Action>,
    /// Changes of the base alone.
    pub settle: Vec<Settle>,
    /// Open conflicts.
    pub conflicts: Vec<Contested>,
    /// Things to know.
    pub notes: Vec<Note>,
    /// Entries that were looked at, on each side.
    pub looked_at: [u64; 2],
}

/// Where a base record of a directory is rooted in the plan's names: `path` had its agreement under `key`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rooted {
    /// The directory, in the names that hold after the plan's moves.
    pub path: RelPath,
    /// Its agreement.
    pub key: DirKey,
}
