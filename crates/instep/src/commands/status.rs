//! `instep status`: how every item stands. Looks at the store, never at a folder, and asks the daemon what is live.

use center::{Headline, ItemStatus};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use syncmgr::Outcome;
use wire::{LiveItem, StopStage};

use super::schedule;
use crate::app::App;
use crate::args::Status;
use crate::client::Daemon;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::out::{Out, Tone, Volume};
use crate::render::human::{self, Names};
use crate::render::json::problem_object;
use crate::render::text::{Safe, ago, counted, local_time, soon, utc_time};
use crate::targets::named_items;

pub(crate) fn run(app: &mut App<'_>, args: &Status) -> Result<Exit, Failure> {
    let out = app.out;
    let engine = Engine::open(app)?;
    let daemon = Daemon::find(&app.places);
    if let Some(daemon) = &daemon {
        // What it has not seen since it began is green for nobody.
        engine.center.set_trusted_since(Some(daemon.started()));
    }
    let is_served = daemon.is_some();
    let live = daemon.and_then(|daemon| daemon.live().ok());
    let items = asked_for(&engine, args)?;
    if items.is_empty() {
        out.line("No items yet. `instep sync A B` or `instep add A B` makes one of two folders.");
        return Ok(Exit::Done);
    }
    let items: Vec<(ItemStatus, Names)> = items
        .into_iter()
        .map(|status| {
            let names = named(app, &status);
            (status, names)
        })
        .collect();
    let width = items.iter().map(|(_, names)| names.item.chars().count()).max().unwrap_or(0);
    for (status, names) in &items {
        let working = live.as_ref().and_then(|live| {
            let is = |item: &&LiveItem| {
                item.handler == status.handler.as_str() && item.item == status.item.as_str()
            };
            live.items.iter().find(is).filter(|item| item.outcome.is_none())
        });
        let seen = Seen { working, is_served };
        out.json(&object(status, seen));
        if !out.is_json() {
            tell(out, status, seen, names, width);
        }
    }
    let has_schedule =
        |status: &ItemStatus| status.schedule.as_ref().is_some_and(|one| !one.schedule.is_empty());
    if !is_served && items.iter().any(|(status, _)| has_schedule(status)) {
        out.remark(schedule::NOT_SERVED);
    }
    Ok(Exit::Done)
}

/// What the daemon says of an item.
#[derive(Clone, Copy)]
struct Seen<'a> {
    /// What it is doing with it.
    working: Option<&'a LiveItem>,
    /// There is one.
    is_served: bool,
}

/// The items that were named, or all that are not hidden.
fn asked_for(engine: &Engine, args: &Status) -> Result<Vec<ItemStatus>, Failure> {
    let wanted = (!args.items.is_empty()).then(|| named_items(&engine.center, &args.items)).transpose()?;
    let all = engine.center.status()?.into_iter().flat_map(|handler| handler.items);
    let is = |item: &ItemStatus| match &wanted {
        None => !item.switches.hidden,
        Some(wanted) => wanted.iter().any(|(handler, id)| *handler == item.handler && *id == item.item),
    };
    Ok(all.filter(is).collect())
}

/// What an item and its sides are called.
fn named(app: &App<'_>, status: &ItemStatus) -> Names {
    match app.settings.pair(&status.item) {
        Some(pair) if status.handler == *HANDLER => Names::of(pair),
        _ => Names::unknown(status.item.as_str()).called(&status.name),
    }
}

/// What it does just now, as far as that is known here.
fn at_work(status: &ItemStatus, working: Option<&LiveItem>) -> Option<String> {
    let Some(live) = working else {
        let runs = status.working.is_some() || status.running_elsewhere.is_some();
        return runs.then(|| "running now".to_owned());
    };
    let stage = match live.stop {
        Some(StopStage::Asked) => "stopping",
        Some(StopStage::NotResponding) => "does not answer a stop",
        Some(StopStage::Terminated | StopStage::Killed) => "being ended by force",
        None => "running now",
    };
    Some(match live.percent {
        Some(percent) => format!("{stage}, {percent} %"),
        None => stage.to_owned(),
    })
}

