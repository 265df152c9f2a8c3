//! What other processes do with the same store: commands that run by themselves, and those that were killed.

use std::collections::HashSet;

use store::{RunQuery, StoreError};
use syncmgr::RunId;

use crate::center::{Center, locked};
use crate::feed::What;

/// How many runs are looked at in one look; the next goes on.
const MOST: u32 = 1000;

/// What the last look saw.
#[derive(Default)]
pub(crate) struct Elsewhere {
    /// The newest run; none before the first look.
    newest: Option<RunId>,
    /// Runs of other processes that had not ended.
    running: HashSet<RunId>,
}

impl Center {
    /// Closes runs whose process is gone (R12), and tells the followers of items that other processes have begun or ended
    /// to synchronize since the last look; gives whether there were any. Cheap, and writes nothing while nothing happens:
    /// for every second or so.
    ///
    /// # Errors
    /// The store could not be read or written.
    pub fn look_elsewhere(&self) -> Result<bool, StoreError> {
        let store = &self.inner.store;
        store.close_abandoned()?;
        let mut known = locked(&self.inner.elsewhere);
        let running: HashSet<RunId> = store.running_elsewhere()?.into_iter().map(|(run, _)| run).collect();
        let mut changed: HashSet<RunId> = running.symmetric_difference(&known.running).copied().collect();
        match known.newest {
            Some(seen) => {
                let begun = store.runs_after(seen, MOST)?;
                known.newest = begun.last().map_or(Some(seen), |(run, _)| Some(*run));
                // Also those that have ended already.
                changed.extend(begun.into_iter().filter(|(_, own)| !own).map(|(run, _)| run));
            }
            None => {
                let query = RunQuery { limit: Some(1), ..RunQuery::default() };
                known.newest = Some(store.runs(&query)?.first().map_or(RunId(0), |run| run.id));
            }
        }
        known.running = running;
        drop(known);
        let any = !changed.is_empty();
        for run in changed {
            let Some(record) = store.run(run)? else { continue };
            for item in record.items {
                self.inner.tell(What::ItemChanged { handler: record.handler.clone(), item: item.item });
            }
        }
        Ok(any)
    }
}
