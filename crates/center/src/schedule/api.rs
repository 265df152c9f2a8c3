//! What can be asked of schedules, and done to them.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use settings::period::Period;
use settings::schedule::{Overdue, Schedule};
use store::{FOREVER, ItemState, RunQuery, RunRecord, StoreError, Switch};
use syncmgr::{HandlerId, ItemId, Refusal};

use super::book::Key;
use super::run::RunningSchedules;
use super::scheduler::Scheduler;
use super::senses::Senses;
use super::status::Schedules;
use crate::center::{Center, Inner, locked};
use crate::clock::last_good;
use crate::feed::What;

/// A page of what runs by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarPage {
    /// Items and their times, in milliseconds since 1970.
    pub items: Vec<((HandlerId, ItemId), Vec<i64>)>,
    /// How many items there are on all pages.
    pub total: usize,
}

impl Center {
    /// Sets when items run by themselves; whoever is not named never does. What a scheduler remembers of an item stays
    /// as long as its times stay the same.
    pub fn set_schedules(&self, schedules: impl IntoIterator<Item = (HandlerId, ItemId, Schedule)>) {
        let schedules: HashMap<_, _> = schedules
            .into_iter()
            .map(|(handler, item, schedule)| ((handler, item), Arc::new(schedule)))
            .collect();
        if locked(&self.inner.book).set(schedules) {
            self.inner.hurry();
        }
    }

    /// How many items are to run by themselves while nothing in this process starts them.
    pub fn idle_schedules(&self) -> usize {
        let book = locked(&self.inner.book);
        if book.is_running { 0 } else { book.schedules.len() }
    }

    /// When an item runs by itself, as it is set.
    pub fn schedule(&self, handler: &HandlerId, item: &ItemId) -> Option<Arc<Schedule>> {
        locked(&self.inner.book).schedules.get(&(handler.clone(), item.clone())).cloned()
    }

