//! Whom the center tells: alerts by the channels that are set up, and hooks.

use std::sync::Arc;

use center::{AlertWatch, Center, Pace};
use channels::hooks::HookRunner;
use secrets::Secrets;
use settings::Settings;

use crate::exit::Failure;
use crate::places::Places;
use crate::setup::Setup;

/// What tells; it ends when this is dropped, after what is due.
pub(crate) struct Telling {
    hooks: HookRunner,
    _alerts: AlertWatch,
}

impl Telling {
    /// Begins to watch and to tell, as the settings say.
    pub(crate) fn start(center: &Center, setup: &Setup, places: &Places) -> Result<Self, Failure> {
        set_alerts(center, &setup.said, places);
        let failed = |error| Failure::failed(format!("alerts cannot be watched over: {error}"));
        let alerts = center.watch_alerts().map_err(failed)?;
        let hooks = hooks(center, setup, places)?;
        Ok(Self { hooks, _alerts: alerts })
    }

    /// The settings say something else now.
    pub(crate) fn apply(&self, center: &Center, before: &Setup, now: &Setup, places: &Places) {
        let (before, now) = (&before.said, &now.said);
        let same =
            before.channels == now.channels && before.alerts == now.alerts && before.secrets == now.secrets;
        if !same {
            set_alerts(center, now, places);
        }
        self.hooks.set(Arc::new(now.clone()));
    }
}

/// Runs hooks: all that a command in its own process tells. Alerts are the daemon's.
pub(crate) fn hooks(center: &Center, setup: &Setup, places: &Places) -> Result<HookRunner, Failure> {
    HookRunner::start(center, Arc::new(setup.said.clone()), places.home.clone())
        .map_err(|error| Failure::failed(format!("hooks cannot be run: {error}")))
}

pub(crate) fn set_alerts(center: &Center, settings: &Settings, places: &Places) {
    let secrets = Arc::new(Secrets::new(&settings.secrets, &places.state));
    let channels = channels::open(settings, &secrets, places.home.clone());
    center.set_alerts(settings.rules(), channels, &Pace::default());
}
