//! Syncthing as a handler, through its REST API: each item is one of its folders.
//!
//! Syncthing synchronizes by itself. A run of ours asks it to look at the folder now and follows it until this machine,
//! and every device that is connected, has everything. A daemon that does not answer is a fact, not a failure: the item
//! is disconnected (R11). A disabled item is a paused folder.

mod api;
mod conflicts;
mod own;
pub mod partners;
mod run;

use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;
use syncmgr::conflict::{ConflictLedger, ConflictStore, ResolutionHandler};
use syncmgr::flags::{HandlerCapabilities, HandlerType};
use syncmgr::{
    Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, ProgressStatus, Refusal, Request,
    RunId, SessionCreator, SyncCallback, SyncItem, SyncItemInfo,
};

use crate::tools::{Ends, Secret, Value};
use api::{Api, Fault};
pub use conflicts::{Keeper, Keepers};

/// The identifier of the handler: what an item says as `handler`.
pub const ID: &str = "syncthing";
/// Where Syncthing answers unless it was told otherwise.
const ADDRESS: &str = "http://127.0.0.1:8384";

/// What an item says.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    /// The folder's ID in Syncthing.
    folder: String,
    /// Where Syncthing answers.
    #[serde(default = "address")]
    address: String,
    /// `secret:NAME`: the key of its API.
    key: Value,
}

/// What results call this machine and the others.
pub fn ends() -> Ends {
    Ends::new("the other devices", "this machine", "every device that is connected has everything")
}

fn address() -> String {
    ADDRESS.to_owned()
}

/// An item as it is set up.
#[derive(Clone)]
pub struct SetFolder {
    /// Its identity.
    pub id: ItemId,
    /// What the person calls it.
    pub name: String,
    /// Which folder it is.
    pub folder: Folder,
}

/// Syncthing's folders.
pub struct SyncthingHandler {
    id: HandlerId,
    name: String,
    info: HandlerInfo,
    items: Arc<Items>,
    secret: Arc<Secret>,
    ledger: Arc<dyn ConflictLedger>,
    keeper: Arc<dyn Keeper>,
}

impl SyncthingHandler {
    /// The handler with these items.
    ///
    /// # Errors
    /// None that can be: [`ID`] is an identifier.
    pub fn new(
        items: Vec<SetFolder>,
        secret: Arc<Secret>,
        ledger: Arc<dyn ConflictLedger>,
        keeper: Arc<dyn Keeper>,
    ) -> Result<Self, Refusal> {
        let info = HandlerInfo {
            kind: HandlerType::Application,
            type_label: "Tool".into(),
            comment: "Follows the folders of Syncthing".into(),
            ..HandlerInfo::default()
        };
        let (id, name) = (HandlerId::new(ID)?, "Syncthing".to_owned());
        let handler = Self { id, name, info, items: Arc::default(), secret, ledger, keeper };
        handler.set(items);
        Ok(handler)
    }

    /// Gives it other items.
    pub fn set(&self, items: Vec<SetFolder>) {
        self.items.set(items, &self.secret);
    }

    /// What a start with a request does: it settles conflict copies, or takes that back.
    fn settle(&self, item: &ItemId, callback: &dyn SyncCallback, request: &Request) {
        let Some(found) = self.items.find(item) else { return run::unknown(item, callback) };
        match conflicts::Settling::begin(&found, &self.keeper) {
            Ok(settling) => {
                self.keeper.carry_out(item, callback, request);
                settling.end(callback, &*self.ledger, &self.id);
            }
            Err(fault) => run::refused(item, fault, callback),
        }
    }
}

impl Handler for SyncthingHandler {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.name.clone())
    }

    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(self.info.clone())
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::CONFLICT_STORE | HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS
    }

    fn items(&self) -> &dyn ItemContainer {
        &*self.items
    }

    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        Some(Arc::clone(&self.ledger) as Arc<dyn ConflictStore>)
    }

    fn resolution_handler(&self) -> Option<Arc<dyn ResolutionHandler>> {
        Some(Arc::new(conflicts::Copies {
            handler: self.id.clone(),
            items: Arc::clone(&self.items),
            keeper: Arc::clone(&self.keeper),
            ledger: Arc::clone(&self.ledger),
        }))
    }

    fn undo_request(&self, run: RunId) -> Option<Request> {
        self.keeper.undo_request(run)
    }

    fn takes_back(&self, run: RunId) -> bool {
        self.keeper.takes_back(run)
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let callback = creator.create_session(&self.id, items)?;
        for item in items {
            let _ = callback.report_progress(item, None, ProgressStatus::UpdatingIndeterminate, 0, 0);
            match (request, self.items.find(item)) {
                (Some(request), _) => self.settle(item, &*callback, request),
                (None, Some(found)) => run::item(self, &found, &*callback),
                (None, None) => run::unknown(item, &*callback),
            }
        }
        callback.end();
        Ok(())
    }
}

/// The items.
#[derive(Default)]
struct Items(RwLock<Vec<Arc<Item>>>);

impl Items {
    fn set(&self, items: Vec<SetFolder>, secret: &Arc<Secret>) {
        let item = |set| Arc::new(Item { set, secret: Arc::clone(secret) });
        let items = items.into_iter().map(item).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = items;
    }

    fn read(&self) -> Vec<Arc<Item>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn find(&self, id: &ItemId) -> Option<Arc<Item>> {
        self.read().into_iter().find(|item| item.set.id == *id)
    }
}

impl ItemContainer for Items {
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>> {
        self.find(id).map(|item| item as Arc<dyn SyncItem>)
    }

    fn all(&self) -> Vec<Arc<dyn SyncItem>> {
        self.read().into_iter().map(|item| item as Arc<dyn SyncItem>).collect()
    }
}

struct Item {
    set: SetFolder,
    secret: Arc<Secret>,
}

impl Item {
    /// The API with its key, which is known only now.
    fn api(&self) -> Result<Api, Fault> {
        let key = self.set.folder.key.text(&*self.secret)?;
        Api::new(&self.set.folder.address, key)
    }

    fn folder(&self) -> &str {
        &self.set.folder.folder
    }
}

impl SyncItem for Item {
    fn id(&self) -> &ItemId {
        &self.set.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.set.name.clone())
    }

    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        let comment = format!("The folder {} of Syncthing", self.folder());
        Ok(SyncItemInfo { comment, ..SyncItemInfo::default() })
    }

    /// The folder is paused in Syncthing, or goes on.
    fn enable(&self, enabled: bool) -> Result<(), HandlerError> {
        self.api().and_then(|api| api.pause(self.folder(), !enabled)).map_err(HandlerError::from)
    }
}

impl From<HandlerError> for Fault {
    fn from(error: HandlerError) -> Self {
        Self::Other(error.problem)
    }
}

impl From<Fault> for HandlerError {
    fn from(fault: Fault) -> Self {
        Self { problem: fault.into_problem() }
    }
}
