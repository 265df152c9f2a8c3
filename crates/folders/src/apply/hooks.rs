//! Points at which a test may act: edit a file at the worst moment, fail, or die.

use std::io;

use reconcile::{RelPath, Side};

/// Where applying is just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Point {
    /// A file is going to be copied.
    Staging,
    /// It was copied, and nothing was checked yet.
    Staged,
    /// The journal says what comes; nothing is published yet.
    Foretold,
    /// Something gets its final name next; every check was made.
    Publishing,
    /// Two versions have just changed places.
    Exchanged,
    /// It has its final name.
    Published,
    /// Something goes to the trash next; every check was made.
    Removing,
    /// It is in the trash, not looked at again yet.
    Removed,
    /// Something gets another name next.
    Moving,
    /// The base is told next.
    Committing,
    /// The base was told.
    Committed,
}

/// What a test can make happen.
#[cfg_attr(not(test), expect(dead_code, reason = "only tests make faults"))]
pub(crate) enum Fault {
    /// The system refuses.
    Io(io::Error),
    /// Killed: nothing is cleaned up.
    Die,
}

/// Is told of every point.
pub(crate) trait Hooks: Sync {
    /// Acts, or lets it go on.
    fn at(&self, point: Point, on: Side, path: &RelPath) -> Result<(), Fault>;

    /// Whether to do as on a file system whose renames know no flags.
    #[cfg(test)]
    fn plain_renames(&self) -> bool {
        false
    }
}

/// What every run outside of tests has.
pub(crate) struct NoHooks;

impl Hooks for NoHooks {
    fn at(&self, _point: Point, _on: Side, _path: &RelPath) -> Result<(), Fault> {
        Ok(())
    }
}
