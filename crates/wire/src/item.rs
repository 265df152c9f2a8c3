//! Items: the rows of the home page.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::live::LiveItem;
use crate::problem::Problem;
use crate::time::Time;
use crate::words::{Headline, Outcome, SyncState};

/// A page of items, and numbers about all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ItemsPage {
    /// The items of this page.
    pub items: Vec<Item>,
    /// How many items the filter lets through.
    pub total: u64,
    /// Where the next page begins (`offset`); none after the last.
    pub next: Option<u64>,
    /// How all items stand that are not hidden, whatever the filter.
    pub counts: HeadlineCounts,
}

/// How many items stand how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct HeadlineCounts {
    /// All items.
    pub all: u64,
    /// Those with something going on just now.
    pub working: u64,
    /// Those that a person should look at.
    pub attention: u64,
    /// By headline, worst first.
    pub safety_stop: u64,
    /// The last run did nothing useful.
    pub failed: u64,
    /// No good run for longer than it should take.
    pub overdue: u64,
    /// Conflicts wait for a decision.
    pub conflicts: u64,
    /// The handler does not answer.
    pub not_responding: u64,
    /// The last run could not synchronize some entries.
    pub gaps: u64,
    /// The last run was stopped, or its program went away.
    pub interrupted: u64,
    /// There was no run yet.
    pub never_run: u64,
    /// Something is waited for.
    pub waiting: u64,
    /// Nobody wants it synchronized for now.
    pub paused: u64,
    /// The last run was clean.
    pub up_to_date: u64,
}

/// How an item stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Item {
    /// Its handler.
    pub handler: String,
    /// Its identifier within the handler.
    pub id: String,
    /// Its resource: `/api/v1/items/...`.
    pub href: String,
    /// What a person reads.
    pub name: String,
    /// Its summary; may be empty.
    pub comment: String,
    /// Whether it has a picture of its own: `icon` beneath its resource.
    pub icon: bool,
    /// How it stands: the worst fact wins.
    pub headline: Headline,
    /// Whether a person should look at it.
    pub attention: bool,
    /// What is happening with it just now; never hides the headline.
    pub working: Option<LiveItem>,
    /// A run in another process, if there is one.
    pub running_elsewhere: Option<u64>,
    /// A request waits for its turn.
    pub waiting: bool,
    /// Its state, as the original folds it.
    pub state: SyncState,
    /// May be synchronized.
    pub enabled: bool,
    /// A fact that its handler reports.
    pub connected: bool,
    /// Shown only on request.
    pub hidden: bool,
    /// Why it cannot be synchronized just now, as a sentence.
    pub refusal: Option<String>,
    /// The last run that ended.
    pub last_run: Option<LastRun>,
    /// The last run without errors.
    pub last_good: Option<RunAt>,
    /// Open conflicts.
    pub conflicts: u64,
    /// Errors of the last run.
    pub errors: u64,
    /// It starts nothing by itself, because a person paused it, or everything.
    pub paused: bool,
    /// Paused until then; none: until it is resumed.
    pub paused_until: Option<Time>,
    /// Since when it is overdue, if it is.
    pub overdue_since: Option<Time>,
    /// When it may run by itself next, as far as time decides.
    pub next_run: Option<Time>,
    /// When it may run by itself next, in order: at most as many as `times` asked for.
    pub times: Vec<Time>,
    /// Why what is due does not begin, as a sentence.
    pub waits: Option<String>,
    /// When a run that failed for a passing reason is tried again.
    pub retry_at: Option<Time>,
    /// The last runs, the oldest first: at most as many as `history` asked for.
    pub history: Vec<Mark>,
}

/// The last run of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LastRun {
    /// The run.
    pub run: u64,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub ended: Time,
    /// Whether a person started it by hand outside.
    pub manual: bool,
    /// What it came to for this item.
    pub outcome: Option<Outcome>,
    /// What went wrong, if something did.
    pub problem: Option<Problem>,
}

/// A run and when it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunAt {
    /// The run.
    pub run: u64,
    /// When it ended.
    pub ended: Time,
}

/// One mark of an item's history strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mark {
    /// The run.
    pub run: u64,
    /// When it began.
    pub started: Time,
    /// When it ended; none while it runs.
    pub ended: Option<Time>,
    /// What it came to for this item; none while it runs.
    pub outcome: Option<Outcome>,
    /// Its error events.
    pub errors: u64,
}
