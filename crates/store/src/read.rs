//! Pages of runs and events, each over an index.

use std::borrow::Cow;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};
use syncmgr::event::{Event, EventId, NewEvent};
use syncmgr::{HandlerId, ItemId, Level, Outcome, RunId};

use crate::items::{find_handler, find_item};
use crate::record::{
    EventQuery, Order, RUN_ITEM_COLUMNS, RunItem, RunMark, RunQuery, RunRecord, count, events_of, handler_id,
    item_id, level, outcome, run_id, run_item, run_of, signed, status, unsigned,
};
use crate::search::{expression, is_findable, pattern};

/// The size of a page when the query does not say.
const PAGE: u32 = 100;

/// Conditions of a query and their values.
#[derive(Default)]
struct Conditions {
    sql: Vec<Cow<'static, str>>,
    values: Vec<Value>,
}

impl Conditions {
    /// `sql` has one `?` for the value.
    fn add(&mut self, sql: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.sql.push(sql.into());
        self.values.push(value.into());
    }

    fn clause(&self) -> String {
        if self.sql.is_empty() { String::new() } else { format!("WHERE {}", self.sql.join(" AND ")) }
    }
}

/// What a query's handler and item mean in rows.
enum Of {
    /// Nothing on record bears that name.
    Nothing,
    All,
    Handler(i64),
    Item(i64),
}

fn resolve(conn: &Connection, handler: Option<&HandlerId>, item: Option<&ItemId>) -> rusqlite::Result<Of> {
    let Some(handler) = handler else { return Ok(Of::All) };
    let Some(handler) = find_handler(conn, handler)? else { return Ok(Of::Nothing) };
    let Some(item) = item else { return Ok(Of::Handler(handler)) };
    Ok(find_item(conn, handler, item)?.map_or(Of::Nothing, Of::Item))
}

/// Which runs a query means, without its page: where they are looked for, the column with their id, and conditions.
struct Runs {
    from: &'static str,
    id: &'static str,
    conditions: Conditions,
}

/// None: nothing on record can be meant.
fn runs_that(conn: &Connection, query: &RunQuery) -> rusqlite::Result<Option<Runs>> {
    if !is_findable(query.text.as_deref()) {
        return Ok(None);
    }
    let mut conditions = Conditions::default();
    let (from, id, outcome) = match resolve(conn, query.handler.as_ref(), query.item.as_ref())? {
        Of::Nothing => return Ok(None),
        Of::All => ("runs r", "r.id", "r.outcome = ?"),
        Of::Handler(handler) => {
            conditions.add("r.handler = ?", handler);
            ("runs r", "r.id", "r.outcome = ?")
        }
        Of::Item(item) => {
            conditions.add("of.item = ?", item);
            // The index of an item's runs has all that most queries ask for.
            let timed = query.since.is_some() || query.until.is_some();
            let from = if timed { "run_items of JOIN runs r ON r.id = of.run" } else { "run_items of" };
            (from, "of.run", "of.outcome = ?")
        }
    };
    if let Some(word) = query.outcome {
        conditions.add(outcome, word.word().to_owned());
    }
    if let Some(since) = query.since {
        conditions.add("r.started >= ?", since);
    }
    if let Some(until) = query.until {
        conditions.add("r.started < ?", until);
    }
    if let Some(text) = &query.text {
        conditions.sql.push(format!("{id} IN ({WITH_TEXT})").into());
        conditions.values.extend([pattern(text), pattern(text), pattern(text)].map(Value::from));
    }
    Ok(Some(Runs { from, id, conditions }))
}

/// The runs with an item or a problem that has a text.
const WITH_TEXT: &str = "SELECT s.run FROM run_items s
    WHERE s.problem_text LIKE ? ESCAPE '\\'
       OR s.item IN (SELECT i.id FROM items i WHERE i.item LIKE ? ESCAPE '\\' OR i.name LIKE ? ESCAPE '\\')";

