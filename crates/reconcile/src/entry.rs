//! What is seen of one name on one side, and what both sides last agreed on.

use crate::world::DirKey;

/// A side of a folder pair. People see the name they gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The first side; the one that leads in the modes with a direction.
    A,
    /// The second side.
    B,
}

impl Side {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The opposite side.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What kind of thing a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Link,
    /// A socket, device or pipe: seen, reported, never synchronized.
    Special,
    /// There is something, but its status was refused: never an absence (S5), never touched.
    Unreadable,
}

/// A point in time as a file system stores it: seconds since 1970 (may be negative) and nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Time {
    /// Seconds since 1970, UTC.
    pub secs: i64,
    /// 0 to 999,999,999.
    pub nanos: u32,
}

impl Time {
    /// What no file system says: see [`Seen::in_doubt`].
    const DOUBT: Self = Self { secs: i64::MIN, nanos: 0 };

    /// Nanoseconds since 1970.
    pub fn nanos(self) -> i128 {
        i128::from(self.secs) * 1_000_000_000 + i128::from(self.nanos)
    }
}

/// What makes a file or directory the same object under another name: the inode number with its time of birth, since
/// file systems give numbers again soon. Equal identities on one side are one object; zero means unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId {
    /// Inode number.
    pub ino: u64,
    /// Birth in nanoseconds since 1970; zero where the file system does not tell.
    pub birth: i64,
}

impl FileId {
    /// Whether both could name the same object: parts that a file system does not tell speak neither for nor against.
    pub fn may_be(self, other: Self) -> bool {
        (self.ino == other.ino || self.ino == 0 || other.ino == 0)
            && (self.birth == other.birth || self.birth == 0 || other.birth == 0)
    }
}

/// Whose something is, by numbers: names mean other people on other machines. The default value means unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner {
    /// The user.
    pub user: u32,
    /// The group.
    pub group: u32,
}

impl Owner {
    /// Nobody was asked. The system takes these numbers for nobody's, too.
    pub const UNKNOWN: Self = Self { user: u32::MAX, group: u32::MAX };
}

impl Default for Owner {
    fn default() -> Self {
        Self::UNKNOWN
    }
}

/// What is known of an entry only where a pair [keeps](crate::policy::Keep) it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Extras {
    /// Whose it is.
    pub owner: Owner,
    /// A digest of its extended attributes; zero means unknown, no attributes have a digest as well.
    pub attributes: u64,
}

impl Extras {
    /// Whether all that is known here is known there, and the same.
    pub fn is_within(self, known: Self) -> bool {
        (self.owner == Owner::UNKNOWN || self.owner == known.owner)
            && (self.attributes == 0 || self.attributes == known.attributes)
    }
}

/// One name on one side, as a directory read and a status call show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// Permission bits (07777).
    pub mode: u32,
    /// Bytes of content (files), of the target (links); zero for all others.
    pub size: u64,
    /// Last change of the content.
    pub mtime: Time,
    /// Last change of the inode. Moves forward with every edit, also with those that put the mtime back. The default
    /// value means unknown.
    pub ctime: Time,
    /// Identity.
    pub id: FileId,
    /// Owner and attributes, where they are kept.
    pub extras: Extras,
}

impl Seen {
    /// Whether this is what was known before. What nobody looked at this time is what it was.
    pub fn is_as_known(&self, known: &Self) -> bool {
        Self { extras: known.extras, ..*self } == *known && self.extras.is_within(known.extras)
    }
}

impl Seen {
    /// What an agreement keeps of a file that was written so short a time before it was looked at that another edit right
    /// after may show the very same times: when it is seen next, its content decides.
    #[must_use]
    pub fn in_doubt(self) -> Self {
        Self { ctime: Time::DOUBT, ..self }
    }

    /// Whether only the content can tell if it is still the same.
    pub fn is_in_doubt(&self) -> bool {
        self.ctime == Time::DOUBT
    }

    /// Whether its time is that of its last change, so that it was written then; a copy that keeps the time of the
    /// original was changed later. Where the file system does not tell, it may have been.
    pub fn was_written_then(&self) -> Option<bool> {
        (self.ctime != Time::default()).then(|| self.ctime == self.mtime)
    }
}

/// What both sides agreed on for one name, each as it was seen there. The kinds are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Agreed {
    /// As it was on A.
    pub a: Seen,
    /// As it was on B.
    pub b: Seen,
    /// For a directory: where its own agreement is found.
    pub dir: Option<DirKey>,
}

impl Agreed {
    /// Whether both sides are what they were, and only more is known of them now than before.
    pub fn differs_in_extras_only(&self, a: &Seen, b: &Seen) -> bool {
        let same = |was: &Seen, is: &Seen| {
            Seen { extras: was.extras, ..*is } == *was && was.extras.is_within(is.extras)
        };
        same(&self.a, a) && same(&self.b, b)
    }

    /// As it was on that side.
    pub fn on(&self, side: Side) -> &Seen {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }
}
