//! What the center asks of a handler: the methods of [`syncmgr::Handler`] and of what belongs to it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use syncmgr::flags::{HandlerCapabilities, HandlerPolicies, HandlerType, ItemCapabilities, ItemPolicies};

use super::bytes::Bytes;
use super::conflict::{Conflict, Decided};
use super::message::Done;
use super::number::Number;
use super::things::{Program, UiOperation, WireEvent};
use super::version::Version;
use super::words::{Names, Word};

/// The first question of every connection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Initialize {
    /// The newest version that the center speaks.
    pub protocol: Version,
    /// The center.
    pub center: Program,
    /// The identifier under which the handler is known.
    pub handler: String,
    /// The partner whose handler this process is, as a process of the same collection listed it; absent: it is asked for
    /// the list, or is no collection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<String>,
    /// The limits that the center holds the handler to.
    pub limits: Limits,
    /// The handler's own settings, as a person wrote them.
    #[serde(default)]
    pub settings: Map<String, Value>,
    /// The settings of its items, by their identifiers.
    #[serde(default)]
    pub items: BTreeMap<String, Map<String, Value>>,
    /// What the center can do beside the methods of version 1.0.
    #[serde(default)]
    pub abilities: Vec<String>,
}

/// What the center holds a handler to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limits {
    /// The longest line in bytes, with its line feed.
    pub line: u32,
    /// After so many bad lines the connection is ended.
    pub bad_lines: u32,
    /// Events per second that are taken over a long time; whoever is faster is read more slowly.
    pub events_per_second: u32,
    /// A session that says nothing for so many seconds has ended.
    pub lease: u32,
    /// A stop must be acknowledged in so many seconds.
    pub stop: u32,
}

/// The handler's half of the handshake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Initialized {
    /// The version that the handler will speak: of the same major number, and not above what the center offered.
    pub protocol: Version,
    /// The handler's program.
    #[serde(default)]
    pub program: Option<Program>,
    /// Which optional methods it has.
    #[serde(default)]
    pub abilities: Vec<Ability>,
}

/// Optional methods, by the groups in which a handler has them or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ability {
    /// `get_abilities`, `resolve_conflict`.
    Resolve,
    /// `get_abilities`, and `synchronize` with `settle`: it settles conflicts in sessions, many at once.
    Settle,
    /// `ui_operation`, `ui_answer`, `event_link`.
    Ui,
    /// `check_options`: starts may have options.
    Options,
    /// `preview`, `rows`, `forget_rows`, `cancel_look`.
    Preview,
    /// `verify`, `cancel_look`.
    Verify,
    /// `undo_options`.
    Undo,
    /// `command_line`.
    CommandLine,
    /// `content`, `merge`, `part`, `forget_parts`: it shows the versions of a conflict, and what they merge to.
    Content,
    /// `look_again`.
    LookAgain,
    /// `find_copies`, `rows`, `forget_rows`.
    Copies,
    /// `follow`, `unfollow`: it notices changes of its items.
    Follow,
    /// `adopt`: its items come into being by what other programs report.
    Adopt,
    /// `list_partners`: it knows many partners, each of which is a handler of its own.
    Collection,
    /// The process wants to run all the time, not only while something is asked of it: it watches something.
    Stay,
    /// An ability of a later version.
    #[serde(other)]
    Unknown,
}

/// `GetName`, `GetHandlerInfo`, `GetCapabilities`, `GetPolicies` in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct GetHandler {}

/// A handler's properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HandlerDescription {
    /// What a person reads. Empty: hidden and never synchronized (R18).
    pub name: String,
    /// What it is, for grouping.
    #[serde(default)]
    pub kind: Word<HandlerType>,
    /// Model or other identifying text.
    #[serde(default)]
    pub type_label: String,
    /// Summary, shown while nothing syncs.
    #[serde(default)]
    pub comment: String,
    /// Last synchronization in milliseconds since 1970, if the handler knows better than the center.
    #[serde(default)]
    pub last_sync: Option<i64>,
    /// Listed among the partnerships; absent: the center keeps it (R15).
    #[serde(default)]
    pub active: Option<bool>,
    /// May be synchronized; absent: the center keeps it (R15).
    #[serde(default)]
    pub enabled: Option<bool>,
    /// A matter of fact (R15).
    #[serde(default = "yes")]
    pub connected: bool,
    /// What can be done to it.
    #[serde(default)]
    pub capabilities: Names<HandlerCapabilities>,
    /// What is withheld.
    #[serde(default)]
    pub policies: Names<HandlerPolicies>,
}

fn yes() -> bool {
    true
}

