//! Handlers that are other people's programs, as the settings describe them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use adapters::host::{Environment, HandlerSpec, HostedHandler, Limits, Services};
use center::Center;
use secrecy::ExposeSecret;
use secrets::Secrets;
use serde_json::{Map, Value};
use settings::handlers::HandlerProgram;
use syncmgr::conflict::SharedLedger;
use syncmgr::{Handler, Problem, ProblemClass};

use crate::app::App;
use crate::exit::Failure;

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

/// The programs of a center; they end with it.
pub(crate) struct Programs(Vec<Arc<HostedHandler>>);

impl Programs {
    /// Takes them into a center. None is started that has been asked before and is only looked at.
    pub(crate) fn register(center: &Center, app: &App<'_>) -> Result<Self, Failure> {
        let mut programs = Self(Vec::new());
        for program in &app.settings.said.handlers {
            let handler = Arc::new(hosted(program, app));
            let whole = Arc::new(center.clone());
            handler.set_services(Services {
                creator: Some(whole.clone()),
                control: Some(whole),
                ledger: Some(Arc::clone(center.store()) as SharedLedger),
            });
            programs.0.push(Arc::clone(&handler));
            center.register(handler as Arc<dyn Handler>)?;
        }
        Ok(programs)
    }
}

impl Drop for Programs {
    /// All at once: each may take its time to exit.
    fn drop(&mut self) {
        thread::scope(|scope| {
            for program in &self.0 {
                scope.spawn(|| program.shut_down());
            }
        });
    }
}

/// A program of the settings as a handler.
fn hosted(program: &HandlerProgram, app: &App<'_>) -> HostedHandler {
    let keys = &program.keys;
    let mut limits = Limits::default();
    if let Some(timeout) = keys.start_timeout {
        limits.answer = timeout.duration().max(Duration::from_secs(1));
    }
    HostedHandler::with_limits(spec(program, app), limits)
}

/// What is known of a program before it is asked.
pub(crate) fn spec(program: &HandlerProgram, app: &App<'_>) -> HandlerSpec {
    let keys = &program.keys;
    let words = std::iter::once(&keys.command.program).chain(&keys.command.args).cloned().collect();
    let mut spec = HandlerSpec::of_command(program.id.clone(), words);
    let home = app.places.home.as_deref();
    spec.dir = keys.directory.as_ref().map(|dir| dir.resolve(home)).or_else(|| home.map(ToOwned::to_owned));
    spec.environment = Some(environment(program, app));
    spec.state = Some(app.places.state.join("handlers"));
    spec.items = items(program, app);
    spec
}

/// The items that name it, with the keys that are its own.
fn items(program: &HandlerProgram, app: &App<'_>) -> BTreeMap<String, Map<String, Value>> {
    let items = app.settings.said.items.iter().filter(|item| item.handler == program.id);
    items
        .map(|item| {
            // What JSON cannot say (a date) is no key that a program could read.
            let mut keys: Map<String, Value> = item.options.read().unwrap_or_default();
            keys.entry("name").or_insert_with(|| item.name.clone().into());
            (item.id.to_string(), keys)
        })
        .collect()
}

fn environment(program: &HandlerProgram, app: &App<'_>) -> Environment {
    let (id, keys) = (program.id.clone(), program.keys.clone());
    let secrets = Secrets::new(&app.settings.said.secrets, &app.places.state);
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
