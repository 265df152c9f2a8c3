//! What is left of a session when it has ended.

use super::view::Progress;
use crate::event::{Level, NewEvent};
use crate::ids::ItemId;
use crate::outcome::{Counts, Outcome, Problem};
use crate::state::RunResult;
use crate::status::ProgressStatus;

/// What ended a session (R12). The original does not say what ends one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndReason {
    /// The handler said so.
    Ended,
    /// `synchronize` returned (in process).
    Returned,
    /// The last callback was dropped.
    Dropped,
    /// Nothing was heard for longer than the lease.
    LeaseExpired,
    /// The process that held the session is gone.
    HolderGone,
    /// A stop was not acknowledged in time, and whoever works on it was left to itself.
    LeftBehind,
    /// The program that held the session goes away.
    Shutdown,
}

impl EndReason {
    /// What happened, as a clause for a person.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Ended => "the handler ended its session",
            Self::Returned => "the handler returned",
            Self::Dropped => "the handler let go of its session",
            Self::LeaseExpired => "the handler was silent for too long",
            Self::HolderGone => "the program that ran it went away",
            Self::LeftBehind => "the handler did not stop when it was asked to",
            Self::Shutdown => "the program that ran it was stopped",
        }
    }
}

/// What one item came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemEnd {
    /// The item.
    pub item: ItemId,
    /// Its final status: succeeded, failed, canceled, or disconnected (R11). An interrupted item is failed here, for
    /// callers that know only the original's numbers.
    pub status: ProgressStatus,
    /// Its outcome for people.
    pub outcome: Outcome,
    /// What the handler said it changed.
    pub counts: Counts,
    /// What went wrong, in the handler's words or (R1, R2, R12) in ours.
    pub problem: Option<Problem>,
    /// Its error events in this session.
    pub errors: u64,
    /// Where its bar stood.
    pub progress: Progress,
    /// Its last text.
    pub text: String,
    /// Whether anything was reported at all (R2).
    pub reported: bool,
    /// Whether the handler itself completed it (R1).
    pub completed: bool,
    /// Whether a cancel request for it was never acknowledged (R3).
    pub canceled: bool,
    /// The status that came although the item was complete (R1).
    pub broken_by: Option<ProgressStatus>,
}

/// What a session came to, and what its owner has to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What ended it.
    pub reason: EndReason,
    /// When, in the owner's milliseconds.
    pub at: i64,
    /// Every item, in the order in which they came.
    pub items: Vec<ItemEnd>,
    /// Proposals that were never committed (R8): the owner forgets them.
    pub dropped: Vec<ItemId>,
    /// Events to be stored: items without a result (R2), reports after completion (R1), interrupted items (R12) and
    /// dropped proposals (R8).
    pub events: Vec<NewEvent>,
    /// Whether it was started by hand outside (R13).
    pub manual: bool,
    /// The handler's last line.
    pub text: String,
    /// All items folded into one verdict (R14). Its conflicts are what the handler counted; an owner that has the
    /// store at hand puts the store's number there.
    pub result: RunResult,
}

impl ItemEnd {
    /// The event that this end implies, if it implies one.
    pub(super) fn implied_event(&self, reason: EndReason) -> Option<NewEvent> {
        let (level, name) = if self.broken_by.is_some() {
            (Level::Error, "Reported after completion")
        } else if !self.reported {
            (Level::Error, "No result")
        } else if !self.completed && self.status != ProgressStatus::Disconnected {
            (Level::Warning, "Interrupted")
        } else {
            return None;
        };
        let what = self.problem.as_ref().map_or_else(String::new, |problem| format!(": {problem}"));
        Some(NewEvent::new(Some(&self.item), level, name, format!("{}{what}", reason.phrase())))
    }
}
