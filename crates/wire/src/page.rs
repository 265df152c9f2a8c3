//! What a client asks for: filters, order and pages.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Time;
use crate::words::{ConflictKind, Headline, Level, Outcome};

/// Which items, in which order.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemFilter {
    /// Only items of this handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// Only items that stand so.
    #[param(nullable = false)]
    pub headline: Option<Headline>,
    /// Only items that a person should look at (or only those that nobody need).
    #[param(nullable = false)]
    pub attention: Option<bool>,
    /// Only items with something going on (or only those without).
    #[param(nullable = false)]
    pub working: Option<bool>,
    /// Hidden items, too.
    pub hidden: bool,
    /// Only items with this text in their name, identifier or summary, without case.
    #[param(nullable = false, max_length = 200)]
    pub search: Option<String>,
    /// The order.
    #[param(inline)]
    pub sort: ItemSort,
    /// Where the page begins.
    #[serde(deserialize_with = "crate::said::whole")]
    pub offset: u64,
    /// The size of the page; 100 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
    /// How many of the last runs each item shows in `history`.
    #[param(maximum = 50)]
    pub history: u32,
    /// How many of the next times each item shows in `times`.
    #[param(maximum = 20)]
    pub times: u32,
}

/// An order of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemSort {
    /// What needs a person first, then by name.
    #[default]
    Attention,
    /// By name.
    Name,
    /// The latest run first.
    LastRun,
}

/// Which runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunFilter {
    /// Only runs of this handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// Only runs with this item (of `handler`).
    #[param(nullable = false)]
    pub item: Option<String>,
    /// Only runs that came to this.
    #[param(nullable = false)]
    pub outcome: Option<Outcome>,
    /// Only runs that began at this moment or later.
    #[param(nullable = false)]
    pub since: Option<Time>,
    /// Only runs that began before this moment.
    #[param(nullable = false)]
    pub until: Option<Time>,
    /// Only runs with an item or a problem that has this text.
    #[param(nullable = false, max_length = 200)]
    pub search: Option<String>,
    /// Only runs older than this one: `next` of the page before.
    #[param(nullable = false)]
    #[serde(deserialize_with = "crate::said::said_whole")]
    pub before: Option<u64>,
    /// How many to pass over: where the page begins.
    #[serde(deserialize_with = "crate::said::whole")]
    pub offset: u64,
    /// The size of the page; 100 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// Which events.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventFilter {
    /// Only events of this run.
    #[param(nullable = false)]
    #[serde(deserialize_with = "crate::said::said_whole")]
    pub run: Option<u64>,
    /// Only events of this handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// Only events of this item (of `handler`).
    #[param(nullable = false)]
    pub item: Option<String>,
    /// Only events of this level or a more serious one.
    #[param(nullable = false)]
    pub level: Option<Level>,
    /// Only events whose name or description has this text.
    #[param(nullable = false, max_length = 200)]
    pub search: Option<String>,
    /// The order.
    #[param(inline)]
    pub order: EventOrder,
    /// Only events that come after this one in the order: `next` of the page before.
    #[param(nullable = false)]
    #[serde(deserialize_with = "crate::said::said_whole")]
    pub after: Option<u64>,
    /// The size of the page; 100 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// An order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventOrder {
    /// The latest run first.
    #[default]
    Newest,
    /// As they were reported.
    Oldest,
}

/// Which conflicts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ConflictFilter {
    /// Only conflicts of this handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// Only conflicts of this item (of `handler`).
    #[param(nullable = false)]
    pub item: Option<String>,
    /// Only conflicts of this kind.
    #[param(nullable = false)]
    pub kind: Option<ConflictKind>,
    /// Only conflicts beneath this folder.
    #[param(nullable = false, max_length = 4096)]
    pub folder: Option<String>,
    /// Only conflicts with this text in their path, without case.
    #[param(nullable = false, max_length = 200)]
    pub search: Option<String>,
    /// Where the page begins.
    #[serde(deserialize_with = "crate::said::whole")]
    pub offset: u64,
    /// The size of the page; 100 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}