/// `GetSyncItemEnumerator`, in pages of any size.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListItems {
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of items.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ItemPage {
    /// The items of the page.
    pub items: Vec<ItemDescription>,
    /// Names the page that follows; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `GetHandlerEnumerator` of a collection, in pages of any size. `BindToHandler` is a process with that `partner`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListPartners {
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of partners.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct PartnerPage {
    /// The identifiers of the partners of the page. With that of the collection and a colon before it each is the
    /// identifier of a handler: together they have 63 UTF-16 units at most, and are compared without case (R5).
    pub partners: Vec<String>,
    /// Names the page that follows; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `GetSyncItem`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetItem {
    /// Which.
    pub item: String,
}

/// The item, if there is one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundItem {
    /// The item; absent: there is none of that identifier.
    #[serde(default)]
    pub item: Option<ItemDescription>,
}

/// An item's properties.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ItemDescription {
    /// 1 to 63 UTF-16 units, compared without case; never changes (R5).
    pub id: String,
    /// What a person reads. Empty: hidden and never synchronized (R18).
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub type_label: String,
    /// Summary, shown while nothing syncs.
    #[serde(default)]
    pub comment: String,
    /// Last synchronization in milliseconds since 1970, if the item knows better than the center.
    #[serde(default)]
    pub last_sync: Option<i64>,
    /// May be synchronized; absent: the center keeps it (R15).
    #[serde(default)]
    pub enabled: Option<bool>,
    /// A matter of fact (R15).
    #[serde(default = "yes")]
    pub connected: bool,
    /// What can be done to it.
    #[serde(default)]
    pub capabilities: Names<ItemCapabilities>,
    /// What is withheld.
    #[serde(default)]
    pub policies: Names<ItemPolicies>,
}

/// `Activate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Activate {
    /// After set-up (true) or delete (false).
    pub active: bool,
}

/// `Enable` of the handler, or of one of its items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Enable {
    /// The item; absent: the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// After enable (true) or disable (false).
    pub enabled: bool,
}

/// `Delete`: the item leaves the sync set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeleteItem {
    /// Which.
    pub item: String,
}

/// Items of the `synchronize` that follows with the same turn, where they do not fit into one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SynchronizeMore {
    /// The turn.
    pub turn: u64,
    /// Items.
    pub items: Vec<String>,
}

/// What was decided about conflicts: of the `synchronize` that follows with the same turn and `settle`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettleMore {
    /// The turn.
    pub turn: u64,
    /// Conflicts with what was chosen for them.
    pub decided: Vec<Decided>,
}

/// `Synchronize`. The answer comes when the work is done; an error is what kept the handler from working at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Synchronize {
    /// Names this call in `create_session`.
    pub turn: u64,
    /// The items (after those of `synchronize_more`).
    pub items: Vec<String>,
    /// The options of the start, an object that `check_options` has seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub options: Option<Map<String, Value>>,
    /// Nothing but the conflicts of `settle_more` is to be settled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settle: bool,
}

/// A stop was asked for (R3, R4). It is also in every answer until it is acknowledged with `canceled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cancel {
    /// The session.
    pub session: u64,
    /// The item; absent: everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// The center has ended a session: nobody listens to it any more (R12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SessionEnded {
    /// The session.
    pub session: u64,
    /// Why, in a sentence.
    pub why: String,
}

/// The end: everything is finished or given up, and the process exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Shutdown {}

/// `EnumConflicts` of a handler with a conflict store of its own, in pages of any size.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListConflicts {
    /// Of this item only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of conflicts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConflictPage {
    /// The conflicts of the page.
    pub conflicts: Vec<Conflict>,
    /// Names the page that follows; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `RemoveConflicts`: a person deleted their rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoveConflicts {
    /// Their item.
    pub item: String,
    /// Which.
    pub conflicts: Vec<Bytes>,
}

/// `GetEventEnumerator` of a handler with an event store of its own, oldest first, in pages of any size.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ListEvents {
    /// Of this item only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The `next` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// A page of events.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct EventPage {
    /// The events of the page.
    pub events: Vec<WireEvent>,
    /// Names the page that follows; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// `RemoveEvent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemoveEvents {
    /// The item whose store they are in; absent: that of the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// Which.
    pub events: Vec<Number>,
}

/// `GetObject` for what asks a person something or shows something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetUiOperation {
    /// `browse_content`, `show_schedule`, `query_before_activate`, `query_before_deactivate`, `query_before_enable`,
    /// `query_before_disable`, `query_before_delete`.
    pub action: String,
    /// The item; absent: the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// `GetObject(EventLinkClick)` with `Init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventLink {
    /// The event whose link was clicked.
    pub event: WireEvent,
}

