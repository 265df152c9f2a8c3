//! Settling conflicts: what was decided goes to the handlers, and comes back as what became of each.

use std::collections::BTreeMap;
use std::sync::Arc;

use store::ConflictQuery;
use syncmgr::conflict::{
    Choice, Conflict, ConflictKey, Decided, Feedback, ResolutionHandler, Selection, Settlement,
};
use syncmgr::flags::SyncControlFlags;
use syncmgr::{HandlerError, HandlerId, ItemId, Refusal, Request};

use crate::center::{Center, locked};
use crate::feed::What;
use crate::verdict::{Started, Verdict};

/// What a choice for many conflicts comes to, before anything is done.
#[derive(Debug, Clone, Default)]
pub struct Outlook {
    /// What can be settled so.
    pub decided: Vec<Decided>,
    /// What stays open, each with the reason as a sentence.
    pub left: Vec<(Conflict, String)>,
}

/// Conflicts that are being settled.
pub struct Resolving {
    parts: Vec<Part>,
}

/// What one handler was given to settle.
struct Part {
    /// A [`Selection`].
    selection: Request,
    /// The run that settles it; none for a handler that has settled one by one.
    started: Option<Started>,
}

/// What became of conflicts that were to be settled.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What the runs came to.
    pub verdict: Verdict,
    /// Each conflict as it was shown, with what became of it.
    pub settlements: Vec<(Decided, Settlement)>,
}

/// How many conflicts came to what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Settled as chosen.
    pub settled: u64,
    /// Left open: the choice leaves them so (a tie, a merge that is not clean).
    pub left: u64,
    /// Could not be settled.
    pub failed: u64,
    /// Have changed since they were shown.
    pub changed: u64,
    /// Were settled by somebody else meanwhile.
    pub gone: u64,
    /// Not reached: it was stopped before.
    pub not_reached: u64,
}

impl Resolving {
    /// The runs that settle them: to watch, or to wait for.
    pub fn runs(&self) -> impl Iterator<Item = &Started> {
        self.parts.iter().filter_map(|part| part.started.as_ref())
    }

    /// Waits for the end.
    pub fn wait(&self) -> Resolved {
        for started in self.runs() {
            started.wait();
        }
        let closed: Vec<Verdict> = self.runs().filter_map(Started::verdict).collect();
        let settlements = self
            .parts
            .iter()
            .filter_map(|part| part.selection.get::<Selection>())
            .flat_map(|selection| selection.decided().iter().cloned().zip(selection.settlements()));
        Resolved { verdict: Verdict::of_sessions(&closed), settlements: settlements.collect() }
    }
}

impl Resolved {
    /// How many came to what.
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (_, settlement) in &self.settlements {
            *match settlement {
                Settlement::Settled(_) => &mut tally.settled,
                Settlement::Left => &mut tally.left,
                Settlement::Changed => &mut tally.changed,
                Settlement::Gone => &mut tally.gone,
                Settlement::NotReached => &mut tally.not_reached,
                _ => &mut tally.failed,
            } += 1;
        }
        tally
    }
}

impl Center {
    /// What one choice for all conflicts of a query comes to: which can be settled so, and which stay open, and why.
    /// Nothing is done yet.
    ///
    /// # Errors
    /// As [`conflicts`](Self::conflicts).
    pub fn outlook(&self, query: &ConflictQuery, choice: &Choice) -> Result<Outlook, Refusal> {
        Ok(self.outlook_of(self.conflicts(query)?, choice))
    }

    /// The same for conflicts as they were shown.
    pub fn outlook_of(&self, conflicts: Vec<Conflict>, choice: &Choice) -> Outlook {
        let mut handlers: BTreeMap<HandlerId, Option<Arc<dyn ResolutionHandler>>> = BTreeMap::new();
        let mut outlook = Outlook::default();
        for conflict in conflicts {
            let handler = handlers
                .entry(conflict.handler.clone())
                .or_insert_with(|| self.resolution_handler(&conflict.handler));
            let why = match handler {
                None => Some(format!("its handler '{}' settles no conflicts", conflict.handler)),
                Some(handler) => handler.hindrance(&conflict, choice),
            };
            match why {
                Some(why) => outlook.left.push((conflict, why)),
                None => outlook.decided.push(Decided { conflict, choice: choice.clone() }),
            }
        }
        outlook
    }