pub(crate) fn runs(conn: &Connection, query: &RunQuery) -> rusqlite::Result<Vec<RunRecord>> {
    let Some(Runs { from, id, mut conditions }) = runs_that(conn, query)? else { return Ok(Vec::new()) };
    if let Some(before) = query.before {
        conditions.add(format!("{id} < ?"), signed(before.0));
    }
    // The page is found by ids alone: what is passed over on the way to it is not read.
    let sql = format!(
        "SELECT r.id, h.handler, r.started, r.ended, r.manual, r.status, r.outcome, r.errors, r.conflicts
           FROM (SELECT {id} AS id FROM {from} {} ORDER BY {id} DESC LIMIT {} OFFSET {}) page
           CROSS JOIN runs r ON r.id = page.id CROSS JOIN handlers h ON h.id = r.handler
          ORDER BY r.id DESC",
        conditions.clause(),
        query.limit.unwrap_or(PAGE),
        query.offset,
    );
    let mut runs: Vec<RunRecord> = conn
        .prepare_cached(&sql)?
        .query_map(params_from_iter(conditions.values), run_record)?
        .collect::<Result<_, _>>()?;
    for run in &mut runs {
        run.items = items_of(conn, run.id)?;
    }
    Ok(runs)
}

/// How many runs of one item may overlap and still find themselves again.
const OVERLAPPING: u32 = 16;

pub(crate) fn unfinished(
    conn: &Connection,
    handler: &HandlerId,
    item: &ItemId,
    reference: Option<&str>,
    since: i64,
) -> rusqlite::Result<Option<RunId>> {
    let Of::Item(item) = resolve(conn, Some(handler), Some(item))? else { return Ok(None) };
    let last = if reference.is_some() { OVERLAPPING } else { 1 };
    conn.prepare_cached(
        "SELECT r.id FROM (SELECT run FROM run_items WHERE item = ?1 ORDER BY run DESC LIMIT ?2) last
           JOIN runs r ON r.id = last.run
          WHERE r.reference IS ?3 AND (r.ended IS NULL OR (r.outcome = ?4 AND r.ended >= ?5))
          ORDER BY r.id DESC LIMIT 1",
    )?
    .query_row(params![item, last, reference, Outcome::Interrupted.word(), since], |row| run_id(row, 0))
    .optional()
}

/// How many runs a query lets through, on all its pages.
pub(crate) fn run_count(conn: &Connection, query: &RunQuery) -> rusqlite::Result<u64> {
    let Some(Runs { from, conditions, .. }) = runs_that(conn, query)? else { return Ok(0) };
    let sql = format!("SELECT count(*) FROM {from} {}", conditions.clause());
    conn.prepare_cached(&sql)?.query_row(params_from_iter(conditions.values), |row| count(row, 0))
}

pub(crate) fn run(conn: &Connection, id: RunId) -> rusqlite::Result<Option<RunRecord>> {
    let found = conn
        .prepare_cached(
            "SELECT r.id, h.handler, r.started, r.ended, r.manual, r.status, r.outcome, r.errors, r.conflicts
               FROM runs r JOIN handlers h ON h.id = r.handler WHERE r.id = ?1",
        )?
        .query_row([signed(id.0)], run_record)
        .optional()?;
    let Some(mut run) = found else { return Ok(None) };
    run.items = items_of(conn, id)?;
    Ok(Some(run))
}

