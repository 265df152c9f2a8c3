//! What the scheduler has read of the store.

use std::collections::HashMap;

use store::{ItemState, Store, StoreError};
use syncmgr::ItemId;

use super::book::Key;
use crate::clock::last_good;

/// What the store says.
#[derive(Default)]
pub(super) struct Kept {
    /// The store's edition then.
    pub(super) edition: Option<i64>,
    pub(super) items: HashMap<Key, ItemState>,
    /// When an item with that name was last good, whosever it is.
    pub(super) good: HashMap<ItemId, i64>,
    pub(super) paused_until: Option<i64>,
}

impl Kept {
    /// Whether somebody has written there since.
    pub(super) fn is_old(&self, store: &Store) -> Result<bool, StoreError> {
        Ok(self.edition != Some(store.edition()?))
    }

    /// Reads the store again, if anybody has written there.
    pub(super) fn read(&mut self, store: &Store, now: i64) -> Result<(), StoreError> {
        // Asked for before: what is written meanwhile is read twice rather than never.
        let edition = store.edition()?;
        if self.edition == Some(edition) {
            return Ok(());
        }
        let states = store.item_states(None)?;
        let mut good = HashMap::new();
        for (state, (_, ended)) in states.iter().filter_map(|state| Some((state, last_good(state, now)?))) {
            let latest = good.entry(state.item.clone()).or_insert(ended);
            *latest = ended.max(*latest);
        }
        let items =
            states.into_iter().map(|state| ((state.handler.clone(), state.item.clone()), state)).collect();
        *self = Self { edition: Some(edition), items, good, paused_until: store.paused_until()? };
        Ok(())
    }
}
