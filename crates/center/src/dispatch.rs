//! From the request to the handler and back: the queue, the thread, and who is told what came of it.

use std::any::Any;
use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use syncmgr::flags::SyncControlFlags;
use syncmgr::handler::Handler;
use syncmgr::queue::Start;
use syncmgr::switches::Origin;
use syncmgr::{EndReason, HandlerId, ItemId, Problem, ProblemClass, Refusal, Request};

use crate::center::Inner;
use crate::open::{Open, OpenedBy};
use crate::registry::HandlerEntry;
use crate::sessions::Beginning;
use crate::turn::{Turn, TurnCreator};
use crate::verdict::{Ticket, Verdict};

impl Inner {
    pub(crate) fn start(
        self: &Arc<Self>,
        handler: &HandlerId,
        items: Option<&[ItemId]>,
        request: Option<Request>,
        flags: SyncControlFlags,
        ticket: Option<Ticket>,
    ) -> Result<(), Refusal> {
        if let Some(items) = items {
            // A handler may have learned of an item since it was asked.
            let knows_all = self.with_handler(handler, |entry| {
                Ok(items.iter().all(|item| entry.items.get(item).is_some()))
            })?;
            if !knows_all {
                self.reload(handler)?;
            }
        }
        let mut state = self.lock();
        let syncing: HashSet<ItemId> = state
            .open_of(handler)
            .flat_map(|open| open.session.snapshot().items)
            .filter(|view| view.outcome.is_none())
            .map(|view| view.id)
            .collect();
        let entry = state.handler_mut(handler)?;
        let items = wanted(entry, items)?;
        let about_to: HashSet<ItemId> =
            items.iter().filter(|item| entry.is_about_to_sync(item)).cloned().collect();
        let pushed = entry.queue.push(Start { items, request, flags, ticket }, |item| {
            syncing.contains(item) || about_to.contains(item)
        });
        let mut answered = None;
        if let Some(ticket) = pushed.unclaimed {
            // All of it is being synchronized already: whoever does so answers.
            let with = pushed.ignored.first();
            let turn = with.and_then(|item| {
                entry.turns.iter().find(|turn| !turn.has_begun() && turn.items.contains(item)).cloned()
            });
            let open = with.and_then(|item| state.open_of(handler).find(|open| open.syncs(item)).cloned());
            match (open, turn) {
                (Some(open), _) => open.add_tickets([ticket]),
                (None, Some(turn)) => turn.add_ticket(ticket),
                (None, None) => answered = Some(ticket),
            }
        }
        drop(state);
        if let Some(ticket) = answered {
            ticket.deliver(&Verdict::nothing());
        }
        self.announce_queue(handler);
        self.pump(handler);
        Ok(())
    }

    /// Calls the handler for what waits, as far as it may be called now (R17).
    pub(crate) fn pump(self: &Arc<Self>, id: &HandlerId) {
        loop {
            let (handler, turn, request) = {
                let mut state = self.lock();
                let open: Vec<Arc<Open>> = state.open_of(id).cloned().collect();
                let Ok(entry) = state.handler_mut(id) else { return };
                let next = if entry.is_concurrent() {
                    let turns = entry.turns.clone();
                    entry.queue.pop_ready(|item| {
                        turns.iter().any(|turn| turn.items.contains(item))
                            || open.iter().any(|open| open.session.contains(item))
                    })
                } else if entry.turns.is_empty() && open.is_empty() {
                    entry.queue.pop()
                } else {
                    None
                };
                let Some(next) = next else { return };
                let turn = Arc::new(Turn::new(id.clone(), next.items, next.tickets));
                entry.turns.push(Arc::clone(&turn));
                (Arc::clone(&entry.handler), turn, next.request)
            };
            self.announce_queue(id);
            let (inner, called) = (Arc::clone(self), Arc::clone(&turn));
            let spawned = thread::Builder::new()
                .name(format!("sync {id}"))
                .spawn(move || inner.call(handler.as_ref(), &called, request.as_ref()));
            if let Err(error) = spawned {
                self.returned(
                    &turn,
                    Some(Problem::new(
                        ProblemClass::Transient,
                        format!(
                            "The system gave no thread to synchronize with: {}.",
                            syncmgr::reason(&error)
                        ),
                    )),
                );
            }
        }
    }

