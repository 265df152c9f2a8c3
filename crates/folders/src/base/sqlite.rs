//! The base in one SQLite file.
//!
//! Format 1 (`user_version`), `application_id` "Inst":
//!
//! ```sql
//! dirs(key INTEGER PRIMARY KEY, entries INTEGER, files INTEGER, record BLOB)   -- the root's key is 1; see `record`
//! meta(name TEXT PRIMARY KEY, value)     -- entries, files, next_key, filter, last_clean_run
//! roots(side TEXT PRIMARY KEY, mount_point BLOB, fs_id INTEGER, ino INTEGER)   -- side is 'a' or 'b'
//! ```
//!
//! A rollback journal, not a write-ahead log: reading then writes nothing at all, and an idle pair stays idle (S12).

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reconcile::{Agreement, DirKey, Kind, Side};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _, params};
use syncmgr::RunId;

use super::record;
use super::{BaseError, BaseRead, Meta, RootIdentity};

/// Name of the base's file in its pair's directory.
pub const FILE_NAME: &str = "base.db";

const FORMAT: i64 = 1;
const APPLICATION_ID: i64 = 0x496e_7374;
/// How long another program's lock is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

const SCHEMA: &str = "
    CREATE TABLE dirs (key INTEGER PRIMARY KEY, entries INTEGER NOT NULL, files INTEGER NOT NULL,
                       record BLOB NOT NULL);
    CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE roots (side TEXT PRIMARY KEY, mount_point BLOB NOT NULL, fs_id INTEGER NOT NULL,
                        ino INTEGER NOT NULL) WITHOUT ROWID;
    PRAGMA application_id = 0x496e7374;
    PRAGMA user_version = 1;
";

/// What a base is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Looking only: a damaged file counts as no base and stays where it is.
    Read,
    /// A run: a damaged file is put aside, so that a new one can be made.
    Write,
}

/// A damaged base that was put aside: worth an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutAside {
    /// Where it is now; none when it was opened for reading and left where it is.
    pub to: Option<PathBuf>,
    /// What is wrong with it.
    pub reason: String,
}

/// The base of one pair. Nothing is created before the first write.
#[derive(Debug)]
pub struct Base {
    path: PathBuf,
    put_aside: Option<PutAside>,
    /// Connections for reading that nobody uses just now.
    idle: Mutex<Vec<Connection>>,
    writer: Mutex<Option<Connection>>,
    damaged_records: AtomicU64,
    damaged_file: AtomicBool,
}

impl Base {
    /// Opens the base in `dir`, if there is one. Nothing is created.
    ///
    /// # Errors
    /// It cannot be read, is locked, or is from a newer version.
    pub fn open(dir: &Path, access: Access) -> Result<Self, BaseError> {
        let mut base = Self {
            path: dir.join(FILE_NAME),
            put_aside: None,
            idle: Mutex::default(),
            writer: Mutex::default(),
            damaged_records: AtomicU64::new(0),
            damaged_file: AtomicBool::new(false),
        };
        match base.connect() {
            Ok(Some(connection)) => lock(&base.idle).push(connection),
            Ok(None) => {}
            Err(BaseError::Damaged { reason, .. }) => match access {
                Access::Read => {
                    base.damaged_file.store(true, Ordering::Relaxed);
                    base.put_aside = Some(PutAside { to: None, reason });
                }
                Access::Write => base.put_aside(reason)?,
            },
            Err(other) => return Err(other),
        }
        Ok(base)
    }

