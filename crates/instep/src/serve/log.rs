//! The daemon's log: what begins, ends and goes wrong, with run and item as fields.

use std::io::IsTerminal;
use std::thread::JoinHandle;
use std::time::Duration;

use center::{Center, Change, Follower, News, What};
use syncmgr::{Level, Outcome};
use tracing_subscriber::EnvFilter;

use crate::args::LogFormat;
use crate::exit::Failure;
use crate::out::Out;

/// The variable that says how much is logged.
const FILTER: &str = "INSTEP_LOG";
/// What is logged when it says nothing.
const USUAL: &str = "info,rusqlite_migration=warn";
/// How long the log waits for something to say before it looks whether it is over.
const PATIENCE: Duration = Duration::from_millis(500);
/// How many changes are read at once.
const PAGE: usize = 256;

/// Begins to write the log, on standard error.
pub(crate) fn begin(format: LogFormat, out: &Out) {
    let (filter, wrong) = match std::env::var(FILTER) {
        Ok(said) => match EnvFilter::try_new(&said) {
            Ok(filter) => (filter, None),
            Err(error) => (EnvFilter::new(USUAL), Some(error)),
        },
        Err(_) => (EnvFilter::new(USUAL), None),
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        // It would be said on standard error too, and a thread that cannot write there panics.
        .log_internal_errors(false);
    let colored = out.colors_errors() && std::io::stderr().is_terminal();
    let begun = match format {
        LogFormat::Human => log.with_ansi(colored).try_init(),
        LogFormat::Json => log.json().flatten_event(true).with_current_span(false).try_init(),
    };
    // Somebody else's log is as good.
    drop(begun);
    if let Some(error) = wrong {
        tracing::warn!("{FILTER} cannot be read, so the usual is logged: {error}");
    }
}

/// Logs what happens, until it is dropped.
pub(crate) struct Log {
    over: std::sync::mpsc::Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// Follows the center.
pub(crate) fn follow(center: &Center) -> Result<Log, Failure> {
    let mut follower = center.feed().follow(None, || ());
    let (over, ends) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::Builder::new()
        .name("log".into())
        .spawn(move || {
            loop {
                drain(&mut follower);
                if ends.try_recv() != Err(std::sync::mpsc::TryRecvError::Empty) {
                    drain(&mut follower);
                    return;
                }
                follower.wait(PATIENCE);
            }
        })
        .map_err(|error| Failure::failed(format!("cannot start a thread: {}", syncmgr::reason(&error))))?;
    Ok(Log { over, thread: Some(thread) })
}

impl Drop for Log {
    fn drop(&mut self) {
        // A log that is gone has said all it had to say.
        let _ = self.over.send(());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn drain(follower: &mut Follower) {
    loop {
        match follower.next(PAGE) {
            News::Nothing => return,
            News::Changes(changes) => changes.iter().for_each(|change| write(change)),
            News::Reload(_) => {
                tracing::warn!("more happened than could be logged; the results have all of it")
            }
        }
    }
}

fn write(change: &Change) {
    match &change.what {
        What::SessionBegan { run, handler, items, .. } => {
            for item in items {
                tracing::info!(run = run.0, %handler, %item, "began");
            }
        }
        What::SessionEnded { run, handler, items, .. } => {
            for end in items {
                let (run, item, outcome) = (run.0, &end.item, end.outcome.word());
                let problem = end.problem.as_ref().map(|problem| problem.text.as_str());
                match end.outcome {
                    Outcome::Done | Outcome::Pending | Outcome::Canceled => {
                        tracing::info!(run, %handler, %item, outcome, problem, "ended");
                    }
                    Outcome::Failed | Outcome::SafetyStop => {
                        tracing::error!(run, %handler, %item, outcome, problem, "ended");
                    }
                    _ => tracing::warn!(run, %handler, %item, outcome, problem, "ended"),
                }
            }
        }
        What::Event(event) => {
            let (run, handler) = (event.run.0, &event.handler);
            let item = event.item().map(syncmgr::ItemId::as_str);
            let (name, text) = (&event.event.name, &event.event.description);
            match event.level() {
                Level::Information => tracing::debug!(run, %handler, item, event = name, "{text}"),
                Level::Warning => tracing::warn!(run, %handler, item, event = name, "{text}"),
                Level::Error => tracing::error!(run, %handler, item, event = name, "{text}"),
            }
        }
        _ => {}
    }
}
