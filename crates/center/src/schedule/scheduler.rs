//! The scheduler: looks at the clock, the store and the machine, decides, writes down, and starts.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};

use jiff::tz::TimeZone;
use store::{ScheduleRow, ScheduleState, StoreError};
use syncmgr::flags::SyncControlFlags;
use syncmgr::switches::Origin;
use syncmgr::{Level, NewEvent};

use super::book::{Found, Key};
use super::cause::{Cause, Happening, Skip};
use super::changes::Follow;
use super::decide::{Decision, Facts, decide};
use super::kept::Kept;
use super::mind::{Mind, Now, Owned, Seen, ended, verdict};
use super::senses::{Senses, Surroundings, is_about_them};
use super::times::Times;
use crate::center::{Center, Inner, locked};
use crate::clock::{SET_BACK, last_good};
use crate::feed::What;
use crate::status::sentence;
use crate::verdict::Started;

/// A sleep of the machine that is shorter is none.
const SLEEP: i64 = 5_000;
/// How often the machine's surroundings are looked at when a schedule is about them.
const LOOK_AROUND: i64 = 2_000;
/// How often it is looked all the same: for what other processes wrote, and for a clock that was set.
const LOOK_ANYWAY: i64 = 2_000;

/// Starts what is due. One for a center; [`Center::run_schedules`] has it on a thread.
pub struct Scheduler {
    inner: Weak<Inner>,
    senses: Box<dyn Senses>,
    minds: HashMap<Key, Mind>,
    edition: Option<u64>,
    around: Surroundings,
    /// When the surroundings are looked at next.
    around_at: i64,
    /// When it looked last, as the calendar had it.
    looked_at: i64,
    /// By how much the machine's clocks differed: what it slept.
    slept: Option<i64>,
    /// The machine's time zone.
    zone: Option<TimeZone>,
    /// The center's version at the last look.
    version: Option<u64>,
    /// What was read of the store.
    kept: Kept,
}

/// What was decided about an item, and from what.
struct Decided {
    key: Key,
    decision: Decision,
    seen: Seen,
    next: Option<i64>,
    overdue_at: Option<i64>,
}

impl Scheduler {
    pub(crate) fn new(inner: &Arc<Inner>, senses: Box<dyn Senses>) -> Self {
        Self {
            inner: Arc::downgrade(inner),
            senses,
            minds: HashMap::new(),
            edition: None,
            around: Surroundings::default(),
            around_at: i64::MIN,
            looked_at: i64::MIN,
            slept: None,
            zone: None,
            version: None,
            kept: Kept::default(),
        }
    }

    /// Looks once: starts what is due, and gives when to look again at the latest, in milliseconds since 1970.
    ///
    /// # Errors
    /// The store could not be read; nothing was started.
    pub fn look(&mut self) -> Result<i64, StoreError> {
        let Some(inner) = self.inner.upgrade() else { return Ok(i64::MAX) };
        let now = inner.clock.wall();
        let was_ahead = std::mem::replace(&mut self.looked_at, now) > now.saturating_add(SET_BACK);
        let mut happened = self.feel(&inner);
        let is_other = self.take_over(&inner)?;
        let was_set_back = self.around_at != i64::MAX && self.around_at.saturating_sub(now) > LOOK_ANYWAY;
        if is_other || was_set_back || now >= self.around_at {
            happened.extend(self.look_around(now));
        }
        let zone = inner.clock.zone();
        let has_moved = self.zone.as_ref() != Some(&zone);
        if has_moved || was_ahead {
            // What was decided by the time before is decided anew.
            self.minds.values_mut().for_each(|mind| mind.seen = None);
            self.zone = Some(zone.clone());
        }
        let version = inner.lock().version;
        if was_ahead {
            self.kept.edition = None;
        }
        let is_written = self.kept.is_old(&inner.store)?;
        if !is_written && !has_moved && !is_other && happened.is_empty() && self.is_quiet(version, now) {
            return Ok(self.look_again(now));
        }
        // What the center knows first, what the store knows second: a run that has ended is in the one or the other.
        let mut present = self.present(&inner);
        self.kept.read(&inner.store, now)?;
        self.version = Some(version);
        let mut decisions: Vec<Decided> = Vec::new();
        for (key, mind) in &mut self.minds {
            let Some(present) = present.remove(key) else { continue };
            mind.keep_following(&inner, key, &present, now);
            let kept = self.kept.items.get(key);
            let before = mind.schedule.after.iter().filter_map(|id| self.kept.good.get(id)).copied().max();
            let own_pause = kept.and_then(|kept| kept.paused_until);
            let unmet = self.around.unmet(&mind.schedule);
            let elsewhere = kept.and_then(|kept| kept.running).is_some();
            let seen = Seen {
                running: present.running || elsewhere,
                standing: present.standing,
                paused_until: own_pause.max(self.kept.paused_until).filter(|until| *until > now),
                last: kept.and_then(ended),
                verdict: mind.started.as_ref().and_then(|started| verdict(started, key, &mind.found.state)),
                before,
                changed: mind.follow.as_ref().is_some_and(Follow::asks),
                is_unmet: unmet.is_some(),
                is_overdue: mind.found.overdue_at.is_some_and(|at| at < now),
            };
            let concerns = |happening: &Happening| {
                mind.schedule.on.iter().any(|trigger| happening.cause_of(trigger).is_some())
            };
            if mind.seen.as_ref() == Some(&seen)
                && mind.look_at.is_none_or(|at| at > now)
                && !happened.iter().any(concerns)
                && now.saturating_sub(mind.found.state.handled) >= 0
            {
                continue;
            }
            let facts = Facts {
                item: &key.1,
                schedule: &mind.schedule,
                zone: &zone,
                now,
                running: seen.running,
                standing: seen.standing.standing(),
                paused_until: seen.paused_until,
                last: seen.last,
                verdict: seen.verdict,
                last_good: kept.and_then(|kept| last_good(kept, now)).map(|(_, ended)| ended),
                before,
                happened: &happened,
                changed: seen.changed,
                unmet,
                began_here: mind.started.is_some(),
            };
            let decision = decide(&facts, &mind.found.state);
            let since = facts.last_good.or(kept.map(|kept| kept.first_seen)).unwrap_or(now);
            let times = Times::new(&mind.schedule, &zone);
            let overdue_at = times.overdue_at(since);
            let base = facts.last_good.max(decision.state.tried);
            let next = times.upcoming(now, base, seen.paused_until, 1).first().copied();
            decisions.push(Decided { key: key.clone(), decision, seen, next, overdue_at });
        }
        self.write_down(&inner, &decisions, now);
        for decided in decisions {
            self.carry_out(&inner, decided, now);
        }
        Ok(self.look_again(now))
    }

