//! `instep status`: how every item stands. Looks at the store alone, never at a folder.

use center::{Headline, ItemStatus};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use syncmgr::Outcome;

use super::schedule;
use crate::app::App;
use crate::args::Status;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::out::{Out, Tone, Volume};
use crate::render::human::{self, Names};
use crate::render::json::problem_object;
use crate::render::text::{Safe, ago, counted, local_time, soon, utc_time};
use crate::serve::claim;
use crate::targets::named_or_all;

pub(crate) fn run(app: &mut App<'_>, args: &Status) -> Result<Exit, Failure> {
    let pairs = named_or_all(&app.settings, &args.items)?;
    let out = app.out;
    if pairs.is_empty() {
        out.line("No items yet. `instep sync A B` or `instep add A B` makes one of two folders.");
        return Ok(Exit::Done);
    }
    let engine = Engine::open(app)?;
    let handlers = engine.center.status()?;
    let is_served = claim::answers(&app.places);
    let known: Vec<&ItemStatus> = handlers.iter().flat_map(|handler| &handler.items).collect();
    let width = pairs.iter().map(|pair| Names::of(pair).item.chars().count()).max().unwrap_or(0);
    for pair in &pairs {
        let Some(status) = known.iter().find(|status| status.item == pair.item) else { continue };
        let names = Names::of(pair);
        out.json(&object(status, is_served));
        if !out.is_json() {
            tell(out, status, &names, width, is_served);
        }
    }
    let has_schedule =
        |status: &&ItemStatus| status.schedule.as_ref().is_some_and(|one| !one.schedule.is_empty());
    if !is_served && known.iter().any(has_schedule) {
        out.remark(schedule::NOT_SERVED);
    }
    Ok(Exit::Done)
}

fn tell(out: &Out, status: &ItemStatus, names: &Names, width: usize, is_served: bool) {
    let tone = match status.headline {
        Headline::UpToDate => Tone::Good,
        Headline::SafetyStop | Headline::Failed | Headline::Overdue | Headline::Gaps => Tone::Bad,
        Headline::NeverRun | Headline::Paused => Tone::Faint,
        _ => Tone::Warn,
    };
    let mut facts = Vec::new();
    if status.working.is_some() || status.running_elsewhere.is_some() {
        facts.push("running now".to_owned());
    }
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
    let fix = status.last_run.as_ref().and_then(|last| last.result.problem.as_ref()?.fix.clone());
    Some(match status.headline {
        Headline::SafetyStop | Headline::Failed | Headline::Waiting => {
            return fix.map(|fix| Safe(fix).to_string());
        }
        Headline::Conflicts => format!("instep conflicts {id}"),
        Headline::Gaps => match &status.last_run {
            Some(last) => format!("instep results {}", last.run),
            None => return None,
        },
        Headline::Interrupted | Headline::NeverRun | Headline::Overdue => format!("instep sync {id}"),
        _ => return None,
    })
}

/// The end of a pause for programs: a time, or that it has none.
fn until(until: i64) -> String {
    utc_time(until).unwrap_or_else(|| "resumed".to_owned())
}

fn object(status: &ItemStatus, is_served: bool) -> Value {
    let schedule = status.schedule.as_ref().filter(|_| is_served);
    let last = status.last_run.as_ref();
    json!({
        "item": status.item.as_str(),
        "name": status.name,
        "headline": status.headline.word(),
        "running": status.working.as_ref().map(|live| live.run.0).or(status.running_elsewhere.map(|run| run.0)),
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
