//! How the states of items fold into the state of a handler and the result of a run (R14).

use crate::outcome::Outcome;
use crate::session::ItemEnd;
use crate::status::ProgressStatus;

/// The state of a handler (`System.Sync.State`), and of one item of it. The original computes it by a rule that no
/// source gives; ours is R14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum SyncState {
    /// Inactive: to be set up first.
    NotSetUp = 0,
    /// Never synchronized.
    NotRun = 1,
    /// Synchronized, nothing to say.
    Idle = 2,
    /// The last run ended with errors.
    Error = 3,
    /// A request waits.
    Pending = 4,
    /// A session runs.
    Syncing = 5,
}

impl SyncState {
    const WORST_FIRST: [Self; 5] = [Self::Syncing, Self::Pending, Self::Error, Self::NotRun, Self::Idle];

    /// Reads the number of a foreign caller.
    pub fn from_number(number: u32) -> Option<Self> {
        [Self::NotSetUp, Self::NotRun, Self::Idle, Self::Error, Self::Pending, Self::Syncing]
            .into_iter()
            .find(|state| *state as u32 == number)
    }

    /// What a person reads. The original shows the same text for idle as for never run, which nobody can want.
    pub fn label(self) -> &'static str {
        match self {
            Self::NotSetUp => "Set up sync",
            Self::NotRun => "Not synced yet",
            Self::Idle => "Synced",
            Self::Error => "Synced with errors",
            Self::Pending => "Sync pending",
            Self::Syncing => "Syncing",
        }
    }

    /// The state of one item, from what is known of it.
    pub fn of_item(item: &ItemFacts) -> Self {
        match item {
            ItemFacts { syncing: true, .. } => Self::Syncing,
            ItemFacts { waiting: true, .. } => Self::Pending,
            ItemFacts { last: None, .. } => Self::NotRun,
            ItemFacts { last: Some(status), errors, .. } => {
                if *status == ProgressStatus::Failed || *errors > 0 { Self::Error } else { Self::Idle }
            }
        }
    }

    /// The state of a handler from those of its items, worst first (R14): syncing, pending, error, not run, idle; an
    /// inactive handler is not set up, whatever its items are. A handler without items has not run.
    pub fn of_handler(active: bool, items: impl IntoIterator<Item = Self>) -> Self {
        if !active {
            return Self::NotSetUp;
        }
        let rank = |state: &Self| Self::WORST_FIRST.iter().position(|other| other == state);
        items.into_iter().filter(|state| rank(state).is_some()).min_by_key(rank).unwrap_or(Self::NotRun)
    }
}

/// What is known of an item outside a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemFacts {
    /// A session synchronizes it.
    pub syncing: bool,
    /// A request waits for it.
    pub waiting: bool,
    /// The final status of its last run, if there was one.
    pub last: Option<ProgressStatus>,
    /// Error events of that run. An error event makes a succeeded item "synced with errors"; the original does not say.
    pub errors: u64,
}

/// The verdict of a run (`ISyncMgrSyncResult::Result`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunResult {
    /// Failed if any item failed, else canceled if any was, else disconnected if any is, else succeeded (R14).
    pub status: ProgressStatus,
    /// The worst outcome of the items, for people.
    pub outcome: Outcome,
    /// Error events of this session (the original does not say what it counts; ours counts the run's).
    pub errors: u64,
    /// Conflicts open after the run.
    pub conflicts: u64,
}

impl RunResult {
    /// Folds the ends of a session's items (R14). A session whose every item was dropped has succeeded.
    pub fn fold(items: &[ItemEnd]) -> Self {
        Self {
            status: fold_status(items.iter().map(|item| item.status)),
            outcome: items.iter().map(|item| item.outcome).max().unwrap_or(Outcome::Done),
            errors: items.iter().map(|item| item.errors).sum(),
            conflicts: items.iter().map(|item| item.counts.conflicts).sum(),
        }
    }
}

/// The status of a run from those of its items (R14). Items that still run do not count.
pub fn fold_status(items: impl IntoIterator<Item = ProgressStatus>) -> ProgressStatus {
    let rank = |status: &ProgressStatus| match status {
        ProgressStatus::Failed => 3,
        ProgressStatus::Canceled => 2,
        ProgressStatus::Disconnected => 1,
        ProgressStatus::Succeeded | ProgressStatus::Updating | ProgressStatus::UpdatingIndeterminate => 0,
    };
    match items.into_iter().max_by_key(rank) {
        Some(worst) if rank(&worst) > 0 => worst,
        _ => ProgressStatus::Succeeded,
    }
}
