//! Ctrl-C and termination, counted: the first one asks, the second leaves, and nothing is ever ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::{Exit, Failure};

/// What the signals so far ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    GoOn,
    Stop,
    Leave,
}

/// Counts the signals of this process.
#[derive(Clone)]
pub(crate) struct Signalled {
    count: Arc<AtomicU8>,
    /// Somebody looks at the count; else a signal ends the process by itself.
    watched: Arc<AtomicBool>,
}

impl Signalled {
    /// Begins to listen.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| {
            Failure::failed(format!("cannot listen for Ctrl-C: {}", syncmgr::reason(&error)))
        })?;
        let this = Self { count: Arc::default(), watched: Arc::default() };
        let listener = this.clone();
        std::thread::spawn(move || {
            for _ in signals.forever() {
                let before = listener.count.fetch_add(1, Ordering::SeqCst);
                // Whoever looks had two chances; a third request is for those who look no more.
                if before >= 2 || !listener.watched.load(Ordering::SeqCst) {
                    signal_hook::low_level::exit(Exit::Canceled.code().into());
                }
            }
        });
        Ok(this)
    }

    /// Looks at the count from now on, until the guard is dropped.
    pub(crate) fn watch(&self) -> Watched<'_> {
        self.watched.store(true, Ordering::SeqCst);
        Watched(self)
    }
}

/// While it lives, signals only count.
pub(crate) struct Watched<'s>(&'s Signalled);

impl Watched<'_> {
    pub(crate) fn wish(&self) -> Wish {
        match self.0.count.load(Ordering::SeqCst) {
            0 => Wish::GoOn,
            1 => Wish::Stop,
            _ => Wish::Leave,
        }
    }
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.0.watched.store(false, Ordering::SeqCst);
    }
}
