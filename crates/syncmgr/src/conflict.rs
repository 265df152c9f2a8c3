//! Conflicts: disagreements that need a decision (`ISyncMgrConflict` and its relatives).
//!
//! A conflict is kept until it is settled, now or later; it never keeps the rest of a sync from going on. Calling a
//! resolution changes nothing by itself: a conflict stands until its store says that it is gone (as in the original).
//! How conflicts are settled is in [`resolution`], many of them together in [`selection`], and how a person is asked about
//! one after another in [`walk`]; their types are also reachable from here.

mod key;
pub mod resolution;
pub mod selection;
pub mod walk;

use std::borrow::Cow;
use std::sync::Arc;

pub use key::ConflictKey;
pub use resolution::{
    Abilities, Choice, ConflictPresenter, Details, Feedback, IterationInfo, Merge, OtherVersion,
    PresenterChoice, PresenterNextStep, ResolutionHandler, ResolutionItem, ResolveInfo, Shown,
};
pub use selection::{Decided, Selection, Settlement};

use crate::error::Refusal;
use crate::flags::from_number;
use crate::ids::{HandlerId, ItemId};

/// The identity of a conflict within its store: short bytes, compared as bytes (`SYNCMGR_CONFLICT_ID_INFO`). The same
/// disagreement has the same identity in every run. For folder pairs it is the path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConflictId(pub Vec<u8>);

/// What a folder keeps of a conflict to find it again (`SYNCMGR_CONFLICT_ID_INFO`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConflictIdInfo {
    /// The identity, compared as bytes; short, because it becomes part of links.
    pub id: ConflictId,
    /// What the store needs beside it to make the conflict again; ours needs nothing.
    pub extra: Vec<u8>,
}

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
    /// Two names that one side takes for the same: they differ only in case, or in how their characters are composed.
    NameClash,
    /// The content is the same, permissions were changed differently (only where the policy makes it a question).
    Metadata,
    /// A conflict copy that another program has left beside the original.
    ForeignCopy,
}

impl ConflictKind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::EditEdit,
        Self::CreateCreate,
        Self::KindMismatch,
        Self::EditDelete,
        Self::NameClash,
        Self::Metadata,
        Self::ForeignCopy,
    ];

    /// The word used in the store, the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::EditEdit => "edit-edit",
            Self::CreateCreate => "create-create",
            Self::KindMismatch => "kind",
            Self::EditDelete => "edit-delete",
            Self::NameClash => "name-clash",
            Self::Metadata => "metadata",
            Self::ForeignCopy => "foreign-copy",
        }
    }

    /// The kind a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
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

from_number!(ConflictItemType, "type of a conflicting version (1 or 2)", [Updated, Deleted]);

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
    /// Where it is, if that is not the conflict's path: another spelling, or a copy under another name.
    pub path: Option<Vec<u8>>,
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

/// A property of a conflict, not of the files (`ISyncMgrConflict::GetProperty`). Any key is legal in the original; one
/// that a conflict does not have is empty, never an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PropertyKey {
    /// `System.ItemNameDisplay`: its name.
    ItemNameDisplay,
    /// `System.Sync.ConflictDescription`: what happened, in a sentence.
    ConflictDescription,
    /// `System.Sync.ConflictFirstLocation`.
    FirstLocation,
    /// `System.Sync.ConflictSecondLocation`.
    SecondLocation,
    /// `System.Sync.HandlerID`.
    HandlerId,
    /// `System.Sync.ItemID`.
    ItemId,
    /// `System.DateModified`: when it was detected.
    DateModified,
}

/// The value of a property (the original's `PROPVARIANT`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum PropertyValue {
    /// `VT_EMPTY`.
    Empty,
    /// A text.
    Text(String),
    /// A time in milliseconds since 1970.
    Time(i64),
}

/// One version as a presenter shows it (the original's view of `CONFIRM_CONFLICT_ITEM`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictItem<'a> {
    /// `pszOriginalName`: the name without the directories above it.
    pub original_name: Cow<'a, str>,
    /// `pszAlternateName`: a name to take when several versions are kept; the person may choose another one.
    pub alternate_name: String,
    /// `pszLocationShort`: the side.
    pub location_short: &'a str,
    /// `pszLocationFull`: the side and the path within it.
    pub location_full: String,
    /// `nType`.
    pub item_type: ConflictItemType,
    /// What the original finds out through the shell item: size, time and kind.
    pub version: &'a ConflictVersion,
}

/// The competing versions (`ISyncMgrConflictItems`).
#[derive(Debug, Clone, Copy)]
pub struct ConflictItems<'a>(&'a Conflict);

impl<'a> ConflictItems<'a> {
    /// `GetCount`.
    pub fn count(&self) -> usize {
        self.0.versions.len()
    }

