//! The open conflicts of every item.

mod query;

use std::collections::BTreeMap;

use rusqlite::params;
use syncmgr::conflict::{Conflict, ConflictId, ConflictKey, ConflictLedger, ConflictStore};
use syncmgr::{HandlerId, ItemId, Refusal};

pub use query::{ConflictCount, ConflictQuery};

use crate::error::StoreError;
use crate::items::{find_handler, find_item};
use crate::record::signed;
use crate::store::Store;
use crate::writer::{Durability, Ledger};

impl Store {
    /// A page of open conflicts over all handlers, in the order of handlers, items and identities.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn find_conflicts(&self, query: &ConflictQuery) -> Result<Vec<Conflict>, StoreError> {
        self.read(|conn| query::page(conn, query))
    }

    /// How many open conflicts a query finds, by item and kind; its page does not matter.
    ///
    /// # Errors
    /// The store could not be read.
    pub fn count_conflicts(&self, query: &ConflictQuery) -> Result<Vec<ConflictCount>, StoreError> {
        self.read(|conn| query::counts(conn, query))
    }

    /// Takes conflicts out of the list, of whatever items; unknown ones are passed over.
    ///
    /// # Errors
    /// It could not be written.
    pub fn remove_conflicts(&self, keys: Vec<ConflictKey>) -> Result<(), StoreError> {
        self.write(Durability::Full, move |ledger| {
            keys.iter().try_for_each(|key| match row_of(ledger, &key.handler, &key.item)? {
                Some(row) => delete(ledger, row, &key.id.0),
                None => Ok(()),
            })
        })
    }
}

impl ConflictStore for Store {
    fn conflicts(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<Vec<Conflict>, Refusal> {
        Ok(self.find_conflicts(&ConflictQuery::all_of(handler, item))?)
    }

    fn count(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<u64, Refusal> {
        let counts = self.count_conflicts(&ConflictQuery::all_of(handler, item))?;
        Ok(counts.iter().map(|one| one.count).sum())
    }

    fn bind(&self, handler: &HandlerId, item: &ItemId, id: &ConflictId) -> Result<Option<Conflict>, Refusal> {
        let query = ConflictQuery { id: Some(id.clone()), ..ConflictQuery::all_of(handler, Some(item)) };
        Ok(self.find_conflicts(&query)?.pop())
    }

    fn remove(&self, handler: &HandlerId, item: &ItemId, ids: &[ConflictId]) -> Result<(), Refusal> {
        if ids.is_empty() {
            return Ok(());
        }
        let (handler, item, ids) = (handler.clone(), item.clone(), ids.to_vec());
        Ok(self.write(Durability::Full, move |ledger| {
            let Some(row) = row_of(ledger, &handler, &item)? else { return Ok(()) };
            ids.iter().try_for_each(|id| delete(ledger, row, &id.0))
        })?)
    }
}

impl ConflictLedger for Store {
    fn replace(&self, handler: &HandlerId, item: &ItemId, open: Vec<Conflict>) -> Result<(), Refusal> {
        let mut before: BTreeMap<ConflictId, Conflict> =
            self.conflicts(handler, Some(item))?.into_iter().map(|known| (known.id.clone(), known)).collect();
        // Only what differs is written: most runs find what was there before, which is mostly nothing, and must not wait
        // for the disk.
        let mut news = Vec::new();
        for conflict in open {
            match before.remove(&conflict.id) {
                Some(known) if (Conflict { detected: known.detected, ..conflict.clone() }) == known => {}
                _ => news.push(conflict),
            }
        }
        let closed: Vec<ConflictId> = before.into_keys().collect();
        if news.is_empty() && closed.is_empty() {
            return Ok(());
        }
        let (handler, item) = (handler.clone(), item.clone());
        Ok(self.write(Durability::Full, move |ledger| {
            if let Some(row) = row_of(ledger, &handler, &item)? {
                closed.iter().try_for_each(|id| delete(ledger, row, &id.0))?;
            }
            put(ledger, &news)
        })?)
    }

    fn put(&self, conflicts: Vec<Conflict>) -> Result<(), Refusal> {
        if conflicts.is_empty() {
            return Ok(());
        }
        Ok(self.write(Durability::Full, move |ledger| put(ledger, &conflicts))?)
    }
}

fn row_of(ledger: &Ledger<'_>, handler: &HandlerId, item: &ItemId) -> rusqlite::Result<Option<i64>> {
    match find_handler(ledger.conn, handler)? {
        Some(handler) => find_item(ledger.conn, handler, item),
        None => Ok(None),
    }
}

/// Opens conflicts, or writes their versions anew; a known one keeps the time of its detection.
fn put(ledger: &Ledger<'_>, conflicts: &[Conflict]) -> rusqlite::Result<()> {
    for conflict in conflicts {
        let row = ledger.item(&conflict.handler, &conflict.item, conflict.detected)?;
        let known: Option<i64> = ledger
            .conn
            .prepare_cached("SELECT detected FROM conflicts WHERE item = ?1 AND identity = ?2")?
            .query_map(params![row, conflict.id.0], |row| row.get(0))?
            .next()
            .transpose()?;
        delete(ledger, row, &conflict.id.0)?;
        insert(ledger, row, conflict, known.unwrap_or(conflict.detected))?;
    }
    Ok(())
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
                    (item, identity, position, location, item_type, kind, size, modified, stamp, path)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
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
                version.path,
            ])?;
    }
    Ok(())
}
