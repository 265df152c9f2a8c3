//! A plan is a value: computed, shown, stored, then carried out, each by other code.

use syncmgr::conflict::ConflictKind;

use crate::entry::{Kind, Seen, Side};
use crate::facets::Facets;
use crate::path::{Name, RelPath};
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
    /// How many of these entries both sides had agreed on. What guards count (S6).
    pub agreed: u64,
    /// Every version in it, summed up so that the order of looking does not matter: see [`fingerprint`]. What comes
    /// out when the tree is looked at again must be the same, else it is not the tree that the plan saw (S1).
    pub fingerprint: u64,
}

impl Tally {
    /// Files, directories and links together.
    pub fn entries(&self) -> u64 {
        self.files + self.dirs + self.links
    }

    /// The tally of one thing alone: a file, a link, or the top of a tree.
    pub fn of(seen: &Seen, agreed: bool) -> Self {
        let mut tally = Self::default();
        tally.count(seen, agreed);
        tally
    }

    /// Counts one more entry beneath the top of a tree. Sockets and the like have no count of their own, but leave their
    /// mark: a tree that is removed must not have got one meanwhile. Whoever looks at a tree that is copied leaves out
    /// what is not copied.
    pub fn add(&mut self, name: &Name, seen: &Seen, agreed: bool) {
        self.count(seen, agreed);
        self.fingerprint = self.fingerprint.wrapping_add(fingerprint(name, seen));
    }

    /// Counts a whole tree whose top `name` is beneath the top of this one.
    pub fn add_tree(&mut self, name: &Name, top: &Seen, tree: &Self) {
        self.add_sum(tree);
        self.fingerprint = self.fingerprint.wrapping_add(fingerprint(name, top));
    }

    /// Adds what another tally counted.
    pub fn add_sum(&mut self, other: &Self) {
        self.files += other.files;
        self.dirs += other.dirs;
        self.links += other.links;
        self.bytes += other.bytes;
        self.agreed += other.agreed;
        self.fingerprint = self.fingerprint.wrapping_add(other.fingerprint);
    }

    fn count(&mut self, seen: &Seen, agreed: bool) {
        match seen.kind {
            Kind::File => {
                self.files += 1;
                self.bytes += seen.size;
            }
            Kind::Dir => self.dirs += 1,
            Kind::Link => self.links += 1,
            Kind::Special | Kind::Unreadable => return,
        }
        self.agreed += u64::from(agreed);
    }
}

/// The share of one entry beneath a tree's top in [`Tally::fingerprint`]: its name, what it is, and all that moves when
/// it is edited, renamed or replaced. A directory shows edits by its children. The top itself is checked by its own
/// [`Seen`], so that the sum does not depend on what it is called.
pub fn fingerprint(name: &Name, seen: &Seen) -> u64 {
    let mut hash = Fnv::new();
    hash.write(name);
    hash.write(&[0, seen.kind as u8]);
    hash.write(&seen.id.ino.to_le_bytes());
    if seen.kind != Kind::Dir {
        hash.write(&seen.size.to_le_bytes());
        for time in [seen.mtime, seen.ctime] {
            hash.write(&time.secs.to_le_bytes());
            hash.write(&time.nanos.to_le_bytes());
        }
    }
    hash.finish()
}

/// FNV-1a with a last stir: small, and the same on every machine and in every version.
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    pub(crate) fn finish(mut self) -> u64 {
        self.0 ^= self.0 >> 32;
        self.0 = self.0.wrapping_mul(0xd6e8_feb8_6659_fd93);
        self.0 ^ (self.0 >> 32)
    }
}

/// Where the base has an entry: the agreement it is a child of, and its name there. Stays true whatever is moved
/// around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    /// The agreement of the directory it was in.
    pub dir: DirKey,
    /// Its name there.
    pub name: Vec<u8>,
}

/// One thing to do at one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Where, in the names that hold after the plan's moves.
    pub path: RelPath,
    /// The agreement of the directory it is in; none when the base has no record of that directory yet (an earlier
    /// action or [`Settle`] of the same plan makes it).
    pub dir: Option<DirKey>,
    /// What.
    pub op: Op,
}

