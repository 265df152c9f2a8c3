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
