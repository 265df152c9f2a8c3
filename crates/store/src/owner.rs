//! Which process runs a session: a file per process, locked for as long as the process lives (R12).
//!
//! A process id can be given to another process; the system drops a lock exactly when its holder is gone, however it
//! went.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Our own mark of life, removed when it is dropped.
#[derive(Debug)]
pub(crate) struct Owner {
    name: String,
    path: PathBuf,
    _lock: File,
}

impl Owner {
    /// Makes and locks a new file in `directory`.
    pub(crate) fn claim(directory: &Path) -> io::Result<Self> {
        // One process may hold several stores (tests do).
        static COUNT: AtomicU64 = AtomicU64::new(0);
        fs::create_dir_all(directory)?;
        loop {
            let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("{}-{}-{count}", std::process::id(), since_1970.as_nanos());
            let path = directory.join(&name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    // Nobody else looks for this name before a run that bears it is on record.
                    file.lock()?;
                    return Ok(Self { name, path, _lock: file });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // A file left behind says nothing wrong: its lock is free.
        let _ = fs::remove_file(&self.path);
    }
}

/// Whether the process of that name is gone. When in doubt it is not.
pub(crate) fn is_gone(directory: &Path, name: &str) -> bool {
    match File::open(directory.join(name)) {
        Ok(file) => match file.try_lock() {
            Ok(()) => true,
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        },
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// The number of the process of that name. As long as it is not gone, no other process can have it.
pub(crate) fn process(name: &str) -> Option<u32> {
    name.split('-').next()?.parse().ok()
}

/// Removes the file of a process that is gone and whose runs are closed.
pub(crate) fn forget(directory: &Path, name: &str) {
    let _ = fs::remove_file(directory.join(name));
}
