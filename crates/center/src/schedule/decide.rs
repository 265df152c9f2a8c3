//! The decision: from what a schedule says, what is known and what time it is, to what begins, what waits for what, and
//! when to look again. Nothing here reads a clock or starts anything.

use jiff::tz::TimeZone;
use settings::schedule::{Need, Schedule};
use store::{DueState, FOREVER, ScheduleState};
use syncmgr::{ItemId, Outcome, ProblemClass};

use super::backoff;
use super::cause::{Cause, Happening, Skip, Waits};
use super::times::{IN_TIME, Passed, Times};
use crate::clock::SET_BACK;

/// What is known of an item. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'f> {
    pub(crate) item: &'f ItemId,
    pub(crate) schedule: &'f Schedule,
    /// The machine's zone, for schedules that name none.
    pub(crate) zone: &'f TimeZone,
    pub(crate) now: i64,
    /// It is being synchronized, here or in another process, or a request for it waits its turn.
    pub(crate) running: bool,
    pub(crate) standing: Standing<'f>,
    /// The later of its own pause and everybody's.
    pub(crate) paused_until: Option<i64>,
    pub(crate) last: Option<Ended>,
    /// What the run that the schedule started came to, if this process saw its end.
    pub(crate) verdict: Option<Ended>,
    /// When the last good run ended.
    pub(crate) last_good: Option<i64>,
    /// When the items before it were last good: the latest of them.
    pub(crate) before: Option<i64>,
    pub(crate) happened: &'f [Happening],
    /// Its handler noticed a change and waits.
    pub(crate) changed: bool,
    /// What it needs and has not.
    pub(crate) unmet: Option<&'f Need>,
    /// The run that the schedule started, if it did, was started by this process, which will learn its end.
    pub(crate) began_here: bool,
}

/// Whether the center would start it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing<'f> {
    /// It would.
    Free,
    /// A person switched it off.
    Disabled,
    /// Something keeps it from it just now.
    Refused(&'f str),
}

/// The last run of an item that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) started: i64,
    pub(crate) outcome: Outcome,
    pub(crate) class: Option<ProblemClass>,
    pub(crate) is_good: bool,
}

/// What is to be done about an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// What its schedule has come to; to be kept before anything is started.
    pub(crate) state: ScheduleState,
    /// It is started now.
    pub(crate) start: Option<Start>,
    /// It is due and does not begin.
    pub(crate) waits: Option<Waits>,
    /// Due times that came to nothing, and how many.
    pub(crate) skips: Vec<(Skip, u64)>,
    /// When it is to be looked at again, if nothing happens before.
    pub(crate) look_at: Option<i64>,
}

/// A run that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) cause: Cause,
    /// How many due times it stands for.
    pub(crate) count: u64,
}

/// What to do about an item now.
pub(crate) fn decide(facts: &Facts<'_>, before: &ScheduleState) -> Decision {
    let mut desk = Desk {
        facts,
        times: Times::new(facts.schedule, facts.zone),
        state: before.clone(),
        skips: Vec::new(),
    };
    desk.begin_anew();
    desk.account_for_the_end();
    desk.settle();
    desk.collect();
    desk.conclude()
}

struct Desk<'f> {
    facts: &'f Facts<'f>,
    times: Times<'f>,
    state: ScheduleState,
    skips: Vec<(Skip, u64)>,
}

