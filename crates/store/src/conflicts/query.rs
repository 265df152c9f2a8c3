//! Pages and counts of conflicts, each over an index.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};
use syncmgr::conflict::{Conflict, ConflictId, ConflictItemType, ConflictKey, ConflictKind, ConflictVersion};
use syncmgr::{HandlerId, ItemId};

use crate::items::{find_handler, find_item};
use crate::record::{count, handler_id, item_id, unsigned};

/// Which open conflicts to read, in the order of handlers, items and identities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConflictQuery {
    /// Only of this handler.
    pub handler: Option<HandlerId>,
    /// Only of this item (of `handler`).
    pub item: Option<ItemId>,
    /// Only the one with this identity.
    pub id: Option<ConflictId>,
    /// Only those at this path, or beneath it.
    pub under: Option<Vec<u8>>,
    /// Only of these kinds; none means all.
    pub kinds: Vec<ConflictKind>,
    /// Only those first seen before then, in milliseconds since 1970.
    pub detected_before: Option<i64>,
    /// Only those first seen then or later, in milliseconds since 1970.
    pub detected_since: Option<i64>,
    /// Only those that come after this one: the last of the page before.
    pub after: Option<ConflictKey>,
    /// How many at most; none means all.
    pub limit: Option<u32>,
}

impl ConflictQuery {
    /// All of a handler, or of one of its items.
    pub fn all_of(handler: &HandlerId, item: Option<&ItemId>) -> Self {
        Self { handler: Some(handler.clone()), item: item.cloned(), ..Self::default() }
    }
}

/// How many conflicts of a kind an item has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConflictCount {
    /// The handler.
    pub handler: HandlerId,
    /// The item.
    pub item: ItemId,
    /// The kind.
    pub kind: ConflictKind,
    /// How many.
    pub count: u64,
    /// When the oldest of them was first seen, in milliseconds since 1970.
    pub oldest: i64,
}

/// What a query asks of rows, with its values; none when it names something that is not on record.
struct Asked {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Asked {
    fn new(conn: &Connection, query: &ConflictQuery) -> rusqlite::Result<Option<Self>> {
        let mut asked = Self { conditions: Vec::new(), values: Vec::new() };
        if let Some(handler) = &query.handler {
            let Some(row) = find_handler(conn, handler)? else { return Ok(None) };
            asked.add("i.handler = ?", row);
            if let Some(item) = &query.item {
                let Some(row) = find_item(conn, row, item)? else { return Ok(None) };
                asked.add("c.item = ?", row);
            }
        }
        if let Some(id) = &query.id {
            asked.add("c.identity = ?", id.0.clone());
        }
        if let Some(under) = query.under.as_ref().filter(|under| !under.is_empty()) {
            asked.conditions.push("(c.path = ? OR (c.path >= ? AND c.path < ?))".into());
            let (first, beyond) = ([under.as_slice(), b"/"].concat(), [under.as_slice(), b"0"].concat());
            asked.values.extend([under.clone(), first, beyond].map(Value::from));
        }
        if !query.kinds.is_empty() {
            let places = vec!["?"; query.kinds.len()].join(", ");
            asked.conditions.push(format!("c.kind IN ({places})"));
            asked.values.extend(query.kinds.iter().map(|kind| Value::from(kind.word().to_owned())));
        }
        if let Some(before) = query.detected_before {
            asked.add("c.detected < ?", before);
        }
        if let Some(since) = query.detected_since {
            asked.add("c.detected >= ?", since);
        }
        Ok(Some(asked))
    }

    /// `condition` has one `?` for the value.
    fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.conditions.push(condition.into());
        self.values.push(value.into());
    }

    /// Goes on where a page ended. Something that is gone meanwhile still has its place in the order.
    fn after(&mut self, conn: &Connection, key: &ConflictKey) -> rusqlite::Result<()> {
        let Some(handler) = find_handler(conn, &key.handler)? else { return Ok(()) };
        let Some(item) = find_item(conn, handler, &key.item)? else { return Ok(()) };
        self.conditions.push("(i.handler, c.item, c.identity) > (?, ?, ?)".into());
        self.values.extend([handler.into(), item.into(), Value::from(key.id.0.clone())]);
        Ok(())
    }