    /// Whether there is nothing yet: the pair was never synchronized, or its base is lost.
    ///
    /// # Errors
    /// The base could not be read.
    pub fn is_new(&self) -> Result<bool, BaseError> {
        self.with(|connection| {
            connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM dirs WHERE key = 1)", [], |row| row.get(0))
        })
        .map(|new| new.unwrap_or(true))
    }

    /// The damaged base that [`open`](Self::open) met.
    pub fn was_put_aside(&self) -> Option<&PutAside> {
        self.put_aside.as_ref()
    }

    /// How many damaged records were met so far; each counted as no agreement. After a run that met some,
    /// [`Txn::sweep`] clears what they led to.
    pub fn damaged_records(&self) -> u64 {
        self.damaged_records.load(Ordering::Relaxed)
    }

    /// Whether the file turned out to be damaged while it was read. It then reads as having no agreements; a run puts
    /// it [aside](Self::put_aside) and plans again.
    pub fn is_damaged(&self) -> bool {
        self.damaged_file.load(Ordering::Relaxed)
    }

    /// Renames a damaged file out of the way: this base is empty from then on.
    ///
    /// # Errors
    /// The rename was refused.
    pub fn put_aside(&mut self, reason: String) -> Result<(), BaseError> {
        lock(&self.idle).clear();
        *lock(&self.writer) = None;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let mut to = self.path.with_file_name(format!("{FILE_NAME}.damaged-{now}"));
        for more in 1.. {
            if !to.exists() {
                break;
            }
            to = self.path.with_file_name(format!("{FILE_NAME}.damaged-{now}-{more}"));
        }
        let rename = |from: &Path, to: &Path| match std::fs::rename(from, to) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(BaseError::Io { path: from.into(), what: "put the damaged base aside", source })
            }
            _ => Ok(()),
        };
        // The journal first: left alone it would be rolled back into the new file.
        rename(&with_suffix(&self.path, "-journal"), &with_suffix(&to, "-journal"))?;
        rename(&self.path, &to)?;
        self.damaged_file.store(false, Ordering::Relaxed);
        self.put_aside = Some(PutAside { to: Some(to), reason });
        Ok(())
    }

    /// A view for many reads, the same whatever others write meanwhile. Must be gone before [`Txn::commit`].
    ///
    /// # Errors
    /// The base could not be read.
    pub fn reader(&self) -> Result<BaseReader<'_>, BaseError> {
        Ok(BaseReader { base: self, open: Mutex::default() })
    }

    /// What is known besides the agreements; all empty for a new base.
    ///
    /// # Errors
    /// The base could not be read.
    pub fn meta(&self) -> Result<Meta, BaseError> {
        self.with(read_meta).map(Option::unwrap_or_default)
    }

    /// Begins to write; creates the file if there is none. One transaction at a time.
    ///
    /// # Errors
    /// The file could not be made or is locked.
    pub fn begin(&self) -> Result<Txn<'_>, BaseError> {
        let mut writer = lock(&self.writer);
        if writer.is_none() {
            *writer = Some(self.connect_writer()?);
        }
        let mut txn =
            Txn { base: self, writer, next_key: 0, first_key: 0, delta: Size::default(), done: false };
        txn.begin()?;
        Ok(txn)
    }

    /// Opens another connection for reading; none when there is no file.
    fn connect(&self) -> Result<Option<Connection>, BaseError> {
        match std::fs::symlink_metadata(&self.path) {
            Ok(meta) if meta.len() == 0 => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(BaseError::Io { path: self.path.clone(), what: "open the base", source });
            }
        }
        // Not read-only: what a killed run left half-written is rolled back first.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(|e| self.error("open", e))?;
        self.prepare(&connection)?;
        let format = self.format(&connection)?;
        match format {
            FORMAT => Ok(Some(connection)),
            0 => Err(self.damaged("it is a database, but not a base")),
            _ => Err(BaseError::TooNew { path: self.path.clone(), format, known: FORMAT }),
        }
    }

    fn connect_writer(&self) -> Result<Connection, BaseError> {
        if let Some(dir) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|source| BaseError::Io {
                path: dir.into(),
                what: "create the directory",
                source,
            })?;
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags).map_err(|e| self.error("open", e))?;
        // Only heard on a new file: records of a few kilobytes are the rule.
        connection.pragma_update(None, "page_size", 8192).map_err(|e| self.error("set up", e))?;
        self.prepare(&connection)?;
        let mode: String = connection
            .pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0))
            .map_err(|e| self.error("set up", e))?;
        debug_assert_eq!(mode, "delete");
        connection.pragma_update(None, "synchronous", "FULL").map_err(|e| self.error("set up", e))?;
        Ok(connection)
    }

    fn prepare(&self, connection: &Connection) -> Result<(), BaseError> {
        // Every record is read once per run: a large cache would only be filled.
        connection
            .busy_timeout(PATIENCE)
            .and_then(|()| connection.pragma_update(None, "cache_size", -1024))
            .map_err(|e| self.error("open", e))
    }

    /// The format of the file: zero for an empty one.
    fn format(&self, connection: &Connection) -> Result<i64, BaseError> {
        let read = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let (id, format) = read("application_id")
            .and_then(|id| Ok((id, read("user_version")?)))
            .map_err(|e| self.error("read", e))?;
        if format != 0 && id != APPLICATION_ID {
            return Err(self.damaged("it is a database of another program"));
        }
        Ok(format)
    }

    /// Does one read with an idle connection; none when there is no file, or it is damaged.
    fn with<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<Option<T>, BaseError> {
        if self.is_damaged() {
            return Ok(None);
        }
        let idle = lock(&self.idle).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => match self.connect()? {
                Some(connection) => connection,
                None => return Ok(None),
            },
        };
        let result = read(&connection);
        lock(&self.idle).push(connection);
        self.unless_damaged(result)
    }

    /// A damage that shows while reading is noted; what was asked for counts as not known.
    fn unless_damaged<T>(&self, result: rusqlite::Result<T>) -> Result<Option<T>, BaseError> {
        match result.map_err(|e| self.error("read", e)) {
            Ok(value) => Ok(Some(value)),
            Err(BaseError::Damaged { .. }) => {
                self.damaged_file.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    fn read_agreement(&self, connection: &Connection, dir: DirKey) -> rusqlite::Result<Option<Agreement>> {
        let mut statement = connection.prepare_cached("SELECT record FROM dirs WHERE key = ?1")?;
        let mut rows = statement.query([dir.0 as i64])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let agreement = row.get_ref(0)?.as_blob().ok().and_then(record::decode);
        if agreement.is_none() {
            self.damaged_records.fetch_add(1, Ordering::Relaxed);
        }
        Ok(agreement)
    }

    fn damaged(&self, reason: impl Into<String>) -> BaseError {
        BaseError::Damaged { path: self.path.clone(), reason: reason.into() }
    }

    fn error(&self, what: &'static str, source: rusqlite::Error) -> BaseError {
        let path = self.path.clone();
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => BaseError::Locked { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                BaseError::Damaged { path, reason: source.to_string() }
            }
            // A table that is not there: something else was made of the file.
            Some(ErrorCode::Unknown) => BaseError::Damaged { path, reason: source.to_string() },
            _ => match source {
                rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..) => {
                    BaseError::Damaged { path, reason: source.to_string() }
                }
                source => BaseError::Sqlite { path, what, source },
            },
        }
    }
}

