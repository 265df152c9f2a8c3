//! What applying stands on: who is asked, who is told, and how much is done at a time.

use std::time::Duration;

use reconcile::{Listing, Policy, RelPath, Side, Unreadable};
use syncmgr::RunId;

use super::{Hooks, Trouble, copy};
use crate::base::{BaseError, BaseStore, RootIdentity, Transaction};
use crate::side::ReadDir;
use crate::side::write::WriteSide;

/// How much is done before it is published and recorded: a killed run loses at most that, and memory holds at most that.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// Files, links and directories.
    pub(crate) entries: u64,
    /// Bytes of content.
    pub(crate) bytes: u64,
    /// How long it is staged: on a slow disk a few files take as long as thousands on a fast one.
    pub(crate) time: Duration,
    /// How many threads copy.
    pub(crate) threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { entries: 16384, bytes: 1 << 30, time: Duration::from_secs(4), threads: copy::threads() }
    }
}

impl Limits {
    /// How many actions are begun together.
    pub(super) fn actions(&self) -> usize {
        usize::try_from(self.entries).unwrap_or(usize::MAX).max(1)
    }
}

/// Whoever wants to know how it goes, and may stop it.
pub(crate) trait Report: Sync {
    /// So many more entries and bytes are done; `path` is the latest. Without an entry it is a part of a file that goes on.
    fn done(&self, path: &RelPath, entries: u64, bytes: u64);
    /// Whether to go on.
    fn go_on(&self) -> bool;
    /// A flush begins: nothing will be heard until it is done.
    fn flushing(&self) {}
    /// One entry could not be synchronized; the others go on (S9).
    fn trouble(&self, trouble: Trouble);
}

/// Reads directories as planning did: without what filters leave out.
pub(crate) trait Lists: Sync {
    /// A directory, to read from, and its children.
    fn open(&self, side: Side, dir: &RelPath) -> Result<(Box<dyn ReadDir + '_>, Listing), Unreadable>;

    /// The children of a directory.
    fn list(&self, side: Side, dir: &RelPath) -> Result<Listing, Unreadable> {
        self.open(side, dir).map(|(_, listing)| listing)
    }
}

/// Says the last things to the base.
pub(crate) type Last<'l> = dyn Fn(&mut dyn Transaction) -> Result<(), BaseError> + 'l;

/// What applying stands on.
pub(crate) struct Ground<'a> {
    pub(crate) sides: [&'a dyn WriteSide; 2],
    pub(crate) lists: &'a dyn Lists,
    pub(crate) base: &'a dyn BaseStore,
    pub(crate) run: RunId,
    /// Marks the temporary names of this pair (its upper half does).
    pub(crate) tag: u32,
    /// False deletes for good what the run took away, once all is recorded.
    pub(crate) keep_trash: bool,
    pub(crate) limits: Limits,
    pub(crate) report: &'a dyn Report,
    pub(crate) hooks: &'a dyn Hooks,
    /// As the plan was made.
    pub(crate) policy: &'a Policy,
    /// What the roots are, for the base to know them again.
    pub(crate) identities: &'a [RootIdentity; 2],
    /// How long ago this run began to look at the sides.
    pub(crate) since_looking: Box<dyn Fn() -> Duration + Sync + 'a>,
}
