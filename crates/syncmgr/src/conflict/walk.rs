//! A walk over a selection of conflicts: asking a person about one after another.

use std::borrow::Cow;

use super::resolution::{
    Choice, ConflictPresenter, Feedback, IterationInfo, PresenterNextStep, ResolutionHandler, ResolveInfo,
};
use super::selection::Settlement;
use super::{Conflict, ConflictKind};
use crate::error::{HandlerError, Refusal};
use crate::ids::HandlerId;
use crate::outcome::ProblemClass;

/// How often a conflict is shown again because the world moved on, before the walk goes on without it: a handler that
/// always asks for a refresh must not keep a person in a loop.
const MAX_REFRESH: usize = 8;

/// Walks over a selection of conflicts (`ISyncMgrConflict::Resolve` over a selection): asks, carries out, and obeys the
/// presenter's next step and the handler's feedback. An answer for all is given to the later conflicts of the same
/// handler and kind without asking, until one of them fails or must be refreshed.
///
/// `fallback` asks where `presenter` wants the default one. `handler_of` finds the handler of a conflict.
pub fn settle<'h>(
    conflicts: &[Conflict],
    presenter: &dyn ConflictPresenter,
    fallback: Option<&dyn ConflictPresenter>,
    handler_of: impl Fn(&Conflict) -> Option<&'h dyn ResolutionHandler>,
) -> Vec<Settlement> {
    let mut walk = Walk { presenter, fallback, for_all: Vec::new(), tired: Vec::new(), dropped: false };
    let mut done = Vec::with_capacity(conflicts.len());
    for (at, conflict) in conflicts.iter().enumerate() {
        let settlement = if walk.dropped || walk.tired.contains(&conflict.handler) {
            Settlement::NotReached
        } else if let Some(handler) = handler_of(conflict) {
            let later = conflicts.iter().skip(at + 1);
            let iteration = IterationInfo {
                current: at + 1,
                total: conflicts.len(),
                remaining_for_apply_to_all: later.filter(|later| scope(later) == scope(conflict)).count(),
            };
            walk.settle_one(conflict, handler, iteration)
        } else {
            Settlement::Failed(HandlerError::new(
                ProblemClass::Config,
                format!(
                    "{}: its handler '{}' settles no conflicts",
                    conflict.description(),
                    conflict.handler
                ),
            ))
        };
        done.push(settlement);
    }
    done
}

/// To which conflicts an answer for all applies.
fn scope(conflict: &Conflict) -> (&HandlerId, ConflictKind) {
    (&conflict.handler, conflict.kind)
}

struct Walk<'p> {
    presenter: &'p dyn ConflictPresenter,
    fallback: Option<&'p dyn ConflictPresenter>,
    for_all: Vec<((HandlerId, ConflictKind), Choice)>,
    /// Handlers that want no more conflicts of this set.
    tired: Vec<HandlerId>,
    dropped: bool,
}

impl Walk<'_> {
    fn settle_one(
        &mut self,
        conflict: &Conflict,
        handler: &dyn ResolutionHandler,
        iteration: IterationInfo,
    ) -> Settlement {
        let mut conflict = Cow::Borrowed(conflict);
        for _ in 0..MAX_REFRESH {
            let choice = match self.answered_before(&conflict) {
                Some(choice) => Ok(Some(choice)),
                None => self.ask(&conflict, handler, iteration),
            };
            let choice = match choice {
                Ok(Some(choice)) => choice,
                Ok(None) => return Settlement::Left,
                Err(why) => {
                    let error = HandlerError::new(ProblemClass::Bug, why.to_string());
                    return self.failed(&conflict, error);
                }
            };
            match handler.carry_out(&conflict, &choice) {
                Ok(Feedback::Continue) => return Settlement::Settled(choice),
                Ok(Feedback::Cancel) => {
                    self.tired.push(conflict.handler.clone());
                    return Settlement::Settled(choice);
                }
                Ok(Feedback::Refresh) => {
                    self.forget(&conflict);
                    match handler.look_again(&conflict) {
                        Ok(Some(now)) => conflict = Cow::Owned(now),
                        Ok(None) => return Settlement::Gone,
                        Err(error) => return self.failed(&conflict, error),
                    }
                }
                Err(error) => return self.failed(&conflict, error),
            }
        }
        Settlement::Left
    }

    fn answered_before(&self, conflict: &Conflict) -> Option<Choice> {
        let known = self.for_all.iter().find(|((handler, kind), _)| (handler, *kind) == scope(conflict));
        known.map(|(_, choice)| choice.clone())
    }

    fn forget(&mut self, conflict: &Conflict) {
        self.for_all.retain(|((handler, kind), _)| (handler, *kind) != scope(conflict));
    }

    fn ask(
        &mut self,
        conflict: &Conflict,
        handler: &dyn ResolutionHandler,
        iteration: IterationInfo,
    ) -> Result<Option<Choice>, Refusal> {
        let abilities = handler.abilities(conflict);
        let mut info = ResolveInfo::new(iteration);
        self.presenter.present_in(conflict, abilities, &mut info);
        if info.next_step() == PresenterNextStep::Default {
            let Some(fallback) = self.fallback else { return Ok(None) };
            info = ResolveInfo::new(iteration);
            fallback.present_in(conflict, abilities, &mut info);
        }
        if info.next_step() == PresenterNextStep::Cancel {
            self.dropped = true;
            return Ok(None);
        }
        let choice = info.choice()?;
        if let (Some(choice), (_, true)) = (&choice, info.presenter_choice()) {
            self.for_all.push(((conflict.handler.clone(), conflict.kind), choice.clone()));
        }
        Ok(choice)
    }

    fn failed(&mut self, conflict: &Conflict, error: HandlerError) -> Settlement {
        // What failed once for all would fail again and again without anyone looking.
        self.forget(conflict);
        self.dropped = !self.presenter.failed(conflict, &error);
        Settlement::Failed(error)
    }
}
