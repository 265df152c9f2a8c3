//! Handlers that are other people's programs, as the settings describe them.

mod providers;

use std::collections::BTreeMap;
use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use adapters::host::{
    Door, Environment, HandlerSpec, HostedHandler, Limits, Newcomer, Provider, Services, Visitors,
};
use center::Center;
use secrecy::ExposeSecret;
use secrets::Secrets;
use serde_json::{Map, Value};
use settings::Settings;
use settings::handlers::HandlerProgram;
use syncmgr::conflict::SharedLedger;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::handler::HandlerCollection;
use syncmgr::{Handler, HandlerError, HandlerId, Problem, ProblemClass, Refusal};

use crate::app::App;
use crate::exit::Failure;
use crate::guests::Guests;
use crate::places::Places;
use crate::render::text::{Safe, SafePath};
use crate::serve::claim;
use providers::Providers;

/// Variables that every program gets: without them few would find their way.
const USUAL: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "SSH_AUTH_SOCK",
    "DBUS_SESSION_BUS_ADDRESS",
];

/// The collection of all of them.
const COLLECTION: &str = "programs";
/// How often programs that want to run all the time are looked after.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The programs of a center; they end with it.
pub(crate) struct Programs {
    center: Center,
    circle: Arc<Circle>,
    providers: Arc<Providers>,
}

/// All programs that are handlers now: those of the settings, and those that have connected by themselves.
#[derive(Default)]
struct Circle(Mutex<Vec<Member>>);

struct Member {
    handler: Arc<HostedHandler>,
    /// As the settings describe it; none: it has come by itself, and is no handler any more when it leaves.
    said: Option<Said>,
}

/// What the settings say of a program and its items.
type Said = (HandlerProgram, BTreeMap<String, Map<String, Value>>);

impl Circle {
    fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &HandlerId) -> Option<Arc<HostedHandler>> {
        let members = self.members();
        members.iter().find(|member| member.handler.id() == id).map(|member| Arc::clone(&member.handler))
    }

    fn all(&self) -> Vec<Arc<HostedHandler>> {
        self.members().iter().map(|member| Arc::clone(&member.handler)).collect()
    }
}

impl HandlerCollection for Circle {
    fn id(&self) -> &str {
        COLLECTION
    }

    fn handlers(&self) -> Result<Vec<HandlerId>, HandlerError> {
        let members = self.members();
        let here = members.iter().filter(|member| member.said.is_some() || member.handler.is_running());
        Ok(here.map(|member| member.handler.id().clone()).collect())
    }

    fn bind(&self, handler: &HandlerId) -> Result<Arc<dyn Handler>, Refusal> {
        let unknown = || Refusal::InvalidArgument(format!("the program of handler '{handler}' has left"));
        self.find(handler).map(|handler| handler as Arc<dyn Handler>).ok_or_else(unknown)
    }
}

impl Programs {
    /// Takes those of the settings into a center. None is started that has been asked before and is only looked at.
    /// Those that start themselves and are `guests` of the daemon are left out.
    pub(crate) fn register(center: &Center, app: &App<'_>, guests: Option<&Guests>) -> Result<Self, Failure> {
        let programs = Self { center: center.clone(), circle: Arc::default(), providers: Arc::default() };
        programs.take(&app.settings.said, &app.places);
        let is_guest = |member: &Member| {
            let handler = &member.handler;
            !handler.is_started_here() && guests.is_some_and(|guests| guests.has(handler.id()))
        };
        programs.circle.members().retain(|member| !is_guest(member));
        center.register_collection(Arc::clone(&programs.circle) as Arc<dyn HandlerCollection>)?;
        for refusal in programs.providers.apply(center, &app.settings.said, &app.places) {
            app.out.warn(Safe(&refusal.to_string()));
        }
        Ok(programs)
    }

    /// Makes them those that the settings name now.
    pub(crate) fn apply(&self, settings: &Settings, places: &Places) -> Result<(), Refusal> {
        let gone = self.take(settings, places);
        let told = self.center.update_handler_collection(COLLECTION, ControlFlags::WAIT);
        for refusal in self.providers.apply(&self.center, settings, places) {
            tracing::warn!("{refusal}");
        }
        // Whoever stops may take its time; nobody has to wait for that.
        end_all(gone);
        told
    }

