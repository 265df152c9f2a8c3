//! What all parts of a hosted handler share: its connection, what it said of itself, and how often it died.

use std::sync::{Arc, Mutex, Weak, mpsc};
use std::time::Instant;

use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::{HandlerError, HandlerId, Problem, ProblemClass};
use wire::rpc::handler as ask;
use wire::rpc::handler::Ability;

use super::calls::CallError;
use super::connection::{Connection, OnEnd, Parts, locked};
use super::door::Visitors;
use super::follow::Heard;
use super::limits::{Deaths, Limits};
use super::memory::{Memory, Said};
use super::spec::{HandlerSpec, Services};

/// More pages than this are no list of items that anybody could see.
pub(crate) const MOST_PAGES: usize = 1000;

/// What all parts of a hosted handler share.
pub(crate) struct Host {
    pub(crate) id: HandlerId,
    pub(crate) limits: Limits,
    /// What is known of it before it is asked.
    pub(crate) spec: Mutex<Arc<HandlerSpec>>,
    pub(crate) services: Arc<Mutex<Services>>,
    /// Who hears that a program which came by itself has left.
    pub(crate) visitors: Mutex<Option<Arc<dyn Visitors>>>,
    /// Who keeps an item followed.
    keepers: Mutex<Vec<mpsc::Sender<Heard>>>,
    /// Held while the process is started: two threads must not start two.
    pub(crate) starting: Mutex<()>,
    pub(crate) state: Mutex<State>,
}

/// What becomes of it.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) connection: Option<Arc<Connection>>,
    pub(crate) deaths: Deaths,
    pub(crate) said: Option<Said>,
    pub(crate) closed: bool,
}

impl Host {
    /// Of this specification. Nothing is started before it is needed.
    pub(crate) fn new(spec: HandlerSpec, limits: Limits) -> Self {
        let said = Memory::of(&spec).read();
        Self {
            id: spec.id.clone(),
            spec: Mutex::new(Arc::new(spec)),
            limits,
            services: Arc::default(),
            visitors: Mutex::default(),
            keepers: Mutex::default(),
            starting: Mutex::default(),
            state: Mutex::new(State { said, ..State::default() }),
        }
    }

    pub(crate) fn spec(&self) -> Arc<HandlerSpec> {
        Arc::clone(&locked(&self.spec))
    }

    /// Takes a connection that nobody uses out of reach, so that it can be ended; false when somebody uses it.
    pub(crate) fn let_go_of(&self, connection: &Arc<Connection>) -> bool {
        let mut state = locked(&self.state);
        let ours = state.connection.as_ref().is_some_and(|known| Arc::ptr_eq(known, connection));
        // By its link's thread, by that thread's desk, and perhaps here: nobody else holds it, and nobody can get it
        // meanwhile.
        let unused = Arc::strong_count(connection) <= 2 + usize::from(ours);
        if ours && unused {
            state.connection = None;
        }
        unused
    }

    /// The connection, if there is one.
    pub(crate) fn running(&self) -> Option<Arc<Connection>> {
        let connection = locked(&self.state).connection.clone();
        connection.filter(|connection| !connection.is_over() && !connection.is_leaving())
    }

    pub(crate) fn parts(self: &Arc<Self>) -> Parts {
        Parts {
            spec: self.spec(),
            limits: self.limits,
            services: Arc::clone(&self.services),
            host: Arc::downgrade(self),
        }
    }

    /// What is remembered of an end.
    pub(crate) fn on_end(self: &Arc<Self>) -> OnEnd {
        let host: Weak<Self> = Arc::downgrade(self);
        Box::new(move |lived, surprise| {
            let (Some(host), Some(problem)) = (host.upgrade(), surprise) else { return };
            locked(&host.state).deaths.count(lived, problem.text.clone(), Instant::now());
        })
    }

    pub(crate) fn take(&self, connection: &Arc<Connection>) {
        locked(&self.state).connection = Some(Arc::clone(connection));
        // Who has nobody to tell any more is forgotten.
        locked(&self.keepers).retain(|keeper| keeper.send(Heard::Came).is_ok());
    }

    /// Whoever keeps an item followed hears when there is a connection.
    pub(crate) fn tell_of_connections(&self, keeper: mpsc::Sender<Heard>) {
        locked(&self.keepers).push(keeper);
    }