impl BaseRead for Base {
    fn agreement(&self, dir: DirKey) -> Result<Option<Agreement>, BaseError> {
        self.with(|connection| self.read_agreement(connection, dir)).map(Option::flatten)
    }
}

/// A view of a base for many reads: each connection holds a read transaction, which spares the locking of each read.
#[derive(Debug)]
pub struct BaseReader<'b> {
    base: &'b Base,
    open: Mutex<Vec<Connection>>,
}

impl BaseRead for BaseReader<'_> {
    fn agreement(&self, dir: DirKey) -> Result<Option<Agreement>, BaseError> {
        if self.base.is_damaged() {
            return Ok(None);
        }
        let open = lock(&self.open).pop();
        let connection = match open {
            Some(connection) => connection,
            None => {
                let idle = lock(&self.base.idle).pop();
                let connection = match idle {
                    Some(connection) => connection,
                    None => match self.base.connect()? {
                        Some(connection) => connection,
                        None => return Ok(None),
                    },
                };
                let begun = connection.execute_batch("BEGIN");
                begun.map_err(|e| self.base.error("read", e))?;
                connection
            }
        };
        let result = self.base.read_agreement(&connection, dir);
        lock(&self.open).push(connection);
        self.base.unless_damaged(result).map(Option::flatten)
    }
}

impl Drop for BaseReader<'_> {
    fn drop(&mut self) {
        let open = std::mem::take(self.open.get_mut().unwrap_or_else(PoisonError::into_inner));
        // A connection that cannot end its transaction is closed, which ends it.
        lock(&self.base.idle).extend(open.into_iter().filter(|one| one.execute_batch("ROLLBACK").is_ok()));
    }
}

/// A write transaction. Dropped without [`commit`](Self::commit), nothing has happened.
#[derive(Debug)]
pub struct Txn<'b> {
    base: &'b Base,
    writer: MutexGuard<'b, Option<Connection>>,
    /// The next new directory's key, and what it was at the beginning.
    next_key: u64,
    first_key: u64,
    /// Entries and files more or fewer than at the beginning.
    delta: Size,
    done: bool,
}

