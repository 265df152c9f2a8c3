//! Settling conflicts: the person's choice, and how it is carried out.
//!
//! The original has two ways (the provider's own `Resolve`, and a presenter with a resolution handler) and does not
//! say how one is picked. Here there is one: a [`ConflictPresenter`] asks, [`ResolutionHandler::resolve`] carries out,
//! and [`settle`] goes through a selection with both. The original's four methods that carry out a choice are provided
//! methods of the handler, each of which leads into `resolve`.

use bitflags::bitflags;

use super::{Conflict, ConflictKind};
use crate::error::{HandlerError, Refusal};
use crate::flags::from_number;
use crate::ids::HandlerId;
use crate::outcome::ProblemClass;

bitflags! {
    /// `SYNCMGR_RESOLUTION_ABILITIES`: which answers a presenter may offer.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct Abilities: u32 {
        /// Can replace all versions by another one, usually a merge.
        const KEEP_OTHER = 1;
        /// Can keep the newest.
        const KEEP_RECENT = 2;
        /// Can stop syncing the thing.
        const REMOVE_FROM_SYNC_SET = 4;
        /// Can keep one of the versions. The original defines it and does not use it: every handler can.
        const KEEP_SINGLE = 8;
        /// Can keep several versions.
        const KEEP_MULTIPLE = 0x10;
    }
}

impl Abilities {
    /// `SYNCMGR_RA_VALID`.
    pub const VALID: Self = Self::from_bits_retain(0x1F);
}

from_number!(Abilities, "resolution abilities");

/// A version to be kept (`CONFIRM_CONFLICT_RESULT_INFO`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResolutionItem {
    /// Index into [`Conflict::versions`].
    pub index: usize,
    /// The name it is to have from now on; none keeps its name.
    pub new_name: Option<String>,
}

impl ResolutionItem {
    /// The version with this index, under its own name.
    pub fn unchanged(index: usize) -> Self {
        Self { index, new_name: None }
    }
}

/// A version that is none of the competing ones, usually a merge of them (the shell item of `KeepOther`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OtherVersion {
    /// Where the handler finds it, in whatever way the handler names things; for folder pairs a path.
    pub reference: String,
}

/// What a person chose (the original's presenter choice with its item choices).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Choice {
    /// Keep this version (index into [`Conflict::versions`]).
    KeepOne(usize),
    /// Keep all versions, under different names.
    KeepAll,
    /// Keep the newest; a tie stays a conflict.
    KeepRecent,
    /// Keep the largest; a tie stays a conflict. Not in the original, whose dialog only points out the larger one.
    KeepLargest,
    /// Keep these versions, under these names.
    KeepItems(Vec<ResolutionItem>),
    /// Replace all versions by this one.
    KeepOther(OtherVersion),
    /// Stop syncing the thing; all versions stay where they are.
    RemoveFromSyncSet,
}

impl Choice {
    /// What a handler must be able to do for this choice.
    pub fn needs(&self) -> Abilities {
        match self {
            Self::KeepItems(items) if items.len() > 1 => Abilities::KEEP_MULTIPLE,
            Self::KeepOne(_) | Self::KeepLargest | Self::KeepItems(_) => Abilities::empty(),
            Self::KeepAll => Abilities::KEEP_MULTIPLE,
            Self::KeepRecent => Abilities::KEEP_RECENT,
            Self::KeepOther(_) => Abilities::KEEP_OTHER,
            Self::RemoveFromSyncSet => Abilities::REMOVE_FROM_SYNC_SET,
        }
    }

