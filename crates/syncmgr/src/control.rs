//! Start, stop, enable, activate, "something changed" (`ISyncMgrControl`), implemented by the sync center.

use std::sync::Arc;

use crate::conflict::ConflictId;
use crate::error::Refusal;
use crate::flags::{ControlFlags, SyncControlFlags, from_number};
use crate::handler::Request;
use crate::ids::{HandlerId, ItemId};
use crate::outcome::Outcome;
use crate::status::ProgressStatus;

/// Receives the verdict of what was started (`ISyncMgrSyncResult`). Called once, on a thread of the center.
pub trait SyncResult: Send + Sync {
    /// The aggregated status (R14), the error events and the open conflicts of the session's items; `outcome` is the
    /// worst outcome of the items.
    fn result(&self, status: ProgressStatus, outcome: Outcome, errors: u64, conflicts: u64);
}

/// Why a conflict is announced (`SYNCMGR_UPDATE_REASON`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum UpdateReason {
    /// It is new.
    Added = 0,
    /// It is another one now.
    Changed = 1,
    /// It is gone.
    Removed = 2,
}

from_number!(UpdateReason, "update reason (0 to 2)", [Added, Changed, Removed]);

impl UpdateReason {
    /// `SYNCMGR_UR_MAX`.
    pub const MAX: u32 = 2;
}

/// The fifteen operations of `ISyncMgrControl`. All of them queue their work and return; with
/// [`ControlFlags::WAIT`] they return when it is done.
pub trait Control: Send + Sync {
    /// `StartHandlerSync`: all items of the handler.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler; `AccessDenied` when it may not be synchronized (inactive, disabled,
    /// disconnected, or a policy forbids it).
    fn start_handler_sync(
        &self,
        handler: &HandlerId,
        request: Option<Request>,
        flags: SyncControlFlags,
        result: Option<Arc<dyn SyncResult>>,
    ) -> Result<(), Refusal>;
    /// `StartItemSync`: chosen items.
    ///
    /// # Errors
    /// As [`start_handler_sync`](Self::start_handler_sync), and for unknown items.
    fn start_item_sync(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
        request: Option<Request>,
        flags: SyncControlFlags,
        result: Option<Arc<dyn SyncResult>>,
    ) -> Result<(), Refusal>;
    /// `StartSyncAll`: everything that may be synchronized.
    ///
    /// # Errors
    /// Never for a single handler that cannot.
    fn start_sync_all(&self) -> Result<(), Refusal>;
    /// `StopHandlerSync`.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler.
    fn stop_handler_sync(&self, handler: &HandlerId) -> Result<(), Refusal>;
    /// `StopItemSync`.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler or item.
    fn stop_item_sync(&self, handler: &HandlerId, items: &[ItemId]) -> Result<(), Refusal>;
    /// `StopSyncAll`.
    ///
    /// # Errors
    /// None is expected.
    fn stop_sync_all(&self) -> Result<(), Refusal>;
    /// `UpdateHandlerCollection`: handlers came or went.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown collection.
    fn update_handler_collection(&self, collection: &str, flags: ControlFlags) -> Result<(), Refusal>;
    /// `UpdateHandler`: its items or properties changed.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler.
    fn update_handler(&self, handler: &HandlerId, flags: ControlFlags) -> Result<(), Refusal>;
    /// `UpdateItem`: its properties changed.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler or item.
    fn update_item(&self, handler: &HandlerId, item: &ItemId, flags: ControlFlags) -> Result<(), Refusal>;
    /// `UpdateEvents`: events were added to the handler's own store.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler or item.
    fn update_events(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        flags: ControlFlags,
    ) -> Result<(), Refusal>;
    /// `UpdateConflict`: one conflict was added, changed or removed.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler or item.
    fn update_conflict(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        conflict: &ConflictId,
        reason: UpdateReason,
    ) -> Result<(), Refusal>;
    /// `UpdateConflicts`: conflicts were added or removed.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler or item.
    fn update_conflicts(
        &self,
        handler: &HandlerId,
        item: Option<&ItemId>,
        flags: ControlFlags,
    ) -> Result<(), Refusal>;
    /// `ActivateHandler`.
    ///
    /// # Errors
    /// `AccessDenied` when a policy or the handler's own question says no.
    fn activate_handler(&self, active: bool, handler: &HandlerId, flags: ControlFlags)
    -> Result<(), Refusal>;
    /// `EnableHandler`.
    ///
    /// # Errors
    /// `AccessDenied` when a policy or the handler's own question says no.
    fn enable_handler(&self, enabled: bool, handler: &HandlerId, flags: ControlFlags) -> Result<(), Refusal>;
    /// `EnableItem`.
    ///
    /// # Errors
    /// `AccessDenied` when a policy or the item's own question says no.
    fn enable_item(
        &self,
        enabled: bool,
        handler: &HandlerId,
        item: &ItemId,
        flags: ControlFlags,
    ) -> Result<(), Refusal>;
}