    /// The handler's thread.
    fn call(self: &Arc<Self>, handler: &dyn Handler, turn: &Arc<Turn>, request: Option<&Request>) {
        let creator = TurnCreator { inner: Arc::clone(self), turn: Arc::clone(turn) };
        let failure =
            match catch_unwind(AssertUnwindSafe(|| handler.synchronize(&turn.items, &creator, request))) {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.problem),
                Err(panic) => Some(
                    Problem::new(
                        ProblemClass::Bug,
                        format!("The handler '{}' broke down: {}.", turn.handler, panic_text(panic.as_ref())),
                    )
                    .with_fix("This is a mistake in the handler; please report it to its author"),
                ),
            };
        self.returned(turn, failure);
    }

    /// `synchronize` has returned: its sessions end, and those who waited are told.
    fn returned(self: &Arc<Self>, turn: &Arc<Turn>, failure: Option<Problem>) {
        let open: Vec<Arc<Open>> =
            self.lock().open.iter().filter(|open| open.belongs_to(turn)).cloned().collect();
        for open in open {
            if let Some(problem) = &failure {
                open.fail_open_items(problem, self.clock.steady());
            }
            self.end(&open, if open.is_dropped() { EndReason::Dropped } else { EndReason::Returned });
        }
        // Another thread may be closing one of them just now.
        drop(self.wait(Duration::MAX, |state| !state.open.iter().any(|open| open.belongs_to(turn))));
        self.record_the_rest(turn, failure);
        turn.conclude();
        // The turn goes last: while it is there, the handler is not called again.
        let _ = self.with_handler(&turn.handler, |entry| {
            entry.turns.retain(|other| !Arc::ptr_eq(other, turn));
            Ok(())
        });
        self.announce_queue(&turn.handler);
        self.pump(&turn.handler);
    }

    /// Items that were asked for and came to no session: what became of them is on record all the same. An item that a
    /// process outside has taken over meanwhile is its affair.
    pub(crate) fn record_the_rest(self: &Arc<Self>, turn: &Arc<Turn>, failure: Option<Problem>) {
        let rest: Vec<ItemId> = {
            let state = self.lock();
            let elsewhere =
                |item: &ItemId| state.open_of(&turn.handler).any(|open| open.session.contains(item));
            turn.without_result().into_iter().filter(|item| !elsewhere(item)).collect()
        };
        let stop = turn.stop();
        let (stopped, failed): (Vec<ItemId>, Vec<ItemId>) =
            rest.into_iter().partition(|item| failure.is_none() && stop.applies_to(item));
        let problem = failure.unwrap_or_else(|| {
            let text = format!("The handler '{}' returned without having done anything.", turn.handler);
            Problem::new(ProblemClass::Bug, text)
        });
        for (items, canceled) in [(stopped, true), (failed, false)] {
            if items.is_empty() {
                continue;
            }
            match self.begin(OpenedBy::Turn(turn), &turn.handler, &items, Beginning::New(None)) {
                Ok(open) if canceled => {
                    open.cancel_open_items(self.clock.steady());
                    self.end(&open, EndReason::Returned);
                }
                Ok(open) => {
                    open.fail_open_items(&problem, self.clock.steady());
                    self.end(&open, EndReason::Returned);
                }
                Err(refusal) => turn.close(Verdict::unrecorded(&items, &problem, refusal)),
            }
        }
    }
}

/// The items that a start means: those named, of which each must be allowed, or all that are.
fn wanted(entry: &HandlerEntry, items: Option<&[ItemId]>) -> Result<Vec<ItemId>, Refusal> {
    entry.may_start(Origin::Control)?;
    if let Some(items) = items {
        if items.is_empty() {
            return Err(Refusal::InvalidArgument("no item was named".into()));
        }
        for item in items {
            entry.item_may_start(entry.item(item)?, Origin::Control)?;
        }
        return Ok(items.to_vec());
    }
    let mut refusal = Refusal::InvalidArgument(format!("'{}' has no item to synchronize", entry.name()));
    let mut allowed = Vec::new();
    for item in entry.items.iter() {
        match entry.item_may_start(item, Origin::Control) {
            Ok(()) => allowed.push(item.item.id().clone()),
            Err(why) => refusal = why,
        }
    }
    if allowed.is_empty() { Err(refusal) } else { Ok(allowed) }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it gave no reason")
}
