//! One channel's queue and thread: what is to be told waits there for its attempts, and for nobody else's.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::watch::Bell;
use super::{Channel, Notice};
use crate::center::locked;

/// How much may wait. Beyond it the oldest is dropped: what happened last is what counts.
const QUEUE: usize = 64;
/// How long beyond its own time limit a channel may be busy before it is said to hang.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// How long to wait before each further attempt; after the last one the notice is given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pace(pub Vec<Duration>);

impl Default for Pace {
    /// A blip of the network, a restart of the server, and a longer trouble.
    fn default() -> Self {
        Self([5, 30, 120, 600].into_iter().map(Duration::from_secs).collect())
    }
}

/// Tells by one channel. When it is dropped, its thread still tries once what waits, and ends.
pub(super) struct Courier {
    channel: Arc<dyn Channel>,
    desk: Arc<Desk>,
}

struct Desk {
    state: Mutex<State>,
    bell: Condvar,
    pace: Pace,
    /// Whom to tell that there is trouble, or no more.
    watch: Arc<Bell>,
}

/// How a channel stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Standing {
    /// Nothing was told by it since it was set up.
    #[default]
    Unknown,
    /// What was told last got through.
    Works,
    /// What was told last did not, for this reason.
    Broken(String),
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Notice>,
    closed: bool,
    /// An attempt goes on since then.
    busy: Option<Instant>,
    standing: Standing,
    /// The thread could be started.
    running: bool,
}

impl Courier {
    pub(super) fn new(channel: Arc<dyn Channel>, pace: &Pace, watch: &Arc<Bell>) -> Self {
        let desk = Arc::new(Desk {
            state: Mutex::default(),
            bell: Condvar::new(),
            pace: pace.clone(),
            watch: Arc::clone(watch),
        });
        Self { channel, desk }
    }

    pub(super) fn channel(&self) -> &Arc<dyn Channel> {
        &self.channel
    }

    /// Puts a notice in the queue; never waits. The thread begins with the first.
    pub(super) fn send(&self, notice: Notice) {
        let mut state = locked(&self.desk.state);
        if state.waiting.len() == QUEUE {
            state.waiting.pop_front();
        }
        state.waiting.push_back(notice);
        if !state.running {
            let (channel, desk) = (Arc::clone(&self.channel), Arc::clone(&self.desk));
            let name = format!("channel-{}", channel.id());
            match std::thread::Builder::new().name(name).spawn(move || desk.work(channel.as_ref())) {
                Ok(_) => state.running = true,
                Err(error) => {
                    state.standing = Standing::Broken(format!("No thread could be started for it: {error}."));
                }
            }
        }
        drop(state);
        self.desk.bell.notify_all();
    }

    /// How the channel stands.
    pub(super) fn standing(&self) -> Standing {
        let state = locked(&self.desk.state);
        let limit = self.channel.timeout() + GRACE;
        if state.busy.is_some_and(|since| since.elapsed() > limit) {
            return Standing::Broken(format!(
                "It does not answer; it has had more than {} seconds.",
                limit.as_secs()
            ));
        }
        state.standing.clone()
    }
}

impl Drop for Courier {
    fn drop(&mut self) {
        locked(&self.desk.state).closed = true;
        self.desk.bell.notify_all();
    }
}

impl Desk {
    fn work(&self, channel: &dyn Channel) {
        while let Some(notice) = self.next() {
            self.tell(channel, &notice);
        }
    }

    fn next(&self) -> Option<Notice> {
        let state = locked(&self.state);
        let mut state = self
            .bell
            .wait_while(state, |state| state.waiting.is_empty() && !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.waiting.pop_front()
    }

    /// All attempts. The first failure alone is no trouble yet: networks have blips.
    fn tell(&self, channel: &dyn Channel, notice: &Notice) {
        let mut pauses = self.pace.0.iter();
        let mut attempt = 1_u32;
        loop {
            locked(&self.state).busy = Some(Instant::now());
            let result = channel.deliver(notice);
            locked(&self.state).busy = None;
            let Err(undelivered) = result else { return self.note(Standing::Works) };
            let pause = if undelivered.again { pauses.next() } else { None };
            if attempt > 1 || pause.is_none() {
                self.note(Standing::Broken(undelivered.why));
            }
            let Some(pause) = pause else { return };
            attempt += 1;
            if self.closes_within(*pause) {
                return;
            }
        }
    }

    fn note(&self, standing: Standing) {
        let mut state = locked(&self.state);
        if state.standing != standing {
            state.standing = standing;
            drop(state);
            self.watch.ring();
        }
    }

    /// Waits; gives whether nobody wants to hear of it any more.
    fn closes_within(&self, pause: Duration) -> bool {
        let state = locked(&self.state);
        let (state, _) = self
            .bell
            .wait_timeout_while(state, pause, |state| !state.closed)
            .unwrap_or_else(PoisonError::into_inner);
        state.closed
    }
}
