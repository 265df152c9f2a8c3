//! Time, as an argument of everything that needs it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Where the center takes its time from.
pub trait Clock: Send + Sync {
    /// What the calendar says, in milliseconds since 1970: for records.
    fn wall(&self) -> i64;
    /// Milliseconds since some moment, never going back and standing still while the machine sleeps: for leases, which
    /// would otherwise all run out overnight.
    fn steady(&self) -> i64;
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
}
