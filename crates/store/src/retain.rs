//! Retention: what the results forget, by count and by age.

use rusqlite::params;

use crate::writer::Ledger;

/// How much the results keep. The last run of each item, its last good run and what still runs always stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The most runs to keep.
    pub runs: u64,
    /// The most events to keep, by whole runs.
    pub events: u64,
    /// The age, in milliseconds, beyond which runs go.
    pub age: i64,
    /// The age beyond which events of level information go, though their run stays; none: with their run.
    pub information_age: Option<i64>,
    /// The same for warnings.
    pub warning_age: Option<i64>,
    /// Events go as soon as a later run of their items has begun, though their run stays.
    pub last_run_only: bool,
}

impl Default for Retention {
    /// A hundred thousand runs, a million events, a year.
    fn default() -> Self {
        Self {
            runs: 100_000,
            events: 1_000_000,
            age: 365 * 24 * 60 * 60 * 1000,
            information_age: None,
            warning_age: None,
            last_run_only: false,
        }
    }
}

/// What a retention took away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Runs.
    pub runs: u64,
    /// Events.
    pub events: u64,
}

/// How many runs go in one transaction, so that other writers get their turn between two.
pub(crate) const STEP: u64 = 500;

/// Removes at most [`STEP`] runs, the oldest first.
pub(crate) fn step(ledger: &Ledger<'_>, retention: &Retention, now: i64) -> rusqlite::Result<Removed> {
    let conn = ledger.conn;
    let signed = crate::record::signed;
    let all: i64 = conn.query_row("SELECT count(*) FROM runs", [], |row| row.get(0))?;
    let beyond = (all - signed(retention.runs)).max(0);
    // The run in which the oldest event that may stay lies; all events of earlier runs go.
    let first_kept: Option<i64> = conn
        .prepare_cached("SELECT id >> 24 FROM events ORDER BY id DESC LIMIT 1 OFFSET ?1")?
        .query_map([signed(retention.events)], |row| row.get(0))?
        .next()
        .transpose()?;
    let old: Vec<i64> = conn
        .prepare_cached(
            "SELECT id FROM runs
              WHERE ended IS NOT NULL
                AND (started < ?1 OR id <= ?2
                     OR id IN (SELECT id FROM runs ORDER BY id LIMIT ?3))
                AND id NOT IN (SELECT last_run FROM items WHERE last_run IS NOT NULL)
                AND id NOT IN (SELECT last_good_run FROM items WHERE last_good_run IS NOT NULL)
              ORDER BY id LIMIT ?4",
        )?
        .query_map(
            params![now.saturating_sub(retention.age), first_kept.unwrap_or(0), beyond, signed(STEP)],
            |row| row.get(0),
        )?
        .collect::<Result<_, _>>()?;
    let mut removed = Removed::default();
    for (level, age) in [(1, retention.information_age), (2, retention.warning_age)] {
        let Some(age) = age else { continue };
        // A few at a time as well; the rest goes with the next tidying.
        removed.events +=
            conn.prepare_cached(
                "DELETE FROM events WHERE id IN
                   (SELECT id FROM events WHERE level = ?1 AND time < ?2 ORDER BY id LIMIT ?3)",
            )?
            .execute(params![level, now.saturating_sub(age), signed(STEP * 20)])? as u64;
    }
    if retention.last_run_only {
        removed.events += conn
            .prepare_cached(
                "DELETE FROM events WHERE id IN
                   (SELECT id FROM events
                     WHERE id >> 24 NOT IN (SELECT last_run FROM items WHERE last_run IS NOT NULL)
                       AND id >> 24 IN (SELECT id FROM runs WHERE ended IS NOT NULL)
                     ORDER BY id LIMIT ?1)",
            )?
            .execute([signed(STEP * 20)])? as u64;
    }
    for run in old {
        let (first, last) = crate::record::events_of(syncmgr::RunId(crate::record::unsigned(run)));
        removed.events += conn
            .prepare_cached("DELETE FROM events WHERE id BETWEEN ?1 AND ?2")?
            .execute(params![first, last])? as u64;
        conn.prepare_cached("DELETE FROM run_items WHERE run = ?1")?.execute([run])?;
        removed.runs += conn.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([run])? as u64;
    }
    Ok(removed)
}
