//! Handlers and items: their rows, switches and states.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};
use syncmgr::{HandlerId, ItemId, RunId};

use crate::record::{
    HandlerState, ItemState, LastRun, RUN_ITEM_COLUMNS, RUN_ITEM_WIDTH, Switch, count, handler_id, item_id,
    outcome, run_id, run_item,
};
use crate::writer::Ledger;

/// Identifiers are the same when they differ only in case (R5); SQLite's own `NOCASE` knows ASCII alone.
fn key(id: &str) -> String {
    id.chars().flat_map(char::to_uppercase).collect()
}

/// The row of a handler, made when it is new.
pub(crate) fn handler_row(conn: &Connection, handler: &HandlerId) -> rusqlite::Result<i64> {
    if let Some(row) = find_handler(conn, handler)? {
        return Ok(row);
    }
    conn.prepare_cached("INSERT INTO handlers (key, handler) VALUES (?1, ?2)")?
        .insert(params![key(handler.as_str()), handler.as_str()])
}

/// The row of an item, made when it is new.
pub(crate) fn item_row(conn: &Connection, handler: i64, item: &ItemId, now: i64) -> rusqlite::Result<i64> {
    if let Some(row) = find_item(conn, handler, item)? {
        return Ok(row);
    }
    conn.prepare_cached("INSERT INTO items (handler, key, item, first_seen) VALUES (?1, ?2, ?3, ?4)")?
        .insert(params![handler, key(item.as_str()), item.as_str(), now])
}

pub(crate) fn find_handler(conn: &Connection, handler: &HandlerId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT id FROM handlers WHERE key = ?1")?
        .query_row([key(handler.as_str())], |row| row.get(0))
        .optional()
}

pub(crate) fn find_item(conn: &Connection, handler: i64, item: &ItemId) -> rusqlite::Result<Option<i64>> {
    conn.prepare_cached("SELECT id FROM items WHERE handler = ?1 AND key = ?2")?
        .query_row(params![handler, key(item.as_str())], |row| row.get(0))
        .optional()
}

pub(crate) fn handler_states(conn: &Connection) -> rusqlite::Result<Vec<HandlerState>> {
    conn.prepare_cached("SELECT handler, active, enabled, hidden FROM handlers ORDER BY key")?
        .query_map([], |row| {
            Ok(HandlerState {
                handler: handler_id(row, 0)?,
                active: row.get(1)?,
                enabled: row.get(2)?,
                hidden: row.get(3)?,
            })
        })?
        .collect()
}

/// All items, those of a handler, or one of those.
pub(crate) fn item_states(
    conn: &Connection,
    handler: Option<&HandlerId>,
    item: Option<&ItemId>,
) -> rusqlite::Result<Vec<ItemState>> {
    let row = match handler {
        None => None,
        Some(handler) => match find_handler(conn, handler)? {
            None => return Ok(Vec::new()),
            row => row,
        },
    };
    let one = match (row, item) {
        (Some(row), Some(item)) => match find_item(conn, row, item)? {
            None => return Ok(Vec::new()),
            one => one,
        },
        _ => None,
    };
    let wanted = match one {
        Some(_) => "i.id = ?1",
        None if row.is_some() => "i.handler = ?1",
        None => "?1 IS NULL",
    };
    // Both are few beside the items: read once, not looked for with each.
    let running = by_item(
        conn,
        "SELECT o.item, max(o.run) FROM runs r CROSS JOIN run_items o ON o.run = r.id
          WHERE r.ended IS NULL GROUP BY o.item",
    )?;
    let conflicts = by_item(conn, "SELECT item, count(*) FROM conflicts GROUP BY item")?;
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {RUN_ITEM_COLUMNS}, h.handler, i.enabled, i.hidden, i.paused_until, i.first_seen,
                r.id, r.started, r.ended, r.manual, i.last_good_run, i.last_good_end, i.id, i.verdict, i.name,
                i.overdue
           FROM items i
           JOIN handlers h ON h.id = i.handler
           LEFT JOIN runs r ON r.id = i.last_run
           LEFT JOIN run_items ri ON ri.run = i.last_run AND ri.item = i.id
          WHERE {wanted}
          ORDER BY h.key, i.key"
    ))?;
    let at = |column: usize| RUN_ITEM_WIDTH + column;
    statement
        .query_map([one.or(row)], |row| {
            let last_run = match row.get::<_, Option<i64>>(at(5))? {
                None => None,
                Some(_) => Some(LastRun {
                    run: run_id(row, at(5))?,
                    started: row.get(at(6))?,
                    ended: row.get(at(7))?,
                    manual: row.get(at(8))?,
                    result: run_item(row, 0)?,
                }),
            };
            let last_good = match row.get::<_, Option<i64>>(at(9))? {
                None => None,
                Some(_) => Some((run_id(row, at(9))?, row.get(at(10))?)),
            };
            let id: i64 = row.get(at(11))?;
            Ok(ItemState {
                handler: handler_id(row, at(0))?,
                item: item_id(row, 0)?,
                enabled: row.get(at(1))?,
                hidden: row.get(at(2))?,
                paused_until: row.get(at(3))?,
                first_seen: row.get(at(4))?,
                last_run,
                last_good,
                running: running.get(&id).copied().map(RunId),
                conflicts: conflicts.get(&id).copied().unwrap_or(0),
                verdict: outcome(row, at(12))?,
                name: row.get(at(13))?,
                overdue: row.get(at(14))?,
            })
        })?
        .collect()
}

