//! `instep conflicts [ITEM]`: what needs a decision.

use serde_json::json;
use syncmgr::conflict::{Conflict, Merge};

use super::resolve::{Meant, copies, meant, query};
use crate::app::App;
use crate::args::Conflicts;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::ledger;
use crate::out::Tone;
use crate::render::human;
use crate::render::json::conflict_object;
use crate::render::text::counted;
use crate::targets::named_or_all;

pub(crate) fn run(app: &mut App<'_>, args: &Conflicts) -> Result<Exit, Failure> {
    if args.find_copies {
        return found(app, args);
    }
    if args.diff {
        return show(app, args);
    }
    let store = ledger::open(app)?;
    let now = center::Clock::wall(&center::SystemClock::default());
    let out = app.out;
    let mut any = false;
    for of in meant(app, &store, &args.items)? {
        let conflicts = store.find_conflicts(&query(&of, &args.which, now))?;
        for conflict in &conflicts {
            out.json(&conflict_object(conflict));
        }
        if !out.is_json() && !conflicts.is_empty() {
            any = true;
            let count = counted(conflicts.len() as u64, "conflict", "conflicts");
            out.line(format_args!("{}: {count}", out.paint(Tone::Strong, &of.names.item)));
            human::conflicts(out, &conflicts, &of.names, true);
        }
    }
    if !any {
        out.line("No open conflicts.");
    }
    Ok(Exit::Done)
}

/// Conflict copies that other programs have left.
fn found(app: &App<'_>, args: &Conflicts) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let out = app.out;
    let mut any = false;
    for pair in named_or_all(&app.settings, &args.items)? {
        let pair = Meant::pair(&pair);
        let found = copies(&engine, &pair, &args.which)?;
        if out.is_json() {
            found.iter().for_each(|one| {
                if args.diff { show_one(app, &engine, one) } else { out.json(&conflict_object(one)) }
            });
        } else if !found.is_empty() {
            any = true;
            let names = &pair.names;
            let count = counted(found.len() as u64, "conflict copy", "conflict copies");
            out.line(format_args!("{}: {count} of other programs", out.paint(Tone::Strong, &names.item)));
            found.iter().for_each(|one| {
                if args.diff { show_one(app, &engine, one) } else { human::one_conflict(out, one) }
            });
            out.line(format_args!(
                "  settle all: instep resolve {} --copies --all --keep a|b|both|newest|largest|merge (a: the original, b: the copy)",
                names.id
            ));
        }
    }
    if !any {
        out.line("No conflict copies of other programs.");
    }
    Ok(Exit::Done)
}

/// The texts of the versions, put together as a merge would.
fn show(app: &App<'_>, args: &Conflicts) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let now = engine.center.clock_millis();
    for of in meant(app, &engine.store, &args.items)? {
        for conflict in engine.center.conflicts(&query(&of, &args.which, now))? {
            show_one(app, &engine, &conflict);
        }
    }
    Ok(Exit::Done)
}

fn show_one(app: &App<'_>, engine: &Engine, conflict: &Conflict) {
    let out = app.out;
    let merge = merged(engine, conflict);
    if out.is_json() {
        let mut object = conflict_object(conflict);
        object["merge"] = match &merge {
            Ok(Some(merge)) => {
                json!({ "text": String::from_utf8_lossy(&merge.text), "overlaps": merge.overlaps })
            }
            _ => json!(null),
        };
        out.json(&object);
        return;
    }
    human::one_conflict(out, conflict);
    match merge {
        Ok(Some(merge)) => {
            let overlaps = merge.overlaps as u64;
            out.line(match overlaps {
                0 => "    can be merged: `--keep merge` makes this of both".to_owned(),
                _ => format!(
                    "    both changed the same in {}",
                    counted(overlaps, "place, marked below", "places, marked below")
                ),
            });
            human::text(out, &merge.text);
        }
        Ok(None) => out.line("    cannot be merged: no text, too large, or no version in common"),
        Err(text) => out.line(format_args!("    {text}")),
    }
}

fn merged(engine: &Engine, conflict: &Conflict) -> Result<Option<Merge>, String> {
    match engine.center.resolution_handler(&conflict.handler) {
        Some(handler) => handler.merge(conflict).map_err(|error| error.problem.text),
        None => Ok(None),
    }
}