    /// Notices that the machine was asleep, and the beginning of everything.
    fn feel(&mut self, inner: &Inner) -> Vec<Happening> {
        let slept = inner.clock.boot().saturating_sub(inner.clock.steady());
        match self.slept.replace(slept) {
            None => vec![Happening::Started],
            Some(before) if slept.saturating_sub(before) >= SLEEP => {
                // Nothing that was seen before holds any more.
                self.around_at = i64::MIN;
                vec![Happening::Woke]
            }
            Some(_) => Vec::new(),
        }
    }

    /// Takes over the schedules as they are set now; tells whether they are others.
    fn take_over(&mut self, inner: &Inner) -> Result<bool, StoreError> {
        let schedules = {
            let book = locked(&inner.book);
            if self.edition == Some(book.edition) {
                return Ok(false);
            }
            self.edition = Some(book.edition);
            book.schedules.clone()
        };
        let mut states: HashMap<Key, ScheduleState> = HashMap::new();
        if schedules.keys().any(|key| !self.minds.contains_key(key)) {
            let rows = inner.store.schedules()?.into_iter();
            states = rows.map(|row| ((row.handler, row.item), row.state)).collect();
        }
        self.minds.retain(|key, _| schedules.contains_key(key));
        for (key, schedule) in schedules {
            match self.minds.get_mut(&key) {
                Some(mind) if mind.schedule == schedule => {}
                Some(mind) => {
                    if !schedule.watches() {
                        (mind.follow, mind.followed, mind.found.followed) = (None, None, None);
                    }
                    (mind.schedule, mind.seen) = (schedule, None);
                }
                None => {
                    let state = states.remove(&key).unwrap_or_default();
                    self.minds.insert(key, Mind::new(schedule, state));
                }
            }
        }
        Ok(true)
    }

    fn look_around(&mut self, now: i64) -> Vec<Happening> {
        if !self.minds.values().any(|mind| is_about_them(&mind.schedule)) {
            self.around_at = i64::MAX;
            return Vec::new();
        }
        self.around_at = now.saturating_add(LOOK_AROUND);
        let around = self.senses.look();
        let before = std::mem::replace(&mut self.around, around);
        self.around.since(&before)
    }

    /// What the center knows of the items with a schedule.
    fn present(&self, inner: &Inner) -> HashMap<Key, Now> {
        let state = inner.lock();
        let mut syncing: HashSet<Key> = HashSet::new();
        for open in &state.open {
            let views = open.session.snapshot().items.into_iter().filter(|view| view.outcome.is_none());
            syncing.extend(views.map(|view| (open.session.handler().clone(), view.id)));
        }
        let mut present = HashMap::new();
        for entry in &state.handlers {
            for item in entry.items.iter() {
                let key = (entry.id().clone(), item.item.id().clone());
                if !self.minds.contains_key(&key) {
                    continue;
                }
                // A call that has not returned still has what it was called for.
                let called = entry.turns.iter().any(|turn| turn.items.contains(&key.1));
                let is_on = item.switches.enabled && entry.switches.enabled && entry.switches.active;
                let standing = match entry.item_may_start(item, Origin::Control) {
                    Ok(()) => Owned::Free,
                    Err(_) if !is_on => Owned::Disabled,
                    Err(refusal) => Owned::Refused(sentence(refusal)),
                };
                let running = called || syncing.contains(&key) || entry.waits(&key.1);
                present.insert(key, Now { running, standing, item: Arc::clone(&item.item) });
            }
        }
        present
    }

