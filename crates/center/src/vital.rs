//! Threads that the center cannot do without, and whether each is still at it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use crate::center::{Center, Inner, locked};

/// How long nothing may be heard of a thread. What it does takes a moment, and it rests for seconds.
const PATIENCE: Duration = Duration::from_secs(60);

/// A thread that should be at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Vital {
    /// Starts what is due.
    Schedules,
    /// Looks at leases and stops.
    Sessions,
    /// Looks for what a person is to be told.
    Alerts,
    /// Tells followers how far everything is.
    Feed,
}

impl Vital {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Schedules, Self::Sessions, Self::Alerts, Self::Feed];

    /// The word in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Schedules => "scheduler",
            Self::Sessions => "sessions",
            Self::Alerts => "alerts",
            Self::Feed => "feed",
        }
    }

    fn task(self) -> &'static str {
        match self {
            Self::Schedules => "what starts items that are due",
            Self::Sessions => "what ends sessions of programs that are gone, and makes stops go on",
            Self::Alerts => "what looks for alerts",
            Self::Feed => "what tells of progress",
        }
    }
}

/// A thread that is not at it any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ailing {
    /// Which one.
    pub which: Vital,
    /// For how long nothing was heard of it; none: it broke down.
    pub silent: Option<Duration>,
}

impl fmt::Display for Ailing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = self.which.task();
        match self.silent {
            Some(silent) => write!(f, "{task} has not been heard of for {} s", silent.as_secs()),
            None => write!(f, "{task} broke down because of a mistake in the program"),
        }
    }
}

/// How a thread is.
#[derive(Debug, Clone, Copy)]
enum Pulse {
    /// It was heard of then, in steady milliseconds.
    Beats(i64),
    Broken,
}

/// How the threads are that were begun.
#[derive(Default)]
pub(crate) struct Vitals {
    pulses: Mutex<BTreeMap<Vital, Pulse>>,
}

/// What a thread holds for as long as it is at it.
pub(crate) struct AtWork {
    inner: Weak<Inner>,
    which: Vital,
}

impl Inner {
    /// A thread begins.
    pub(crate) fn at_work(self: &Arc<Self>, which: Vital) -> AtWork {
        let at_work = AtWork { inner: Arc::downgrade(self), which };
        at_work.beat();
        at_work
    }
}

impl AtWork {
    /// It is still at it.
    pub(crate) fn beat(&self) {
        let Some(inner) = self.inner.upgrade() else { return };
        let now = inner.clock.steady();
        locked(&inner.vitals.pulses).insert(self.which, Pulse::Beats(now));
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        let Some(inner) = self.inner.upgrade() else { return };
        let mut pulses = locked(&inner.vitals.pulses);
        if std::thread::panicking() {
            pulses.insert(self.which, Pulse::Broken);
        } else {
            pulses.remove(&self.which);
        }
    }
}

impl Center {
    /// Threads that should be at work and are not: without them something that is promised does not happen.
    pub fn ailing(&self) -> Vec<Ailing> {
        let now = self.inner.clock.steady();
        let pulses = locked(&self.inner.vitals.pulses);
        let ailing = pulses.iter().filter_map(|(which, pulse)| {
            let silent = match pulse {
                Pulse::Broken => None,
                Pulse::Beats(beat) => {
                    let silent = Duration::from_millis(u64::try_from(now - beat).unwrap_or(0));
                    (silent > PATIENCE).then_some(Some(silent))?
                }
            };
            Some(Ailing { which: *which, silent })
        });
        ailing.collect()
    }
}
