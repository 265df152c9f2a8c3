//! Sessions from their beginning to their end: on record, under a lease, and counted.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use store::{NewRun, RunEnd, RunItemEnd, StoreError};
use syncmgr::switches::Origin;
use syncmgr::{EndReason, Ended, Event, EventId, HandlerId, ItemId, NewEvent, Refusal, RunId, Session};

use crate::callback::Callback;
use crate::center::{Inner, locked, unknown_handler};
use crate::feed::What;
use crate::open::{Open, OpenedBy};
use crate::outside::Holder;
use crate::verdict::Verdict;
use crate::vital::Vital;

/// How often leases are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often stops are looked at that wait for an answer.
const LOOK_AT_STOPS_EVERY: Duration = Duration::from_millis(250);
/// The results are tidied up with every so many-th run.
const RETAIN_EVERY: u64 = 128;

/// How a session comes into being.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Beginning {
    /// As a new run, that began then (milliseconds since 1970); none: now.
    New(Option<i64>),
    /// As a run that was left unfinished.
    Resumed(RunId),
}

impl Inner {
    pub(crate) fn create_session(
        self: &Arc<Self>,
        by: OpenedBy<'_>,
        handler: &HandlerId,
        items: &[ItemId],
        beginning: Beginning,
    ) -> Result<Arc<Callback>, Refusal> {
        if items.is_empty() {
            return Err(Refusal::InvalidArgument("a session needs at least one item".into()));
        }
        let _one_at_a_time = locked(&self.beginning);
        if let Some(turn) = by.turn() {
            // A handler that goes on to its next session is not on its way out.
            let left: Vec<Arc<Open>> = self
                .lock()
                .open
                .iter()
                .filter(|open| open.belongs_to(turn) && open.is_dropped())
                .cloned()
                .collect();
            for open in left {
                self.end(&open, EndReason::Dropped);
            }
        }
        {
            let state = self.lock();
            let entry = state.handler(handler).ok_or_else(|| unknown_handler(handler))?;
            entry.may_start(Origin::Outside)?;
            for item in items {
                entry.item_may_start(entry.item(item)?, Origin::Outside)?;
            }
            let busy =
                state.open_of(handler).next().is_some() || (by.turn().is_none() && !entry.turns.is_empty());
            if busy && !entry.is_concurrent() {
                return Err(Refusal::AccessDenied(format!(
                    "'{}' is being synchronized already, and does not support several sessions at once",
                    entry.name()
                )));
            }
        }
        let open = self.begin(by, handler, items, beginning)?;
        Ok(Arc::new(Callback { inner: Arc::clone(self), open }))
    }

    pub(crate) fn begin(
        self: &Arc<Self>,
        by: OpenedBy<'_>,
        handler: &HandlerId,
        items: &[ItemId],
        beginning: Beginning,
    ) -> Result<Arc<Open>, Refusal> {
        let recorder = match beginning {
            Beginning::New(started) => {
                let started = started.unwrap_or_else(|| self.clock.wall());
                let reference = by.reference().map(str::to_owned);
                let items = items.to_vec();
                self.store.begin_run(NewRun { handler: handler.clone(), items, started, reference })?
            }
            Beginning::Resumed(run) => self.store.resume_run(run)?.ok_or(Refusal::Ended)?,
        };
        let started = recorder.started();
        let now = self.clock.steady();
        let session = Session::new(recorder.run(), handler.clone(), items, now)?;
        let open = Arc::new(Open::new(session, recorder, by, started));
        {
            let mut state = self.lock();
            state.open.push(Arc::clone(&open));
            let (run, handler, items) = (open.session.run_id(), handler.clone(), items.to_vec());
            self.feed.note(started, What::SessionBegan { run, handler, items, started });
        }
        if let Some(turn) = &open.turn {
            turn.begin(&open, now);
        }
        self.forget_own_events(handler, items, open.session.run_id());
        self.watch_sessions();
        self.feed.ring();
        self.announce_queue(handler);
        Ok(open)
    }

    /// A line of the results.
    pub(crate) fn record_event(
        &self,
        open: &Open,
        event: NewEvent,
        time: i64,
    ) -> Result<EventId, StoreError> {
        let told = self.feed.is_open().then(|| event.clone());
        let id = open.recorder.event(event, time)?;
        if let Some(event) = told {
            let (handler, run) = (open.session.handler().clone(), open.session.run_id());
            self.tell(What::Event(Event { id, handler, run, time, event }));
        }
        Ok(id)
    }

    /// Ends a session, if nobody did so before.
    pub(crate) fn end(self: &Arc<Self>, open: &Arc<Open>, reason: EndReason) {
        if let Some(ended) = open.session.end(self.clock.steady(), reason) {
            self.close(open, ended);
        }
    }

