//! Which files may be edited right after they were looked at without showing it.
//!
//! The clocks that stamp files stand still: for two seconds on FAT, for one on other simple file systems, for some
//! milliseconds on most. A file that was written in the present tick of its clock, and is written again within it, shows
//! the very same times. Such a file is recorded as in doubt: in the next run its content decides, and what then is older
//! than a tick is settled for good.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use reconcile::{Kind, Mode, Seen, Side};

use super::Apply;
use crate::side::write::Clock;

/// A tick that is over before anybody has noticed.
const SOON: u64 = 50_000_000;

/// When each side was asked for its clock, counted from the moment when this run began to look, and what it said.
pub(super) type Asked = [Option<(Duration, Clock)>; 2];

/// Times that a file on a side can have been given since this run looked at it.
#[derive(Debug, Clone, Copy)]
struct Window {
    /// Nanoseconds since 1970.
    from: i128,
    to: i128,
    tick: u64,
}

/// What is in doubt.
#[derive(Debug)]
pub(super) struct Doubt {
    windows: [Option<Window>; 2],
    /// The longest tick of what was marked.
    met: AtomicU64,
}

impl Doubt {
    fn of(windows: [Option<Window>; 2]) -> Self {
        Self { windows, met: AtomicU64::new(0) }
    }

    /// For those who cannot know when something was looked at.
    pub(super) fn whenever() -> Self {
        Self::of([Some(Window { from: i128::MIN, to: i128::MAX, tick: 0 }); 2])
    }

    /// Whether something that a side shows may be edited without showing it, as soon as it was looked at.
    pub(super) fn covers(&self, side: Side, seen: &Seen) -> bool {
        // An edit moves both times to the same.
        let written = seen.kind == Kind::File && seen.was_written_then() != Some(false);
        self.windows[side as usize].is_some_and(|window| written && seen.mtime.nanos() >= window.from)
    }

    /// What the base is to keep of it.
    pub(super) fn mark(&self, side: Side, seen: Seen) -> Seen {
        let window = self.windows[side as usize].filter(|_| self.covers(side, &seen));
        // A time that is still to come is not told by the clock.
        let Some(window) = window.filter(|window| seen.mtime.nanos() <= window.to) else { return seen };
        self.met.fetch_max(window.tick, Ordering::Relaxed);
        seen.in_doubt()
    }

    /// How long to wait until the next run can settle what was marked; none if nothing was, or if that is too long.
    pub(super) fn soon_over(&self) -> Option<Duration> {
        let tick = self.met.load(Ordering::Relaxed);
        (1..=SOON).contains(&tick).then(|| Duration::from_nanos(tick))
    }
}

impl Apply<'_> {
    /// What is in doubt of all that was looked at until now.
    pub(super) fn doubt(&mut self) -> Doubt {
        let asked = match self.asked {
            Some(asked) => asked,
            None => *self.asked.insert(Side::BOTH.map(|side| self.ask(side))),
        };
        let now = (self.ground.since_looking)();
        Doubt::of(asked.map(|asked| {
            let (at, Clock { now: then, tick }) = asked.filter(|(_, clock)| clock.tick > 0)?;
            let (then, tick_long) = (then.nanos(), i128::from(tick));
            let from = then - nanos(at) - tick_long;
            Some(Window { from, to: then + nanos(now.saturating_sub(at)) + tick_long, tick })
        }))
    }

    fn ask(&self, side: Side) -> Option<(Duration, Clock)> {
        // Where only B follows, A's directories are not touched even for a moment.
        let may_name = side == Side::B || self.ground.policy.mode == Mode::TwoWay;
        let name = may_name.then(|| self.temp_name());
        let clock = self.side(side).clock(name.as_deref())?;
        Some(((self.ground.since_looking)(), clock))
    }
}

fn nanos(duration: Duration) -> i128 {
    i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX)
}
