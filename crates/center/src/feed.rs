//! What changes, told in order to whoever follows: screens, the event stream, alerts.
//!
//! Every [`Change`] has a number that grows by one. What began, ended or was reported is told once and never merged;
//! of progress (and of the queue) only the latest value of each item is kept, so that a follower who is behind has less
//! to read, not more. The feed keeps the last changes within a budget of memory: a follower whose place is no longer
//! there is told to look at everything anew ([`News::Reload`]).
//!
//! Reporting is free of it: progress is collected from the sessions ten times a second, and only while somebody
//! follows. Followers pull; the only thing ever called is a short wake-up, once for each time that they caught up.

mod ring;

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use syncmgr::{Event, HandlerId, ItemEnd, ItemId, NewEvent, RunId, RunResult};

use self::ring::Ring;
use crate::center::{Center, Inner, locked};
use crate::live::{LiveHandler, LiveItem};

/// Names a change: which life of a center, and its number in it. Written as `epoch-number`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId {
    /// Another one after every start of the center.
    pub epoch: u64,
    /// Grows by one with every change; merged ones leave gaps.
    pub number: u64,
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

/// A text that names no change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" names no change; they look like 1700000000000-17")]
pub struct NoChangeId(String);

impl FromStr for ChangeId {
    type Err = NoChangeId;

    fn from_str(text: &str) -> Result<Self, NoChangeId> {
        text.split_once('-')
            .and_then(|(epoch, number)| {
                Some(Self { epoch: epoch.parse().ok()?, number: number.parse().ok()? })
            })
            .ok_or_else(|| NoChangeId(text.to_owned()))
    }
}

/// Something that changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Its place.
    pub id: ChangeId,
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// What.
    pub what: What,
}

/// What changed. Where the new value is not here, the center is to be asked for it: it may have changed again since.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum What {
    /// A session began: its items run, and wait no longer.
    SessionBegan {
        /// The run.
        run: RunId,
        /// Whose.
        handler: HandlerId,
        /// Its items.
        items: Vec<ItemId>,
        /// When, in milliseconds since 1970.
        started: i64,
    },
    /// Further items became part of a session (R8, R9).
    ItemsJoined {
        /// The run.
        run: RunId,
        /// Whose.
        handler: HandlerId,
        /// The items.
        items: Vec<ItemId>,
    },
    /// A session ended and is on record: all its items stand differently now.
    SessionEnded {
        /// The run.
        run: RunId,
        /// Whose.
        handler: HandlerId,
        /// When it began, in milliseconds since 1970.
        started: i64,
        /// What it came to.
        result: RunResult,
        /// What each item came to.
        items: Vec<ItemEnd>,
    },
    /// How far an item of a running session is; the latest value, ten times a second at most.
    Progress(LiveItem),
    /// The line of a handler with a session, and whether it is being stopped; the latest value.
    HandlerProgress(LiveHandler),
    /// A line of the results.
    Event(Event),
    /// The items of a handler that wait for their turn; the latest value.
    Queue {
        /// Whose.
        handler: HandlerId,
        /// All that wait, in the order of their turns.
        waiting: Vec<ItemId>,
    },
    /// An item stands differently: its switches, pause, name, or what another process did with it.
    ItemChanged {
        /// Its handler.
        handler: HandlerId,
        /// The item.
        item: ItemId,
    },
    /// A handler came, went, or has other items or properties.
    HandlerChanged {
        /// The handler.
        handler: HandlerId,
    },
    /// Conflicts were found, settled or are others now.
    Conflicts {
        /// Whose.
        handler: HandlerId,
        /// Of which item; none: of any.
        item: Option<ItemId>,
    },
    /// When an item runs next, or why it does not.
    Schedule {
        /// Its handler.
        handler: HandlerId,
        /// The item.
        item: ItemId,
    },
    /// Alerts were raised, or are over.
    Alerts,
    /// The settings were read again.
    Settings,
}

/// What a follower gets.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    /// Nothing since.
    Nothing,
    /// What changed since, in order. There may be more.
    Changes(Vec<Arc<Change>>),
    /// It is too far behind, or comes from another life of the center: everything is to be looked at anew. Changes from
    /// here on come next.
    Reload(ChangeId),
}

/// The feed of a center. It begins with the first call of [`Center::feed`].
#[derive(Clone)]
pub struct Feed {
    inner: Arc<Inner>,
}

impl Center {
    /// What changes, from now on.
    pub fn feed(&self) -> Feed {
        self.inner.feed.open(self.inner.clock.wall());
        Feed { inner: Arc::clone(&self.inner) }
    }

