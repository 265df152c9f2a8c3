//! What a run would do, said before anything is touched: the same shape for every handler, so that one page and one
//! command can show it. The original has nothing of the kind.
//!
//! A plan may be large (a million actions). [`Preview`] therefore carries its counts and what would stop it as values,
//! and everything that comes in rows behind [`Rows`], which makes a row when it is asked for.

use crate::conflict::Conflict;
use crate::error::Refusal;
use crate::outcome::{Counts, Outcome, Problem};

/// A side of an item that has two; for handlers without sides everything happens on B, as in [`Counts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlanSide {
    /// The first side.
    A,
    /// The second side.
    B,
}

impl PlanSide {
    /// The word used in the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// What is done at a path. The order is that in which a person wants to see them: what takes away comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Verb {
    /// Something goes away.
    Delete,
    /// Something gives way to a thing of another kind.
    Replace,
    /// It gets another name.
    Move,
    /// Both versions stay, one of them under another name.
    KeepBoth,
    /// Its content is replaced.
    Update,
    /// It is made.
    Create,
    /// Permissions or times follow; the content stays.
    Metadata,
}

impl Verb {
    /// All verbs, in order.
    pub const ALL: [Self; 7] =
        [Self::Delete, Self::Replace, Self::Move, Self::KeepBoth, Self::Update, Self::Create, Self::Metadata];

    /// The word used in the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Replace => "replace",
            Self::Move => "move",
            Self::KeepBoth => "keep-both",
            Self::Update => "update",
            Self::Create => "create",
            Self::Metadata => "metadata",
        }
    }

    /// The verb a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verb| verb.word() == word)
    }
}

/// What kind of thing an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EntryKind {
    /// A file, or whatever else holds content.
    File,
    /// A directory, with all that is in it.
    Directory,
    /// A symbolic link.
    Link,
    /// Something else.
    Other,
}

impl EntryKind {
    /// The word used in the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Directory => "directory",
            Self::Link => "link",
            Self::Other => "other",
        }
    }
}

/// One thing that would be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedAction {
    /// What.
    pub verb: Verb,
    /// On which side.
    pub side: PlanSide,
    /// Where: the path beneath the side as bytes (it may be no UTF-8).
    pub path: Vec<u8>,
    /// For [`Verb::Move`] and [`Verb::KeepBoth`]: the name it has now.
    pub from: Option<Vec<u8>>,
    /// What it is about: the version that comes, or the one that goes where none comes.
    pub kind: EntryKind,
    /// Files, directories and links that it touches in all.
    pub entries: u64,
    /// Bytes of content: what a deletion takes away, what all others bring.
    pub size: u64,
    /// Why, in a few words that name the sides as the person does.
    pub why: String,
}

/// Something to know about a path, which no action comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedNote {
    /// Where.
    pub path: Vec<u8>,
    /// Whether it could not be looked at or compared: a run would count it as an error.
    pub is_error: bool,
    /// What, in a sentence.
    pub text: String,
}

/// The rows of a plan, each made when it is asked for.
pub trait Rows: Send + Sync {
    /// How many actions there are.
    fn actions(&self) -> usize;
    /// An action, in the order in which they would be carried out.
    fn action(&self, at: usize) -> Option<PlannedAction>;
    /// How many conflicts would be open afterwards.
    fn conflicts(&self) -> usize;
    /// A conflict.
    fn conflict(&self, at: usize) -> Option<Conflict>;
    /// How many notes there are.
    fn notes(&self) -> usize;
    /// A note.
    fn note(&self, at: usize) -> Option<PlannedNote>;
}

/// Rows that are there already: for handlers that learn of few things at once, such as a dry run of a tool.
#[derive(Debug, Clone, Default)]
pub struct RowList {
    /// The actions.
    pub actions: Vec<PlannedAction>,
    /// The conflicts.
    pub conflicts: Vec<Conflict>,
    /// The notes.
    pub notes: Vec<PlannedNote>,
}

impl Rows for RowList {
    fn actions(&self) -> usize {
        self.actions.len()
    }

    fn action(&self, at: usize) -> Option<PlannedAction> {
        self.actions.get(at).cloned()
    }

    fn conflicts(&self) -> usize {
        self.conflicts.len()
    }

    fn conflict(&self, at: usize) -> Option<Conflict> {
        self.conflicts.get(at).cloned()
    }

    fn notes(&self) -> usize {
        self.notes.len()
    }

    fn note(&self, at: usize) -> Option<PlannedNote> {
        self.notes.get(at).cloned()
    }
}

/// What a run of one item would do.
pub struct Preview {
    /// What a start's options name to have exactly this carried out; none when the handler cannot be held to a plan.
    pub plan: Option<String>,
    /// What it comes to, in the words of a run's summary.
    pub counts: Counts,
    /// What a run would come to as things are: a safety stop when a guard or the want of consent would keep it from
    /// doing anything.
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
    pub sides: Option<[String; 2]>,
    /// All the rest.
    pub rows: Box<dyn Rows>,
}

impl std::fmt::Debug for Preview {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Preview")
            .field("plan", &self.plan)
            .field("counts", &self.counts)
            .field("expected", &self.expected)
            .field("stops", &self.stops)
            .field("actions", &self.rows.actions())
            .finish_non_exhaustive()
    }
}

/// How two sides differ at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
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

impl DifferenceKind {
    /// The word used in the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Content => "content",
            Self::Metadata => "metadata",
            Self::Renamed => "renamed",
            Self::Conflict => "conflict",
        }
    }
}

/// One difference; a whole directory that one side lacks is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where.
    pub path: Vec<u8>,
    /// How.
    pub kind: DifferenceKind,
    /// The side that lacks it, has the old name, or does not have the content that was agreed on, if that is known.
    pub side: Option<PlanSide>,
    /// The old name, for [`DifferenceKind::Renamed`].
    pub from: Option<Vec<u8>>,
}

/// Whether an item is as its last run left it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verification {
    /// Where it is not, sorted by path.
    pub differences: Vec<Difference>,
    /// What could not be looked at: nothing is known of it.
    pub unknown: Vec<PlannedNote>,
    /// Entries that were looked at, on each side.
    pub looked_at: [u64; 2],
    /// Bytes of content that were read.
    pub compared_bytes: u64,
}

impl Verification {
    /// Whether everything was seen, and nothing differs.
    pub fn is_clean(&self) -> bool {
        self.differences.is_empty() && self.unknown.is_empty()
    }
}

/// Follows a look that may take long.
pub trait Watch: Sync {
    /// Whether to give up; asked often.
    fn canceled(&self) -> bool {
        false
    }

    /// So many entries more were looked at; `place` is where, a path as bytes.
    fn looked_at(&self, entries: u64, place: &[u8]) {
        let _ = (entries, place);
    }
}

/// Nobody follows.
impl Watch for () {}

/// Why nothing can be said beforehand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PreviewError {
    /// The question was wrong: unknown item, options that the handler does not know, no such ability.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something is not as it must be; a run would end the same way.
    #[error("{problem}")]
    Failed {
        /// What a run would come to.
        outcome: Outcome,
        /// Why.
        problem: Problem,
    },
}
