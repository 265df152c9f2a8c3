//! A side: what a folder can be asked, and (apart from that) what can be done to it.
//!
//! The unit is a directory: a side hands out a handle for one directory, and every operation names a child of it, so
//! that a local folder works beneath one descriptor and never resolves a path twice (S8).

pub mod extras;
pub mod local;
pub mod names;
#[cfg(any(test, feature = "simulation"))]
pub(crate) mod simulated;
pub mod write;

use std::io::Read;

use reconcile::path::Name;
use reconcile::{Listing, Owner, RelPath, Seen, Time};

use extras::ExtraValues;

/// What a side can do, as data. An operation beyond it is an error, never a silent downgrade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Two names can be exchanged in one step.
    pub exchange: bool,
    /// A rename can refuse to overwrite.
    pub no_replace: bool,
    /// A copy can share its blocks with the original.
    pub reflink: bool,
    /// Time resolution in nanoseconds.
    pub time_resolution: u64,
    /// Names that differ only in case are different names.
    pub case_sensitive: bool,
    /// Whether several names are one.
    pub folding: Folding,
    /// Permission bits are kept.
    pub permissions: bool,
    /// Can be written to at all.
    pub writable: bool,
}

/// Whether a side takes several names for one: those that differ in case, or in how their characters are composed. Whoever
/// makes something new there asks first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// Each name is its own, as far as is known.
    Never,
    /// In directories that [say so](ReadDir::folds).
    WhereSaid,
    /// Perhaps in all of them; none says.
    Perhaps,
}

/// Why something on a side could not be done. `path` is beneath the side.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SideError {
    /// The system refused.
    #[error("{path}: cannot {what}: {}", syncmgr::reason(source))]
    Io {
        /// Where.
        path: RelPath,
        /// What was tried, as a verb with its object: "read", "create the directory".
        what: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// What is there is not the version the plan saw (S1); nothing was changed.
    #[error("{path}: changed since it was looked at")]
    Changed {
        /// Where.
        path: RelPath,
    },
    /// It was told to stop; nothing was left behind.
    #[error("stopped")]
    Stopped,
}

/// The reading half of a side: all that planning gets to hold.
pub trait ReadSide: Send + Sync {
    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// Opens a directory, never through a link (S8).
    ///
    /// # Errors
    /// It is missing, no directory, or refused.
    fn dir(&self, path: &RelPath) -> Result<Box<dyn ReadDir + '_>, SideError>;

    /// The directories in which listing met half-made things of ours (S2) since this was asked last.
    fn met_temps(&self) -> Vec<RelPath> {
        Vec::new()
    }
}

/// One directory of a side, for reading.
pub trait ReadDir: Send {
    /// All children but our own, sorted.
    ///
    /// # Errors
    /// It could not be listed completely (S5).
    fn list(&self) -> Result<Listing, SideError>;

    /// One child, if there is one.
    ///
    /// # Errors
    /// Its status was refused.
    fn look(&self, name: &Name) -> Result<Option<Seen>, SideError>;

    /// Opens a file's content; never follows a link.
    ///
    /// # Errors
    /// Missing, no regular file, or refused.
    fn open(&self, name: &Name) -> Result<Box<dyn Content>, SideError>;

    /// Opens what was a regular file a moment ago; what it is now, whoever reads it must check afterwards by
    /// [`Content::seen`]. Never follows a link, never waits.
    ///
    /// # Errors
    /// Missing, or refused.
    fn open_known(&self, name: &Name) -> Result<Box<dyn Content>, SideError> {
        self.open(name)
    }

    /// Whether it says of itself that it takes several names for one.
    fn folds(&self) -> bool {
        false
    }

    /// Whose a child is; none where nobody is known to own anything.
    ///
    /// # Errors
    /// Missing, or refused.
    fn owner(&self, name: &Name) -> Result<Option<Owner>, SideError> {
        let _ = name;
        Ok(None)
    }

    /// Owner and extended attributes of a child, as far as this side keeps them.
    ///
    /// # Errors
    /// Missing, or refused.
    fn extras(&self, name: &Name) -> Result<ExtraValues, SideError> {
        let _ = name;
        Ok(ExtraValues::default())
    }

    /// Where a link points, as bytes.
    ///
    /// # Errors
    /// Missing, no link, or refused.
    fn read_link(&self, name: &Name) -> Result<Vec<u8>, SideError>;
}

/// The bits of a mode by which a program runs with the rights of its owner or its group.
pub const BORROWED: u32 = 0o6000;

/// The content of one open file.
pub trait Content: Read + Send {
    /// The file's status now, by its handle: to notice a change while it is copied (S10).
    ///
    /// # Errors
    /// The handle is gone.
    fn seen(&self) -> std::io::Result<Seen>;

    /// How many zeros follow that nobody ever wrote and that need not be read: none where that is not to be known.
    ///
    /// # Errors
    /// The handle is gone.
    fn hole(&mut self) -> std::io::Result<u64> {
        Ok(0)
    }

    /// Goes past so many bytes of a [hole](Self::hole).
    ///
    /// # Errors
    /// The handle is gone.
    fn skip(&mut self, bytes: u64) -> std::io::Result<()> {
        std::io::copy(&mut self.take(bytes), &mut std::io::sink()).map(drop)
    }

    /// The local file behind it, where there is one: lets the kernel copy.
    fn as_file(&self) -> Option<&std::fs::File> {
        None
    }
}

/// Whether `time` is one that a file system with this resolution could have made of `exact`.
pub fn same_time(exact: Time, time: Time, resolution: u64) -> bool {
    exact.nanos().abs_diff(time.nanos()) < u128::from(resolution.max(1))
}
