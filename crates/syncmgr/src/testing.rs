//! A sync center for tests of handlers: no store, no thread, no clock, the same rules.
//!
//! [`TestCenter`] runs a handler on the calling thread, records every call with its answer, and applies the rules by
//! the same [`Session`] as a real center. A test asks for whatever a person could ask for, now or when a certain call
//! comes ([`TestCenter::when`]), moves time on, and reads at the end what every item came to and which rules the handler
//! broke ([`TestCenter::finish`]). The crate's front page has an example.

mod callback;
mod ledger;
mod verdict;

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use ledger::MemoryLedger;
pub use verdict::{Call, Verdict, Violation, What};

use self::callback::TestCallback;
use crate::callback::{SessionCreator, SyncCallback};
use crate::error::{HandlerError, Refusal};
use crate::event::{Event, EventId, NewEvent};
use crate::flags::{HandlerCapabilities, SyncControlFlags};
use crate::handler::{Handler, Request, SyncItem};
use crate::ids::{HandlerId, ItemId, RunId};
use crate::queue::{Queue, Start};
use crate::session::{EndReason, Ended, Session};
use crate::switches::{HandlerStanding, ItemStanding, Origin, Switches};
use crate::{admission, text};

/// How far [`TestCenter::advance`] moves between two looks at the leases.
const TICK: i64 = 1000;

/// What a test can ask for in a person's place.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Ask {
    /// Stop this item.
    CancelItem(ItemId),
    /// Stop the handler, or everything; a handler cannot tell one from the other (R4).
    CancelAll,
    /// Synchronize these items next; with an opaque request or without.
    Start(Vec<ItemId>, Option<Request>),
    /// Let this much time go by without a word of the handler.
    Advance(Duration),
}

/// A double of the sync center that handles one handler. Clones are the same center.
#[derive(Clone)]
pub struct TestCenter(Arc<Inner>);

type Condition = Box<dyn Fn(&Call) -> bool + Send>;

struct Inner {
    handler: Arc<dyn Handler>,
    now: AtomicI64,
    next_run: AtomicU64,
    next_event: AtomicU64,
    world: Mutex<World>,
}

#[derive(Default)]
struct World {
    switches: Switches,
    queue: Queue<()>,
    sessions: Vec<Arc<Session>>,
    /// Items that were committed, beside those that the handler lists.
    adopted: Vec<Arc<dyn SyncItem>>,
    triggers: Vec<(Condition, Ask)>,
    /// A stop that was asked for before any session began.
    cancel_next: bool,
    calls: Vec<Call>,
    events: Vec<Event>,
    runs: Vec<Ended>,
    failures: Vec<HandlerError>,
    violations: Vec<Violation>,
}

impl TestCenter {
    /// A center that knows this handler, active, enabled and connected as far as its info does not say otherwise.
    pub fn new(handler: Arc<dyn Handler>) -> Self {
        let mut world = World::default();
        match admission::handler(handler.as_ref()) {
            Ok(properties) => {
                world.switches = Switches::of_handler(None, &properties.info, properties.policies);
                if handler.name().is_ok_and(|name| text::units(&name) > text::MAX_NAME) {
                    world.violations.push(Violation::new("R5", "the handler's name is too long and was cut"));
                }
            }
            Err(why) => world.violations.push(Violation::new("R18", format!("the handler is hidden: {why}"))),
        }
        for item in handler.items().all() {
            if let Err(why) = admission::item(item.as_ref()) {
                world
                    .violations
                    .push(Violation::new("R18", format!("item '{}' is hidden: {why}", item.id())));
            }
        }
        Self(Arc::new(Inner {
            handler,
            now: AtomicI64::new(0),
            next_run: AtomicU64::new(1),
            next_event: AtomicU64::new(1),
            world: Mutex::new(world),
        }))
    }

    /// Sets the handler's switches (R15).
    pub fn set_switches(&self, switches: Switches) {
        self.0.world().switches = switches;
    }

    /// Synchronizes these items, and whatever else waits afterwards.
    ///
    /// # Errors
    /// `InvalidArgument` for an item that the handler does not have; `AccessDenied` when it may not be started (R15).
    pub fn sync(&self, items: &[ItemId]) -> Result<(), Refusal> {
        self.start(items, None)?;
        self.run();
        Ok(())
    }

