//! The callback that the test center hands out: the session's rules, and a record of every call.

use std::sync::Arc;
use std::time::Duration;

use super::{Inner, What};
use crate::callback::{Additional, Stops, SyncCallback};
use crate::error::Refusal;
use crate::event::{EventId, NewEvent};
use crate::handler::{Request, SyncItem};
use crate::ids::{ItemId, RunId};
use crate::outcome::{Counts, Outcome, Phase, Problem};
use crate::session::{EndReason, Session};
use crate::status::{CancelRequest, ProgressStatus};

pub(super) struct TestCallback {
    pub(super) center: Arc<Inner>,
    pub(super) session: Arc<Session>,
}

impl TestCallback {
    fn now(&self) -> i64 {
        self.center.now()
    }

    fn recorded<T>(&self, what: What, answer: Result<T, Refusal>) -> Result<T, Refusal> {
        self.center.record(self.session.run_id(), what, answer.as_ref().map(drop));
        answer
    }

    fn end_by(&self, reason: EndReason) {
        self.center.finish_run(self.session.run_id(), self.session.end(self.now(), reason));
    }
}

impl Drop for TestCallback {
    fn drop(&mut self) {
        self.end_by(EndReason::Dropped);
    }
}

impl SyncCallback for TestCallback {
    fn report_progress(
        &self,
        item: &ItemId,
        text: Option<&str>,
        status: ProgressStatus,
        step: u64,
        max: u64,
    ) -> Result<CancelRequest, Refusal> {
        let answer = self.session.report_progress(self.now(), item, text, status, step, max);
        let told = answer.as_ref().copied().unwrap_or_default();
        let (item, text) = (item.clone(), text.map(str::to_owned));
        self.recorded(What::Progress { item, text, status, step, max, told }, answer)
    }

    fn set_handler_progress_text(&self, text: &str) -> Result<CancelRequest, Refusal> {
        let answer = self.session.set_handler_progress_text(self.now(), text);
        let told = answer.as_ref().copied().unwrap_or_default();
        self.recorded(What::HandlerText { text: text.to_owned(), told }, answer)
    }

    fn report_event(&self, event: NewEvent) -> Result<EventId, Refusal> {
        let reported = event.clone();
        let answer = self
            .session
            .admit_event(self.now(), event, |item| self.center.find(item).is_some())
            .map(|event| self.center.store(self.session.run_id(), event));
        self.recorded(What::Event(reported), answer)
    }

    fn can_continue(&self, item: Option<&ItemId>) -> Result<bool, Refusal> {
        let answer = self.session.can_continue(item);
        let go_on = answer.as_ref().copied().unwrap_or(true);
        self.recorded(What::CanContinue { item: item.cloned(), go_on }, answer)
    }

    fn stops(&self) -> Stops {
        self.session.stops()
    }

    fn query_for_additional_items(&self) -> Result<Additional, Refusal> {
        let answer = self.session.word(self.now()).map(|()| self.center.world().queue.additional());
        self.recorded(What::Query, answer)
    }

    fn add_item_to_session(&self, item: &ItemId) -> Result<(), Refusal> {
        let of_handler = self.center.find(item).is_some();
        let answer = self.session.add_item(self.now(), item, of_handler);
        if answer.is_ok() {
            self.center.world().queue.take_item(item);
        }
        self.recorded(What::AddItem(item.clone()), answer)
    }

    fn add_request_to_session(&self, request: &Request) -> Result<(), Refusal> {
        let answer = self.session.word(self.now()).and_then(|()| {
            let turn = self.center.world().queue.take_request(request);
            let turn = turn.ok_or_else(|| Refusal::InvalidArgument("this request does not wait".into()))?;
            for item in &turn.items {
                // An item that is in the session already is synchronized by it; the request asks for no more.
                if !self.session.contains(item) {
                    self.session.add_item(self.now(), item, true)?;
                }
            }
            Ok(())
        });
        self.recorded(What::AddRequest, answer)
    }

    fn propose_item(&self, item: Arc<dyn SyncItem>) -> Result<(), Refusal> {
        let id = item.id().clone();
        let known = self.center.find(&id).is_some();
        let answer = self.session.propose_item(self.now(), item, known);
        self.recorded(What::Propose(id), answer)
    }

    fn commit_item(&self, item: &ItemId) -> Result<(), Refusal> {
        let answer = self.session.commit_item(self.now(), item).map(|adopted| {
            self.center.world().adopted.push(adopted);
        });
        self.recorded(What::Commit(item.clone()), answer)
    }

    fn report_manual_sync(&self) -> Result<(), Refusal> {
        self.recorded(What::ManualSync, self.session.report_manual_sync(self.now()))
    }

    fn run_id(&self) -> RunId {
        self.session.run_id()
    }

    fn report_phase(&self, item: &ItemId, phase: Phase) -> Result<CancelRequest, Refusal> {
        let answer = self.session.report_phase(self.now(), item, phase);
        let told = answer.as_ref().copied().unwrap_or_default();
        self.recorded(What::Phase { item: item.clone(), phase, told }, answer)
    }

    fn report_outcome(
        &self,
        item: &ItemId,
        outcome: Outcome,
        counts: Counts,
        problem: Option<Problem>,
    ) -> Result<(), Refusal> {
        let answer = self.session.report_outcome(self.now(), item, outcome, counts, problem);
        self.recorded(What::Outcome { item: item.clone(), outcome, counts }, answer)
    }

    fn extend_lease(&self, lease: Duration) -> Result<(), Refusal> {
        self.recorded(What::ExtendLease(lease), self.session.extend_lease(self.now(), lease))
    }

    fn end(&self) {
        self.end_by(EndReason::Ended);
        self.center.record(self.session.run_id(), What::End, Ok(()));
    }
}
