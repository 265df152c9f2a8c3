//! Conflicts as they travel: what disagrees, what was chosen for it, and what became of that.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syncmgr::conflict::{
    ConflictId, ConflictItemType, ConflictKind, ConflictVersion, OtherVersion, ResolutionItem,
};
use syncmgr::{HandlerId, ItemId, Refusal};

use super::bytes::Bytes;
use super::number::Number;
use super::things::Problem;
use super::words::Word;

/// One disagreement that needs a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// Identity within the item: the same disagreement has the same one in every run. Short.
    pub id: Bytes,
    /// Its item.
    pub item: String,
    /// How the versions disagree.
    pub kind: Word<ConflictKind>,
    /// What a person sees as its name.
    pub path: Bytes,
    /// When it was first seen, in milliseconds since 1970; absent: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detected: Option<i64>,
    /// The competing versions, in the handler's order.
    pub versions: Vec<ConflictingVersion>,
}

/// One of the competing versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictingVersion {
    /// The side or place, as the person named it.
    pub location: String,
    /// Changed or deleted.
    #[serde(rename = "type", default)]
    pub item_type: Word<ConflictItemType>,
    /// "file", "directory", "link", or empty when deleted.
    #[serde(default)]
    pub kind: String,
    /// Size in bytes.
    #[serde(default)]
    pub size: Number,
    /// Last change in milliseconds since 1970.
    #[serde(default)]
    pub modified: i64,
    /// What the handler needs to recognise this very version again.
    #[serde(default)]
    pub stamp: Bytes,
    /// Where it is, if that is not the conflict's path: another spelling, or a copy under another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<Bytes>,
}

impl Conflict {
    /// The contract's conflict of a handler.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that is no identifier.
    pub fn into_contract(
        self,
        handler: &HandlerId,
        now: i64,
    ) -> Result<syncmgr::conflict::Conflict, Refusal> {
        let versions = self.versions.into_iter().map(|version| ConflictVersion {
            location: version.location,
            item_type: version.item_type.0.unwrap_or(ConflictItemType::Updated),
            kind: version.kind,
            size: version.size.0,
            modified: version.modified,
            stamp: version.stamp.0,
            path: version.path.map(|path| path.0),
        });
        Ok(syncmgr::conflict::Conflict {
            id: ConflictId(self.id.0),
            handler: handler.clone(),
            item: ItemId::new(&self.item)?,
            // Of an unknown kind: both were changed, and a person decides.
            kind: self.kind.0.unwrap_or(ConflictKind::EditEdit),
            path: self.path.0,
            detected: self.detected.unwrap_or(now),
            versions: versions.collect(),
        })
    }
}

impl From<&syncmgr::conflict::Conflict> for Conflict {
    fn from(conflict: &syncmgr::conflict::Conflict) -> Self {
        let versions = conflict.versions.iter().map(|version| ConflictingVersion {
            location: version.location.clone(),
            item_type: version.item_type.into(),
            kind: version.kind.clone(),
            size: version.size.into(),
            modified: version.modified,
            stamp: Bytes(version.stamp.clone()),
            path: version.path.clone().map(Bytes),
        });
        Self {
            id: Bytes(conflict.id.0.clone()),
            item: conflict.item.to_string(),
            kind: conflict.kind.into(),
            path: Bytes(conflict.path.clone()),
            detected: Some(conflict.detected),
            versions: versions.collect(),
        }
    }
}

/// What a person chose for a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "keep", rename_all = "snake_case")]
pub enum Choice {
    /// This version.
    One {
        /// Index of the version.
        index: usize,
    },
    /// All versions, under different names.
    All,
    /// The newest; a tie stays a conflict.
    Recent,
    /// The largest; a tie stays a conflict.
    Largest,
    /// These versions, under these names.
    Items {
        /// The versions.
        items: Vec<KeptItem>,
    },
    /// Another version than the competing ones, usually a merge of them.
    Other {
        /// Where the handler finds it; absent when its content is given.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Its content, where it fits into a line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Bytes>,
        /// Under which number its content came before, in `send_content`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent: Option<u64>,
    },
    /// The merge of all versions over the last one that they have in common; where both changed the same place it stays
    /// a conflict.
    Merged,
    /// The thing is synced no more; all versions stay where they are.
    RemoveFromSyncSet,
    /// A choice of a later version.
    #[serde(other)]
    Unknown,
}

