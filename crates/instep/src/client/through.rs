//! A run that the daemon performs, followed to its end as if it were done here.

use std::time::{Duration, Instant};

use center::{Center, LiveItem, Started, StopStage, Verdict};
use folders::RunOptions;
use serde_json::{Map, Value};
use syncmgr::flags::SyncControlFlags;
use syncmgr::{HandlerId, ItemEnd, ItemId, Progress, Request, RunId, RunResult};
use wire::{Bar, Start};

use super::{Daemon, Trouble, options};
use crate::exit::{Exit, Failure};
use crate::render::progress;
use crate::signals::{Watched, Wish};

/// A start that was just made is looked at after this time, then after twice as much, and so on.
const FIRST_LOOK: Duration = Duration::from_millis(5);
/// The longest time between two looks.
const LONGEST: Duration = Duration::from_millis(100);
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

/// Has the daemon do it and waits for what came of it. Ctrl-C asks the daemon to stop these items; a second one leaves,
/// and the daemon goes on with the stop.
pub(crate) fn follow(
    daemon: &Daemon,
    handler: &HandlerId,
    items: &[ItemId],
    order: &Order<'_>,
    progress: &mut progress::Progress<'_>,
    signalled: &Watched<'_>,
) -> Result<Verdict, Failure> {
    let mut start = begin(daemon, handler, items, order)?;
    let (mut asked, mut pause) = (false, FIRST_LOOK);
    while !start.over {
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST);
        match signalled.wish() {
            Wish::Stop if !asked => {
                asked = true;
                progress
                    .say("Stopping: what is under way is brought to a safe end. Once more leaves at once.");
                daemon.stop(Some((handler, items)))?;
            }
            Wish::Leave => {
                return Err(Failure::new(Exit::Canceled, "left; the daemon goes on with the stop")
                    .tip("`instep status` shows when it has stopped"));
            }
            Wish::GoOn | Wish::Stop => {}
        }
        start = daemon.what_came_of(start.id)?;
        if !start.over && progress.is_shown() {
            let live = daemon.live()?.items.into_iter();
            let ours = live.filter_map(live_item).filter(|item| item.handler == *handler);
            progress.update(&ours.filter(|item| items.contains(&item.item)).collect::<Vec<_>>());
        }
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
                std::thread::sleep(LONGEST);
            }
            answer => return answer,
        }
    }
}

fn verdict(start: Start) -> Verdict {
    let items: Vec<ItemEnd> = start
        .items
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
        .collect();
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

/// What is live there, as it would be here.
fn live_item(live: wire::LiveItem) -> Option<LiveItem> {
    Some(LiveItem {
        handler: HandlerId::new(&live.handler).ok()?,
        item: ItemId::new(&live.item).ok()?,
        name: live.name,
        run: RunId(live.run),
        started: live.started.0,
        status: live.status.map(Into::into),
        phase: live.phase.map(Into::into),
        text: live.text,
        progress: match (live.bar, live.percent) {
            (Bar::Determinate, Some(percent)) => Progress::Percent(percent),
            (Bar::Waiting, _) => Progress::Waiting,
            _ => Progress::Indeterminate,
        },
        step: live.step,
        max: live.max,
        errors: live.errors,
        cancel: live.cancel.into(),
        stop: live.stop.map(|stop| match stop {
            wire::StopStage::Asked => StopStage::Asked,
            wire::StopStage::NotResponding => StopStage::NotResponding,
            wire::StopStage::Terminated => StopStage::Terminated,
            wire::StopStage::Killed => StopStage::Killed,
        }),
        outcome: live.outcome.map(Into::into),
    })
}
