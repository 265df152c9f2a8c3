//! `instep stop ITEM...`: stops what runs, whoever runs it: the daemon, or another command of this home.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use store::{RunRecord, Store};
use syncmgr::{HandlerId, ItemId, Outcome, RunId};

use crate::app::App;
use crate::args::Stop;
use crate::client::Daemon;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::render::text::Safe;
use crate::targets::named_items;

/// How long it waits for what was asked to stop.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A run that is to be stopped, and the process that has it.
struct Running {
    record: RunRecord,
    pid: u32,
}

pub(crate) fn run(app: &mut App<'_>, args: &Stop) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let wanted = (!args.all).then(|| named_items(&engine.center, &args.items)).transpose()?;
    let daemon = Daemon::find(&app.places);
    // Before anybody is asked: what ends at once is told all the same.
    let running = running(&engine.store, wanted.as_deref())?;
    if let Some(daemon) = &daemon {
        match &wanted {
            None => daemon.stop(None)?,
            Some(items) => {
                for (handler, item) in items {
                    daemon.stop(Some((handler, std::slice::from_ref(item))))?;
                }
            }
        }
    }
    let others =
        running.iter().map(|run| run.pid).filter(|pid| Some(*pid) != daemon.as_ref().map(Daemon::pid));
    for pid in others.collect::<std::collections::BTreeSet<u32>>() {
        ask_process(app, pid);
    }
    if running.is_empty() {
        app.out.say("Nothing of it runs.");
        return Ok(Exit::Done);
    }
    await_end(app, &engine.store, running)
}

/// The runs of other processes with one of these items; all runs when none is named.
fn running(store: &Store, wanted: Option<&[(HandlerId, ItemId)]>) -> Result<Vec<Running>, Failure> {
    let mut found = Vec::new();
    for (run, pid) in store.running_elsewhere()? {
        let Some(record) = store.run(run)? else { continue };
        let has = |item: &(HandlerId, ItemId)| {
            record.handler == item.0 && record.items.iter().any(|of| of.item == item.1)
        };
        if wanted.is_none_or(|wanted| wanted.iter().any(has)) {
            found.push(Running { record, pid });
        }
    }
    Ok(found)
}

/// Asks a command of this home, as Ctrl-C at its terminal would. That it still is that process, the lock that it holds
/// shows: `Store::running_elsewhere` names nobody else.
fn ask_process(app: &App<'_>, pid: u32) {
    let asked = i32::try_from(pid).ok().and_then(Pid::from_raw).map(|pid| kill_process(pid, Signal::TERM));
    match asked {
        Some(Ok(())) | Some(Err(rustix::io::Errno::SRCH)) | None => {}
        Some(Err(error)) => {
            app.out.warn(format_args!("process {pid} cannot be asked: {}", syncmgr::reason(&error)));
        }
    }
}

fn await_end(app: &App<'_>, store: &Store, running: Vec<Running>) -> Result<Exit, Failure> {
    let begun = Instant::now();
    let mut exit = Exit::Done;
    for Running { record, pid } in running {
        let outcome = loop {
            // One that is killed meanwhile ends at this look.
            let _ = store.close_abandoned();
            let now = store.run(record.id)?;
            match now.as_ref().map(|run| (run.ended, run.outcome)) {
                Some((None, _)) if begun.elapsed() < PATIENCE => std::thread::sleep(LOOK_EVERY),
                Some((None, _)) => break None,
                Some((Some(_), outcome)) => break outcome,
                None => break Some(Outcome::Canceled),
            }
        };
        if outcome.is_none() {
            exit = Exit::Waiting;
        }
        tell(app, record.id, &record, outcome, pid);
    }
    Ok(exit)
}

fn tell(app: &App<'_>, run: RunId, record: &RunRecord, outcome: Option<Outcome>, pid: u32) {
    for item in &record.items {
        let name = app.names(&item.item).item;
        app.out.json(&json!({
            "item": item.item.as_str(),
            "handler": record.handler.as_str(),
            "run": run.0,
            "stopped": outcome.is_some(),
            "outcome": outcome.map(Outcome::word),
        }));
        match outcome {
            Some(Outcome::Canceled | Outcome::Interrupted) => {
                app.out.say(format_args!("Stopped \"{name}\" (run {run})."));
            }
            Some(_) => app.out.say(format_args!("\"{name}\" had come to its end (run {run}).")),
            None => app.out.warn(format_args!(
                "\"{}\" was asked to stop and is still at it (run {run}, process {pid})",
                Safe(&name)
            )),
        }
    }
}