fn tell(out: &Out, status: &ItemStatus, seen: Seen<'_>, names: &Names, width: usize) {
    let Seen { working, is_served } = seen;
    let tone = match status.headline {
        Headline::UpToDate => Tone::Good,
        Headline::SafetyStop | Headline::Failed | Headline::Overdue | Headline::Gaps => Tone::Bad,
        Headline::NeverRun | Headline::Paused => Tone::Faint,
        _ => Tone::Warn,
    };
    let mut facts: Vec<String> = at_work(status, working).into_iter().collect();
    if status.conflicts > 0 {
        facts.push(counted(status.conflicts, "open conflict", "open conflicts"));
    }
    if status.errors > 0 {
        facts.push(counted(status.errors, "error", "errors"));
    }
    facts.push(match status.last_good {
        Some((_, ended)) => format!("last good run {}", ago(ended, jiff::Timestamp::now().as_millisecond())),
        None => "no good run yet".to_owned(),
    });
    facts.extend(by_itself(status, is_served));
    let pad = width - names.item.chars().count();
    let name = out.paint(Tone::Strong, &names.item);
    out.line(format_args!(
        "{name}{:pad$}  {:14}  {}",
        "",
        out.paint(tone, status.headline.label()),
        facts.join(", ")
    ));
    let problem = status.last_run.as_ref().and_then(|last| last.result.problem.as_ref());
    if let Some(problem) = problem.filter(|_| status.headline != Headline::Conflicts) {
        out.line(format_args!("{:width$}  {}", "", Safe(&problem.text)));
    }
    if let Some(next) = next(status, names) {
        out.line(format_args!("{:width$}  {} {next}", "", out.paint(Tone::Good, "next:")));
    }
    if let (Volume::Verbose, Some(last)) = (out.volume(), &status.last_run) {
        let (word, _) = human::outcome(last.result.outcome);
        out.line(format_args!("{:width$}  run {} of {}: {word}", "", last.run, local_time(last.ended)));
    }
}

/// What the schedule has to say.
fn by_itself(status: &ItemStatus, is_served: bool) -> Option<String> {
    if let Some(until) = status.paused_until {
        return Some(super::pause::phrase(until));
    }
    // Without a daemon nothing is waited for, and nothing comes next.
    let schedule = status.schedule.as_ref().filter(|_| is_served)?;
    let zone = schedule.schedule.zone.as_ref().map_or_else(TimeZone::system, |zone| zone.time_zone().clone());
    let now = jiff::Timestamp::now().as_millisecond();
    match (&schedule.waits, schedule.retry, schedule.next) {
        (Some(waits), _, _) => Some(waits.text(&zone)),
        (None, Some((_, at)), _) => Some(format!("tried again {}", soon(at, now))),
        (None, None, Some(next)) => Some(format!("next run {}", soon(next, now))),
        (None, None, None) => None,
    }
}

/// What a person would do about it.
fn next(status: &ItemStatus, names: &Names) -> Option<String> {
    let id = &names.id;
    // Of another program's job we know no more than it said.
    let ours = status.handler == *HANDLER;
    let fix = status.last_run.as_ref().and_then(|last| last.result.problem.as_ref()?.fix.clone());
    Some(match status.headline {
        Headline::SafetyStop | Headline::Failed | Headline::Waiting => {
            return fix.map(|fix| Safe(fix).to_string());
        }
        Headline::Conflicts if ours => format!("instep conflicts {id}"),
        Headline::Gaps => match &status.last_run {
            Some(last) => format!("instep results {}", last.run),
            None => return None,
        },
        Headline::Interrupted | Headline::NeverRun | Headline::Overdue if ours => format!("instep sync {id}"),
        _ => return None,
    })
}

/// The end of a pause for programs: a time, or that it has none.
fn until(until: i64) -> String {
    utc_time(until).unwrap_or_else(|| "resumed".to_owned())
}

fn object(status: &ItemStatus, seen: Seen<'_>) -> Value {
    let Seen { working, is_served } = seen;
    let schedule = status.schedule.as_ref().filter(|_| is_served);
    let last = status.last_run.as_ref();
    json!({
        "item": status.item.as_str(),
        "handler": status.handler.as_str(),
        "name": status.name,
        "headline": status.headline.word(),
        "running": status.working.as_ref().map(|live| live.run.0).or(status.running_elsewhere.map(|run| run.0)),
        "percent": working.and_then(|live| live.percent),
        "conflicts": status.conflicts,
        "errors": status.errors,
        "last_good": status.last_good.and_then(|(_, ended)| utc_time(ended)),
        "last_run": last.map(|last| json!({
            "run": last.run.0,
            "ended": utc_time(last.ended),
            "outcome": last.result.outcome.map(Outcome::word),
            "problem": last.result.problem.as_ref().map(problem_object),
        })),
        "enabled": status.switches.enabled,
        "paused_until": status.paused_until.map(until),
        "overdue_since": status.overdue_since.and_then(utc_time),
        "next_run": schedule.and_then(|schedule| utc_time(schedule.next?)),
        "waiting_for": schedule.and_then(|schedule| Some(schedule.waits.as_ref()?.word())),
        "retry_at": schedule.and_then(|schedule| utc_time(schedule.retry?.1)),
    })
}
