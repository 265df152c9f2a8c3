//! Progress states and cancel requests, with the numbers that foreign callers send.

use crate::error::Refusal;
use crate::flags::from_number;

/// The state an item reports (`SYNCMGR_PROGRESS_STATUS`; the original has no zero value).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum ProgressStatus {
    /// Running; steps count.
    Updating = 1,
    /// Running; steps are ignored and the bar is indeterminate (R6).
    UpdatingIndeterminate = 2,
    /// Complete.
    Succeeded = 3,
    /// Went wrong; the only status accepted after the item is complete (R1).
    Failed = 4,
    /// Stopped before completion: the acknowledgement of a cancel request (R3).
    Canceled = 5,
    /// The other end went away; does not complete the item (R11).
    Disconnected = 6,
}

from_number!(
    ProgressStatus,
    "progress status (1 to 6)",
    [Updating, UpdatingIndeterminate, Succeeded, Failed, Canceled, Disconnected]
);

impl ProgressStatus {
    /// `SYNCMGR_PS_MAX`: a bound; there is no such status of its own.
    pub const MAX: u32 = 6;

    /// The word used in the store, the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Updating => "updating",
            Self::UpdatingIndeterminate => "updating-indeterminate",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Canceled => "canceled",
            Self::Disconnected => "disconnected",
        }
    }

    /// The status a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.word() == word)
    }

    /// Whether this status completes an item (R1; disconnected does not, R11).
    pub fn completes(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Canceled)
    }
}

/// What the center asks of the handler in the answer of a progress call (`SYNCMGR_CANCEL_REQUEST`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u32)]
pub enum CancelRequest {
    /// Go on.
    #[default]
    None = 0,
    /// Stop this item, acknowledge it with `Canceled`, go on with the others.
    Item = 1,
    /// Stop everything, acknowledge every unfinished item with `Canceled`.
    All = 2,
}

from_number!(CancelRequest, "cancel request (0 to 2)", [None, Item, All]);

/// How a session's work is ended by force, when a stop was not acknowledged in time. Not in the original.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Termination {
    /// Told to end, with a chance to tidy up (SIGTERM).
    Terminate,
    /// Ended at once (SIGKILL).
    Kill,
}

impl CancelRequest {
    /// `SYNCMGR_CR_MAX`.
    pub const MAX: u32 = 2;
}
