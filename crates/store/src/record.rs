//! What the store holds, as values; and how rows become them.

use rusqlite::Row;
use rusqlite::types::Type;
use syncmgr::event::{EventId, Level};
use syncmgr::outcome::{Counts, Outcome, Problem, ProblemClass, SideCounts};
use syncmgr::{HandlerId, ItemId, ProgressStatus, RunId};

/// How many bits of an event's id are its number within the run.
const EVENT_BITS: u32 = 24;
/// The most events that one run may have.
pub(crate) const EVENTS_PER_RUN: u64 = 1 << EVENT_BITS;

/// A session about to begin.
#[derive(Debug, Clone)]
pub struct NewRun {
    /// Its handler.
    pub handler: HandlerId,
    /// The items that have begun with it.
    pub items: Vec<ItemId>,
    /// When, in milliseconds since 1970.
    pub started: i64,
    /// What the program that began it calls it, if another one did.
    pub reference: Option<String>,
}

/// How a session ended.
#[derive(Debug, Clone)]
pub struct RunEnd {
    /// When, in milliseconds since 1970.
    pub ended: i64,
    /// When that is written down: later than it ended where it is told afterwards.
    pub recorded: i64,
    /// The aggregated status (R14).
    pub status: ProgressStatus,
    /// The worst outcome of its items.
    pub outcome: Outcome,
    /// Whether a person started it by hand outside (R13).
    pub manual: bool,
    /// Open conflicts of its items.
    pub conflicts: u64,
    /// Every item of the session.
    pub items: Vec<RunItemEnd>,
}

/// How one item of a session ended.
#[derive(Debug, Clone)]
pub struct RunItemEnd {
    /// The item.
    pub item: ItemId,
    /// Its final status.
    pub status: ProgressStatus,
    /// What it came to.
    pub outcome: Outcome,
    /// What was changed.
    pub counts: Counts,
    /// What went wrong, if something did.
    pub problem: Option<Problem>,
}

/// A run as the results show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// Its identity.
    pub id: RunId,
    /// Its handler.
    pub handler: HandlerId,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// When it ended; none while it runs.
    pub ended: Option<i64>,
    /// Whether a person started it by hand outside (R13).
    pub manual: bool,
    /// The aggregated status (R14).
    pub status: Option<ProgressStatus>,
    /// The worst outcome of its items.
    pub outcome: Option<Outcome>,
    /// Events of error level (R16).
    pub errors: u64,
    /// Conflicts that were open at its end.
    pub conflicts: u64,
    /// Its items.
    pub items: Vec<RunItem>,
}

/// One item of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunItem {
    /// The item.
    pub item: ItemId,
    /// Its final status; none while the run runs.
    pub status: Option<ProgressStatus>,
    /// What it came to.
    pub outcome: Option<Outcome>,
    /// Events of error level (R16).
    pub errors: u64,
    /// What was changed.
    pub counts: Counts,
    /// What went wrong, if something did.
    pub problem: Option<Problem>,
}

/// A run of one item, as far as a strip of its history shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunMark {
    /// The run.
    pub run: RunId,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// When it ended; none while it runs.
    pub ended: Option<i64>,
    /// What it came to for the item; none while it runs.
    pub outcome: Option<Outcome>,
    /// Events of error level (R16).
    pub errors: u64,
}

/// Which runs to read, newest first.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// Only of this handler.
    pub handler: Option<HandlerId>,
    /// Only those with this item (of `handler`).
    pub item: Option<ItemId>,
    /// Only those that came to this; with `item`, for that item.
    pub outcome: Option<Outcome>,
    /// Only those that began then or later, in milliseconds since 1970.
    pub since: Option<i64>,
    /// Only those that began before then.
    pub until: Option<i64>,
    /// Only those with an item or a problem that contains this text (ASCII letters without case).
    pub text: Option<String>,
    /// Only runs older than this one: the last of the page before.
    pub before: Option<RunId>,
    /// How many to pass over.
    pub offset: u64,
    /// How many at most; none means 100.
    pub limit: Option<u32>,
}

/// In which order events are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// As they were reported.
    #[default]
    OldestFirst,
    /// The latest run first.
    NewestFirst,
}

/// Which events to read.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// Only of this run.
    pub run: Option<RunId>,
    /// Only of this handler.
    pub handler: Option<HandlerId>,
    /// Only of this item (of `handler`).
    pub item: Option<ItemId>,
    /// Only of this level or worse.
    pub level: Option<Level>,
    /// Only those whose name or description contains this text (ASCII letters without case).
    pub text: Option<String>,
    /// Only those that come after this one in `order`: the last of the page before.
    pub after: Option<EventId>,
    /// The order.
    pub order: Order,
    /// How many at most; none means 100.
    pub limit: Option<u32>,
}

/// The switches of a handler that the center keeps (R15); none: never set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerState {
    /// The handler.
    pub handler: HandlerId,
    /// Listed among the partnerships.
    pub active: Option<bool>,
    /// May be synchronized.
    pub enabled: Option<bool>,
    /// Not displayed.
    pub hidden: Option<bool>,
}

/// A switch that the center keeps for a handler or an item (R15).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Handlers only.
    Active(bool),
    /// Handlers and items.
    Enabled(bool),
    /// Handlers and items.
    Hidden(bool),
    /// Items only: paused until this time in milliseconds since 1970; none: not paused.
    PausedUntil(Option<i64>),
}