    /// Whether nothing can be otherwise than at the last look.
    fn is_quiet(&self, version: u64, now: i64) -> bool {
        let rests = |mind: &Mind| {
            mind.look_at.is_none_or(|at| at > now)
                && mind.found.state.handled <= now
                && !mind.waits_to_follow(now)
        };
        self.version == Some(version) && self.minds.values().all(rests)
    }

    /// Before anything is started, that it is: so that a due time never has two runs, whatever happens to the process.
    fn write_down(&mut self, inner: &Inner, decisions: &[Decided], now: i64) {
        let differs = |decided: &&Decided| {
            self.minds.get(&decided.key).is_some_and(|mind| mind.found.state != decided.decision.state)
        };
        let rows: Vec<ScheduleRow> = decisions
            .iter()
            .filter(differs)
            .map(|Decided { key: (handler, item), decision, .. }| ScheduleRow {
                handler: handler.clone(),
                item: item.clone(),
                state: decision.state.clone(),
            })
            .collect();
        if !rows.is_empty() {
            // A store that cannot be written is in nobody's way: what is due begins all the same, and `Store::trouble`
            // says what is wrong.
            let _ = inner.store.save_schedules(rows, now);
        }
    }

    fn carry_out(&mut self, inner: &Arc<Inner>, decided: Decided, now: i64) {
        let Decided { key, decision, seen, next, overdue_at } = decided;
        let Some(mind) = self.minds.get_mut(&key) else { return };
        let Decision { state, start, skips, look_at, .. } = decision;
        let overlaps = skips.iter().any(|(skip, _)| *skip == Skip::Overlap);
        if overlaps && mind.found.state.skipped == 0 {
            tell_of_overlap(inner, &key, now);
        }
        if state.begun.is_none() {
            mind.started = None;
        }
        // Nobody else notices that time has made it overdue, or has ended its pause.
        let is_overdue = overdue_at.is_some_and(|at| at < now);
        let stands_otherwise = mind.seen.as_ref().is_some_and(|before| {
            before.is_overdue != is_overdue || before.paused_until != seen.paused_until
        });
        let overdue_look = overdue_at.filter(|_| !is_overdue).map(|at| at.saturating_add(1));
        mind.look_at = look_at.into_iter().chain(overdue_look).min();
        mind.seen = Some(Seen { is_overdue, ..seen });
        let found = Found { state, next, overdue_at, followed: mind.followed_now() };
        if let Some(start) = start {
            let request = match (start.cause, &mind.follow) {
                (Cause::Change, Some(follow)) => follow.take(),
                _ => None,
            };
            let items = std::slice::from_ref(&key.1);
            let center = Center { inner: Arc::clone(inner) };
            let started =
                center.start(&key.0, Some(items), request, SyncControlFlags::IGNORE_IF_ALREADY_SYNCING);
            match (start.cause, &mind.follow) {
                (Cause::Change, Some(follow)) => follow.answer(started.ok()),
                // Refused at the last moment: as a run that failed for a reason that passes.
                _ => mind.started = Some(started.unwrap_or_else(|refusal| Started::refused(items, refusal))),
            }
            mind.seen = None;
        }
        if mind.found != found || stands_otherwise {
            mind.found = found.clone();
            locked(&inner.book).found.insert(key.clone(), found);
            inner.tell(What::ItemChanged { handler: key.0.clone(), item: key.1.clone() });
        }
    }

    fn look_again(&self, now: i64) -> i64 {
        let items = self.minds.values().filter_map(|mind| mind.look_at);
        items.chain([self.around_at, now.saturating_add(LOOK_ANYWAY)]).min().unwrap_or(now).max(now)
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        if let Some(inner) = self.inner.upgrade() {
            let mut book = locked(&inner.book);
            book.is_running = false;
            book.found.clear();
        }
    }
}

/// A due time came while a run was still at it: a line in that run's results, if it is one of this process.
fn tell_of_overlap(inner: &Inner, (handler, item): &Key, now: i64) {
    let open = inner.lock().open_of(handler).find(|open| open.syncs(item)).cloned();
    let Some(open) = open else { return };
    let text = "Its next time came while this run was still at it. That time was passed over, and so are others \
                until this run is done; if this happens often, give it more time between runs.";
    let event = NewEvent::new(Some(item), Level::Information, "Due again", text);
    // Lost only with the store itself; the count is kept with the schedule.
    let _ = inner.record_event(&open, event, now);
}
