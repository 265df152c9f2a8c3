//! What screens read of a session.

use crate::ids::ItemId;
use crate::outcome::{Outcome, Phase};
use crate::status::{CancelRequest, ProgressStatus};

/// The bar of an item (R6; `System.Sync.ProgressPercentage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Progress {
    /// Nothing was reported yet.
    #[default]
    Waiting,
    /// A bar without an end.
    Indeterminate,
    /// A bar from 0 to 100; 100 does not mean complete.
    Percent(u8),
}

impl Progress {
    /// The bar of a last report (R6). The original is silent about odd steps: a zero maximum while updating is an
    /// indeterminate bar, a current step above the maximum is 100 %, and percentages are rounded down, so that 100 %
    /// is not shown before the last step.
    pub fn of(status: Option<ProgressStatus>, step: u64, max: u64) -> Self {
        match (status, max) {
            (None, _) => Self::Waiting,
            (Some(ProgressStatus::UpdatingIndeterminate), _) | (Some(ProgressStatus::Updating), 0) => {
                Self::Indeterminate
            }
            (Some(ProgressStatus::Succeeded), _) => Self::Percent(100),
            (Some(_), 0) => Self::Percent(0),
            (Some(_), max) => {
                let percent = u128::from(step.min(max)) * 100 / u128::from(max);
                Self::Percent(u8::try_from(percent).unwrap_or(100))
            }
        }
    }

    /// The bar of one item from all sessions that synchronize it just now: two or more of them are one indeterminate
    /// bar (R7, as in the original).
    pub fn of_sessions(sessions: impl IntoIterator<Item = Self>) -> Self {
        let mut running = sessions.into_iter();
        match (running.next(), running.next()) {
            (None, _) => Self::Waiting,
            (Some(only), None) => only,
            (Some(_), Some(_)) => Self::Indeterminate,
        }
    }

    /// The percentage, if there is one.
    pub fn percent(self) -> Option<u8> {
        match self {
            Self::Percent(percent) => Some(percent),
            Self::Waiting | Self::Indeterminate => None,
        }
    }
}

/// One item of a session at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemView {
    /// The item.
    pub id: ItemId,
    /// The last accepted status; none before the first report.
    pub status: Option<ProgressStatus>,
    /// The bar.
    pub progress: Progress,
    /// The last step.
    pub step: u64,
    /// The last maximum.
    pub max: u64,
    /// The last text; empty when there is none.
    pub text: String,
    /// What the handler is doing with it.
    pub phase: Option<Phase>,
    /// When it was reported last, in the owner's milliseconds.
    pub reported_at: Option<i64>,
    /// Error events of the item in this session.
    pub errors: u32,
    /// The cancel request that waits for acknowledgement.
    pub cancel: CancelRequest,
    /// What it came to, once it is complete (it can still become worse, R1).
    pub outcome: Option<Outcome>,
}

/// A whole session at one moment. Items that are only proposed are not in it (R8).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionView {
    /// The items, in the order in which they came.
    pub items: Vec<ItemView>,
    /// The handler's line.
    pub text: String,
    /// Started by hand outside (R13).
    pub manual: bool,
    /// A stop of everything waits for acknowledgement (R3).
    pub stopping: bool,
}
