//! A connection with a handler: asks it, and holds what it has open.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak, mpsc};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::value::RawValue;
use syncmgr::conflict::Conflict;
use syncmgr::{ItemId, Problem, ProblemClass};
use wire::rpc::handler::{Ability, Initialize, Initialized, Shutdown};
use wire::rpc::things::Program;
use wire::rpc::{ErrorObject, Method, VERSION, write_answer, write_call};

use super::calls::{CallError, Calls};
use super::desk::ConnectionDesk;
use super::follow::Follows;
use super::limits::Limits;
use super::link::{End, Outbox, Reader, Tick, Unsent};
use super::log::Log;
use super::look::Looks;
use super::process::{Pipes, Process, ending};
use super::sessions::Sessions;
use super::shared::Host;
use super::spec::{HandlerSpec, Services};
use super::turns::Turns;

/// Whoever has nothing to look at looks again then.
const A_LONG_TIME: Duration = Duration::from_secs(3600);

/// Something that may take long, or that may ask the handler in turn.
pub(crate) type Errand = Box<dyn FnOnce() + Send>;

/// A connection with one process.
pub(crate) struct Connection {
    pub(crate) spec: Arc<HandlerSpec>,
    pub(crate) limits: Limits,
    services: Arc<Mutex<Services>>,
    pub(crate) sessions: Sessions,
    pub(crate) calls: Calls,
    pub(crate) log: Mutex<Log>,
    pub(crate) bad_lines: AtomicU32,
    outbox: Arc<Outbox>,
    process: Option<Process>,
    pub(crate) turns: Turns,
    /// Parts of conflict lists that are not complete yet.
    pub(crate) conflicts: Mutex<HashMap<ItemId, Vec<Conflict>>>,
    pub(crate) looks: Looks,
    pub(crate) follows: Follows,
    errands: mpsc::SyncSender<Errand>,
    numbers: AtomicU64,
    link_thread: OnceLock<ThreadId>,
    hello: OnceLock<Initialized>,
    /// Set by us before we end it: its end is no surprise then.
    ending: AtomicBool,
    /// It was begun with settings that are old now.
    retired: AtomicBool,
    /// Why it ended, where we know better than its exit code.
    reason: Mutex<Option<Problem>>,
    started: Instant,
    gone: Mutex<bool>,
    went: Condvar,
    host: Weak<Host>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What to do when a connection is over: how long it lived, and why it ended if that was a surprise.
pub(crate) type OnEnd = Box<dyn FnOnce(Duration, Option<&Problem>) + Send>;

/// What a connection is made of.
pub(crate) struct Parts {
    pub(crate) spec: Arc<HandlerSpec>,
    pub(crate) limits: Limits,
    pub(crate) services: Arc<Mutex<Services>>,
    pub(crate) host: Weak<Host>,
}

impl Connection {
    /// Starts the handler's process; the handshake follows.
    pub(crate) fn start(parts: Parts, command: &[String], on_end: OnEnd) -> Result<Arc<Self>, Problem> {
        let (process, pipes) = Process::start(&parts.spec, command)?;
        Self::open(parts, Some(process), pipes, on_end)
    }

    /// A connection with a program that started itself.
    pub(crate) fn accept(
        parts: Parts,
        input: OwnedFd,
        output: OwnedFd,
        on_end: OnEnd,
    ) -> Result<Arc<Self>, Problem> {
        Self::open(parts, None, Pipes { input, output, log: None, exited: None }, on_end)
    }

