//! Wrapped tools: what the settings say of them, and what they need of this program.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use adapters::syncthing::{self, Folder, SetFolder, SyncthingHandler};
use adapters::tools::remotes::{self, OneRemote, RemoteKeys};
use adapters::tools::{Ends, Keep, Read, Secret, Set, Surroundings, ToolHandler, kinds, read};
use center::Center;
use secrecy::ExposeSecret;
use secrets::Secrets;
use serde::de::DeserializeOwned;
use settings::words::SecretName;
use settings::{Item, Mistake, RawTable, Settings};
use syncmgr::conflict::SharedLedger;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::{Handler, HandlerError, HandlerId, ItemId, ProblemClass, Refusal};

use crate::keeper::keepers;

/// The tools that items are set up for.
pub(crate) struct Tools {
    handlers: Mutex<Vec<Arc<ToolHandler>>>,
    syncthing: Mutex<Option<Arc<SyncthingHandler>>>,
    secrets: Arc<Mutex<Arc<Secrets>>>,
}

/// A table of the settings file.
struct Table<'s>(&'s RawTable);

impl Read for Table<'_> {
    type Error = Mistake;

    fn read<T: DeserializeOwned>(self) -> Result<T, Mistake> {
        self.0.read()
    }
}

/// What is wrong with the items of tools.
pub(crate) fn mistakes(settings: &Settings) -> Vec<Mistake> {
    let wrong = |item: &Item| match item.handler.as_str() {
        syncthing::ID => item.options.read::<Folder>().err(),
        handler => read(handler, Table(&item.options))?.err(),
    };
    settings.items.iter().filter_map(wrong).collect()
}

/// The folders of Syncthing.
fn folders(settings: &Settings) -> Vec<SetFolder> {
    let items = settings.items.iter().filter(|item| item.handler.as_str() == syncthing::ID);
    let set = |item: &Item| {
        let folder = item.options.read::<Folder>().ok()?;
        Some(SetFolder { id: item.id.clone(), name: item.name.clone(), folder })
    };
    items.filter_map(set).collect()
}

/// The items of one tool.
fn items_of(settings: &Settings, kind: &str) -> Vec<Set> {
    let items = settings.items.iter().filter(|item| item.handler.as_str() == kind);
    let set = |item: &Item| {
        let job = read(kind, Table(&item.options))?.ok()?;
        Some(Set { id: item.id.clone(), name: item.name.clone(), job })
    };
    items.filter_map(set).collect()
}

/// What the results of an item call what it connects; nothing for those that are no tool's.
pub(crate) fn ends(settings: &Settings, item: &ItemId) -> Option<Ends> {
    if let Some(item) = settings.item(item) {
        return match item.handler.as_str() {
            syncthing::ID => Some(syncthing::ends()),
            handler => Some(read(handler, Table(&item.options))?.ok()?.ends()),
        };
    }
    let (id, name) = item.as_str().split_once(':')?;
    let collection = settings.collections.iter().find(|collection| collection.id == id)?;
    match id {
        syncthing::ID => Some(syncthing::ends()),
        remotes::ID => {
            let keys: RemoteKeys = collection.options.read().ok()?;
            let one = collection.partners.get(name).and_then(|one| one.options.read::<OneRemote>().ok());
            Some(keys.but(&one.unwrap_or_default()).ends())
        }
        _ => None,
    }
}

impl Tools {
    /// Takes those into a center that items are set up for.
    pub(crate) fn register(center: &Center, settings: &Settings, state: &Path) -> Result<Self, Refusal> {
        let secrets = Arc::new(Mutex::new(Arc::new(Secrets::new(&settings.secrets, state))));
        let tools = Self { handlers: Mutex::default(), syncthing: Mutex::default(), secrets };
        tools.apply(center, settings, state)?;
        Ok(tools)
    }

    /// Makes them have the items that are set up now.
    pub(crate) fn apply(&self, center: &Center, settings: &Settings, state: &Path) -> Result<(), Refusal> {
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) =
            Arc::new(Secrets::new(&settings.secrets, state));
        let mut handlers = self.handlers.lock().unwrap_or_else(PoisonError::into_inner);
        for kind in kinds() {
            let items = items_of(settings, kind.id());
            if let Some(known) = handlers.iter().find(|handler| handler.id().as_str() == kind.id()) {
                known.set(items);
                center.update_handler(known.id(), ControlFlags::empty())?;
            } else if !items.is_empty() {
                let ledger = Arc::clone(center.store());
                let handler = Arc::new(ToolHandler::new(kind, items, self.surroundings(center), ledger)?);
                center.register(Arc::clone(&handler) as Arc<dyn Handler>)?;
                handlers.push(handler);
            }
        }
        self.apply_syncthing(center, settings, state)
    }

    fn apply_syncthing(&self, center: &Center, settings: &Settings, state: &Path) -> Result<(), Refusal> {
        let folders = folders(settings);
        let mut known = self.syncthing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = &*known {
            known.set(folders);
            return center.update_handler(known.id(), ControlFlags::empty());
        }
        if !folders.is_empty() {
            let ledger = Arc::clone(center.store()) as SharedLedger;
            let keeper = keepers(state, Arc::clone(&ledger))(&HandlerId::new(syncthing::ID)?);
            let handler = Arc::new(SyncthingHandler::new(folders, self.secret(), ledger, keeper)?);
            center.register(Arc::clone(&handler) as Arc<dyn Handler>)?;
            *known = Some(handler);
        }
        Ok(())
    }

    /// Looks secrets up where they are kept now.
    pub(crate) fn secret(&self) -> Arc<Secret> {
        let secrets = Arc::clone(&self.secrets);
        Arc::new(move |name| {
            let secrets = Arc::clone(&secrets.lock().unwrap_or_else(PoisonError::into_inner));
            let name = SecretName::new(name).map_err(|why| HandlerError::new(ProblemClass::Config, why))?;
            let secret = secrets
                .get(&name)
                .map_err(|error| HandlerError::new(ProblemClass::Auth, error.to_string()))?;
            Ok(secret.expose_secret().to_owned())
        })
    }

    /// What a tool needs of this program.
    pub(crate) fn surroundings(&self, center: &Center) -> Surroundings {
        let logs = center.store().logs();
        Surroundings {
            secret: self.secret(),
            log: Arc::new(move |run| {
                // A run without a log is better than none.
                let mut log = logs.begin(run).ok()?;
                Some(Box::new(move |bytes: &[u8]| drop(log.write(bytes))) as Keep)
            }),
        }
    }
}