    /// Gives those that the settings name no more.
    fn take(&self, settings: &Settings, places: &Places) -> Vec<Arc<HostedHandler>> {
        let mut members = self.circle.members();
        let (staying, gone) = std::mem::take(&mut *members).into_iter().partition(|member| {
            let named = |program: &HandlerProgram| program.id == *member.handler.id();
            member.said.is_none() || settings.handlers.iter().any(named)
        });
        *members = staying;
        for program in &settings.handlers {
            let said = (program.clone(), items(&program.id, settings));
            let known = members.iter_mut().find(|member| *member.handler.id() == program.id);
            match known {
                Some(member) if member.said.as_ref() == Some(&said) => {}
                Some(member) => {
                    member.handler.set_spec(spec(program, settings, places));
                    member.said = Some(said);
                }
                None => {
                    let handler =
                        HostedHandler::with_limits(spec(program, settings, places), limits(program));
                    let handler = Arc::new(handler);
                    handler.set_services(services(&self.center));
                    members.push(Member { handler, said: Some(said) });
                }
            }
        }
        let gone: Vec<Member> = gone;
        gone.into_iter().map(|member| member.handler).collect()
    }

    /// Opens the socket for programs that start themselves, and starts those that want to run all the time.
    pub(crate) fn receive(&self, places: &Places) -> Result<Reception, Failure> {
        let path = places.handlers_socket();
        claim::free(&path)?;
        let visitors =
            Callers { center: self.center.clone(), circle: Arc::clone(&self.circle), places: places.clone() };
        let failed = |error: io::Error| {
            Failure::failed(format!("cannot listen at {}: {}", SafePath(&path), syncmgr::reason(&error)))
        };
        let door = Door::open(&path, Arc::new(visitors)).map_err(failed)?;
        let (end, ended) = mpsc::channel::<()>();
        let (center, circle) = (self.center.clone(), Arc::clone(&self.circle));
        let providers = Arc::clone(&self.providers);
        thread::Builder::new()
            .name("programs".into())
            .spawn(move || {
                // What was remembered until now may be old.
                providers.ask(&center, |_| true);
                while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK_EVERY) {
                    providers.ask(&center, Provider::is_missing);
                    look_after(&center, circle.all().into_iter().chain(providers.made()));
                }
            })
            .map_err(failed)?;
        Ok(Reception { _door: door, _end: end })
    }
}

impl Drop for Programs {
    fn drop(&mut self) {
        let members = std::mem::take(&mut *self.circle.members());
        let handlers = members.into_iter().map(|member| member.handler).chain(self.providers.end());
        let handlers: Vec<Arc<HostedHandler>> = handlers.collect();
        thread::scope(|scope| {
            // All at once: each may take its time to exit.
            for handler in &handlers {
                scope.spawn(|| handler.shut_down());
            }
        });
    }
}

/// Programs come in as long as this lives.
pub(crate) struct Reception {
    _door: Door,
    /// Its thread ends when nobody holds this any more.
    _end: mpsc::Sender<()>,
}

/// Starts programs that want to run and do not, unless a person has switched them off.
fn look_after(center: &Center, handlers: impl Iterator<Item = Arc<HostedHandler>>) {
    let missing: Vec<_> = handlers
        .filter(|handler| handler.wants_to_stay() && !handler.is_running() && handler.is_started_here())
        .collect();
    if missing.is_empty() {
        return;
    }
    let Ok(status) = center.status() else { return };
    for handler in missing {
        let wanted = status.iter().find(|known| known.handler == *handler.id());
        if wanted.is_some_and(|known| known.switches.enabled && known.switches.active) {
            // Whoever dies again and again is started after growing pauses; the handler itself says so.
            if let Err(problem) = handler.start() {
                tracing::debug!(handler = %handler.id(), "{problem}");
            }
        }
    }
}

fn end_all(handlers: Vec<Arc<HostedHandler>>) {
    for handler in handlers {
        let ends = Arc::clone(&handler);
        if thread::Builder::new().name("ending".into()).spawn(move || ends.shut_down()).is_err() {
            handler.shut_down();
        }
    }
}

/// Lets programs in that start themselves.
struct Callers {
    center: Center,
    circle: Arc<Circle>,
    places: Places,
}

