//! The file on the disk: read as a whole, and told apart from what it said before.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::edit::Editor;
use crate::mistake::Mistake;
use crate::settings::Settings;

/// What the kinds of handlers say about their items' own keys.
pub type Check = Arc<dyn Fn(&Settings) -> Vec<Mistake> + Send + Sync>;

/// Why the settings could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is there and cannot be read.
    #[error("cannot read the settings in {}: {}", path.display(), syncmgr::reason(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It says something that cannot be meant.
    #[error("the settings in {} cannot be used\n{}", path.display(), listed(mistakes))]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, in the order of the lines.
        mistakes: Vec<Mistake>,
    },
    /// Somebody else wrote it in between.
    #[error("the settings in {} were changed in the meantime; nothing was written", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The file is a link that somebody else controls: what is written would go where they want it.
    #[error("{} is a link that another user made; nothing was written", path.display())]
    ForeignLink {
        /// The link.
        path: PathBuf,
    },
    /// Other processes that edit cannot be kept away.
    #[error("cannot lock {}: {}", path.display(), syncmgr::reason(source))]
    Lock {
        /// The file that is locked.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The new text could not be written; the old one is still there.
    #[error("cannot write the settings to {}: {}", path.display(), syncmgr::reason(source))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What was to be edited is not there, or is something else.
    #[error("{0}")]
    NoSuchPlace(String),
}

fn listed(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(Mistake::to_string).collect::<Vec<_>>().join("\n")
}

/// One settings file, and how what it says about handlers' items is checked.
#[derive(Clone)]
pub struct SettingsFile {
    path: PathBuf,
    lock: PathBuf,
    check: Check,
}

impl SettingsFile {
    /// The file, a file beside the state that editors of it hold locked, and what checks the handlers' own keys.
    pub fn new(path: PathBuf, lock: PathBuf, check: Check) -> Self {
        Self { path, lock, check }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it; one that does not exist says nothing.
    ///
    /// # Errors
    /// [`Error::Read`] and [`Error::Wrong`].
    pub fn load(&self) -> Result<Settings, Error> {
        self.parse(&self.text()?)
    }

    /// Whether it no longer says what `settings` were read from. One that cannot be read has not changed: what was
    /// read last still holds.
    pub fn changed(&self, settings: &Settings) -> bool {
        self.text().is_ok_and(|text| digest(&text) != settings.digest)
    }

    /// Waits for other processes that edit, and reads it to be edited.
    ///
    /// # Errors
    /// [`Error::Lock`], [`Error::Read`] and [`Error::Wrong`].
    pub fn edit(&self) -> Result<Editor<'_>, Error> {
        let failed = |source| Error::Lock { path: self.lock.clone(), source };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&self.lock)
            .and_then(|file| file.lock().map(|()| file))
            .map_err(failed)?;
        Editor::open(self, lock)
    }

    /// Its text; nothing when there is no file.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub fn text(&self) -> Result<String, Error> {
        match std::fs::read_to_string(&self.path) {
            Ok(text) => Ok(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(source) => Err(Error::Read { path: self.path.clone(), source }),
        }
    }

    /// Reads a text as if it stood in this file.
    ///
    /// # Errors
    /// [`Error::Wrong`].
    pub fn parse(&self, text: &str) -> Result<Settings, Error> {
        let wrong = |mistakes| Error::Wrong { path: self.path.clone(), mistakes };
        let settings = Settings::parse(text).map_err(wrong)?;
        match (self.check)(&settings) {
            mistakes if mistakes.is_empty() => Ok(settings),
            mistakes => Err(wrong(mistakes)),
        }
    }
}

/// What tells one text of the file from another.
pub fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().as_str()[..32].to_owned()
}

/// What a text of the file says, as values; none when it is no TOML.
pub fn values(text: &str) -> Option<serde_json::Value> {
    toml_edit::de::from_str(text).ok()
}

/// Makes a directory (and those above it) that only its owner may read.
pub(crate) fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Flushes a directory, so that a name in it is durable.
pub(crate) fn flush_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
