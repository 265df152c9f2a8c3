//! Syncthing's folders as partners: each is a handler of its own, made when it is asked for.

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;
use syncmgr::conflict::ConflictLedger;
use syncmgr::flags::HandlerType;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::{Handler as _, HandlerError, HandlerId, HandlerInfo, ItemId, Refusal};

use super::api::Api;
use super::own::{self, Own};
use super::{Folder, ID, Keepers, SetFolder, SyncthingHandler, address};
use crate::collection::Source;
use crate::tools::{Secret, Value};

/// What is said of all folders together.
#[derive(Clone, Deserialize)]
#[serde(try_from = "Keys")]
pub struct FolderKeys {
    /// The directory of Syncthing's settings, if they are not where it has them by itself.
    home: Option<PathBuf>,
    /// Where it answers and with which key, if its settings are not to be asked for that.
    reached: Option<(String, Value)>,
}

/// What is said of one folder alone: nothing but what every partner may say.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneFolder {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    home: Option<PathBuf>,
    address: Option<String>,
    key: Option<Value>,
}

impl TryFrom<Keys> for FolderKeys {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, Self::Error> {
        let reached = match (keys.address, keys.key, &keys.home) {
            (None, None, _) => None,
            (_, Some(_), Some(_)) => return Err("`home` has the key already: say one of them"),
            (at, Some(key), None) => Some((at.unwrap_or_else(address), key)),
            (Some(_), None, _) => return Err("with an `address` goes the `key` of its API"),
        };
        if keys.home.as_ref().is_some_and(|home| home.is_relative()) {
            return Err("`home` is an absolute path");
        }
        Ok(Self { home: keys.home, reached })
    }
}

/// What the settings say of folders.
#[derive(Clone)]
pub struct SaidOfFolders {
    /// Of all of them.
    pub keys: FolderKeys,
    /// Which of them come in.
    pub enabled: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

/// Who knows the folders: Syncthing's own settings, which it writes whenever it has others; where they are not to be had,
/// Syncthing itself.
pub struct Folders {
    said: RwLock<Option<SaidOfFolders>>,
    homes: Vec<PathBuf>,
    secret: Arc<Secret>,
    ledger: Arc<dyn ConflictLedger>,
    keepers: Arc<Keepers>,
}

/// A folder, and how its Syncthing is reached.
pub struct Partner {
    name: String,
    folder: Folder,
    secret: Arc<Secret>,
}

impl Folders {
    /// Asks Syncthing as soon as something is said of it. `homes` are the directories in which its settings may be.
    pub fn new(
        homes: Vec<PathBuf>,
        secret: Arc<Secret>,
        ledger: Arc<dyn ConflictLedger>,
        keepers: Arc<Keepers>,
    ) -> Self {
        Self { said: RwLock::default(), homes, secret, ledger, keepers }
    }

    /// Takes what is said of them now; nothing: there are none.
    pub fn set(&self, said: Option<SaidOfFolders>) {
        *self.said.write().unwrap_or_else(PoisonError::into_inner) = said;
    }

    fn said(&self) -> Option<SaidOfFolders> {
        self.said.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The file that says how it is reached: the first that there is.
    fn file(&self, keys: &FolderKeys) -> Result<PathBuf, HandlerError> {
        let mut files = self.files_of(keys).into_iter();
        if keys.home.is_some() {
            return Ok(files.next().unwrap_or_default());
        }
        files.find(|file| file.exists()).ok_or_else(|| {
            let problem = Problem::new(ProblemClass::Config, "Syncthing has no settings here");
            problem.with_fix("start it once, or say in `home` where they are").into()
        })
    }

    fn files_of(&self, keys: &FolderKeys) -> Vec<PathBuf> {
        let homes = keys.home.as_ref().map_or(&self.homes[..], std::slice::from_ref);
        homes.iter().map(|home| home.join(own::FILE)).collect()
    }

    fn reached(&self, keys: &FolderKeys) -> Result<Reached, HandlerError> {
        if let Some((address, key)) = &keys.reached {
            let secret = Arc::clone(&self.secret);
            return Ok(Reached { address: address.clone(), key: key.clone(), secret, own: None });
        }
        let file = self.file(keys)?;
        let own = own::read(&file)?;
        // The key stays where it is, and is read anew by whoever needs it.
        let secret: Arc<Secret> =
            Arc::new(move |_| own::read(&file).map(|own| own.key).map_err(HandlerError::from));
        let key = Value::Secret(ID.to_owned());
        Ok(Reached { address: own.address.clone(), key, secret, own: Some(own) })
    }

    fn item(made: &SyncthingHandler, partner: &Partner) -> Result<(), Refusal> {
        let id = ItemId::new(made.id().as_str())?;
        let set = SetFolder { id, name: partner.name.clone(), folder: partner.folder.clone() };
        made.items.set(vec![set], &partner.secret);
        Ok(())
    }
}

struct Reached {
    address: String,
    key: Value,
    secret: Arc<Secret>,
    own: Option<Own>,
}

impl Reached {
    /// Identifier and label of each folder.
    fn folders(&self) -> Result<Vec<(String, String)>, HandlerError> {
        if let Some(own) = &self.own {
            return Ok(own.folders.clone());
        }
        let listed = Api::new(&self.address, self.key.text(&*self.secret)?)?.folders()?;
        Ok(listed.into_iter().map(|folder| (folder.id, folder.label)).collect())
    }
}

impl Source for Folders {
    type Partner = Partner;
    type Made = SyncthingHandler;

    fn id(&self) -> &'static str {
        ID
    }

    fn list(&self) -> Result<Vec<(HandlerId, Partner)>, HandlerError> {
        let Some(said) = self.said() else { return Ok(Vec::new()) };
        let reached = self.reached(&said.keys)?;
        let partner = |(folder, label): (String, String)| {
            // One whose name is no identifier is left out.
            let id = HandlerId::new(&format!("{ID}:{folder}")).ok()?;
            let name = if label.is_empty() { folder.clone() } else { label };
            let folder = Folder { folder, address: reached.address.clone(), key: reached.key.clone() };
            Some((id, Partner { name, folder, secret: Arc::clone(&reached.secret) }))
        };
        let listed = reached.folders()?.into_iter().filter(|(folder, _)| (said.enabled)(folder));
        Ok(listed.filter_map(partner).collect())
    }

    fn make(&self, id: &HandlerId, partner: &Partner) -> Result<SyncthingHandler, Refusal> {
        let made = SyncthingHandler {
            id: id.clone(),
            name: partner.name.clone(),
            info: HandlerInfo {
                kind: HandlerType::Folder,
                type_label: "Folder of Syncthing".into(),
                comment: format!("Follows the folder {} of Syncthing", partner.folder.folder),
                ..HandlerInfo::default()
            },
            items: Arc::default(),
            secret: Arc::clone(&partner.secret),
            ledger: Arc::clone(&self.ledger),
            keeper: (self.keepers)(id),
        };
        Self::item(&made, partner)?;
        Ok(made)
    }

    fn renew(&self, made: &SyncthingHandler, partner: &Partner) -> Result<(), Refusal> {
        Self::item(made, partner)
    }

    fn files(&self) -> Vec<PathBuf> {
        match self.said() {
            Some(said) if said.keys.reached.is_none() => self.files_of(&said.keys),
            _ => Vec::new(),
        }
    }
}
