//! The rules of a session (R1 to R13) as one state machine, without clock, store or thread.
//!
//! A sync center wraps a [`Session`] in the [`SyncCallback`](crate::SyncCallback) it hands out, and carries out what a
//! session cannot: it stores events, keeps the queue, knows the handler's items. Whatever needs one of these takes it as
//! an argument (`of_handler`, `known`) or gives it back ([`Session::commit_item`], [`Ended`]).
//!
//! **Time** is an argument: milliseconds of the owner's clock. A clock that does not run while the machine sleeps keeps
//! leases from running out during the night; the start's wall time plus a monotonic clock's is a good choice.
//!
//! **Threads**: everything takes `&self`. Each item has a lock of its own in cache lines of its own, finding it takes
//! no lock, and [`can_continue`](Session::can_continue) takes none at all.

mod end;
mod item;
mod table;
mod view;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use end::{EndReason, Ended, ItemEnd};
pub use view::{ItemView, Progress, SessionView};

use self::item::{ItemState, Slot, Step};
use self::table::Table;
use crate::callback::Stops;
use crate::error::Refusal;
use crate::event::{Level, NewEvent};
use crate::handler::SyncItem;
use crate::ids::{HandlerId, ItemId, RunId};
use crate::outcome::{Counts, Outcome, Phase, Problem};
use crate::state::RunResult;
use crate::status::{CancelRequest, ProgressStatus};
use crate::{admission, text};

/// How long a session lives without a word (R12).
pub const LEASE: Duration = Duration::from_secs(60);

/// The longest lease that a handler can ask for: no session stays "running" for ever (R12).
pub const MAX_LEASE: Duration = Duration::from_secs(24 * 60 * 60);

/// One synchronization of a set of items of one handler, from start to end.
pub struct Session {
    run: RunId,
    handler: HandlerId,
    table: Table,
    /// A stop of everything that waits for acknowledgement (R3).
    stop_all: AtomicBool,
    ended: AtomicBool,
    manual: AtomicBool,
    /// A word without a time was heard since the last look at the lease.
    heard: AtomicBool,
    last_word: AtomicI64,
    /// Until then silence is all right, because the handler asked for it.
    quiet_until: AtomicI64,
    rare: Rare,
}

/// What is written at most a few times for each item: kept off the cache lines that every call reads.
#[repr(align(128))]
struct Rare {
    /// Items that a stop of everything has to wait for.
    open: AtomicUsize,
    /// Numbers of the items that changed since they were asked for.
    changed: Mutex<Vec<u32>>,
    /// The handler's line.
    text: Mutex<String>,
    /// Guards the end of a stop against the beginning of the next.
    stopping: Mutex<()>,
    /// A stop of a single item was asked for at some time: only then are the items looked through.
    item_stops: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

impl Session {
    /// Begins a session (`CreateSession`). An item that is named twice is in it once.
    ///
    /// # Errors
    /// `InvalidArgument` when there is no item at all.
    pub fn new(run: RunId, handler: HandlerId, items: &[ItemId], now: i64) -> Result<Self, Refusal> {
        if items.is_empty() {
            return Err(Refusal::InvalidArgument("a session needs at least one item".into()));
        }
        let table = Table::with_capacity(items.len());
        for item in items {
            table.insert(Slot::new(item.clone()));
        }
        let open = AtomicUsize::new(table.len());
        Ok(Self {
            run,
            handler,
            table,
            stop_all: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            manual: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            last_word: AtomicI64::new(now),
            quiet_until: AtomicI64::new(i64::MIN),
            rare: Rare {
                open,
                changed: Mutex::default(),
                text: Mutex::default(),
                stopping: Mutex::default(),
                item_stops: AtomicBool::new(false),
            },
        })
    }

    /// The run that it is recorded as.
    pub fn run_id(&self) -> RunId {
        self.run
    }

    /// Whose session it is.
    pub fn handler(&self) -> &HandlerId {
        &self.handler
    }

    // ---- What the handler says -------------------------------------------------------------------------------------

    /// `ReportProgress` (R1, R3, R5, R6, R10).
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session, `AccessDenied` after completion, `Ended`.
    pub fn report_progress(
        &self,
        now: i64,
        item: &ItemId,
        text: Option<&str>,
        status: ProgressStatus,
        step: u64,
        max: u64,
    ) -> Result<CancelRequest, Refusal> {
        self.tell(now, item, |state| state.report(item, now, text, status, (step, max)))
    }

    /// `SetHandlerProgressText` (R3, R5): answers `None` or `All`.
    ///
    /// # Errors
    /// `Ended`.
    pub fn set_handler_progress_text(&self, now: i64, text: &str) -> Result<CancelRequest, Refusal> {
        self.word(now)?;
        let mut line = locked(&self.rare.text);
        line.clear();
        line.push_str(text::progress(text));
        Ok(if self.is_stopping() { CancelRequest::All } else { CancelRequest::None })
    }