    /// Synchronizes all items that the handler has.
    ///
    /// # Errors
    /// As [`sync`](Self::sync).
    pub fn sync_all(&self) -> Result<(), Refusal> {
        let all = self.0.handler.items().all();
        let admissible = all.iter().filter(|item| admission::item(item.as_ref()).is_ok());
        let ids: Vec<ItemId> = admissible.map(|item| item.id().clone()).collect();
        self.sync(&ids)
    }

    /// Puts a request into the queue (R17); [`run`](Self::run) works it off.
    ///
    /// # Errors
    /// As [`sync`](Self::sync).
    pub fn start(&self, items: &[ItemId], request: Option<Request>) -> Result<(), Refusal> {
        for item in items {
            self.0.admit(item, Origin::Control)?;
        }
        let start = Start { items: items.to_vec(), request, flags: SyncControlFlags::empty(), ticket: None };
        self.0.world().queue.push(start, |_| false);
        Ok(())
    }

    /// Works the queue off on the calling thread: each request is one `synchronize`.
    pub fn run(&self) {
        loop {
            let Some(turn) = self.0.world().queue.pop() else { return };
            let creator = Turn { center: self, opened: Mutex::default() };
            let answer = self.0.handler.synchronize(&turn.items, &creator, turn.request.as_ref());
            let opened = creator.opened.into_inner().unwrap_or_else(PoisonError::into_inner);
            self.0.end(EndReason::Returned, |session| opened.contains(&session.run_id()));
            let mut world = self.0.world();
            world.cancel_next = false;
            match answer {
                Err(error) => world.failures.push(error),
                Ok(()) if opened.is_empty() => world.violations.push(Violation::new(
                    "R2",
                    "synchronize returned without having opened a session: no item has a result",
                )),
                Ok(()) => {}
            }
        }
    }

    /// Asks for something now. A stop that is asked for while no session runs reaches the next one.
    pub fn ask(&self, ask: Ask) {
        self.0.ask(ask);
    }

    /// Asks for something right after the first call that fulfils the condition; once.
    pub fn when(&self, condition: impl Fn(&Call) -> bool + Send + 'static, ask: Ask) {
        self.0.world().triggers.push((Box::new(condition), ask));
    }

    /// Lets time go by. Sessions whose lease runs out meanwhile end (R12).
    pub fn advance(&self, by: Duration) {
        self.0.advance(by);
    }

    /// The center's time in milliseconds; it begins at zero and stands still by itself.
    pub fn now(&self) -> i64 {
        self.0.now()
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.0.world().calls.clone()
    }

    /// Ends what still runs and tells what everything came to.
    pub fn finish(&self) -> Verdict {
        self.0.end(EndReason::Shutdown, |_| true);
        let world = self.0.world();
        let mut violations = world.violations.clone();
        violations.extend(verdict::judge(&world.calls, &world.runs));
        Verdict {
            runs: world.runs.clone(),
            events: world.events.clone(),
            calls: world.calls.clone(),
            failures: world.failures.clone(),
            adopted: world.adopted.iter().map(|item| item.id().clone()).collect(),
            violations,
        }
    }
}

/// One `synchronize`: what it opens ends when it returns (R12), and nothing that another one opened meanwhile.
struct Turn<'c> {
    center: &'c TestCenter,
    opened: Mutex<Vec<RunId>>,
}

impl SessionCreator for Turn<'_> {
    fn create_session(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        let run = self.center.0.next_run();
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).push(run);
        self.center.0.open(run, handler, items)
    }
}

impl SessionCreator for TestCenter {
    fn create_session(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        self.0.open(self.0.next_run(), handler, items)
    }
}

impl Inner {
    fn next_run(&self) -> RunId {
        RunId(self.next_run.fetch_add(1, Ordering::Relaxed))
    }

