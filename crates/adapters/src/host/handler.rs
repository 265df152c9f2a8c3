//! A handler in another process, as the center sees it: like any other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::process::Signal;
use serde_json::{Map, Value};
use syncmgr::conflict::{ConflictStore, ResolutionHandler};
use syncmgr::event::EventStore;
use syncmgr::flags::{HandlerCapabilities, HandlerPolicies};
use syncmgr::follow::{Following, Runner};
use syncmgr::plan::{Preview, PreviewError, Verification, Watch};
use syncmgr::ui::{Icon, UiAction, UiOperation};
use syncmgr::{
    Event, Handler, HandlerError, HandlerId, HandlerInfo, ItemContainer, ItemId, Problem, Refusal, Request,
    RunId, SessionCreator, Termination,
};
use wire::rpc::Done;
use wire::rpc::handler as ask;
use wire::rpc::handler::Ability;

use super::connection::{Connection, locked};
use super::door::Newcomer;
use super::items::HostedItems;
use super::limits::Limits;
use super::memory::Memory;
use super::settle::RemoteResolution;
use super::shared::Host;
use super::spec::{HandlerSpec, Services};
use super::stores::{RemoteConflicts, RemoteEvents};
use super::{control, follow, icon, look, synchronize, ui};

/// A handler in another process.
pub struct HostedHandler {
    pub(crate) host: Arc<Host>,
    items: HostedItems,
}

impl HostedHandler {
    /// A handler with the usual limits. Nothing is started before it is needed.
    pub fn new(spec: HandlerSpec) -> Self {
        Self::with_limits(spec, Limits::default())
    }

    /// A handler with limits of its own.
    pub fn with_limits(spec: HandlerSpec, limits: Limits) -> Self {
        let host = Arc::new(Host::new(spec, limits));
        Self { items: HostedItems { host: Arc::clone(&host) }, host }
    }

    /// What it reaches in the center, from now on; [`shut_down`](Self::shut_down) lets go of it.
    pub fn set_services(&self, services: Services) {
        *locked(&self.host.services) = services;
    }

    /// Lets a program in that started itself. One that is there already goes on, and the new one is refused.
    ///
    /// # Errors
    /// `AccessDenied` when it is connected already, is started by the center, or was ended too often; `Failed` when the
    /// handshake fails.
    pub fn attach(&self, newcomer: &mut Newcomer) -> Result<(), Refusal> {
        let host = &self.host;
        let id = &host.id;
        if host.spec().command.is_some() {
            let why = format!("handler '{id}' is started by Instep: take its command out of the settings");
            return Err(Refusal::AccessDenied(why));
        }
        let _one_at_a_time = locked(&host.starting);
        if host.running().is_some() {
            return Err(Refusal::AccessDenied(format!("handler '{id}' is connected already")));
        }
        host.may_begin().map_err(|problem| Refusal::AccessDenied(problem.text))?;
        let failed = |problem: Problem| Refusal::Failed(problem.text);
        let (input, output, question) =
            newcomer.greet().map_err(|error| Refusal::Failed(syncmgr::reason(&error)))?;
        let connection = Connection::accept(host.parts(), input, output, host.on_end()).map_err(failed)?;
        connection.reply(question.as_deref(), &Ok(Done {}));
        connection.initialize().map_err(failed)?;
        host.take(&connection);
        *locked(&host.visitors) = Some(newcomer.visitors());
        if connection.is_over() {
            host.gone(&connection);
        }
        host.read_again(&connection);
        Ok(())
    }

    /// Whether its process is started from here; else it comes by itself.
    pub fn is_started_here(&self) -> bool {
        self.host.spec().command.is_some()
    }

    /// Starts its process, if it has one and it does not run.
    ///
    /// # Errors
    /// What kept it from starting.
    pub fn start(&self) -> Result<(), Problem> {
        self.host.connect().map(drop)
    }

    /// Whether it wants to run all the time, because it watches something; what it said last counts.
    pub fn wants_to_stay(&self) -> bool {
        locked(&self.host.state).said.as_ref().is_some_and(|said| said.stays)
    }

