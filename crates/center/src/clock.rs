//! Time, as an argument of everything that needs it.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use store::ItemState;
use syncmgr::RunId;

/// A clock that is set back by less than this repeats no due time; by more, the time before was wrong, and what was
/// written down by it says nothing.
pub(crate) const SET_BACK: i64 = 3 * 3_600_000;

/// The last good run of an item, and when it ended. One that a clock put far into what is still to come ended nobody knows
/// when: what nobody is wrongly reassured by is that it was when the item was met first.
pub(crate) fn last_good(kept: &ItemState, now: i64) -> Option<(RunId, i64)> {
    let (run, ended) = kept.last_good?;
    let was_ahead = ended > now.saturating_add(SET_BACK);
    Some((run, if was_ahead { kept.first_seen.min(now) } else { ended }))
}

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
