//! The small files in which a pair's runs write down what they are going to do, for the runs after them.

use std::fmt;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A pair's own directory, as far as notes need it. The simulation has one in memory.
pub trait Notes: fmt::Debug + Send + Sync {
    /// Adds to the end of a file; the first such call makes it. With `durable`, all of it is on disk on return.
    ///
    /// # Errors
    /// The system refused; some of it may have been written.
    fn append(&self, name: &Path, bytes: &[u8], durable: bool) -> io::Result<()>;

    /// All of a file; none if there is none.
    ///
    /// # Errors
    /// The system refused.
    fn read(&self, name: &Path) -> io::Result<Option<Vec<u8>>>;

    /// Removes a file, if it is there.
    ///
    /// # Errors
    /// The system refused.
    fn remove(&self, name: &Path) -> io::Result<()>;

    /// Where a file is, for messages.
    fn place(&self, name: &Path) -> PathBuf;

    /// What tells this time that the machine is up from others; none where that is not to be known. While it is the
    /// same, nothing that was written was lost.
    fn boot(&self) -> Option<String> {
        None
    }
}

/// Notes in a local directory, which appears with the first of them.
#[derive(Debug, Clone)]
pub struct LocalNotes {
    dir: PathBuf,
}

impl LocalNotes {
    /// The notes in `dir`.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.into() }
    }
}

impl Notes for LocalNotes {
    fn append(&self, name: &Path, bytes: &[u8], durable: bool) -> io::Result<()> {
        let path = self.dir.join(name);
        let mut options = OpenOptions::new();
        options.append(true).mode(0o600);
        let mut file = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let file = create(&path, &mut options)?;
                if durable && let Some(dir) = path.parent() {
                    File::open(dir)?.sync_all()?;
                }
                file
            }
            file => file?,
        };
        file.write_all(bytes)?;
        if durable { file.sync_data() } else { Ok(()) }
    }

    fn read(&self, name: &Path) -> io::Result<Option<Vec<u8>>> {
        match std::fs::read(self.dir.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        }
    }

    fn remove(&self, name: &Path) -> io::Result<()> {
        match std::fs::remove_file(self.dir.join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn place(&self, name: &Path) -> PathBuf {
        self.dir.join(name)
    }

    fn boot(&self) -> Option<String> {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(id.trim().to_owned()).filter(|id| !id.is_empty())
    }
}

fn create(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    if let Some(dir) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    options.create(true).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_appear_with_the_first_line_and_grow() {
        let home = tempfile::tempdir().unwrap();
        let notes = LocalNotes::new(&home.path().join("pair"));
        let name = Path::new("runs/1.jsonl");
        assert_eq!(notes.read(name).unwrap(), None);
        notes.remove(name).unwrap();
        notes.append(name, b"one\n", true).unwrap();
        notes.append(name, b"two\n", false).unwrap();
        assert_eq!(notes.read(name).unwrap().unwrap(), b"one\ntwo\n");
        notes.remove(name).unwrap();
        assert_eq!(notes.read(name).unwrap(), None);
    }
}
