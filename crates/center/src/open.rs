//! A session that has not ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use store::RunRecorder;
use syncmgr::{CancelRequest, Counts, ItemId, Outcome, Problem, ProgressStatus, Session};

use crate::center::locked;
use crate::escalate::Stopping;
use crate::outside::Holder;
use crate::turn::Turn;
use crate::verdict::{Ticket, Tickets, Verdict};

/// Who opened a session.
#[derive(Clone)]
pub(crate) enum OpenedBy<'a> {
    /// A handler that was called.
    Turn(&'a Arc<Turn>),
    /// A handler on its own account.
    Handler,
    /// Another program.
    Outside(Holder),
}

impl OpenedBy<'_> {
    pub(crate) fn turn(&self) -> Option<&Arc<Turn>> {
        match self {
            Self::Turn(turn) => Some(turn),
            Self::Handler | Self::Outside(_) => None,
        }
    }

    /// What it calls the run itself.
    pub(crate) fn reference(&self) -> Option<&str> {
        match self {
            Self::Outside(holder) => holder.reference(),
            Self::Turn(_) | Self::Handler => None,
        }
    }
}

/// A session that has not ended, and where it is recorded.
pub(crate) struct Open {
    pub(crate) session: Session,
    pub(crate) recorder: RunRecorder,
    pub(crate) turn: Option<Arc<Turn>>,
    /// Another program holds it.
    pub(crate) holder: Option<Holder>,
    /// In milliseconds since 1970.
    pub(crate) started: i64,
    /// When it really ended, if that is told later, in milliseconds since 1970.
    pub(crate) ended: OnceLock<i64>,
    pub(crate) stopping: Mutex<Stopping>,
    tickets: Mutex<Tickets>,
    /// Its last callback was dropped, while its handler may still say why (see `Callback::drop`).
    pub(crate) dropped: AtomicBool,
}

impl Open {
    pub(crate) fn new(session: Session, recorder: RunRecorder, by: OpenedBy<'_>, started: i64) -> Self {
        let (turn, holder) = match by {
            OpenedBy::Turn(turn) => (Some(Arc::clone(turn)), None),
            OpenedBy::Handler => (None, None),
            OpenedBy::Outside(holder) => (None, Some(holder)),
        };
        Self {
            session,
            recorder,
            turn,
            holder,
            started,
            ended: OnceLock::new(),
            stopping: Mutex::default(),
            tickets: Mutex::default(),
            dropped: AtomicBool::new(false),
        }
    }

    pub(crate) fn belongs_to(&self, turn: &Arc<Turn>) -> bool {
        self.turn.as_ref().is_some_and(|ours| Arc::ptr_eq(ours, turn))
    }

    /// Whether it synchronizes the item just now.
    pub(crate) fn syncs(&self, item: &ItemId) -> bool {
        self.session.item(item).is_some_and(|view| view.outcome.is_none())
    }

    pub(crate) fn stop_all(&self, now: i64) {
        let asked_before = self.session.is_stopping();
        if self.session.cancel_all() > 0 {
            locked(&self.stopping).asked_all(now, asked_before);
        }
    }

    pub(crate) fn stop_item(&self, item: &ItemId, now: i64) {
        let asked_before = self.session.item(item).is_some_and(|view| view.cancel != CancelRequest::None);
        if self.session.cancel_item(item) && !asked_before {
            locked(&self.stopping).asked_item(item, now);
        }
    }

    pub(crate) fn add_tickets(&self, tickets: impl IntoIterator<Item = Ticket>) {
        for ticket in tickets {
            let late = locked(&self.tickets).add(ticket);
            if let Some((ticket, verdict)) = late {
                ticket.deliver(&verdict);
            }
        }
    }

    /// Tells those who wait.
    pub(crate) fn conclude(&self, verdict: &Verdict) {
        let tickets = locked(&self.tickets).give(verdict);
        for ticket in tickets {
            ticket.deliver(verdict);
        }
    }

    /// Whether the handler let go of it.
    pub(crate) fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::Acquire)
    }

    /// Gives the items that have no final word one: they were stopped before anything was done about them.
    pub(crate) fn cancel_open_items(&self, now: i64) {
        for view in self.session.snapshot().items {
            if view.outcome.is_none() {
                let _ = self.session.report_progress(now, &view.id, None, ProgressStatus::Canceled, 0, 0);
            }
        }
    }

    /// Gives every item that has no final word the same one: its handler failed as a whole.
    pub(crate) fn fail_open_items(&self, problem: &Problem, now: i64) {
        for view in self.session.snapshot().items {
            if view.outcome.is_some() {
                continue;
            }
            // Both are refused only when the session has ended meanwhile; then its end said what was to say.
            let _ = self.session.report_outcome(
                now,
                &view.id,
                Outcome::Failed,
                Counts::default(),
                Some(problem.clone()),
            );
            let _ = self.session.report_progress(now, &view.id, None, ProgressStatus::Failed, 0, 0);
        }
    }
}
