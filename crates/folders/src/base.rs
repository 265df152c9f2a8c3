//! The base: what both sides of a pair last agreed on; the third tree beside A and B.
//!
//! One record per directory, found by a key that stays the same when the directory is renamed, so that moving a
//! directory of any size changes two records. A record that cannot be read is no agreement: both sides are united
//! there and nothing is deleted.

mod record;
mod sqlite;

use std::path::PathBuf;

use reconcile::path::Name;
use reconcile::{Agreed, Agreement, DirKey, Side};
use syncmgr::RunId;

pub use sqlite::{Access, Base, BaseReader, Examined, FILE_NAME, PutAside, examine};

/// What the base knows besides the agreements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// Entries (files, links, directories) agreed on in all directories together: what guards count against.
    pub entries: u64,
    /// How many of them are regular files.
    pub files: u64,
    /// Fingerprint of the filter that was in force at the last clean run.
    pub filter: Option<[u8; 32]>,
    /// What A's and B's roots were.
    pub roots: [Option<RootIdentity>; 2],
    /// The last run that ended clean.
    pub last_clean_run: Option<RunId>,
}

impl Meta {
    /// What the root of that side was.
    pub fn root(&self, side: Side) -> Option<&RootIdentity> {
        self.roots[side as usize].as_ref()
    }
}

/// Where a side's root was when the pair was last synchronized: tells an unmounted drive from an emptied folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootIdentity {
    /// The mount point it lay on.
    pub mount_point: PathBuf,
    /// The file system's identity as far as it has one; zero where it has none.
    pub fs_id: u64,
    /// The root directory's inode number.
    pub ino: u64,
}

/// Why the base could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaseError {
    /// The file system refused.
    #[error("{}: cannot {what}: {}", path.display(), syncmgr::reason(source))]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// Another program holds it.
    #[error("{}: the base is in use by another program; try again when it is done", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a newer version of this program.
    #[error(
        "{}: the base has format {format}, this version of the program knows up to {known}; use the newer version",
        path.display()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: i64,
        /// The newest format known here.
        known: i64,
    },
    /// It is damaged as a file; a run puts it aside.
    #[error("{}: the base is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Anything else that SQLite says.
    #[error("{}: cannot {what} the base: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What was tried.
        what: &'static str,
        /// SQLite's reason.
        #[source]
        source: rusqlite::Error,
    },
}

/// What planning asks of a base. Several threads ask at once.
pub trait BaseRead: Send + Sync {
    /// The agreement on a directory's children; none when there is none or its record is damaged.
    ///
    /// # Errors
    /// The base as a whole could not be read.
    fn agreement(&self, dir: DirKey) -> Result<Option<Agreement>, BaseError>;
}

/// A base that a run can write.
pub trait BaseStore: BaseRead {
    /// Begins to write; one transaction at a time.
    ///
    /// # Errors
    /// The base could not be made or is locked.
    fn begin(&self) -> Result<Box<dyn Transaction + '_>, BaseError>;
}

/// The children of a directory with what was agreed on them.
pub type Children<'i, 'c> = &'i mut dyn Iterator<Item = (&'c Name, &'c Agreed)>;

/// A write transaction. Dropped without [`commit`](Self::commit), nothing has happened.
pub trait Transaction: std::fmt::Debug {
    /// The agreement on a directory's children as this transaction has it; none when there is none or it is damaged.
    ///
    /// # Errors
    /// The base could not be read.
    fn dir(&self, key: DirKey) -> Result<Option<Agreement>, BaseError>;

    /// Sets the agreement on a directory's children.
    ///
    /// # Errors
    /// The base could not be written.
    fn put(&mut self, key: DirKey, agreement: &Agreement) -> Result<(), BaseError> {
        self.put_all(key, &mut agreement.iter())
    }

    /// The same from the children themselves, by ascending names: nobody has to hold all of them once more.
    ///
    /// # Errors
    /// The base could not be written.
    fn put_all(&mut self, key: DirKey, children: Children<'_, '_>) -> Result<(), BaseError>;

    /// A key for a new directory. Never given twice, not even after the directory is gone.
    fn new_key(&mut self) -> DirKey;

    /// Removes one directory's record; tells how many that were, one or none.
    ///
    /// # Errors
    /// The base could not be written.
    fn remove(&mut self, key: DirKey) -> Result<u64, BaseError>;

    /// Removes a directory's record and those of all directories beneath it; tells how many records that were.
    ///
    /// # Errors
    /// The base could not be written.
    fn remove_tree(&mut self, key: DirKey) -> Result<u64, BaseError>;

    /// Removes the records that no longer hang together with the root: what a damaged record led to.
    ///
    /// # Errors
    /// The base could not be written.
    fn sweep(&mut self) -> Result<u64, BaseError>;

    /// Notes what a side's root was.
    ///
    /// # Errors
    /// The base could not be written.
    fn set_root(&mut self, side: Side, root: &RootIdentity) -> Result<(), BaseError>;

    /// Notes the filter that is in force.
    ///
    /// # Errors
    /// The base could not be written.
    fn set_filter(&mut self, fingerprint: &[u8; 32]) -> Result<(), BaseError>;

    /// Notes a run that ended clean.
    ///
    /// # Errors
    /// The base could not be written.
    fn set_last_clean_run(&mut self, run: RunId) -> Result<(), BaseError>;

    /// Makes all of it durable, or nothing.
    ///
    /// # Errors
    /// The base could not be written; nothing has happened.
    fn commit(self: Box<Self>) -> Result<(), BaseError>;
}
