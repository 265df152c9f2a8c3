//! A job of another program while it runs: told to the daemon when one answers, else put on record by a center in this
//! process. The settings are not read: they may be wrong without that being any concern of the job.
//!
//! Telling is a thread of its own, for a daemon that hangs must not hold up the command. A daemon that goes away is no
//! loss: the run goes on under its number, here or with the next daemon.

mod desk;
mod mailbox;
mod route;

use std::sync::Arc;
use std::thread::JoinHandle;

use adapters::telling::Hearer;
use adapters::verdict::Verdict;
use store::Logs;
use syncmgr::{CancelRequest, Counts, ItemId, NewEvent, RunId};

use mailbox::Mailbox;
use route::Route;

use crate::exit::Failure;
use crate::out::Out;
use crate::places::Places;

/// What is said of a job when it begins.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    /// The job.
    pub(crate) item: ItemId,
    /// A person started it (R13).
    pub(crate) by_hand: bool,
    /// Without a good run for so many milliseconds it is overdue.
    pub(crate) overdue: Option<i64>,
}

/// A job that has begun.
pub(crate) struct Job {
    run: RunId,
    logs: Logs,
    mailbox: Arc<Mailbox>,
    teller: JoinHandle<Result<(), String>>,
}

impl Job {
    /// Puts the beginning of a job on record.
    pub(crate) fn begin(beginning: Beginning) -> Result<Self, Failure> {
        let places = Places::from_env()?;
        places.make_state()?;
        let logs = Logs::beside(&places.store());
        let route = Route::begin(places, beginning)?;
        let mailbox = Arc::new(Mailbox::default());
        let (run, read) = (route.run(), Arc::clone(&mailbox));
        let teller =
            std::thread::Builder::new().name("teller".into()).spawn(move || route.follow(&read)).map_err(
                |error| Failure::failed(format!("cannot start a thread: {}", syncmgr::reason(&error))),
            )?;
        Ok(Self { run, logs, mailbox, teller })
    }

    /// Whoever is told what the command says.
    pub(crate) fn hearer(&self) -> impl Hearer + '_ {
        Hearing(&self.mailbox)
    }

    /// Its number.
    pub(crate) fn run(&self) -> RunId {
        self.run
    }

    /// Where its output is kept.
    pub(crate) fn logs(&self) -> Logs {
        self.logs.clone()
    }

    /// Waits until its end is on record.
    pub(crate) fn end(self, out: &Out) {
        self.mailbox.close();
        let told = self.teller.join().unwrap_or_else(|_| Err("the thread that tells it is gone".into()));
        if let Err(why) = told {
            out.warn(format_args!("how it went could not be written down: {why}"));
        }
    }
}

/// Puts into the mailbox what the command says.
struct Hearing<'m>(&'m Mailbox);

impl Hearer for Hearing<'_> {
    fn progress(&mut self, text: &str, step: u64, max: u64) -> CancelRequest {
        self.0.progress(text, step, max)
    }

    fn event(&mut self, event: NewEvent) {
        self.0.event(event);
    }

    fn end(&mut self, verdict: &Verdict, counts: Counts) {
        self.0.last_word(verdict.clone(), counts);
    }
}