    /// Lets go of a session: its run goes on elsewhere, or is an interrupted one soon.
    pub(crate) fn release(self: &Arc<Self>, open: &Arc<Open>) -> Result<(), Refusal> {
        if open.session.end(self.clock.steady(), EndReason::Shutdown).is_none() {
            return Err(Refusal::Ended);
        }
        let released = open.recorder.release();
        let handler = open.session.handler();
        let held = {
            let mut state = self.lock();
            state.open.retain(|other| !Arc::ptr_eq(other, open));
            state.outside.remove(&open.session.run_id())
        };
        drop(held);
        for item in open.session.snapshot().items {
            self.tell(What::ItemChanged { handler: handler.clone(), item: item.id });
        }
        self.announce();
        self.pump(handler);
        Ok(released?)
    }

    /// Writes down what a session came to and tells those who wait. Exactly one caller gets here for each session.
    fn close(self: &Arc<Self>, open: &Arc<Open>, ended: Ended) {
        let wall = open.ended.get().copied().unwrap_or_else(|| self.clock.wall());
        let handler = open.session.handler();
        let mut trouble = None;
        for event in ended.events {
            trouble = self.record_event(open, event, wall).err().map(Refusal::from).or(trouble);
        }
        let mut result = ended.result;
        result.conflicts = self.open_conflicts(handler, &ended.items).unwrap_or(result.conflicts);
        let items: Vec<RunItemEnd> = ended
            .items
            .iter()
            .map(|end| RunItemEnd {
                item: end.item.clone(),
                status: end.status,
                outcome: end.outcome,
                counts: end.counts,
                problem: end.problem.clone(),
            })
            .collect();
        let end = RunEnd {
            ended: wall,
            recorded: self.clock.wall(),
            status: result.status,
            outcome: result.outcome,
            manual: ended.manual,
            conflicts: result.conflicts,
            items,
        };
        match open.recorder.finish(end) {
            Ok(errors) => result.errors = errors,
            Err(error) => trouble = Some(error.into()),
        }
        let run = open.recorder.run();
        let verdict = Verdict { runs: vec![run], result, items: ended.items, trouble };
        open.conclude(&verdict);
        let told = What::SessionEnded {
            run,
            handler: handler.clone(),
            started: open.started,
            result: verdict.result,
            items: verdict.items.clone(),
        };
        if let Some(turn) = &open.turn {
            turn.close(verdict);
            if matches!(ended.reason, EndReason::LeaseExpired | EndReason::LeftBehind) {
                turn.fell_silent();
            }
        }
        let held = {
            let mut state = self.lock();
            state.open.retain(|other| !Arc::ptr_eq(other, open));
            self.feed.note(wall, told);
            state.outside.remove(&run)
        };
        drop(held);
        self.feed.ring();
        self.announce();
        let retention = self.lock().retention;
        if run.0.is_multiple_of(RETAIN_EVERY) || retention.last_run_only {
            // Tidying up is not worth a failure: the next time will do.
            let _ = self.store.retain(retention, self.clock.wall());
        }
        self.pump(handler);
    }

    pub(crate) fn look_at_sessions(self: &Arc<Self>) {
        let _one_at_a_time = locked(&self.looking);
        let open = self.lock().open.clone();
        for open in open {
            if let Some(ended) = open.session.expire(self.clock.steady()) {
                self.close(&open, ended);
            } else if open.holder.as_ref().is_some_and(Holder::is_gone) {
                self.end(&open, EndReason::HolderGone);
            }
        }
        self.escalate();
    }

    /// Looks at leases and stops for as long as there are some.
    pub(crate) fn watch_sessions(self: &Arc<Self>) {
        if std::mem::replace(&mut self.lock().watched, true) {
            return;
        }
        let inner = Arc::clone(self);
        let spawned = thread::Builder::new().name("sessions".into()).spawn(move || {
            let at_work = inner.at_work(Vital::Sessions);
            loop {
                at_work.beat();
                let hurry = inner.lock().is_stopping();
                let every = if hurry { LOOK_AT_STOPS_EVERY } else { LOOK_EVERY };
                let mut state =
                    inner.wait(every, |state| !state.is_to_be_watched() || (!hurry && state.is_stopping()));
                if !state.is_to_be_watched() {
                    state.watched = false;
                    return;
                }
                drop(state);
                inner.look_at_sessions();
            }
        });
        if spawned.is_err() {
            // The next session tries again; until then returning and dropping still end sessions.
            self.lock().watched = false;
        }
    }
}
