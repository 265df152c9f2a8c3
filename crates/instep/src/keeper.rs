//! Who settles conflict copies in folders that other handlers keep in sync: the engine of folder pairs, which alone touches
//! people's files.

use std::path::Path;
use std::sync::Arc;

use adapters::syncthing::{Keeper, Keepers};
use folders::Home;
use folders::lone::LoneFolders;
use syncmgr::conflict::{ResolutionHandler, SharedLedger};
use syncmgr::{HandlerError, ItemId, Request, RunId, SyncCallback};

struct Folders(LoneFolders);

impl Keeper for Folders {
    fn place(&self, item: &ItemId, name: &str, folder: &Path, exclude: &[&str]) -> Result<(), HandlerError> {
        self.0.place(item, name, folder, exclude)
    }

    fn resolution(&self) -> Option<Arc<dyn ResolutionHandler>> {
        self.0.resolution()
    }

    fn carry_out(&self, item: &ItemId, callback: &dyn SyncCallback, request: &Request) {
        self.0.carry_out(item, callback, request);
    }

    fn undo_request(&self, run: RunId) -> Option<Request> {
        self.0.undo_request(run)
    }

    fn takes_back(&self, run: RunId) -> bool {
        self.0.takes_back(run)
    }
}

/// Keepers of what each handler's folders need beneath `state`.
pub(crate) fn keepers(state: &Path, ledger: SharedLedger) -> Arc<Keepers> {
    let pairs = state.join("syncthing");
    Arc::new(move |handler| {
        let home = Home { pairs: pairs.clone() };
        Arc::new(Folders(LoneFolders::new(handler.clone(), home, Arc::clone(&ledger))))
    })
}