    /// The next times at which a run of the item may begin, as far as time decides, in milliseconds since 1970. Where an
    /// interval counts from the last good run, it is supposed that each run is good at once.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn next_runs(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        count: usize,
    ) -> Result<Vec<i64>, StoreError> {
        Ok(self.next_runs_of(&[(handler.clone(), item.clone())], count)?.pop().unwrap_or_default())
    }

    /// The same of several items, in their order.
    ///
    /// # Errors
    /// As [`next_runs`](Self::next_runs).
    pub fn next_runs_of(
        &self,
        items: &[(HandlerId, ItemId)],
        count: usize,
    ) -> Result<Vec<Vec<i64>>, StoreError> {
        let schedules = Schedules::read(&self.inner)?;
        let now = self.inner.clock.wall();
        let next = |key: &Key| {
            let kept = self.inner.store.item_state(&key.0, &key.1)?;
            let paused_until = schedules.paused_until(kept.as_ref());
            let last_good = kept.and_then(|kept| last_good(&kept, now)).map(|(_, ended)| ended);
            Ok(schedules.upcoming(key, last_good, paused_until, count))
        };
        items.iter().map(next).collect()
    }

    /// What runs by itself in a part of the calendar (milliseconds since 1970), as far as time decides: items of a handler,
    /// or all; a page of them, the one whose first time is the earliest first, each with at most so many times.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn calendar(
        &self,
        handler: Option<&HandlerId>,
        span: &Range<i64>,
        most: usize,
        page: Range<usize>,
    ) -> Result<CalendarPage, StoreError> {
        let kept: HashMap<Key, ItemState> = self
            .inner
            .store
            .item_states(handler)?
            .into_iter()
            .map(|kept| ((kept.handler.clone(), kept.item.clone()), kept))
            .collect();
        let schedules = Schedules::read(&self.inner)?;
        let on: HashSet<Key> = {
            let state = self.inner.lock();
            let handlers =
                state.handlers.iter().filter(|entry| entry.switches.active && entry.switches.enabled);
            let items = handlers.flat_map(|entry| entry.items.iter().map(move |item| (entry, item)));
            items
                .filter(|(_, item)| item.switches.enabled)
                .map(|(entry, item)| (entry.id().clone(), item.item.id().clone()))
                .collect()
        };
        let now = self.inner.clock.wall();
        let of = |key: &Key| {
            let state = kept.get(key);
            let last_good = state.and_then(|kept| last_good(kept, now)).map(|(_, ended)| ended);
            (last_good, schedules.paused_until(state))
        };
        let first = |key: &Key| {
            let (last_good, paused_until) = of(key);
            schedules.first_between(key, last_good, paused_until, span)
        };
        let mut found: Vec<(i64, &Key)> = schedules
            .keys()
            .filter(|key| handler.is_none_or(|handler| key.0 == *handler) && on.contains(*key))
            .filter_map(|key| Some((first(key)?, key)))
            .collect();
        found.sort();
        let shown = found.iter().skip(page.start).take(page.len());
        let items = shown.map(|(_, key)| {
            let (last_good, paused_until) = of(key);
            ((*key).clone(), schedules.between(key, last_good, paused_until, span, most))
        });
        let items = items.collect();
        Ok(CalendarPage { items, total: found.len() })
    }

    /// The last runs of an item, the newest first.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn history(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        count: u32,
    ) -> Result<Vec<RunRecord>, StoreError> {
        let query = RunQuery {
            handler: Some(handler.clone()),
            item: Some(item.clone()),
            limit: Some(count),
            ..RunQuery::default()
        };
        self.inner.store.runs(&query)
    }

    /// Starts nothing by itself until then (milliseconds since 1970; none: until it is resumed): one item, or everything.
    /// What runs goes on, and what a person starts is started.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item or a time that has passed; it could not be written.
    pub fn pause(&self, of: Option<(&HandlerId, &ItemId)>, until: Option<i64>) -> Result<(), Refusal> {
        let now = self.inner.clock.wall();
        if until.is_some_and(|until| until <= now) {
            return Err(Refusal::InvalidArgument("the end of the pause has passed already".into()));
        }
        self.set_pause(of, Some(until.unwrap_or(FOREVER)))
    }

    /// Ends the pause of an item, or of everything, then also that of each item.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item; `AccessDenied` when it is everything that is paused; it could not be
    /// written.
    pub fn resume(&self, of: Option<(&HandlerId, &ItemId)>) -> Result<(), Refusal> {
        let now = self.inner.clock.wall();
        if of.is_some() && self.inner.store.paused_until()?.is_some_and(|until| until > now) {
            return Err(Refusal::AccessDenied(
                "everything is paused, and no single item can be resumed".into(),
            ));
        }
        self.set_pause(of, None)
    }

    fn set_pause(&self, of: Option<(&HandlerId, &ItemId)>, until: Option<i64>) -> Result<(), Refusal> {
        let inner = &self.inner;
        let now = inner.clock.wall();
        let handlers: Vec<HandlerId> = match of {
            Some((handler, item)) => {
                inner.with_handler(handler, |entry| entry.item(item).map(drop))?;
                inner.store.set_switch(handler, Some(item), Switch::PausedUntil(until), now)?;
                inner.tell(What::ItemChanged { handler: handler.clone(), item: item.clone() });
                Vec::new()
            }
            None => {
                inner.store.pause_all(until)?;
                inner.lock().handlers.iter().map(|entry| entry.id().clone()).collect()
            }
        };
        for handler in handlers {
            if until.is_none() {
                inner.store.set_switch(&handler, None, Switch::PausedUntil(None), now)?;
            }
            inner.tell(What::HandlerChanged { handler });
        }
        inner.hurry();
        Ok(())
    }

    /// A scheduler that looks when it is told to. A center has one at a time.
    pub fn scheduler(&self, senses: Box<dyn Senses>) -> Scheduler {
        locked(&self.inner.book).is_running = true;
        Scheduler::new(&self.inner, senses)
    }

    /// Starts what is due from now on, on a thread of its own, until the answer is dropped.
    ///
    /// # Errors
    /// The system gave no thread.
    pub fn run_schedules(&self, senses: Box<dyn Senses>) -> Result<RunningSchedules, Refusal> {
        RunningSchedules::begin(&self.inner, self.scheduler(senses)).map_err(|error| {
            let why = syncmgr::reason(&error);
            Refusal::Failed(format!("nothing runs by itself: the system gave no thread for it: {why}"))
        })
    }
}

impl Inner {
    /// Keeps after how long without a good run an item is overdue, as its reporter says.
    pub(crate) fn promise(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        overdue: Duration,
    ) -> Result<(), Refusal> {
        let millis = i64::try_from(overdue.as_millis()).unwrap_or(i64::MAX);
        let known = self.store.item_states(Some(handler))?.into_iter().find(|kept| kept.item == *item);
        if known.is_none_or(|known| known.overdue != Some(millis)) {
            self.store.set_overdue(handler, item, Some(millis), self.clock.wall())?;
        }
        self.promised([((handler.clone(), item.clone()), millis)]);
        Ok(())
    }

    /// Takes over what the store has kept of that, in milliseconds.
    pub(crate) fn promised(&self, promised: impl IntoIterator<Item = (Key, i64)>) {
        let schedule = |(key, millis): (Key, i64)| {
            let overdue = Overdue::After(Period::from_millis(millis)?);
            Some((key, Arc::new(Schedule { overdue: Some(overdue), ..Schedule::default() })))
        };
        if locked(&self.book).promise(promised.into_iter().filter_map(schedule)) {
            self.hurry();
        }
    }
}
