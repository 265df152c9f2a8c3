//! What persons were told, so that a restart neither repeats nor forgets it.

use rusqlite::{Connection, params};
use syncmgr::{HandlerId, ItemId};

use crate::record::{count, handler_id, item_id, signed, unsigned};

/// Something that a person is told, was told, or is about to be told. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Its number.
    pub id: u64,
    /// What tells it from others: there is one alert for each cause.
    pub cause: String,
    /// The rule that raised it, in words.
    pub rule: String,
    /// The handler that it is about.
    pub handler: Option<HandlerId>,
    /// The item that it is about.
    pub item: Option<ItemId>,
    /// What the item (or whatever else it is about) is called.
    pub name: String,
    /// How the item stood when it was told last: words of the center with spaces between them, the headline first.
    pub state: Option<String>,
    /// One line.
    pub title: String,
    /// What happened, and why.
    pub text: String,
    /// What to do.
    pub fix: Option<String>,
    /// Since when it is so; none: it is so no longer.
    pub since: Option<i64>,
    /// When it was raised; none: not yet.
    pub raised: Option<i64>,
    /// When a person was told last.
    pub told: Option<i64>,
    /// When all was well again; none while it is open.
    pub cleared: Option<i64>,
    /// How often the same happened again without being told.
    pub more: u64,
}

impl Alert {
    /// Whether it was raised and is not over.
    pub fn is_open(&self) -> bool {
        self.raised.is_some() && self.cleared.is_none()
    }
}

pub(crate) fn all(conn: &Connection) -> rusqlite::Result<Vec<Alert>> {
    conn.prepare_cached(
        "SELECT id, cause, rule, handler, item, name, state, title, text, fix, since, raised, told, cleared, more
           FROM alerts ORDER BY id",
    )?
    .query_map([], |row| {
        let named = |at: usize| row.get::<_, Option<String>>(at).map(|name| name.is_some());
        Ok(Alert {
            id: unsigned(row.get(0)?),
            cause: row.get(1)?,
            rule: row.get(2)?,
            handler: if named(3)? { Some(handler_id(row, 3)?) } else { None },
            item: if named(4)? { Some(item_id(row, 4)?) } else { None },
            name: row.get(5)?,
            state: row.get(6)?,
            title: row.get(7)?,
            text: row.get(8)?,
            fix: row.get(9)?,
            since: row.get(10)?,
            raised: row.get(11)?,
            told: row.get(12)?,
            cleared: row.get(13)?,
            more: count(row, 14)?,
        })
    })?
    .collect()
}

pub(crate) fn save(conn: &Connection, alert: &Alert) -> rusqlite::Result<()> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO alerts
            (id, cause, rule, handler, item, name, state, title, text, fix, since, raised, told, cleared, more)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
    )?
    .execute(params![
        signed(alert.id),
        alert.cause,
        alert.rule,
        alert.handler.as_ref().map(HandlerId::as_str),
        alert.item.as_ref().map(ItemId::as_str),
        alert.name,
        alert.state,
        alert.title,
        alert.text,
        alert.fix,
        alert.since,
        alert.raised,
        alert.told,
        alert.cleared,
        signed(alert.more),
    ])
    .map(drop)
}

pub(crate) fn forget(conn: &Connection, id: u64) -> rusqlite::Result<()> {
    conn.prepare_cached("DELETE FROM alerts WHERE id = ?1")?.execute([signed(id)]).map(drop)
}
