//! `instep results [RUN|ITEM]`: the runs, or all that one of them reported.

mod open;

use serde_json::{Value, json};
use store::{EventQuery, RunQuery, RunRecord, Store};
use syncmgr::{Event, HandlerId, ItemId, Level, Outcome};

use crate::app::App;
use crate::args::Results;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::ledger::{self, find_run};
use crate::out::{Tone, Volume};
use crate::render::human;
use crate::render::json::{counts, event_object, problem_object};
use crate::render::text::{Safe, Size, counted, local_time, utc_time};
use crate::report::tells;

pub(crate) fn run(app: &mut App<'_>, args: &Results) -> Result<Exit, Failure> {
    let store = ledger::open(app)?;
    let Some(of) = &args.of else { return list(app, &store, None, args.limit) };
    if let Some(item) = of_others(app, &store, of)?.filter(|_| !args.log) {
        return list_of(app, &store, Some(item), args.limit);
    }
    if args.log {
        return log(app, &store, &find_run(&store, of)?);
    }
    if let Some(number) = args.open {
        return follow(app, &find_run(&store, of)?, number, args.yes);
    }
    let is_run = of.eq_ignore_ascii_case("last") || of.trim_start_matches('#').parse::<u64>().is_ok();
    match app.settings.lookup(of) {
        Some(pair) => list(app, &store, Some(pair.item.clone()), args.limit),
        None if is_run => one(app, &find_run(&store, of)?),
        None => {
            let item = app.settings.find(of)?.item.clone();
            list(app, &store, Some(item), args.limit)
        }
    }
}

/// What the command of a run wrote.
fn log(app: &App<'_>, store: &Store, run: &RunRecord) -> Result<Exit, Failure> {
    let read = store.logs().read(run.id);
    let log = read.map_err(|error| {
        Failure::failed(format!("the log of run {} cannot be read: {}", run.id, syncmgr::reason(&error)))
    })?;
    let Some(log) = log else {
        return Err(Failure::usage(format!("run {} has no log", run.id))
            .tip("logs are kept of commands that `instep run` ran; old ones go"));
    };
    app.out.bytes(&log.head);
    if log.left_out > 0 {
        app.out.raw(&format!("\n[{} left out]\n", Size(log.left_out)));
    }
    app.out.bytes(&log.tail);
    Ok(Exit::Done)
}

/// The item of another handler that is called so, also one that came into being by a report. What may be the number of a
/// run is one.
fn of_others(app: &App<'_>, store: &Store, typed: &str) -> Result<Option<(HandlerId, ItemId)>, Failure> {
    let same = |name: &str| name.to_lowercase() == typed.to_lowercase();
    if same("last") || typed.trim_start_matches('#').parse::<u64>().is_ok() {
        return Ok(None);
    }
    if let Some(item) = app.settings.said.items.iter().find(|item| same(item.id.as_str()) || same(&item.name))
    {
        return Ok(Some((item.handler.clone(), item.id.clone())));
    }
    let known = store.item_states(None)?.into_iter();
    let mut meant = known.filter(|item| {
        item.handler != *HANDLER && (same(item.item.as_str()) || item.name.as_deref().is_some_and(same))
    });
    Ok(meant.next().map(|item| (item.handler, item.item)))
}

/// The runs of a pair, or all; newest first.
fn list(app: &App<'_>, store: &Store, pair: Option<ItemId>, limit: u32) -> Result<Exit, Failure> {
    list_of(app, store, pair.map(|pair| (HANDLER.clone(), pair)), limit)
}

fn list_of(
    app: &App<'_>,
    store: &Store,
    of: Option<(HandlerId, ItemId)>,
    limit: u32,
) -> Result<Exit, Failure> {
    let out = app.out;
    let (handler, item) = of.unzip();
    let runs = store.runs(&RunQuery {
        handler,
        item: item.clone(),
        limit: Some(limit.max(1)),
        ..RunQuery::default()
    })?;
    if runs.is_empty() {
        out.line("No runs yet. `instep sync` makes the first one.");
    }
    let wanted = |id: &ItemId| item.as_ref().is_none_or(|item| item == id);
    let width =
        |texts: &mut dyn Iterator<Item = String>| texts.map(|text| text.chars().count()).max().unwrap_or(0);
    let run_width = width(&mut runs.iter().map(|run| run.id.to_string()));
    let item_width =
        width(&mut runs.iter().flat_map(|run| &run.items).map(|item| app.names(&item.item).item));
    for run in &runs {
        out.json(&run_object(run));
        for item in run.items.iter().filter(|item| wanted(&item.item)) {
            let names = app.names(&item.item);
            let (word, tone) = human::outcome(item.outcome);
            let mut what = vec![out.paint(tone, word).to_string()];
            what.extend(human::changes(&item.counts, &names));
            if item.counts.conflicts > 0 {
                what.push(counted(item.counts.conflicts, "open conflict", "open conflicts"));
            }
            if item.errors > 0 {
                what.push(counted(item.errors, "error", "errors"));
            }
            out.line(format_args!(
                "{:>run_width$}  {}  {}{:pad$}  {}",
                run.id,
                local_time(run.started),
                names.item,
                "",
                what.join("; "),
                pad = item_width - names.item.chars().count(),
            ));
        }
    }
    Ok(Exit::Done)
}

