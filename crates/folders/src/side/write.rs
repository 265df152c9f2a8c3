//! The writing half of a side. Planning never holds it: only what carries a plan out does.

use std::collections::BTreeSet;
use std::os::fd::BorrowedFd;

use reconcile::path::Name;
use reconcile::{Kind, RelPath, Seen, Time};

use super::extras::{ExtraValues, Given};
use super::names::TempName;
use super::{Content, ReadSide, SideError};

/// How a name may take the place of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rename {
    /// Nothing may be there; otherwise it fails with "exists" and nothing has changed (S1).
    NoReplace,
    /// Both must be there, and change places in one step (S1).
    Exchange,
}

/// How much room a file system has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes that we may still write.
    pub bytes: u64,
    /// Files that we may still create; none where the file system has no limit of its own.
    pub files: Option<u64>,
    /// Nothing at all may be written.
    pub read_only: bool,
}

/// What the clock of a file system says: it may be another machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// The time that a file has that is written now.
    pub now: Time,
    /// Within so many nanoseconds two edits may get the same time; zero where no edit ever gets a time that somebody has
    /// seen before.
    pub tick: u64,
}

/// Is told how many bytes were copied since the last call, and answers whether to go on.
pub type Watch<'a> = dyn FnMut(u64) -> bool + 'a;

/// A side that can be changed.
pub trait WriteSide: ReadSide {
    /// Opens a directory, never through a link (S8).
    ///
    /// # Errors
    /// It is missing, no directory, or refused.
    fn folder(&self, path: &RelPath) -> Result<Box<dyn WriteDir>, SideError>;

    /// Returns when all that was written is durable (S3), on every file system that the side lies on. Those in `flushed`
    /// are so already, and the others are added: sides may share them.
    ///
    /// # Errors
    /// The system could not write everything.
    fn flush(&self, flushed: &mut BTreeSet<u64>) -> Result<(), SideError>;

    /// The topmost directory above `dir`, or `dir` itself, from which renames lead to `dir`: the root, unless another
    /// file system is mounted between them. For directories that were opened by [`folder`](Self::folder).
    ///
    /// # Errors
    /// The system does not tell.
    fn top_of(&self, dir: &RelPath) -> Result<RelPath, SideError> {
        let _ = dir;
        Ok(RelPath::root())
    }

    /// The tops of all that was met so far, the root first.
    fn tops(&self) -> Vec<RelPath> {
        vec![RelPath::root()]
    }

    /// What is left of the room.
    ///
    /// # Errors
    /// The system does not tell.
    fn room(&self) -> Result<Room, SideError>;

    /// What its clock says, asked by writing to a file that nobody sees; where there are none without a name, by one that
    /// has this name at the top, for a moment. None where that cannot be known.
    fn clock(&self, temp: Option<&Name>) -> Option<Clock>;
}

/// A file that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewFile<'n> {
    /// Its name.
    pub name: &'n Name,
    /// The version in the same directory whose place it will take: where blocks can be shared, it is made of that one's
    /// and of those that differ. Whatever becomes of that version meanwhile changes nothing in what is made.
    pub instead: Option<&'n Name>,
    /// Its mode, time and size.
    pub like: &'n Seen,
}

/// One directory of a side, for writing. Its handle stays good when the directory is renamed.
pub trait WriteDir: Send + Sync {
    /// Where it was when it was opened.
    fn path(&self) -> &RelPath;

    /// One child, if there is one.
    ///
    /// # Errors
    /// Its status was refused.
    fn look(&self, name: &Name) -> Result<Option<Seen>, SideError>;

    /// Names in it that are half-made things of ours, whoever made them (S2).
    ///
    /// # Errors
    /// It could not be listed.
    fn temps(&self) -> Result<Vec<TempName>, SideError>;

    /// Makes a file with the content of `source`. Fails with [`SideError::Changed`] if the content turns out to be shorter
    /// than it should be, with [`SideError::Stopped`] if `watch` says so. Nothing is left behind by a failure.
    ///
    /// # Errors
    /// The name exists already, or the system refused.
    fn create_file(
        &self,
        new: NewFile<'_>,
        source: &mut dyn Content,
        watch: &mut Watch<'_>,
    ) -> Result<Seen, SideError>;

    /// Makes a symbolic link with the time of `like`.
    ///
    /// # Errors
    /// The name exists already, or the system refused.
    fn create_link(&self, name: &Name, target: &[u8], like: &Seen) -> Result<Seen, SideError>;

    /// Makes a directory that we can work in, whatever `mode` says, and opens it; its last word on mode and time is
    /// [`finish`](Self::finish). Nothing is left behind by a failure.
    ///
    /// # Errors
    /// The name exists already, or the system refused.
    fn create_dir(&self, name: &Name, mode: u32) -> Result<Box<dyn WriteDir>, SideError>;

    /// Gives this directory itself its final mode and time, and tells what it is then.
    ///
    /// # Errors
    /// The system refused.
    fn finish(&self, like: &Seen) -> Result<Seen, SideError>;

    /// What this directory itself is now.
    ///
    /// # Errors
    /// The system refused.
    fn here(&self) -> Result<Seen, SideError>;

    /// Changes mode and time of a child, as far as they are given; tells what it is then. Never through a link.
    ///
    /// # Errors
    /// The system refused.
    fn set_meta(
        &self,
        name: &Name,
        kind: Kind,
        mode: Option<u32>,
        mtime: Option<Time>,
    ) -> Result<Seen, SideError>;

    /// Owner and extended attributes of a child, as far as this side keeps them; "." is the directory itself.
    ///
    /// # Errors
    /// Missing, or refused.
    fn extras(&self, name: &Name) -> Result<ExtraValues, SideError>;

    /// Gives a child an owner and attributes, as far as they are said, and sees to it that its mode is `mode` then. Never
    /// through a link; "." is the directory itself.
    ///
    /// # Errors
    /// It is missing, or its mode was refused. Other refusals are part of the answer.
    fn set_extras(
        &self,
        name: &Name,
        kind: Kind,
        values: &ExtraValues,
        mode: Option<u32>,
    ) -> Result<Given, SideError>;

    /// Gives the child `name` the name `to` in `target`, a directory of the same side.
    ///
    /// # Errors
    /// As [`Rename`] says, or the system refused.
    fn rename(&self, name: &Name, target: &dyn WriteDir, to: &Name, how: Rename) -> Result<(), SideError>;

    /// Removes a file, a link or an empty directory for good.
    ///
    /// # Errors
    /// Missing, not empty, or refused.
    fn remove(&self, name: &Name, kind: Kind) -> Result<(), SideError>;

    /// The directory's descriptor, where there is one: directories of one side use it among themselves.
    fn handle(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// What directories of one side know each other by where there are no descriptors.
    fn number(&self) -> Option<u64> {
        None
    }
}
