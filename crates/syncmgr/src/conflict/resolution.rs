//! Settling conflicts: the person's choice, and how it is carried out.
//!
//! The original has two ways (the provider's own `Resolve`, and a presenter with a resolution handler) and does not
//! say how one is picked. Here there is one: a [`ConflictPresenter`] asks, [`ResolutionHandler::resolve`] carries out,
//! and [`settle`](super::walk::settle) goes through a selection with both. The original's four methods that carry out a
//! choice are provided methods of the handler, each of which leads into `resolve`.
//!
//! A handler whose conflicts are best settled in a session (so that it is on record, can be watched and stopped, and is
//! one step to take back however many they are) says so by
//! [`works_in_sessions`](ResolutionHandler::works_in_sessions), and is started with a
//! [`Selection`](super::selection::Selection) as its request.

use bitflags::bitflags;

use super::Conflict;
use crate::error::{HandlerError, Refusal};
use crate::flags::from_number;
use crate::ids::ItemId;
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
pub enum OtherVersion {
    /// Where the handler finds it, in whatever way the handler names things; for folder pairs the path of a file. Only
    /// for callers that may name any file of the machine.
    Reference(String),
    /// Its content.
    Content(Vec<u8>),
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
    /// Replace all versions by their merge over the last version that they have in common; where both changed the same
    /// place it stays a conflict. In the original it is for the caller to merge, and to come with `KeepOther`.
    KeepMerged,
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
            Self::KeepOther(_) | Self::KeepMerged => Abilities::KEEP_OTHER,
            Self::RemoveFromSyncSet => Abilities::REMOVE_FROM_SYNC_SET,
        }
    }

    /// The version that stays, where that is one of those that compete.
    pub fn winner(&self, conflict: &Conflict) -> Option<usize> {
        match self {
            Self::KeepOne(index) => Some(*index),
            Self::KeepRecent => conflict.newest(),
            Self::KeepLargest => conflict.largest(),
            Self::KeepItems(items) => match items.as_slice() {
                [one] => Some(one.index),
                _ => None,
            },
            _ => None,
        }
    }

    /// Why the choice leaves the conflict open, if it does: no version is the one newest or largest.
    pub fn tie(&self, conflict: &Conflict) -> Option<&'static str> {
        match self {
            Self::KeepRecent if conflict.newest().is_none() => Some("no version is newer than all others"),
            Self::KeepLargest if conflict.largest().is_none() => Some("no version is larger than all others"),
            _ => None,
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
            Choice::KeepOther(_) | Choice::KeepMerged => (PresenterChoice::KeepOne, Vec::new()),
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

/// What a merge of the versions comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The merged text; where both changed the same place it holds both, between markers.
    pub text: Vec<u8>,
    /// In how many places both changed the same.
    pub overlaps: usize,
}

/// What a presenter may show of a version beside its content, its size and its time. What is not known is left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Details {
    /// Whose it is, as people there call them.
    pub owner: Option<String>,
    /// Who may do what with it, as `ls` writes it.
    pub permissions: Option<String>,
    /// Where a link points.
    pub target: Option<Vec<u8>>,
    /// How many names a directory has in it.
    pub entries: Option<u64>,
}

/// One of the texts that a presenter may show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shown {
    /// The version with this index.
    Version(usize),
    /// The last version that all of them have in common.
    Ancestor,
}

/// Carries choices out (`ISyncMgrResolutionHandler`). Either [`resolve`](Self::resolve) is written, or
/// [`works_in_sessions`](Self::works_in_sessions) says yes.
pub trait ResolutionHandler: Send + Sync {
    /// Settles one conflict as chosen: the one way through.
    ///
    /// # Errors
    /// What kept it from being settled; the conflict stands.
    fn resolve(&self, conflict: &Conflict, _choice: &Choice) -> Result<Feedback, HandlerError> {
        let text = format!("{}: its handler settles it in a session only", conflict.description());
        Err(HandlerError::new(ProblemClass::Bug, text))
    }

    /// Whether it is started with a [`Selection`](super::selection::Selection) as the request, and answers there.
    fn works_in_sessions(&self) -> bool {
        false
    }

    /// What is there now of a conflict that was shown earlier; none when there is none any more. For
    /// [`Feedback::Refresh`].
    ///
    /// # Errors
    /// The handler could not look.
    fn look_again(&self, shown: &Conflict) -> Result<Option<Conflict>, HandlerError> {
        Ok(Some(shown.clone()))
    }

    /// Conflict copies that other programs have left in an item, found on request: each as a conflict
    /// ([`ConflictKind::ForeignCopy`](super::ConflictKind::ForeignCopy)) of the original with one copy, which is settled
    /// like any other and stands in no list.
    ///
    /// # Errors
    /// The handler could not look.
    fn find_copies(&self, _item: &ItemId) -> Result<Vec<Conflict>, HandlerError> {
        Ok(Vec::new())
    }

    /// The content of a version, for a presenter that shows it; none when there is none, it is larger than `limit`
    /// bytes, or is not to be shown.
    ///
    /// # Errors
    /// The handler could not read it.
    fn content(
        &self,
        _conflict: &Conflict,
        _which: Shown,
        _limit: u64,
    ) -> Result<Option<Vec<u8>>, HandlerError> {
        Ok(None)
    }

    /// What tells the versions apart beside content, size and time, in the conflict's order; nothing where the handler
    /// has nothing to say.
    ///
    /// # Errors
    /// The handler could not look.
    fn details(&self, _conflict: &Conflict) -> Result<Vec<Details>, HandlerError> {
        Ok(Vec::new())
    }

    /// What [`Choice::KeepMerged`] would make of it; none when it cannot be merged (no text, too large, no version in
    /// common).
    ///
    /// # Errors
    /// The handler could not read the versions, or they are others than those that were shown.
    fn merge(&self, _conflict: &Conflict) -> Result<Option<Merge>, HandlerError> {
        Ok(None)
    }

    /// `QueryAbilities`: which choices can be carried out for this conflict.
    fn abilities(&self, _conflict: &Conflict) -> Abilities {
        Abilities::KEEP_SINGLE | Abilities::KEEP_MULTIPLE | Abilities::KEEP_RECENT
    }

    /// Why a choice cannot settle this conflict, as far as that can be told without looking; none when it can.
    fn hindrance(&self, conflict: &Conflict, choice: &Choice) -> Option<String> {
        if let Err(why) = choice.check(conflict) {
            return Some(why.to_string());
        }
        if !(choice.needs() - self.abilities(conflict)).is_empty() {
            return Some(format!("{}: its handler cannot settle it this way", conflict.description()));
        }
        choice.tie(conflict).map(|why| format!("{}: {why}", conflict.description()))
    }

    /// Carries a choice out if it makes sense and the handler is able to.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve), and when the handler is not able to.
    fn carry_out(&self, conflict: &Conflict, choice: &Choice) -> Result<Feedback, HandlerError> {
        match self.hindrance(conflict, choice) {
            Some(why) => Err(HandlerError::new(ProblemClass::Config, why)),
            None => self.resolve(conflict, choice),
        }
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
