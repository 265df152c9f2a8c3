//! A run while it is written: from begin over its events to its end.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::{OptionalExtension, params};
use syncmgr::event::{EventId, NewEvent};
use syncmgr::outcome::Outcome;
use syncmgr::{HandlerId, ItemId, ProgressStatus, RunId};

use crate::error::StoreError;
use crate::owner::Owner;
use crate::record::{
    EVENTS_PER_RUN, NewRun, RunEnd, RunItemEnd, event_id, events_of, handler_id, is_good, signed, tells,
    unsigned,
};
use crate::writer::{Durability, Ledger, Writer};

/// Writes one run down. Events are numbered here and written in groups; the end is on the disk when it is answered.
pub struct RunRecorder {
    run: RunId,
    handler: HandlerId,
    started: i64,
    /// Held for as long as the run may still be written: while it lives, nobody calls the run abandoned.
    owner: Arc<Owner>,
    events: AtomicU64,
    writer: Arc<Writer>,
}

impl RunRecorder {
    pub(crate) fn begin(writer: Arc<Writer>, owner: Arc<Owner>, new: NewRun) -> Result<Self, StoreError> {
        let NewRun { handler, items, started, reference } = new;
        let (of, by) = (handler.clone(), owner.name().to_owned());
        let run = writer.write(Durability::Full, move |ledger| {
            let run = ledger
                .conn
                .prepare_cached(
                    "INSERT INTO runs (handler, owner, started, reference) VALUES (?1, ?2, ?3, ?4)",
                )?
                .insert(params![ledger.handler(&of)?, by, started, reference])?;
            add_items(ledger, run, &of, &items, started)?;
            Ok(RunId(unsigned(run)))
        })?;
        Ok(Self { run, handler, started, owner, events: AtomicU64::new(0), writer })
    }

    /// Takes over a run that `holder` left unfinished; none when somebody else was faster. What was reported so far stays.
    pub(crate) fn resume(
        writer: Arc<Writer>,
        owner: Arc<Owner>,
        run: RunId,
        holder: String,
    ) -> Result<Option<Self>, StoreError> {
        let by = owner.name().to_owned();
        let taken = writer.write(Durability::Full, move |ledger| take_over(ledger, run, &holder, &by))?;
        Ok(taken.map(|(handler, started, events)| Self {
            run,
            handler,
            started,
            owner,
            events: AtomicU64::new(events),
            writer,
        }))
    }

    /// When it began, in milliseconds since 1970.
    pub fn started(&self) -> i64 {
        self.started
    }

    /// Lets go of the run without an end: whoever knows its number may go on with it. Nobody who does makes it an
    /// interrupted one, soon.
    ///
    /// # Errors
    /// It could not be written.
    pub fn release(&self) -> Result<(), StoreError> {
        let (run, by) = (self.run, self.owner.name().to_owned());
        self.writer.write(Durability::Full, move |ledger| {
            ledger
                .conn
                .prepare_cached("UPDATE runs SET owner = ?3 WHERE id = ?1 AND owner = ?2 AND ended IS NULL")?
                .execute(params![signed(run.0), by, NOBODY])
                .map(drop)
        })
    }

    /// The run's identity.
    pub fn run(&self) -> RunId {
        self.run
    }

    /// Says that more items have begun.
    ///
    /// # Errors
    /// The store is gone.
    pub fn add_items(&self, items: &[ItemId], now: i64) -> Result<(), StoreError> {
        let (run, handler, items) = (signed(self.run.0), self.handler.clone(), items.to_vec());
        self.writer.write_later(move |ledger| add_items(ledger, run, &handler, &items, now))
    }

    /// Adds a line. It is written with the next group; this waits only for room in the queue.
    ///
    /// # Errors
    /// The store is gone, or the run has too many events.
    pub fn event(&self, event: NewEvent, time: i64) -> Result<EventId, StoreError> {
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        if number >= EVENTS_PER_RUN {
            // Stays far from wrapping round.
            self.events.fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::TooManyEvents);
        }
        let id = event_id(self.run, number);
        let handler = self.handler.clone();
        self.writer.write_later(move |ledger| insert(ledger, id, &handler, &event, time))?;
        Ok(id)
    }

    /// Ends the run and moves the states of its items. Answers the number of events of error level (R16).
    ///
    /// # Errors
    /// It could not be written.
    pub fn finish(&self, end: RunEnd) -> Result<u64, StoreError> {
        let (run, handler, owner, started) =
            (self.run, self.handler.clone(), self.owner.name().to_owned(), self.started);
        self.writer
            .write(Durability::Full, move |ledger| finish(ledger, run, &handler, &owner, started, &end))
    }
}