    /// Whether the choice makes sense for the conflict: its versions exist, and none is named twice.
    ///
    /// # Errors
    /// `InvalidArgument` that says what does not.
    pub fn check(&self, conflict: &Conflict) -> Result<(), Refusal> {
        let count = conflict.versions.len();
        let exists = |index: usize| match conflict.versions.get(index) {
            Some(_) => Ok(()),
            None => {
                Err(Refusal::InvalidArgument(format!("version {index} was chosen, but there are {count}")))
            }
        };
        match self {
            Self::KeepOne(index) => exists(*index),
            Self::KeepItems(items) if items.is_empty() => {
                Err(Refusal::InvalidArgument("no version was chosen to be kept".into()))
            }
            Self::KeepItems(items) => items.iter().enumerate().try_for_each(|(n, item)| {
                exists(item.index)?;
                if items.iter().take(n).any(|earlier| earlier.index == item.index) {
                    return Err(Refusal::InvalidArgument(format!("version {} was chosen twice", item.index)));
                }
                Ok(())
            }),
            _ => Ok(()),
        }
    }
}

/// What happens with the next conflict of a set (`SYNCMGR_RESOLUTION_FEEDBACK`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Feedback {
    /// Settled; go on with the next.
    Continue = 0,
    /// The world moved on: show this conflict again. An answer that applies to all ends here.
    Refresh = 1,
    /// No more conflicts of this set.
    Cancel = 2,
}

from_number!(Feedback, "resolution feedback", [Continue, Refresh, Cancel]);

/// Where a walk over a selection goes after a conflict was presented (`SYNCMGR_PRESENTER_NEXT_STEP`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum PresenterNextStep {
    /// Answered; go on with the selection.
    #[default]
    Continue = 0,
    /// This presenter cannot: ask with the default presenter.
    Default = 1,
    /// Drop the whole walk.
    Cancel = 2,
}

from_number!(PresenterNextStep, "next step of a presenter", [Continue, Default, Cancel]);

/// The kind of a person's answer (`SYNCMGR_PRESENTER_CHOICE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum PresenterChoice {
    /// Skipped or cancelled.
    #[default]
    NoChoice = 0,
    /// Keep one version.
    KeepOne = 1,
    /// Keep several versions.
    KeepMultiple = 2,
    /// Keep the newest.
    KeepRecent = 3,
    /// Stop syncing the thing.
    RemoveFromSyncSet = 4,
    /// Leave it for later.
    Skip = 5,
}

from_number!(
    PresenterChoice,
    "choice of a presenter",
    [NoChoice, KeepOne, KeepMultiple, KeepRecent, RemoveFromSyncSet, Skip]
);

/// Where a walk over a selection stands (`GetIterationInfo`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IterationInfo {
    /// Which conflict it is; the first one is 1 (the original does not say).
    pub current: usize,
    /// How many are selected.
    pub total: usize,
    /// To how many later ones an answer for all would apply: same handler, same kind.
    pub remaining_for_apply_to_all: usize,
}

/// What a presenter reads, and where it writes the answer (`ISyncMgrConflictResolveInfo`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResolveInfo {
    iteration: IterationInfo,
    next_step: PresenterNextStep,
    choice: Option<Choice>,
    kind: PresenterChoice,
    items: Vec<usize>,
    apply_to_all: bool,
}

impl ResolveInfo {
    /// Before the person was asked.
    pub fn new(iteration: IterationInfo) -> Self {
        Self { iteration, ..Self::default() }
    }

    /// `GetIterationInfo`.
    pub fn iteration(&self) -> IterationInfo {
        self.iteration
    }

    /// `GetPresenterNextStep`.
    pub fn next_step(&self) -> PresenterNextStep {
        self.next_step
    }

    /// `SetPresenterNextStep`.
    pub fn set_next_step(&mut self, step: PresenterNextStep) {
        self.next_step = step;
    }

    /// `GetPresenterChoice`: the kind of the answer, and whether it applies to all.
    pub fn presenter_choice(&self) -> (PresenterChoice, bool) {
        (self.kind, self.apply_to_all)
    }

    /// `SetPresenterChoice`, for presenters that know only the original's kinds. The versions of a kind that needs some
    /// follow by [`set_item_choices`](Self::set_item_choices).
    pub fn set_presenter_choice(&mut self, kind: PresenterChoice, apply_to_all: bool) {
        (self.kind, self.apply_to_all, self.choice) = (kind, apply_to_all, None);
    }

