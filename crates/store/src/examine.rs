//! Whether a store is sound: for whoever looks after an installation. Only looks.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::database::with_suffix;
use crate::error::StoreError;

/// How many steps of SQLite's own lie between two looks at the clock: a fraction of a millisecond.
const STEPS: i32 = 1000;
const READ: OpenFlags = OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// What a look through a store found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// All of it is as it should be.
    Sound,
    /// It is damaged, and how.
    Damaged(String),
    /// There was more of it than could be looked through in that time; so far it is sound.
    Unfinished,
}

/// Looks through the store of that file, at most for that long. Nothing is made or put aside, and nothing is written
/// but, where others write just now, the index of their log that all readers share.
///
/// # Errors
/// The file cannot be read.
pub fn examine(file: &Path, patience: Duration) -> Result<Examined, StoreError> {
    let as_it_is = || Connection::open_with_flags(file, READ);
    let found = match still(file) {
        None => look_through(as_it_is, patience),
        Some(still) => {
            match look_through(
                || Connection::open_with_flags(still, READ | OpenFlags::SQLITE_OPEN_URI),
                patience,
            ) {
                // Somebody may have begun to write meanwhile: then what was read was never there at once.
                Ok(Examined::Damaged(_)) => look_through(as_it_is, patience),
                found => found,
            }
        }
    };
    found.map_err(|error| StoreError::from_sql(file, &error))
}

/// The address of a file that nobody writes, which is read without any other file beside it; none when there is a log.
fn still(file: &Path) -> Option<String> {
    let log = fs::metadata(with_suffix(file, "-wal")).map_or(0, |log| log.len());
    let path = file.to_str().filter(|_| log == 0)?;
    let quoted = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    Some(format!("file:{quoted}?immutable=1"))
}

fn look_through(
    open: impl FnOnce() -> rusqlite::Result<Connection>,
    patience: Duration,
) -> rusqlite::Result<Examined> {
    match open().and_then(|conn| check(&conn, patience)) {
        Ok(word) if word == "ok" => Ok(Examined::Sound),
        Ok(damage) => Ok(Examined::Damaged(damage)),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => Ok(Examined::Unfinished),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Ok(Examined::Damaged(error.to_string()))
            }
            _ => Err(error),
        },
    }
}

/// What SQLite says of all of it: `ok`, or the first damage.
fn check(conn: &Connection, patience: Duration) -> rusqlite::Result<String> {
    let begun = Instant::now();
    conn.progress_handler(STEPS, Some(move || begun.elapsed() >= patience))?;
    conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
}