    /// `GetItem`; none beyond the end.
    pub fn get(&self, index: usize) -> Option<ConflictItem<'a>> {
        let version = self.0.versions.get(index)?;
        let path = version.path.as_ref().unwrap_or(&self.0.path);
        let name = last_name(path);
        Some(ConflictItem {
            alternate_name: alternate_name(&name, &version.location),
            original_name: name,
            location_short: &version.location,
            location_full: format!("{}: {}", version.location, String::from_utf8_lossy(path)),
            item_type: version.item_type,
            version,
        })
    }

    /// All of them in order.
    pub fn iter(self) -> impl Iterator<Item = ConflictItem<'a>> {
        (0..self.count()).filter_map(move |index| self.get(index))
    }
}

/// `report (laptop).txt` of `report.txt`. A side may be named by its path: no separator must get into the name.
fn alternate_name(name: &str, location: &str) -> String {
    let place: String =
        location.chars().map(|c| if c == '/' || c == '\\' || c.is_control() { '-' } else { c }).collect();
    match name.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => format!("{stem} ({place}).{extension}"),
        _ => format!("{name} ({place})"),
    }
}

impl Conflict {
    /// What finds it again over all stores.
    pub fn key(&self) -> ConflictKey {
        ConflictKey { handler: self.handler.clone(), item: self.item.clone(), id: self.id.clone() }
    }

    /// `GetConflictIdInfo`.
    pub fn id_info(&self) -> ConflictIdInfo {
        ConflictIdInfo { id: self.id.clone(), extra: Vec::new() }
    }

    /// `GetItemsArray`.
    pub fn items(&self) -> ConflictItems<'_> {
        ConflictItems(self)
    }

    /// `GetProperty`.
    pub fn property(&self, key: PropertyKey) -> PropertyValue {
        let location = |index: usize| {
            self.versions
                .get(index)
                .map_or(PropertyValue::Empty, |version| PropertyValue::Text(version.location.clone()))
        };
        match key {
            PropertyKey::ItemNameDisplay => PropertyValue::Text(self.file_name().into_owned()),
            PropertyKey::ConflictDescription => PropertyValue::Text(self.description()),
            PropertyKey::FirstLocation => location(0),
            PropertyKey::SecondLocation => location(1),
            PropertyKey::HandlerId => PropertyValue::Text(self.handler.to_string()),
            PropertyKey::ItemId => PropertyValue::Text(self.item.to_string()),
            PropertyKey::DateModified => PropertyValue::Time(self.detected),
        }
    }

    /// What happened, in a sentence.
    pub fn description(&self) -> String {
        let path = String::from_utf8_lossy(&self.path);
        match self.kind {
            ConflictKind::EditEdit => format!("'{path}' was changed differently on both sides"),
            ConflictKind::CreateCreate => format!("'{path}' was created differently on both sides"),
            ConflictKind::KindMismatch => format!("'{path}' is of another kind on each side"),
            ConflictKind::EditDelete => format!("'{path}' was changed on one side and deleted on the other"),
            ConflictKind::NameClash => {
                format!("'{path}' and another name are the same name to one of the sides")
            }
            ConflictKind::Metadata => format!("the permissions of '{path}' were changed differently"),
            ConflictKind::ForeignCopy => format!("another program left a conflict copy of '{path}'"),
        }
    }

    /// The index of the one newest version; none when the newest share their time, or one is a directory.
    pub fn newest(&self) -> Option<usize> {
        self.only_greatest(|version| version.modified)
    }

    /// The index of the one largest version; none when the largest share their size, or one is a directory.
    pub fn largest(&self) -> Option<usize> {
        self.only_greatest(|version| version.size)
    }

    fn only_greatest<K: Ord>(&self, key: impl Fn(&ConflictVersion) -> K) -> Option<usize> {
        // The time and the size of a directory say nothing of what is in it.
        if self.versions.iter().any(|version| version.kind == "directory") {
            return None;
        }
        // A deleted version has no time and no size to compare.
        let there =
            || self.versions.iter().enumerate().filter(|(_, v)| v.item_type == ConflictItemType::Updated);
        let (greatest, version) = there().max_by_key(|(_, version)| key(version))?;
        (there().filter(|(_, other)| key(other) == key(version)).count() == 1).then_some(greatest)
    }

    /// The name without the directories above it.
    fn file_name(&self) -> Cow<'_, str> {
        last_name(&self.path)
    }
}

fn last_name(path: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(path.rsplit(|byte| *byte == b'/').next().unwrap_or(path))
}

/// The folder of all conflicts (`ISyncMgrConflictFolder`), implemented by a front end.
pub trait ConflictFolder: Send + Sync {
    /// `GetConflictIDList`: where the conflict's row is. The original gives a relative item ID list; ours is a link
    /// within the front end.
    ///
    /// # Errors
    /// `InvalidArgument` when the conflict has no row.
    fn row(&self, conflict: &Conflict) -> Result<String, Refusal>;
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

    /// Opens these beside those that are open; known ones get the versions that they have now. One transaction.
    ///
    /// # Errors
    /// The store could not be written; what was open stands as it was.
    fn put(&self, conflicts: Vec<Conflict>) -> Result<(), Refusal>;
}

/// A shared ledger.
pub type SharedLedger = Arc<dyn ConflictLedger>;