    /// `SetItemChoices`: indexes into the conflict's versions.
    pub fn set_item_choices(&mut self, indexes: &[usize]) {
        self.items = indexes.to_vec();
        self.choice = None;
    }

    /// `GetItemChoiceCount` and `GetItemChoice`.
    pub fn item_choices(&self) -> &[usize] {
        &self.items
    }

    /// The whole answer in one call: what [`set_presenter_choice`](Self::set_presenter_choice) and
    /// [`set_item_choices`](Self::set_item_choices) say, and what they cannot say.
    pub fn answer(&mut self, conflict: &Conflict, choice: Choice, apply_to_all: bool) {
        (self.kind, self.items) = match &choice {
            Choice::KeepOne(index) => (PresenterChoice::KeepOne, vec![*index]),
            Choice::KeepAll => (PresenterChoice::KeepMultiple, (0..conflict.versions.len()).collect()),
            Choice::KeepRecent => (PresenterChoice::KeepRecent, Vec::new()),
            Choice::KeepLargest => (PresenterChoice::KeepOne, conflict.largest().into_iter().collect()),
            Choice::KeepItems(items) => {
                let indexes: Vec<usize> = items.iter().map(|item| item.index).collect();
                let several = indexes.len() > 1;
                (if several { PresenterChoice::KeepMultiple } else { PresenterChoice::KeepOne }, indexes)
            }
            // The original has no kind for a merge; its dialog calls the handler by itself.
            Choice::KeepOther(_) => (PresenterChoice::KeepOne, Vec::new()),
            Choice::RemoveFromSyncSet => (PresenterChoice::RemoveFromSyncSet, Vec::new()),
        };
        self.apply_to_all = apply_to_all;
        self.choice = Some(choice);
    }

    /// The answer; none when the person left the conflict for later.
    ///
    /// # Errors
    /// `InvalidArgument` for a kind that needs versions when none was named.
    pub fn choice(&self) -> Result<Option<Choice>, Refusal> {
        if let Some(choice) = &self.choice {
            return Ok(Some(choice.clone()));
        }
        Ok(match (self.kind, self.items.as_slice()) {
            (PresenterChoice::NoChoice | PresenterChoice::Skip, _) => None,
            (PresenterChoice::KeepRecent, _) => Some(Choice::KeepRecent),
            (PresenterChoice::RemoveFromSyncSet, _) => Some(Choice::RemoveFromSyncSet),
            (PresenterChoice::KeepOne, [index]) => Some(Choice::KeepOne(*index)),
            (PresenterChoice::KeepMultiple, [_, ..]) => {
                Some(Choice::KeepItems(self.items.iter().copied().map(ResolutionItem::unchanged).collect()))
            }
            (kind, items) => {
                let count = items.len();
                return Err(Refusal::InvalidArgument(format!(
                    "{kind:?} does not go with {count} chosen versions"
                )));
            }
        })
    }
}

/// Carries a choice out (`ISyncMgrResolutionHandler`). Only [`resolve`](Self::resolve) must be written.
pub trait ResolutionHandler: Send + Sync {
    /// Settles one conflict as chosen: the one way through.
    ///
    /// # Errors
    /// What kept it from being settled; the conflict stands.
    fn resolve(&self, conflict: &Conflict, choice: &Choice) -> Result<Feedback, HandlerError>;

    /// `QueryAbilities`: which choices can be carried out for this conflict.
    fn abilities(&self, _conflict: &Conflict) -> Abilities {
        Abilities::KEEP_SINGLE | Abilities::KEEP_MULTIPLE | Abilities::KEEP_RECENT
    }