/// A number for each item that has one.
fn by_item(conn: &Connection, sql: &str) -> rusqlite::Result<HashMap<i64, u64>> {
    conn.prepare_cached(sql)?.query_map([], |row| Ok((row.get(0)?, count(row, 1)?)))?.collect()
}

/// Sets a switch of a handler, or of one of its items.
pub(crate) fn set_switch(
    ledger: &Ledger<'_>,
    handler: &HandlerId,
    item: Option<&ItemId>,
    switch: Switch,
    now: i64,
) -> rusqlite::Result<()> {
    let conn = ledger.conn;
    match item {
        None => {
            let row = ledger.handler(handler)?;
            match switch {
                Switch::Active(on) => conn
                    .prepare_cached("UPDATE handlers SET active = ?2 WHERE id = ?1")?
                    .execute(params![row, on])?,
                Switch::Enabled(on) => conn
                    .prepare_cached("UPDATE handlers SET enabled = ?2 WHERE id = ?1")?
                    .execute(params![row, on])?,
                Switch::Hidden(on) => conn
                    .prepare_cached("UPDATE handlers SET hidden = ?2 WHERE id = ?1")?
                    .execute(params![row, on])?,
                Switch::PausedUntil(until) => conn
                    .prepare_cached("UPDATE items SET paused_until = ?2 WHERE handler = ?1")?
                    .execute(params![row, until])?,
            };
        }
        Some(item) => {
            let row = ledger.item(handler, item, now)?;
            match switch {
                // An item is as active as its handler.
                Switch::Active(_) => 0,
                Switch::Enabled(on) => conn
                    .prepare_cached("UPDATE items SET enabled = ?2 WHERE id = ?1")?
                    .execute(params![row, on])?,
                Switch::Hidden(on) => conn
                    .prepare_cached("UPDATE items SET hidden = ?2 WHERE id = ?1")?
                    .execute(params![row, on])?,
                Switch::PausedUntil(until) => conn
                    .prepare_cached("UPDATE items SET paused_until = ?2 WHERE id = ?1")?
                    .execute(params![row, until])?,
            };
        }
    }
    Ok(())
}

/// Says what a person calls an item.
pub(crate) fn set_name(
    ledger: &Ledger<'_>,
    handler: &HandlerId,
    item: &ItemId,
    name: Option<&str>,
    now: i64,
) -> rusqlite::Result<()> {
    let row = ledger.item(handler, item, now)?;
    ledger.conn.prepare_cached("UPDATE items SET name = ?2 WHERE id = ?1")?.execute(params![row, name])?;
    Ok(())
}

/// Says after how long without a good run an item is overdue.
pub(crate) fn set_overdue(
    ledger: &Ledger<'_>,
    handler: &HandlerId,
    item: &ItemId,
    overdue: Option<i64>,
    now: i64,
) -> rusqlite::Result<()> {
    let row = ledger.item(handler, item, now)?;
    ledger
        .conn
        .prepare_cached("UPDATE items SET overdue = ?2 WHERE id = ?1")?
        .execute(params![row, overdue])?;
    Ok(())
}

/// Forgets an item that left the sync set: its state, results, events and conflicts.
pub(crate) fn forget_item(ledger: &Ledger<'_>, handler: &HandlerId, item: &ItemId) -> rusqlite::Result<bool> {
    let conn = ledger.conn;
    let Some(handler) = find_handler(conn, handler)? else { return Ok(false) };
    let Some(row) = find_item(conn, handler, item)? else { return Ok(false) };
    for sql in [
        "DELETE FROM events WHERE item = ?1",
        "DELETE FROM conflict_versions WHERE item = ?1",
        "DELETE FROM conflicts WHERE item = ?1",
        "DELETE FROM runs WHERE ended IS NOT NULL AND id IN (SELECT run FROM run_items WHERE item = ?1)
            AND NOT EXISTS (SELECT 1 FROM run_items o WHERE o.run = runs.id AND o.item <> ?1)",
        "DELETE FROM run_items WHERE item = ?1",
        "DELETE FROM schedules WHERE item = ?1",
        "DELETE FROM items WHERE id = ?1",
    ] {
        conn.prepare_cached(sql)?.execute([row])?;
    }
    ledger.forget_rows();
    Ok(true)
}
