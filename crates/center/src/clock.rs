//! Time, as an argument of everything that needs it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;

/// Where the center takes its time from.
pub trait Clock: Send + Sync {
    /// What the calendar says, in milliseconds since 1970: for records.
    fn wall(&self) -> i64;
    /// Milliseconds since some moment, never going back and standing still while the machine sleeps: for leases, which
    /// would otherwise all run out overnight.
    fn steady(&self) -> i64;
    /// The same, and going on while the machine sleeps. That it has gained on [`steady`](Self::steady) is how sleep is
    /// noticed; a machine that cannot tell never wakes.
    fn boot(&self) -> i64 {
        self.steady()
    }
    /// The machine's time zone.
    fn zone(&self) -> TimeZone {
        TimeZone::system()
    }
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn wall(&self) -> i64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
    }

    fn steady(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    #[cfg(target_os = "linux")]
    fn boot(&self) -> i64 {
        use rustix::time::{ClockId, clock_gettime};
        // Both since the machine was started, so that only the sleep is between them.
        let since = |id| {
            let time = clock_gettime(id);
            time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
        };
        let slept = since(ClockId::Boottime).saturating_sub(since(ClockId::Monotonic));
        self.steady().saturating_add(slept)
    }
}
