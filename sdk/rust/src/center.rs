//! The center beside its sessions: what a handler can tell and ask it at any time.

use std::sync::Arc;

use serde_json::{Map, Value};
use syncmgr::conflict::{Conflict, ConflictId, ConflictLedger, ConflictStore, SharedLedger};
use syncmgr::control::UpdateReason;
use syncmgr::{HandlerId, ItemId, Refusal, SessionCreator, SyncCallback};
use wire::rpc::center as say;
use wire::rpc::{Bytes, Method, paged};

use crate::server::Shared;

/// The center, as its handler reaches it outside of a session. Every call waits for its answer.
#[derive(Clone)]
pub struct Center(pub(crate) Arc<Shared>);

impl Center {
    fn done<M: Method>(&self, message: &M) -> Result<(), Refusal> {
        self.0.peer.call(message).map(drop)
    }

    /// The handler's items or properties changed.
    ///
    /// # Errors
    /// The center cannot read them, or is gone.
    pub fn update_handler(&self) -> Result<(), Refusal> {
        self.done(&say::UpdateHandler {})
    }

    /// Partners of the collection came or went.
    ///
    /// # Errors
    /// It is no collection, the center cannot list them, or is gone.
    pub fn update_partners(&self) -> Result<(), Refusal> {
        self.done(&say::UpdatePartners {})
    }

    /// An item's properties changed.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item.
    pub fn update_item(&self, item: &ItemId) -> Result<(), Refusal> {
        self.done(&say::UpdateItem { item: item.to_string() })
    }

    /// Events were added to the handler's own store.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item.
    pub fn update_events(&self, item: Option<&ItemId>) -> Result<(), Refusal> {
        self.done(&say::UpdateEvents { item: item.map(ItemId::to_string) })
    }

    /// Conflicts were added to, or removed from, the handler's own store.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item.
    pub fn update_conflicts(&self, item: Option<&ItemId>) -> Result<(), Refusal> {
        self.done(&say::UpdateConflicts { item: item.map(ItemId::to_string) })
    }

    /// One conflict of the handler's own store was added, changed or removed.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item.
    pub fn update_conflict(
        &self,
        item: Option<&ItemId>,
        conflict: &ConflictId,
        reason: UpdateReason,
    ) -> Result<(), Refusal> {
        self.done(&say::UpdateConflict {
            item: item.map(ItemId::to_string),
            conflict: Bytes(conflict.0.clone()),
            reason: reason.into(),
        })
    }

    /// Asks for a synchronization of these items, or (none) of all; with options, or without.
    ///
    /// # Errors
    /// `AccessDenied` for what may not be synchronized.
    pub fn start_sync(
        &self,
        items: Option<&[ItemId]>,
        options: Option<Map<String, Value>>,
    ) -> Result<(), Refusal> {
        let items = items.map(|items| items.iter().map(ItemId::to_string).collect());
        self.done(&say::StartSync { items, options, ignore_if_already_syncing: false })
    }

    /// Asks for a stop of these items, or (none) of all.
    ///
    /// # Errors
    /// `InvalidArgument` for unknown items.
    pub fn stop_sync(&self, items: Option<&[ItemId]>) -> Result<(), Refusal> {
        let items = items.map(|items| items.iter().map(ItemId::to_string).collect());
        self.done(&say::StopSync { items })
    }

    /// Sets the handler up, or takes it out.
    ///
    /// # Errors
    /// `AccessDenied` when a policy or a person says no.
    pub fn activate_handler(&self, active: bool) -> Result<(), Refusal> {
        self.done(&say::ActivateHandler { active })
    }

    /// Enables or disables the handler.
    ///
    /// # Errors
    /// `AccessDenied` when a policy or a person says no.
    pub fn enable_handler(&self, enabled: bool) -> Result<(), Refusal> {
        self.done(&say::EnableHandler { enabled })
    }

    /// Enables or disables an item.
    ///
    /// # Errors
    /// As [`enable_handler`](Self::enable_handler), and for an unknown item.
    pub fn enable_item(&self, item: &ItemId, enabled: bool) -> Result<(), Refusal> {
        self.done(&say::EnableItem { item: item.to_string(), enabled })
    }

    /// Where the center keeps this handler's conflicts.
    pub fn ledger(&self) -> SharedLedger {
        Arc::new(self.clone())
    }
}

/// Opens sessions that nobody asked for: the handler noticed a change by itself.
impl SessionCreator for Center {
    fn create_session(
        &self,
        _handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        self.0.open_session(None, items)
    }
}

impl ConflictStore for Center {
    fn conflicts(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<Vec<Conflict>, Refusal> {
        let (mut conflicts, mut after) = (Vec::new(), None);
        loop {
            let item = item.map(ItemId::to_string);
            let page = self.0.peer.call(&say::ListKeptConflicts { item, after })?;
            for conflict in page.conflicts {
                conflicts.push(conflict.into_contract(handler, 0)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(conflicts);
            }
        }
    }

    fn count(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<u64, Refusal> {
        self.conflicts(handler, item).map(|conflicts| conflicts.len() as u64)
    }

    fn bind(&self, handler: &HandlerId, item: &ItemId, id: &ConflictId) -> Result<Option<Conflict>, Refusal> {
        let conflicts = self.conflicts(handler, Some(item))?;
        Ok(conflicts.into_iter().find(|conflict| conflict.id == *id))
    }

    fn remove(&self, _handler: &HandlerId, item: &ItemId, ids: &[ConflictId]) -> Result<(), Refusal> {
        let conflicts = ids.iter().map(|id| Bytes(id.0.clone())).collect();
        self.done(&say::RemoveKeptConflicts { item: item.to_string(), conflicts })
    }
}

impl ConflictLedger for Center {
    fn replace(&self, _handler: &HandlerId, item: &ItemId, open: Vec<Conflict>) -> Result<(), Refusal> {
        let mut rest = open.as_slice();
        loop {
            let conflicts: Vec<_> = paged(rest.iter().map(wire::rpc::conflict::Conflict::from));
            rest = rest.get(conflicts.len()..).unwrap_or_default();
            let more = !rest.is_empty();
            self.done(&say::ReplaceConflicts { item: item.to_string(), conflicts, more })?;
            if !more {
                return Ok(());
            }
        }
    }

    fn put(&self, conflicts: Vec<Conflict>) -> Result<(), Refusal> {
        let mut rest = conflicts.as_slice();
        while !rest.is_empty() {
            let conflicts: Vec<_> = paged(rest.iter().map(wire::rpc::conflict::Conflict::from));
            rest = rest.get(conflicts.len()..).unwrap_or_default();
            self.done(&say::PutConflicts { conflicts })?;
        }
        Ok(())
    }
}