/// The owner of a run that was let go of. No process is called so.
const NOBODY: &str = "nobody";

/// Who has, or had, a run that came to no end of its own.
pub(crate) fn unfinished(conn: &rusqlite::Connection, run: RunId) -> rusqlite::Result<Option<String>> {
    conn.prepare_cached("SELECT owner FROM runs WHERE id = ?1 AND (ended IS NULL OR outcome = ?2)")?
        .query_row(params![signed(run.0), Outcome::Interrupted.word()], |row| row.get(0))
        .optional()
}

/// Makes an unfinished run one that runs, unless it changed hands meanwhile. Answers its handler, its beginning, and
/// the number of its next event.
fn take_over(
    ledger: &Ledger<'_>,
    run: RunId,
    holder: &str,
    by: &str,
) -> rusqlite::Result<Option<(HandlerId, i64, u64)>> {
    let conn = ledger.conn;
    let taken = conn
        .prepare_cached(
            "UPDATE runs SET owner = ?3, ended = NULL, status = NULL, outcome = NULL, errors = 0
              WHERE id = ?1 AND owner = ?2 AND (ended IS NULL OR outcome = ?4)",
        )?
        .execute(params![signed(run.0), holder, by, Outcome::Interrupted.word()])?;
    if taken == 0 {
        return Ok(None);
    }
    conn.prepare_cached(
        "UPDATE run_items SET status = NULL, outcome = NULL, errors = 0,
                problem_class = NULL, problem_text = NULL, problem_fix = NULL
          WHERE run = ?1 AND outcome = ?2",
    )?
    .execute(params![signed(run.0), Outcome::Interrupted.word()])?;
    // It is the last one again when it ends.
    conn.prepare_cached(
        "UPDATE items SET last_run = (SELECT max(o.run) FROM run_items o WHERE o.item = items.id AND o.run < ?1)
          WHERE last_run = ?1",
    )?
    .execute([signed(run.0)])?;
    // Late lines have numbers from the far end.
    let (first, _) = events_of(run);
    let events = conn
        .prepare_cached("SELECT coalesce(max(id) + 1, ?1) - ?1 FROM events WHERE id BETWEEN ?1 AND ?2")?
        .query_row(params![first, signed(event_id(run, EVENTS_PER_RUN / 2).0)], |row| row.get(0))
        .map(unsigned)?;
    conn.prepare_cached(
        "SELECT h.handler, r.started FROM runs r JOIN handlers h ON h.id = r.handler WHERE r.id = ?1",
    )?
    .query_row([signed(run.0)], |row| Ok(Some((handler_id(row, 0)?, row.get(1)?, events))))
}

/// Adds a line to a run that somebody else writes, or that has ended. Its number comes from the far end, so that it
/// never is one that the run's own recorder gives.
pub(crate) fn late_event(
    ledger: &Ledger<'_>,
    run: RunId,
    handler: &HandlerId,
    event: &NewEvent,
    time: i64,
) -> rusqlite::Result<EventId> {
    let (_, last) = events_of(run);
    let middle = signed(event_id(run, EVENTS_PER_RUN / 2).0);
    let id = ledger
        .conn
        .prepare_cached("SELECT coalesce(min(id) - 1, ?2) FROM events WHERE id BETWEEN ?1 AND ?2")?
        .query_row(params![middle, last], |row| row.get(0))
        .map(|id| EventId(unsigned(id)))?;
    insert(ledger, id, handler, event, time)?;
    Ok(id)
}

