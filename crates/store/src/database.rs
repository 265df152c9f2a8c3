//! The file itself: making it, opening it, and putting it aside when it is damaged.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::StoreError;
use crate::{schema, search};

/// Where the store lies, and how often it had to be replaced since this process opened it.
#[derive(Debug)]
pub(crate) struct Database {
    path: PathBuf,
    busy_timeout: Duration,
    put_aside: Mutex<Vec<PathBuf>>,
    /// Counts replacements: a connection of an older generation looks at a file that is no longer the store.
    generation: AtomicU64,
}

/// A connection, and the generation of the file it was opened on.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) conn: Connection,
    pub(crate) generation: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Database {
    pub(crate) fn new(path: &Path, busy_timeout: Duration) -> Self {
        Self {
            path: path.to_owned(),
            busy_timeout,
            put_aside: Mutex::default(),
            generation: AtomicU64::new(0),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The damaged files that were put aside since this process opened the store.
    pub(crate) fn put_aside_files(&self) -> Vec<PathBuf> {
        self.put_aside.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Opens the store, which is made, brought to this program's format, or replaced when that is necessary.
    pub(crate) fn open(&self, access: Access) -> Result<Opened, StoreError> {
        match self.open_once(access) {
            Err(error) if error.is_damage() => {
                self.replace_if_damaged()?;
                self.open_once(access)
            }
            answer => answer,
        }
    }

    fn open_once(&self, access: Access) -> Result<Opened, StoreError> {
        if let Some(opened) = self.open_current(access)? {
            return Ok(opened);
        }
        let _only_us = self.lock_format()?;
        self.make()?;
        self.open_current(access)?.ok_or_else(|| StoreError::Unusable {
            path: self.path.clone(),
            reason: "it vanished while it was being opened".into(),
        })
    }

    /// The usual case, without any check beyond the version: none when the file is missing or of an older format.
    fn open_current(&self, access: Access) -> Result<Option<Opened>, StoreError> {
        let generation = self.generation();
        let mode = match access {
            Access::Read => OpenFlags::SQLITE_OPEN_READ_ONLY,
            Access::Write => OpenFlags::SQLITE_OPEN_READ_WRITE,
        };
        let conn = match Connection::open_with_flags(&self.path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX) {
            Ok(conn) => conn,
            Err(_) if !self.path.exists() => return Ok(None),
            Err(error) => return Err(self.error(&error)),
        };
        conn.busy_timeout(self.busy_timeout).map_err(|error| self.error(&error))?;
        let version = match schema::version(&conn) {
            Ok(version) => version,
            // A process was killed while it wrote: what it left half-done must be undone first, and not by a reader.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => return Ok(None),
            Err(error) => return Err(self.error(&error)),
        };
        if version > schema::LATEST {
            return Err(self.newer(version));
        }
        if version < schema::LATEST {
            return Ok(None);
        }
        if access == Access::Write {
            conn.execute_batch("PRAGMA journal_size_limit = 16777216").map_err(|error| self.error(&error))?;
        }
        Ok(Some(Opened { conn, generation }))
    }

    /// Makes the file or brings it to the latest format. Needs the format lock.
    fn make(&self) -> Result<(), StoreError> {
        make_private_file(&self.path).map_err(|error| StoreError::unusable(&self.path, &error))?;
        let mut conn = Connection::open(&self.path).map_err(|error| self.error(&error))?;
        conn.busy_timeout(self.busy_timeout).map_err(|error| self.error(&error))?;
        let version = schema::version(&conn).map_err(|error| self.error(&error))?;
        if version > schema::LATEST {
            return Err(self.newer(version));
        }
        conn.pragma_update(None, "journal_mode", "wal").map_err(|error| self.error(&error))?;
        schema::migrate(&mut conn).map_err(|error| match error {
            rusqlite_migration::Error::RusqliteError { err, .. } => self.error(&err),
            other => StoreError::Unusable { path: self.path.clone(), reason: other.to_string() },
        })?;
        if version == 0 && self.has_predecessor() {
            // Ids of runs live on in trash directories. Those of a lost store are unknown, but they are small numbers
            // or seconds of an earlier time: the seconds of now are beyond both.
            conn.execute(
                "INSERT INTO sqlite_sequence (name, seq)
                 SELECT 'runs', ?1 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'runs')",
                [seconds_since_1970()],
            )
            .map_err(|error| self.error(&error))?;
        }
        Ok(())
    }

    /// Puts the file aside and makes a new one, if SQLite itself finds it damaged. Another process may have done so
    /// before us: then the file that lies there now is sound and stays.
    pub(crate) fn replace_if_damaged(&self) -> Result<(), StoreError> {
        let _only_us = self.lock_format()?;
        if !self.is_sound()? {
            let aside = self.rename_aside().map_err(|error| StoreError::unusable(&self.path, &error))?;
            self.put_aside.lock().unwrap_or_else(PoisonError::into_inner).push(aside);
            self.make()?;
        }
        self.generation.fetch_add(1, Ordering::AcqRel);
        Ok(())
    }

    fn is_sound(&self) -> Result<bool, StoreError> {
        let check = || -> rusqlite::Result<bool> {
            let conn = Connection::open_with_flags(
                &self.path,
                OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
            )?;
            conn.busy_timeout(self.busy_timeout)?;
            let check = || conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
            let mut verdict = check()?;
            if search::is_of_index(&verdict) {
                search::rebuild(&conn)?;
                verdict = check()?;
            }
            let tables: i64 = conn.query_row(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('runs', 'items', 'events')",
                [],
                |row| row.get(0),
            )?;
            Ok(verdict == "ok" && tables == 3)
        };
        match check() {
            Ok(sound) => Ok(sound),
            Err(error) => match self.error(&error) {
                StoreError::Damaged { .. } => Ok(false),
                // Not ours to judge: locked, or no access.
                other => Err(other),
            },
        }
    }

    fn rename_aside(&self) -> io::Result<PathBuf> {
        let seconds = seconds_since_1970();
        let aside = (0_u32..)
            .map(|attempt| match attempt {
                0 => with_suffix(&self.path, &format!(".damaged-{seconds}")),
                _ => with_suffix(&self.path, &format!(".damaged-{seconds}.{attempt}")),
            })
            .find(|candidate| !candidate.exists())
            .unwrap_or_else(|| with_suffix(&self.path, ".damaged"));
        // The log goes first: beside a new file, the old log would be replayed into it.
        for part in ["-wal", "-shm"] {
            match fs::rename(with_suffix(&self.path, part), with_suffix(&aside, part)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, &aside)?;
        Ok(aside)
    }

    fn has_predecessor(&self) -> bool {
        let (Some(directory), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return false;
        };
        let mut prefix = name.to_owned();
        prefix.push(".damaged");
        fs::read_dir(directory).is_ok_and(|entries| {
            entries
                .flatten()
                .any(|entry| entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()))
        })
    }

    /// Keeps other processes from making, migrating or replacing the file at the same time.
    fn lock_format(&self) -> Result<File, StoreError> {
        let take = || {
            if let Some(directory) = self.path.parent() {
                make_private_directory(directory)?;
            }
            let file = File::create(with_suffix(&self.path, ".lock"))?;
            file.lock()?;
            Ok(file)
        };
        take().map_err(|error| StoreError::unusable(&self.path, &error))
    }

    fn newer(&self, found: i64) -> StoreError {
        StoreError::Newer { path: self.path.clone(), found, known: schema::LATEST }
    }

    pub(crate) fn error(&self, error: &rusqlite::Error) -> StoreError {
        StoreError::from_sql(&self.path, error)
    }
}

pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut whole = OsString::from(path);
    whole.push(suffix);
    PathBuf::from(whole)
}

fn seconds_since_1970() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// What was synchronized is nobody else's business, in whatever directory the store is kept. `SQLite` gives the files that
/// it adds the same permissions.
fn make_private_file(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Like the file: what was synchronized is nobody else's business.
fn make_private_directory(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}
