//! The center itself: what is registered, what waits and what runs, and how to wait for a change of it.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use store::{Retention, Store, StoreError};
use syncmgr::control::SyncResult;
use syncmgr::flags::SyncControlFlags;
use syncmgr::handler::{Handler, HandlerCollection};
use syncmgr::{HandlerId, ItemId, Refusal, Request, RunId, SessionCreator, SyncCallback};

use crate::alerts;
use crate::callback::Callback;
use crate::clock::Clock;
use crate::elsewhere::Elsewhere;
use crate::escalate::StopGrace;
use crate::feed::{FeedState, What};
use crate::open::{Open, OpenedBy};
use crate::registry::{self, HandlerEntry};
use crate::schedule::book::Book;
use crate::sessions::Beginning;
use crate::starts::Starts;
use crate::verdict::{Started, Ticket};
use crate::vital::Vitals;

/// Asks the person a question of a handler; the answer is whether to go on.
pub type Asker = Arc<dyn Fn(&syncmgr::ui::UiRequest) -> bool + Send + Sync>;

/// The sync center of one process.
#[derive(Clone)]
pub struct Center {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<Store>,
    pub(crate) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Condvar,
    /// Held while a session begins: two at once would both find the handler free.
    pub(crate) beginning: Mutex<()>,
    /// Held while another program opens a session: of two requests that are the same, the second finds the first.
    pub(crate) opening: Mutex<()>,
    /// Held while leases and stops are looked at: a step of a stop is taken once.
    pub(crate) looking: Mutex<()>,
    pub(crate) asker: Mutex<Option<Asker>>,
    pub(crate) feed: FeedState,
    pub(crate) elsewhere: Mutex<Elsewhere>,
    pub(crate) alerts: alerts::Desk,
    /// Held while one conflict is settled outside of a session.
    pub(crate) resolving: Mutex<()>,
    /// Never held together with `state`.
    pub(crate) book: Mutex<Book>,
    pub(crate) starts: Mutex<Starts>,
    pub(crate) vitals: Vitals,
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) handlers: Vec<HandlerEntry>,
    pub(crate) collections: Vec<Arc<dyn HandlerCollection>>,
    pub(crate) open: Vec<Arc<Open>>,
    /// Sessions that other programs hold; kept here until they end.
    pub(crate) outside: HashMap<RunId, Arc<Callback>>,
    /// Grows whenever something begins, ends, waits or completes.
    pub(crate) version: u64,
    pub(crate) trusted_since: Option<i64>,
    pub(crate) stop_grace: StopGrace,
    pub(crate) retention: Retention,
    /// A thread looks at leases and stops.
    pub(crate) watched: bool,
    /// Handlers whose queue is another since the feed was told last.
    pub(crate) queues_changed: HashSet<HandlerId>,
    /// A thread tells the feed of progress.
    pub(crate) beating: bool,
    /// The scheduler is to look at once.
    pub(crate) hurried: bool,
}

impl State {
    pub(crate) fn handler(&self, id: &HandlerId) -> Option<&HandlerEntry> {
        self.handlers.iter().find(|entry| entry.id() == id)
    }

    pub(crate) fn handler_mut(&mut self, id: &HandlerId) -> Result<&mut HandlerEntry, Refusal> {
        self.handlers.iter_mut().find(|entry| entry.id() == id).ok_or_else(|| unknown_handler(id))
    }

    pub(crate) fn open_of<'a>(&'a self, handler: &'a HandlerId) -> impl Iterator<Item = &'a Arc<Open>> {
        self.open.iter().filter(move |open| open.session.handler() == handler)
    }

    fn is_idle(&self) -> bool {
        self.open.is_empty()
            && self.handlers.iter().all(|entry| entry.turns.is_empty() && entry.queue.is_empty())
    }
}

pub(crate) fn unknown_handler(id: &HandlerId) -> Refusal {
    Refusal::InvalidArgument(format!("there is no handler '{id}'"))
}

