//! Tools that people run already, as handlers: each item is a command line made of settings. What they say becomes
//! progress and results ([`crate::parse`]), what they would do a preview, what they would delete a guard.

mod asked;
pub mod borg;
mod disagreement;
mod dry;
mod ends;
pub mod git;
mod guard;
mod handler;
mod options;
mod output;
mod prepared;
pub mod rclone;
mod remembered;
pub mod remotes;
pub mod restic;
pub mod rsync;
mod settle;
pub mod unison;
mod version;
mod weigh;

use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use syncmgr::{HandlerError, ItemId, RunId};

use crate::verdict::Tool;
pub use ends::Ends;
pub use handler::ToolHandler;
pub use options::{MaxDelete, Options};
pub use prepared::{Answers, Prepared, Value, names_a_secret};
pub use settle::Settles;
pub use version::{Version, too_old, version};

/// One item of a tool: what is run for it.
pub trait Job: Send + Sync {
    /// The command of a run.
    fn command(&self, options: &Options) -> Prepared;
    /// The command that only says what it would do; none where the tool cannot say beforehand.
    fn dry_run(&self, options: &Options) -> Option<Prepared>;
    /// Where it takes from and where it brings to, for people.
    fn comment(&self) -> String;
    /// What the tool calls them, for the sentences of results.
    fn ends(&self) -> Ends;
    /// Whether a run may take something away, so that it is looked at beforehand (S6).
    fn may_delete(&self) -> bool {
        false
    }
    /// Whether the tool itself keeps to that limit, so that nobody need look beforehand.
    fn guards_itself(&self, _limit: Option<MaxDelete>) -> bool {
        false
    }
    /// Its sides where they are folders of this machine and its dry run has one line for a directory with all that is in
    /// it: what would go is counted there.
    fn folders(&self) -> [Option<PathBuf>; 2] {
        [None, None]
    }
    /// The guard's limit that was set for the item.
    fn max_delete(&self) -> Option<MaxDelete> {
        None
    }
    /// What settles its conflicts, where the tool can be told whose version to take.
    fn settles(&self) -> Option<&dyn Settles> {
        None
    }
}

/// A kind of items: what `[items.x]` says with `handler = "<id>"`.
pub trait Kind: Send + Sync {
    /// The tool.
    fn tool(&self) -> Tool;
    /// The identifier of its handler, and the program that is run.
    fn id(&self) -> &'static str;
    /// What answers with the version.
    fn version_words(&self) -> &'static [&'static str] {
        &["--version"]
    }
    /// The oldest version whose output is known.
    fn oldest(&self) -> [u32; 2];
}

/// An item as it is set up.
#[derive(Clone)]
pub struct Set {
    /// Its identity.
    pub id: ItemId,
    /// What the person calls it.
    pub name: String,
    /// What is run.
    pub job: Arc<dyn Job>,
}

/// What a tool needs of the program around it.
#[derive(Clone)]
pub struct Surroundings {
    /// The text of a secret by its name.
    pub secret: Arc<Secret>,
    /// Where the output of a run is kept.
    pub log: Arc<dyn Fn(RunId) -> Option<Keep> + Send + Sync>,
}

/// Looks a secret up.
pub type Secret = dyn Fn(&str) -> Result<String, HandlerError> + Send + Sync;

/// Takes output in.
pub type Keep = Box<dyn FnMut(&[u8]) + Send>;

/// All kinds that there are.
pub fn kinds() -> [&'static dyn Kind; 6] {
    [&rsync::Rsync, &rclone::Rclone, &restic::Restic, &borg::Borg, &unison::Unison, &git::Git]
}

/// Reads the settings of an item of that handler, with whatever reads the table; none for a handler that is no tool.
pub fn read<R: Read>(handler: &str, table: R) -> Option<Result<Arc<dyn Job>, R::Error>> {
    fn of<T: Job + DeserializeOwned + 'static, R: Read>(table: R) -> Option<Result<Arc<dyn Job>, R::Error>> {
        Some(table.read::<T>().map(|job| Arc::new(job) as Arc<dyn Job>))
    }
    match handler {
        "rsync" => of::<rsync::Copying, R>(table),
        "rclone" => of::<rclone::Copying, R>(table),
        "restic" => of::<restic::Backup, R>(table),
        "borg" => of::<borg::Backup, R>(table),
        "unison" => of::<unison::Pair, R>(table),
        "git" => of::<git::Remote, R>(table),
        _ => None,
    }
}

/// A table of settings, which knows how to say where a mistake is.
pub trait Read {
    /// A mistake.
    type Error;
    /// Reads all of it as one value.
    ///
    /// # Errors
    /// What is wrong, and where.
    fn read<T: DeserializeOwned>(self) -> Result<T, Self::Error>;
}
