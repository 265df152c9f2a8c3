//! Syncthing as a handler, through its REST API: each item is one of its folders.
//!
//! Syncthing synchronizes by itself. A run of ours asks it to look at the folder now and follows it until this machine,
//! and every device that is connected, has everything. A daemon that does not answer is a fact, not a failure: the item
//! is disconnected (R11). A disabled item is a paused folder.

mod api;
mod copies;
mod run;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use syncmgr::conflict::{
    Conflict, ConflictId, ConflictItemType, ConflictKind, ConflictLedger, ConflictStore, ConflictVersion,
};
use syncmgr::flags::{HandlerCapabilities, HandlerType};
use syncmgr::{
    Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, ProgressStatus, Refusal, Request,
    SessionCreator, SyncItem, SyncItemInfo,
};

use crate::tools::{Secret, Value};
use api::{Api, Fault};
pub use copies::original_of;

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
    items: Items,
    secret: Arc<Secret>,
    ledger: Arc<dyn ConflictLedger>,
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
    ) -> Result<Self, Refusal> {
        let handler = Self { id: HandlerId::new(ID)?, items: Items::default(), secret, ledger };
        handler.set(items);
        Ok(handler)
    }

    /// Gives it other items.
    pub fn set(&self, items: Vec<SetFolder>) {
        let secret = &self.secret;
        let item = |set| Arc::new(Item { set, secret: Arc::clone(secret) });
        let items = items.into_iter().map(item).collect();
        *self.items.0.write().unwrap_or_else(PoisonError::into_inner) = items;
    }

    /// What Syncthing left of versions that disagreed is open until somebody settles it.
    fn note_conflicts(&self, item: &ItemId, root: &Path) -> Result<u64, Refusal> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let detected = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
        let copies = copies::find(root);
        let open: Vec<Conflict> = copies
            .into_iter()
            .map(|copy| Conflict {
                id: ConflictId(copy.path.clone()),
                handler: self.id.clone(),
                item: item.clone(),
                kind: ConflictKind::ForeignCopy,
                path: copy.original.clone(),
                detected,
                versions: vec![
                    version("here", copy.original, copy.now),
                    version("conflict copy", copy.path, copy.then),
                ],
            })
            .collect();
        let count = open.len() as u64;
        self.ledger.replace(&self.id, item, open)?;
        Ok(count)
    }
}

fn version(location: &str, path: Vec<u8>, seen: Option<copies::Seen>) -> ConflictVersion {
    ConflictVersion {
        location: location.to_owned(),
        item_type: if seen.is_some() { ConflictItemType::Updated } else { ConflictItemType::Deleted },
        kind: if seen.is_some() { "file".to_owned() } else { String::new() },
        size: seen.map_or(0, |seen| seen.size),
        modified: seen.map_or(0, |seen| seen.modified),
        stamp: Vec::new(),
        path: Some(path),
    }
}

impl Handler for SyncthingHandler {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Syncthing".to_owned())
    }

    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(HandlerInfo {
            kind: HandlerType::Application,
            type_label: "Tool".into(),
            comment: "Follows the folders of Syncthing".into(),
            ..HandlerInfo::default()
        })
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::CONFLICT_STORE | HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        Some(Arc::clone(&self.ledger) as Arc<dyn ConflictStore>)
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let callback = creator.create_session(&self.id, items)?;
        for item in items {
            let _ = callback.report_progress(item, None, ProgressStatus::UpdatingIndeterminate, 0, 0);
            match self.items.find(item) {
                Some(found) => run::item(self, &found, &*callback),
                None => run::unknown(item, &*callback),
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
        let key = match &self.set.folder.key {
            Value::Text(text) => text.clone(),
            Value::Secret(name) => (self.secret)(name).map_err(|error| Fault::Other(error.problem))?,
        };
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

impl From<Fault> for HandlerError {
    fn from(fault: Fault) -> Self {
        Self { problem: fault.into_problem() }
    }
}