    fn open(
        self: &Arc<Self>,
        run: RunId,
        handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        let made = self.begin(run, handler, items);
        self.record(run, What::CreateSession(items.to_vec()), made.as_ref().map(drop));
        Ok(Arc::new(TestCallback { center: Arc::clone(self), session: made? }))
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    fn begin(&self, run: RunId, handler: &HandlerId, items: &[ItemId]) -> Result<Arc<Session>, Refusal> {
        if handler != self.handler.id() {
            return Err(Refusal::InvalidArgument(format!("there is no handler '{handler}'")));
        }
        for item in items {
            self.admit(item, Origin::Outside)?;
        }
        let session = Arc::new(Session::new(run, handler.clone(), items, self.now())?);
        let mut world = self.world();
        let concurrent =
            self.handler.capabilities().contains(HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS);
        if !concurrent && world.sessions.iter().any(|session| !session.is_ended()) {
            return Err(Refusal::AccessDenied(format!(
                "handler '{handler}' has a session already and does not say that it supports several"
            )));
        }
        if std::mem::take(&mut world.cancel_next) {
            session.cancel_all();
        }
        world.sessions.push(Arc::clone(&session));
        Ok(session)
    }

    /// Whether the handler has such an item, and it may be started.
    fn admit(&self, item: &ItemId, origin: Origin) -> Result<(), Refusal> {
        let found = self
            .find(item)
            .ok_or_else(|| Refusal::InvalidArgument(format!("the handler has no item '{item}'")))?;
        let properties = admission::item(found.as_ref())
            .map_err(|why| Refusal::AccessDenied(format!("item '{item}' is never synchronized: {why}")))?;
        let above = HandlerStanding { switches: self.world().switches, policies: self.handler.policies() };
        let switches = Switches::of_item(None, &properties.info, properties.policies);
        let standing = ItemStanding { switches, policies: properties.policies };
        Ok(standing.may_start(&above, origin)?)
    }

    fn find(&self, item: &ItemId) -> Option<Arc<dyn SyncItem>> {
        self.handler.items().item(item).or_else(|| {
            let world = self.world();
            world.adopted.iter().find(|adopted| adopted.id() == item).cloned()
        })
    }

    fn store(&self, run: RunId, event: NewEvent) -> EventId {
        let id = EventId(self.next_event.fetch_add(1, Ordering::Relaxed));
        let handler = self.handler.id().clone();
        let time = self.now();
        self.world().events.push(Event { id, handler, run, time, event });
        id
    }

    fn finish_run(&self, run: RunId, ended: Option<Ended>) {
        let Some(ended) = ended else { return };
        for event in &ended.events {
            self.store(run, event.clone());
        }
        self.world().runs.push(ended);
    }

    fn sessions(&self) -> Vec<Arc<Session>> {
        self.world().sessions.clone()
    }

    fn end(&self, reason: EndReason, ends: impl Fn(&Session) -> bool) {
        for session in self.sessions().iter().filter(|session| ends(session)) {
            self.finish_run(session.run_id(), session.end(self.now(), reason));
        }
        self.world().sessions.retain(|session| !ends(session));
    }

    fn advance(&self, by: Duration) {
        let until = self.now().saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX));
        loop {
            for session in self.sessions() {
                self.finish_run(session.run_id(), session.expire(self.now()));
            }
            let now = self.now();
            if now >= until {
                return;
            }
            // Nothing can happen before the next lease ends; a test may jump over years.
            let next_end = self.sessions().iter().filter(|s| !s.is_ended()).map(|s| s.lease_end()).min();
            let next = next_end.map_or(until, |end| end.max(now).saturating_add(TICK));
            self.now.store(next.min(until), Ordering::Relaxed);
        }
    }

    fn ask(&self, ask: Ask) {
        match ask {
            Ask::CancelItem(item) => {
                for session in self.sessions() {
                    session.cancel_item(&item);
                }
                self.world().queue.stop_item(&item);
            }
            Ask::CancelAll => {
                let running: Vec<_> = self.sessions().into_iter().filter(|s| !s.is_ended()).collect();
                for session in &running {
                    session.cancel_all();
                }
                let mut world = self.world();
                world.cancel_next = running.is_empty();
                if !running.is_empty() {
                    world.queue.stop_all();
                }
            }
            Ask::Start(items, request) => {
                let start = Start { items, request, flags: SyncControlFlags::empty(), ticket: None };
                self.world().queue.push(start, |_| false);
            }
            Ask::Advance(by) => self.advance(by),
        }
    }

    /// Writes a call down and carries out what a test asked for on it.
    fn record(&self, run: RunId, what: What, answer: Result<(), &Refusal>) {
        let call = Call { run, at: self.now(), what, refusal: answer.err().cloned() };
        let asked: Vec<Ask> = {
            let mut world = self.world();
            let (hit, rest) =
                std::mem::take(&mut world.triggers).into_iter().partition(|(condition, _)| condition(&call));
            world.triggers = rest;
            world.calls.push(call);
            let hit: Vec<(Condition, Ask)> = hit;
            hit.into_iter().map(|(_, ask)| ask).collect()
        };
        for ask in asked {
            self.ask(ask);
        }
    }
}
