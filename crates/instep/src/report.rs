//! What is told at the end of a run, and the exit code that follows.

use center::Verdict;
use serde_json::{Value, json};
use store::{EventQuery, RunRecord};
use syncmgr::{Event, HandlerId, ItemEnd, Level, Outcome, Problem};

use crate::app::App;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::ledger::{self, for_each_event};
use crate::out::{Tone, Volume};
use crate::render::human::{self, SHOWN};
use crate::render::{json, sum};

/// Tells what came of a run of folder pairs.
pub(crate) fn report(app: &App<'_>, engine: &Engine, verdict: &Verdict) -> Result<Exit, Failure> {
    report_all(app, engine, &[(HANDLER.clone(), verdict.clone())])
}

/// Tells what came of runs of several handlers that a command has asked for.
pub(crate) fn report_all(
    app: &App<'_>,
    engine: &Engine,
    parts: &[(HandlerId, Verdict)],
) -> Result<Exit, Failure> {
    for (_, verdict) in parts {
        // Without a run on record, the items' own problem says why.
        if let Some(trouble) = verdict.trouble.as_ref().filter(|_| !verdict.runs.is_empty()) {
            app.out.warn(format_args!("what follows is on no record: {trouble}"));
        }
    }
    let exit = parts.iter().map(|(_, verdict)| exit_of(verdict)).max().unwrap_or(Exit::Done);
    if app.out.is_json() {
        for (handler, verdict) in parts {
            objects(app, engine, handler, verdict)?;
        }
        app.out.json(&summary(app, parts, exit));
        return Ok(exit);
    }
    for (handler, verdict) in parts {
        for item in &verdict.items {
            tell(app, engine, handler, verdict, item)?;
        }
        if verdict.items.is_empty() {
            app.out.say(human::outcome(Some(verdict.result.outcome)).0);
        }
        for record in verdict.runs.iter().filter_map(|run| engine.store.run(*run).ok().flatten()) {
            closing(app, engine, &record);
        }
    }
    Ok(exit)
}

fn exit_of(verdict: &Verdict) -> Exit {
    let exits = verdict.items.iter().map(|item| Exit::of(item.outcome, item.problem.as_ref()));
    exits.max().unwrap_or_else(|| verdict.result.outcome.into())
}

/// One item, for a person.
fn tell(
    app: &App<'_>,
    engine: &Engine,
    handler: &HandlerId,
    verdict: &Verdict,
    item: &ItemEnd,
) -> Result<(), Failure> {
    let out = app.out;
    let names = app.names(&item.item);
    let line = human::headline(out, item.into(), &names);
    if matches!(item.outcome, Outcome::Done | Outcome::Pending) {
        out.say(line)
    } else {
        out.trouble(line)
    }
    details(app, engine, handler, verdict, item)
}

/// What is to be said of an item below its line.
pub(crate) fn details(
    app: &App<'_>,
    engine: &Engine,
    handler: &HandlerId,
    verdict: &Verdict,
    item: &ItemEnd,
) -> Result<(), Failure> {
    let out = app.out;
    let names = app.names(&item.item);
    let mut events: Vec<Event> = Vec::new();
    let mut more = 0_u64;
    let verbose = out.volume() == Volume::Verbose;
    for run in &verdict.runs {
        let query = EventQuery {
            run: Some(*run),
            handler: Some(handler.clone()),
            item: Some(item.item.clone()),
            ..EventQuery::default()
        };
        // A run may have reported a million lines: only the worst few are kept.
        for_each_event(&engine.store, query, |event| {
            events.push(event.clone());
            if !verbose && events.len() > SHOWN {
                events.sort_by_key(|event| std::cmp::Reverse(event.event.level));
                events.truncate(SHOWN);
                more += 1;
            }
        })?;
    }
    human::problem(out, item.problem.as_ref().filter(|problem| !follows(item.outcome, problem, &events)));
    human::events(out, &events, more, verdict.runs.last().copied());
    let conflicts = ledger::conflicts(&engine.store, handler, &item.item)?;
    human::conflicts(out, &conflicts, &names, verbose);
    Ok(())
}

/// Whether what a problem says follows below it, one by one: what needs a decision, and what was left out.
fn follows(outcome: Outcome, problem: &Problem, events: &[Event]) -> bool {
    match outcome {
        Outcome::NeedsDecision => true,
        Outcome::Gaps => events.iter().any(|event| tells(event, problem)),
        _ => false,
    }
}

/// Whether an event says what the problem of its run is about. That of a run which had to leave the rest for another time
/// is told by none.
pub(crate) fn tells(event: &Event, problem: &Problem) -> bool {
    event.event.level == Level::Error && problem.text.contains(event.event.told().0)
}

/// The run's number, what it took, and how it is taken back.
fn closing(app: &App<'_>, engine: &Engine, record: &RunRecord) {
    let can = engine.center.takes_back(record.id);
    let undo = human::undo_hint(record)
        .filter(|_| can)
        .map(|undo| format!("; {} takes it back", app.out.paint(Tone::Strong, undo)));
    app.out.say(format_args!("Run {}, {}{}", record.id, human::effort(record), undo.unwrap_or_default()));
}

/// Events and conflicts, for programs.
fn objects(app: &App<'_>, engine: &Engine, handler: &HandlerId, verdict: &Verdict) -> Result<(), Failure> {
    for run in &verdict.runs {
        let query = EventQuery { run: Some(*run), ..EventQuery::default() };
        for_each_event(&engine.store, query, |event| app.out.json(&json::event_object(event)))?;
    }
    for item in &verdict.items {
        for conflict in ledger::conflicts(&engine.store, handler, &item.item)? {
            app.out.json(&json::conflict_object(&conflict));
        }
    }
    Ok(())
}

fn summary(app: &App<'_>, parts: &[(HandlerId, Verdict)], exit: Exit) -> Value {
    let of_all = || parts.iter().flat_map(|(_, verdict)| &verdict.items);
    let runs: Vec<u64> = parts.iter().flat_map(|(_, verdict)| &verdict.runs).map(|run| run.0).collect();
    let items: Vec<Value> = of_all()
        .map(|item| {
            json!({
                "item": item.item.as_str(),
                "name": app.settings.said.item(&item.item).map(|item| &item.name),
                "outcome": Exit::of(item.outcome, item.problem.as_ref()).word(),
                "counts": json::counts(&item.counts),
                "problem": item.problem.as_ref().map(json::problem_object),
            })
        })
        .collect();
    let mut summary = json!({
        "type": "summary",
        "outcome": exit.word(),
        "counts": json::counts(&sum(of_all().map(|item| &item.counts))),
        "run": runs.first(),
        "items": items,
    });
    if runs.len() > 1 {
        summary["runs"] = runs.into();
    }
    summary
}
