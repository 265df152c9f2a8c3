//! `instep resolve`: settling conflicts, by a choice for all of them, in a tool, or asked one after another.

mod ask;
mod outlook;
mod select;
mod tool;

use serde_json::json;
use syncmgr::conflict::{Choice, Conflict, Decided, OtherVersion, ResolutionItem};

use crate::app::App;
use crate::args::{KeepArg, Resolve};
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::render::json::counts;
use crate::render::text::counted;
use crate::report::report;
use crate::run::{self, settle};

pub(crate) use select::{copies, query};

pub(crate) fn run(app: &mut App<'_>, args: &Resolve) -> Result<Exit, Failure> {
    let pairs = match &args.item {
        Some(item) => vec![app.settings.find(item)?.clone()],
        None => app.settings.pairs.clone(),
    };
    let engine = Engine::open(app)?;
    let open = select::conflicts(&engine, &pairs, args)?;
    // What a tool has written is needed until it is in place.
    let mut workplace = None;
    let decided = match choice(args)? {
        Some(choice) => {
            let outlook = engine.center.outlook_of(open, &choice);
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
    let resolved = settle(app, &engine, decided)?;
    drop(workplace);
    report(app, &engine, &resolved.verdict)
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