    /// Another command or other settings, which count from its next start. A process that is at work ends that first; one
    /// that is idle is ended now, and started again when it is needed.
    pub fn set_spec(&self, spec: HandlerSpec) {
        let said = Memory::of(&spec).read();
        *locked(&self.host.spec) = Arc::new(spec);
        let connection = {
            let mut state = locked(&self.host.state);
            state.said = said;
            state.connection.clone()
        };
        if let Some(connection) = connection {
            connection.retire();
        }
    }

    /// Asks it again for everything that it says of itself; starts it if need be.
    ///
    /// # Errors
    /// It cannot be started, or does not answer.
    pub fn read_again(&self) -> Result<(), Problem> {
        let connection = self.host.connect()?;
        self.host.read(&connection)?;
        Ok(())
    }

    /// How many lines of the last connection were no messages.
    pub fn bad_lines(&self) -> u32 {
        let state = locked(&self.host.state);
        state.connection.as_ref().map_or(0, |connection| connection.bad_lines.load(Ordering::Relaxed))
    }

    /// The last lines of its log, with what was noted about it.
    pub fn last_words(&self) -> Vec<String> {
        let connection = locked(&self.host.state).connection.clone();
        connection.map_or_else(Vec::new, |connection| locked(&connection.log).last_words())
    }

    /// Whether its process runs, or its program is connected.
    pub fn is_running(&self) -> bool {
        self.host.running().is_some()
    }

    /// Ends its process (message, TERM, KILL); it is started again when it is needed.
    pub fn restart(&self) {
        let connection = locked(&self.host.state).connection.take();
        if let Some(connection) = connection {
            connection.shut_down();
        }
    }

    /// Ends its process (message, TERM, KILL), and lets go of the center. It is not started again.
    pub fn shut_down(&self) {
        let connection = {
            let mut state = locked(&self.host.state);
            state.closed = true;
            state.connection.take()
        };
        if let Some(connection) = connection {
            connection.shut_down();
        }
        *locked(&self.host.services) = Services::default();
        *locked(&self.host.visitors) = None;
    }
}

impl Handler for HostedHandler {
    fn id(&self) -> &HandlerId {
        &self.host.id
    }

