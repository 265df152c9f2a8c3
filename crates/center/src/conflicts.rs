//! All conflicts in one view, whoever keeps them.
//!
//! Most handlers write their conflicts into the center's store. One with a store of its own is asked when it says that
//! something changed and when one of its sessions ends, and what it says is written down beside the others: so that
//! conflicts are counted, searched and paged in one place, and are there when their handler is not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use store::{ConflictCount, ConflictQuery};
use syncmgr::conflict::{
    Conflict, ConflictId, ConflictKey, ConflictLedger as _, ConflictStore, ResolutionHandler,
};
use syncmgr::control::UpdateReason;
use syncmgr::flags::{HandlerCapabilities, ItemCapabilities};
use syncmgr::{HandlerId, ItemId, Refusal};

use crate::center::{Center, Inner, unknown_handler};
use crate::feed::What;

impl Center {
    /// A page of open conflicts over all handlers, in the order of handlers, items and identities.
    ///
    /// # Errors
    /// `InvalidArgument` for a handler that is not there; the store could not be read.
    pub fn conflicts(&self, query: &ConflictQuery) -> Result<Vec<Conflict>, Refusal> {
        self.known(query)?;
        Ok(self.inner.store.find_conflicts(query)?)
    }

    /// How many open conflicts a query finds, by item and kind; its page does not matter.
    ///
    /// # Errors
    /// As [`conflicts`](Self::conflicts).
    pub fn count_conflicts(&self, query: &ConflictQuery) -> Result<Vec<ConflictCount>, Refusal> {
        self.known(query)?;
        Ok(self.inner.store.count_conflicts(query)?)
    }

    /// One conflict by its identity (`BindToConflict`): as its handler's own store has it now, if there is one; none
    /// when it is not open any more.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn conflict(&self, key: &ConflictKey) -> Result<Option<Conflict>, Refusal> {
        match self.inner.own_conflicts(&key.handler, Some(&key.item)) {
            Some(own) => own.bind(&key.handler, &key.item, &key.id),
            None => self.inner.store.bind(&key.handler, &key.item, &key.id),
        }
    }

    /// Takes conflicts out of the list (`RemoveConflicts`): what a person does not want to see any more. The versions stay
    /// as they are; a run that finds them different again opens the conflict again.
    ///
    /// # Errors
    /// A store could not be written.
    pub fn remove_conflicts(&self, keys: &[ConflictKey]) -> Result<(), Refusal> {
        let mut of_item: BTreeMap<(&HandlerId, &ItemId), Vec<ConflictId>> = BTreeMap::new();
        for key in keys {
            of_item.entry((&key.handler, &key.item)).or_default().push(key.id.clone());
        }
        let (mut ours, mut told) = (Vec::new(), Vec::new());
        for ((handler, item), ids) in of_item {
            told.push(What::Conflicts { handler: handler.clone(), item: Some(item.clone()) });
            match self.inner.own_conflicts(handler, Some(item)) {
                Some(own) => {
                    own.remove(handler, item, &ids)?;
                    self.inner.refresh_conflicts(handler, Some(item))?;
                }
                None => ours.extend(ids.into_iter().map(|id| ConflictKey {
                    handler: handler.clone(),
                    item: item.clone(),
                    id,
                })),
            }
        }
        if !ours.is_empty() {
            self.inner.store.remove_conflicts(ours)?;
        }
        told.into_iter().for_each(|what| self.inner.tell(what));
        self.inner.announce();
        Ok(())
    }

    /// What settles the conflicts of a handler, and knows which choices there are; none when nothing does.
    pub fn resolution_handler(&self, handler: &HandlerId) -> Option<Arc<dyn ResolutionHandler>> {
        // Asked outside the lock: what a handler does is its own affair.
        let handler = self.inner.lock().handler(handler).map(|entry| Arc::clone(&entry.handler))?;
        handler.resolution_handler()
    }

    fn known(&self, query: &ConflictQuery) -> Result<(), Refusal> {
        match &query.handler {
            Some(handler) if self.inner.lock().handler(handler).is_none() => Err(unknown_handler(handler)),
            _ => Ok(()),
        }
    }
}

