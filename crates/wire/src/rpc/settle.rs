//! What the center asks about a conflict: what can be done about it, what its versions are like now, and to settle it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use syncmgr::conflict::{Abilities, Feedback, Shown};

use super::bytes::Bytes;
use super::conflict::{Choice, Conflict};
use super::number::Number;
use super::words::{Names, Word};

/// `QueryAbilities` of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetAbilities {
    /// The conflict.
    pub conflict: Conflict,
}

/// Which choices can be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ConflictAbilities {
    /// The abilities.
    pub abilities: Names<Abilities>,
}

/// Settles a conflict as a person chose. It stands until `replace_conflicts` or `update_conflicts` says that it is
/// gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResolveConflict {
    /// The conflict.
    pub conflict: Conflict,
    /// What was chosen.
    pub choice: Choice,
}

/// What happens with the next conflict of the set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Resolved {
    /// The feedback.
    #[serde(default)]
    pub feedback: Word<Feedback>,
}

/// What is there now of a conflict that was shown earlier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LookAgain {
    /// The conflict, as it was shown.
    pub conflict: Conflict,
}

/// The conflict as it is now, if it still is one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundConflict {
    /// The conflict; absent: there is none any more.
    #[serde(default)]
    pub conflict: Option<Conflict>,
}

/// Looks for conflict copies that other programs have left in an item; they stand in no list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindCopies {
    /// Names this look in `rows` and `forget_rows`.
    pub look: u64,
    /// The item.
    pub item: String,
}

/// How many were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundCopies {
    /// They are asked for as `conflicts` of `rows`.
    #[serde(default)]
    pub conflicts: usize,
}

/// The content of a version, for a presenter that shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetContent {
    /// Names this look in `part` and `forget_parts`.
    pub look: u64,
    /// The conflict.
    pub conflict: Conflict,
    /// Index of the version; absent: the last version that all of them have in common.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<usize>,
    /// Of what is larger than so many bytes there is nothing to be shown.
    pub limit: Number,
}

impl GetContent {
    /// The version that is meant.
    pub fn shown(&self) -> Shown {
        self.version.map_or(Shown::Ancestor, Shown::Version)
    }
}

/// What the choice `merged` would make of a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Merge {
    /// Names this look in `part` and `forget_parts`.
    pub look: u64,
    /// The conflict.
    pub conflict: Conflict,
}

/// The merge, if the versions can be merged.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct FoundMerge {
    /// The merged text; absent: they cannot. Where both changed the same place it holds both, between markers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Bytes>,
    /// More of it is to be asked for with `part`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// In how many places both changed the same.
    #[serde(default)]
    pub overlaps: usize,
}

/// Bytes that are longer than a part: the next part of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetPart {
    /// The look.
    pub look: u64,
    /// From this byte on.
    pub from: Number,
}

/// Bytes, or the beginning of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Part {
    /// The bytes; absent: there are none to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Bytes>,
    /// More of them is to be asked for with `part`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
}

/// Nobody asks for parts of this look any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForgetParts {
    /// The look.
    pub look: u64,
}

/// A part of what a person wants to have instead of all versions; the choice that names it follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SendContent {
    /// Names it in the choice.
    pub sent: u64,
    /// Put behind what came before.
    pub bytes: Bytes,
}