    /// Carries a choice out if it makes sense and the handler is able to.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve), and when the handler is not able to.
    fn carry_out(&self, conflict: &Conflict, choice: &Choice) -> Result<Feedback, HandlerError> {
        choice.check(conflict).map_err(|why| HandlerError::new(ProblemClass::Config, why.to_string()))?;
        let missing = choice.needs() - self.abilities(conflict);
        if !missing.is_empty() {
            return Err(HandlerError::new(
                ProblemClass::Config,
                format!("{}: its handler cannot settle it this way", conflict.description()),
            ));
        }
        self.resolve(conflict, choice)
    }

    /// `KeepOther`: replaces all versions by another one.
    ///
    /// # Errors
    /// As [`carry_out`](Self::carry_out).
    fn keep_other(&self, conflict: &Conflict, other: OtherVersion) -> Result<Feedback, HandlerError> {
        self.carry_out(conflict, &Choice::KeepOther(other))
    }

    /// `KeepRecent`: keeps the newest.
    ///
    /// # Errors
    /// As [`carry_out`](Self::carry_out).
    fn keep_recent(&self, conflict: &Conflict) -> Result<Feedback, HandlerError> {
        self.carry_out(conflict, &Choice::KeepRecent)
    }

    /// `RemoveFromSyncSet`: stops syncing the thing and removes the conflict.
    ///
    /// # Errors
    /// As [`carry_out`](Self::carry_out).
    fn remove_from_sync_set(&self, conflict: &Conflict) -> Result<Feedback, HandlerError> {
        self.carry_out(conflict, &Choice::RemoveFromSyncSet)
    }

    /// `KeepItems`: keeps these (`ISyncMgrConflictResolutionItems`); more than one only with
    /// [`Abilities::KEEP_MULTIPLE`].
    ///
    /// # Errors
    /// As [`carry_out`](Self::carry_out).
    fn keep_items(&self, conflict: &Conflict, items: &[ResolutionItem]) -> Result<Feedback, HandlerError> {
        self.carry_out(conflict, &Choice::KeepItems(items.to_vec()))
    }
}

/// Asks the person (`ISyncMgrConflictPresenter`); implemented by a front end. Only [`present`](Self::present) must be
/// written.
pub trait ConflictPresenter: Send + Sync {
    /// Shows one conflict; none means: leave it for later.
    fn present(&self, conflict: &Conflict) -> Option<Choice>;

    /// `PresentConflict`: shows one conflict of a selection and writes the answer into `info`. For presenters that show
    /// where the walk stands, offer an answer for all, or can be left early.
    fn present_in(&self, conflict: &Conflict, _abilities: Abilities, info: &mut ResolveInfo) {
        match self.present(conflict) {
            Some(choice) => info.answer(conflict, choice, false),
            None => info.set_presenter_choice(PresenterChoice::Skip, false),
        }
    }

    /// After a choice could not be carried out: shows why. True goes on with the next conflict, false drops the walk.
    fn failed(&self, _conflict: &Conflict, _error: &HandlerError) -> bool {
        true
    }
}

/// What a walk over a selection did with a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// The choice was carried out.
    Settled(Choice),
    /// Left for later.
    Left,
    /// It could not be carried out; the conflict stands.
    Failed(HandlerError),
    /// The walk was dropped before, or its handler wanted no more.
    NotReached,
}

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
        for _ in 0..MAX_REFRESH {
            let choice = match self.answered_before(conflict) {
                Some(choice) => Ok(Some(choice)),
                None => self.ask(conflict, handler, iteration),
            };
            let choice = match choice {
                Ok(Some(choice)) => choice,
                Ok(None) => return Settlement::Left,
                Err(why) => {
                    let error = HandlerError::new(ProblemClass::Bug, why.to_string());
                    return self.failed(conflict, error);
                }
            };
            match handler.carry_out(conflict, &choice) {
                Ok(Feedback::Continue) => return Settlement::Settled(choice),
                Ok(Feedback::Cancel) => {
                    self.tired.push(conflict.handler.clone());
                    return Settlement::Settled(choice);
                }
                Ok(Feedback::Refresh) => self.forget(conflict),
                Err(error) => return self.failed(conflict, error),
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
