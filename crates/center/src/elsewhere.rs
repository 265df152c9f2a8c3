//! What other processes do with the same store: commands that run by themselves, and those that were killed.

use std::collections::HashMap;

use store::StoreError;
use syncmgr::{HandlerId, ItemId, RunId};

use crate::center::{Center, locked};
use crate::feed::What;

/// The runs of other processes at the last look, with the items that are told about when they end.
pub(crate) type Elsewhere = HashMap<RunId, Vec<(HandlerId, ItemId)>>;

impl Center {
    /// Closes runs whose process is gone (R12), and tells the followers which items other processes have begun or ended
    /// to synchronize since the last look. Cheap, and writes nothing while nothing happens: for every few seconds.
    ///
    /// # Errors
    /// The store could not be read or written.
    pub fn look_elsewhere(&self) -> Result<(), StoreError> {
        let store = &self.inner.store;
        match store.close_abandoned() {
            // Another process writes: the next look will do.
            Ok(_) | Err(StoreError::Locked { .. }) => {}
            Err(error) => return Err(error),
        }
        let running: Vec<RunId> = store.running_elsewhere()?.into_iter().map(|(run, _)| run).collect();
        let mut known = locked(&self.inner.elsewhere);
        let ended: Vec<RunId> = known.keys().filter(|run| !running.contains(run)).copied().collect();
        let mut changed: Vec<(HandlerId, ItemId)> =
            ended.iter().filter_map(|run| known.remove(run)).flatten().collect();
        for run in running {
            if known.contains_key(&run) {
                continue;
            }
            let items: Vec<(HandlerId, ItemId)> = store
                .run(run)?
                .map(|record| {
                    record.items.into_iter().map(|item| (record.handler.clone(), item.item)).collect()
                })
                .unwrap_or_default();
            changed.extend_from_slice(&items);
            known.insert(run, items);
        }
        drop(known);
        for (handler, item) in changed {
            self.inner.tell(What::ItemChanged { handler, item });
        }
        Ok(())
    }
}
