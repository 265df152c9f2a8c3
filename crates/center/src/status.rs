//! How everything stands: for the status command and the home page.

use std::collections::HashMap;

use store::{ItemState, LastRun, StoreError};
use syncmgr::flags::{HandlerCapabilities, HandlerType, ItemCapabilities};
use syncmgr::state::ItemFacts;
use syncmgr::switches::{Origin, Switches};
use syncmgr::{HandlerId, ItemId, Outcome, Refusal, RunId, SyncState};

use crate::center::{Center, State};
use crate::clock;
use crate::headline::{Facts, Headline, headline};
use crate::live::LiveItem;
use crate::registry::{HandlerEntry, ItemEntry};
use crate::schedule::status::{ScheduleStatus, Schedules};

/// How a handler stands.
#[derive(Debug, Clone)]
pub struct HandlerStatus {
    /// The handler.
    pub handler: HandlerId,
    /// Its name; its ID when it has none.
    pub name: String,
    /// Its summary.
    pub comment: String,
    /// What it is, for grouping.
    pub kind: HandlerType,
    /// Whether it has a picture of its own ([`Center::handler_icon`]).
    pub icon: bool,
    /// Its state (R14).
    pub state: SyncState,
    /// Its switches (R15).
    pub switches: Switches,
    /// Why it cannot be synchronized just now, as a sentence.
    pub refusal: Option<String>,
    /// Its items, in its order.
    pub items: Vec<ItemStatus>,
}

/// How an item stands.
#[derive(Debug, Clone)]
pub struct ItemStatus {
    /// Its handler.
    pub handler: HandlerId,
    /// The item.
    pub item: ItemId,
    /// Its name; its ID when it has none.
    pub name: String,
    /// Its summary.
    pub comment: String,
    /// Whether it has a picture of its own ([`Center::item_icon`]).
    pub icon: bool,
    /// How it stands: the worst fact wins.
    pub headline: Headline,
    /// What is happening with it just now; never hides the headline.
    pub working: Option<LiveItem>,
    /// A run in another process, if there is one.
    pub running_elsewhere: Option<RunId>,
    /// Whether a request waits for its turn.
    pub waiting: bool,
    /// Its state (R14).
    pub state: SyncState,
    /// Its switches (R15).
    pub switches: Switches,
    /// Why it cannot be synchronized just now, as a sentence.
    pub refusal: Option<String>,
    /// The last run.
    pub last_run: Option<LastRun>,
    /// The last run without errors, and when it ended.
    pub last_good: Option<(RunId, i64)>,
    /// Open conflicts.
    pub conflicts: u64,
    /// Error events and entries that failed in the last run.
    pub errors: u64,
    /// Paused until then, in milliseconds since 1970, by itself or with everything; [`store::FOREVER`]: until it is
    /// resumed.
    pub paused_until: Option<i64>,
    /// Since when it is overdue, if it is, in milliseconds since 1970.
    pub overdue_since: Option<i64>,
    /// When it runs by itself, if it ever does.
    pub schedule: Option<ScheduleStatus>,
}

impl Center {
    /// How all handlers and items stand, hidden ones included.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn status(&self) -> Result<Vec<HandlerStatus>, StoreError> {
        let inner = &self.inner;
        inner.store.close_abandoned()?;
        let mut states: HashMap<(HandlerId, ItemId), ItemState> = inner
            .store
            .item_states(None)?
            .into_iter()
            .map(|state| ((state.handler.clone(), state.item.clone()), state))
            .collect();
        let mut working: HashMap<(HandlerId, ItemId), LiveItem> = inner
            .live()
            .items
            .into_iter()
            .filter(|item| item.outcome.is_none())
            .map(|item| ((item.handler.clone(), item.item.clone()), item))
            .collect();
        let clock = (Schedules::read(inner)?, inner.clock.steady());
        let state = inner.lock();
        Ok(state
            .handlers
            .iter()
            .map(|handler| {
                let items: Vec<ItemStatus> = handler
                    .items
                    .iter()
                    .map(|item| {
                        let key = (handler.id().clone(), item.item.id().clone());
                        let kept = states.remove(&key);
                        item_status(&state, handler, item, kept, working.remove(&key), &clock)
                    })
                    .collect();
                handler_status(handler, items)
            })
            .collect())
    }

    /// How one item stands; none when there is no such item.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn item_status(&self, handler: &HandlerId, item: &ItemId) -> Result<Option<ItemStatus>, StoreError> {
        let inner = &self.inner;
        inner.store.close_abandoned()?;
        let kept = inner.store.item_state(handler, item)?;
        let clock = (Schedules::read(inner)?, inner.clock.steady());
        let state = inner.lock();
        let working = state.live_item(handler, item, clock.1).filter(|live| live.outcome.is_none());
        let Some(entry) = state.handler(handler) else { return Ok(None) };
        Ok(entry.items.get(item).map(|item| item_status(&state, entry, item, kept, working, &clock)))
    }

    /// What is shown of items is another when this is: something was written, by this process or another, or something
    /// began, ended, waits or is complete. What only the clock changes does not count.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn edition(&self) -> Result<(u64, i64), StoreError> {
        let version = self.inner.lock().version;
        Ok((version, self.inner.store.edition()?))
    }

    /// Says that only runs since then (milliseconds since 1970) count as seen: a daemon's start. Nothing is green
    /// before its first clean run since.
    pub fn set_trusted_since(&self, since: Option<i64>) {
        self.inner.lock().trusted_since = since;
        self.inner.announce();
    }
}

