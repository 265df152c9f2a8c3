//! What a handler tells and asks the center: the methods of [`syncmgr::SyncCallback`], [`syncmgr::SessionCreator`], the
//! conflict ledger and the control of its own items.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use syncmgr::control::UpdateReason;
use syncmgr::{CancelRequest, Level, Outcome, Phase, ProgressStatus};

use super::bytes::Bytes;
use super::conflict::{Conflict, Settlement};
use super::handler::{ConflictPage, ItemDescription, method_table};
use super::message::{Done, borrowed};
use super::number::Number;
use super::things::{Counts, Problem, Program};
use super::version::Version;
use super::words::Word;

/// The first line of a program that started itself and connects to the center's socket. `initialize` follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Register {
    /// The identifier under which it is, or will be, known.
    pub handler: String,
    /// The newest version that it speaks.
    pub protocol: Version,
    /// The program.
    #[serde(default)]
    pub program: Option<Program>,
}

/// `CreateSession`: these items have begun.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CreateSession {
    /// The `synchronize` that it belongs to; absent: nobody asked for this session, the handler begins it itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn: Option<u64>,
    /// The items; absent: all of the turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<String>>,
}

/// A session that was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Created {
    /// Its number on this connection.
    pub session: u64,
    /// The run that it is recorded as.
    pub run: Number,
}

/// `ReportProgress`, as a question or a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportProgress<'a> {
    /// The session.
    pub session: u64,
    /// The item.
    #[serde(borrow)]
    pub item: Cow<'a, str>,
    /// Absent keeps the old text, empty clears it (R5).
    #[serde(borrow, default, deserialize_with = "borrowed", skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
    /// The status.
    pub status: Word<ProgressStatus>,
    /// The step, in any unit (R6).
    #[serde(default)]
    pub step: Number,
    /// How many there are (R6).
    #[serde(default)]
    pub max: Number,
}

/// What is asked to stop (R3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// `none`, `item` or `all`.
    #[serde(default)]
    pub cancel: Word<CancelRequest>,
}

/// `SetHandlerProgressText`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SetHandlerProgressText {
    /// The session.
    pub session: u64,
    /// The handler's line; empty clears it.
    pub text: String,
}

/// `ReportEvent`, as a question (the answer has its number) or a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportEvent {
    /// The session.
    pub session: u64,
    /// The item; absent: the handler itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Only errors are counted and notified (R16).
    pub level: Word<Level>,
    /// Short name or summary, at most 127 UTF-16 units; not empty.
    pub name: String,
    /// What happened, to what and why; not empty.
    pub description: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// Caption of the link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_text: Option<String>,
    /// What the link opens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link_reference: Option<String>,
    /// Data of the handler that comes back with the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
}

/// An event that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reported {
    /// The number that the store gave it.
    pub event: Number,
}

/// `CanContinue`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CanContinue {
    /// The session.
    pub session: u64,
    /// The item; absent or empty: the whole handler (R4).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// Whether to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoOn {
    /// False: stop, and acknowledge with `canceled` (R3).
    pub go_on: bool,
}

/// `QueryForAdditionalItems` (R9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QueryForAdditionalItems {
    /// The session.
    pub session: u64,
}

/// What waits for this handler; nothing of it is taken out of the queue by asking.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Additional {
    /// Items of plain requests.
    #[serde(default)]
    pub items: Vec<String>,
    /// Requests with options.
    #[serde(default)]
    pub requests: Vec<WaitingRequest>,
    /// More waits than fits into this answer.
    #[serde(default)]
    pub more: bool,
}

/// A request with options that waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WaitingRequest {
    /// Names it in `add_request_to_session`, on this connection.
    pub request: u64,
    /// Its options.
    pub options: Map<String, Value>,
}

/// `AddItemToSession` (R9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddItemToSession {
    /// The session.
    pub session: u64,
    /// The item.
    pub item: String,
}

/// `AddIUnknownToSession` (R9): takes a waiting request, and with it the items that it was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AddRequestToSession {
    /// The session.
    pub session: u64,
    /// The request's number.
    pub request: u64,
}

/// `ProposeItem` (R8).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProposeItem {
    /// The session.
    pub session: u64,
    /// The new item.
    pub item: ItemDescription,
}

/// `CommitItem` (R8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommitItem {
    /// The session.
    pub session: u64,
    /// The item.
    pub item: String,
}

/// `ReportManualSync` (R13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportManualSync {
    /// The session.
    pub session: u64,
}

/// What the handler is doing with an item just now. Words of later versions are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportPhase {
    /// The session.
    pub session: u64,
    /// The item.
    pub item: String,
    /// The phase.
    pub phase: Word<Phase>,
}