impl Txn<'_> {
    fn begin(&mut self) -> Result<(), BaseError> {
        let connection = self.connection()?;
        let begin = || -> rusqlite::Result<u64> {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            let format: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if format == 0 {
                connection.execute_batch(SCHEMA)?;
            }
            Ok(get_meta(connection, "next_key")?.unwrap_or(DirKey::ROOT.0 as i64 + 1) as u64)
        };
        self.next_key = begin().map_err(|e| self.base.error("write", e))?;
        self.first_key = self.next_key;
        Ok(())
    }

    fn connection(&self) -> Result<&Connection, BaseError> {
        // Set by `Base::begin` before the transaction exists; an error rather than a panic all the same.
        self.writer.as_ref().ok_or_else(|| self.base.damaged("no connection"))
    }

    fn run<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, BaseError> {
        work(self.connection()?).map_err(|e| self.base.error("write", e))
    }

    /// The agreement on a directory's children as this transaction has it; none when there is none or it is damaged.
    ///
    /// # Errors
    /// The base could not be read.
    pub fn dir(&self, key: DirKey) -> Result<Option<Agreement>, BaseError> {
        self.run(|connection| self.base.read_agreement(connection, key))
    }

    /// Sets the agreement on a directory's children.
    ///
    /// # Errors
    /// The base could not be written.
    pub fn put(&mut self, key: DirKey, agreement: &Agreement) -> Result<(), BaseError> {
        let record = record::encode(agreement);
        let files = agreement.iter().filter(|(_, agreed)| agreed.a.kind == Kind::File).count();
        let size = Size { entries: agreement.len() as i64, files: files as i64 };
        let before = self.run(|connection| {
            let before = size_of(connection, key)?;
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO dirs (key, entries, files, record) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![key.0 as i64, size.entries, size.files, record])?;
            Ok(before)
        })?;
        self.delta.change(before, size);
        Ok(())
    }

    /// A key for a new directory. Never given twice, not even after the directory is gone.
    pub fn new_key(&mut self) -> DirKey {
        let key = DirKey(self.next_key);
        self.next_key += 1;
        key
    }

    /// Removes a directory's record and those of all directories beneath it; tells how many records that were.
    ///
    /// # Errors
    /// The base could not be written.
    pub fn remove_tree(&mut self, key: DirKey) -> Result<u64, BaseError> {
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

    /// Removes the records that no longer hang together with the root: what a damaged record led to.
    ///
    /// # Errors
    /// The base could not be written.
    pub fn sweep(&mut self) -> Result<u64, BaseError> {
        let mut orphans = self.run(|connection| {
            let mut statement = connection.prepare("SELECT key FROM dirs")?;
            let keys = statement.query_map([], |row| row.get::<_, i64>(0))?;
            keys.map(|key| key.map(|key| key as u64))
                .collect::<rusqlite::Result<std::collections::HashSet<_>>>()
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

    /// Notes what a side's root was.
    ///
    /// # Errors
    /// The base could not be written.
    pub fn set_root(&mut self, side: Side, root: &RootIdentity) -> Result<(), BaseError> {
        let mount_point = root.mount_point.as_os_str().as_bytes();
        self.run(|connection| {
            connection.execute(
                "INSERT OR REPLACE INTO roots (side, mount_point, fs_id, ino) VALUES (?1, ?2, ?3, ?4)",
                params![side_word(side), mount_point, root.fs_id as i64, root.ino as i64],
            )
        })?;
        Ok(())
    }

    /// Notes the filter that is in force.
    ///
    /// # Errors
    /// The base could not be written.
    pub fn set_filter(&mut self, fingerprint: &[u8; 32]) -> Result<(), BaseError> {
        self.run(|connection| set_meta(connection, "filter", fingerprint))
    }

    /// Notes a run that ended clean.
    ///
    /// # Errors
    /// The base could not be written.
    pub fn set_last_clean_run(&mut self, run: RunId) -> Result<(), BaseError> {
        self.run(|connection| set_meta(connection, "last_clean_run", run.0 as i64))
    }

    /// Makes all of it durable, or nothing.
    ///
    /// # Errors
    /// The base could not be written; nothing has happened.
    pub fn commit(mut self) -> Result<(), BaseError> {
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

fn read_meta(connection: &Connection) -> rusqlite::Result<Meta> {
    let mut meta = Meta {
        entries: get_meta(connection, "entries")?.unwrap_or(0) as u64,
        files: get_meta(connection, "files")?.unwrap_or(0) as u64,
        filter: connection
            .query_row("SELECT value FROM meta WHERE name = 'filter'", [], |row| row.get(0))
            .optional()?,
        roots: [None, None],
        last_clean_run: get_meta(connection, "last_clean_run")?.map(|run| RunId(run as u64)),
    };
    for side in Side::BOTH {
        let sql = "SELECT mount_point, fs_id, ino FROM roots WHERE side = ?1";
        meta.roots[side as usize] = connection
            .query_row(sql, [side_word(side)], |row| {
                let mount_point: Vec<u8> = row.get(0)?;
                Ok(RootIdentity {
                    mount_point: PathBuf::from(OsStr::from_bytes(&mount_point)),
                    fs_id: row.get::<_, i64>(1)? as u64,
                    ino: row.get::<_, i64>(2)? as u64,
                })
            })
            .optional()?;
    }
    Ok(meta)
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

fn get_meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
}

fn set_meta(connection: &Connection, name: &str, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)", params![name, value])?;
    Ok(())
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::A => "a",
        Side::B => "b",
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// A lock whose holder panicked protects nothing that could be half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
