//! What time it is on a file system, told by a file that is written there.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::time::{SystemTime, UNIX_EPOCH};

use reconcile::Time;
use reconcile::path::Name;
use rustix::fs::{AtFlags, Mode, OFlags, openat, unlinkat};

use super::LocalSide;
use crate::side::write::Clock;

/// How long the clock of a kernel stands still at most: it moves a hundred times a second, and here is as much again.
const TICK: u64 = 20_000_000;
/// How long where times are whole seconds: there are file systems that count in twos.
const WHOLE_SECONDS: u64 = 2_000_000_000;
/// Two times that are less apart were not told by a clock that stands still: none moves more than a thousand times a
/// second.
const NO_TICK: i128 = 900_000;
/// How often they are asked for when they are further apart: a busy machine may have kept us from working in between.
const TRIES: usize = 8;

impl LocalSide {
    /// See [`WriteSide::clock`](crate::side::write::WriteSide::clock).
    pub(super) fn clock(&self, name: Option<&Name>) -> Option<Clock> {
        let resolution = self.capabilities.time_resolution;
        let mut times = self.two_times(name);
        for _ in 1..TRIES {
            match &times {
                Ok([before, now]) if now.nanos() - before.nanos() >= NO_TICK => times = self.two_times(name),
                _ => break,
            }
        }
        let Ok([before, now]) = times else {
            // A local file system that we cannot write to is written by others with the time of this machine.
            return self.trust.clock.then(|| Clock { now: this_machines_time(), tick: resolution.max(TICK) });
        };
        let tick = match now.nanos() - before.nanos() {
            1..NO_TICK => 0,
            _ if now.nanos == 0 => resolution.max(WHOLE_SECONDS),
            _ => resolution.max(TICK),
        };
        Some(Clock { now, tick })
    }

    /// The times that a file gets by two edits, with a look before each: file systems that can tell edits apart by the
    /// nanosecond do so where somebody has looked.
    fn two_times(&self, name: Option<&Name>) -> std::io::Result<[Time; 2]> {
        let mut file = File::from(self.scratch(name)?);
        let mut time = || -> std::io::Result<Time> {
            file.write_all(b"?")?;
            Ok(self.look_at_open(&file)?.mtime)
        };
        time()?;
        Ok([time()?, time()?])
    }

    /// A file that goes when it is closed: without a name, which changes no directory, or else with this one, for a moment.
    fn scratch(&self, name: Option<&Name>) -> rustix::io::Result<OwnedFd> {
        let (flags, mode) = (OFlags::WRONLY | OFlags::CLOEXEC, Mode::RUSR | Mode::WUSR);
        let unnamed = openat(self.root(), c".", flags | OFlags::TMPFILE, mode);
        match (unnamed, name) {
            (Err(_), Some(name)) => {
                let new = flags | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
                let file = openat(self.root(), name, new, mode)?;
                unlinkat(self.root(), name, AtFlags::empty())?;
                Ok(file)
            }
            (unnamed, _) => unnamed,
        }
    }
}

/// The time by this machine's clock.
pub(crate) fn this_machines_time() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time { secs: i64::try_from(since.as_secs()).unwrap_or(i64::MAX), nanos: since.subsec_nanos() }
}