    /// `ReportEvent`, the session's half (R5, R10, R16): the event as it is to be stored. The store gives its identity.
    /// `of_handler` tells whether an item that is not in the session is one of the handler's.
    ///
    /// # Errors
    /// `InvalidArgument` for an unknown item, an empty name or description, an over-long link or context; `Ended`.
    pub fn admit_event(
        &self,
        now: i64,
        event: NewEvent,
        of_handler: impl FnOnce(&ItemId) -> bool,
    ) -> Result<NewEvent, Refusal> {
        self.word(now)?;
        let event = text::event(event)?;
        if let Some(item) = &event.item {
            match self.table.find(item) {
                Some((number, slot)) if event.level == Level::Error => {
                    let mut state = slot.lock();
                    state.count_error();
                    self.list(number, &mut state);
                }
                Some(_) => {}
                None if of_handler(item) => {}
                None => return Err(self.unknown(item)),
            }
        }
        Ok(event)
    }

    /// `CanContinue` (R3, R4, R10). Takes no time: it is cheaper than a clock. The next look at the lease counts it.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session, `Ended`.
    #[inline]
    pub fn can_continue(&self, item: Option<&ItemId>) -> Result<bool, Refusal> {
        if self.ended.load(Ordering::Relaxed) {
            return Err(Refusal::Ended);
        }
        if !self.heard.load(Ordering::Relaxed) {
            self.heard.store(true, Ordering::Relaxed);
        }
        let stopped = match item {
            None => false,
            Some(item) => match self.table.find(item) {
                Some((_, slot)) => slot.cancel.load(Ordering::Relaxed),
                None => return Err(self.unknown(item)),
            },
        };
        Ok(!(stopped || self.is_stopping()))
    }

    /// `AddItemToSession` (R9): the item owes a final word from now on. When it succeeds, the owner takes the item's
    /// waiting request out of the queue. `of_handler`: whether it is one of the handler's items.
    ///
    /// # Errors
    /// `InvalidArgument` when it is in the session already (or proposed), or not of this handler; `Ended`.
    pub fn add_item(&self, now: i64, item: &ItemId, of_handler: bool) -> Result<(), Refusal> {
        self.word(now)?;
        if !of_handler {
            return Err(self.unknown(item));
        }
        let (number, slot) = self.table.insert(Slot::new(item.clone())).ok_or_else(|| self.there(item))?;
        self.rare.open.fetch_add(1, Ordering::AcqRel);
        self.list(number, &mut slot.lock());
        Ok(())
    }

    /// `ProposeItem` (R8): the item may be reported on, and stays invisible until it is committed. `known`: whether the
    /// handler has an item with that ID already.
    ///
    /// # Errors
    /// `InvalidArgument` for a known ID, or an item without a name (R18); `Ended`.
    pub fn propose_item(&self, now: i64, item: Arc<dyn SyncItem>, known: bool) -> Result<(), Refusal> {
        self.word(now)?;
        let id = item.id().clone();
        if known {
            return Err(Refusal::InvalidArgument(format!(
                "handler '{}' has an item '{id}' already",
                self.handler
            )));
        }
        if let Err(why) = admission::item(item.as_ref()) {
            return Err(Refusal::InvalidArgument(format!("item '{id}' cannot be proposed: {why}")));
        }
        self.table.insert(Slot::proposed(id.clone(), item)).map(drop).ok_or_else(|| self.there(&id))
    }

    /// `CommitItem` (R8): gives the proposed item to the owner, who makes it one of the handler's. It is visible and
    /// owes a final word from now on, if it has not had one.
    ///
    /// # Errors
    /// `InvalidArgument` when it was never proposed, or is part of the session already; `Ended`.
    pub fn commit_item(&self, now: i64, item: &ItemId) -> Result<Arc<dyn SyncItem>, Refusal> {
        self.word(now)?;
        let (number, slot) = self.table.find(item).ok_or_else(|| {
            Refusal::InvalidArgument(format!("item '{item}' was never proposed in this session"))
        })?;
        let mut state = slot.lock();
        self.alive()?;
        let (proposal, step) = state.commit().ok_or_else(|| self.there(item))?;
        self.list(number, &mut state);
        self.settle(slot, step);
        Ok(proposal)
    }

