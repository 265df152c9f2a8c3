//! Runs: the results.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::counts::Counts;
use crate::event::EventGroup;
use crate::problem::Problem;
use crate::time::Time;
use crate::words::{Level, Outcome, Status};

/// A page of runs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunsPage {
    /// The runs of this page.
    pub runs: Vec<Run>,
    /// How many the filter lets through, on all pages.
    pub total: u64,
    /// Where the next page begins (`before`); none after the last.
    pub next: Option<u64>,
}

/// The record of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Run {
    /// Its identity; never used twice.
    pub id: u64,
    /// Its handler.
    pub handler: String,
    /// When it began.
    pub started: Time,
    /// When it ended; none while it runs.
    pub ended: Option<Time>,
    /// Whether a person started it by hand outside.
    pub manual: bool,
    /// The aggregated status; none while it runs.
    pub status: Option<Status>,
    /// The worst outcome of its items; none while it runs.
    pub outcome: Option<Outcome>,
    /// Its error events.
    pub errors: u64,
    /// Conflicts that were open at its end.
    pub conflicts: u64,
    /// Its items.
    pub items: Vec<RunItem>,
}

/// One item of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunItem {
    /// The item.
    pub item: String,
    /// Its name; the identifier when there is no such item any more.
    pub name: String,
    /// Its final status; none while the run runs.
    pub status: Option<Status>,
    /// What it came to; none while the run runs.
    pub outcome: Option<Outcome>,
    /// Its error events.
    pub errors: u64,
    /// What was changed.
    pub counts: Counts,
    /// What went wrong, if something did.
    pub problem: Option<Problem>,
}

/// Whether a run can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Undoable {
    /// Its handler has what that needs, and at least one of its items is still there. Nothing is left of a run that changed
    /// nothing, or whose trash is long emptied.
    pub undoable: bool,
}

/// The events of a run, those of one reason together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunEvents {
    /// The run.
    pub run: u64,
    /// Groups of events with the same level, name and advice, the most serious first.
    pub groups: Vec<EventGroup>,
    /// The least serious level that was looked at.
    pub level: Level,
    /// Whether the run has more events than were looked at.
    pub more: bool,
}
