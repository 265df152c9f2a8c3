//! The sync center in this process, with the handlers that are built in.

use std::sync::{Arc, LazyLock};

use center::{Center, SystemClock};
use channels::hooks::HookRunner;
use folders::handler::HANDLER_ID;
use store::Store;
use syncmgr::{HandlerId, ItemId};

use crate::app::App;
use crate::exit::Failure;
use crate::guests::Guests;
use crate::handlers::Handlers;
use crate::ledger;
use crate::signals::Signalled;
use crate::telling;

/// The handler of folder pairs.
pub(crate) static HANDLER: LazyLock<HandlerId> = LazyLock::new(|| {
    HandlerId::new(HANDLER_ID).unwrap_or_else(|_| unreachable!("a short word is a legal identifier"))
});

/// The center and its store.
pub(crate) struct Engine {
    pub(crate) store: Arc<Store>,
    pub(crate) center: Center,
    /// Handlers that only the daemon has, as long as their programs are connected to it.
    pub(crate) guests: Vec<HandlerId>,
    /// They end with the command.
    _handlers: Handlers,
    pub(crate) signalled: Signalled,
    /// Ends with the command, after the hooks that are due.
    _hooks: Option<HookRunner>,
}

impl Engine {
    /// Opens the store and takes the handlers in; starts nothing.
    pub(crate) fn open(app: &App<'_>) -> Result<Self, Failure> {
        // Else what a killed command was running would go on, and a tool could wait at the terminal for a password.
        if let Ok(program) = std::env::current_exe() {
            adapters::process::take_on_leash(program);
        }
        let store = ledger::open(app)?;
        let center = Center::new(Arc::clone(&store), Arc::new(SystemClock::default()));
        let guests = Guests::find(&app.settings.said, &app.places);
        let handlers = Handlers::register(&center, app, guests.as_ref())?;
        let guests = guests.map_or_else(|| Ok(Vec::new()), |guests| guests.register(&center))?;
        handlers.set_schedules(&center, &app.settings);
        let settings = &app.settings.said;
        let any = !settings.hooks.is_empty() || settings.items.iter().any(|item| !item.hooks.is_empty());
        let hooks = if any { Some(telling::hooks(&center, &app.settings, &app.places)?) } else { None };
        Ok(Self {
            store,
            center,
            guests,
            _handlers: handlers,
            signalled: Signalled::listen()?,
            _hooks: hooks,
        })
    }

    /// Takes out the items that are disabled.
    pub(crate) fn only_enabled<T>(
        &self,
        among: &mut Vec<T>,
        id: impl for<'t> Fn(&'t T) -> (&'t HandlerId, &'t ItemId),
    ) -> Result<(), Failure> {
        let handlers = self.center.status()?;
        let items = handlers.iter().flat_map(|handler| &handler.items);
        let disabled: Vec<(&HandlerId, &ItemId)> =
            items.filter(|item| !item.switches.enabled).map(|item| (&item.handler, &item.item)).collect();
        among.retain(|item| !disabled.contains(&id(item)));
        Ok(())
    }
}
