//! Collections: rclone's remotes and Syncthing's folders, each a handler of its own with nothing set up for it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use adapters::collection::{Partners, Source};
use adapters::files::Stamp;
use adapters::syncthing;
use adapters::syncthing::partners::{FolderKeys, Folders, OneFolder, SaidOfFolders};
use adapters::tools::remotes::{self, OneRemote, RemoteKeys, Remotes, SaidOfRemotes};
use center::Center;
use serde::de::DeserializeOwned;
use settings::collections::{Collection, Partner};
use settings::schedule::Schedule;
use settings::{Mistake, Settings};
use syncmgr::conflict::SharedLedger;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::handler::HandlerCollection;
use syncmgr::{HandlerId, ItemId, Refusal};

use crate::detecting::{config_home, state_home};
use crate::keeper::keepers;
use crate::places::Places;
use crate::tools::Tools;

/// What is wrong with what the settings say of collections.
pub(crate) fn mistakes(settings: &Settings) -> Vec<Mistake> {
    let wrong = |collection: &Collection| match collection.id.as_str() {
        remotes::ID => wrong::<RemoteKeys, OneRemote>(collection),
        syncthing::ID => wrong::<FolderKeys, OneFolder>(collection),
        other => match collection.program() {
            Some(Ok(_)) if settings.handlers.iter().any(|program| program.id.as_str() == other) => {
                let why = format!("`{other}` is a handler already: one name is one of both");
                vec![collection.options.mistake(why)]
            }
            Some(Ok(_)) if collection.says_of_partners() => {
                let why = "`schedule`, `enabled` and `partners` are for rclone and Syncthing: partners of a program have \
                           items of their own";
                vec![collection.options.mistake(why)]
            }
            Some(program) => program.err().into_iter().collect(),
            None => vec![collection.options.mistake(format!(
                "there is no collection `{other}`: there are `{}`, `{}`, and programs with a `command`",
                remotes::ID,
                syncthing::ID
            ))],
        },
    };
    settings.collections.iter().flat_map(wrong).collect()
}

fn wrong<All: DeserializeOwned, One: DeserializeOwned>(collection: &Collection) -> Vec<Mistake> {
    let partners = collection.partners.values().filter_map(|partner| partner.options.read::<One>().err());
    collection.options.read::<All>().err().into_iter().chain(partners).collect()
}

/// Whether an item of that name can only be one of a collection's partner: no name in the settings has a colon.
pub(crate) fn is_partner(settings: &Settings, item: &str) -> bool {
    let collection = item.split_once(':').map(|(collection, _)| collection);
    settings.collections.iter().any(|known| Some(known.id.as_str()) == collection)
}

/// Those that there are.
pub(crate) struct Collections {
    rclone: Arc<Partners<Remotes>>,
    syncthing: Arc<Partners<Folders>>,
    /// The tools' own settings as they were when they were asked last.
    seen: Mutex<Vec<Option<Stamp>>>,
}

impl Collections {
    /// Takes them into a center. One that cannot say which partners it has is told, and keeps nobody from working.
    pub(crate) fn register(
        center: &Center,
        settings: &Settings,
        places: &Places,
        tools: &Tools,
    ) -> (Self, Vec<Refusal>) {
        let (home, config, state) = (places.home.clone(), config_home(places), state_home(places));
        let beneath = |directory: &Option<PathBuf>, path: &str| directory.as_ref().map(|at| at.join(path));
        let files = match std::env::var_os("RCLONE_CONFIG") {
            Some(file) => vec![PathBuf::from(file)],
            None => {
                let usual = [beneath(&config, "rclone/rclone.conf"), beneath(&home, ".rclone.conf")];
                usual.into_iter().flatten().collect()
            }
        };
        let homes = [beneath(&state, "syncthing"), beneath(&config, "syncthing")];
        let ledger: SharedLedger = Arc::clone(center.store()) as SharedLedger;
        let kept = places.state.join("rclone.remotes");
        let rclone = remotes::Places { home, config: files, kept };
        let remotes = Remotes::new(rclone, tools.surroundings(center), Arc::clone(&ledger));
        let folders = Folders::new(
            homes.into_iter().flatten().collect(),
            tools.secret(),
            Arc::clone(&ledger),
            keepers(&places.state, ledger),
        );
        let collections = Self {
            rclone: Arc::new(Partners::new(remotes)),
            syncthing: Arc::new(Partners::new(folders)),
            seen: Mutex::default(),
        };
        collections.set(settings);
        *collections.seen() = collections.stamps();
        let registered = collections.all().map(|collection| center.register_collection(collection));
        (collections, registered.into_iter().filter_map(Result::err).collect())
    }

    /// Makes them what the settings say now.
    pub(crate) fn apply(&self, center: &Center, settings: &Settings) -> Vec<Refusal> {
        self.set(settings);
        self.ask(center)
    }

    /// Asks again if the tools have other settings than before; nothing where they have the same.
    pub(crate) fn look_again(&self, center: &Center) -> Option<Vec<Refusal>> {
        let same = *self.seen() == self.stamps();
        (!same).then(|| self.ask(center))
    }

    /// When the partners that there are run by themselves.
    pub(crate) fn schedules(&self, settings: &Settings) -> Vec<(HandlerId, ItemId, Schedule)> {
        let listed = [self.rclone.listed(), self.syncthing.listed()].concat();
        let schedule = |handler: HandlerId| {
            let (collection, name) = handler.as_str().split_once(':')?;
            let schedule = said_of(settings, collection)?.schedule_of(name).clone();
            let item = ItemId::new(handler.as_str()).ok()?;
            (schedule != Schedule::default()).then_some((handler, item, schedule))
        };
        listed.into_iter().filter_map(schedule).collect()
    }

    fn ask(&self, center: &Center) -> Vec<Refusal> {
        // Before: what is written meanwhile is another reason to ask.
        *self.seen() = self.stamps();
        let asked = self.all().map(|one| center.update_handler_collection(one.id(), ControlFlags::WAIT));
        asked.into_iter().filter_map(Result::err).collect()
    }

    fn set(&self, settings: &Settings) {
        self.rclone.source().set(said_of(settings, remotes::ID).and_then(|collection| {
            let one = |partner: &Partner| partner.options.read().unwrap_or_default();
            let named = collection.partners.iter().map(|(name, partner)| (name.clone(), one(partner)));
            let (keys, ones) = (collection.options.read().ok()?, named.collect());
            Some(SaidOfRemotes { keys, ones, enabled: enabled(collection) })
        }));
        self.syncthing.source().set(said_of(settings, syncthing::ID).and_then(|collection| {
            let keys = collection.options.read().ok()?;
            Some(SaidOfFolders { keys, enabled: enabled(collection) })
        }));
    }

    fn all(&self) -> [Arc<dyn HandlerCollection>; 2] {
        [Arc::clone(&self.rclone) as _, Arc::clone(&self.syncthing) as _]
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Vec<Option<Stamp>>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stamps(&self) -> Vec<Option<Stamp>> {
        let files = [self.rclone.source().files(), self.syncthing.source().files()].concat();
        files.iter().map(|file| Stamp::of(Path::new(file))).collect()
    }
}

/// What the settings say of one; wrong words were refused when they were read.
fn said_of<'s>(settings: &'s Settings, id: &str) -> Option<&'s Collection> {
    settings.collections.iter().find(|collection| collection.id == id)
}

fn enabled(collection: &Collection) -> Arc<dyn Fn(&str) -> bool + Send + Sync> {
    let collection = collection.clone();
    Arc::new(move |name| collection.enables(name))
}