impl Center {
    /// A center without handlers.
    pub fn new(store: Arc<Store>, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                clock,
                state: Mutex::default(),
                changed: Condvar::new(),
                beginning: Mutex::default(),
                opening: Mutex::default(),
                looking: Mutex::default(),
                asker: Mutex::default(),
                feed: FeedState::default(),
                elsewhere: Mutex::default(),
                alerts: alerts::Desk::default(),
                resolving: Mutex::default(),
                book: Mutex::default(),
                starts: Mutex::default(),
                vitals: Vitals::default(),
            }),
        }
    }

    /// Its store.
    pub fn store(&self) -> &Arc<Store> {
        &self.inner.store
    }

    /// What its clock says, in milliseconds since 1970.
    pub fn clock_millis(&self) -> i64 {
        self.inner.clock.wall()
    }

    /// Takes a handler in. One without a name is taken in hidden, and never synchronized (R18).
    ///
    /// # Errors
    /// `InvalidArgument` when there is one with that ID; `Failed` when the store cannot be read.
    pub fn register(&self, handler: Arc<dyn Handler>) -> Result<(), Refusal> {
        let taken = || Refusal::InvalidArgument(format!("there is a handler '{}' already", handler.id()));
        if self.inner.lock().handler(handler.id()).is_some() {
            return Err(taken());
        }
        let loaded = registry::load(&self.inner.store, handler.as_ref(), self.inner.clock.wall())?;
        let mut state = self.inner.lock();
        if state.handler(handler.id()).is_some() {
            return Err(taken());
        }
        state.handlers.push(HandlerEntry::new(Arc::clone(&handler), loaded));
        drop(state);
        self.inner.announce_handler(handler.id());
        Ok(())
    }

    /// Who puts a handler's questions to the person. Without one, whatever needs an answer is not done.
    pub fn set_asker(&self, asker: Option<Asker>) {
        *locked(&self.inner.asker) = asker;
    }

    /// Starts items, as [`Control::start_item_sync`](syncmgr::control::Control::start_item_sync) does; none means all
    /// items of the handler that may be synchronized. The answer gives the verdict.
    ///
    /// # Errors
    /// `InvalidArgument` for something unknown, `AccessDenied` (in a sentence) for what may not be synchronized.
    pub fn start(
        &self,
        handler: &HandlerId,
        items: Option<&[ItemId]>,
        request: Option<Request>,
        flags: SyncControlFlags,
    ) -> Result<Started, Refusal> {
        let (started, ticket) = Started::new();
        self.inner.start(handler, items, request, flags, Some(ticket))?;
        Ok(started)
    }

    /// How much of the past the results keep, from now on.
    pub fn set_retention(&self, retention: Retention) {
        self.inner.lock().retention = retention;
    }

    /// Forgets what is older than the results are to keep. The center does so by itself now and then, while there are
    /// runs.
    ///
    /// # Errors
    /// The store could not be written; what went so far stays gone.
    pub fn retain(&self) -> Result<(), StoreError> {
        let retention = self.inner.lock().retention;
        self.inner.store.retain(retention, self.inner.clock.wall()).map(drop)
    }

    /// Ends sessions whose lease has run out (R12), and goes on with stops that are not answered. A thread of the center
    /// does so while there are sessions.
    pub fn look_at_sessions(&self) {
        self.inner.look_at_sessions();
    }

    /// Waits until something began, ended, waits or completed since `seen` (see [`Live::version`](crate::Live)), at
    /// most for that long; gives the version then.
    pub fn wait_for_change(&self, seen: u64, timeout: Duration) -> u64 {
        self.inner.wait(timeout, |state| state.version != seen).version
    }

    /// Waits until nothing runs and nothing waits, at most for that long; gives whether that is so.
    pub fn wait_until_idle(&self, timeout: Duration) -> bool {
        self.inner.wait(timeout, State::is_idle).is_idle()
    }
}

impl SessionCreator for Center {
    /// Opens a session that nobody asked the center for: a handler's on its own account. Other programs have
    /// [`Center::open_session`].
    fn create_session(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Arc<dyn SyncCallback>, Refusal> {
        Ok(self.inner.create_session(OpenedBy::Handler, handler, items, Beginning::New(None))?)
    }
}

impl Inner {
    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }

    /// Something changed that others wait for.
    pub(crate) fn announce(&self) {
        self.lock().version += 1;
        self.changed.notify_all();
    }

    /// Something changed that the scheduler is to look at now, and not with what comes next.
    pub(crate) fn hurry(&self) {
        let mut state = self.lock();
        state.hurried = true;
        state.version += 1;
        drop(state);
        self.changed.notify_all();
    }

    /// What waits for this handler is another now.
    pub(crate) fn announce_queue(self: &Arc<Self>, handler: &HandlerId) {
        if self.feed.is_open() {
            self.lock().queues_changed.insert(handler.clone());
            self.pulse();
        }
        self.announce();
    }

    /// This handler, its items or its switches are others now.
    pub(crate) fn announce_handler(&self, handler: &HandlerId) {
        self.tell(What::HandlerChanged { handler: handler.clone() });
        self.announce();
    }

    pub(crate) fn wait(
        &self,
        timeout: Duration,
        mut until: impl FnMut(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        self.changed
            .wait_timeout_while(self.lock(), timeout, |state| !until(state))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    pub(crate) fn with_handler<T>(
        &self,
        handler: &HandlerId,
        ask: impl FnOnce(&mut HandlerEntry) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        ask(self.lock().handler_mut(handler)?)
    }

    /// Reads a handler and its items again.
    pub(crate) fn reload(&self, id: &HandlerId) -> Result<(), Refusal> {
        let handler = self
            .lock()
            .handler(id)
            .map(|entry| Arc::clone(&entry.handler))
            .ok_or_else(|| unknown_handler(id))?;
        let loaded = registry::load(&self.store, handler.as_ref(), self.clock.wall())?;
        let mut state = self.lock();
        let syncing: HashSet<ItemId> =
            state.open_of(id).flat_map(|open| open.session.snapshot().items).map(|view| view.id).collect();
        let before = state.handler_mut(id)?.reload(loaded, |item| syncing.contains(item));
        drop(state);
        drop(before);
        self.announce_handler(id);
        Ok(())
    }
}

/// The verdict goes to the caller's own object.
pub(crate) fn ticket(result: Option<Arc<dyn SyncResult>>) -> Option<Ticket> {
    result.map(Ticket::Caller)
}

/// Takes a lock. What it guards is whole after every statement, so that a panic elsewhere tells nothing about it.
pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
