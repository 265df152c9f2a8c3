//! When items run by themselves.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::time::Time;

/// When an item runs by itself, and what keeps it from doing so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Schedule {
    /// The next times at which a run may begin, as far as time decides.
    pub next: Vec<Time>,
    /// What is due and has not begun; the word of its cause.
    pub due: Option<String>,
    /// Since when it is due.
    pub due_since: Option<Time>,
    /// What it waits for; a word.
    pub waits: Option<String>,
    /// The same as a sentence.
    pub waits_text: Option<String>,
    /// When a failed run is tried again.
    pub retry_at: Option<Time>,
    /// Due times without a run of their own since the last good run.
    pub missed: u64,
    /// When it is, or was, overdue if no good run comes before.
    pub overdue_at: Option<Time>,
    /// Whether anything runs by itself just now.
    pub running: bool,
}

/// How many times are wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NextTimes {
    /// How many of the next times; 5 if not said.
    #[param(nullable = false, minimum = 0, maximum = 100)]
    pub count: Option<u32>,
}

/// Which part of the calendar.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CalendarSpan {
    /// From this moment on; from now on if not said. What is over is in the list of runs.
    #[param(nullable = false)]
    pub from: Option<Time>,
    /// Before this moment; a week after `from` if not said, at most 62 days after it.
    #[param(nullable = false)]
    pub until: Option<Time>,
    /// Only items of this handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// How many times of each item at most; 50 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub times: Option<u32>,
    /// Where the page begins.
    #[serde(deserialize_with = "crate::said::whole")]
    pub offset: u64,
    /// How many items a page has; 100 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// What runs by itself in a part of the calendar, as far as time decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Calendar {
    /// Where the part begins.
    pub from: Time,
    /// Where it ends.
    pub until: Time,
    /// Items with times in it, the earliest first.
    pub items: Vec<CalendarItem>,
    /// How many items there are on all pages.
    pub total: u64,
    /// Where the next page begins (`offset`); none after the last.
    pub next: Option<u64>,
}

/// When an item runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CalendarItem {
    /// Its handler.
    pub handler: String,
    /// Its identifier.
    pub item: String,
    /// Its name.
    pub name: String,
    /// Its times, in order.
    pub times: Vec<Time>,
    /// Whether it has more than are told.
    pub more: bool,
}
