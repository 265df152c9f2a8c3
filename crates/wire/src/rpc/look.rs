//! Previews and checks: what a run would do, and whether all is as the last one left it. Rows come in pages.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use syncmgr::Outcome;
use syncmgr::plan::{self, DifferenceKind, EntryKind, PlanSide, PlannedAction, PlannedNote, Verb};

use super::bytes::Bytes;
use super::conflict::Conflict;
use super::number::Number;
use super::things::Counts;
use super::words::{Word, Worded, worded};

worded! {
    PlanSide, "PlanSide": A, B;
    Verb, "Verb": Delete, Replace, Move, KeepBoth, Update, Create, Metadata;
    EntryKind, "EntryKind": File, Directory, Link, Other;
    DifferenceKind, "DifferenceKind": Missing, Content, Metadata, Renamed, Conflict;
}

/// What a start with these options would do to the item; touches nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Preview {
    /// Names this look in `cancel_look`, `looked_at`, `rows` and `forget_rows`.
    pub look: u64,
    /// The item.
    pub item: String,
    /// The options, as for `check_options`.
    #[serde(default)]
    pub options: Map<String, Value>,
}

/// What it would come to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PreviewAnswer {
    /// What a start's options name to have exactly this carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What it comes to.
    #[serde(default)]
    pub counts: Counts,
    /// What a run would come to as things are.
    pub expected: Word<Outcome>,
    /// What guards say to it; a run would do nothing without approval.
    #[serde(default)]
    pub stops: Vec<String>,
    /// Something that is there would go, and nobody has agreed to that yet.
    #[serde(default)]
    pub needs_consent: bool,
    /// The item never ran.
    #[serde(default)]
    pub first_run: bool,
    /// What a person should know before believing the rest.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// What the person calls A and B.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sides: Option<[String; 2]>,
    /// How many actions there are, for `rows`.
    #[serde(default)]
    pub actions: usize,
    /// How many conflicts would be open afterwards, for `rows`.
    #[serde(default)]
    pub conflicts: usize,
    /// How many notes there are, for `rows`.
    #[serde(default)]
    pub notes: usize,
}

/// The kinds of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowKind {
    /// What would be done, in order.
    Actions,
    /// What would be open.
    Conflicts,
    /// What is to be known.
    Notes,
}

/// Rows of a preview.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GetRows {
    /// The look.
    pub look: u64,
    /// Which.
    pub of: RowKind,
    /// From this one on.
    pub from: usize,
}

/// As many rows as fit into a line, at least one if there is one.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct RowPage {
    /// Actions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<Action>,
    /// Conflicts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Notes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// Nobody asks for rows of this look any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ForgetRows {
    /// The look.
    pub look: u64,
}

/// One thing that would be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Action {
    /// What.
    pub verb: Word<Verb>,
    /// On which side; absent: B.
    #[serde(default)]
    pub side: Word<PlanSide>,
    /// Where.
    pub path: Bytes,
    /// The name it has now, where it gets another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Bytes>,
    /// What it is about.
    #[serde(default)]
    pub kind: Word<EntryKind>,
    /// Files, directories and links that it touches in all.
    #[serde(default)]
    pub entries: Number,
    /// Bytes of content.
    #[serde(default)]
    pub size: Number,
    /// Why, in a few words.
    #[serde(default)]
    pub why: String,
}

impl From<PlannedAction> for Action {
    fn from(action: PlannedAction) -> Self {
        Self {
            verb: action.verb.into(),
            side: action.side.into(),
            path: Bytes(action.path),
            from: action.from.map(Bytes),
            kind: action.kind.into(),
            entries: action.entries.into(),
            size: action.size.into(),
            why: action.why,
        }
    }
}

impl From<Action> for PlannedAction {
    fn from(action: Action) -> Self {
        Self {
            verb: action.verb.0.unwrap_or(Verb::Update),
            side: action.side.0.unwrap_or(PlanSide::B),
            path: action.path.0,
            from: action.from.map(|from| from.0),
            kind: action.kind.0.unwrap_or(EntryKind::Other),
            entries: action.entries.0,
            size: action.size.0,
            why: action.why,
        }
    }
}

/// Something to know about a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Note {
    /// Where.
    pub path: Bytes,
    /// Whether a run would count it as an error.
    #[serde(default)]
    pub is_error: bool,
    /// What, in a sentence.
    pub text: String,
}

impl From<PlannedNote> for Note {
    fn from(note: PlannedNote) -> Self {
        Self { path: Bytes(note.path), is_error: note.is_error, text: note.text }
    }
}

impl From<Note> for PlannedNote {
    fn from(note: Note) -> Self {
        Self { path: note.path.0, is_error: note.is_error, text: note.text }
    }
}

/// Whether the item is as its last run left it; touches nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verify {
    /// Names this look in `cancel_look` and `looked_at`.
    pub look: u64,
    /// The item.
    pub item: String,
    /// The options, as for `check_options`.
    #[serde(default)]
    pub options: Map<String, Value>,
}

/// Where it is not; as many as fit into a line.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct VerifyAnswer {
    /// Differences, sorted by path.
    pub differences: Vec<Difference>,
    /// What could not be looked at.
    pub unknown: Vec<Note>,
    /// Entries that were looked at, on each side.
    pub looked_at: [Number; 2],
    /// Bytes of content that were read.
    pub compared_bytes: Number,
    /// There are more differences than these.
    pub more: bool,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Difference {
    /// Where.
    pub path: Bytes,
    /// How.
    pub kind: Word<DifferenceKind>,
    /// The side that lacks it, has the old name, or does not have the content that was agreed on, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub side: Option<Word<PlanSide>>,
    /// The old name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Bytes>,
}

impl From<plan::Difference> for Difference {
    fn from(difference: plan::Difference) -> Self {
        Self {
            path: Bytes(difference.path),
            kind: difference.kind.into(),
            side: difference.side.map(Word::from),
            from: difference.from.map(Bytes),
        }
    }
}

impl From<Difference> for plan::Difference {
    fn from(difference: Difference) -> Self {
        Self {
            path: difference.path.0,
            kind: difference.kind.0.unwrap_or(DifferenceKind::Content),
            side: difference.side.and_then(|side| side.0),
            from: difference.from.map(|from| from.0),
        }
    }
}

/// Nobody waits for this look any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CancelLook {
    /// The look.
    pub look: u64,
}

/// So many entries more were looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LookedAt {
    /// The look.
    pub look: u64,
    /// How many more.
    pub entries: Number,
    /// Where.
    #[serde(default)]
    pub place: Bytes,
}