    /// Adds a line to a run beside the one who writes it, or after its end: what became of something that the run
    /// itself does not wait for. Where it cannot be written it is lost: a run never fails because of it.
    pub fn late_event(&self, run: RunId, handler: &HandlerId, event: NewEvent) {
        let inner = &self.inner;
        if let Ok(event) = inner.store.late_event(run, handler, event, inner.clock.wall()) {
            inner.tell(What::Event(event));
        }
    }

    /// Tells the followers of something that is decided outside the center (settings, schedules).
    pub fn tell(&self, what: What) {
        self.inner.tell(what);
    }
}

impl Feed {
    /// The last change.
    pub fn now(&self) -> ChangeId {
        locked(&self.inner.feed.ring).now()
    }

    /// What changed after `seen`, at most so many; a look without a follower.
    pub fn since(&self, seen: ChangeId, limit: usize) -> News {
        locked(&self.inner.feed.ring).since(seen, limit)
    }

    /// Follows from a place on (none: from now on). `wake` is called when there is something new after
    /// [`Follower::next`] said [`News::Nothing`], once for each time, on a thread that has other things to do: it only
    /// notes that there is something, and calls nothing of the center.
    pub fn follow(&self, seen: Option<ChangeId>, wake: impl Fn() + Send + Sync + 'static) -> Follower {
        let ear = Arc::new(Ear {
            armed: AtomicBool::new(false),
            wake: Box::new(wake),
            rung: Mutex::new(false),
            bell: Condvar::new(),
        });
        locked(&self.inner.feed.ears).push(Arc::downgrade(&ear));
        self.inner.pulse();
        Follower { feed: self.clone(), seen: seen.unwrap_or_else(|| self.now()), ear }
    }
}

/// One who follows. Costs nobody anything, however slow it is.
pub struct Follower {
    feed: Feed,
    seen: ChangeId,
    ear: Arc<Ear>,
}

impl Follower {
    /// What changed since the last call, at most so many.
    pub fn next(&mut self, limit: usize) -> News {
        // Armed before the look: what comes in between wakes.
        *locked(&self.ear.rung) = false;
        self.ear.armed.store(true, Ordering::SeqCst);
        let news = self.feed.since(self.seen, limit);
        match &news {
            News::Nothing => return news,
            News::Changes(changes) => {
                if let Some(last) = changes.last() {
                    self.seen = last.id;
                }
            }
            News::Reload(now) => self.seen = *now,
        }
        self.ear.armed.store(false, Ordering::SeqCst);
        news
    }

    /// Waits until there is something new after [`News::Nothing`], at most for that long.
    pub fn wait(&self, timeout: Duration) {
        let rung = locked(&self.ear.rung);
        drop(
            self.ear
                .bell
                .wait_timeout_while(rung, timeout, |rung| !*rung)
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// The last change that it has got.
    pub fn seen(&self) -> ChangeId {
        self.seen
    }
}

/// Who is to be woken.
struct Ear {
    armed: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
    rung: Mutex<bool>,
    bell: Condvar,
}

impl Ear {
    fn ring(&self) {
        if self.armed.swap(false, Ordering::SeqCst) {
            *locked(&self.rung) = true;
            self.bell.notify_all();
            (self.wake)();
        }
    }
}

/// The center's half.
#[derive(Default)]
pub(crate) struct FeedState {
    /// Nobody ever asked: nothing is kept.
    open: AtomicBool,
    ring: Mutex<Ring>,
    ears: Mutex<Vec<Weak<Ear>>>,
}

impl FeedState {
    fn open(&self, now: i64) {
        let mut ring = locked(&self.ring);
        if !self.open.swap(true, Ordering::AcqRel) {
            ring.begin(now);
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    /// Whether anybody follows.
    pub(crate) fn is_followed(&self) -> bool {
        let mut ears = locked(&self.ears);
        ears.retain(|ear| ear.strong_count() > 0);
        !ears.is_empty()
    }

    /// Notes a change; who follows is told by [`ring`](Self::ring). Takes no lock but its own.
    pub(crate) fn note(&self, time: i64, what: What) {
        if self.is_open() {
            locked(&self.ring).push(time, what);
        }
    }

    /// Wakes those who wait. Not to be called under a lock.
    pub(crate) fn ring(&self) {
        if !self.is_open() {
            return;
        }
        let ears: Vec<Arc<Ear>> = {
            let ears = locked(&self.ears);
            let armed = |ear: &Arc<Ear>| ear.armed.load(Ordering::SeqCst);
            ears.iter().filter_map(Weak::upgrade).filter(armed).collect()
        };
        for ear in ears {
            ear.ring();
        }
    }
}

impl Inner {
    pub(crate) fn tell(&self, what: What) {
        self.feed.note(self.clock.wall(), what);
        self.feed.ring();
    }
}
