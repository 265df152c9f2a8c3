//! Conflict copies in folders that somebody else keeps in sync: found, settled and taken back under the rules that hold
//! for pairs. To all that does it such a folder is a pair whose other side is empty, and ours alone.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use reconcile::{AskAlso, Keep, Mode, OnConflict};
use syncmgr::conflict::{Conflict, ConflictId, ConflictLedger, ConflictStore, ResolutionHandler};
use syncmgr::outcome::ProblemClass;
use syncmgr::{Handler as _, HandlerError, HandlerId, ItemId, Refusal, Request, RunId, SyncCallback};

use crate::handler::FoldersHandler;
use crate::options::Home;
use crate::pair::{Pair, PairSide};

/// How long what lost is kept, in days.
const TRASH_DAYS: u32 = 30;

/// Folders of another handler.
pub struct LoneFolders {
    handler: FoldersHandler,
    home: Home,
}

impl LoneFolders {
    /// For the folders of that handler. `home` holds what must be remembered of them; in `conflicts` only those are taken
    /// out that were settled, since whoever follows the folders says which there are.
    pub fn new(handler: HandlerId, home: Home, conflicts: Arc<dyn ConflictLedger>) -> Self {
        let conflicts = Arc::new(OnlyTakenOut(conflicts));
        Self { handler: FoldersHandler::new(home.clone(), Vec::new(), conflicts).called(handler), home }
    }

    /// Says where the folder of an item is, and which names in it are nobody's files.
    ///
    /// # Errors
    /// There is no such folder, or no place for what must be remembered of it.
    pub fn place(
        &self,
        item: &ItemId,
        name: &str,
        folder: &Path,
        exclude: &[&str],
    ) -> Result<(), HandlerError> {
        let refused = |path: &Path, error: &std::io::Error| {
            let text = format!("{} cannot be used: {}", path.display(), syncmgr::reason(error));
            HandlerError::new(ProblemClass::Permission, text)
        };
        let path = fs::canonicalize(folder).map_err(|error| refused(folder, &error))?;
        let empty = self.home.of(item).join("empty");
        fs::create_dir_all(&empty).map_err(|error| refused(&empty, &error))?;
        let empty = fs::canonicalize(&empty).map_err(|error| refused(&empty, &error))?;
        self.handler.add(Pair {
            item: item.clone(),
            name: name.to_owned(),
            a: PairSide { path, label: name.to_owned() },
            b: PairSide { path: empty, label: "nothing".to_owned() },
            mode: Mode::default(),
            on_conflict: OnConflict::default(),
            keep: Keep::default(),
            exclude: exclude.iter().map(|glob| (*glob).to_owned()).collect(),
            include: Vec::new(),
            max_delete: None,
            trash_days: TRASH_DAYS,
            ask: AskAlso::default(),
            trash_size: None,
            ancestors: false,
        });
        Ok(())
    }

    /// Finds the copies, shows them, and says what can be done about them.
    pub fn resolution(&self) -> Option<Arc<dyn ResolutionHandler>> {
        self.handler.resolution_handler()
    }

    /// The request that takes a run back.
    pub fn undo_request(&self, run: RunId) -> Option<Request> {
        self.handler.undo_request(run)
    }

    /// Whether there is anything that it would put back.
    pub fn takes_back(&self, run: RunId) -> bool {
        self.handler.takes_back(run)
    }

    /// Settles what a selection says of the item, or takes a run back, and gives the item its last word.
    pub fn carry_out(&self, item: &ItemId, callback: &dyn SyncCallback, request: &Request) {
        self.handler.carry_out(item, callback, Some(request));
    }
}

/// A list of conflicts in which nothing is opened from here.
struct OnlyTakenOut(Arc<dyn ConflictLedger>);

impl ConflictStore for OnlyTakenOut {
    fn conflicts(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<Vec<Conflict>, Refusal> {
        self.0.conflicts(handler, item)
    }

    fn count(&self, handler: &HandlerId, item: Option<&ItemId>) -> Result<u64, Refusal> {
        self.0.count(handler, item)
    }

    fn bind(&self, handler: &HandlerId, item: &ItemId, id: &ConflictId) -> Result<Option<Conflict>, Refusal> {
        self.0.bind(handler, item, id)
    }

    fn remove(&self, handler: &HandlerId, item: &ItemId, ids: &[ConflictId]) -> Result<(), Refusal> {
        self.0.remove(handler, item, ids)
    }
}

impl ConflictLedger for OnlyTakenOut {
    fn replace(&self, _handler: &HandlerId, _item: &ItemId, _open: Vec<Conflict>) -> Result<(), Refusal> {
        Ok(())
    }

    fn put(&self, _conflicts: Vec<Conflict>) -> Result<(), Refusal> {
        Ok(())
    }
}
