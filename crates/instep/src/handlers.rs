//! The handlers of this program, and how what the settings say reaches them.

use std::sync::Arc;

use adapters::syncthing;
use center::{Center, JOBS, Jobs};
use folders::FoldersHandler;
use syncmgr::conflict::SharedLedger;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::{Handler, Refusal};

use crate::app::App;
use crate::collections::Collections;
use crate::engine::HANDLER;
use crate::exit::Failure;
use crate::guests::Guests;
use crate::places::Places;
use crate::programs::Programs;
use crate::render::text::Safe;
use crate::schedules;
use crate::setup::Setup;
use crate::tools::Tools;

/// Whether a handler of that name is one of this program's own: folder pairs, jobs, wrapped tools, their partners.
pub(crate) fn is_built_in(id: &str) -> bool {
    let tools = || adapters::tools::kinds().into_iter().map(adapters::tools::Kind::id);
    let partner = id.split_once(':').map_or(id, |(collection, _)| collection);
    id == HANDLER.as_str() || id == JOBS || tools().chain([syncthing::ID]).any(|tool| tool == partner)
}

/// The handlers of this program, and those of others that the settings name.
pub(crate) struct Handlers {
    folders: Arc<FoldersHandler>,
    jobs: Jobs,
    tools: Tools,
    collections: Collections,
    places: Places,
    /// Ended when the center is.
    programs: Programs,
}

impl Handlers {
    /// Takes them into a center, with the items that are set up.
    /// Of programs that start themselves, those are left out that are `guests` of the daemon.
    pub(crate) fn register(center: &Center, app: &App<'_>, guests: Option<&Guests>) -> Result<Self, Failure> {
        let ledger: SharedLedger = Arc::clone(center.store()) as SharedLedger;
        let pairs = app.settings.pairs.clone();
        let folders = Arc::new(FoldersHandler::new(app.home(), pairs, ledger));
        center.register(Arc::clone(&folders) as Arc<dyn Handler>)?;
        let jobs = Jobs::register(center)?;
        let tools = Tools::register(center, &app.settings.said, &app.places.state)?;
        let (collections, refused) = Collections::register(center, &app.settings.said, &app.places, &tools);
        for refusal in refused {
            app.out.warn(Safe(&refusal.to_string()));
        }
        let programs = Programs::register(center, app, guests)?;
        Ok(Self { folders, jobs, tools, collections, places: app.places.clone(), programs })
    }

    /// The programs of others.
    pub(crate) fn programs(&self) -> &Programs {
        &self.programs
    }

    /// Takes in jobs that other processes have reported since the last look.
    pub(crate) fn refresh(&self, center: &Center) -> Result<(), Refusal> {
        self.jobs.refresh(center).map(drop)
    }

    /// Takes in the partners of collections that are new, and lets those go that are gone, if anything tells that there
    /// may be any; the answer is what kept a collection from knowing.
    pub(crate) fn look_for_partners(&self, center: &Center, setup: &Setup) -> Vec<Refusal> {
        let Some(refused) = self.collections.look_again(center) else { return Vec::new() };
        self.set_schedules(center, setup);
        refused
    }

    /// Hands the schedules of all items to the center, those of partners among them.
    pub(crate) fn set_schedules(&self, center: &Center, setup: &Setup) {
        center.set_schedules(schedules::of_items(setup).chain(self.collections.schedules(&setup.said)));
    }

    /// Makes them have the items that are set up now. An item that is being synchronized goes on as it began.
    pub(crate) fn apply(&self, center: &Center, before: &Setup, now: &Setup) -> Result<(), Refusal> {
        self.tools.apply(center, &now.said, &self.places.state)?;
        for refusal in self.collections.apply(center, &now.said) {
            tracing::warn!("{refusal}");
        }
        self.programs.apply(&now.said, &self.places)?;
        if before.pairs == now.pairs {
            return Ok(());
        }
        for gone in before.pairs.iter().filter(|pair| now.pair(&pair.item).is_none()) {
            self.folders.remove(&gone.item);
        }
        for pair in &now.pairs {
            self.folders.add(pair.clone());
        }
        center.update_handler(&HANDLER, ControlFlags::empty())
    }
}
