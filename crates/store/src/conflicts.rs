//! The open conflicts of every item.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};
use syncmgr::conflict::{
    Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictLedger, ConflictStore, ConflictVersion,
};
use syncmgr::{HandlerId, ItemId, Refusal};

use crate::items::{find_handler, find_item};
use crate::record::{count, handler_id, item_id, signed, unsigned};
use crate::store::Store;
use crate::writer::{Durability, Ledger};

impl ConflictStore for Store {
    fn conflicts(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<Vec<Conflict>, Refusal> {
        Ok(self.read(|conn| open(conn, handler, item, None))?)
    }

    fn count(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<u64, Refusal> {
        Ok(self.read(|conn| {
            let Some(handler) = find_handler(conn, handler)? else { return Ok(0) };
            let item = match item {
                None => None,
                Some(item) => match find_item(conn, handler, item)? {
                    None => return Ok(0),
                    row => row,
                },
            };
            conn.prepare_cached(
                "SELECT count(*) FROM conflicts c JOIN items i ON i.id = c.item
                  WHERE i.handler = ?1 AND (?2 IS NULL OR c.item = ?2)",
            )?
            .query_row(params![handler, item], |row| count(row, 0))
        })?)
    }

    fn bind(&self, handler: &HandlerId, item: &ItemId, id: &ConflictId) -> Result<Option<Conflict>, Refusal> {
        Ok(self.read(|conn| open(conn, handler, Some(item), Some(id)))?.pop())
    }

    fn remove(&self, handler: &HandlerId, item: &ItemId, ids: &[ConflictId]) -> Result<(), Refusal> {
        let (handler, item, ids) = (handler.clone(), item.clone(), ids.to_vec());
        Ok(self.write(Durability::Full, move |ledger| {
            let Some(handler) = find_handler(ledger.conn, &handler)? else { return Ok(()) };
            let Some(row) = find_item(ledger.conn, handler, &item)? else { return Ok(()) };
            ids.iter().try_for_each(|id| delete(ledger, row, &id.0))
        })?)
    }
}

impl ConflictLedger for Store {
    fn replace(&self, handler: &HandlerId, item: &ItemId, open: Vec<Conflict>) -> Result<(), Refusal> {
        // Most runs have no conflict and had none before: nothing to write, and no wait for the disk.
        if open.is_empty() && self.count(handler, Some(item))? == 0 {
            return Ok(());
        }
        let (handler, item) = (handler.clone(), item.clone());
        Ok(self.write(Durability::Full, move |ledger| {
            let first_seen = open.iter().map(|conflict| conflict.detected).min().unwrap_or_default();
            let row = ledger.item(&handler, &item, first_seen)?;
            let known: BTreeMap<Vec<u8>, i64> = ledger
                .conn
                .prepare_cached("SELECT identity, detected FROM conflicts WHERE item = ?1")?
                .query_map([row], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for identity in known.keys() {
                delete(ledger, row, identity)?;
            }
            for conflict in &open {
                let detected = known.get(&conflict.id.0).copied().unwrap_or(conflict.detected);
                insert(ledger, row, conflict, detected)?;
            }
            Ok(())
        })?)
    }
}

fn delete(ledger: &Ledger<'_>, item: i64, identity: &[u8]) -> rusqlite::Result<()> {
    for sql in [
        "DELETE FROM conflict_versions WHERE item = ?1 AND identity = ?2",
        "DELETE FROM conflicts WHERE item = ?1 AND identity = ?2",
    ] {
        ledger.conn.prepare_cached(sql)?.execute(params![item, identity])?;
    }
    Ok(())
}

fn insert(ledger: &Ledger<'_>, item: i64, conflict: &Conflict, detected: i64) -> rusqlite::Result<()> {
    ledger
        .conn
        .prepare_cached(
            "INSERT OR REPLACE INTO conflicts (item, identity, kind, path, detected) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![item, conflict.id.0, conflict.kind.word(), conflict.path, detected])?;
    for (position, version) in (0_i64..).zip(&conflict.versions) {
        ledger
            .conn
            .prepare_cached(
                "INSERT OR REPLACE INTO conflict_versions
                    (item, identity, position, location, item_type, kind, size, modified, stamp)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                item,
                conflict.id.0,
                position,
                version.location,
                version.item_type as u32,
                version.kind,
                signed(version.size),
                version.modified,
                version.stamp,
            ])?;
    }
    Ok(())
}

/// Open conflicts in the order of their items and identities.
fn open(
    conn: &Connection,
    handler: &HandlerId,
    item: Option<&ItemId>,
    id: Option<&ConflictId>,
) -> rusqlite::Result<Vec<Conflict>> {
    let Some(handler) = find_handler(conn, handler)? else { return Ok(Vec::new()) };
    let item = match item {
        None => None,
        Some(item) => match find_item(conn, handler, item)? {
            None => return Ok(Vec::new()),
            row => row,
        },
    };
    let mut statement = conn.prepare_cached(
        "SELECT h.handler, i.item, c.identity, c.kind, c.path, c.detected, c.item
           FROM items i JOIN handlers h ON h.id = i.handler JOIN conflicts c ON c.item = i.id
          WHERE i.handler = ?1 AND (?2 IS NULL OR i.id = ?2) AND (?3 IS NULL OR c.identity = ?3)
          ORDER BY i.key, c.identity",
    )?;
    let mut rows = statement.query(params![handler, item, id.map(|id| &id.0)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut conflict = conflict(row)?;
        conflict.versions = versions(conn, row.get(6)?, &conflict.id)?;
        found.push(conflict);
    }
    Ok(found)
}

fn conflict(row: &Row<'_>) -> rusqlite::Result<Conflict> {
    let word: String = row.get(3)?;
    Ok(Conflict {
        id: ConflictId(row.get(2)?),
        handler: handler_id(row, 0)?,
        item: item_id(row, 1)?,
        // A word of a later version: whatever it is, the versions differ.
        kind: ConflictKind::from_word(&word).unwrap_or(ConflictKind::EditEdit),
        path: row.get(4)?,
        detected: row.get(5)?,
        versions: Vec::new(),
    })
}

fn versions(conn: &Connection, item: i64, id: &ConflictId) -> rusqlite::Result<Vec<ConflictVersion>> {
    conn.prepare_cached(
        "SELECT location, item_type, kind, size, modified, stamp FROM conflict_versions
          WHERE item = ?1 AND identity = ?2 ORDER BY position",
    )?
    .query_map(params![item, id.0], |row| {
        Ok(ConflictVersion {
            location: row.get(0)?,
            item_type: match row.get::<_, u32>(1)? {
                2 => ConflictItemType::Deleted,
                _ => ConflictItemType::Updated,
            },
            kind: row.get(2)?,
            size: unsigned(row.get(3)?),
            modified: row.get(4)?,
            stamp: row.get(5)?,
        })
    })?
    .collect()
}
