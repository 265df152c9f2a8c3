//! `instep preview`: what a run would do. Touches nothing.

use std::io::IsTerminal;

use folders::RunOptions;
use folders::look::Ask;
use folders::pair::Pair;
use folders::preview::{Preview as Found, preview};
use reconcile::Choices;
use serde_json::{Value, json};
use syncmgr::Outcome;

use super::others::{self, Seen};
use crate::app::App;
use crate::args::Preview;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::ledger::open;
use crate::looking::{Looking, failed, options_of};
use crate::out::Tone;
use crate::render::human::Names;
use crate::render::plan;
use crate::render::text::Safe;
use crate::render::{json as objects, sum};
use crate::targets;

pub(crate) fn run(app: &mut App<'_>, args: &Preview) -> Result<Exit, Failure> {
    let (mut others, rest) = others::split(app, &args.targets)?;
    let pairs = match rest {
        Some(rest) => targets::items(app, &rest, &args.rules)?,
        None => Vec::new(),
    };
    // A store that is damaged is told of now, while nothing depends on it.
    drop(open(app)?);
    let choices = Choices { skip: args.skip.clone(), flip: Vec::new() };
    let options = RunOptions { choices, ..options_of(&args.rules, args.checksum) };
    let looking = Looking::new(app);
    let mut found: Vec<(Pair, Found)> = Vec::new();
    let mut worst = Exit::Done;
    let alone = pairs.len() == 1 && others.is_empty();
    for pair in pairs {
        let ask = Ask {
            pair: &pair,
            options: &options,
            home: &looking.home,
            surroundings: &looking.surroundings(&pair),
            now: looking.now,
            threads: folders::drive::default_threads(),
        };
        let shown = looking.show(&pair, |watch| preview(ask, watch));
        match shown {
            Ok(preview) => {
                if app.out.is_json() {
                    plan::objects(app.out, pair.item.as_str(), &preview.plan, &Names::of(&pair));
                } else {
                    tell(app, &pair, &preview);
                }
                found.push((pair, preview));
            }
            // One pair that cannot be looked at does not keep the others from being shown.
            Err(error) => {
                let failure = failed(&pair, &error);
                if alone {
                    return Err(failure);
                }
                worst = worst.max(failure.exit);
                app.out.failure(&failure);
            }
        }
    }
    let mut more = Seen::default();
    let all = args.targets.all && others::may_be_unsaid(app);
    let engine = (all || !others.is_empty()).then(|| Engine::open(app)).transpose()?;
    if let Some(engine) = engine.as_ref().filter(|_| all) {
        others.extend(others::all_unsaid(app, engine)?);
    }
    if let Some(engine) = engine.filter(|_| !others.is_empty()) {
        let words = others::options(&args.rules, &args.skip, args.checksum, false)?;
        more = others::preview(app, &engine, &others, &words)?;
        worst = worst.max(more.worst);
    }
    app.out.json(&summary(&found, &more, worst));
    Ok(worst)
}

fn tell(app: &App<'_>, pair: &Pair, found: &Found) {
    let out = app.out;
    let names = Names::of(pair);
    if let Some(damaged) = &found.damaged_base {
        out.warn(format_args!(
            "{}: its memory of the last run is damaged and counts as lost: both sides are merged, nothing is deleted ({})",
            names.item,
            Safe(&damaged.reason)
        ));
    }
    plan::tell(out, &found.plan, &found.counts, &names, std::io::stdout().is_terminal());
    for stop in &found.stops {
        let why = stop.sentence([&pair.a.label, &pair.b.label]);
        out.line(format_args!("  {} {}", out.paint(Tone::Bad, "would stop:"), Safe(why)));
    }
    if found.needs_consent {
        out.line(format_args!(
            "  {} this is the first run, and something that is there would go; it asks, or wants --yes",
            out.paint(Tone::Warn, "would ask:")
        ));
    }
    for (side, problem) in &found.ignore_problems {
        out.warn(format_args!(
            "{} on {}, line {}: {}",
            problem.path,
            Safe(&pair.side(*side).label),
            problem.line,
            Safe(&problem.reason)
        ));
    }
    if !found.plan.actions.is_empty() {
        let approve = if found.stops.is_empty() { "" } else { " --approve" };
        out.say(format_args!(
            "  Nothing was touched. To do exactly this: {}",
            out.paint(Tone::Strong, format_args!("instep sync --plan {}{approve}", found.plan_id))
        ));
    }
}

/// What a run would come to.
fn expected(found: &Found) -> Outcome {
    if !found.stops.is_empty() || found.needs_consent {
        Outcome::SafetyStop
    } else if found.counts.errors > 0 {
        Outcome::Gaps
    } else if found.counts.conflicts > 0 {
        Outcome::NeedsDecision
    } else {
        Outcome::Done
    }
}

fn summary(found: &[(Pair, Found)], more: &Seen, exit: Exit) -> Value {
    let pairs = found.iter().map(|(pair, found)| {
        let stops: Vec<String> =
            found.stops.iter().map(|stop| stop.sentence([&pair.a.label, &pair.b.label])).collect();
        json!({
            "item": pair.item.as_str(),
            "name": pair.name,
            "plan": found.plan_id,
            "counts": objects::counts(&found.counts),
            "expected": expected(found).word(),
            "first_run": found.first_run,
            "stops": stops,
        })
    });
    let items: Vec<Value> =
        pairs.chain(more.found.iter().map(|(item, found)| others::object(item, found))).collect();
    let of_more = more.found.iter().map(|(_, found)| found);
    let unable: Vec<&str> = more.unable.iter().map(|item| item.id.as_str()).collect();
    let outcomes =
        found.iter().map(|(_, found)| expected(found)).chain(of_more.clone().map(|found| found.expected));
    let worst = outcomes.max().unwrap_or(Outcome::Done);
    json!({
        "type": "summary",
        "outcome": exit.word(),
        "expected": worst.word(),
        "counts": objects::counts(&sum(found.iter().map(|(_, found)| &found.counts).chain(of_more.map(|found| &found.counts)))),
        "plan": found.first().map(|(_, found)| &found.plan_id),
        "items": items,
        // Their handlers cannot say beforehand.
        "unable": unable,
    })
}