    fn open(
        parts: Parts,
        process: Option<Process>,
        pipes: Pipes,
        on_end: OnEnd,
    ) -> Result<Arc<Self>, Problem> {
        let Parts { spec, limits, services, host } = parts;
        let no_system = |error: std::io::Error| {
            let text =
                format!("Handler '{}' cannot be connected with: {}.", spec.id, syncmgr::reason(&error));
            Problem::new(ProblemClass::Transient, text)
        };
        let (reader, outbox) = Reader::new(pipes, limits.unread, limits.exit).map_err(no_system)?;
        let (errands, waiting) = mpsc::sync_channel::<Errand>(limits.errands);
        let log = Log::new(log_path(&spec));
        let connection = Arc::new(Self {
            spec: Arc::clone(&spec),
            limits,
            services,
            sessions: Sessions::default(),
            calls: Calls::default(),
            log: Mutex::new(log),
            bad_lines: AtomicU32::new(0),
            outbox,
            process,
            turns: Turns::default(),
            conflicts: Mutex::default(),
            looks: Looks::default(),
            follows: Follows::default(),
            errands,
            numbers: AtomicU64::new(0),
            link_thread: OnceLock::new(),
            hello: OnceLock::new(),
            ending: AtomicBool::new(false),
            retired: AtomicBool::new(false),
            reason: Mutex::default(),
            started: Instant::now(),
            gone: Mutex::default(),
            went: Condvar::new(),
            host,
        });
        let runs = Arc::clone(&connection);
        let link = move || {
            let _ = runs.link_thread.set(thread::current().id());
            let mut desk = ConnectionDesk::new(Arc::clone(&runs));
            let end = reader.run(&mut desk);
            runs.over(end, on_end);
        };
        let spawn = |name: &str, run: Box<dyn FnOnce() + Send>| {
            thread::Builder::new().name(format!("{name} {}", spec.id)).spawn(run).map(drop)
        };
        spawn("link", Box::new(link)).map_err(no_system)?;
        // It ends when the connection is let go of.
        spawn("errands", Box::new(move || waiting.into_iter().for_each(|errand| errand())))
            .map_err(no_system)?;
        Ok(connection)
    }

    /// The handshake.
    pub(crate) fn initialize(&self) -> Result<(), Problem> {
        let question = Initialize {
            protocol: VERSION,
            center: Program { name: "instep".into(), version: env!("CARGO_PKG_VERSION").into() },
            handler: self.spec.id.to_string(),
            partner: self.spec.collection.as_ref().and_then(|of| of.partner.clone()),
            limits: self.limits.told(),
            settings: self.spec.settings.clone(),
            items: self.spec.items.clone(),
            abilities: Vec::new(),
        };
        let hello = self.call(&question, self.limits.answer).map_err(|error| match error {
            CallError::Late { waited, .. } => Problem::new(
                ProblemClass::Config,
                format!(
                    "Handler '{}' did not answer the handshake within {} s.",
                    self.spec.id,
                    waited.as_secs()
                ),
            )
            .with_fix("check that its program speaks the handler protocol on descriptors 3 and 4"),
            other => other.into(),
        });
        let agreed = hello.and_then(|hello| match VERSION.with(hello.protocol) {
            Ok(_) => Ok(hello),
            Err(other) => {
                let text = format!("Handler '{}' cannot be talked with: {other}.", self.spec.id);
                Err(Problem::new(ProblemClass::Config, text).with_fix(other.fix()))
            }
        });
        match agreed {
            Ok(hello) => {
                let _ = self.hello.set(hello);
                Ok(())
            }
            Err(problem) => {
                self.end_because(problem.clone());
                Err(problem)
            }
        }
    }

    /// What the handler reaches in the center.
    pub(crate) fn services(&self) -> Services {
        locked(&self.services).clone()
    }

    /// Whether the handler has a group of optional methods.
    pub(crate) fn can(&self, ability: Ability) -> bool {
        self.hello.get().is_some_and(|hello| hello.abilities.contains(&ability))
    }

    /// A number that was not used on this connection.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What it said of itself may have changed: asks it again. Not to be called while it waits for an answer of ours.
    pub(crate) fn read_again(&self) {
        if let Some(host) = self.host.upgrade() {
            // What cannot be read now stays as it was.
            let _ = host.read(self);
        }
    }

    /// Makes the link's thread look at its sessions.
    pub(crate) fn wake(&self) {
        self.outbox.wake();
    }

