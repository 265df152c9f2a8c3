//! What the planner may ask of the world. It can only read.

use std::ops::Range;

use crate::entry::{Agreed, Kind, Seen, Side};
use crate::path::{Name, RelPath};

/// Where a directory's agreement is found in the base. Stays the same when the directory is renamed, so that moving a
/// directory of any size changes two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DirKey(pub u64);

impl DirKey {
    /// The agreement on the roots of both sides.
    pub const ROOT: Self = Self(1);
}

/// The children of one directory on one side, sorted by name as bytes. Filtered names and our own are not in it.
///
/// One allocation for all names: a run looks at millions of them.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    names: Vec<u8>,
    entries: Vec<(u32, u32, Seen)>,
    /// Names that a filter left out: they are there, and keep their directory from being removed.
    pub excluded: u64,
    /// Half-made things of ours are there as well, left by a run that was killed.
    pub half_made: bool,
}

impl Listing {
    /// An empty listing with room for so many children, whose names take so many bytes together.
    pub fn with_capacity(entries: usize, name_bytes: usize) -> Self {
        Self {
            names: Vec::with_capacity(name_bytes),
            entries: Vec::with_capacity(entries),
            excluded: 0,
            half_made: false,
        }
    }

    /// Adds a child, in any order.
    pub fn push(&mut self, name: &Name, seen: Seen) {
        // A directory's names together stay far below 4 GiB on every file system.
        let start = self.names.len() as u32;
        self.names.extend_from_slice(name);
        self.entries.push((start, name.len() as u32, seen));
    }

    /// Sorts by name; must follow the last [`push`](Self::push).
    pub fn sort(&mut self) {
        let names = &self.names;
        self.entries.sort_unstable_by(|x, y| name_at(names, x).cmp(name_at(names, y)));
    }

    /// Some of the children, by their places in the order.
    pub fn part(&self, range: Range<usize>) -> impl ExactSizeIterator<Item = (&Name, &Seen)> {
        let end = range.end.min(self.entries.len());
        self.entries[range.start.min(end)..end].iter().map(|entry| (name_at(&self.names, entry), &entry.2))
    }

    /// The children in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Seen)> {
        self.entries.iter().map(|entry| (name_at(&self.names, entry), &entry.2))
    }

    /// How many children there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One child.
    pub fn get(&self, name: &Name) -> Option<&Seen> {
        let at = self.entries.binary_search_by(|entry| name_at(&self.names, entry).cmp(name)).ok()?;
        Some(&self.entries[at].2)
    }
}

fn name_at<'a>(names: &'a [u8], entry: &(u32, u32, Seen)) -> &'a Name {
    &names[entry.0 as usize..(entry.0 + entry.1) as usize]
}

/// The agreement on the children of one directory, sorted by name.
#[derive(Debug, Clone, Default)]
pub struct Agreement {
    names: Vec<u8>,
    entries: Vec<(u32, u32, Agreed)>,
}

impl Agreement {
    /// An empty agreement with room for so many children, whose names take so many bytes together.
    pub fn with_capacity(entries: usize, name_bytes: usize) -> Self {
        Self { names: Vec::with_capacity(name_bytes), entries: Vec::with_capacity(entries) }
    }

    /// Adds a child; names must come in ascending order.
    pub fn push(&mut self, name: &Name, agreed: Agreed) {
        debug_assert!(self.entries.last().is_none_or(|last| self.name_of(last) < name), "names must ascend");
        let start = self.names.len() as u32;
        self.names.extend_from_slice(name);
        self.entries.push((start, name.len() as u32, agreed));
    }

    /// The children in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Agreed)> {
        self.entries.iter().map(|entry| (self.name_of(entry), &entry.2))
    }

    /// How many children there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// One child.
    pub fn get(&self, name: &Name) -> Option<&Agreed> {
        let at = self.entries.binary_search_by(|entry| self.name_of(entry).cmp(name)).ok()?;
        Some(&self.entries[at].2)
    }

    fn name_of<'a>(&'a self, entry: &(u32, u32, Agreed)) -> &'a Name {
        &self.names[entry.0 as usize..(entry.0 + entry.1) as usize]
    }
}

/// Something could not be read: never an absence (S5).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Unreadable {
    /// Why, for a person.
    pub reason: String,
}

/// What the planner may ask. Implemented over two folders and a base, and over trees in memory by the tests.
pub trait World: Sync {
    /// The children of a directory. Never follows a link. Each directory is asked for once, a moved one perhaps twice.
    ///
    /// # Errors
    /// It could not be listed completely.
    fn list(&self, side: Side, dir: &RelPath) -> Result<Listing, Unreadable>;

    /// The same of a directory that both sides have, at these paths on A and B. Where it is known to have many children
    /// (`expected`), it may be worth listing both sides at the same time.
    fn list_both(&self, at: [&RelPath; 2], expected: usize) -> [Result<Listing, Unreadable>; 2] {
        let _ = expected;
        [self.list(Side::A, at[0]), self.list(Side::B, at[1])]
    }

    /// What both sides agreed on for the children of a directory; none when nothing is known (never synchronized, or
    /// the base is lost or damaged there).
    fn agreement(&self, dir: DirKey) -> Option<Agreement>;

    /// Whether the file or link at `a` on side A has the same content as the one at `b` on side B. Reads both.
    ///
    /// # Errors
    /// One of them could not be read, or changed while it was read.
    fn same_content(&self, a: &RelPath, b: &RelPath) -> Result<bool, Unreadable>;

    /// Whether a filter leaves out what is or would be at that path on that side. Asked only where a listing lacks a
    /// name that the base or the other side has: what is filtered is not gone, and nothing is made where it may be.
    fn is_excluded(&self, side: Side, path: &RelPath, kind: Kind) -> bool {
        let _ = (side, path, kind);
        false
    }
}
