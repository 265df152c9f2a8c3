//! What a run would do.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::conflict::Conflict;
use crate::counts::Counts;
use crate::path::PathText;
use crate::words::Outcome;

/// What is to be looked at beforehand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PreviewOrder {
    /// Options in the handler's own words, as for a start.
    #[schema(value_type = Object, nullable = false)]
    pub options: Option<Map<String, Value>>,
}

/// What a run of one item would do. Its rows are asked for page by page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Preview {
    /// Names it, to ask for its rows. Only the last few are kept.
    pub id: u64,
    /// What the options of a start name (`plan`) to have exactly this carried out; none when that cannot be.
    pub plan: Option<String>,
    /// What it comes to.
    pub counts: Counts,
    /// What a run would come to as things are.
    pub expected: Outcome,
    /// What guards say to it, each a sentence; a run would do nothing without approval.
    pub stops: Vec<String>,
    /// Something that is there would go, and nobody has agreed to that yet.
    pub needs_consent: bool,
    /// The item never ran.
    pub first_run: bool,
    /// What a person should know before believing the rest, each a sentence.
    pub warnings: Vec<String>,
    /// What the person calls A and B; none for handlers without sides.
    pub sides: Option<Vec<String>>,
    /// How many actions there are.
    pub actions: u64,
    /// How many conflicts would be open.
    pub conflicts: u64,
    /// How many notes there are.
    pub notes: u64,
}

/// Which rows of a preview.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RowFilter {
    /// Only actions of this verb.
    #[param(nullable = false)]
    pub verb: Option<Verb>,
    /// Where the page begins, counted over actions, then conflicts, then notes.
    #[serde(deserialize_with = "crate::said::whole")]
    pub offset: u64,
    /// The size of the page; 100 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A page of the rows of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowsPage {
    /// What would be done, in the order in which it would be.
    pub actions: Vec<Action>,
    /// What would be a conflict; only without a `verb`.
    pub conflicts: Vec<Conflict>,
    /// What is worth a remark; only without a `verb`.
    pub notes: Vec<Note>,
    /// Where the next page begins (`offset`); none after the last.
    pub next: Option<u64>,
}

/// What is done to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verb {
    /// It goes.
    Delete,
    /// Another kind takes its place.
    Replace,
    /// It gets another place.
    Move,
    /// Both versions are kept.
    KeepBoth,
    /// Its content is replaced.
    Update,
    /// It appears.
    Create,
    /// Only its times or permissions change.
    Metadata,
}

/// One action of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// What is done.
    pub verb: Verb,
    /// The side that changes: `a` or `b`.
    pub side: String,
    /// The entry, beneath the side.
    #[serde(flatten)]
    pub path: PathText,
    /// Where it comes from, of a move.
    pub from: Option<PathText>,
    /// "file", "directory", "link" or "other".
    pub kind: String,
    /// How many entries it is about.
    pub entries: u64,
    /// Bytes of content.
    pub size: u64,
    /// Why, in a few words.
    pub why: String,
}

/// Whether an item is as its last run left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Verification {
    /// Everything was seen, and nothing differs.
    pub clean: bool,
    /// Where it is not, by path: at most the first thousand.
    pub differences: Vec<Difference>,
    /// How many differences there are.
    pub differing: u64,
    /// What could not be looked at, so that nothing is known of it: at most the first thousand.
    pub unknown: Vec<Note>,
    /// How many such entries there are.
    pub unseen: u64,
    /// Entries that were looked at, on A and on B.
    pub looked_at: [u64; 2],
    /// Bytes of content that were read.
    pub compared_bytes: u64,
}

/// How the two sides of an entry differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// One side has nothing there.
    Missing,
    /// The contents, or the kinds, are not the same.
    Content,
    /// Permissions or times are not the same.
    Metadata,
    /// One side still has it under its old name.
    Renamed,
    /// An open conflict.
    Conflict,
}

/// One difference; a whole directory that one side lacks is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The entry, beneath the side.
    #[serde(flatten)]
    pub path: PathText,
    /// How it differs.
    pub kind: DifferenceKind,
    /// The side that lacks it, has the old name, or does not have the content that was agreed on, if that is known: `a`
    /// or `b`.
    pub side: Option<String>,
    /// The old name, of one that is renamed.
    pub from: Option<PathText>,
}

/// Something that is not done, or cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Note {
    /// What it is about.
    #[serde(flatten)]
    pub path: PathText,
    /// Whether a run would count it as an error.
    pub is_error: bool,
    /// What, in a sentence.
    pub text: String,
}