impl Visitors for Callers {
    fn admit(&self, id: &HandlerId, newcomer: &mut Newcomer) -> Result<(), Refusal> {
        self.known_or_new(id)?.attach(newcomer)?;
        self.center.update_handler_collection(COLLECTION, ControlFlags::WAIT)
    }

    fn left(&self, id: &HandlerId) {
        // One that is not in the settings is no handler any more.
        if let Err(refusal) = self.center.update_handler_collection(COLLECTION, ControlFlags::WAIT) {
            tracing::debug!(handler = %id, "its leaving cannot be shown: {refusal}");
        }
    }
}

impl Callers {
    fn known_or_new(&self, id: &HandlerId) -> Result<Arc<HostedHandler>, Refusal> {
        if let Some(known) = self.circle.find(id) {
            return Ok(known);
        }
        if self.center.status()?.iter().any(|other| other.handler == *id) {
            let why = format!("there is a handler '{id}' already, which is no program that connects");
            return Err(Refusal::AccessDenied(why));
        }
        let mut spec = HandlerSpec::of_socket(id.clone());
        spec.state = Some(self.places.state.join("handlers"));
        let mut members = self.circle.members();
        if let Some(member) = members.iter().find(|member| member.handler.id() == id) {
            return Ok(Arc::clone(&member.handler));
        }
        let handler = Arc::new(HostedHandler::new(spec));
        handler.set_services(services(&self.center));
        members.push(Member { handler: Arc::clone(&handler), said: None });
        Ok(handler)
    }
}

/// What a program reaches in the center.
fn services(center: &Center) -> Services {
    let whole = Arc::new(center.clone());
    Services {
        creator: Some(whole.clone()),
        control: Some(whole),
        ledger: Some(Arc::clone(center.store()) as SharedLedger),
    }
}

fn limits(program: &HandlerProgram) -> Limits {
    let mut limits = Limits::default();
    if let Some(timeout) = program.keys.start_timeout {
        limits.answer = timeout.duration().max(Duration::from_secs(1));
    }
    limits
}

/// What is known of a program before it is asked.
pub(crate) fn spec(program: &HandlerProgram, settings: &Settings, places: &Places) -> HandlerSpec {
    let keys = &program.keys;
    let mut spec = HandlerSpec::of_socket(program.id.clone());
    spec.command = keys
        .command
        .as_ref()
        .map(|command| std::iter::once(&command.program).chain(&command.args).cloned().collect());
    spec.name = keys.name.clone();
    spec.settings = keys.settings.clone();
    let home = places.home.as_deref();
    spec.dir = keys.directory.as_ref().map(|dir| dir.resolve(home)).or_else(|| home.map(ToOwned::to_owned));
    spec.environment = Some(environment(program, settings, places));
    spec.state = Some(places.state.join("handlers"));
    spec.items = items(&program.id, settings);
    spec
}

/// The items that name it, with the keys that are its own.
fn items(handler: &HandlerId, settings: &Settings) -> BTreeMap<String, Map<String, Value>> {
    let items = settings.items.iter().filter(|item| item.handler == *handler);
    items
        .map(|item| {
            // What JSON cannot say (a date) is no key that a program could read.
            let mut keys: Map<String, Value> = item.options.read().unwrap_or_default();
            keys.entry("name").or_insert_with(|| item.name.clone().into());
            (item.id.to_string(), keys)
        })
        .collect()
}

fn environment(program: &HandlerProgram, settings: &Settings, places: &Places) -> Environment {
    let (id, keys) = (program.id.clone(), program.keys.clone());
    let secrets = Secrets::new(&settings.secrets, &places.state);
    Environment(Arc::new(move || {
        let inherited = USUAL.iter().map(|name| (*name).to_owned()).chain(keys.pass_env.iter().cloned());
        let mut all: Vec<(String, String)> =
            inherited.filter_map(|name| std::env::var(&name).ok().map(|value| (name, value))).collect();
        for (name, text) in &keys.env {
            let value = secrets.resolve(text).map_err(|why| {
                let text = format!("The variable {name} of handler '{id}' cannot be had: {why}.");
                Problem::new(ProblemClass::Auth, text)
            })?;
            all.push((name.clone(), value.expose_secret().to_owned()));
        }
        Ok(all)
    }))
}