fn item_status(
    state: &State,
    handler: &HandlerEntry,
    item: &ItemEntry,
    kept: Option<ItemState>,
    working: Option<LiveItem>,
    (schedules, steady): &(Schedules, i64),
) -> ItemStatus {
    let conflicts = kept.as_ref().map_or(0, |kept| kept.conflicts);
    let (id, now) = (item.item.id(), schedules.now);
    let paused_until = schedules.paused_until(kept.as_ref());
    let last_run = kept.as_ref().and_then(|kept| kept.last_run.clone());
    let last_good = kept.as_ref().and_then(|kept| clock::last_good(kept, now));
    let last_outcome = last_run.as_ref().and_then(|last| last.result.outcome);
    let errors = last_run.as_ref().map_or(0, |last| last.result.errors.max(last.result.counts.errors));
    let waiting = handler.waits(id);
    let first_seen = kept.as_ref().map_or(now, |kept| kept.first_seen);
    let good_end = last_good.map(|(_, ended)| ended);
    let schedule = schedules.of(handler.id(), id, good_end, first_seen, paused_until);
    let overdue_at = schedule.as_ref().and_then(|schedule| schedule.overdue_at);
    let silent = handler.turns.iter().any(|turn| {
        turn.items.contains(id) && (turn.is_silent() || turn.ignores_stop(*steady, &state.stop_grace))
    });
    let facts = Facts {
        last: last_outcome,
        verdict: kept.as_ref().and_then(|kept| kept.verdict),
        // Of a run that was not about the item's content, errors say nothing that its outcome does not.
        errors: if last_outcome == Some(Outcome::Done) { errors } else { 0 },
        conflicts,
        last_good: good_end,
        overdue_at,
        trusted_since: state.trusted_since,
        not_responding: silent || working.as_ref().is_some_and(|live| live.not_responding()),
        // What a scheduler waited for that is no more holds for nobody.
        waiting: waiting
            || schedule.as_ref().is_some_and(|schedule| {
                (schedule.is_running || state.trusted_since.is_some()) && schedule.lacks_something()
            }),
        paused: paused_until.is_some() || !item.switches.enabled || !handler.switches.enabled,
        now,
    };
    let running_elsewhere = kept
        .as_ref()
        .and_then(|kept| kept.running)
        .filter(|run| state.open.iter().all(|open| open.session.run_id() != *run));
    let sync_state = SyncState::of_item(&ItemFacts {
        syncing: working.is_some() || running_elsewhere.is_some(),
        waiting,
        last: last_run.as_ref().and_then(|last| last.result.status),
        errors,
    });
    ItemStatus {
        handler: handler.id().clone(),
        item: id.clone(),
        name: item.name().to_owned(),
        comment: item.loaded.as_ref().map_or_else(|_| String::new(), |loaded| loaded.info.comment.clone()),
        icon: item
            .loaded
            .as_ref()
            .is_ok_and(|loaded| loaded.capabilities.contains(ItemCapabilities::PROVIDES_ICON)),
        headline: headline(&facts),
        working,
        running_elsewhere,
        waiting,
        state: sync_state,
        switches: item.switches,
        refusal: handler.item_may_start(item, Origin::Control).err().map(sentence),
        last_run,
        last_good,
        conflicts,
        errors,
        paused_until,
        overdue_since: overdue_at.filter(|at| *at < now),
        schedule,
    }
}

fn handler_status(handler: &HandlerEntry, items: Vec<ItemStatus>) -> HandlerStatus {
    HandlerStatus {
        handler: handler.id().clone(),
        name: handler.name().to_owned(),
        comment: handler.loaded.as_ref().map_or_else(|_| String::new(), |loaded| loaded.info.comment.clone()),
        kind: handler.loaded.as_ref().map_or_else(|_| HandlerType::default(), |loaded| loaded.info.kind),
        icon: handler
            .loaded
            .as_ref()
            .is_ok_and(|loaded| loaded.capabilities.contains(HandlerCapabilities::PROVIDES_ICON)),
        state: SyncState::of_handler(handler.switches.active, items.iter().map(|item| item.state)),
        switches: handler.switches,
        refusal: handler.may_start(Origin::Control).err().map(sentence),
        items,
    }
}

/// A refusal as a person reads it, without the kind that foreign callers know it by.
pub(crate) fn sentence(refusal: Refusal) -> String {
    match refusal {
        Refusal::AccessDenied(text) | Refusal::InvalidArgument(text) => text,
        other => other.to_string(),
    }
}