impl Inner {
    /// The store of its own in which a handler keeps the conflicts of an item (or of all of them), if it has one: the
    /// handler's, else the item's.
    pub(crate) fn own_conflicts(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
    ) -> Option<Arc<dyn ConflictStore>> {
        let (of_handler, of_item) = {
            let state = self.lock();
            let entry = state.handler(handler)?;
            let can = |can: HandlerCapabilities| can.contains(HandlerCapabilities::CONFLICT_STORE);
            let of_handler = entry
                .loaded
                .as_ref()
                .is_ok_and(|loaded| can(loaded.capabilities))
                .then(|| Arc::clone(&entry.handler));
            let can = |can: ItemCapabilities| can.contains(ItemCapabilities::CONFLICT_STORE);
            let of_item = item.and_then(|item| entry.items.get(item)).and_then(|item| {
                item.loaded
                    .as_ref()
                    .is_ok_and(|loaded| can(loaded.capabilities))
                    .then(|| Arc::clone(&item.item))
            });
            (of_handler, of_item)
        };
        of_handler
            .and_then(|handler| handler.conflict_store())
            .or_else(|| of_item.and_then(|item| item.conflict_store()))
            // One that writes its conflicts into the center's own store needs no asking.
            .filter(|own| !std::ptr::addr_eq(Arc::as_ptr(own), Arc::as_ptr(&self.store)))
    }

    /// Writes down what a handler's own store holds now of an item, or of all of them.
    pub(crate) fn refresh_conflicts(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
    ) -> Result<(), Refusal> {
        let Some(own) = self.own_conflicts(handler, item) else {
            if item.is_none() {
                let items: Vec<ItemId> = self.with_handler(handler, |entry| {
                    Ok(entry.items.iter().map(|item| item.item.id().clone()).collect())
                })?;
                let own = |item: &&ItemId| self.own_conflicts(handler, Some(item)).is_some();
                return items
                    .iter()
                    .filter(own)
                    .try_for_each(|item| self.refresh_conflicts(handler, Some(item)));
            }
            return Ok(());
        };
        let mut open: BTreeMap<ItemId, Vec<Conflict>> = BTreeMap::new();
        for conflict in own.conflicts(handler, item)? {
            open.entry(conflict.item.clone()).or_default().push(conflict);
        }
        let before = self.store.count_conflicts(&ConflictQuery::all_of(handler, item))?;
        let items: BTreeSet<ItemId> =
            before.into_iter().map(|one| one.item).chain(open.keys().cloned()).collect();
        for item in items {
            self.store.replace(handler, &item, open.remove(&item).unwrap_or_default())?;
        }
        Ok(())
    }

    /// One conflict was added, changed or removed, says its handler.
    pub(crate) fn refresh_conflict(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        id: &ConflictId,
        reason: UpdateReason,
    ) -> Result<(), Refusal> {
        let Some(item) = item else { return self.refresh_conflicts(handler, None) };
        let Some(own) = self.own_conflicts(handler, Some(item)) else { return Ok(()) };
        let now = match reason {
            UpdateReason::Removed => None,
            UpdateReason::Added | UpdateReason::Changed => own.bind(handler, item, id)?,
        };
        match now {
            Some(conflict) => self.store.put(vec![conflict]),
            None => self.store.remove(handler, item, std::slice::from_ref(id)),
        }
    }

    /// Conflicts that are open for the items of a session that ends.
    pub(crate) fn open_conflicts(&self, handler: &HandlerId, items: &[syncmgr::ItemEnd]) -> Option<u64> {
        items
            .iter()
            .map(|item| {
                // A store that cannot tell leaves standing what it said before.
                let _ = self.refresh_conflicts(handler, Some(&item.item));
                self.store.count(handler, Some(&item.item)).ok()
            })
            .sum()
    }
}
