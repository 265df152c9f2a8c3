//! A session as the handler sees it, with the center in another process.
//!
//! Reports of work in progress are told and not waited for: what the center asks to stop is pushed, so that the answer is
//! known here. Whatever can be refused is asked: the first word about an item, every last word, everything else.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use syncmgr::{
    Additional, CancelRequest, Counts, EventId, ItemId, NewEvent, Outcome, Phase, Problem, ProgressStatus,
    Refusal, Request, RunId, Stops, SyncCallback, SyncItem,
};
use wire::rpc::center as say;
use wire::rpc::handler::ItemDescription;

use crate::peer::{Peer, locked};
use crate::server::Shared;

/// A handler that only asks whether to go on is heard of this often.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// The handler's end of a session.
pub(crate) struct RemoteSession {
    shared: Arc<Shared>,
    number: u64,
    run: RunId,
    state: Mutex<State>,
}

struct State {
    /// Items of which the center has heard, and whether they are complete.
    items: HashMap<ItemId, bool>,
    cancel_all: bool,
    canceled: HashSet<ItemId>,
    /// Grows with every stop that is pushed: an answer that was on its way meanwhile does not undo it.
    pushed: u64,
    ended: bool,
    told: Instant,
}

impl RemoteSession {
    pub(crate) fn new(shared: Arc<Shared>, created: say::Created) -> Self {
        Self {
            shared,
            number: created.session,
            run: RunId(created.run.0),
            state: Mutex::new(State {
                items: HashMap::new(),
                cancel_all: false,
                canceled: HashSet::new(),
                pushed: 0,
                ended: false,
                told: Instant::now(),
            }),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    fn peer(&self) -> &Peer {
        &self.shared.peer
    }

    /// A stop was pushed.
    pub(crate) fn cancel(&self, item: Option<&str>) {
        let mut state = locked(&self.state);
        state.pushed += 1;
        match item.map(ItemId::new) {
            None => state.cancel_all = true,
            Some(Ok(item)) => drop(state.canceled.insert(item)),
            // No item of ours has such an identifier.
            Some(Err(_)) => {}
        }
    }

    /// The center has ended it.
    pub(crate) fn ended(&self) {
        locked(&self.state).ended = true;
    }

    /// Asks, and takes over what the answer says about stops.
    fn asked(
        &self,
        item: Option<&ItemId>,
        ask: impl FnOnce() -> Result<say::Told, Refusal>,
    ) -> Result<CancelRequest, Refusal> {
        let before = locked(&self.state).pushed;
        let answer = ask();
        let mut state = locked(&self.state);
        state.told = Instant::now();
        if answer == Err(Refusal::Ended) {
            state.ended = true;
        }
        let told = answer?.cancel.0.unwrap_or_default();
        match told {
            CancelRequest::All => state.cancel_all = true,
            CancelRequest::Item => state.canceled.extend(item.cloned()),
            CancelRequest::None if state.pushed == before => {
                state.cancel_all = false;
                if let Some(item) = item {
                    state.canceled.remove(item);
                }
            }
            CancelRequest::None => {}
        }
        Ok(told)
    }
}

impl State {
    fn asked_to_stop(&self, item: &ItemId) -> CancelRequest {
        if self.cancel_all {
            CancelRequest::All
        } else if self.canceled.contains(item) {
            CancelRequest::Item
        } else {
            CancelRequest::None
        }
    }
}

impl SyncCallback for RemoteSession {
    fn report_progress(
        &self,
        item: &ItemId,
        text: Option<&str>,
        status: ProgressStatus,
        step: u64,
        max: u64,
    ) -> Result<CancelRequest, Refusal> {
        let report = say::ReportProgress {
            session: self.number,
            item: item.as_str().into(),
            text: text.map(|text| syncmgr::text::progress(text).into()),
            status: status.into(),
            step: step.into(),
            max: max.into(),
        };
        if !status.completes() {
            let mut state = locked(&self.state);
            if state.ended {
                return Err(Refusal::Ended);
            }
            if state.items.get(item) == Some(&false) {
                state.told = Instant::now();
                let stop = state.asked_to_stop(item);
                drop(state);
                return self.peer().tell(&report).map(|()| stop);
            }
        }
        let answer = self.asked(Some(item), || self.peer().call(&report))?;
        let mut state = locked(&self.state);
        *state.items.entry(item.clone()).or_default() |= status.completes();
        if status.completes() {
            state.canceled.remove(item);
        }
        Ok(answer)
    }

    fn set_handler_progress_text(&self, text: &str) -> Result<CancelRequest, Refusal> {
        let text = syncmgr::text::progress(text).to_owned();
        let message = say::SetHandlerProgressText { session: self.number, text };
        self.asked(None, || self.peer().call(&message))
    }

    fn report_event(&self, event: NewEvent) -> Result<EventId, Refusal> {
        let message = say::ReportEvent {
            session: self.number,
            item: event.item.as_ref().map(ItemId::to_string),
            level: event.level.into(),
            name: event.name,
            description: event.description,
            fix: None,
            link_text: event.link_text,
            link_reference: event.link_reference,
            context: event.context,
        };
        self.peer().call(&message).map(|reported| EventId(reported.event.0))
    }

    fn can_continue(&self, item: Option<&ItemId>) -> Result<bool, Refusal> {
        let question = || say::CanContinue { session: self.number, item: item.map(ItemId::to_string) };
        let mut state = locked(&self.state);
        if state.ended {
            return Err(Refusal::Ended);
        }
        if item.is_some_and(|item| !state.items.contains_key(item)) {
            drop(state);
            return self.peer().call(&question()).map(|answer| answer.go_on);
        }
        let go_on = !state.cancel_all && item.is_none_or(|item| !state.canceled.contains(item));
        // Asking is a word of the handler, and renews its lease (R12).
        let silent = state.told.elapsed() >= SIGN_OF_LIFE;
        if silent {
            state.told = Instant::now();
            drop(state);
            self.peer().tell(&question())?;
        }
        Ok(go_on)
    }

    fn stops(&self) -> Stops {
        let state = locked(&self.state);
        Stops { ended: state.ended, all: state.cancel_all, items: state.canceled.iter().cloned().collect() }
    }

    fn query_for_additional_items(&self) -> Result<Additional, Refusal> {
        let answer = self.peer().call(&say::QueryForAdditionalItems { session: self.number })?;
        let items = answer.items.iter().map(|item| ItemId::new(item)).collect::<Result<_, _>>()?;
        // A request is what the handler itself made of its options; the same number is the same request.
        let requests = answer
            .requests
            .into_iter()
            .filter_map(|waiting| self.shared.waiting_request(waiting.request, &waiting.options))
            .collect();
        Ok(Additional { items, requests })
    }

    fn add_item_to_session(&self, item: &ItemId) -> Result<(), Refusal> {
        let message = say::AddItemToSession { session: self.number, item: item.to_string() };
        self.peer().call(&message).map(drop)
    }

    fn add_request_to_session(&self, request: &Request) -> Result<(), Refusal> {
        let request = self.shared.number_of(request).ok_or_else(|| {
            Refusal::InvalidArgument("this request does not wait for the session's handler".into())
        })?;
        self.peer().call(&say::AddRequestToSession { session: self.number, request }).map(drop)
    }

    fn propose_item(&self, item: Arc<dyn SyncItem>) -> Result<(), Refusal> {
        let message = say::ProposeItem { session: self.number, item: ItemDescription::of(item.as_ref()) };
        self.peer().call(&message)?;
        self.shared.proposed(item);
        Ok(())
    }

    fn commit_item(&self, item: &ItemId) -> Result<(), Refusal> {
        self.peer().call(&say::CommitItem { session: self.number, item: item.to_string() }).map(drop)
    }

    fn report_manual_sync(&self) -> Result<(), Refusal> {
        self.peer().call(&say::ReportManualSync { session: self.number }).map(drop)
    }

    fn run_id(&self) -> RunId {
        self.run
    }

    fn report_phase(&self, item: &ItemId, phase: Phase) -> Result<CancelRequest, Refusal> {
        let message = say::ReportPhase { session: self.number, item: item.to_string(), phase: phase.into() };
        self.asked(Some(item), || self.peer().call(&message))
    }

    fn report_outcome(
        &self,
        item: &ItemId,
        outcome: Outcome,
        counts: Counts,
        problem: Option<Problem>,
    ) -> Result<(), Refusal> {
        let message = say::ReportOutcome {
            session: self.number,
            item: item.to_string(),
            outcome: outcome.into(),
            counts: counts.into(),
            problem: problem.map(Into::into),
        };
        self.peer().call(&message).map(drop)
    }

    fn extend_lease(&self, lease: Duration) -> Result<(), Refusal> {
        let seconds = lease.as_secs() + u64::from(lease.subsec_nanos() > 0);
        self.peer().call(&say::ExtendLease { session: self.number, seconds }).map(drop)
    }

    fn end(&self) {
        if !std::mem::replace(&mut locked(&self.state).ended, true) {
            // It is refused when the center was faster.
            let _ = self.peer().call(&say::EndSession { session: self.number, let_go: false });
        }
        self.shared.forget_session(self.number);
    }
}

/// The last callback of a session was let go of: that ends it (R12).
impl Drop for RemoteSession {
    fn drop(&mut self) {
        if !locked(&self.state).ended {
            // Not waited for: a session can be let go of on any thread.
            let _ = self.peer().tell(&say::EndSession { session: self.number, let_go: true });
        }
        self.shared.forget_session(self.number);
    }
}
