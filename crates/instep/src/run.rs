//! One run through the center: started, watched, stopped when asked, and told at its end.

use std::io::{BufRead, IsTerminal, Write};
use std::time::Duration;

use center::Verdict;
use folders::pair::Pair;
use syncmgr::conflict::{Conflict, Decided, Settlement};
use syncmgr::control::Control;
use syncmgr::{HandlerId, ItemId};

use crate::app::App;
use crate::client::{self, Daemon, Order, follow};
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::render::progress::Progress;
use crate::signals::Wish;

/// How often progress is looked at, and requests to stop.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Has items of a handler synchronized, or a run taken back, and waits for the verdict: by the daemon of this home, if
/// there is one that answers, else here.
///
/// The first Ctrl-C asks all to stop and waits until they have (what is under way is finished, both sides stay
/// consistent); a second one leaves at once, which is as safe as a crash: the next run picks up.
pub(crate) fn carry_out(
    app: &App<'_>,
    engine: &Engine,
    handler: &HandlerId,
    items: &[ItemId],
    order: &Order<'_>,
) -> Result<Verdict, Failure> {
    if let Some(daemon) = Daemon::find(&app.places) {
        let signalled = engine.signalled.watch();
        let mut progress = progress_of(app, items);
        return follow(&daemon, handler, items, order, &mut progress, &signalled);
    }
    let started = order.start(&engine.center, handler, items)?;
    wait(app, engine, items, |patience| started.wait_for(patience))
}

/// The items of pairs.
pub(crate) fn items_of(pairs: &[Pair]) -> Vec<ItemId> {
    pairs.iter().map(|pair| pair.item.clone()).collect()
}

fn progress_of<'a>(app: &App<'a>, items: &[ItemId]) -> Progress<'a> {
    let names = items.iter().map(|item| (item.clone(), app.names(item).item)).collect();
    Progress::new(app.out, names)
}

/// What became of conflicts that were to be settled.
pub(crate) struct Settled {
    /// What the runs came to.
    pub(crate) verdict: Verdict,
    pub(crate) each: Vec<SettledOne>,
}

/// What became of one of them.
pub(crate) struct SettledOne {
    pub(crate) conflict: Conflict,
    pub(crate) settlement: Settlement,
    /// Whether the events of a run tell of it.
    pub(crate) in_run: bool,
}

/// Settles conflicts, and waits until all of them were tried: by the daemon of this home, if there is one that answers,
/// else here.
pub(crate) fn settle(app: &App<'_>, engine: &Engine, decided: Vec<Decided>) -> Result<Settled, Failure> {
    let mut items: Vec<ItemId> = decided.iter().map(|one| one.conflict.item.clone()).collect();
    items.dedup();
    if let Some(daemon) = Daemon::find(&app.places) {
        let signalled = engine.signalled.watch();
        let mut progress = progress_of(app, &items);
        return client::settle(&daemon, decided, &mut progress, &signalled);
    }
    let resolving = engine.center.resolve(decided)?;
    let resolved = wait(app, engine, &items, |patience| {
        let all = resolving.runs().all(|started| started.wait_for(patience).is_some());
        all.then(|| resolving.wait())
    })?;
    let each = resolved.settlements.into_iter().map(|(Decided { conflict, .. }, settlement)| {
        let handler = engine.center.resolution_handler(&conflict.handler);
        let in_run = handler.is_some_and(|handler| handler.works_in_sessions());
        SettledOne { conflict, settlement, in_run }
    });
    Ok(Settled { verdict: resolved.verdict, each: each.collect() })
}

/// Waits with a bar and an ear for Ctrl-C.
fn wait<T>(
    app: &App<'_>,
    engine: &Engine,
    items: &[ItemId],
    mut done: impl FnMut(Duration) -> Option<T>,
) -> Result<T, Failure> {
    let signalled = engine.signalled.watch();
    let mut progress = progress_of(app, items);
    let mut asked = false;
    loop {
        if let Some(done) = done(LOOK_EVERY) {
            return Ok(done);
        }
        match signalled.wish() {
            Wish::Stop if !asked => {
                asked = true;
                progress
                    .say("Stopping: what is under way is brought to a safe end. Once more leaves at once.");
                engine.center.stop_sync_all()?;
            }
            Wish::Leave => {
                engine.center.abandon();
                drop(progress);
                app.out.flush();
                std::process::exit(Exit::Canceled.code().into());
            }
            Wish::GoOn | Wish::Stop => {}
        }
        progress.update(&engine.center.live().items);
    }
}

/// Whether there is somebody who can be asked.
pub(crate) fn has_person(app: &App<'_>) -> bool {
    !app.out.is_json() && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a person a question with yes and no; without a terminal nobody can be asked, and the answer is no.
pub(crate) fn ask(app: &App<'_>, question: &str) -> bool {
    if !has_person(app) {
        return false;
    }
    app.out.flush();
    let mut stderr = std::io::stderr().lock();
    if write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush()).is_err() {
        return false;
    }
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}
