//! The session as its handler holds it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use syncmgr::switches::Origin;
use syncmgr::{
    Additional, CancelRequest, Counts, EndReason, EventId, ItemId, NewEvent, Outcome, Phase, Problem,
    ProgressStatus, Refusal, Request, RunId, Stops, SyncCallback, SyncItem,
};

use crate::center::Inner;
use crate::feed::What;
use crate::open::Open;
use crate::registry;

/// The callback of one session. When the last one is dropped, the session ends (R12).
pub(crate) struct Callback {
    pub(crate) inner: Arc<Inner>,
    pub(crate) open: Arc<Open>,
}

impl Callback {
    fn now(&self) -> i64 {
        self.inner.clock.steady()
    }

    /// Makes a further item part of the session.
    fn take_in(&self, item: &ItemId) -> Result<(), Refusal> {
        let handler = self.open.session.handler();
        let of_handler = self.inner.with_handler(handler, |entry| match entry.items.get(item) {
            None => Ok(false),
            Some(item) => entry.item_may_start(item, Origin::Outside).map(|()| true),
        })?;
        self.open.session.add_item(self.now(), item, of_handler)?;
        self.joined(item)
    }

    pub(crate) fn report_event_at(&self, event: NewEvent, time: i64) -> Result<EventId, Refusal> {
        let handler = self.open.session.handler();
        let event = self.open.session.admit_event(self.now(), event, |item| {
            self.inner.with_handler(handler, |entry| Ok(entry.items.get(item).is_some())).unwrap_or(false)
        })?;
        Ok(self.inner.record_event(&self.open, event, time)?)
    }

    /// An item is part of the session from now on, also on record.
    fn joined(&self, item: &ItemId) -> Result<(), Refusal> {
        self.open.recorder.add_items(std::slice::from_ref(item), self.inner.clock.wall())?;
        self.inner.tell(What::ItemsJoined {
            run: self.open.session.run_id(),
            handler: self.open.session.handler().clone(),
            items: vec![item.clone()],
        });
        Ok(())
    }
}

impl SyncCallback for Callback {
    fn report_progress(
        &self,
        item: &ItemId,
        text: Option<&str>,
        status: ProgressStatus,
        step: u64,
        max: u64,
    ) -> Result<CancelRequest, Refusal> {
        let answer = self.open.session.report_progress(self.now(), item, text, status, step, max);
        if status.completes() {
            self.inner.announce();
        }
        answer
    }

    fn set_handler_progress_text(&self, text: &str) -> Result<CancelRequest, Refusal> {
        self.open.session.set_handler_progress_text(self.now(), text)
    }

    fn report_event(&self, event: NewEvent) -> Result<EventId, Refusal> {
        self.report_event_at(event, self.inner.clock.wall())
    }

    fn can_continue(&self, item: Option<&ItemId>) -> Result<bool, Refusal> {
        self.open.session.can_continue(item)
    }

    fn stops(&self) -> Stops {
        self.open.session.stops()
    }

    fn query_for_additional_items(&self) -> Result<Additional, Refusal> {
        self.open.session.word(self.now())?;
        self.inner.with_handler(self.open.session.handler(), |entry| Ok(entry.queue.additional()))
    }

    fn add_item_to_session(&self, item: &ItemId) -> Result<(), Refusal> {
        self.take_in(item)?;
        let tickets =
            self.inner.with_handler(self.open.session.handler(), |entry| Ok(entry.queue.take_item(item)))?;
        self.open.add_tickets(tickets);
        self.inner.announce_queue(self.open.session.handler());
        Ok(())
    }

    fn add_request_to_session(&self, request: &Request) -> Result<(), Refusal> {
        self.open.session.word(self.now())?;
        let turn = self
            .inner
            .with_handler(self.open.session.handler(), |entry| Ok(entry.queue.take_request(request)))?
            .ok_or_else(|| {
                Refusal::InvalidArgument("this request does not wait for the session's handler".into())
            })?;
        // Whoever asked for these items is answered by this session, so it owes a word about each of them. Those that
        // are in it already, or may not be synchronized any more, stay as they are.
        for item in &turn.items {
            let _ = self.take_in(item);
        }
        self.open.add_tickets(turn.tickets);
        self.inner.announce_queue(self.open.session.handler());
        Ok(())
    }

    fn propose_item(&self, item: Arc<dyn SyncItem>) -> Result<(), Refusal> {
        let known = self
            .inner
            .with_handler(self.open.session.handler(), |entry| Ok(entry.items.get(item.id()).is_some()))?;
        self.open.session.propose_item(self.now(), item, known)
    }

    fn commit_item(&self, item: &ItemId) -> Result<(), Refusal> {
        let handler = self.open.session.handler();
        let proposal = self.open.session.commit_item(self.now(), item)?;
        let entry = registry::load_item(proposal, None);
        self.inner.with_handler(handler, |handler| {
            handler.items.add(entry);
            Ok(())
        })?;
        self.joined(item)?;
        self.inner.announce_handler(handler);
        Ok(())
    }

    fn report_manual_sync(&self) -> Result<(), Refusal> {
        self.open.session.report_manual_sync(self.now())
    }

    fn run_id(&self) -> RunId {
        self.open.session.run_id()
    }

    fn report_phase(&self, item: &ItemId, phase: Phase) -> Result<CancelRequest, Refusal> {
        self.open.session.report_phase(self.now(), item, phase)
    }

    fn report_outcome(
        &self,
        item: &ItemId,
        outcome: Outcome,
        counts: Counts,
        problem: Option<Problem>,
    ) -> Result<(), Refusal> {
        self.open.session.report_outcome(self.now(), item, outcome, counts, problem)
    }

    fn extend_lease(&self, lease: Duration) -> Result<(), Refusal> {
        self.open.session.extend_lease(self.now(), lease)
    }

    fn end(&self) {
        self.inner.end(&self.open, EndReason::Ended);
    }
}

impl Drop for Callback {
    fn drop(&mut self) {
        // In the middle of `synchronize`, a handler that lets go of its session is most often on its way out with an
        // error, which says more than "it let go". That is a matter of moments, and what is not: see the lease.
        if self.open.turn.is_some() && self.open.session.open_items() > 0 {
            self.open.dropped.store(true, Ordering::Release);
            self.inner.announce();
        } else {
            self.inner.end(&self.open, EndReason::Dropped);
        }
    }
}