    fn clause(&self) -> String {
        if self.conditions.is_empty() {
            String::new()
        } else {
            format!("WHERE {}", self.conditions.join(" AND "))
        }
    }
}

pub(super) fn page(conn: &Connection, query: &ConflictQuery) -> rusqlite::Result<Vec<Conflict>> {
    let Some(mut asked) = Asked::new(conn, query)? else { return Ok(Vec::new()) };
    if let Some(after) = &query.after {
        asked.after(conn, after)?;
    }
    // The page first, then the versions of just these: one statement, however many there are.
    let sql = format!(
        "WITH page AS MATERIALIZED (
            SELECT i.handler AS of, i.item AS name, c.item, c.identity, c.kind, c.path, c.detected
              FROM conflicts c CROSS JOIN items i ON i.id = c.item
              {} ORDER BY i.handler, c.item, c.identity LIMIT {})
         SELECT h.handler, page.name, page.identity, page.kind, page.path, page.detected,
                v.location, v.item_type, v.kind, v.size, v.modified, v.stamp, v.path
           FROM page JOIN handlers h ON h.id = page.of
           LEFT JOIN conflict_versions v ON v.item = page.item AND v.identity = page.identity
          ORDER BY page.of, page.item, page.identity, v.position",
        asked.clause(),
        query.limit.map_or(-1, i64::from),
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(asked.values))?;
    let mut found: Vec<Conflict> = Vec::new();
    while let Some(row) = rows.next()? {
        let (handler, item, id) = (handler_id(row, 0)?, item_id(row, 1)?, ConflictId(row.get(2)?));
        let same =
            found.last().is_some_and(|last| last.id == id && last.item == item && last.handler == handler);
        if !same {
            found.push(Conflict {
                id,
                handler,
                item,
                kind: kind(row, 3)?,
                path: row.get(4)?,
                detected: row.get(5)?,
                versions: Vec::new(),
            });
        }
        if let (Some(conflict), Some(version)) = (found.last_mut(), version(row)?) {
            conflict.versions.push(version);
        }
    }
    Ok(found)
}

pub(super) fn counts(conn: &Connection, query: &ConflictQuery) -> rusqlite::Result<Vec<ConflictCount>> {
    let Some(asked) = Asked::new(conn, query)? else { return Ok(Vec::new()) };
    let sql = format!(
        "SELECT h.handler, i.item, c.kind, count(*), min(c.detected)
           FROM conflicts c CROSS JOIN items i ON i.id = c.item JOIN handlers h ON h.id = i.handler
           {} GROUP BY i.handler, c.item, c.kind",
        asked.clause(),
    );
    conn.prepare_cached(&sql)?
        .query_map(params_from_iter(asked.values), |row| {
            Ok(ConflictCount {
                handler: handler_id(row, 0)?,
                item: item_id(row, 1)?,
                kind: kind(row, 2)?,
                count: count(row, 3)?,
                oldest: row.get(4)?,
            })
        })?
        .collect()
}

fn kind(row: &Row<'_>, index: usize) -> rusqlite::Result<ConflictKind> {
    let word: String = row.get(index)?;
    // A word of a later version: whatever it is, the versions differ.
    Ok(ConflictKind::from_word(&word).unwrap_or(ConflictKind::EditEdit))
}

fn version(row: &Row<'_>) -> rusqlite::Result<Option<ConflictVersion>> {
    let Some(location) = row.get(6)? else { return Ok(None) };
    Ok(Some(ConflictVersion {
        location,
        item_type: match row.get::<_, u32>(7)? {
            2 => ConflictItemType::Deleted,
            _ => ConflictItemType::Updated,
        },
        kind: row.get(8)?,
        size: unsigned(row.get(9)?),
        modified: row.get(10)?,
        stamp: row.get(11)?,
        path: row.get(12)?,
    }))
}