/// A conflict, and what was chosen for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Decided {
    /// Names it in `report_settlement`.
    pub place: usize,
    /// The conflict, with the versions that the person saw: only those are settled (S1).
    pub conflict: Conflict,
    /// What was chosen.
    pub choice: Choice,
}

/// What became of a conflict that was to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Settlement {
    /// The choice was carried out.
    Settled {
        /// The choice that it was in the end.
        choice: Choice,
    },
    /// Left for later.
    Left,
    /// It could not be carried out; the conflict stands.
    Failed {
        /// Why.
        problem: Problem,
    },
    /// A version is another than the one that was shown: nothing was done.
    Changed,
    /// It was no open conflict any more.
    Gone,
    /// It was stopped before, or something of a later version.
    #[serde(other)]
    NotReached,
}

impl From<syncmgr::conflict::Settlement> for Settlement {
    fn from(settlement: syncmgr::conflict::Settlement) -> Self {
        use syncmgr::conflict::Settlement as Was;
        match settlement {
            Was::Settled(choice) => Self::Settled { choice: (&choice).into() },
            Was::Left => Self::Left,
            Was::Failed(error) => Self::Failed { problem: error.problem.into() },
            Was::Changed => Self::Changed,
            Was::Gone => Self::Gone,
            _ => Self::NotReached,
        }
    }
}

impl TryFrom<Settlement> for syncmgr::conflict::Settlement {
    type Error = Refusal;

    fn try_from(settlement: Settlement) -> Result<Self, Refusal> {
        Ok(match settlement {
            Settlement::Settled { choice } => Self::Settled(choice.try_into()?),
            Settlement::Left => Self::Left,
            Settlement::Failed { problem } => Self::Failed(syncmgr::Problem::from(problem).into()),
            Settlement::Changed => Self::Changed,
            Settlement::Gone => Self::Gone,
            Settlement::NotReached => Self::NotReached,
        })
    }
}

/// A version to be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KeptItem {
    /// Index of the version.
    pub index: usize,
    /// The name it is to have; absent: its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
}

impl From<&syncmgr::conflict::Choice> for Choice {
    fn from(choice: &syncmgr::conflict::Choice) -> Self {
        use syncmgr::conflict::Choice as Chosen;
        match choice {
            Chosen::KeepOne(index) => Self::One { index: *index },
            Chosen::KeepAll => Self::All,
            Chosen::KeepRecent => Self::Recent,
            Chosen::KeepLargest => Self::Largest,
            Chosen::KeepItems(items) => Self::Items {
                items: items
                    .iter()
                    .map(|item| KeptItem { index: item.index, new_name: item.new_name.clone() })
                    .collect(),
            },
            Chosen::KeepOther(OtherVersion::Reference(reference)) => {
                Self::Other { reference: Some(reference.clone()), content: None, sent: None }
            }
            Chosen::KeepOther(OtherVersion::Content(content)) => {
                Self::Other { reference: None, content: Some(Bytes(content.clone())), sent: None }
            }
            Chosen::KeepMerged => Self::Merged,
            Chosen::RemoveFromSyncSet => Self::RemoveFromSyncSet,
            _ => Self::Unknown,
        }
    }
}

impl TryFrom<Choice> for syncmgr::conflict::Choice {
    type Error = Refusal;

    fn try_from(choice: Choice) -> Result<Self, Refusal> {
        Ok(match choice {
            Choice::One { index } => Self::KeepOne(index),
            Choice::All => Self::KeepAll,
            Choice::Recent => Self::KeepRecent,
            Choice::Largest => Self::KeepLargest,
            Choice::Items { items } => Self::KeepItems(
                items
                    .into_iter()
                    .map(|item| ResolutionItem { index: item.index, new_name: item.new_name })
                    .collect(),
            ),
            Choice::Other { content: Some(content), .. } => Self::KeepOther(OtherVersion::Content(content.0)),
            Choice::Other { reference: Some(reference), .. } => {
                Self::KeepOther(OtherVersion::Reference(reference))
            }
            Choice::Other { .. } => {
                return Err(Refusal::InvalidArgument(
                    "the other version has neither content nor place".into(),
                ));
            }
            Choice::Merged => Self::KeepMerged,
            Choice::RemoveFromSyncSet => Self::RemoveFromSyncSet,
            Choice::Unknown => {
                return Err(Refusal::NotImplemented("this choice is of a later version".into()));
            }
        })
    }
}