    /// A handler that cannot be asked is shown by its identifier; its comment says why.
    fn name(&self) -> Result<String, HandlerError> {
        let id = || self.host.id.to_string();
        let own = || self.host.said().map_or_else(|_| id(), |said| said.handler.name);
        Ok(self.host.spec().name.clone().unwrap_or_else(own))
    }

    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        let attached = self.host.spec().command.is_some() || self.host.running().is_some();
        Ok(match self.host.said() {
            Ok(said) => {
                let info = said.handler.info();
                HandlerInfo { connected: info.connected && attached, ..info }
            }
            Err(problem) => HandlerInfo {
                comment: syncmgr::text::cut(&problem.text, syncmgr::text::MAX_COMMENT).to_owned(),
                connected: attached,
                ..HandlerInfo::default()
            },
        })
    }

    fn capabilities(&self) -> HandlerCapabilities {
        self.host.said().map_or(HandlerCapabilities::empty(), |said| said.handler.capabilities.0)
    }

    fn policies(&self) -> HandlerPolicies {
        self.host.said().map_or(HandlerPolicies::empty(), |said| said.handler.policies.0)
    }

    fn activate(&self, active: bool) -> Result<(), HandlerError> {
        self.host.tell(&ask::Activate { active })
    }

    fn enable(&self, enabled: bool) -> Result<(), HandlerError> {
        self.host.tell(&ask::Enable { item: None, enabled })
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn test(&self) -> Result<String, HandlerError> {
        self.read_again().map(|()| String::new()).map_err(|problem| HandlerError { problem })
    }

    fn event_store(&self) -> Option<Arc<dyn EventStore>> {
        let has = self.capabilities().contains(HandlerCapabilities::EVENT_STORE);
        has.then(|| Arc::new(RemoteEvents::new(&self.host, None)) as Arc<dyn EventStore>)
    }

    fn conflict_store(&self) -> Option<Arc<dyn ConflictStore>> {
        let has = self.capabilities().contains(HandlerCapabilities::CONFLICT_STORE);
        has.then(|| Arc::new(RemoteConflicts::new(&self.host)) as Arc<dyn ConflictStore>)
    }

    fn resolution_handler(&self) -> Option<Arc<dyn ResolutionHandler>> {
        let connection = self.host.connect().ok()?;
        if !connection.can(Ability::Resolve) && !connection.can(Ability::Settle) {
            return None;
        }
        Some(Arc::new(RemoteResolution::new(&self.host)))
    }

    fn ui_operation(&self, action: &UiAction) -> Option<Arc<dyn UiOperation>> {
        ui::operation(&self.host, action, None)
    }

    fn event_link(&self, event: &Event) -> Option<Arc<dyn UiOperation>> {
        ui::event_link(&self.host, event)
    }

    fn icon(&self) -> Option<Icon> {
        let has = self.capabilities().contains(HandlerCapabilities::PROVIDES_ICON);
        has.then(|| icon::icon(&self.host, None)).flatten()
    }

    fn adopt(&self, item: &ItemId, name: Option<&str>) -> Result<(), Refusal> {
        let Some(connection) = self.host.able(Ability::Adopt) else {
            return Err(Refusal::InvalidArgument(format!(
                "the handler '{}' has no item '{item}'",
                self.id()
            )));
        };
        let question = ask::Adopt { item: item.to_string(), name: name.map(str::to_owned) };
        connection.call(&question, self.host.limits.answer)?;
        connection.read_again();
        Ok(())
    }

    fn request(&self, options: &str) -> Result<Option<Request>, Refusal> {
        let options = read_options(options)?;
        if options.is_empty() {
            return Ok(None);
        }
        let connection = self.host.connect().map_err(|problem| Refusal::Failed(problem.text))?;
        if !connection.can(Ability::Options) {
            let why = format!("handler '{}' knows no options; give {{}}", self.id());
            return Err(Refusal::InvalidArgument(why));
        }
        connection.call(&ask::CheckOptions { options: options.clone() }, self.host.limits.answer)?;
        Ok(Some(control::request_of(options, None)))
    }

    fn undo_request(&self, run: RunId) -> Option<Request> {
        let connection = self.host.able(Ability::Undo)?;
        let found = connection.call(&ask::UndoOptions { run: run.0.into() }, self.host.limits.answer).ok()?;
        found.options.map(|options| control::request_of(options, None))
    }

    fn preview(&self, item: &ItemId, options: &str, watch: &dyn Watch) -> Result<Preview, PreviewError> {
        look::preview(&self.host, item, read_options(options)?, watch)
    }

    fn verify(&self, item: &ItemId, options: &str, watch: &dyn Watch) -> Result<Verification, PreviewError> {
        look::verify(&self.host, item, read_options(options)?, watch)
    }

    fn command_line(&self, item: &ItemId) -> Option<String> {
        let connection = self.host.able(Ability::CommandLine)?;
        let question = ask::CommandLine { item: item.to_string() };
        connection.call(&question, self.host.limits.answer).ok()?.command
    }

    fn terminate(&self, run: RunId, how: Termination) -> Result<(), Refusal> {
        let connection = self.host.running().ok_or(Refusal::Ended)?;
        let (is_here, has_others) = connection.sessions.of_run(run);
        if !is_here {
            return Err(Refusal::Ended);
        }
        if has_others {
            let why = format!("the process of handler '{}' also works on other items", self.id());
            return Err(Refusal::NotImplemented(why));
        }
        connection.signal(match how {
            Termination::Terminate => Signal::TERM,
            Termination::Kill => Signal::KILL,
        });
        Ok(())
    }

    fn follow(
        &self,
        item: &ItemId,
        runner: Arc<dyn Runner>,
    ) -> Result<Option<Box<dyn Following>>, HandlerError> {
        follow::follow(&self.host, item, runner)
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let was_running = self.host.running().is_some();
        let connection = self.host.connect()?;
        if !was_running {
            self.host.read_again(&connection);
        }
        synchronize::synchronize(&connection, items, creator, request)
    }
}

/// Options as text are a JSON object; none at all is the empty one.
fn read_options(options: &str) -> Result<Map<String, Value>, Refusal> {
    if options.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(options)
        .map_err(|error| Refusal::InvalidArgument(format!("the options are no JSON object: {error}")))
}
