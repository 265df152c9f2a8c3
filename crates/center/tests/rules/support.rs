//! A center on a store of its own, a clock that stands still, and handlers that do what a test tells them.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use center::{Center, Clock, ItemStatus, Started};
use jiff::tz::TimeZone;
use store::{EventQuery, Store};
use syncmgr::control::{Control, SyncResult};
use syncmgr::flags::{
    ControlFlags, HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies, SyncControlFlags,
};
use syncmgr::follow::{Following, Runner};
use syncmgr::handler::{HandlerInfo, ItemContainer};
use syncmgr::ui::{UiAction, UiOperation};
use syncmgr::{
    Event, Handler, HandlerError, HandlerId, ItemId, Outcome, ProblemClass, ProgressStatus, Refusal, Request,
    RunId, SessionCreator, SyncCallback, SyncItem, SyncItemInfo, Termination,
};

/// Long enough to say that something hangs.
pub(crate) const LONG: Duration = Duration::from_secs(60);

pub(crate) const SECOND: i64 = 1000;

/// Time moves when a test says so.
#[derive(Default)]
pub(crate) struct HandClock {
    now: AtomicI64,
    slept: AtomicI64,
    set: AtomicI64,
}

impl HandClock {
    pub(crate) fn advance(&self, milliseconds: i64) {
        self.now.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// The machine sleeps.
    pub(crate) fn sleep(&self, milliseconds: i64) {
        self.slept.fetch_add(milliseconds, Ordering::SeqCst);
    }

    /// Somebody sets the clock, by so much.
    pub(crate) fn set(&self, milliseconds: i64) {
        self.set.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn wall(&self) -> i64 {
        1_000_000 + self.boot() + self.set.load(Ordering::SeqCst)
    }

    fn steady(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }

    fn boot(&self) -> i64 {
        self.steady() + self.slept.load(Ordering::SeqCst)
    }

    fn zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}

pub(crate) struct World {
    pub(crate) center: Center,
    pub(crate) clock: Arc<HandClock>,
    pub(crate) store: Arc<Store>,
    home: tempfile::TempDir,
}

impl World {
    pub(crate) fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&home.path().join("instep.db")).unwrap());
        let clock = Arc::<HandClock>::default();
        let center = Center::new(Arc::clone(&store), Arc::clone(&clock) as Arc<dyn Clock>);
        Self { center, clock, store, home }
    }

    pub(crate) fn with(actor: Actor) -> Self {
        let world = Self::new();
        world.center.register(Arc::new(actor)).unwrap();
        world
    }

    /// Another center on the same store, as another process would have it.
    pub(crate) fn again(&self, actor: Actor) -> Self {
        let home = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&self.home.path().join("instep.db")).unwrap());
        let clock = Arc::clone(&self.clock);
        let center = Center::new(Arc::clone(&store), Arc::clone(&clock) as Arc<dyn Clock>);
        center.register(Arc::new(actor)).unwrap();
        Self { center, clock, store, home }
    }

    /// Sets when an item runs by itself, in the words of the settings; the others never do.
    pub(crate) fn schedule(&self, id: &str, schedule: &str) {
        self.center.set_schedules([(handler(), item(id), toml::from_str(schedule).unwrap())]);
    }

    pub(crate) fn start(&self, items: &[&str]) -> Started {
        let items: Vec<ItemId> = items.iter().map(|id| item(id)).collect();
        self.center.start(&handler(), Some(&items), None, SyncControlFlags::empty()).unwrap()
    }

    pub(crate) fn item(&self, id: &str) -> ItemStatus {
        let all = self.center.status().unwrap();
        all.into_iter().flat_map(|handler| handler.items).find(|status| status.item == item(id)).unwrap()
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        self.store.flush().unwrap();
        self.store.events(&EventQuery::default()).unwrap()
    }

    pub(crate) fn event_names(&self) -> Vec<String> {
        self.events().into_iter().map(|event| event.event.name).collect()
    }

    pub(crate) fn disable(&self, id: &str) {
        self.center.enable_item(false, &handler(), &item(id), ControlFlags::empty()).unwrap();
    }

    pub(crate) fn enable(&self, id: &str) {
        self.center.enable_item(true, &handler(), &item(id), ControlFlags::empty()).unwrap();
    }

    pub(crate) fn is_idle(&self) {
        assert!(self.center.wait_until_idle(LONG));
    }
}