    // ---- Asking ----------------------------------------------------------------------------------------------------

    /// Asks, and waits for the answer.
    pub(crate) fn call<M: Method>(&self, question: &M, patience: Duration) -> Result<M::Answer, CallError> {
        if self.link_thread.get() == Some(&thread::current().id()) {
            // The thread that would read the answer.
            return Err(CallError::Wrong { method: M::NAME, why: "it cannot be asked here".into() });
        }
        let (id, answer) = self.calls.wait()?;
        self.put(id, question)?;
        let raw = match answer.recv_timeout(patience) {
            Ok(answer) => answer?,
            Err(_) => {
                self.calls.forget(id);
                return Err(CallError::Late { method: M::NAME, waited: patience });
            }
        };
        serde_json::from_str(raw.get())
            .map_err(|error| CallError::Wrong { method: M::NAME, why: error.to_string() })
    }

    /// Sends a question that was opened.
    pub(crate) fn put<M: Method>(&self, id: u64, question: &M) -> Result<(), CallError> {
        let line = write_call(Some(id), question)
            .map_err(|error| CallError::Wrong { method: M::NAME, why: error.to_string() })?;
        self.send(&line);
        Ok(())
    }

    /// Tells something that is not answered.
    pub(crate) fn notify<M: Method>(&self, message: &M) {
        if let Ok(line) = write_call(None, message) {
            self.send(&line);
        }
    }

    /// Answers a question of the handler.
    pub(crate) fn reply<R: serde::Serialize>(&self, id: Option<&RawValue>, answer: &Result<R, ErrorObject>) {
        if let Some(id) = id {
            self.send(&write_answer(id, answer));
        }
    }

    fn send(&self, line: &[u8]) {
        match self.outbox.send(line) {
            // Whoever waits for an answer hears of the end by it.
            Ok(()) | Err(Unsent::Closed) => {}
            Err(Unsent::Full) => self.end_because(
                Problem::new(
                    ProblemClass::Bug,
                    format!("Handler '{}' does not read what it is told, and was ended.", self.spec.id),
                )
                .with_fix("This is a mistake in the handler; please report it to its author"),
            ),
        }
    }

    // ---- Errands ---------------------------------------------------------------------------------------------------

    /// Has something done on the errands' thread. False: too much waits there.
    pub(crate) fn run_errand(&self, errand: Errand) -> bool {
        self.errands.try_send(errand).is_ok()
    }

    // ---- The end ---------------------------------------------------------------------------------------------------

    /// Whether it can still be asked.
    pub(crate) fn is_over(&self) -> bool {
        self.calls.is_over()
    }

    /// Ends the connection for a reason that people will read, and its process with it.
    pub(crate) fn end_because(&self, problem: Problem) {
        locked(&self.reason).get_or_insert(problem);
        if let Some(process) = &self.process {
            process.signal(Signal::KILL);
        }
        self.outbox.end();
    }

    /// Its settings are old and it has nothing under way: it ends, and is asked nothing any more.
    pub(crate) fn is_leaving(&self) -> bool {
        self.retired.load(Ordering::Acquire) && self.sessions.is_empty() && self.turns.is_empty()
    }

    /// It is ended as soon as nobody uses it.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.outbox.wake();
    }

    /// Nothing is under way, for so long: ends it if it is time to. Gives when to look again.
    pub(crate) fn rest(self: &Arc<Self>, idle: Duration) -> Tick {
        let retired = self.retired.load(Ordering::Acquire);
        // What starts itself, or has something to watch, stays.
        let watches = self.can(Ability::Stay) || !self.follows.is_empty();
        let stays = !retired && (self.process.is_none() || watches);
        let left = if retired { Duration::ZERO } else { self.limits.idle.saturating_sub(idle) };
        if stays || self.ending.load(Ordering::Acquire) {
            return Tick::In(A_LONG_TIME);
        }
        if !left.is_zero() {
            return Tick::In(left);
        }
        // Without a host nobody can reach it any more.
        if self.host.upgrade().is_none_or(|host| host.let_go_of(self)) {
            self.ending.store(true, Ordering::Release);
            let ends = Arc::clone(self);
            // Its thread has nothing else to do: nobody could have given it something.
            self.run_errand(Box::new(move || ends.shut_down()));
        }
        Tick::Soon
    }