fn insert(
    ledger: &Ledger<'_>,
    id: EventId,
    handler: &HandlerId,
    event: &NewEvent,
    time: i64,
) -> rusqlite::Result<()> {
    let item = event.item.as_ref().map(|item| ledger.item(handler, item, time)).transpose()?;
    ledger
        .conn
        .prepare_cached(
            "INSERT INTO events (id, item, time, level, name, description, link_text, link_reference, context)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            signed(id.0),
            item,
            time,
            event.level as u32,
            event.name,
            event.description,
            event.link_text,
            event.link_reference,
            event.context,
        ])?;
    ledger.say(id);
    Ok(())
}

fn add_items(
    ledger: &Ledger<'_>,
    run: i64,
    handler: &HandlerId,
    items: &[ItemId],
    now: i64,
) -> rusqlite::Result<()> {
    for item in items {
        let item = ledger.item(handler, item, now)?;
        ledger
            .conn
            .prepare_cached("INSERT OR IGNORE INTO run_items (run, item) VALUES (?1, ?2)")?
            .execute(params![run, item])?;
    }
    Ok(())
}

fn count_errors(ledger: &Ledger<'_>, run: RunId, item: Option<i64>) -> rusqlite::Result<u64> {
    let (first, last) = events_of(run);
    ledger
        .conn
        .prepare_cached(
            "SELECT count(*) FROM events
              WHERE level = 3 AND id BETWEEN ?1 AND ?2 AND (?3 IS NULL OR item = ?3)",
        )?
        .query_row(params![first, last, item], |row| row.get(0))
        .map(unsigned)
}

fn finish(
    ledger: &Ledger<'_>,
    run: RunId,
    handler: &HandlerId,
    owner: &str,
    started: i64,
    end: &RunEnd,
) -> rusqlite::Result<u64> {
    let errors = count_errors(ledger, run, None)?;
    // Not a plain update: the store may have been put aside and replaced since the run began.
    ledger
        .conn
        .prepare_cached(
            "INSERT INTO runs (id, handler, owner, started, ended, manual, status, outcome, errors, conflicts)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (id) DO UPDATE SET ended = excluded.ended, manual = excluded.manual,
                status = excluded.status, outcome = excluded.outcome, errors = excluded.errors,
                conflicts = excluded.conflicts",
        )?
        .execute(params![
            signed(run.0),
            ledger.handler(handler)?,
            owner,
            started,
            end.ended,
            end.manual,
            end.status as u32,
            end.outcome.word(),
            signed(errors),
            signed(end.conflicts),
        ])?;
    for item in &end.items {
        finish_item(ledger, run, handler, (end.ended, end.recorded), item)?;
    }
    Ok(errors)
}

fn finish_item(
    ledger: &Ledger<'_>,
    run: RunId,
    handler: &HandlerId,
    (ended, recorded): (i64, i64),
    end: &RunItemEnd,
) -> rusqlite::Result<()> {
    let item = ledger.item(handler, &end.item, ended)?;
    let errors = count_errors(ledger, run, Some(item))?;
    let RunItemEnd { counts, problem, .. } = end;
    ledger
        .conn
        .prepare_cached(
            "INSERT OR REPLACE INTO run_items (run, item, status, outcome, errors,
                a_created, a_updated, a_deleted, a_moved, b_created, b_updated, b_deleted, b_moved,
                conflicts, failed, skipped, bytes, problem_class, problem_text, problem_fix)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?
        .execute(params![
            signed(run.0),
            item,
            end.status as u32,
            end.outcome.word(),
            signed(errors),
            signed(counts.a.created),
            signed(counts.a.updated),
            signed(counts.a.deleted),
            signed(counts.a.moved),
            signed(counts.b.created),
            signed(counts.b.updated),
            signed(counts.b.deleted),
            signed(counts.b.moved),
            signed(counts.conflicts),
            signed(counts.errors),
            signed(counts.skipped),
            signed(counts.bytes),
            problem.as_ref().map(|problem| problem.class.word()),
            problem.as_ref().map(|problem| &problem.text),
            problem.as_ref().and_then(|problem| problem.fix.as_ref()),
        ])?;
    let good = is_good(end.outcome, counts, errors);
    set_last_run(ledger, item, run, end.outcome, good.then_some(ended), recorded)
}

