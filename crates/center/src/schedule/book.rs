//! What is set up and how it stands, for those who ask: the scheduler writes here, everybody reads.

use std::collections::HashMap;
use std::sync::Arc;

use settings::schedule::Schedule;
use store::ScheduleState;
use syncmgr::{HandlerId, ItemId};

use super::changes::Followed;

/// An item of a handler.
pub(crate) type Key = (HandlerId, ItemId);

/// The schedules of a center.
#[derive(Default)]
pub(crate) struct Book {
    pub(crate) schedules: HashMap<Key, Arc<Schedule>>,
    /// Grows whenever they are set.
    pub(crate) edition: u64,
    /// A scheduler is at work in this process.
    pub(crate) is_running: bool,
    /// What it found, for items with a schedule.
    pub(crate) found: HashMap<Key, Found>,
}

/// What the scheduler found about an item when it looked last.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    pub(crate) state: ScheduleState,
    /// When it may begin next, as far as time decides.
    pub(crate) next: Option<i64>,
    /// When it is overdue, if no good run comes before.
    pub(crate) overdue_at: Option<i64>,
    pub(crate) followed: Option<Followed>,
}
