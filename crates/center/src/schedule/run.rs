//! The scheduler's thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::scheduler::Scheduler;
use crate::center::Inner;
use crate::vital::{AtWork, Vital};

/// Changes come in flocks: what need not be looked at in a hurry waits so long for the rest of them.
const FLOCK: Duration = Duration::from_millis(100);
/// A look that failed is repeated after that time.
const LONGEST: Duration = Duration::from_secs(2);

/// Schedules that are being followed. Dropping it ends that, and what it started goes on.
pub struct RunningSchedules {
    inner: Weak<Inner>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl RunningSchedules {
    pub(crate) fn begin(inner: &Arc<Inner>, scheduler: Scheduler) -> std::io::Result<Self> {
        let stopped = Arc::<AtomicBool>::default();
        let thread = thread::Builder::new().name("schedules".into()).spawn({
            let at_work = inner.at_work(Vital::Schedules);
            let (inner, stopped) = (Arc::downgrade(inner), Arc::clone(&stopped));
            move || run(&inner, scheduler, &stopped, &at_work)
        })?;
        Ok(Self { inner: Arc::downgrade(inner), stopped, thread: Some(thread) })
    }

    /// Starts nothing any more, and waits until nobody follows anything.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for RunningSchedules {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        if let Some(inner) = self.inner.upgrade() {
            inner.hurry();
        }
        if let Some(thread) = self.thread.take() {
            // A scheduler that broke down starts nothing any more, either.
            let _ = thread.join();
        }
    }
}

fn run(inner: &Weak<Inner>, mut scheduler: Scheduler, stopped: &AtomicBool, at_work: &AtWork) {
    while !stopped.load(Ordering::Acquire) {
        let Some(inner) = inner.upgrade() else { return };
        at_work.beat();
        let seen = {
            let mut state = inner.lock();
            state.hurried = false;
            state.version
        };
        let now = inner.clock.wall();
        // A store that cannot be read now may be readable later.
        let next = scheduler.look().unwrap_or(i64::MAX);
        let pause = Duration::from_millis(u64::try_from(next.saturating_sub(now)).unwrap_or(0)).min(LONGEST);
        let flock = inner.wait(pause.min(FLOCK), |state| state.hurried);
        let is_hurried = flock.hurried;
        drop(flock);
        if !is_hurried {
            let rest = pause.saturating_sub(FLOCK);
            drop(inner.wait(rest, |state| state.hurried || state.version != seen));
        }
    }
}
