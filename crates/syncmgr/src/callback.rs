//! The session as its handler sees it: the ten methods of `ISyncMgrSyncCallback`, and what every relative of the
//! original shows to be missing there (run id, phase, problem, counts, "waiting for", a longer lease).

use std::sync::Arc;
use std::time::Duration;

use crate::error::Refusal;
use crate::event::{EventId, NewEvent};
use crate::handler::{Request, SyncItem};
use crate::ids::{HandlerId, ItemId, RunId};
use crate::outcome::{Counts, Outcome, Phase, Problem};
use crate::status::{CancelRequest, ProgressStatus};

/// What is waiting to be synchronized next for the session's handler (`QueryForAdditionalItems`, R9).
#[derive(Clone, Default)]
pub struct Additional {
    /// Items whose request waits.
    pub items: Vec<ItemId>,
    /// Opaque requests that callers handed to start.
    pub requests: Vec<Request>,
}

impl Additional {
    /// Whether nothing waits (the original's `S_FALSE`).
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.requests.is_empty()
    }
}

/// What of a session is asked to stop and not acknowledged (R3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stops {
    /// The session has ended: whatever still works on it works for nobody.
    pub ended: bool,
    /// Everything.
    pub all: bool,
    /// These items.
    pub items: Vec<ItemId>,
}

/// The sink of one session, implemented by the sync center and called by the handler.
///
/// Every method may be called from any thread, also at the same time. None of them blocks on a screen or a disk,
/// except [`report_event`](Self::report_event), which may wait for room in the store's queue.
/// After the session's end every method answers [`Refusal::Ended`].
pub trait SyncCallback: Send + Sync {
    /// `ReportProgress`: the state of one item. `text`: none keeps the old text, empty clears it (R5). Steps are of any
    /// unit; see R6 for odd ones. The answer is the pending cancel request (R3).
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session (R10), `AccessDenied` after completion (R1).
    fn report_progress(
        &self,
        item: &ItemId,
        text: Option<&str>,
        status: ProgressStatus,
        step: u64,
        max: u64,
    ) -> Result<CancelRequest, Refusal>;

    /// `SetHandlerProgressText`: the handler's line while it syncs. Answers `None` or `All`.
    ///
    /// # Errors
    /// [`Refusal::Ended`].
    fn set_handler_progress_text(&self, text: &str) -> Result<CancelRequest, Refusal>;

    /// `ReportEvent`: a line of the results. The identity is given by the store (R16).
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item, an empty name or description, or an over-long link or context.
    fn report_event(&self, event: NewEvent) -> Result<EventId, Refusal>;

    /// `CanContinue`: whether to go on with the item, or (none; in the original also an empty string) with the whole
    /// handler (R4). A stop of everything makes it false for every item.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session (R10).
    fn can_continue(&self, item: Option<&ItemId>) -> Result<bool, Refusal>;

    /// What is asked to stop, for those who pass it on to a handler that is elsewhere. Nothing that the handler has said:
    /// it renews no lease (R12). Not in the original. A center without it only answers.
    fn stops(&self) -> Stops {
        Stops::default()
    }

    /// `QueryForAdditionalItems`: what waits for this handler; takes nothing out of the queue.
    ///
    /// # Errors
    /// [`Refusal::Ended`].
    fn query_for_additional_items(&self) -> Result<Additional, Refusal>;

    /// `AddItemToSession`: the handler takes one more item; its waiting request leaves the queue (R9).
    ///
    /// # Errors
    /// `InvalidArgument` when it is in the session already, or not of this handler.
    fn add_item_to_session(&self, item: &ItemId) -> Result<(), Refusal>;

    /// `AddIUnknownToSession`, which has no documentation: the handler takes a waiting opaque request, and with it the
    /// items it was asked for; it leaves the queue (R9).
    ///
    /// # Errors
    /// `InvalidArgument` when it does not wait.
    fn add_request_to_session(&self, request: &Request) -> Result<(), Refusal>;

    /// `ProposeItem`: offers a new item, which stays invisible until committed (R8).
    ///
    /// # Errors
    /// `InvalidArgument` when an item with that ID exists.
    fn propose_item(&self, item: Arc<dyn SyncItem>) -> Result<(), Refusal>;

    /// `CommitItem`: the proposed item becomes one of the handler's (R8).
    ///
    /// # Errors
    /// `InvalidArgument` when it was never proposed, or is part of the session already.
    fn commit_item(&self, item: &ItemId) -> Result<(), Refusal>;

    /// `ReportManualSync`: a person started this outside the sync center (R13). The original does not say what follows
    /// from it; here the run is marked so, and interval schedules count from it.
    ///
    /// # Errors
    /// [`Refusal::Ended`].
    fn report_manual_sync(&self) -> Result<(), Refusal>;

    /// The run that this session is recorded as. Not in the original.
    fn run_id(&self) -> RunId;

    /// What the handler is doing with an item just now. Not in the original.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session.
    fn report_phase(&self, item: &ItemId, phase: Phase) -> Result<CancelRequest, Refusal>;

    /// What the item's run came to, said before its final status: the outcome, what it changed, and (unless done) the
    /// problem. Without it the outcome follows from the final status alone. Not in the original.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session.
    fn report_outcome(
        &self,
        item: &ItemId,
        outcome: Outcome,
        counts: Counts,
        problem: Option<Problem>,
    ) -> Result<(), Refusal>;

    /// Asks for leave to be silent for longer than the usual 60 s, from now on and once, for the phase that follows
    /// (R12). At most a day. Not in the original.
    ///
    /// # Errors
    /// [`Refusal::Ended`].
    fn extend_lease(&self, lease: Duration) -> Result<(), Refusal>;

    /// Ends the session. Items about which nothing was said are then failed (R2), those whose last word was
    /// `Disconnected` are disconnected (R11), all others without a final word are interrupted (R12). Dropping the last
    /// callback does the same. Not in the original, which does not say what ends a session.
    fn end(&self);
}

/// Opens sessions (`ISyncMgrSessionCreator`), implemented by the sync center.
pub trait SessionCreator: Send + Sync {
    /// Says that these items have begun, and gives the callback. One handler may hold several sessions at once only
    /// with [`HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS`](crate::flags::HandlerCapabilities).
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown handler or item, or no item at all; `AccessDenied` for an inactive or disabled
    /// handler, or a second session without the capability.
    fn create_session(&self, handler: &HandlerId, items: &[ItemId])
    -> Result<Arc<dyn SyncCallback>, Refusal>;
}
