//! How those who started something learn what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use syncmgr::control::SyncResult;
use syncmgr::{
    Counts, ItemEnd, ItemId, Outcome, Problem, ProblemClass, Progress, ProgressStatus, Refusal, RunId,
    RunResult,
};

/// What a start came to.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The runs that are on record for it; none when it was stopped while it waited.
    pub runs: Vec<RunId>,
    /// All items folded into one (R14), with the error events and open conflicts.
    pub result: RunResult,
    /// Each item.
    pub items: Vec<ItemEnd>,
    /// Why the results could not be written, if they could not: then what is said here is on no record.
    pub trouble: Option<Refusal>,
}

impl Verdict {
    /// Of a request that was taken back while it waited.
    pub(crate) fn canceled() -> Self {
        Self::without_run(ProgressStatus::Canceled, Outcome::Canceled)
    }

    /// Of a request that had nothing to do.
    pub fn nothing() -> Self {
        Self::without_run(ProgressStatus::Succeeded, Outcome::Done)
    }

    fn without_run(status: ProgressStatus, outcome: Outcome) -> Self {
        let result = RunResult { status, outcome, errors: 0, conflicts: 0 };
        Self { runs: Vec::new(), result, items: Vec::new(), trouble: None }
    }

    /// Of items that failed and could not even be recorded.
    pub(crate) fn unrecorded(items: &[ItemId], problem: &Problem, trouble: Refusal) -> Self {
        let items: Vec<ItemEnd> = items
            .iter()
            .map(|item| ItemEnd {
                item: item.clone(),
                status: ProgressStatus::Failed,
                outcome: Outcome::Failed,
                counts: Counts::default(),
                problem: Some(problem.clone()),
                errors: 0,
                progress: Progress::Waiting,
                text: String::new(),
                reported: false,
                completed: false,
                canceled: false,
                broken_by: None,
            })
            .collect();
        Self { runs: Vec::new(), result: RunResult::fold(&items), items, trouble: Some(trouble) }
    }

    /// Several sessions of one request in one verdict.
    pub(crate) fn of_sessions(closed: &[Self]) -> Self {
        let mut all = Self::nothing();
        for one in closed {
            all.runs.extend(&one.runs);
            all.items.extend_from_slice(&one.items);
            all.result.errors += one.result.errors;
            all.result.conflicts += one.result.conflicts;
            all.trouble = all.trouble.or_else(|| one.trouble.clone());
        }
        let folded = RunResult::fold(&all.items);
        all.result.status = folded.status;
        all.result.outcome = folded.outcome;
        all
    }
}

/// Whoever waits for a verdict.
#[derive(Clone)]
pub(crate) enum Ticket {
    Caller(Arc<dyn SyncResult>),
    Slot(Arc<Slot>),
}

impl Ticket {
    pub(crate) fn deliver(&self, verdict: &Verdict) {
        match self {
            Self::Caller(caller) => {
                let RunResult { status, outcome, errors, conflicts } = verdict.result;
                // A caller that panics harms itself, not the thread that has more to tell.
                let _ = catch_unwind(AssertUnwindSafe(|| caller.result(status, outcome, errors, conflicts)));
            }
            Self::Slot(slot) => slot.fill(verdict),
        }
    }
}

/// Those who wait for one verdict. Whoever comes after it was given gets it at once: nobody waits for ever.
#[derive(Default)]
pub(crate) struct Tickets {
    waiting: Vec<Ticket>,
    given: Option<Verdict>,
}

impl Tickets {
    pub(crate) fn new(waiting: Vec<Ticket>) -> Self {
        Self { waiting, given: None }
    }

    /// Adds one who waits, or gives back who is to be told at once, and what.
    #[must_use]
    pub(crate) fn add(&mut self, ticket: Ticket) -> Option<(Ticket, Verdict)> {
        match &self.given {
            Some(verdict) => Some((ticket, verdict.clone())),
            None => {
                self.waiting.push(ticket);
                None
            }
        }
    }

    /// Gives the verdict; the answer is who is to be told.
    #[must_use]
    pub(crate) fn give(&mut self, verdict: &Verdict) -> Vec<Ticket> {
        self.given = Some(verdict.clone());
        std::mem::take(&mut self.waiting)
    }
}

#[derive(Default)]
pub(crate) struct Slot {
    verdict: Mutex<Option<Verdict>>,
    filled: Condvar,
}

impl Slot {
    fn fill(&self, verdict: &Verdict) {
        let mut slot = self.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert_with(|| verdict.clone());
        self.filled.notify_all();
    }
}

/// Something that was started; gives its verdict when there is one.
#[derive(Clone)]
pub struct Started {
    slot: Arc<Slot>,
}

impl Started {
    pub(crate) fn new() -> (Self, Ticket) {
        let slot = Arc::<Slot>::default();
        (Self { slot: Arc::clone(&slot) }, Ticket::Slot(slot))
    }

    /// Of something that was refused in the moment in which it was to begin: it failed for a reason that may pass.
    pub(crate) fn refused(items: &[ItemId], refusal: Refusal) -> Self {
        let (started, ticket) = Self::new();
        let problem = Problem::new(ProblemClass::Transient, refusal.to_string());
        ticket.deliver(&Verdict::unrecorded(items, &problem, refusal));
        started
    }

    /// The verdict, if there is one already.
    pub fn verdict(&self) -> Option<Verdict> {
        self.slot.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for the verdict, at most for that long.
    pub fn wait_for(&self, timeout: Duration) -> Option<Verdict> {
        let deadline = Instant::now().checked_add(timeout);
        let mut verdict = self.slot.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        while verdict.is_none() {
            let left =
                deadline.map_or(timeout, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return None;
            }
            verdict = self.slot.filled.wait_timeout(verdict, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        verdict.clone()
    }

    /// Waits for the verdict.
    pub fn wait(&self) -> Verdict {
        let mut verdict = self.slot.verdict.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(verdict) = &*verdict {
                return verdict.clone();
            }
            verdict = self.slot.filled.wait(verdict).unwrap_or_else(PoisonError::into_inner);
        }
    }
}
