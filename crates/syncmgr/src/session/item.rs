//! One item of a session: what it reported, and which reports are accepted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::end::ItemEnd;
use super::view::{ItemView, Progress};
use crate::error::Refusal;
use crate::handler::SyncItem;
use crate::ids::ItemId;
use crate::outcome::{Counts, Outcome, Phase, Problem, ProblemClass};
use crate::status::{CancelRequest, ProgressStatus};
use crate::text;

/// A text buffer larger than this is given back when the item completes: a million finished items need no room to grow.
const KEPT_TEXT: usize = 64;

pub(super) struct Slot {
    pub(super) id: ItemId,
    /// A cancel request of this item that was not acknowledged (R3). Beside the lock, so that asking takes none.
    pub(super) cancel: AtomicBool,
    state: Mutex<ItemState>,
}

impl Slot {
    pub(super) fn new(id: ItemId) -> Self {
        Self { id, cancel: AtomicBool::new(false), state: Mutex::default() }
    }

    pub(super) fn proposed(id: ItemId, item: Arc<dyn SyncItem>) -> Self {
        let state = ItemState { proposal: Some(Box::new(item)), ..ItemState::default() };
        Self { state: Mutex::new(state), ..Self::new(id) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, ItemState> {
        // The state is whole after every statement that could panic, so a poisoned lock tells nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a screen shows of it; none while it is only proposed (R8).
    pub(super) fn view(&self, stop_all: bool) -> Option<ItemView> {
        let state = self.lock();
        if state.hidden() {
            return None;
        }
        Some(ItemView {
            id: self.id.clone(),
            status: state.status,
            progress: Progress::of(state.status, state.step, state.max),
            step: state.step,
            max: state.max,
            text: state.text.clone(),
            phase: state.phase,
            reported_at: state.heard().then_some(state.reported_at),
            errors: state.errors,
            cancel: if state.completed() {
                CancelRequest::None
            } else if stop_all {
                CancelRequest::All
            } else if self.cancel.load(Ordering::Relaxed) {
                CancelRequest::Item
            } else {
                CancelRequest::None
            },
            outcome: state.completed().then(|| state.outcome()),
        })
    }
}

/// What a handler said about the result of an item before its final status.
struct Said {
    outcome: Outcome,
    counts: Counts,
    problem: Option<Problem>,
}

#[derive(Default)]
pub(super) struct ItemState {
    step: u64,
    max: u64,
    reported_at: i64,
    text: String,
    said: Option<Box<Said>>,
    /// The item as it was proposed, until it is committed (R8). A box, because it is rare and half as large.
    proposal: Option<Box<Arc<dyn SyncItem>>>,
    errors: u32,
    status: Option<ProgressStatus>,
    phase: Option<Phase>,
    /// The status that was reported although the item was complete (R1).
    broken_by: Option<ProgressStatus>,
    /// Anything was reported (R2).
    reported: bool,
    /// It waits in the session's list of changes.
    pub(super) listed: bool,
}

/// What an accepted report changed for the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The item goes on.
    On,
    /// The item has become one that a stop of everything waits for.
    Opened,
    /// The item is complete now and was not before; a stop of everything has waited for it, or (a proposal that is
    /// completed by its first report) has not.
    Completed { awaited: bool },
}

impl ItemState {
    /// Whether a completion status was accepted (R1).
    pub(super) fn completed(&self) -> bool {
        self.status.is_some_and(ProgressStatus::completes)
    }

    pub(super) fn heard(&self) -> bool {
        self.reported
    }

    /// Whether it is proposed and not committed (R8).
    pub(super) fn hidden(&self) -> bool {
        self.proposal.is_some()
    }

    /// Whether a stop of everything has to wait for this item's acknowledgement. A proposal counts from its first
    /// report: before that, nothing runs that could be stopped.
    pub(super) fn open(&self) -> bool {
        !self.completed() && (self.reported || !self.hidden())
    }

    fn touched(&mut self, now: i64) -> Step {
        let was_open = self.open();
        self.reported = true;
        self.reported_at = now;
        if !was_open && self.open() { Step::Opened } else { Step::On }
    }

    /// A report of the item's state (R1, R5, R6).
    pub(super) fn report(
        &mut self,
        id: &ItemId,
        now: i64,
        text: Option<&str>,
        status: ProgressStatus,
        steps: (u64, u64),
    ) -> Result<Step, Refusal> {
        if let Some(final_status) = self.status.filter(|status| status.completes())
            && status != ProgressStatus::Failed
        {
            self.status = Some(ProgressStatus::Failed);
            self.broken_by.get_or_insert(status);
            return Err(Refusal::AccessDenied(format!(
                "item '{id}' was complete ({}); only 'failed' may follow, but '{}' was reported, so it is failed now",
                final_status.word(),
                status.word(),
            )));
        }
        let mut step = self.touched(now);
        if let Some(text) = text {
            self.text.clear();
            self.text.push_str(text::progress(text));
        }
        // A last word often comes with zero steps ("skipped"): the bar then stays where it was.
        if steps.1 > 0 || !status.completes() {
            (self.step, self.max) = steps;
        }
        if status.completes() {
            if !self.completed() {
                step = Step::Completed { awaited: step != Step::Opened };
            }
            if self.text.capacity() > KEPT_TEXT {
                self.text.shrink_to_fit();
            }
        }
        self.status = Some(status);
        Ok(step)
    }

    pub(super) fn report_phase(&mut self, id: &ItemId, now: i64, phase: Phase) -> Result<Step, Refusal> {
        if self.completed() {
            return Err(Refusal::AccessDenied(format!("item '{id}' is complete; it has no phase any more")));
        }
        self.phase = Some(phase);
        Ok(self.touched(now))
    }

    pub(super) fn report_outcome(
        &mut self,
        id: &ItemId,
        now: i64,
        outcome: Outcome,
        counts: Counts,
        problem: Option<Problem>,
    ) -> Result<Step, Refusal> {
        if self.completed() && outcome <= self.outcome() {
            return Err(Refusal::AccessDenied(format!(
                "item '{id}' is complete ({}); its outcome can only become worse",
                self.outcome().word()
            )));
        }
        self.said = Some(Box::new(Said { outcome, counts, problem }));
        Ok(self.touched(now))
    }

    pub(super) fn count_error(&mut self) {
        self.errors = self.errors.saturating_add(1);
    }

    /// Takes the proposal: the item is one of the handler's from now on (R8).
    pub(super) fn commit(&mut self) -> Option<(Arc<dyn SyncItem>, Step)> {
        let was_open = self.open();
        let item = *self.proposal.take()?;
        Some((item, if !was_open && self.open() { Step::Opened } else { Step::On }))
    }

    fn outcome(&self) -> Outcome {
        Outcome::of(
            self.status.unwrap_or(ProgressStatus::Failed),
            self.said.as_ref().map(|said| said.outcome),
        )
    }

    /// What the item comes to when its session ends now (R1, R2, R11, R12).
    pub(super) fn end(&mut self, id: &ItemId, canceled: bool) -> ItemEnd {
        let said = self.said.take();
        let said_outcome = said.as_ref().map(|said| said.outcome);
        let (counts, problem) = said.map_or((Counts::default(), None), |said| (said.counts, said.problem));
        let bug = |text: String| Some(Problem::new(ProblemClass::Bug, text));
        let (status, outcome, fallback) = match self.status {
            Some(status) if status.completes() => {
                let fallback = self.broken_by.and_then(|late| {
                    bug(format!(
                        "the handler reported '{}' for '{id}' after it had reported the item complete",
                        late.word()
                    ))
                });
                (status, Outcome::of(status, said_outcome), fallback)
            }
            Some(ProgressStatus::Disconnected) => {
                (ProgressStatus::Disconnected, Outcome::of(ProgressStatus::Disconnected, said_outcome), None)
            }
            _ if !self.reported => (
                ProgressStatus::Failed,
                Outcome::Failed,
                bug(format!("no result: the session ended and the handler had said nothing about '{id}'")),
            ),
            _ => (
                ProgressStatus::Failed,
                Outcome::of(ProgressStatus::Updating, said_outcome),
                Some(
                    Problem::new(
                        ProblemClass::Transient,
                        format!("the session ended while '{id}' was being synchronized"),
                    )
                    .with_fix("synchronize it again"),
                ),
            ),
        };
        ItemEnd {
            item: id.clone(),
            status,
            outcome,
            counts,
            problem: problem.or(fallback),
            errors: u64::from(self.errors),
            progress: Progress::of(self.status, self.step, self.max),
            text: std::mem::take(&mut self.text),
            reported: self.reported,
            completed: self.completed(),
            canceled: canceled && !self.completed(),
            broken_by: self.broken_by,
        }
    }
}
