//! Settling conflicts.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::control::EndedItem;
use crate::path::PathText;
use crate::problem::Problem;
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
    /// Another version in the place of all: the one in `content` or `file`.
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
    /// Whether settling it is a run, which can be taken back like any other of its handler.
    pub in_run: bool,
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
    /// Whose it is: the name of a user, or the number of one that has none.
    pub owner: Option<String>,
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
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name_a: Option<String>,
    /// With `b` or `both`: the name that side B's version gets.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name_b: Option<String>,
    /// With `other`: the version, in base64. For one conflict only.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<String>,
    /// With `other`, at the local socket only: a file of this machine that has the version. For one conflict only.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file: Option<String>,
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

/// What is chosen for one conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Chosen {
    /// What is kept.
    pub keep: Keep,
    /// With `a` or `both`: the name that side A's version gets.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name_a: Option<String>,
    /// With `b` or `both`: the name that side B's version gets.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub name_b: Option<String>,
    /// With `other`: the version, in base64.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub content: Option<String>,
    /// With `other`, at the local socket only: a file of this machine that has the version.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub file: Option<String>,
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
    /// Whether it is a copy that another program has left: such stand in no list, and are looked for in the item.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy: bool,
    /// What is chosen for this one, in the place of what is chosen for all.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub instead: Option<Chosen>,
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
    /// What each item came to in these runs.
    pub items: Vec<EndedItem>,
    /// What became of each of the `conflicts` of the order, in its order; empty when it named none.
    pub settlements: Vec<Settlement>,
    /// Why the results could not be written, if they could not.
    pub trouble: Option<String>,
}

/// What became of a conflict that was to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Settlement {
    /// In a word.
    pub became: Became,
    /// Why it could not be settled.
    pub problem: Option<Problem>,
    /// Whether the events of a run tell of it.
    pub in_run: bool,
}

/// What can become of a conflict that was to be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Became {
    /// Settled as chosen.
    Settled,
    /// Left open: the choice leaves it so.
    Left,
    /// It could not be settled.
    Failed,
    /// It has changed since it was shown.
    Changed,
    /// Somebody else has settled it meanwhile, or both sides agree.
    Gone,
    /// It was stopped before.
    NotReached,
}
