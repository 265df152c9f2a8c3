//! Conflicts in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::conflict::{Conflict, ConflictId, ConflictLedger, ConflictStore};
use crate::error::Refusal;
use crate::ids::{HandlerId, ItemId};

type Open = BTreeMap<(HandlerId, ItemId, ConflictId), Conflict>;

/// A conflict ledger that lives as long as the test.
#[derive(Default)]
pub struct MemoryLedger {
    open: Mutex<Open>,
}

impl MemoryLedger {
    /// An empty ledger.
    pub fn new() -> Self {
        Self::default()
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConflictStore for MemoryLedger {
    fn conflicts(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<Vec<Conflict>, Refusal> {
        let open = self.open();
        let of_scope = open.values().filter(|conflict| {
            conflict.handler == *handler && item.is_none_or(|item| conflict.item == *item)
        });
        Ok(of_scope.cloned().collect())
    }

    fn count(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<u64, Refusal> {
        Ok(self.conflicts(handler, item)?.len() as u64)
    }

    fn bind(&self, handler: &HandlerId, item: &ItemId, id: &ConflictId) -> Result<Option<Conflict>, Refusal> {
        Ok(self.open().get(&(handler.clone(), item.clone(), id.clone())).cloned())
    }

    fn remove(&self, handler: &HandlerId, item: &ItemId, ids: &[ConflictId]) -> Result<(), Refusal> {
        let mut open = self.open();
        for id in ids {
            open.remove(&(handler.clone(), item.clone(), id.clone()));
        }
        Ok(())
    }
}

impl ConflictLedger for MemoryLedger {
    fn replace(&self, handler: &HandlerId, item: &ItemId, now_open: Vec<Conflict>) -> Result<(), Refusal> {
        let mut open = self.open();
        let mut before = Open::new();
        open.retain(|key, conflict| {
            let of_item = conflict.handler == *handler && conflict.item == *item;
            if of_item {
                before.insert(key.clone(), conflict.clone());
            }
            !of_item
        });
        for mut conflict in now_open {
            let key = (handler.clone(), item.clone(), conflict.id.clone());
            if let Some(known) = before.get(&key) {
                conflict.detected = known.detected;
            }
            open.insert(key, conflict);
        }
        Ok(())
    }
    fn put(&self, conflicts: Vec<Conflict>) -> Result<(), Refusal> {
        let mut open = self.open();
        for mut conflict in conflicts {
            let key = (conflict.handler.clone(), conflict.item.clone(), conflict.id.clone());
            if let Some(known) = open.get(&key) {
                conflict.detected = known.detected;
            }
            open.insert(key, conflict);
        }
        Ok(())
    }
}
