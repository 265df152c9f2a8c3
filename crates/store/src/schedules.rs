//! What schedules have come to, and the pause of everything.

use rusqlite::{Connection, OptionalExtension, params};
use syncmgr::{HandlerId, ItemId};

use crate::record::{count, handler_id, item_id, signed};
use crate::writer::Ledger;

/// A pause until somebody ends it.
pub const FOREVER: i64 = i64::MAX;

/// What the schedule of an item has come to. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ScheduleState {
    /// Which times this is about, as text: other times begin anew.
    pub times: String,
    /// Due times of the calendar up to then are accounted for.
    pub handled: i64,
    /// When the schedule last started a run.
    pub tried: Option<i64>,
    /// Good runs of the items before it, up to then, are accounted for.
    pub followed: i64,
    /// What is due and waits.
    pub due: Option<DueState>,
    /// What it waits for, in words of the center.
    pub waits: Option<String>,
    /// When a run was started whose end is not accounted for.
    pub begun: Option<i64>,
    /// Repetitions of a failed run so far.
    pub retries: u32,
    /// When the next repetition is.
    pub retry_at: Option<i64>,
    /// Due times that came while a run was still at it, since the last start.
    pub skipped: u64,
    /// When the last of them was.
    pub skipped_at: Option<i64>,
    /// Due times without a run of their own since the last good run.
    pub missed: u64,
}

/// What is due and waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueState {
    /// Why, as a word of the center.
    pub cause: String,
    /// Since when.
    pub since: i64,
    /// How many due times it stands for.
    pub count: u64,
}

/// The schedule of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRow {
    /// Its handler.
    pub handler: HandlerId,
    /// The item.
    pub item: ItemId,
    /// What it has come to.
    pub state: ScheduleState,
}

pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Vec<ScheduleRow>> {
    conn.prepare_cached(
        "SELECT h.handler, i.item, s.times, s.handled, s.tried, s.followed, s.due_cause, s.due_since,
                s.due_count, s.begun, s.retries, s.retry_at, s.skipped, s.skipped_at, s.missed, s.waits
           FROM schedules s JOIN items i ON i.id = s.item JOIN handlers h ON h.id = i.handler",
    )?
    .query_map([], |row| {
        let due = match row.get(6)? {
            None => None,
            Some(cause) => Some(DueState { cause, since: row.get(7)?, count: count(row, 8)? }),
        };
        Ok(ScheduleRow {
            handler: handler_id(row, 0)?,
            item: item_id(row, 1)?,
            state: ScheduleState {
                times: row.get(2)?,
                handled: row.get(3)?,
                tried: row.get(4)?,
                followed: row.get(5)?,
                due,
                begun: row.get(9)?,
                retries: row.get(10)?,
                retry_at: row.get(11)?,
                skipped: count(row, 12)?,
                skipped_at: row.get(13)?,
                missed: count(row, 14)?,
                waits: row.get(15)?,
            },
        })
    })?
    .collect()
}

pub(crate) fn save(ledger: &Ledger<'_>, row: &ScheduleRow, now: i64) -> rusqlite::Result<()> {
    let item = ledger.item(&row.handler, &row.item, now)?;
    let state = &row.state;
    let due = state.due.as_ref();
    ledger
        .conn
        .prepare_cached(
            "INSERT OR REPLACE INTO schedules (item, times, handled, tried, followed, due_cause, due_since,
                due_count, begun, retries, retry_at, skipped, skipped_at, missed, waits)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            item,
            state.times,
            state.handled,
            state.tried,
            state.followed,
            due.map(|due| &due.cause),
            due.map(|due| due.since),
            due.map_or(0, |due| signed(due.count)),
            state.begun,
            state.retries,
            state.retry_at,
            signed(state.skipped),
            state.skipped_at,
            signed(state.missed),
            state.waits,
        ])
        .map(drop)
}

pub(crate) fn paused_until(conn: &Connection) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT until FROM pause WHERE id = 1")?.query_row([], |row| row.get(0)).optional()
}

pub(crate) fn pause(conn: &Connection, until: Option<i64>) -> rusqlite::Result<()> {
    match until {
        Some(until) => conn
            .prepare_cached("INSERT OR REPLACE INTO pause (id, until) VALUES (1, ?1)")?
            .execute([until])
            .map(drop),
        None => conn.prepare_cached("DELETE FROM pause")?.execute([]).map(drop),
    }
}