    /// The center is told that there is something to be read.
    pub(crate) fn read_again(&self, connection: &Arc<Connection>) {
        let Some(control) = connection.services().control else { return };
        let id = self.id.clone();
        // When too much waits to be done, whatever is done last reads it again.
        let reads = Arc::clone(connection);
        let _ = connection.run_errand(Box::new(move || {
            reads.read_again();
            // It is refused while the handler is not registered yet, which reads it all the same.
            let _ = Control::update_handler(control.as_ref(), &id, ControlFlags::WAIT);
        }));
    }

    /// A connection has ended. Of a process that is started when it is needed nobody has to know, nor of one whose place
    /// another one has taken.
    pub(crate) fn gone(&self, connection: &Connection) {
        let now = locked(&self.state).connection.clone();
        if now.is_some_and(|now| !std::ptr::eq(Arc::as_ptr(&now), connection)) {
            return;
        }
        let visitors = locked(&self.visitors).take();
        if let Some(visitors) = visitors {
            visitors.left(&self.id);
        }
    }

    /// Whether there may be a connection now.
    pub(crate) fn may_begin(&self) -> Result<(), Problem> {
        let id = &self.id;
        let state = locked(&self.state);
        if state.closed {
            return Err(Problem::new(ProblemClass::Transient, format!("Handler '{id}' was stopped.")));
        }
        match state.deaths.pause(Instant::now()) {
            None => Ok(()),
            Some((left, deaths, last)) => {
                let text = format!(
                    "Handler '{id}' ended {deaths} times in a row, and may begin again in {} s. The last time: {last}",
                    left.as_secs() + 1
                );
                Err(Problem::new(ProblemClass::Transient, text).with_fix("look into the log of the handler"))
            }
        }
    }

    /// The connection; starts the process if need be.
    pub(crate) fn connect(self: &Arc<Self>) -> Result<Arc<Connection>, Problem> {
        if let Some(connection) = self.running() {
            return Ok(connection);
        }
        let _one_at_a_time = locked(&self.starting);
        if let Some(connection) = self.running() {
            return Ok(connection);
        }
        let id = &self.id;
        let spec = self.spec();
        let Some(command) = &spec.command else {
            let text =
                format!("The program of handler '{id}' is not running: it starts itself, and connects then.");
            return Err(Problem::new(ProblemClass::Transient, text).with_fix("start that program"));
        };
        self.may_begin()?;
        let connection = Connection::start(self.parts(), command, self.on_end())?;
        connection.initialize()?;
        self.take(&connection);
        Ok(connection)
    }

    /// What it said of itself last. Only a handler of which nothing is known is asked: the center may want to know while
    /// the handler itself waits for an answer.
    pub(crate) fn said(self: &Arc<Self>) -> Result<Said, Problem> {
        let known = locked(&self.state).said.clone();
        match known {
            Some(said) => Ok(said),
            None => Ok(self.read(self.connect()?.as_ref())?),
        }
    }

    /// Asks it for everything that it says of itself.
    pub(crate) fn read(&self, connection: &Connection) -> Result<Said, CallError> {
        let said = ask_all(connection, &self.limits)?;
        Memory::of(&connection.spec).write(&said);
        locked(&self.state).said = Some(said.clone());
        Ok(said)
    }

    /// Asks something that only a running handler can answer.
    pub(crate) fn call<M: wire::rpc::Method>(
        self: &Arc<Self>,
        question: &M,
        patience: std::time::Duration,
    ) -> Result<M::Answer, CallError> {
        self.connect().map_err(CallError::Over)?.call(question, patience)
    }

    /// Tells it what a person did, and reads what it makes of that.
    pub(crate) fn tell<M: wire::rpc::Method>(self: &Arc<Self>, question: &M) -> Result<(), HandlerError> {
        let connection = self.connect()?;
        connection.call(question, self.limits.work)?;
        connection.read_again();
        Ok(())
    }

    /// The connection, if the handler has these optional methods; starts it to find out.
    pub(crate) fn able(self: &Arc<Self>, ability: Ability) -> Option<Arc<Connection>> {
        self.connect().ok().filter(|connection| connection.can(ability))
    }
}

/// Nobody can reach it any more: a process ends as soon as it has nothing under way.
impl Drop for Host {
    fn drop(&mut self) {
        let connection = locked(&self.state).connection.take();
        if let Some(connection) = connection {
            connection.retire();
        }
    }
}

fn ask_all(connection: &Connection, limits: &Limits) -> Result<Said, CallError> {
    let handler = connection.call(&ask::GetHandler {}, limits.answer)?;
    let (mut items, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = connection.call(&ask::ListItems { after: after.take() }, limits.answer)?;
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(Said { handler, items, stays: connection.can(Ability::Stay) })
}