/// What is done at a path. `on` is the side that is changed.
///
/// # What becomes of the base
/// Whoever carries out an action records, when it is durable, the [`Seen`] of both sides as they are then. `Create`,
/// `Replace` and `Meta` record their path, and all that was copied beneath it, in place of what the base had there.
/// `Move` moves the entry, `Remove` takes it out with all records beneath it.
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
        /// For a directory: false makes only the directory itself; its children have actions of their own, because
        /// some of them are moved there or survive there. A record that the base has of the directory then stays,
        /// with its children; else an empty one is made. Its permissions are set when its children are done.
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
        /// What the new version keeps of what `on` has (permissions, for instance). Where it was changed there while the
        /// content was changed on the other side, a `Meta` for the other side follows; until then the base says of `on`
        /// that it has what the source has, so that a run that ends in between leaves it to be news. Where it always was
        /// other than the source's, none follows, and the base says what `on` has.
        keep: Facets,
    },
    /// Content is the same; what `on` has besides follows the other side.
    Meta {
        /// The side that is changed.
        on: Side,
        /// The version on the other side.
        source: Seen,
        /// The version whose metadata is changed.
        target: Seen,
        /// What is taken over.
        what: Facets,
    },
    /// `on` loses what it has there: a file, a link, or a whole tree without exception. Where something beneath a
    /// directory must stay, there is a `Remove` for each of the others and none for the directory.
    Remove {
        /// The side that is changed.
        on: Side,
        /// The version that goes to the trash (S1).
        target: Seen,
        /// What is removed in all.
        tally: Tally,
    },
    /// On `on`, what is at `from` gets the name `path`; the other side has it there already. In the base, the entry
    /// with its [`DirKey`], and so with all that is beneath it, goes from `origin` to `path`.
    Move {
        /// The side that is changed.
        on: Side,
        /// The old name, on that side before the plan: what people are shown.
        from: RelPath,
        /// Where it is on that side when all actions before this one are done.
        at: RelPath,
        /// Where the base has it.
        origin: Origin,
        /// The version that is moved.
        seen: Seen,
        /// The version on the other side, under the new name.
        source: Seen,
        /// Both versions are the same but for the name: the base takes them over as they are afterwards. Else it keeps
        /// what it knows of them until another action, or a person, settles the rest.
        same: bool,
    },
    /// Both versions stay: that of `renamed_on` gets the name `path`, both names exist afterwards on both sides
    /// (the policy keep-both; followed by `Create` actions for both names, which record them in the base).
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
    /// The agreement of the directory it is in, as in [`Action::dir`].
    pub dir: Option<DirKey>,
    /// What both sides have now; none when neither has anything: then the entry goes, and all records beneath it. A
    /// directory keeps the record it has, or gets an empty one.
    pub agreed: Option<(Seen, Seen)>,
    /// Both sides moved it alike: in the base, the entry with its [`DirKey`] goes from here to `path`.
    pub origin: Option<Origin>,
}

/// A directory in which both sides have so many files that are the same, and unknown to the base, that nobody should
/// hold a list of them: whoever carries the plan out looks again, and the base learns of all that are
/// [alike](crate::decide::alike) then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alike {
    /// The directory, in the names that hold after the plan's moves.
    pub path: RelPath,
    /// How many files in it.
    pub files: u64,
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
    /// For a clash of names: who is in the way.
    pub holder: Option<Holder>,
}

/// The other one of two names that a side takes for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The side that takes both for one: its version is the one of this name.
    pub on: Side,
    /// The name that it has.
    pub path: RelPath,
    /// What the other side has under that name, if anything: it may well hold both.
    pub also: Option<Seen>,
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
    /// Its two versions could not be compared; left alone on both. An error.
    Uncompared(String),
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
    /// In the order in which they can be carried out: permissions that open a directory; directories that lead
    /// somewhere, moves and renames for keep-both (parents before children); creations and replacements; metadata;
    /// removals; last the permissions that close a directory, children before parents.
    pub actions: Vec<Action>,
    /// Changes of the base alone.
    pub settle: Vec<Settle>,
    /// More of them, by directory. Comes after all else: the names are those after the moves.
    pub alike: Vec<Alike>,
    /// Open conflicts.
    pub conflicts: Vec<Contested>,
    /// Things to know.
    pub notes: Vec<Note>,
    /// Entries that were looked at, on each side.
    pub looked_at: [u64; 2],
    /// Whether a side's root has nothing in it any more although the base knows of something (S5).
    pub emptied: [bool; 2],
}
