//! Why something was not done: one entry of many, or all that was left of a run.

use std::io;

use reconcile::{Facets, RelPath, Side};

use crate::base::BaseError;
use crate::journal::JournalError;
use crate::side::SideError;

/// Why one entry could not be synchronized.
#[derive(Debug)]
pub(crate) struct Trouble {
    /// The side where it went wrong.
    pub(crate) on: Side,
    /// Where.
    pub(crate) path: RelPath,
    /// Why.
    pub(crate) why: Why,
}

/// Why something was not done. Nothing was lost in any of these cases.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Why {
    /// The system refused.
    #[error(transparent)]
    Side(SideError),
    /// The system refused to let the version on the other side be read.
    #[error(transparent)]
    Source(SideError),
    /// All of it is there, but these parts were refused.
    #[error("{0} cannot be set: {1}")]
    Extras(Facets, #[source] SideError),
    /// A directory could not be listed.
    #[error("cannot be listed: {0}")]
    Unlisted(String),
    /// What is there is not what the plan saw (S1).
    #[error("changed after this run had looked at it")]
    Changed,
    /// It changed each time while it was copied (S10).
    #[error("keeps changing while it is copied")]
    KeepsChanging,
    /// What was to be copied is gone.
    #[error("disappeared after this run had looked at it")]
    Vanished,
    /// What is to come back is not in the trash any more.
    #[error("is not in the trash any more")]
    NotInTrash,
    /// Something in a new tree could neither be completed nor removed: the tree is not shown (S2).
    #[error("something in it could neither be completed nor removed again")]
    HalfMade,
    /// Something has appeared where nothing was (S1).
    #[error("something with this name has appeared after this run had looked")]
    Taken,
    /// The side takes this name and another for one (S1).
    #[error("is the same name as {by} to that file system, which holds only one of them")]
    SameName {
        /// The name that is there.
        by: RelPath,
    },
    /// The file system cannot hold the name.
    #[error("has a name that the file system cannot hold")]
    Name,
    /// The file system has no symbolic links.
    #[error("is a symbolic link, and the file system has none")]
    NoLinks,
    /// No rename leads there.
    #[error("has moved to where another file system is mounted")]
    OtherSystem,
}

impl From<SideError> for Why {
    fn from(error: SideError) -> Self {
        match error {
            SideError::Changed { .. } => Self::Changed,
            SideError::Io { ref source, .. } if source.kind() == io::ErrorKind::AlreadyExists => Self::Taken,
            SideError::Io { ref source, .. } if source.kind() == io::ErrorKind::CrossesDevices => {
                Self::OtherSystem
            }
            error => Self::Side(error),
        }
    }
}

/// What ends a run before it is done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    /// The journal cannot be written: nothing may be done.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The base cannot be written.
    #[error(transparent)]
    Base(#[from] BaseError),
    /// A side cannot make its writes durable (S3).
    #[error("{side:?}: {error}")]
    Flush {
        /// The side.
        side: Side,
        /// Why.
        #[source]
        error: SideError,
    },
    /// The list of places with half-made things cannot be written.
    #[error("cannot write down where half-made files are: {}", syncmgr::reason(.0))]
    Open(#[source] io::Error),
    /// Only in tests: killed on purpose.
    #[error("killed")]
    Died,
}

/// Why one deed was not done.
pub(super) enum Stop {
    /// Goes into the results; the others go on.
    Why(Why),
    /// Only in tests.
    Died,
}

impl<E: Into<Why>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Why(error.into())
    }
}