impl Desk<'_> {
    /// Where the times are others, or the clock was set back by much, what was due before says nothing.
    fn begin_anew(&mut self) {
        let (now, state) = (self.facts.now, &mut self.state);
        let times = self.times.text();
        if state.times != times {
            state.times = times;
            state.handled = now;
            state.followed = now;
            state.due = None;
        }
        let latest = now.saturating_add(SET_BACK);
        if state.handled > latest {
            state.handled = now;
        }
        if state.followed > latest {
            state.followed = now;
        }
        if state.tried.is_some_and(|tried| tried > latest) {
            state.tried = Some(now);
        }
        let longest = now.saturating_add(self.facts.schedule.retry.longest.millis());
        state.retry_at = state.retry_at.map(|at| at.min(longest));
    }

    /// A run that was started for the schedule has ended: was it in vain for a reason that passes?
    fn account_for_the_end(&mut self) {
        let Some(begun) = self.state.begun.filter(|_| !self.facts.running) else { return };
        let here = self.facts.began_here;
        let on_record = self.facts.last.filter(|last| !here && last.started >= begun);
        let end = self.facts.verdict.or(on_record);
        if end.is_none() && here {
            // It is about to be told.
            return;
        }
        self.state.begun = None;
        let passes = match end {
            // Nothing is on record of it: the process went away before it began.
            None => true,
            Some(end) => match end.outcome {
                Outcome::Interrupted => true,
                // Of a run before this process began: the end of the center stopped it, and no person.
                Outcome::Canceled => !here,
                _ => !end.is_good && end.class == Some(ProblemClass::Transient),
            },
        };
        let retry = &self.facts.schedule.retry;
        if passes && self.state.retries < retry.limit {
            self.state.retries += 1;
            let delay = backoff::delay(retry, self.state.retries, self.facts.item, self.facts.now);
            self.state.retry_at = Some(self.facts.now.saturating_add(delay));
        } else {
            self.state.retries = 0;
            self.state.retry_at = None;
        }
    }

    /// A good run that began since, whoever started it, is what was due.
    fn settle(&mut self) {
        let Some(good) = self.last_good_began() else { return };
        if let Some(due) = self.state.due.take_if(|due| due.since <= good) {
            self.skips.push((Skip::Done, due.count));
        }
        if self.state.begun.is_none() && self.state.tried.is_none_or(|tried| tried <= good) {
            (self.state.retries, self.state.retry_at) = (0, None);
            self.state.missed = 0;
        }
    }

    /// When the last run began, if it was good, and not by a clock that went years ahead.
    fn last_good_began(&self) -> Option<i64> {
        let latest = self.facts.now.saturating_add(SET_BACK);
        self.facts.last.filter(|last| last.is_good && last.started <= latest).map(|last| last.started)
    }

    /// What has become due since the last look.
    fn collect(&mut self) {
        let facts = self.facts;
        if let Some(Passed { count, last }) = self.times.passed(self.state.handled, facts.now) {
            self.state.handled = facts.now;
            self.time_has_come(count, last);
        }
        // While a run is at it, nobody knows what the interval will count from; and what is due already is for it, too.
        let is_idle = !facts.running && self.state.begun.is_none() && self.state.due.is_none();
        if is_idle && let Some(at) = self.interval_at().filter(|at| *at <= facts.now) {
            self.time_has_come(1, at.max(facts.now.saturating_sub(IN_TIME)));
            if self.state.due.is_none() {
                self.state.tried = Some(facts.now);
            }
        }
        if let Some(before) = facts.before.filter(|before| *before > self.state.followed) {
            self.state.followed = before;
            self.happened(Cause::After);
        }
        for trigger in &facts.schedule.on {
            for cause in facts.happened.iter().filter_map(|happening| happening.cause_of(trigger)) {
                self.happened(cause);
            }
        }
        if self.state.retry_at.is_some_and(|at| at <= facts.now) {
            self.state.retry_at = None;
            self.happened(Cause::Retry);
        }
    }

    /// When the interval since the last good run has passed, if there is one.
    fn interval_at(&self) -> Option<i64> {
        let every = self.times.since_last_good()?;
        let latest = self.facts.now.saturating_add(SET_BACK);
        let good = self.facts.last_good.filter(|good| *good <= latest);
        match good.max(self.state.tried) {
            Some(base) => Some(base.saturating_add(every)),
            // It never ran: there is nothing to wait for.
            None => Some(self.state.handled.min(self.facts.now)),
        }
    }

    /// So many due times have come, the last of them then.
    fn time_has_come(&mut self, count: u64, last: i64) {
        let facts = self.facts;
        let is_late = last < facts.now.saturating_sub(IN_TIME);
        let keep = facts.schedule.catch_up;
        if facts.standing == Standing::Disabled {
            self.skips.push((Skip::Disabled, count));
        } else if facts.running || self.state.begun.is_some() {
            self.skips.push((Skip::Overlap, count));
            self.state.skipped = self.state.skipped.saturating_add(count);
            self.state.skipped_at = Some(last);
        } else if self.last_good_began().is_some_and(|good| good >= last) {
            self.skips.push((Skip::Done, count));
        } else if !keep && self.paused_until().is_some() {
            self.miss(Skip::Paused, count);
        } else if !keep && is_late {
            self.miss(Skip::Missed, count);
        } else if !keep {
            if count > 1 {
                self.miss(Skip::Missed, count - 1);
            }
            self.due(Cause::Time, last, 1);
        } else {
            self.due(if is_late { Cause::CatchUp } else { Cause::Time }, last, count);
        }
    }

    fn miss(&mut self, why: Skip, count: u64) {
        self.skips.push((why, count));
        self.state.missed = self.state.missed.saturating_add(count);
    }

    fn happened(&mut self, cause: Cause) {
        if self.facts.standing != Standing::Disabled {
            self.due(cause, self.facts.now, 0);
        }
    }

    /// One run is for all that is due.
    fn due(&mut self, cause: Cause, since: i64, count: u64) {
        match &mut self.state.due {
            Some(due) => {
                due.count = due.count.saturating_add(count);
                // A time that came later must not be taken for done by a run that began before it.
                due.since = due.since.max(since);
            }
            None => self.state.due = Some(DueState { cause: cause.word().to_owned(), since, count }),
        }
    }

    fn paused_until(&self) -> Option<i64> {
        self.facts.paused_until.filter(|until| *until > self.facts.now)
    }

    fn conclude(mut self) -> Decision {
        let facts = self.facts;
        if facts.standing == Standing::Disabled
            && let Some(due) = self.state.due.take()
        {
            self.skips.push((Skip::Disabled, due.count));
        }
        let due = match &self.state.due {
            Some(due) => Some(Cause::from_word(&due.cause).unwrap_or(Cause::Time)),
            None => (facts.changed && facts.standing != Standing::Disabled).then_some(Cause::Change),
        };
        let waits = due.and_then(|_| self.obstacle());
        let mut start = due.filter(|_| waits.is_none()).map(|cause| Start { cause, count: 0 });
        if let Some(Start { cause, count }) = &mut start {
            if let Some(due) = self.state.due.take() {
                *count = due.count;
                self.state.missed = self.state.missed.saturating_add(due.count.saturating_sub(1));
            }
            (self.state.skipped, self.state.skipped_at) = (0, None);
            if *cause != Cause::Change {
                // What a handler was told to run for a change, it repeats itself.
                self.state.begun = Some(facts.now);
                self.state.tried = Some(facts.now);
                self.state.retry_at = None;
            }
        }
        let look_at = self.look_at(waits.as_ref());
        self.state.waits = waits.as_ref().map(Waits::kept);
        Decision { look_at, start, waits, skips: self.skips, state: self.state }
    }

    fn obstacle(&self) -> Option<Waits> {
        let facts = self.facts;
        if facts.running || self.state.begun.is_some() {
            return Some(Waits::Running);
        }
        if let Standing::Refused(why) = facts.standing {
            return Some(Waits::Refused(why.to_owned()));
        }
        if let Some(until) = self.paused_until() {
            return Some(Waits::Paused(until));
        }
        if !self.times.is_open(facts.now) {
            return Some(Waits::Window(self.times.open_from(facts.now)));
        }
        facts.unmet.map(|need| Waits::Need(need.clone()))
    }

    fn look_at(&self, waits: Option<&Waits>) -> Option<i64> {
        let now = self.facts.now;
        let is_idle = !self.facts.running && self.state.begun.is_none() && self.state.due.is_none();
        let interval = self.interval_at().filter(|_| is_idle);
        let pause = self.paused_until().filter(|until| *until != FOREVER);
        [self.times.next(self.state.handled.max(now)), interval, self.state.retry_at, pause]
            .into_iter()
            .chain([waits.and_then(Waits::until)])
            .flatten()
            .filter(|at| *at > now)
            .min()
    }
}

#[cfg(test)]
mod tests;
