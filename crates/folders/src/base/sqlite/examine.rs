//! Whether a base is sound: for whoever looks after an installation. Only looks.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::super::record;
use super::{FILE_NAME, with_suffix};

/// What a look through a base found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Examined {
    /// There is none yet.
    None,
    /// All of it is as it should be.
    Sound,
    /// It is damaged, and how.
    Damaged(String),
    /// It was not looked through: a run is at it, was cut short and is to be rolled back, or time was up.
    Unknown(&'static str),
}

/// Looks through the base in `dir`, at most for about that long.
pub fn examine(dir: &Path, patience: Duration) -> Examined {
    let file = dir.join(FILE_NAME);
    let length = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
    if length(&file) == 0 {
        return Examined::None;
    }
    if length(&with_suffix(&file, "-journal")) > 0 {
        return Examined::Unknown("a run is at it, or was cut short: the next one rolls it back");
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let found =
        Connection::open_with_flags(&file, flags).and_then(|connection| look_through(&connection, patience));
    match found {
        Ok(found) => found,
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Examined::Unknown("a run is at it"),
            _ => Examined::Damaged(error.to_string()),
        },
    }
}

/// Each record, which has a checksum of its own: reading all of them also reads what holds them together.
fn look_through(connection: &Connection, patience: Duration) -> rusqlite::Result<Examined> {
    let begun = Instant::now();
    let mut statement = connection.prepare("SELECT key, record FROM dirs")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if row.get_ref(1)?.as_blob().ok().and_then(record::decode).is_none() {
            let key: i64 = row.get(0)?;
            return Ok(Examined::Damaged(format!("the record of directory {key} cannot be read")));
        }
        if begun.elapsed() > patience {
            return Ok(Examined::Unknown("it is too large to be looked through in passing"));
        }
    }
    Ok(Examined::Sound)
}