    /// Settles conflicts as decided: all of a handler in one run that can be watched, stopped and taken back, where the
    /// handler works so; else one by one before this returns. Each is settled only if its versions are still those that
    /// were shown (S1). Of two who settle the same conflict, one does and the other is told that it is gone.
    ///
    /// # Errors
    /// `InvalidArgument` when there is nothing to settle, or the handler is unknown or settles none; what
    /// [`start`](Self::start) refuses.
    pub fn resolve(&self, decided: Vec<Decided>) -> Result<Resolving, Refusal> {
        if decided.is_empty() {
            return Err(Refusal::InvalidArgument("no conflict was named that could be settled".into()));
        }
        let mut of_handler: BTreeMap<HandlerId, Vec<Decided>> = BTreeMap::new();
        for one in decided {
            one.choice.check(&one.conflict)?;
            of_handler.entry(one.conflict.handler.clone()).or_default().push(one);
        }
        let mut ready = Vec::new();
        for (handler, decided) in of_handler {
            let resolution = self.resolution_handler(&handler).ok_or_else(|| {
                Refusal::InvalidArgument(format!("the handler '{handler}' settles no conflicts"))
            })?;
            ready.push((handler, resolution, decided));
        }
        let only = ready.len() == 1;
        let mut parts = Vec::new();
        for (handler, resolution, decided) in ready {
            let mut items: Vec<ItemId> = decided.iter().map(|one| one.conflict.item.clone()).collect();
            items.sort();
            items.dedup();
            let selection = Request::new(Selection::new(decided));
            let started = if resolution.works_in_sessions() {
                let flags = SyncControlFlags::empty();
                match self.start(&handler, Some(&items), Some(selection.clone()), flags) {
                    Ok(started) => Some(started),
                    Err(refusal) if only => return Err(refusal),
                    // What others settle goes on.
                    Err(refusal) => {
                        refuse_all(&selection, &refusal);
                        None
                    }
                }
            } else {
                if let Some(selection) = selection.get::<Selection>() {
                    self.settle_one_by_one(&*resolution, selection);
                }
                None
            };
            parts.push(Part { selection, started });
        }
        Ok(Resolving { parts })
    }

    /// What is there now of a conflict that was shown and has changed since: to be shown again.
    ///
    /// # Errors
    /// What its handler says.
    pub fn look_again(&self, shown: &Conflict) -> Result<Option<Conflict>, HandlerError> {
        match self.resolution_handler(&shown.handler) {
            Some(handler) => handler.look_again(shown),
            None => Ok(self.conflict(&shown.key())?),
        }
    }

    fn settle_one_by_one(&self, handler: &dyn ResolutionHandler, selection: &Selection) {
        for (place, Decided { conflict, choice }) in selection.decided().iter().enumerate() {
            let outcome = {
                // Two at once would both find it open.
                let _one_at_a_time = locked(&self.inner.resolving);
                self.settle_one(handler, conflict, choice)
            };
            let canceled = matches!(outcome, Ok((_, Feedback::Cancel)));
            selection.answer(
                place,
                match outcome {
                    Ok((settlement, _)) => settlement,
                    Err(error) => Settlement::Failed(error),
                },
            );
            if canceled {
                break;
            }
        }
        self.inner.announce();
    }

    fn settle_one(
        &self,
        handler: &dyn ResolutionHandler,
        conflict: &Conflict,
        choice: &Choice,
    ) -> Result<(Settlement, Feedback), HandlerError> {
        let ConflictKey { handler: of, item, id } = conflict.key();
        match self.conflict(&conflict.key())? {
            None => return Ok((Settlement::Gone, Feedback::Continue)),
            Some(now) if now.versions != conflict.versions => {
                return Ok((Settlement::Changed, Feedback::Refresh));
            }
            Some(_) => {}
        }
        if handler.hindrance(conflict, choice).is_some() {
            return Ok((Settlement::Left, Feedback::Continue));
        }
        let feedback = handler.carry_out(conflict, choice)?;
        if feedback == Feedback::Refresh {
            return Ok((Settlement::Changed, feedback));
        }
        match self.inner.own_conflicts(&of, Some(&item)) {
            // It stands until its store says that it is gone.
            Some(_) => {
                self.inner.refresh_conflicts(&of, Some(&item))?;
                self.inner.tell(What::Conflicts { handler: of, item: Some(item) });
            }
            None => self.remove_conflicts(&[ConflictKey { handler: of, item, id }])?,
        }
        Ok((Settlement::Settled(choice.clone()), feedback))
    }
}

fn refuse_all(selection: &Request, refusal: &Refusal) {
    let Some(selection) = selection.get::<Selection>() else { return };
    for place in 0..selection.decided().len() {
        selection.answer(place, Settlement::Failed(HandlerError::from(refusal.clone())));
    }
}
