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
    /// What the settings say.
    set: HashMap<Key, Arc<Schedule>>,
    /// What reporters said of items that the settings do not speak of.
    promised: HashMap<Key, Arc<Schedule>>,
    /// Grows whenever they are set.
    pub(crate) edition: u64,
    /// A scheduler is at work in this process.
    pub(crate) is_running: bool,
    /// What it found, for items with a schedule.
    pub(crate) found: HashMap<Key, Found>,
}

impl Book {
    /// The settings say this now; tells whether that is something else.
    pub(crate) fn set(&mut self, schedules: HashMap<Key, Arc<Schedule>>) -> bool {
        self.set = schedules;
        self.renew()
    }

    /// Reporters have said this; tells whether that is something else.
    pub(crate) fn promise(&mut self, promised: impl IntoIterator<Item = (Key, Arc<Schedule>)>) -> bool {
        self.promised.extend(promised);
        self.renew()
    }

    /// The item has left.
    pub(crate) fn forget(&mut self, key: &Key) {
        self.promised.remove(key);
        self.renew();
    }

    /// What was found of items whose schedule stays the same holds on.
    fn renew(&mut self) -> bool {
        let mut schedules = self.promised.clone();
        schedules.extend(self.set.iter().map(|(key, schedule)| (key.clone(), Arc::clone(schedule))));
        if self.schedules == schedules {
            return false;
        }
        let before = std::mem::replace(&mut self.schedules, schedules);
        let Self { schedules, found, edition, .. } = self;
        found.retain(|key, _| schedules.get(key) == before.get(key));
        *edition += 1;
        true
    }
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
