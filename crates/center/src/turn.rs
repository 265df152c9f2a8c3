//! A call of a handler's `synchronize`, and what it gets to open sessions with.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use syncmgr::{HandlerId, ItemId, Refusal, SessionCreator, SyncCallback};

use crate::center::{Inner, locked};
use crate::escalate::StopGrace;
use crate::open::{Open, OpenedBy};
use crate::sessions::Beginning;
use crate::verdict::{Ticket, Tickets, Verdict};

/// One call of `synchronize`, from the queue to its return.
pub(crate) struct Turn {
    pub(crate) handler: HandlerId,
    pub(crate) items: Vec<ItemId>,
    progress: Mutex<TurnProgress>,
}

#[derive(Default)]
struct TurnProgress {
    tickets: Tickets,
    /// How many sessions were opened.
    begun: usize,
    closed: Vec<Verdict>,
    /// Stops that were asked before the session was there.
    stop: Stop,
    /// When that was, in steady milliseconds.
    stop_asked: Option<i64>,
    /// A session of it was ended because nothing was heard of it.
    silent: bool,
}

/// What was asked to stop.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Stop {
    all: bool,
    items: Vec<ItemId>,
}

impl Stop {
    pub(crate) fn applies_to(&self, item: &ItemId) -> bool {
        self.all || self.items.contains(item)
    }
}

impl Turn {
    pub(crate) fn new(handler: HandlerId, items: Vec<ItemId>, tickets: Vec<Ticket>) -> Self {
        let progress = TurnProgress { tickets: Tickets::new(tickets), ..TurnProgress::default() };
        Self { handler, items, progress: Mutex::new(progress) }
    }

    /// Whether a session was opened.
    pub(crate) fn has_begun(&self) -> bool {
        locked(&self.progress).begun > 0
    }

    /// A session was opened; it takes over the stops that it missed.
    pub(crate) fn begin(&self, open: &Open, now: i64) {
        let stop = {
            let mut progress = locked(&self.progress);
            progress.begun += 1;
            progress.stop.clone()
        };
        if stop.all {
            open.stop_all(now);
        }
        for item in &stop.items {
            open.stop_item(item, now);
        }
    }

    pub(crate) fn stop_all(&self, now: i64) {
        let mut progress = locked(&self.progress);
        progress.stop.all = true;
        progress.stop_asked.get_or_insert(now);
    }

    pub(crate) fn stop_item(&self, item: &ItemId, now: i64) {
        let mut progress = locked(&self.progress);
        progress.stop.items.push(item.clone());
        if self.items.iter().all(|item| progress.stop.applies_to(item)) {
            progress.stop_asked.get_or_insert(now);
        }
    }

    /// Since when, in steady milliseconds, it has not answered a stop of everything in it. For one that has no session:
    /// in a session it is the session that answers.
    pub(crate) fn stop_asked(&self) -> Option<i64> {
        locked(&self.progress).stop_asked
    }

    /// Whether it has not answered a stop in time, and has not even begun.
    pub(crate) fn ignores_stop(&self, now: i64, grace: &StopGrace) -> bool {
        !self.has_begun() && self.stop_asked().is_some_and(|asked| grace.is_unanswered(now - asked))
    }

    /// A session of it was ended because nothing was heard: `synchronize` may never return, and whoever waits has
    /// waited long enough.
    pub(crate) fn fell_silent(&self) {
        locked(&self.progress).silent = true;
        self.conclude();
    }

    /// Whether that happened.
    pub(crate) fn is_silent(&self) -> bool {
        locked(&self.progress).silent
    }

    /// What it was asked to stop.
    pub(crate) fn stop(&self) -> Stop {
        locked(&self.progress).stop.clone()
    }

    pub(crate) fn add_ticket(&self, ticket: Ticket) {
        let late = locked(&self.progress).tickets.add(ticket);
        if let Some((ticket, verdict)) = late {
            ticket.deliver(&verdict);
        }
    }

    /// One of its sessions has closed.
    pub(crate) fn close(&self, verdict: Verdict) {
        locked(&self.progress).closed.push(verdict);
    }

    /// Its items that no closed session gave a result for.
    pub(crate) fn without_result(&self) -> Vec<ItemId> {
        let progress = locked(&self.progress);
        let has_result: HashSet<&ItemId> =
            progress.closed.iter().flat_map(|verdict| &verdict.items).map(|end| &end.item).collect();
        self.items.iter().filter(|item| !has_result.contains(item)).cloned().collect()
    }

    /// Tells those who wait what its sessions came to so far.
    pub(crate) fn conclude(&self) {
        let (verdict, tickets) = {
            let mut progress = locked(&self.progress);
            let verdict = Verdict::of_sessions(&progress.closed);
            let tickets = progress.tickets.give(&verdict);
            (verdict, tickets)
        };
        for ticket in tickets {
            ticket.deliver(&verdict);
        }
    }
}

/// What a handler gets to open sessions with while its `synchronize` runs.
pub(crate) struct TurnCreator {
    pub(crate) inner: Arc<Inner>,
    pub(crate) turn: Arc<Turn>,
}

impl SessionCreator for TurnCreator {
    fn create_session(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        let by = if *handler == self.turn.handler { OpenedBy::Turn(&self.turn) } else { OpenedBy::Handler };
        Ok(self.inner.create_session(by, handler, items, Beginning::New(None))?)
    }
}
