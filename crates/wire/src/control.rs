//! Starting, stopping, pausing, and what came of it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::counts::Counts;
use crate::problem::Problem;
use crate::time::Time;
use crate::words::{Outcome, Status};

/// What is to be started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartOrder {
    /// Whose items.
    pub handler: String,
    /// Which items; all that may be synchronized if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub items: Option<Vec<String>>,
    /// Options in the handler's own words; for folder pairs those of `instep sync`, such as `{"approve": true}` or
    /// `{"plan": "..."}`.
    #[serde(default)]
    #[schema(value_type = Object, nullable = false)]
    pub options: Option<Map<String, Value>>,
    /// Passes over items that are syncing just now; otherwise they sync once more.
    #[serde(default)]
    pub ignore_if_syncing: bool,
}

/// Something that was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Start {
    /// Its number: ask for it to learn what came of it.
    pub id: u64,
    /// Whether it is over. Only then the rest is there.
    pub over: bool,
    /// The runs that are on record for it; none when it was stopped while it waited.
    pub runs: Vec<u64>,
    /// All items folded into one.
    pub status: Option<Status>,
    /// The worst outcome of the items.
    pub outcome: Option<Outcome>,
    /// What each item came to.
    pub items: Vec<EndedItem>,
    /// Why the results could not be written, if they could not.
    pub trouble: Option<String>,
}

/// What an item of a start came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EndedItem {
    /// The item.
    pub item: String,
    /// Its final status.
    pub status: Status,
    /// What it came to.
    pub outcome: Outcome,
    /// Its error events.
    pub errors: u64,
    /// What was changed.
    pub counts: Counts,
    /// What went wrong, if something did.
    pub problem: Option<Problem>,
}

/// What is to be stopped.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct StopOrder {
    /// Whose sessions; everything if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler: Option<String>,
    /// Which items of the handler; all if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub items: Option<Vec<String>>,
}

/// What is not to start by itself for a while.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PauseOrder {
    /// The handler of the item; everything if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler: Option<String>,
    /// The item; said together with `handler`.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub item: Option<String>,
    /// Until when; until it is resumed if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub until: Option<Time>,
}

/// What may start by itself again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ResumeOrder {
    /// The handler of the item; everything if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler: Option<String>,
    /// The item; said together with `handler`.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub item: Option<String>,
}

/// Switches of a handler that are to be thrown; what is not said stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct HandlerSwitches {
    /// Listed among the partnerships.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub active: Option<bool>,
    /// May be synchronized.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
}

/// Switches of an item that are to be thrown, and its name; what is not said stays.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ItemSwitches {
    /// May be synchronized.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub enabled: Option<bool>,
    /// Another name, where its handler keeps names.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name: Option<String>,
}

/// The command that a plain start of an item runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommandLine {
    /// As a person would type it; none for items that run none. Secrets are never part of it.
    pub command: Option<String>,
}

/// The items that wait for their turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// In the order of their turns, handler by handler.
    pub waiting: Vec<crate::live::Waiting>,
}