    /// `ReportManualSync` (R13).
    ///
    /// # Errors
    /// `Ended`.
    pub fn report_manual_sync(&self, now: i64) -> Result<(), Refusal> {
        self.word(now)?;
        self.manual.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// What the handler is doing with an item. Not in the original. Refused, without consequences, once it is complete.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session, `AccessDenied` after completion, `Ended`.
    pub fn report_phase(&self, now: i64, item: &ItemId, phase: Phase) -> Result<CancelRequest, Refusal> {
        self.tell(now, item, |state| state.report_phase(item, now, phase))
    }

    /// What the item's run came to. Not in the original. After completion the outcome can only become worse, as R1 has
    /// it for the status.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is not of this session, `AccessDenied` after completion, `Ended`.
    pub fn report_outcome(
        &self,
        now: i64,
        item: &ItemId,
        outcome: Outcome,
        counts: Counts,
        problem: Option<Problem>,
    ) -> Result<(), Refusal> {
        self.tell(now, item, |state| state.report_outcome(item, now, outcome, counts, problem)).map(drop)
    }

    /// Asks for leave to be silent until `now + lease` (at most [`MAX_LEASE`]); afterwards the usual [`LEASE`] holds
    /// again (R12). A later call replaces it.
    ///
    /// # Errors
    /// `Ended`.
    pub fn extend_lease(&self, now: i64, lease: Duration) -> Result<(), Refusal> {
        self.word(now)?;
        self.quiet_until.store(now.saturating_add(millis(lease.min(MAX_LEASE))), Ordering::Relaxed);
        Ok(())
    }

    /// A word that says nothing else (asking for additional items, taking a request): renews the lease.
    ///
    /// # Errors
    /// `Ended`.
    pub fn word(&self, now: i64) -> Result<(), Refusal> {
        self.alive()?;
        // Read first: the line is then shared by all cores, and written a thousand times a second at most.
        if now > self.last_word.load(Ordering::Relaxed) {
            self.last_word.fetch_max(now, Ordering::Relaxed);
        }
        Ok(())
    }

    // ---- What the owner asks ---------------------------------------------------------------------------------------

    /// Asks for a stop of one item (R3). False when there is nothing to stop: it is not of this session, complete, or
    /// the session has ended.
    pub fn cancel_item(&self, item: &ItemId) -> bool {
        let Some((number, slot)) = self.table.find(item) else { return false };
        let mut state = slot.lock();
        if self.alive().is_err() || state.completed() {
            return false;
        }
        slot.cancel.store(true, Ordering::Release);
        self.rare.item_stops.store(true, Ordering::Release);
        self.list(number, &mut state);
        true
    }

    /// What is asked to stop and not acknowledged (R3). No word of the handler: it renews no lease (R12).
    pub fn stops(&self) -> Stops {
        let items = if self.rare.item_stops.load(Ordering::Acquire) {
            let asked = self.table.slots().filter(|(_, slot)| slot.cancel.load(Ordering::Acquire));
            asked.map(|(_, slot)| slot.id.clone()).collect()
        } else {
            Vec::new()
        };
        Stops { ended: self.is_ended(), all: self.is_stopping(), items }
    }

    /// Asks for a stop of everything (R3, R4). Gives the number of items whose acknowledgement is waited for; with
    /// none, the request stands until the session's end.
    pub fn cancel_all(&self) -> usize {
        let _alone = locked(&self.rare.stopping);
        self.stop_all.store(true, Ordering::Release);
        self.rare.open.load(Ordering::Acquire)
    }

    /// Whether a stop of everything waits for acknowledgement.
    #[inline]
    pub fn is_stopping(&self) -> bool {
        self.stop_all.load(Ordering::Acquire)
    }

    /// Ends the session if nothing was heard for longer than its lease (R12). To be called every few seconds, for
    /// sessions whose handler could go away unnoticed.
    pub fn expire(&self, now: i64) -> Option<Ended> {
        if self.heard.swap(false, Ordering::Relaxed) {
            self.last_word.fetch_max(now, Ordering::Relaxed);
        }
        (now > self.lease_end()).then(|| self.end(now, EndReason::LeaseExpired))?
    }

    /// When the lease runs out, as far as is known now.
    pub fn lease_end(&self) -> i64 {
        let usual = self.last_word.load(Ordering::Relaxed).saturating_add(millis(LEASE));
        usual.max(self.quiet_until.load(Ordering::Relaxed))
    }

    /// Ends the session (R2, R8, R11, R12). None when it has ended before; so exactly one caller gets the summary.
    pub fn end(&self, now: i64, reason: EndReason) -> Option<Ended> {
        if self.ended.swap(true, Ordering::AcqRel) {
            return None;
        }
        // A report that holds its item's lock now is waited for; one that gets it later sees that the session has ended.
        let stopping = self.is_stopping();
        let (mut items, mut dropped, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for (_, slot) in self.table.slots() {
            let mut state = slot.lock();
            if state.hidden() {
                dropped.push(slot.id.clone());
                events.push(NewEvent::new(
                    None,
                    Level::Information,
                    "Proposal dropped",
                    format!(
                        "{}: the item '{}' was proposed and never committed, so it was not taken up",
                        reason.phrase(),
                        slot.id
                    ),
                ));
                continue;
            }
            let end = state.end(&slot.id, stopping || slot.cancel.load(Ordering::Relaxed));
            events.extend(end.implied_event(reason));
            items.push(end);
        }
        let result = RunResult::fold(&items);
        Some(Ended {
            reason,
            at: now,
            items,
            dropped,
            events,
            manual: self.manual.load(Ordering::Relaxed),
            text: locked(&self.rare.text).clone(),
            result,
        })
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    // ---- What screens read -----------------------------------------------------------------------------------------

    /// Whether the item is part of the session and not only proposed.
    pub fn contains(&self, item: &ItemId) -> bool {
        self.table.find(item).is_some_and(|(_, slot)| !slot.lock().hidden())
    }

    /// How many items a stop of everything would wait for.
    pub fn open_items(&self) -> usize {
        self.rare.open.load(Ordering::Acquire)
    }

    /// One item now; none when it is not of this session, or only proposed (R8).
    pub fn item(&self, item: &ItemId) -> Option<ItemView> {
        let (_, slot) = self.table.find(item)?;
        slot.view(self.is_stopping())
    }

    /// Everything now. For a large session that is shown several times a second, see [`changes`](Self::changes).
    pub fn snapshot(&self) -> SessionView {
        let stopping = self.is_stopping();
        SessionView {
            items: self.table.slots().filter_map(|(_, slot)| slot.view(stopping)).collect(),
            text: locked(&self.rare.text).clone(),
            manual: self.manual.load(Ordering::Relaxed),
            stopping,
        }
    }

    /// The handler's line, and whether a stop of everything waits for acknowledgement.
    pub fn line(&self) -> (String, bool) {
        (locked(&self.rare.text).clone(), self.is_stopping())
    }

    /// The items that changed since the last call, each once with its latest state: for the one reader that keeps the
    /// others up to date. Its cost follows the number of changes, not of items.
    pub fn changes(&self) -> Vec<ItemView> {
        let numbers = std::mem::take(&mut *locked(&self.rare.changed));
        let stopping = self.is_stopping();
        numbers
            .into_iter()
            .filter_map(|number| {
                let slot = self.table.get(number)?;
                // Before the look: what changes from now on is listed again.
                slot.lock().listed = false;
                slot.view(stopping)
            })
            .collect()
    }

    // ---- Inside ----------------------------------------------------------------------------------------------------

    #[inline]
    fn alive(&self) -> Result<(), Refusal> {
        if self.ended.load(Ordering::Acquire) { Err(Refusal::Ended) } else { Ok(()) }
    }

    #[cold]
    fn unknown(&self, item: &ItemId) -> Refusal {
        Refusal::InvalidArgument(format!(
            "item '{item}' is not of this session of handler '{}'",
            self.handler
        ))
    }

    #[cold]
    fn there(&self, item: &ItemId) -> Refusal {
        Refusal::InvalidArgument(format!(
            "item '{item}' is in this session of handler '{}' already",
            self.handler
        ))
    }

    /// Applies a word about one item and answers with the cancel request.
    #[inline]
    fn tell(
        &self,
        now: i64,
        item: &ItemId,
        apply: impl FnOnce(&mut ItemState) -> Result<Step, Refusal>,
    ) -> Result<CancelRequest, Refusal> {
        self.word(now)?;
        let (number, slot) = self.table.find(item).ok_or_else(|| self.unknown(item))?;
        {
            let mut state = slot.lock();
            self.alive()?;
            let told = apply(&mut state);
            // A refused report may have failed the item, which is a change as well (R1).
            self.list(number, &mut state);
            self.settle(slot, told?);
        }
        Ok(if self.is_stopping() {
            CancelRequest::All
        } else if slot.cancel.load(Ordering::Relaxed) {
            CancelRequest::Item
        } else {
            CancelRequest::None
        })
    }

    /// Keeps count of open items; a completed one has acknowledged whatever was asked of it (R3). An item that succeeds
    /// or fails instead of being canceled has nothing left to stop, so that settles the request as well.
    #[inline]
    fn settle(&self, slot: &Slot, step: Step) {
        match step {
            Step::On => {}
            Step::Opened => {
                self.rare.open.fetch_add(1, Ordering::AcqRel);
            }
            Step::Completed { awaited } => {
                slot.cancel.store(false, Ordering::Release);
                if awaited && self.rare.open.fetch_sub(1, Ordering::AcqRel) == 1 {
                    let _alone = locked(&self.rare.stopping);
                    if self.rare.open.load(Ordering::Acquire) == 0 {
                        self.stop_all.store(false, Ordering::Release);
                    }
                }
            }
        }
    }

    #[inline]
    fn list(&self, number: u32, state: &mut ItemState) {
        if !state.listed {
            state.listed = true;
            locked(&self.rare.changed).push(number);
        }
    }
}