pub(crate) fn handler() -> HandlerId {
    HandlerId::new("actor").unwrap()
}

pub(crate) fn item(id: &str) -> ItemId {
    ItemId::new(id).unwrap()
}

pub(crate) struct Prop {
    pub(crate) id: ItemId,
    pub(crate) name: Result<String, HandlerError>,
    pub(crate) info: Result<SyncItemInfo, HandlerError>,
    pub(crate) capabilities: ItemCapabilities,
    pub(crate) policies: ItemPolicies,
    pub(crate) question: Option<Arc<dyn UiOperation>>,
}

impl Prop {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: item(id),
            name: Ok(format!("The {id}")),
            info: Ok(SyncItemInfo::default()),
            capabilities: ItemCapabilities::empty(),
            policies: ItemPolicies::empty(),
            question: None,
        }
    }
}

impl SyncItem for Prop {
    fn id(&self) -> &ItemId {
        &self.id
    }
    fn name(&self) -> Result<String, HandlerError> {
        self.name.clone()
    }
    fn info(&self) -> Result<SyncItemInfo, HandlerError> {
        self.info.clone()
    }
    fn capabilities(&self) -> ItemCapabilities {
        self.capabilities
    }
    fn policies(&self) -> ItemPolicies {
        self.policies
    }
    fn ui_operation(&self, _action: &UiAction) -> Option<Arc<dyn UiOperation>> {
        self.question.clone()
    }
}

type Part =
    dyn Fn(&[ItemId], &dyn SessionCreator, Option<&Request>) -> Result<(), HandlerError> + Send + Sync;

/// A handler whose part a test writes.
pub(crate) struct Actor {
    pub(crate) id: HandlerId,
    pub(crate) name: String,
    pub(crate) info: HandlerInfo,
    pub(crate) capabilities: HandlerCapabilities,
    pub(crate) policies: HandlerPolicies,
    pub(crate) items: Mutex<Vec<Arc<dyn SyncItem>>>,
    /// Ends its work by force, where a test says that this can be done.
    pub(crate) force: Option<Box<dyn Fn(Termination) + Send + Sync>>,
    /// Hears of everyone that is to be followed; without it, nothing can be.
    pub(crate) followers: Option<Mutex<Sender<Arc<dyn Runner>>>>,
    part: Box<Part>,
}

impl Actor {
    pub(crate) fn new(
        items: &[&str],
        part: impl Fn(&[ItemId], &dyn SessionCreator, Option<&Request>) -> Result<(), HandlerError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self {
            id: handler(),
            name: "The actor".into(),
            info: HandlerInfo::default(),
            capabilities: HandlerCapabilities::empty(),
            policies: HandlerPolicies::empty(),
            items: Mutex::new(items.iter().map(|id| Arc::new(Prop::new(id)) as Arc<dyn SyncItem>).collect()),
            force: None,
            followers: None,
            part: Box::new(part),
        }
    }

    /// Opens one session for what it is asked for, and plays in it.
    pub(crate) fn in_session(
        items: &[&str],
        part: impl Fn(&[ItemId], &Arc<dyn SyncCallback>) + Send + Sync + 'static,
    ) -> Self {
        Self::new(items, move |items, creator, _| {
            let callback = creator.create_session(&handler(), items).unwrap();
            part(items, &callback);
            Ok(())
        })
    }

    /// Synchronizes everything at once.
    pub(crate) fn good(items: &[&str]) -> Self {
        Self::in_session(items, |items, callback| items.iter().for_each(|item| succeed(callback, item)))
    }

