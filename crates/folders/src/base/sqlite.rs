//! The base in one SQLite file.
//!
//! Format 1 (`user_version`), or 2 from the first record on that knows of owners or attributes, so that older versions
//! do not take it for damaged; `application_id` "Inst":
//!
//! ```sql
//! dirs(key INTEGER PRIMARY KEY, entries INTEGER, files INTEGER, record BLOB)   -- the root's key is 1; see `record`
//! meta(name TEXT PRIMARY KEY, value)     -- entries, files, next_key, filter, last_clean_run
//! roots(side TEXT PRIMARY KEY, mount_point BLOB, fs_id INTEGER, ino INTEGER)   -- side is 'a' or 'b'
//! ```
//!
//! A rollback journal, not a write-ahead log: reading then writes nothing at all, and an idle pair stays idle (S12).

mod examine;
mod txn;

use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reconcile::{Agreement, DirKey, Side};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension as _};
use syncmgr::RunId;

use super::record;
use super::{BaseError, BaseRead, BaseStore, Meta, RootIdentity, Transaction};

pub use examine::{Examined, examine};
use txn::Txn;

/// Name of the base's file in its pair's directory.
pub const FILE_NAME: &str = "base.db";

const FORMAT: i64 = 1;
/// With records that older versions cannot read.
const WITH_EXTRAS: i64 = 2;
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
    /// [`Transaction::sweep`] clears what they led to.
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

    /// A view for many reads, the same whatever others write meanwhile. Must be gone before [`Transaction::commit`].
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
            FORMAT | WITH_EXTRAS => Ok(Some(connection)),
            // What is left of a first transaction that was killed.
            0 if self.is_blank(&connection)? => Ok(None),
            0 => Err(self.damaged("it is a database, but not a base")),
            _ => Err(BaseError::TooNew { path: self.path.clone(), format, known: WITH_EXTRAS }),
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

    fn is_blank(&self, connection: &Connection) -> Result<bool, BaseError> {
        let blank =
            connection.query_row("SELECT NOT EXISTS (SELECT 1 FROM sqlite_schema)", [], |row| row.get(0));
        blank.map_err(|e| self.error("read", e))
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

impl BaseStore for Base {
    /// Creates the file if there is none.
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, BaseError> {
        let mut writer = lock(&self.writer);
        if writer.is_none() {
            *writer = Some(self.connect_writer()?);
        }
        Ok(Box::new(Txn::begin(self, writer)?))
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

fn get_meta(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection.query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0)).optional()
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
