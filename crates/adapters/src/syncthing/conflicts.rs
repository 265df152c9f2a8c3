//! The copies that Syncthing leaves of versions that disagreed, as conflicts: who touches people's files finds, settles and
//! restores them; Syncthing is told where our trash is, and to look when something was settled.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use syncmgr::conflict::{Abilities, Conflict, ConflictLedger, Merge, ResolutionHandler, Shown};
use syncmgr::event::NewEvent;
use syncmgr::{HandlerError, HandlerId, ItemId, Level, ProblemClass, Request, RunId, SyncCallback};

use super::api::{Api, Fault};
use super::{Item, Items};

/// What Syncthing puts into the name of a copy, before the day and the time.
const MARK: &str = ".sync-conflict-";
/// Syncthing's own names at the top of a folder: old versions, and the mark that it is one.
const OWN: [&str; 2] = ["/.stversions", "/.stfolder"];
/// What must not be brought to other machines: the trash, and what is only half-made.
const OURS: [&str; 3] = ["/.instep", ".instep-trash", "(?d).instep-*.tmp"];

/// Whoever may touch people's files: settles conflict copies that lie in a folder, and takes that back.
pub trait Keeper: Send + Sync {
    /// Says where the folder of an item is, and which names in it are nobody's files.
    ///
    /// # Errors
    /// There is no such folder.
    fn place(&self, item: &ItemId, name: &str, folder: &Path, exclude: &[&str]) -> Result<(), HandlerError>;
    /// Finds the copies, shows them, and says what can be done about them. Of items that were placed.
    fn resolution(&self) -> Option<Arc<dyn ResolutionHandler>>;
    /// Settles what a request says, or takes a run back, and gives the item its last word.
    fn carry_out(&self, item: &ItemId, callback: &dyn SyncCallback, request: &Request);
    /// The request that takes a run back.
    fn undo_request(&self, run: RunId) -> Option<Request>;
    /// Whether there is anything that it would put back.
    fn takes_back(&self, run: RunId) -> bool;
}

/// Makes a keeper for the folders of that handler.
pub type Keepers = dyn Fn(&HandlerId) -> Arc<dyn Keeper> + Send + Sync;

/// All copies in the folder of an item that is placed.
fn find(keeper: &dyn Keeper, item: &ItemId) -> Result<Vec<Conflict>, HandlerError> {
    let mut found = match keeper.resolution() {
        Some(resolution) => resolution.find_copies(item)?,
        None => Vec::new(),
    };
    // Copies of other programs are files like any other to Syncthing.
    found.retain(|conflict| String::from_utf8_lossy(&conflict.id.0).contains(MARK));
    Ok(found)
}

/// Makes the list of an item's conflicts the copies that there are now; tells how many.
pub(super) fn note(
    keeper: &dyn Keeper,
    item: &Item,
    root: &str,
    ledger: &dyn ConflictLedger,
    handler: &HandlerId,
) -> Result<u64, HandlerError> {
    place(keeper, item, root)?;
    let open = find(keeper, &item.set.id)?;
    let count = open.len() as u64;
    ledger.replace(handler, &item.set.id, open)?;
    Ok(count)
}

fn place(keeper: &dyn Keeper, item: &Item, root: &str) -> Result<(), HandlerError> {
    keeper.place(&item.set.id, &item.set.name, &folder(root), &OWN)
}

/// A path as Syncthing writes it.
fn folder(root: &str) -> PathBuf {
    match (root.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => root.into(),
    }
}

/// Copies that are being settled, or come back.
pub(super) struct Settling<'i> {
    item: &'i Item,
    keeper: Arc<dyn Keeper>,
    api: Api,
    root: String,
}

impl<'i> Settling<'i> {
    /// Makes sure that Syncthing is there, knows what is ours, and says where the folder is.
    pub(super) fn begin(item: &'i Item, keeper: &Arc<dyn Keeper>) -> Result<Self, Fault> {
        let api = item.api()?;
        let root = api.folder(item.folder())?.path;
        let mut lines = api.ignored(item.folder())?;
        let before = lines.len();
        for ours in OURS {
            if !lines.iter().any(|line| line == ours) {
                lines.push(ours.to_owned());
            }
        }
        if lines.len() > before {
            api.ignore(item.folder(), &lines)?;
        }
        place(&**keeper, item, &root)?;
        Ok(Self { item, keeper: Arc::clone(keeper), api, root })
    }

    /// Writes down what is open now, and has Syncthing bring to the others what was settled.
    pub(super) fn end(self, callback: &dyn SyncCallback, ledger: &dyn ConflictLedger, handler: &HandlerId) {
        let warn = |name: &str, text: String| {
            let _ = callback.report_event(NewEvent::new(Some(&self.item.set.id), Level::Warning, name, text));
        };
        if let Err(error) = note(&*self.keeper, self.item, &self.root, ledger, handler) {
            warn("Conflicts not recorded", error.problem.text);
        }
        match self.api.scan(self.item.folder()) {
            // It looks on without us.
            Ok(()) | Err(Fault::Slow) => {}
            Err(fault) => warn("Syncthing was not told", fault.into_problem().text),
        }
    }
}

/// Settles copies, each in its folder.
pub(super) struct Copies {
    pub(super) handler: HandlerId,
    pub(super) items: Arc<Items>,
    pub(super) keeper: Arc<dyn Keeper>,
    pub(super) ledger: Arc<dyn ConflictLedger>,
}

impl Copies {
    /// The item, after its folder was placed.
    fn placed(&self, item: &ItemId) -> Result<(Arc<Item>, String), HandlerError> {
        let unknown = || {
            let text = format!("there is no item '{item}' of Syncthing any more");
            HandlerError::new(ProblemClass::Config, text)
        };
        let found = self.items.find(item).ok_or_else(unknown)?;
        let root = found.api()?.folder(found.folder())?.path;
        place(&*self.keeper, &found, &root)?;
        Ok((found, root))
    }

    fn with<T: Default>(
        &self,
        item: &ItemId,
        ask: impl FnOnce(&dyn ResolutionHandler) -> Result<T, HandlerError>,
    ) -> Result<T, HandlerError> {
        self.placed(item)?;
        self.keeper.resolution().map_or_else(|| Ok(T::default()), |resolution| ask(&*resolution))
    }
}

impl ResolutionHandler for Copies {
    fn works_in_sessions(&self) -> bool {
        true
    }

    fn abilities(&self, conflict: &Conflict) -> Abilities {
        let resolution = self.keeper.resolution();
        resolution.map_or(Abilities::empty(), |resolution| resolution.abilities(conflict))
    }

    fn look_again(&self, shown: &Conflict) -> Result<Option<Conflict>, HandlerError> {
        let (item, root) = self.placed(&shown.item)?;
        note(&*self.keeper, &item, &root, &*self.ledger, &self.handler)?;
        Ok(self.ledger.bind(&self.handler, &shown.item, &shown.id)?)
    }

    fn find_copies(&self, item: &ItemId) -> Result<Vec<Conflict>, HandlerError> {
        self.placed(item)?;
        find(&*self.keeper, item)
    }

    fn content(
        &self,
        conflict: &Conflict,
        which: Shown,
        limit: u64,
    ) -> Result<Option<Vec<u8>>, HandlerError> {
        self.with(&conflict.item, |resolution| resolution.content(conflict, which, limit))
    }

    fn merge(&self, conflict: &Conflict) -> Result<Option<Merge>, HandlerError> {
        self.with(&conflict.item, |resolution| resolution.merge(conflict))
    }
}
