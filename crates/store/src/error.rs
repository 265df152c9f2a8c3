//! What may go wrong with the store, in sentences for people.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use rustix::fs::{Access, AtFlags, CWD};
use rustix::io::Errno;
use syncmgr::Refusal;

/// What SQLite needs beside a store, in bytes.
const ENOUGH: u64 = 64 * 1024;

/// Why the store could not do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process holds the store for longer than we wait.
    #[error(
        "the results store {} is locked: another program has been writing to it for too long; end that program and try again",
        path.display()
    )]
    Locked {
        /// The store's file.
        path: PathBuf,
    },
    /// The store's content makes no sense. The store puts itself aside before anyone sees this twice.
    #[error("the results store {} is damaged: {reason}", path.display())]
    Damaged {
        /// The store's file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The store was written by a newer version of this program.
    #[error(
        "the results store {} was written by a newer version of Instep (its format is {found}, this program knows {known}); update Instep",
        path.display()
    )]
    Newer {
        /// The store's file.
        path: PathBuf,
        /// The format found.
        found: i64,
        /// The newest format this program knows.
        known: i64,
    },
    /// Nothing more can be written where the store lies.
    #[error(
        "the results store {} cannot be used: the file system that it lies on is full; make room there and try again",
        path.display()
    )]
    Full {
        /// The store's file.
        path: PathBuf,
    },
    /// The store cannot be opened, read or written: no access, no such place.
    #[error("the results store {} cannot be used: {reason}", path.display())]
    Unusable {
        /// The store's file.
        path: PathBuf,
        /// What the system or SQLite says.
        reason: String,
    },
    /// One run reported more events than a run can hold.
    #[error("this run has more events than the results store can hold for one run")]
    TooManyEvents,
}

impl StoreError {
    /// Sorts an error of SQLite into what a person can act on.
    pub(crate) fn from_sql(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_owned();
        let reason = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged { path, reason },
            // The version said that our tables are there.
            Some(ErrorCode::Unknown)
                if reason.contains("no such table") || reason.contains("no such column") =>
            {
                Self::Damaged { path, reason }
            }
            Some(ErrorCode::DiskFull) => Self::Full { path },
            // Even to read takes a little room: what readers and writers agree by is a file beside the store.
            Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if is_full(&path) => Self::Full { path },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen) => {
                let reason = denied(&path).unwrap_or(reason);
                Self::Unusable { path, reason }
            }
            Some(_) => Self::Unusable { path, reason },
            // No error of SQLite itself: a value of a type that we never wrote.
            None => Self::Damaged { path, reason },
        }
    }

    pub(crate) fn unusable(path: &Path, error: &std::io::Error) -> Self {
        Self::Unusable { path: path.to_owned(), reason: syncmgr::reason(error) }
    }

    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}

/// Why a file, or what SQLite puts beside it, cannot be written, if that is a matter of rights: SQLite does not tell.
fn denied(file: &Path) -> Option<String> {
    file.parent().into_iter().chain([file]).find_map(|path| {
        let asked = rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS);
        let error = asked.err().filter(|error| *error != Errno::NOENT)?;
        Some(format!(
            "{} cannot be written: {}",
            path.display(),
            syncmgr::reason(&std::io::Error::from(error))
        ))
    })
}

/// Whether next to nothing can be written beside a file.
fn is_full(file: &Path) -> bool {
    let Some(Ok(room)) = file.parent().map(rustix::fs::statvfs) else { return false };
    let no_files = room.f_files > 0 && room.f_favail == 0;
    no_files || room.f_bavail.saturating_mul(room.f_frsize) < ENOUGH
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.to_string())
    }
}
