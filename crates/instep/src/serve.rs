//! `instep serve`: the daemon. One process of a home that keeps the center running: it answers the API, follows the
//! settings, closes what others left behind, and stops cleanly.

pub(crate) mod claim;
mod door;
mod log;
mod service;
mod signals;
mod tend;

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use center::{Center, Clock, StopGrace, SystemClock, SystemSenses};
use sd_notify::NotifyState;

use crate::app::App;
use crate::args::Serve;
use crate::exit::{Exit, Failure};
use crate::handlers::Handlers;
use crate::ledger;
use claim::Claim;
use service::Service;
use signals::Wake;
use tend::Tender;

/// How often a stop of the daemon looks whether everything has stopped, or somebody is out of patience.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs until a signal ends it.
pub(crate) fn run(app: &mut App<'_>, args: &Serve) -> Result<Exit, Failure> {
    if let Some(door) = &args.door {
        return door::run(app, door);
    }
    log::begin(args.log_format, app.out);
    let claim = Claim::take(&app.places)?;
    // Else what a killed daemon was running would go on, and nobody would see it.
    match std::env::current_exe() {
        Ok(program) => adapters::process::take_on_leash(program),
        Err(error) => tracing::warn!("what runs may outlive a daemon that is killed: {error}"),
    }
    let inbox = signals::listen()?;
    let store = ledger::open(app)?;
    let clock = Arc::new(SystemClock::default());
    let center = Center::new(store, Arc::clone(&clock) as Arc<dyn Clock>);
    // From here on, what others do is noticed; what they did before, the handlers find in the store.
    center.look_elsewhere()?;
    let handlers = Handlers::register(&center, app, None)?;
    // What happened before is known; that it still holds is not.
    center.set_trusted_since(Some(clock.wall()));
    let _log = log::follow(&center)?;
    let reception = handlers.programs().receive(&app.places)?;
    let mut tender = Tender::new(app, center.clone(), handlers)?;
    let service = Service::start(&claim, &app.places, &app.settings.said, &center)?;
    claim.publish(clock.wall())?;
    let schedules = center.run_schedules(Box::new(SystemSenses))?;
    tell_system(&[NotifyState::Ready]);
    tracing::info!(
        socket = %claim.socket().display(),
        listening = service.addresses().join(" "),
        items = tender.items(),
        "ready; `instep status` and the other commands of this home find it"
    );
    let ended = tender.tend(&inbox, &service);
    tell_system(&[NotifyState::Stopping]);
    // Nothing begins by itself any more.
    drop(schedules);
    drop(reception);
    let left = stop(&center, tender.grace(), &inbox);
    service.finish();
    drop(claim);
    tracing::info!("ended");
    ended?;
    Ok(if left { Exit::Canceled } else { Exit::Done })
}

/// Asks all that runs to stop and waits for it; who has no patience, or runs out of the handlers' time, leaves at once.
/// Gives whether something had to be left behind.
fn stop(center: &Center, grace: StopGrace, inbox: &Receiver<Wake>) -> bool {
    let running = center.live().items.iter().filter(|item| item.outcome.is_none()).count();
    if running > 0 {
        tracing::info!(running, "stopping: what is under way is brought to a safe end");
    }
    let begun = Instant::now();
    loop {
        let stopped = center.stop_own_and_wait(LOOK_EVERY);
        if stopped.is_complete() {
            // What other programs do is theirs: only their sessions end here.
            center.abandon();
            return false;
        }
        let impatient = inbox.try_iter().any(|wake| wake == Wake::Stop);
        if impatient || begun.elapsed() >= grace.kill {
            for (handler, item) in &stopped.not_responding {
                tracing::warn!(%handler, %item, "left behind: it had not stopped");
            }
            center.abandon();
            return true;
        }
    }
}

/// Tells the service manager, if there is one.
fn tell_system(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        tracing::warn!("the service manager could not be told: {error}");
    }
}