/// Hands over all that a run reported, what its handler keeps itself among it, page by page and oldest first.
fn each_event(engine: &Engine, run: &RunRecord, mut each: impl FnMut(&Event)) -> Result<(), Failure> {
    let handler = Some(run.handler.clone());
    let mut query =
        EventQuery { run: Some(run.id), handler, limit: Some(ledger::PAGE), ..EventQuery::default() };
    loop {
        let page = engine.center.events(&query).map_err(|refusal| Failure::failed(refusal.to_string()))?;
        page.events.iter().for_each(&mut each);
        match page.next {
            Some(next) => query.after = Some(next),
            None => return Ok(()),
        }
    }
}

/// Opens one of the links of a run.
fn follow(app: &App<'_>, run: &RunRecord, number: usize, yes: bool) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let mut links: Vec<Event> = Vec::new();
    each_event(&engine, run, |event| links.extend(has_link(event).then(|| event.clone())))?;
    match number.checked_sub(1).and_then(|at| links.get(at)) {
        Some(event) => open::open(app, &engine.center, event, yes),
        None => Err(Failure::usage(format!("run {} has no link {number}", run.id))
            .tip(format!("`instep results {}` shows its links with their numbers", run.id))),
    }
}

fn has_link(event: &Event) -> bool {
    event.event.link_reference.is_some()
}

/// One run, with every line it reported.
fn one(app: &App<'_>, run: &RunRecord) -> Result<Exit, Failure> {
    let out = app.out;
    let engine = Engine::open(app)?;
    if out.is_json() {
        each_event(&engine, run, |event| out.json(&event_object(event)))?;
        out.json(&run_object(run));
        return Ok(Exit::Done);
    }
    let ended = match run.ended {
        Some(_) => human::effort(run),
        None => "running".to_owned(),
    };
    out.line(format_args!("Run {} of {}, {ended}", run.id, local_time(run.started)));
    for item in &run.items {
        out.line(human::headline(out, item.into(), &app.names(&item.item)));
        let mut is_told = false;
        if let (Some(problem), Some(Outcome::Gaps)) = (&item.problem, item.outcome) {
            each_event(&engine, run, |event| is_told |= tells(event, problem))?;
        }
        human::problem(out, item.problem.as_ref().filter(|_| !is_told));
    }
    let mut links = 0;
    each_event(&engine, run, |event| {
        links += usize::from(has_link(event));
        let (word, tone) = human::level(event.event.level);
        if event.event.level > Level::Information || out.volume() > Volume::Quiet {
            let (text, fix) = event.event.told();
            out.line(format_args!(
                "  {}  {} {}",
                out.paint(Tone::Faint, local_time(event.time)),
                out.paint(tone, format_args!("{word}:")),
                Safe(text)
            ));
            if let Some(fix) = fix {
                out.line(format_args!("    {} {}", out.paint(Tone::Good, "next:"), Safe(fix)));
            }
            if let Some(reference) = &event.event.link_reference {
                let text = event.event.link_text.as_ref().unwrap_or(reference);
                out.line(format_args!(
                    "    {} {}  {}",
                    out.paint(Tone::Good, format_args!("link {links}:")),
                    Safe(text),
                    out.paint(Tone::Faint, Safe(reference))
                ));
            }
        }
    })?;
    if links > 0 {
        out.say(format_args!("Open one: instep results {} --open 1", run.id));
    }
    Ok(Exit::Done)
}

fn run_object(run: &RunRecord) -> Value {
    let items: Vec<Value> = run
        .items
        .iter()
        .map(|item| {
            json!({
                "item": item.item.as_str(),
                "outcome": item.outcome.map(Outcome::word),
                "counts": counts(&item.counts),
                "errors": item.errors,
                "problem": item.problem.as_ref().map(problem_object),
            })
        })
        .collect();
    json!({
        "type": "run",
        "run": run.id.0,
        "started": utc_time(run.started),
        "ended": run.ended.and_then(utc_time),
        "outcome": run.outcome.map(Outcome::word),
        "errors": run.errors,
        "conflicts": run.conflicts,
        "items": items,
    })
}
