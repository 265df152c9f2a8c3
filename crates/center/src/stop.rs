//! Stopping: cooperative, and never for ever.

use std::sync::Arc;
use std::time::Duration;

use syncmgr::{EndReason, HandlerId, ItemId, Refusal};

use crate::center::{Center, Inner, State};
use crate::open::Open;
use crate::registry::HandlerEntry;
use crate::verdict::{Ticket, Verdict};

/// What came of a request to stop everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stopped {
    /// Items whose handler has not acknowledged within the time that it was given.
    pub not_responding: Vec<(HandlerId, ItemId)>,
}

impl Stopped {
    /// Whether every handler has acknowledged and returned.
    pub fn is_complete(&self) -> bool {
        self.not_responding.is_empty()
    }
}

impl Center {
    /// Asks everything to stop, whatever policies say, and waits for it: the first Ctrl-C. What has not returned after
    /// `grace` is named.
    pub fn stop_all_and_wait(&self, grace: Duration) -> Stopped {
        self.inner.stop(|_| true);
        let state = self.inner.wait(grace, |state| running(state, |_| true).is_empty());
        Stopped { not_responding: running(&state, |_| true) }
    }

    /// The same for a daemon that ends: what other programs do is not the daemon's to stop, so they are neither asked nor
    /// waited for. [`abandon`](Self::abandon) then closes their sessions.
    pub fn stop_own_and_wait(&self, grace: Duration) -> Stopped {
        let own = |open: &Open| open.holder.is_none();
        self.inner.stop_sessions(|_| true, own);
        let state = self.inner.wait(grace, |state| running(state, own).is_empty());
        Stopped { not_responding: running(&state, own) }
    }

    /// Ends all sessions here and now, without waiting for their handlers: what is unfinished is on record as
    /// interrupted, and processes that work for handlers are killed, where that is possible. For a process that is about
    /// to end, the second Ctrl-C. Sessions of other programs are let go of: those programs may go on with them elsewhere.
    pub fn abandon(&self) {
        self.inner.stop_sessions(|_| true, |open| open.holder.is_none());
        let open: Vec<Arc<Open>> = self.inner.lock().open.clone();
        for open in open {
            if open.holder.is_some() {
                // What cannot be written now, the end of this process says as well.
                let _ = self.inner.release(&open);
                continue;
            }
            self.inner.kill(&open);
            self.inner.end(&open, EndReason::Shutdown);
        }
        // Nobody has to go on with them.
        let _ = self.inner.store.close_abandoned();
    }
}

impl Inner {
    /// Stops the handlers that are wanted: what waits is forgotten, what runs is asked.
    pub(crate) fn stop(self: &Arc<Self>, wanted: impl Fn(&HandlerEntry) -> bool) {
        self.stop_sessions(wanted, |_| true);
    }

    fn stop_sessions(
        self: &Arc<Self>,
        wanted: impl Fn(&HandlerEntry) -> bool,
        asked: impl Fn(&Open) -> bool,
    ) {
        let now = self.clock.steady();
        let mut freed: Vec<Ticket> = Vec::new();
        let stopped = {
            let mut state = self.lock();
            let mut ids = Vec::new();
            for entry in state.handlers.iter_mut().filter(|entry| wanted(entry)) {
                freed.append(&mut entry.queue.stop_all());
                for turn in &entry.turns {
                    turn.stop_all(now);
                }
                ids.push(entry.id().clone());
            }
            let of_these = state.open.iter().filter(|open| ids.contains(open.session.handler()));
            for open in of_these.filter(|open| asked(open)) {
                open.stop_all(now);
            }
            ids
        };
        self.answer_canceled(&freed);
        for handler in stopped {
            self.announce_queue(&handler);
        }
        self.watch_sessions();
    }

    pub(crate) fn stop_items(self: &Arc<Self>, handler: &HandlerId, items: &[ItemId]) -> Result<(), Refusal> {
        let now = self.clock.steady();
        let mut freed: Vec<Ticket> = Vec::new();
        {
            let mut state = self.lock();
            let entry = state.handler_mut(handler)?;
            for item in items {
                let item = entry.item(item)?;
                item.standing().may_stop(&entry.standing()).map_err(|why| {
                    Refusal::AccessDenied(format!("'{}' cannot be stopped: {why}", item.name()))
                })?;
            }
            for item in items {
                freed.append(&mut entry.queue.stop_item(item));
                for turn in &entry.turns {
                    turn.stop_item(item, now);
                }
            }
            for open in state.open_of(handler) {
                for item in items {
                    open.stop_item(item, now);
                }
            }
        }
        self.answer_canceled(&freed);
        self.announce_queue(handler);
        self.watch_sessions();
        Ok(())
    }

    /// What waits for something that was switched off comes to nothing.
    pub(crate) fn forget_waiting(self: &Arc<Self>, handler: &HandlerId, item: Option<&ItemId>) {
        let freed = self.with_handler(handler, |entry| {
            Ok(match item {
                Some(item) => entry.queue.stop_item(item),
                None => entry.queue.stop_all(),
            })
        });
        self.answer_canceled(&freed.unwrap_or_default());
        self.announce_queue(handler);
    }

    pub(crate) fn answer_canceled(&self, tickets: &[Ticket]) {
        let verdict = Verdict::canceled();
        for ticket in tickets {
            ticket.deliver(&verdict);
        }
        self.announce();
    }
}

/// Items that are open in such a session, or whose call has not returned.
fn running(state: &State, counts: impl Fn(&Open) -> bool) -> Vec<(HandlerId, ItemId)> {
    let mut running: Vec<(HandlerId, ItemId)> = Vec::new();
    for open in state.open.iter().filter(|open| counts(open)) {
        let views = open.session.snapshot().items;
        let none_open = views.iter().all(|view| view.outcome.is_some());
        for view in views {
            // A session with nothing left to do is still somebody's who does not let go of it.
            if view.outcome.is_none() || none_open {
                running.push((open.session.handler().clone(), view.id));
            }
        }
    }
    for entry in &state.handlers {
        for turn in &entry.turns {
            let has_open = state.open.iter().any(|open| open.belongs_to(turn));
            if !has_open {
                running.extend(turn.items.iter().map(|item| (entry.id().clone(), item.clone())));
            }
        }
    }
    running
}