    /// Says of each item what the test says.
    pub(crate) fn saying(items: &[&str], say: impl Fn(&ItemId) -> Outcome + Send + Sync + 'static) -> Self {
        Self::in_session(items, move |items, callback| {
            for item in items {
                let outcome = say(item);
                let status = match outcome {
                    Outcome::Done | Outcome::NeedsDecision => ProgressStatus::Succeeded,
                    Outcome::Canceled => ProgressStatus::Canceled,
                    Outcome::Disconnected => ProgressStatus::Disconnected,
                    _ => ProgressStatus::Failed,
                };
                callback.report_outcome(item, outcome, syncmgr::Counts::default(), None).unwrap();
                callback.report_progress(item, None, status, 0, 0).unwrap();
            }
        })
    }

    pub(crate) fn prop(self, prop: Prop) -> Self {
        self.items.lock().unwrap().push(Arc::new(prop));
        self
    }
}

impl ItemContainer for Actor {
    fn item(&self, id: &ItemId) -> Option<Arc<dyn SyncItem>> {
        self.items.lock().unwrap().iter().find(|item| item.id() == id).cloned()
    }
    fn all(&self) -> Vec<Arc<dyn SyncItem>> {
        self.items.lock().unwrap().clone()
    }
}

impl Handler for Actor {
    fn id(&self) -> &HandlerId {
        &self.id
    }
    fn name(&self) -> Result<String, HandlerError> {
        Ok(self.name.clone())
    }
    fn info(&self) -> Result<HandlerInfo, HandlerError> {
        Ok(self.info.clone())
    }
    fn capabilities(&self) -> HandlerCapabilities {
        self.capabilities
    }
    fn policies(&self) -> HandlerPolicies {
        self.policies
    }
    fn items(&self) -> &dyn ItemContainer {
        self
    }
    fn terminate(&self, _run: RunId, how: Termination) -> Result<(), Refusal> {
        let force = self.force.as_ref();
        force.map(|force| force(how)).ok_or_else(|| Refusal::NotImplemented("it cannot be forced".into()))
    }
    fn follow(
        &self,
        _item: &ItemId,
        runner: Arc<dyn Runner>,
    ) -> Result<Option<Box<dyn Following>>, HandlerError> {
        struct Followed;
        impl Following for Followed {}
        let Some(followers) = &self.followers else { return Ok(None) };
        followers.lock().unwrap().send(runner).unwrap();
        Ok(Some(Box::new(Followed)))
    }
    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        (self.part)(items, creator, request)
    }
}

pub(crate) fn succeed(callback: &Arc<dyn SyncCallback>, item: &ItemId) {
    callback.report_progress(item, None, ProgressStatus::Succeeded, 1, 1).unwrap();
}

pub(crate) fn update(callback: &Arc<dyn SyncCallback>, item: &ItemId, step: u64, max: u64) {
    callback.report_progress(item, Some("at it"), ProgressStatus::Updating, step, max).unwrap();
}

pub(crate) fn trouble(text: &str) -> HandlerError {
    HandlerError::new(ProblemClass::Transient, text)
}

/// One end of a meeting between a handler and a test: whoever comes first waits.
pub(crate) struct Meeting {
    here: Sender<()>,
    there: Mutex<Receiver<()>>,
}

impl Meeting {
    pub(crate) fn new() -> (Self, Self) {
        let (a, at_b) = channel();
        let (b, at_a) = channel();
        (Self { here: a, there: Mutex::new(at_a) }, Self { here: b, there: Mutex::new(at_b) })
    }

    pub(crate) fn meet(&self) {
        self.here.send(()).unwrap();
        self.there.lock().unwrap().recv_timeout(LONG).unwrap();
    }
}

/// Status, outcome, errors, conflicts.
type Answer = (ProgressStatus, Outcome, u64, u64);

/// A caller's own object for the verdict.
pub(crate) struct Told {
    sender: Mutex<Sender<Answer>>,
}

impl Told {
    pub(crate) fn new() -> (Arc<Self>, Receiver<Answer>) {
        let (sender, receiver) = channel();
        (Arc::new(Self { sender: Mutex::new(sender) }), receiver)
    }
}

impl SyncResult for Told {
    fn result(&self, status: ProgressStatus, outcome: Outcome, errors: u64, conflicts: u64) {
        self.sender.lock().unwrap().send((status, outcome, errors, conflicts)).unwrap();
    }
}
