//! Writing to the base: all of a batch, or nothing.

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::MutexGuard;

use reconcile::{Agreement, DirKey, Kind, Side};
use rusqlite::{Connection, OptionalExtension as _, params};
use syncmgr::RunId;

use super::super::{BaseError, Children, RootIdentity, Transaction, record};
use super::{Base, SCHEMA, WITH_EXTRAS, get_meta, side_word};

/// A write transaction. Dropped without [`commit`](Self::commit), nothing has happened.
#[derive(Debug)]
pub(super) struct Txn<'b> {
    base: &'b Base,
    writer: MutexGuard<'b, Option<Connection>>,
    /// The next new directory's key, and what it was at the beginning.
    next_key: u64,
    first_key: u64,
    /// Entries and files more or fewer than at the beginning.
    delta: Size,
    /// The file says that older versions cannot read it.
    is_new_format: bool,
    done: bool,
}

impl<'b> Txn<'b> {
    pub(super) fn begin(
        base: &'b Base,
        writer: MutexGuard<'b, Option<Connection>>,
    ) -> Result<Self, BaseError> {
        let mut txn = Self {
            base,
            writer,
            next_key: 0,
            first_key: 0,
            delta: Size::default(),
            is_new_format: false,
            done: false,
        };
        txn.next_key = txn.start()?;
        txn.first_key = txn.next_key;
        Ok(txn)
    }

    /// Tells the next new directory's key.
    fn start(&self) -> Result<u64, BaseError> {
        let connection = self.connection()?;
        let begin = || -> rusqlite::Result<u64> {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if format == 0 {
                connection.execute_batch(SCHEMA)?;
            }
            Ok(get_meta(connection, "next_key")?.unwrap_or(DirKey::ROOT.0 as i64 + 1) as u64)
        };
        begin().map_err(|e| self.base.error("write", e))
    }

    fn connection(&self) -> Result<&Connection, BaseError> {
        // Set by `Base::begin` before the transaction exists; an error rather than a panic all the same.
        self.writer.as_ref().ok_or_else(|| self.base.damaged("no connection"))
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, BaseError> {
        work(self.connection()?).map_err(|e| self.base.error("write", e))
    }
}

impl Transaction for Txn<'_> {
    fn dir(&self, key: DirKey) -> Result<Option<Agreement>, BaseError> {
        self.run(|connection| self.base.read_agreement(connection, key))
    }

    fn put_all(&mut self, key: DirKey, children: Children<'_, '_>) -> Result<(), BaseError> {
        let mut size = Size::default();
        let record = record::encode(&mut children.inspect(|(_, agreed)| {
            size.entries += 1;
            size.files += i64::from(agreed.a.kind == Kind::File);
        }));
        let is_new_format = record::is_new_format(&record);
        let before = self.run(|connection| {
            let before = size_of(connection, key)?;
            if is_new_format && !self.is_new_format {
                connection.pragma_update(None, "user_version", WITH_EXTRAS)?;
            }
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO dirs (key, entries, files, record) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![key.0 as i64, size.entries, size.files, record])?;
            Ok(before)
        })?;
        self.is_new_format |= is_new_format;
        self.delta.change(before, size);
        Ok(())
    }

    fn new_key(&mut self) -> DirKey {
        let key = DirKey(self.next_key);
        self.next_key += 1;
        key
    }

    fn remove_tree(&mut self, key: DirKey) -> Result<u64, BaseError> {
        let mut removed = 0;
        let mut left = vec![key];
        while let Some(key) = left.pop() {
            if let Some(agreement) = self.dir(key)? {
                left.extend(agreement.iter().filter_map(|(_, agreed)| agreed.dir));
            }
            removed += self.remove(key)?;
        }
        Ok(removed)
    }

    fn sweep(&mut self) -> Result<u64, BaseError> {
        let mut orphans = self.run(|connection| {
            let mut statement = connection.prepare("SELECT key FROM dirs")?;
            let keys = statement.query_map([], |row| row.get::<_, i64>(0))?;
            keys.map(|key| key.map(|key| key as u64)).collect::<rusqlite::Result<HashSet<_>>>()
        })?;
        let mut left = vec![DirKey::ROOT];
        while let Some(key) = left.pop() {
            if orphans.remove(&key.0)
                && let Some(agreement) = self.dir(key)?
            {
                left.extend(agreement.iter().filter_map(|(_, agreed)| agreed.dir));
            }
        }
        let mut removed = 0;
        for key in orphans {
            removed += self.remove(DirKey(key))?;
        }
        Ok(removed)
    }

    fn remove(&mut self, key: DirKey) -> Result<u64, BaseError> {
        let (before, removed) = self.run(|connection| {
            let before = size_of(connection, key)?;
            let removed =
                connection.prepare_cached("DELETE FROM dirs WHERE key = ?1")?.execute([key.0 as i64])?;
            Ok((before, removed))
        })?;
        self.delta.change(before, Size::default());
        Ok(removed as u64)
    }

    fn set_root(&mut self, side: Side, root: &RootIdentity) -> Result<(), BaseError> {
        let mount_point = root.mount_point.as_os_str().as_bytes();
        self.run(|connection| {
            connection.execute(
                "INSERT OR REPLACE INTO roots (side, mount_point, fs_id, ino) VALUES (?1, ?2, ?3, ?4)",
                params![side_word(side), mount_point, root.fs_id as i64, root.ino as i64],
            )
        })?;
        Ok(())
    }

    fn set_filter(&mut self, fingerprint: &[u8; 32]) -> Result<(), BaseError> {
        self.run(|connection| set_meta(connection, "filter", fingerprint))
    }

    fn set_last_clean_run(&mut self, run: RunId) -> Result<(), BaseError> {
        self.run(|connection| set_meta(connection, "last_clean_run", run.0 as i64))
    }

    fn commit(mut self: Box<Self>) -> Result<(), BaseError> {
        let (delta, next_key) = (self.delta, self.next_key);
        let moved_on = next_key != self.first_key;
        self.run(|connection| {
            for (name, delta) in [("entries", delta.entries), ("files", delta.files)] {
                if delta != 0 {
                    let total = get_meta(connection, name)?.unwrap_or(0).saturating_add(delta).max(0);
                    set_meta(connection, name, total)?;
                }
            }
            if moved_on {
                set_meta(connection, "next_key", next_key as i64)?;
            }
            connection.execute_batch("COMMIT")
        })?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Txn<'_> {
    fn drop(&mut self) {
        if self.done {
            return;
        }
        let rolled_back = self.writer.as_ref().is_some_and(|one| one.execute_batch("ROLLBACK").is_ok());
        if !rolled_back {
            // Closing the connection ends the transaction too.
            *self.writer = None;
        }
    }
}

/// What a record, or the difference between two, amounts to.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    entries: i64,
    files: i64,
}

impl Size {
    fn change(&mut self, before: Self, after: Self) {
        self.entries += after.entries - before.entries;
        self.files += after.files - before.files;
    }
}

fn size_of(connection: &Connection, key: DirKey) -> rusqlite::Result<Size> {
    let size = connection
        .prepare_cached("SELECT entries, files FROM dirs WHERE key = ?1")?
        .query_row([key.0 as i64], |row| Ok(Size { entries: row.get(0)?, files: row.get(1)? }))
        .optional()?;
    Ok(size.unwrap_or_default())
}

fn set_meta(connection: &Connection, name: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", params![name, value])?;
    Ok(())
}
