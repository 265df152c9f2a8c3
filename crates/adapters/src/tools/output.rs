//! What the tools of one run wrote: one log for all of its items, in which each begins with its command.

use syncmgr::RunId;

use super::{Keep, Surroundings};

/// The log of a run, which is begun when there is something for it.
pub(super) struct Output<'r> {
    around: &'r Surroundings,
    run: RunId,
    keep: Option<Option<Keep>>,
}

impl<'r> Output<'r> {
    pub(super) fn of(around: &'r Surroundings, run: RunId) -> Self {
        Self { around, run, keep: None }
    }

    /// The command as a person would type it: what follows is its output.
    pub(super) fn command(&mut self, shown: &str) {
        self.keep(format!("$ {shown}\n").as_bytes());
    }

    /// Some of what it wrote.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        let (around, run) = (self.around, self.run);
        if let Some(keep) = self.keep.get_or_insert_with(|| (around.log)(run)) {
            keep(bytes);
        }
    }
}