/// What is remembered of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemState {
    /// Its handler.
    pub handler: HandlerId,
    /// The item.
    pub item: ItemId,
    /// Its switch (R15); none: never set.
    pub enabled: Option<bool>,
    /// Not displayed; none: never set.
    pub hidden: Option<bool>,
    /// Paused until then, in milliseconds since 1970.
    pub paused_until: Option<i64>,
    /// When it was met first.
    pub first_seen: i64,
    /// The last run that ended.
    pub last_run: Option<LastRun>,
    /// The last run without errors, and when it ended.
    pub last_good: Option<(RunId, i64)>,
    /// A run that has not ended, in this process or another one.
    pub running: Option<RunId>,
    /// Conflicts in the center's store.
    pub conflicts: u64,
    /// The outcome of the last run that tells how the item stands. A run that was stopped, interrupted, or could not
    /// begin tells nothing: what the run before it found still holds.
    pub verdict: Option<Outcome>,
    /// What a person calls it, where no handler says so.
    pub name: Option<String>,
    /// After so many milliseconds without a good run it is overdue, where its reporter says so.
    pub overdue: Option<i64>,
}

/// The last run of an item, as far as its state needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// The run.
    pub run: RunId,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// When it ended.
    pub ended: i64,
    /// Whether a person started it by hand outside (R13).
    pub manual: bool,
    /// What it came to for this item.
    pub result: RunItem,
}

/// An error run never counts as good, whatever its outcome says: events of error level and entries that failed are
/// errors, too. Open conflicts are no error: all the rest is in sync.
pub(crate) fn is_good(outcome: Outcome, counts: &Counts, error_events: u64) -> bool {
    matches!(outcome, Outcome::Done | Outcome::NeedsDecision) && counts.errors == 0 && error_events == 0
}

/// Whether a run with that outcome tells how the item stands.
pub(crate) fn tells(outcome: Outcome) -> bool {
    !matches!(outcome, Outcome::Waiting | Outcome::Disconnected | Outcome::Canceled | Outcome::Interrupted)
}

/// SQLite's integers are signed; a count beyond them is shown as the largest.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(crate) fn event_id(run: RunId, number: u64) -> EventId {
    EventId((run.0 << EVENT_BITS) | number)
}

/// The run that an event of the store belongs to.
pub fn run_of(event: EventId) -> RunId {
    RunId(event.0 >> EVENT_BITS)
}

/// The ids that a run's events can have, both ends included.
pub(crate) fn events_of(run: RunId) -> (i64, i64) {
    (signed(event_id(run, 0).0), signed(event_id(run, EVENTS_PER_RUN - 1).0))
}

/// A column whose value the contract refuses.
fn unreadable(index: usize, sql_type: Type, what: impl std::fmt::Display) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(index, sql_type, what.to_string().into())
}

pub(crate) fn handler_id(row: &Row<'_>, index: usize) -> rusqlite::Result<HandlerId> {
    HandlerId::new(&row.get::<_, String>(index)?).map_err(|refusal| unreadable(index, Type::Text, refusal))
}

pub(crate) fn item_id(row: &Row<'_>, index: usize) -> rusqlite::Result<ItemId> {
    ItemId::new(&row.get::<_, String>(index)?).map_err(|refusal| unreadable(index, Type::Text, refusal))
}

pub(crate) fn status(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<ProgressStatus>> {
    row.get::<_, Option<u32>>(index)?
        .map(ProgressStatus::from_number)
        .transpose()
        .map_err(|refusal| unreadable(index, Type::Integer, refusal))
}

pub(crate) fn outcome(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<Outcome>> {
    row.get::<_, Option<String>>(index)?
        .map(|word| {
            Outcome::from_word(&word)
                .ok_or_else(|| unreadable(index, Type::Text, format!("{word:?} is no outcome")))
        })
        .transpose()
}

pub(crate) fn level(row: &Row<'_>, index: usize) -> rusqlite::Result<Level> {
    Level::from_number(row.get(index)?).map_err(|refusal| unreadable(index, Type::Integer, refusal))
}

pub(crate) fn count(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    row.get(index).map(unsigned)
}

pub(crate) fn run_id(row: &Row<'_>, index: usize) -> rusqlite::Result<RunId> {
    row.get(index).map(|id| RunId(unsigned(id)))
}

/// The columns that [`run_item`] reads, of `run_items` as `ri` and `items` as `i`.
pub(crate) const RUN_ITEM_COLUMNS: &str = "i.item, ri.status, ri.outcome, ri.errors, \
     ri.a_created, ri.a_updated, ri.a_deleted, ri.a_moved, ri.b_created, ri.b_updated, ri.b_deleted, ri.b_moved, \
     ri.conflicts, ri.failed, ri.skipped, ri.bytes, ri.problem_class, ri.problem_text, ri.problem_fix";
/// How many they are.
pub(crate) const RUN_ITEM_WIDTH: usize = 19;

pub(crate) fn run_item(row: &Row<'_>, first: usize) -> rusqlite::Result<RunItem> {
    let side = |at: usize| -> rusqlite::Result<SideCounts> {
        Ok(SideCounts {
            created: count(row, at)?,
            updated: count(row, at + 1)?,
            deleted: count(row, at + 2)?,
            moved: count(row, at + 3)?,
        })
    };
    let problem = match row.get::<_, Option<String>>(first + 16)? {
        None => None,
        Some(word) => Some(Problem {
            class: ProblemClass::from_word(&word)
                .ok_or_else(|| unreadable(first + 16, Type::Text, format!("{word:?} is no problem class")))?,
            text: row.get(first + 17)?,
            fix: row.get(first + 18)?,
        }),
    };
    Ok(RunItem {
        item: item_id(row, first)?,
        status: status(row, first + 1)?,
        outcome: outcome(row, first + 2)?,
        errors: count(row, first + 3)?,
        counts: Counts {
            a: side(first + 4)?,
            b: side(first + 8)?,
            conflicts: count(row, first + 12)?,
            errors: count(row, first + 13)?,
            skipped: count(row, first + 14)?,
            bytes: count(row, first + 15)?,
        },
        problem,
    })
}
