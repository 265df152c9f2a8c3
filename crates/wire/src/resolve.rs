//! Settling conflicts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::path::PathText;
use crate::words::{ConflictKind, Outcome};

/// What is chosen for conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Keep {
    /// The version of side A.
    A,
    /// The version of side B.
    B,
    /// Both, under different names.
    Both,
    /// The newest; a tie stays a conflict.
    Newest,
    /// The largest; a tie stays a conflict.
    Largest,
    /// The merge of both; where both changed the same place it stays a conflict.
    Merged,
    /// Both stay as they are, and are synchronized no more.
    LeaveOut,
    /// Another version in the place of all: the one in `content`.
    Other,
}

/// What can be done about a conflict, and what tells its versions apart beside content, size and time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConflictChoices {
    /// What `keep` may say to settle it, as it is now.
    pub keep: Vec<Keep>,
    /// What `merged` makes of it; none where the versions cannot be merged.
    pub merge: Option<MergedText>,
    /// More about each version, in the conflict's order.
    pub versions: Vec<VersionDetails>,
}

/// Two texts in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MergedText {
    /// The text; where both changed the same it holds both, between markers.
    pub text: String,
    /// In how many places both changed the same: with none, `merged` settles it.
    pub overlaps: u32,
}

/// More about one of the competing versions. What is not known is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VersionDetails {
    /// Who may do what with it: `rw-r--r--`.
    pub permissions: Option<String>,
    /// Where a link points.
    pub target: Option<PathText>,
    /// How many names a directory has in it.
    pub entries: Option<u64>,
    /// A name for it where several versions are kept.
    pub other_name: String,
}

/// Conflicts that are to be settled, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveOrder {
    /// What is kept.
    pub keep: Keep,
    /// With `a` or `both`: the name that side A's version gets.
    #[serde(default)]
    #[schema(nullable = false)]
    pub name_a: Option<String>,
    /// With `b` or `both`: the name that side B's version gets.
    #[serde(default)]
    #[schema(nullable = false)]
    pub name_b: Option<String>,
    /// With `other`: the version, in base64. For one conflict only.
    #[serde(default)]
    #[schema(nullable = false)]
    pub content: Option<String>,
    /// Only says what it comes to, and leaves everything as it is.
    #[serde(default)]
    pub dry_run: bool,
    /// These conflicts, each as it was shown.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub conflicts: Option<Vec<ShownConflict>>,
    /// All conflicts that this lets through, as they are now.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub all: Option<AllConflicts>,
}

/// A conflict as a person saw it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShownConflict {
    /// Its handler.
    pub handler: String,
    /// Its item.
    pub item: String,
    /// Its identity.
    pub id: String,
    /// `seen` of the conflict that was shown: other versions than those are not touched.
    pub seen: String,
}

/// Which conflicts are settled together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AllConflicts {
    /// Only of this handler.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handler: Option<String>,
    /// Only of this item (of `handler`).
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub item: Option<String>,
    /// Only of this kind.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub kind: Option<ConflictKind>,
    /// Only beneath this folder.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub folder: Option<String>,
}

/// What became of conflicts that were to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Resolved {
    /// The runs that settled them; each can be taken back.
    pub runs: Vec<u64>,
    /// What the runs came to.
    pub outcome: Outcome,
    /// Settled as chosen; with `dry_run` those that can be.
    pub settled: u64,
    /// Left open: the choice leaves them so.
    pub left: u64,
    /// Could not be settled.
    pub failed: u64,
    /// Have changed since they were shown.
    pub changed: u64,
    /// Were settled by somebody else meanwhile.
    pub gone: u64,
    /// Not reached: it was stopped before.
    pub not_reached: u64,
    /// Why some were left or failed: the first sentences, each once.
    pub reasons: Vec<String>,
}