/// What the item's run came to, said before its final status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportOutcome {
    /// The session.
    pub session: u64,
    /// The item.
    pub item: String,
    /// The outcome.
    pub outcome: Word<Outcome>,
    /// What it changed.
    #[serde(default)]
    pub counts: Counts,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// What became of a conflict that this turn was to settle. What is not answered was not reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReportSettlement {
    /// The turn.
    pub turn: u64,
    /// The conflict's place, as it came.
    pub place: usize,
    /// What became of it.
    pub settlement: Settlement,
}

/// Asks for leave to be silent for longer than the usual lease, from now on and once (R12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExtendLease {
    /// The session.
    pub session: u64,
    /// For how long; at most a day.
    pub seconds: u64,
}

/// Ends a session (R12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndSession {
    /// The session.
    pub session: u64,
    /// It is only let go of: what `synchronize` is answered may still explain its open items.
    #[serde(default)]
    pub let_go: bool,
}

/// "These are the open conflicts of the item now": new ones are added, others are closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReplaceConflicts {
    /// The item.
    pub item: String,
    /// The conflicts, or some of them.
    pub conflicts: Vec<Conflict>,
    /// More of the same list follow in the next call; nothing is replaced before the last one.
    #[serde(default)]
    pub more: bool,
}

/// Opens these conflicts beside those that are open; known ones get the versions that they have now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PutConflicts {
    /// The conflicts, of any items of the handler.
    pub conflicts: Vec<Conflict>,
}

/// The conflicts that the center keeps for the handler, in pages of any size.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListKeptConflicts {
    /// Of this item only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// Takes conflicts out of what the center keeps for the handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoveKeptConflicts {
    /// Their item.
    pub item: String,
    /// Which.
    pub conflicts: Vec<Bytes>,
}

/// `UpdateHandler`: its items or properties changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateHandler {}

/// `UpdateHandlerCollection`: partners of its collection came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdatePartners {}

/// `UpdateItem`: its properties changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateItem {
    /// The item.
    pub item: String,
}

/// `UpdateEvents`: events were added to the handler's own store.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateEvents {
    /// The item; absent: the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// `UpdateConflict`: one conflict of the handler's own store was added, changed or removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateConflict {
    /// The item; absent: the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The conflict.
    pub conflict: Bytes,
    /// Why.
    #[serde(default)]
    pub reason: Word<UpdateReason>,
}

/// `UpdateConflicts`: conflicts of the handler's own store were added or removed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct UpdateConflicts {
    /// The item; absent: the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// `StartHandlerSync` and `StartItemSync` on the handler itself: something changed that it noticed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StartSync {
    /// The items; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<String>>,
    /// Options for the `synchronize` that comes of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Map<String, Value>>,
    /// Only what is not syncing now (R17).
    #[serde(default)]
    pub ignore_if_already_syncing: bool,
}

/// `StopHandlerSync` and `StopItemSync` on the handler itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct StopSync {
    /// The items; absent: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<String>>,
}

/// `ActivateHandler` on the handler itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActivateHandler {
    /// Listed among the partnerships.
    pub active: bool,
}

/// `EnableHandler` on the handler itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnableHandler {
    /// May be synchronized.
    pub enabled: bool,
}

/// `EnableItem` on an item of the handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnableItem {
    /// The item.
    pub item: String,
    /// May be synchronized.
    pub enabled: bool,
}

method_table! {
    "register" Register => Done;
    "create_session" CreateSession => Created;
    "report_progress" ReportProgress<'_> => Told;
    "set_handler_progress_text" SetHandlerProgressText => Told;
    "report_event" ReportEvent => Reported;
    "can_continue" CanContinue => GoOn;
    "query_for_additional_items" QueryForAdditionalItems => Additional;
    "add_item_to_session" AddItemToSession => Done;
    "add_request_to_session" AddRequestToSession => Done;
    "propose_item" ProposeItem => Done;
    "commit_item" CommitItem => Done;
    "report_manual_sync" ReportManualSync => Done;
    "report_phase" ReportPhase => Told;
    "report_outcome" ReportOutcome => Done;
    "report_settlement" ReportSettlement => Done;
    "extend_lease" ExtendLease => Done;
    "end_session" EndSession => Done;
    "replace_conflicts" ReplaceConflicts => Done;
    "put_conflicts" PutConflicts => Done;
    "list_conflicts" ListKeptConflicts => ConflictPage;
    "remove_conflicts" RemoveKeptConflicts => Done;
    "update_handler" UpdateHandler => Done;
    "update_partners" UpdatePartners => Done;
    "update_item" UpdateItem => Done;
    "update_events" UpdateEvents => Done;
    "update_conflict" UpdateConflict => Done;
    "update_conflicts" UpdateConflicts => Done;
    "start_sync" StartSync => Done;
    "stop_sync" StopSync => Done;
    "activate_handler" ActivateHandler => Done;
    "enable_handler" EnableHandler => Done;
    "enable_item" EnableItem => Done;
    "looked_at" super::look::LookedAt => Done;
    "item_changed" super::follow::ItemChanged => super::follow::Changed;
    "report_following" super::follow::ReportFollowing => Done;
}