/// The operation, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundOperation {
    /// The operation; absent: nothing is asked or shown.
    #[serde(default)]
    pub operation: Option<UiOperation>,
}

/// What a person answered to an operation; for a query, no (or no front end at all) means: do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UiAnswer {
    /// The operation's number.
    pub operation: u64,
    /// The answer.
    pub yes: bool,
}

/// `GetObject(Icon)`, of a handler or item with the capability `provides_icon`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetIcon {
    /// Names this look in `part` and `forget_parts`.
    pub look: u64,
    /// The item; absent: the handler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
}

/// The icon, if there is one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FoundIcon {
    /// For instance `image/svg+xml`.
    pub media_type: String,
    /// The image; absent: there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// More of it is to be asked for with `part`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// Takes in an item that a program outside reports and that is not listed yet, or gives a known one another name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Adopt {
    /// The item, which is listed from then on.
    pub item: String,
    /// What it is called; absent: the handler finds a name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Reads the options of a start, an object in the handler's own words. The answer, or an error that says what is wrong
/// with them and which there are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CheckOptions {
    /// The options.
    pub options: Map<String, Value>,
}

/// The options of a start that takes a run back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoOptions {
    /// The run.
    pub run: Number,
}

/// The options, if the run can be taken back.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundOptions {
    /// The options; absent: it cannot.
    #[serde(default)]
    pub options: Option<Map<String, Value>>,
}

/// The command that a plain start of the item runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandLine {
    /// The item.
    pub item: String,
}

/// The command, if it runs one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundCommand {
    /// As a person would type it, without secrets.
    #[serde(default)]
    pub command: Option<String>,
}

macro_rules! method_table {
    ($($name:literal $params:ty => $answer:ty;)+) => {
        $(impl super::message::Method for $params {
            const NAME: &'static str = $name;
            type Answer = $answer;
        })+

        /// The methods in this direction, with the schemas of parameters and answers.
        pub(super) fn methods(generator: &mut schemars::SchemaGenerator) -> Vec<super::schema::MethodSchema> {
            vec![$(super::schema::MethodSchema {
                name: $name,
                params: generator.subschema_for::<$params>(),
                answer: generator.subschema_for::<$answer>(),
            }),+]
        }
    };
}

pub(super) use method_table;

method_table! {
    "initialize" Initialize => Initialized;
    "get_handler" GetHandler => HandlerDescription;
    "list_items" ListItems => ItemPage;
    "get_item" GetItem => FoundItem;
    "list_partners" ListPartners => PartnerPage;
    "activate" Activate => Done;
    "enable" Enable => Done;
    "delete_item" DeleteItem => Done;
    "synchronize_more" SynchronizeMore => Done;
    "settle_more" SettleMore => Done;
    "synchronize" Synchronize => Done;
    "cancel" Cancel => Done;
    "session_ended" SessionEnded => Done;
    "shutdown" Shutdown => Done;
    "get_abilities" super::settle::GetAbilities => super::settle::ConflictAbilities;
    "resolve_conflict" super::settle::ResolveConflict => super::settle::Resolved;
    "list_conflicts" ListConflicts => ConflictPage;
    "remove_conflicts" RemoveConflicts => Done;
    "list_events" ListEvents => EventPage;
    "remove_events" RemoveEvents => Done;
    "ui_operation" GetUiOperation => FoundOperation;
    "event_link" EventLink => FoundOperation;
    "ui_answer" UiAnswer => Done;
    "check_options" CheckOptions => Done;
    "undo_options" UndoOptions => FoundOptions;
    "command_line" CommandLine => FoundCommand;
    "icon" GetIcon => FoundIcon;
    "adopt" Adopt => Done;
    "look_again" super::settle::LookAgain => super::settle::FoundConflict;
    "find_copies" super::settle::FindCopies => super::settle::FoundCopies;
    "content" super::settle::GetContent => super::settle::Part;
    "merge" super::settle::Merge => super::settle::FoundMerge;
    "part" super::settle::GetPart => super::settle::Part;
    "forget_parts" super::settle::ForgetParts => Done;
    "send_content" super::settle::SendContent => Done;
    "follow" super::follow::Follow => super::follow::Follows;
    "unfollow" super::follow::Unfollow => Done;
    "preview" super::look::Preview => super::look::PreviewAnswer;
    "rows" super::look::GetRows => super::look::RowPage;
    "forget_rows" super::look::ForgetRows => Done;
    "verify" super::look::Verify => super::look::VerifyAnswer;
    "cancel_look" super::look::CancelLook => Done;
}
