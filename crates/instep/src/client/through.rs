//! A run that the daemon performs, followed to its end as if it were done here.

use std::time::{Duration, Instant};

use center::{Center, Started, Verdict};
use folders::RunOptions;
use serde_json::{Map, Value};
use syncmgr::flags::SyncControlFlags;
use syncmgr::{HandlerId, ItemEnd, ItemId, Progress, Request, RunId, RunResult};
use wire::{EndedItem, Start};

use super::attended::Attended;
use super::{Daemon, Trouble, options};
use crate::exit::Failure;
use crate::render::progress::Progress as Shown;
use crate::signals::Watched;

/// What may have come to its end is looked at after this time, then after twice as much, and so on.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// The longest time between two looks at what is said to go on.
const LONGEST: Duration = Duration::from_secs(1);
/// The same where nobody says anything.
const LONGEST_UNTOLD: Duration = Duration::from_millis(100);
/// How often settings that were written a moment ago are asked for.
const ASK_EVERY: Duration = Duration::from_millis(100);
/// How long the daemon may take to have read settings that were written a moment ago.
const NEWS: Duration = Duration::from_secs(4);

/// What the daemon is to do.
pub(crate) enum Order<'a> {
    /// Synchronize, with these options.
    Sync(&'a RunOptions),
    /// Synchronize items of another handler, with options in its own words.
    Words(&'a Map<String, Value>),
    /// Take a run back.
    Undo(RunId),
}

impl Order<'_> {
    /// Has a center in this process do the same.
    pub(crate) fn start(
        &self,
        center: &Center,
        handler: &HandlerId,
        items: &[ItemId],
    ) -> Result<Started, syncmgr::Refusal> {
        let request = match self {
            Self::Sync(options) => Request::new((*options).clone()),
            Self::Undo(run) => return center.undo(*run),
            Self::Words(words) => {
                let text = Value::Object((*words).clone()).to_string();
                return center.start_with(handler, Some(items), &text, SyncControlFlags::empty());
            }
        };
        center.start(handler, Some(items), Some(request), SyncControlFlags::empty())
    }
}

/// Has the daemon do it and waits for what came of it, which its stream of changes tells as it happens. Ctrl-C asks the
/// daemon to stop these items; a second one leaves, and the daemon goes on with the stop.
pub(crate) fn follow(
    daemon: &Daemon,
    handler: &HandlerId,
    items: &[ItemId],
    order: &Order<'_>,
    progress: &mut Shown<'_>,
    signalled: &Watched<'_>,
) -> Result<Verdict, Failure> {
    // Before the start: nothing of it is missed.
    let mut attended = Attended::new(daemon, vec![(handler.clone(), items.to_vec())], progress, signalled);
    let mut start = begin(daemon, handler, items, order)?;
    let mut pause = FIRST_LOOK;
    let mut look = Instant::now() + pause;
    while !start.over {
        if attended.wait(look.saturating_duration_since(Instant::now()))? {
            pause = FIRST_LOOK;
        } else if Instant::now() < look {
            continue;
        } else {
            pause = (pause * 2).min(if attended.hears() { LONGEST } else { LONGEST_UNTOLD });
        }
        start = daemon.what_came_of(start.id)?;
        look = Instant::now() + pause;
    }
    Ok(verdict(start))
}

/// Starts. Items that were set up a moment ago may be news to the daemon.
fn begin(
    daemon: &Daemon,
    handler: &HandlerId,
    items: &[ItemId],
    order: &Order<'_>,
) -> Result<Start, Trouble> {
    let begun = Instant::now();
    loop {
        let started = match order {
            Order::Sync(words) => daemon.start(handler, items, options(words)),
            Order::Words(words) => daemon.start(handler, items, (*words).clone()),
            Order::Undo(run) => daemon.undo(*run),
        };
        match started {
            Err(Trouble::Refused(fault))
                if fault.code == "invalid_argument"
                    && begun.elapsed() < NEWS
                    && !items.iter().all(|item| daemon.knows(handler, item)) =>
            {
                std::thread::sleep(ASK_EVERY);
            }
            answer => return answer,
        }
    }
}

fn verdict(start: Start) -> Verdict {
    let items = ended(start.items);
    let mut result = RunResult::fold(&items);
    if let (Some(status), Some(outcome)) = (start.status, start.outcome) {
        (result.status, result.outcome) = (status.into(), outcome.into());
    }
    Verdict {
        runs: start.runs.into_iter().map(RunId).collect(),
        result,
        items,
        trouble: start.trouble.map(syncmgr::Refusal::Failed),
    }
}

/// What items came to there, as it would be told here.
pub(super) fn ended(items: Vec<EndedItem>) -> Vec<ItemEnd> {
    items
        .into_iter()
        .filter_map(|end| {
            Some(ItemEnd {
                item: ItemId::new(&end.item).ok()?,
                status: end.status.into(),
                outcome: end.outcome.into(),
                counts: end.counts.into(),
                problem: end.problem.map(Into::into),
                errors: end.errors,
                progress: Progress::Waiting,
                text: String::new(),
                reported: true,
                completed: true,
                canceled: false,
                broken_by: None,
            })
        })
        .collect()
}
