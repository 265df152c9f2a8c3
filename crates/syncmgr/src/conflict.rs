//! Conflicts: disagreements that need a decision (`ISyncMgrConflict` and its relatives).

use std::sync::Arc;

use crate::error::{HandlerError, Refusal};
use crate::ids::{HandlerId, ItemId};

/// The identity of a conflict within its store: short bytes, compared as bytes (`SYNCMGR_CONFLICT_ID_INFO`). The same
/// disagreement has the same identity in every run. For folder pairs it is the path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConflictId(pub Vec<u8>);

/// How versions disagree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConflictKind {
    /// Both sides changed it differently.
    EditEdit,
    /// Both sides created it differently.
    CreateCreate,
    /// A file against a directory, a link against a file.
    KindMismatch,
    /// One side deleted what the other edited (only where the mode or the policy makes it a question).
    EditDelete,
}

impl ConflictKind {
    /// The word used in the store, the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::EditEdit => "edit-edit",
            Self::CreateCreate => "create-create",
            Self::KindMismatch => "kind",
            Self::EditDelete => "edit-delete",
        }
    }

    /// The kind a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::EditEdit, Self::CreateCreate, Self::KindMismatch, Self::EditDelete]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// `SYNCMGR_CONFLICT_ITEM_TYPE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum ConflictItemType {
    /// The version was changed or created.
    Updated = 1,
    /// The version was deleted.
    Deleted = 2,
}

/// One of the competing versions (`CONFIRM_CONFLICT_ITEM`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictVersion {
    /// The side or place, as the person named it.
    pub location: String,
    /// Changed or deleted.
    pub item_type: ConflictItemType,
    /// "file", "directory", "link", or empty when deleted.
    pub kind: String,
    /// Size in bytes.
    pub size: u64,
    /// Last change in milliseconds since 1970.
    pub modified: i64,
    /// What the handler needs to recognise this very version again (S1); opaque to all others.
    pub stamp: Vec<u8>,
}

/// A conflict as a store holds it (`ISyncMgrConflict`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Identity within the item.
    pub id: ConflictId,
    /// Its handler.
    pub handler: HandlerId,
    /// Its item.
    pub item: ItemId,
    /// How the versions disagree.
    pub kind: ConflictKind,
    /// What a person sees as its name; for folder pairs the path, as bytes (it may be no UTF-8).
    pub path: Vec<u8>,
    /// When it was first seen, in milliseconds since 1970.
    pub detected: i64,
    /// The competing versions, in the handler's order (folder pairs: A, B).
    pub versions: Vec<ConflictVersion>,
}

/// Conflicts of one handler or item (`ISyncMgrConflictStore`).
pub trait ConflictStore: Send + Sync {
    /// `EnumConflicts`: in the order of their identity.
    ///
    /// # Errors
    /// The store could not be read.
    fn conflicts(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<Vec<Conflict>, Refusal>;
    /// `GetCount`.
    ///
    /// # Errors
    /// The store could not be read.
    fn count(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<u64, Refusal>;
    /// `BindToConflict`.
    ///
    /// # Errors
    /// The store could not be read.
    fn bind(&self, handler: &HandlerId, item: &ItemId, id: &ConflictId) -> Result<Option<Conflict>, Refusal>;
    /// `RemoveConflicts`; unknown ones are passed over.
    ///
    /// # Errors
    /// The store could not be written.
    fn remove(&self, handler: &HandlerId, item: &ItemId, ids: &[ConflictId]) -> Result<(), Refusal>;
}

/// Where a handler writes its conflicts down.
pub trait ConflictLedger: ConflictStore {
    /// "These are the open conflicts of the item now": new ones are added, known ones keep the time of their
    /// detection, others are closed. One transaction.
    ///
    /// # Errors
    /// The store could not be written; the old list stands.
    fn replace(&self, handler: &HandlerId, item: &ItemId, open: Vec<Conflict>) -> Result<(), Refusal>;
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
    /// Keep the largest; a tie stays a conflict.
    KeepLargest,
}

/// What happens with the next conflict of a set (`SYNCMGR_RESOLUTION_FEEDBACK`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Feedback {
    /// Settled; go on with the next.
    Continue = 0,
    /// The world moved on: show this conflict again.
    Refresh = 1,
    /// No more conflicts of this set.
    Cancel = 2,
}

/// Carries a choice out (`ISyncMgrResolutionHandler`).
pub trait ResolutionHandler: Send + Sync {
    /// Settles one conflict as chosen.
    ///
    /// # Errors
    /// What kept it from being settled; the conflict stands.
    fn resolve(&self, conflict: &Conflict, choice: &Choice) -> Result<Feedback, HandlerError>;
}

/// Asks the person (`ISyncMgrConflictPresenter`); implemented by a front end.
pub trait ConflictPresenter: Send + Sync {
    /// Shows one conflict; none means: leave it for later.
    fn present(&self, conflict: &Conflict) -> Option<Choice>;
}

/// A shared ledger.
pub type SharedLedger = Arc<dyn ConflictLedger>;