/// Of several sessions on one item (R7) the one that ended last is the last one: that is the one that ends now, whenever
/// it began. A run that was refused while another was going on says nothing about how that one ended. A good run that is told
/// afterwards takes nothing back; one of a clock that was ahead does not stand in the way of those that follow.
fn set_last_run(
    ledger: &Ledger<'_>,
    item: i64,
    run: RunId,
    outcome: Outcome,
    good_end: Option<i64>,
    recorded: i64,
) -> rusqlite::Result<()> {
    let verdict = tells(outcome).then(|| outcome.word());
    ledger
        .conn
        .prepare_cached(
            "UPDATE items SET
                verdict = coalesce(?4, verdict),
                last_run = ?2,
                last_good_run = CASE WHEN ?3 IS NULL THEN last_good_run ELSE ?2 END,
                last_good_end = CASE WHEN ?3 IS NULL THEN last_good_end
                                     WHEN last_good_end BETWEEN ?3 AND ?5 THEN last_good_end
                                     ELSE ?3 END
              WHERE id = ?1",
        )?
        .execute(params![item, signed(run.0), good_end, verdict, recorded])?;
    Ok(())
}

/// When an abandoned run ended nobody knows. It is the last one unless one that began later was more than refused.
fn set_interrupted(ledger: &Ledger<'_>, item: i64, run: RunId) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "UPDATE items SET last_run = ?2
              WHERE id = ?1
                AND (last_run IS NULL OR last_run < ?2
                     OR ?3 = (SELECT outcome FROM run_items WHERE run = last_run AND item = ?1))",
        )?
        .execute(params![item, signed(run.0), Outcome::Waiting.word()])?;
    Ok(())
}

/// Runs that have not ended: the run, and who runs it.
pub(crate) fn open_runs(conn: &rusqlite::Connection) -> rusqlite::Result<Vec<(RunId, String)>> {
    conn.prepare_cached("SELECT id, owner FROM runs WHERE ended IS NULL ORDER BY id")?
        .query_map([], |row| Ok((RunId(unsigned(row.get(0)?)), row.get(1)?)))?
        .collect()
}

/// Runs after that one, the oldest first: the run, and who runs it or has run it.
pub(crate) fn runs_after(
    conn: &rusqlite::Connection,
    seen: RunId,
    most: u32,
) -> rusqlite::Result<Vec<(RunId, String)>> {
    conn.prepare_cached("SELECT id, owner FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2")?
        .query_map(params![signed(seen.0), most], |row| Ok((RunId(unsigned(row.get(0)?)), row.get(1)?)))?
        .collect()
}

/// Ends a run whose process is gone (R12). When it really ended nobody knows: its last sign of life is what is true.
pub(crate) fn interrupt(ledger: &Ledger<'_>, run: RunId) -> rusqlite::Result<bool> {
    let (first, last) = events_of(run);
    let changed = ledger
        .conn
        .prepare_cached(
            "UPDATE runs SET status = ?2, outcome = ?3,
                ended = max(started, coalesce((SELECT max(time) FROM events WHERE id BETWEEN ?4 AND ?5), started)),
                errors = (SELECT count(*) FROM events WHERE level = 3 AND id BETWEEN ?4 AND ?5)
              WHERE id = ?1 AND ended IS NULL",
        )?
        .execute(params![
            signed(run.0),
            ProgressStatus::Failed as u32,
            Outcome::Interrupted.word(),
            first,
            last
        ])?;
    if changed == 0 {
        return Ok(false);
    }
    ledger
        .conn
        .prepare_cached(
            "UPDATE run_items SET status = ?2, outcome = ?3, problem_class = 'transient',
                problem_text = 'The program that ran this synchronization went away before it was finished.',
                problem_fix = 'Synchronize again: what was finished is kept.',
                errors = (SELECT count(*) FROM events e
                           WHERE e.level = 3 AND e.id BETWEEN ?4 AND ?5 AND e.item = run_items.item)
              WHERE run = ?1 AND outcome IS NULL",
        )?
        .execute(params![
            signed(run.0),
            ProgressStatus::Failed as u32,
            Outcome::Interrupted.word(),
            first,
            last
        ])?;
    let items: Vec<i64> = ledger
        .conn
        .prepare_cached("SELECT item FROM run_items WHERE run = ?1")?
        .query_map([signed(run.0)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for item in items {
        set_interrupted(ledger, item, run)?;
    }
    Ok(true)
}