/// The last runs of an item, the oldest first.
pub(crate) fn marks(
    conn: &Connection,
    handler: &HandlerId,
    item: &ItemId,
    most: u32,
) -> rusqlite::Result<Vec<RunMark>> {
    let Of::Item(item) = resolve(conn, Some(handler), Some(item))? else { return Ok(Vec::new()) };
    let mut marks: Vec<RunMark> = conn
        .prepare_cached(
            "SELECT r.id, r.started, r.ended, of.outcome, of.errors
               FROM run_items of CROSS JOIN runs r ON r.id = of.run
              WHERE of.item = ?1 ORDER BY of.run DESC LIMIT ?2",
        )?
        .query_map([item, i64::from(most)], |row| {
            Ok(RunMark {
                run: run_id(row, 0)?,
                started: row.get(1)?,
                ended: row.get(2)?,
                outcome: outcome(row, 3)?,
                errors: count(row, 4)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    marks.reverse();
    Ok(marks)
}

fn run_record(row: &Row<'_>) -> rusqlite::Result<RunRecord> {
    Ok(RunRecord {
        id: run_id(row, 0)?,
        handler: handler_id(row, 1)?,
        started: row.get(2)?,
        ended: row.get(3)?,
        manual: row.get(4)?,
        status: status(row, 5)?,
        outcome: outcome(row, 6)?,
        errors: count(row, 7)?,
        conflicts: count(row, 8)?,
        items: Vec::new(),
    })
}

fn items_of(conn: &Connection, run: RunId) -> rusqlite::Result<Vec<RunItem>> {
    conn.prepare_cached(&format!(
        "SELECT {RUN_ITEM_COLUMNS} FROM run_items ri JOIN items i ON i.id = ri.item
          WHERE ri.run = ?1 ORDER BY i.key"
    ))?
    .query_map([signed(run.0)], |row| run_item(row, 0))?
    .collect()
}

/// How many events are sooner looked at one by one than found by the index.
const FEW: u32 = 20_000;

pub(crate) fn events(conn: &Connection, query: &EventQuery) -> rusqlite::Result<Vec<Event>> {
    if !is_findable(query.text.as_deref()) {
        return Ok(Vec::new());
    }
    let mut conditions = Conditions::default();
    if let Some(run) = query.run {
        let (first, last) = events_of(run);
        conditions.add("e.id >= ?", first);
        conditions.add("e.id <= ?", last);
    }
    match query.level {
        // Written out, so that their own index is seen to fit.
        Some(Level::Error) => conditions.sql.push("e.level = 3".into()),
        Some(other) => conditions.add("e.level >= ?", i64::from(other as u32)),
        None => {}
    }
    let of = resolve(conn, query.handler.as_ref(), query.item.as_ref())?;
    if let Of::Item(item) = of {
        conditions.add("e.item = ?", item);
    }
    let mut from = "events e";
    if let Some(text) = &query.text {
        let is_narrow = query.run.is_some() || query.item.is_some() || query.level == Some(Level::Error);
        if let Some(asked) = expression(text)
            && !(is_narrow && are_few(conn, &conditions)?)
        {
            from = "events_text t CROSS JOIN events e ON e.id = t.rowid";
            conditions.add("events_text MATCH ?", asked);
        }
        conditions.sql.push("(e.description LIKE ? ESCAPE '\\' OR e.name LIKE ? ESCAPE '\\')".into());
        conditions.values.extend([Value::from(pattern(text)), Value::from(pattern(text))]);
    }
    match of {
        Of::Nothing => return Ok(Vec::new()),
        Of::All | Of::Item(_) => {}
        Of::Handler(handler) => conditions.add("r.handler = ?", handler),
    }
    let by = if from == "events e" { "e.id" } else { "t.rowid" };
    if let Some(after) = query.after {
        let sql = match (query.order, by) {
            (Order::OldestFirst, "e.id") => "e.id > ?",
            (Order::NewestFirst, "e.id") => "e.id < ?",
            (Order::OldestFirst, _) => "t.rowid > ?",
            (Order::NewestFirst, _) => "t.rowid < ?",
        };
        conditions.add(sql, signed(after.0));
    }
    let sql = format!(
        "SELECT e.id, h.handler, i.item, e.time, e.level, e.name, e.description, e.link_text, e.link_reference,
                e.context
           FROM {from}
           CROSS JOIN runs r ON r.id = e.id >> 24
           CROSS JOIN handlers h ON h.id = r.handler
           LEFT JOIN items i ON i.id = e.item
           {} ORDER BY {by} {} LIMIT {}",
        conditions.clause(),
        match query.order {
            Order::OldestFirst => "ASC",
            Order::NewestFirst => "DESC",
        },
        query.limit.unwrap_or(PAGE),
    );
    conn.prepare_cached(&sql)?.query_map(params_from_iter(conditions.values), event)?.collect()
}

fn are_few(conn: &Connection, conditions: &Conditions) -> rusqlite::Result<bool> {
    let sql =
        format!("SELECT count(*) FROM (SELECT 1 FROM events e {} LIMIT {})", conditions.clause(), FEW + 1);
    let count: u32 =
        conn.prepare_cached(&sql)?.query_row(params_from_iter(&conditions.values), |row| row.get(0))?;
    Ok(count <= FEW)
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    let id = EventId(unsigned(row.get(0)?));
    let item = match row.get::<_, Option<String>>(2)? {
        None => None,
        Some(_) => Some(item_id(row, 2)?),
    };
    Ok(Event {
        id,
        handler: handler_id(row, 1)?,
        run: run_of(id),
        time: row.get(3)?,
        event: NewEvent {
            item,
            level: level(row, 4)?,
            name: row.get(5)?,
            description: row.get(6)?,
            link_text: row.get(7)?,
            link_reference: row.get(8)?,
            context: row.get(9)?,
        },
    })
}