    /// Sends a signal to the process and all that it started; without a process of ours, ends the connection.
    pub(crate) fn signal(&self, signal: Signal) {
        match &self.process {
            Some(process) => process.signal(signal),
            None => self.outbox.end(),
        }
    }

    /// Asks it to exit, and sees to it that it does: message, TERM, KILL. Returns when it is over.
    pub(crate) fn shut_down(&self) {
        self.ending.store(true, Ordering::Release);
        // Its answer does not matter, its exit does.
        if let Ok(id) = self.calls.ask(Box::new(drop)) {
            let _ = self.put(id, &Shutdown {});
        }
        for signal in [Signal::TERM, Signal::KILL] {
            if self.wait_until_over(self.limits.exit) {
                return;
            }
            self.signal(signal);
        }
        if !self.wait_until_over(self.limits.exit) {
            self.outbox.end();
        }
    }

    fn wait_until_over(&self, patience: Duration) -> bool {
        let gone = locked(&self.gone);
        let waited = self.went.wait_timeout_while(gone, patience, |gone| !*gone);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// The link is over: everybody who waits hears of it.
    fn over(&self, end: End, on_end: OnEnd) {
        let status = match (&self.process, end) {
            (None, _) => None,
            (Some(process), End::Exited) => process.reap(),
            (Some(process), End::Closed | End::Ended) => {
                process.signal(Signal::KILL);
                process.reap()
            }
        };
        let id = &self.spec.id;
        let ended_by_us = self.ending.load(Ordering::Acquire) || end == End::Ended;
        let known = locked(&self.reason).clone();
        let problem = known.clone().unwrap_or_else(|| {
            let text = match (end, &self.process) {
                _ if ended_by_us => format!("Handler '{id}' was stopped."),
                (_, None) => format!("The program of handler '{id}' closed its connection."),
                (End::Closed | End::Ended, Some(_)) => {
                    format!("Handler '{id}' closed descriptor 4, and was ended.")
                }
                (End::Exited, Some(_)) => {
                    format!("Handler '{id}' went away: its process {}.", ending(status))
                }
            };
            Problem::new(ProblemClass::Transient, text).with_fix("synchronize it again")
        });
        let last_words = {
            let mut log = locked(&self.log);
            let words = log.last_words();
            log.note(&problem.text);
            words
        };
        // First, so that whoever hears of the end finds it counted. A program that came by itself may leave by itself,
        // unless it leaves work behind.
        let leaves = self.process.is_none() && self.sessions.is_empty();
        let surprise = known.is_some() || !(ended_by_us || leaves);
        on_end(self.started.elapsed(), surprise.then_some(&problem));
        for session in self.sessions.take_all() {
            session.interrupt(&problem, &last_words);
        }
        self.calls.end(&problem);
        self.turns.over(&problem);
        self.follows.over();
        *locked(&self.gone) = true;
        self.went.notify_all();
        if let Some(host) = self.host.upgrade() {
            host.gone(self);
        }
    }
}

fn log_path(spec: &HandlerSpec) -> Option<PathBuf> {
    Some(spec.state.as_ref()?.join(format!("{}.log", file_name(spec.id.as_str()))))
}

/// An identifier as a file name; no two have the same one.
pub(crate) fn file_name(id: &str) -> String {
    let mut name = String::with_capacity(id.len());
    for c in id.chars() {
        if c.is_alphanumeric() || matches!(c, '-' | '_') {
            name.push(c);
        } else {
            let mut bytes = [0; 4];
            name.extend(c.encode_utf8(&mut bytes).bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    name
}
