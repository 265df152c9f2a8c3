//! What is told at the end of a run, and the exit code that follows.

use center::Verdict;
use serde_json::{Value, json};
use store::{EventQuery, RunRecord};
use syncmgr::{Event, HandlerId, ItemEnd, Outcome};

use crate::app::App;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::ledger::{self, for_each_event};
use crate::out::{Tone, Volume};
use crate::render::human::{self, SHOWN};
use crate::render::{json, sum};

/// Tells what came of a run of folder pairs.
pub(crate) fn report(app: &App<'_>, engine: &Engine, verdict: &Verdict) -> Result<Exit, Failure> {
    report_of(app, engine, &HANDLER, verdict)
}

/// Tells what came of a run of any handler's items.
pub(crate) fn report_of(
    app: &App<'_>,
    engine: &Engine,
    handler: &HandlerId,
    verdict: &Verdict,
) -> Result<Exit, Failure> {
    // Without a run on record, the items' own problem says why.
    if let Some(trouble) = verdict.trouble.as_ref().filter(|_| !verdict.runs.is_empty()) {
        app.out.warn(format_args!("what follows is on no record: {trouble}"));
    }
    let exits = verdict.items.iter().map(|item| Exit::of(item.outcome, item.problem.as_ref()));
    let exit = exits.max().unwrap_or_else(|| verdict.result.outcome.into());
    let records: Vec<RunRecord> =
        verdict.runs.iter().filter_map(|run| engine.store.run(*run).ok().flatten()).collect();
    if app.out.is_json() {
        objects(app, engine, handler, verdict)?;
        app.out.json(&summary(app, verdict, exit));
    } else {
        for item in &verdict.items {
            tell(app, engine, handler, verdict, item)?;
        }
        if verdict.items.is_empty() {
            app.out.say(human::outcome(Some(verdict.result.outcome)).0);
        }
        for record in &records {
            closing(app, record);
        }
    }
    Ok(exit)
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
    // What needs a decision, and what was left out, follows below, one by one.
    if !matches!(item.outcome, Outcome::NeedsDecision | Outcome::Gaps) {
        human::problem(out, item.problem.as_ref());
    }
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
    human::events(out, &events, more, verdict.runs.last().copied());
    let conflicts = ledger::conflicts(&engine.store, handler, &item.item)?;
    human::conflicts(out, &conflicts, &names, verbose);
    Ok(())
}

/// The run's number, what it took, and how it is taken back.
fn closing(app: &App<'_>, record: &RunRecord) {
    let undo =
        human::undo_hint(record).map(|undo| format!("; {} takes it back", app.out.paint(Tone::Strong, undo)));
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

fn summary(app: &App<'_>, verdict: &Verdict, exit: Exit) -> Value {
    let items: Vec<Value> = verdict
        .items
        .iter()
        .map(|item| {
            json!({
                "item": item.item.as_str(),
                "name": app.settings.pair(&item.item).map(|pair| &pair.name),
                "outcome": Exit::of(item.outcome, item.problem.as_ref()).word(),
                "counts": json::counts(&item.counts),
                "problem": item.problem.as_ref().map(json::problem_object),
            })
        })
        .collect();
    let mut summary = json!({
        "type": "summary",
        "outcome": exit.word(),
        "counts": json::counts(&sum(verdict.items.iter().map(|item| &item.counts))),
        "run": verdict.runs.first().map(|run| run.0),
        "items": items,
    });
    if verdict.runs.len() > 1 {
        summary["runs"] = verdict.runs.iter().map(|run| run.0).collect();
    }
    summary
}
