//! What the daemon does all the time: reads changed settings, closes what others left behind, shows that it lives.

use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use adapters::files::Stamp;
use center::{Ailing, Center, StopGrace, What};
use sd_notify::NotifyState;
use settings::SettingsFile;
use store::Retention;

use super::service::Service;
use super::signals::Wake;
use super::tell_system;
use crate::app::App;
use crate::exit::Failure;
use crate::handlers::Handlers;
use crate::places::Places;
use crate::setup::{self, Setup};
use crate::telling::Telling;

/// How often it looks around. A killed process is found out, and a changed file read, within that time.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often old results are forgotten, besides after many runs.
const RETAIN_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks after the center.
pub(crate) struct Tender {
    center: Center,
    handlers: Handlers,
    telling: Telling,
    places: Places,
    file: SettingsFile,
    setup: Setup,
    /// The file as it was when it was read last, well or not.
    seen: Option<Stamp>,
    watchdog: Option<Duration>,
    /// Threads of the center that are not at it any more, as far as that was told.
    ailing: Vec<Ailing>,
    retained: Option<Instant>,
    status: String,
}

impl Tender {
    pub(crate) fn new(app: &App<'_>, center: Center, handlers: Handlers) -> Result<Self, Failure> {
        let file = setup::file(&app.places);
        let tender = Self {
            seen: Stamp::of(file.path()),
            telling: Telling::start(&center, &app.settings, &app.places)?,
            center,
            handlers,
            places: app.places.clone(),
            file,
            setup: app.settings.clone(),
            // Twice as often as is asked for, as its documentation advises.
            watchdog: sd_notify::watchdog_enabled().map(|every| every / 2),
            ailing: Vec::new(),
            retained: None,
            status: String::new(),
        };
        tender.tell_center();
        Ok(tender)
    }

    /// How many items are set up.
    pub(crate) fn items(&self) -> usize {
        self.setup.said.items.len()
    }

    /// How long handlers have to stop.
    pub(crate) fn grace(&self) -> StopGrace {
        StopGrace::of(self.setup.said.stop.grace())
    }

    /// Until a signal ends it, or the API does.
    pub(crate) fn tend(&mut self, inbox: &Receiver<Wake>, service: &Service) -> Result<(), Failure> {
        let every = self.watchdog.unwrap_or(LOOK_EVERY).min(LOOK_EVERY);
        loop {
            match inbox.recv_timeout(every) {
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Ok(Wake::Reload) => self.reload(),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if service.is_over() {
                return Err(Failure::failed("the API does not answer any more"));
            }
            if Stamp::of(self.file.path()) != self.seen {
                self.reload();
            }
            self.look_elsewhere();
            if self.retained.is_none_or(|last| last.elapsed() >= RETAIN_EVERY) {
                self.retained = Some(Instant::now());
                if let Err(error) = self.center.retain() {
                    tracing::warn!("old results cannot be forgotten: {error}");
                }
            }
            self.look_after_threads();
            self.show_life();
        }
    }

    /// What other processes did, and the jobs that they were the first to report.
    fn look_elsewhere(&self) {
        let looked = self.center.look_elsewhere().map_err(syncmgr::Refusal::from);
        let refreshed = looked.and_then(|any| if any { self.handlers.refresh(&self.center) } else { Ok(()) });
        if let Err(error) = refreshed {
            tracing::warn!("the results cannot be looked at: {error}");
        }
        for refusal in self.handlers.look_for_partners(&self.center, &self.setup) {
            tracing::warn!("{refusal}");
        }
    }

    /// Reads the settings again. Wrong ones change nothing and are told.
    fn reload(&mut self) {
        self.seen = Stamp::of(self.file.path());
        let setup = match Setup::load(&self.places) {
            Ok(setup) => setup,
            Err(failure) => {
                let detail = failure.detail.as_deref().unwrap_or_default();
                tracing::error!(
                    file = %self.file.path().display(),
                    detail,
                    "{}; what was read before still holds",
                    failure.text
                );
                return;
            }
        };
        if setup.said.digest == self.setup.said.digest {
            tracing::info!("the settings say what they said before");
            return;
        }
        if let Err(refusal) = self.handlers.apply(&self.center, &self.setup, &setup) {
            tracing::error!("the settings could not be taken over: {refusal}");
            return;
        }
        if setup.said.server != self.setup.said.server {
            tracing::warn!("where the API listens changes when the daemon is started again");
        }
        self.telling.apply(&self.center, &self.setup, &setup, &self.places);
        self.setup = setup;
        self.tell_center();
        self.center.tell(What::Settings);
        tracing::info!(items = self.items(), "the settings were read again");
    }

    /// What the settings say about the center itself.
    fn tell_center(&self) {
        let kept = self.setup.said.results;
        let days = |days: u32| i64::from(days) * 24 * 60 * 60 * 1000;
        self.handlers.set_schedules(&self.center, &self.setup);
        self.center.set_stop_grace(self.grace());
        self.center.set_retention(Retention {
            runs: kept.keep_runs,
            events: kept.keep_events,
            age: days(kept.keep_days),
            information_age: kept.keep_information_days.map(days),
            warning_age: kept.keep_warning_days.map(days),
            last_run_only: kept.only_last_run,
        });
    }

    /// What the center cannot do without any more is told, and the service manager hears no more of us: it starts another
    /// one.
    fn look_after_threads(&mut self) {
        let ailing = self.center.ailing();
        for one in ailing.iter().filter(|one| self.ailing.iter().all(|told| told.which != one.which)) {
            tracing::error!("{one}; the daemon must be started again");
        }
        self.ailing = ailing;
    }

    /// The service manager hears that the center still answers, and what it does.
    fn show_life(&mut self) {
        let live = self.center.live();
        let running = live.items.iter().filter(|item| item.outcome.is_none()).count();
        let status = match (running, live.waiting.len()) {
            (0, 0) => format!("{} items, nothing runs", self.items()),
            (running, 0) => format!("{running} running"),
            (running, waiting) => format!("{running} running, {waiting} waiting"),
        };
        let mut state = Vec::new();
        if self.watchdog.is_some() && self.ailing.is_empty() {
            state.push(NotifyState::Watchdog);
        }
        if status != self.status {
            state.push(NotifyState::Status(&status));
        }
        if !state.is_empty() {
            tell_system(&state);
        }
        self.status = status;
    }
}
