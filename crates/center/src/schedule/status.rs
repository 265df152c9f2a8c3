//! How schedules stand: for the status of items, and for those who ask for more.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use jiff::tz::TimeZone;
use settings::schedule::{Need, Schedule};
use store::{ItemState, ScheduleState, StoreError};
use syncmgr::{HandlerId, ItemId};

use super::book::{Found, Key};
use super::cause::{Cause, Waits};
use super::changes::Followed;
use super::times::Times;
use crate::center::{Inner, locked};

/// When an item runs by itself, and what keeps it from that. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleStatus {
    /// What the settings say.
    pub schedule: Arc<Schedule>,
    /// When it may begin next, as far as time decides.
    pub next: Option<i64>,
    /// What is due, and since when.
    pub due: Option<(Cause, i64)>,
    /// Why that does not begin.
    pub waits: Option<Waits>,
    /// The number of the next repetition of a failed run, and when it is.
    pub retry: Option<(u32, i64)>,
    /// Due times that were passed over because a run was still at it, since the last start, and the last of them.
    pub skipped: Option<(u64, i64)>,
    /// Due times without a run of their own since the last good run.
    pub missed: u64,
    /// When it is, or was, overdue if no good run comes before.
    pub overdue_at: Option<i64>,
    /// How noticing its changes goes, if that is wanted.
    pub followed: Option<Followed>,
    /// A scheduler is at work in this process. Without one nothing runs by itself, whatever is said here.
    pub is_running: bool,
}

impl ScheduleStatus {
    /// Whether it waits for something that is not there, and not only for the time.
    pub(crate) fn lacks_something(&self) -> bool {
        matches!(self.waits, Some(Waits::Need(Need::Mount(_) | Need::Network(_)) | Waits::Refused(_)))
    }
}

/// What all items have in common at one moment.
pub(crate) struct Schedules {
    pub(crate) now: i64,
    zone: TimeZone,
    everything_until: Option<i64>,
    set: HashMap<Key, Arc<Schedule>>,
    found: HashMap<Key, Found>,
    /// Where no scheduler found anything.
    kept: HashMap<Key, ScheduleState>,
    is_running: bool,
}

impl Schedules {
    /// Reads what there is.
    pub(crate) fn read(inner: &Inner) -> Result<Self, StoreError> {
        let (set, found, is_running) = {
            let book = locked(&inner.book);
            (book.schedules.clone(), book.found.clone(), book.is_running)
        };
        let kept = if set.len() > found.len() { inner.store.schedules()? } else { Vec::new() };
        Ok(Self {
            now: inner.clock.wall(),
            zone: inner.clock.zone(),
            everything_until: inner.store.paused_until()?,
            set,
            found,
            kept: kept.into_iter().map(|row| ((row.handler, row.item), row.state)).collect(),
            is_running,
        })
    }

    /// Until when an item is paused: by itself, or with everything.
    pub(crate) fn paused_until(&self, kept: Option<&ItemState>) -> Option<i64> {
        let own = kept.and_then(|kept| kept.paused_until);
        own.max(self.everything_until).filter(|until| *until > self.now)
    }

    /// How the schedule of an item stands.
    pub(crate) fn of(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        last_good: Option<i64>,
        first_seen: i64,
        paused_until: Option<i64>,
    ) -> Option<ScheduleStatus> {
        let key = (handler.clone(), item.clone());
        let schedule = Arc::clone(self.set.get(&key)?);
        let times = Times::new(&schedule, &self.zone);
        let nothing = Found::default();
        // What the scheduler worked out holds until it has worked it out anew; ten thousand items are ready at once.
        let known = self.found.get(&key);
        let found = known.unwrap_or(&nothing);
        let state = known.map_or_else(|| self.kept.get(&key).unwrap_or(&nothing.state), |found| &found.state);
        let overdue_at = match known {
            Some(found) => found.overdue_at,
            None => times.overdue_at(last_good.unwrap_or(first_seen)),
        };
        // Nothing is due while it is paused: only what the settings promise by a length of time counts on.
        let overdue_at = overdue_at.filter(|_| paused_until.is_none() || schedule.overdue.is_some());
        let next = found.next.filter(|next| *next > self.now).or_else(|| {
            times.upcoming(self.now, last_good.max(state.tried), paused_until, 1).first().copied()
        });
        Some(ScheduleStatus {
            next,
            due: state
                .due
                .as_ref()
                .map(|due| (Cause::from_word(&due.cause).unwrap_or(Cause::Time), due.since)),
            waits: state.waits.as_deref().and_then(Waits::from_kept),
            retry: state.retry_at.map(|at| (state.retries, at)),
            skipped: state.skipped_at.map(|at| (state.skipped, at)),
            missed: state.missed,
            overdue_at,
            followed: found.followed.clone(),
            is_running: self.is_running,
            schedule,
        })
    }

    /// The next times at which a run of an item may begin.
    pub(crate) fn upcoming(
        &self,
        key: &Key,
        last_good: Option<i64>,
        paused_until: Option<i64>,
        count: usize,
    ) -> Vec<i64> {
        let Some(schedule) = self.set.get(key) else { return Vec::new() };
        let base = last_good.max(self.tried(key));
        Times::new(schedule, &self.zone).upcoming(self.now, base, paused_until, count)
    }

    /// The times of an item in a part of the calendar, at most so many.
    pub(crate) fn between(
        &self,
        key: &Key,
        last_good: Option<i64>,
        paused_until: Option<i64>,
        span: &Range<i64>,
        most: usize,
    ) -> Vec<i64> {
        let Some(schedule) = self.set.get(key) else { return Vec::new() };
        let times = Times::new(schedule, &self.zone);
        let base = last_good.max(self.tried(key));
        let from = times.upcoming_from(span.start, self.now, base, paused_until);
        from.take_while(|time| *time < span.end).take(most).collect()
    }

    /// The first of them; of the near future the scheduler knows it already.
    pub(crate) fn first_between(
        &self,
        key: &Key,
        last_good: Option<i64>,
        paused_until: Option<i64>,
        span: &Range<i64>,
    ) -> Option<i64> {
        let known = self.found.get(key).and_then(|found| found.next).filter(|next| *next > self.now);
        match known.filter(|_| span.start <= self.now) {
            Some(next) => Some(next).filter(|next| *next < span.end),
            None => self.between(key, last_good, paused_until, span, 1).first().copied(),
        }
    }

    /// When the schedule last started a run.
    fn tried(&self, key: &Key) -> Option<i64> {
        self.found.get(key).map(|found| &found.state).or(self.kept.get(key)).and_then(|state| state.tried)
    }

    /// All items that have one.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.set.keys()
    }
}
