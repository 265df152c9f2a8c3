//! `instep resolve`: settling conflicts, by a choice for all of them, in a tool, or asked one after another.

mod ask;
mod meant;
mod outlook;
mod select;
mod tool;

use std::collections::BTreeSet;

use serde_json::json;
use syncmgr::conflict::{Choice, Conflict, Decided, OtherVersion, ResolutionItem, Settlement};
use syncmgr::{Counts, HandlerId};

use crate::app::App;
use crate::args::{KeepArg, Resolve};
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::ledger::path_of;
use crate::render::json::counts;
use crate::render::text::{Safe, counted};
use crate::report::report_all;
use crate::run::{self, Settled, settle};

pub(crate) use meant::{Meant, meant};
pub(crate) use select::{copies, query};

pub(crate) fn run(app: &mut App<'_>, args: &Resolve) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let items = meant(app, &engine.store, args.item.as_slice())?;
    let open = select::conflicts(&engine, &items, args)?;
    // What a tool has written is needed until it is in place.
    let mut workplace = None;
    let decided = match choice(args)? {
        Some(choice) => {
            let outlook = outlook::of(app, &engine, open, &choice);
            let merges = (choice == Choice::KeepMerged && args.dry_run)
                .then(|| outlook::merges(&engine, &outlook.decided));
            outlook::tell(app, &outlook, merges.as_ref(), args.dry_run);
            if args.dry_run {
                return Ok(dry(app, &outlook));
            }
            // What stays open is part of what came of it.
            let left =
                outlook.left.into_iter().map(|(conflict, _)| Decided { conflict, choice: choice.clone() });
            outlook.decided.into_iter().chain(left).collect()
        }
        None if args.tool.is_some() => {
            let merged = tool::merge_all(app, &engine, &open, args)?;
            workplace = Some(merged.workplace);
            merged.decided
        }
        None => ask::walk(app, &engine, &open)?,
    };
    if decided.is_empty() {
        app.out.say("Nothing was settled.");
        return Ok(Exit::NeedsDecision);
    }
    let many = decided.len() > 1 && args.keep.is_some();
    if many && !args.yes && run::has_person(app) {
        let count = counted(decided.len() as u64, "conflict", "conflicts");
        if !run::ask(app, &format!("Settle {count}? It is one run, and `instep undo` takes it back.")) {
            app.out.say("Nothing was settled.");
            return Ok(Exit::Canceled);
        }
    }
    let settled = settle(app, &engine, decided)?;
    drop(workplace);
    let untold = tell_untold(app, &settled);
    let handlers: BTreeSet<&HandlerId> = settled.each.iter().map(|one| &one.conflict.handler).collect();
    let handler = handlers.iter().find(|handler| ***handler == *HANDLER).or(handlers.first());
    match handler {
        Some(handler) if !settled.verdict.runs.is_empty() => {
            let told = [((*handler).clone(), settled.verdict.clone())];
            Ok(untold.max(report_all(app, &engine, &told)?))
        }
        _ => {
            let counts = counts(&Counts::default());
            app.out.json(&json!({ "type": "summary", "outcome": untold.word(), "counts": counts }));
            Ok(untold)
        }
    }
}

/// Tells what became of conflicts that no run tells of: of those that their handler settles one by one, and of those that
/// were settled already.
fn tell_untold(app: &App<'_>, settled: &Settled) -> Exit {
    let mut exit = Exit::Done;
    for one in settled.each.iter().filter(|one| !one.in_run) {
        let path = path_of(&one.conflict);
        let (word, at_least) = match &one.settlement {
            Settlement::Settled(_) => ("settled".to_owned(), Exit::Done),
            Settlement::Failed(error) => (Safe(&error.problem.text).to_string(), Exit::Gaps),
            Settlement::Changed => ("has changed since it was shown; look again".to_owned(), Exit::Gaps),
            Settlement::Gone => {
                ("is no open conflict any more: it was settled meanwhile".to_owned(), Exit::Done)
            }
            Settlement::NotReached => ("was not reached".to_owned(), Exit::NeedsDecision),
            _ => ("stays open".to_owned(), Exit::NeedsDecision),
        };
        exit = exit.max(at_least);
        let line = format!("{}: {path}: {word}", Safe(one.conflict.item.as_str()));
        if at_least == Exit::Done {
            app.out.say(line)
        } else {
            app.out.trouble(line)
        }
        app.out.json(&json!({
            "type": "settlement", "item": one.conflict.item.as_str(), "path": path.to_string(), "text": word,
        }));
    }
    exit
}

/// The choice that the words make for all conflicts; none when each is a question of its own.
fn choice(args: &Resolve) -> Result<Option<Choice>, Failure> {
    if args.leave_out {
        return Ok(Some(Choice::RemoveFromSyncSet));
    }
    if let Some(file) = &args.file {
        let content = std::fs::read(file).map_err(|error| {
            let reason = syncmgr::reason(&error);
            Failure::usage(format!("{} cannot be read: {reason}", crate::render::text::SafePath(file)))
        })?;
        return Ok(Some(Choice::KeepOther(OtherVersion::Content(content))));
    }
    let Some(keep) = args.keep else { return Ok(None) };
    if args.name_a.is_none() && args.name_b.is_none() {
        return Ok(Some(keep.into()));
    }
    let item = |index, name: &Option<String>| ResolutionItem { index, new_name: name.clone() };
    let items = match (keep, &args.name_a, &args.name_b) {
        (KeepArg::Both, a, b) => vec![item(0, a), item(1, b)],
        (KeepArg::A, a, None) => vec![item(0, a)],
        (KeepArg::B, None, b) => vec![item(1, b)],
        _ => {
            return Err(Failure::usage("a name was given for a version that does not stay")
                .tip("--name-a goes with `--keep a` or `both`, --name-b with `--keep b` or `both`"));
        }
    };
    Ok(Some(Choice::KeepItems(items)))
}

/// The end of a command that has only looked.
fn dry(app: &App<'_>, outlook: &center::Outlook) -> Exit {
    app.out.say("Nothing was done: this was only a look.");
    let exit = Exit::Done;
    app.out.json(&json!({
        "type": "summary",
        "outcome": exit.word(),
        "counts": counts(&syncmgr::Counts::default()),
        "dry_run": true,
        "would_settle": outlook.decided.len(),
        "would_stay_open": outlook.left.len(),
    }));
    exit
}

/// A choice for one conflict.
fn decide(conflict: &Conflict, choice: Choice) -> Decided {
    Decided { conflict: conflict.clone(), choice }
}
