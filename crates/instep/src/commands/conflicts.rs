//! `instep conflicts [ITEM]`: what needs a decision.

use serde_json::json;
use syncmgr::conflict::{Conflict, Merge};

use super::resolve::{copies, query};
use crate::app::App;
use crate::args::Conflicts;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::ledger;
use crate::out::Tone;
use crate::render::human::{self, Names};
use crate::render::json::conflict_object;
use crate::render::text::counted;
use crate::targets::named_or_all;

pub(crate) fn run(app: &mut App<'_>, args: &Conflicts) -> Result<Exit, Failure> {
    let pairs = named_or_all(&app.settings, &args.items)?;
    if args.diff {
        return show(app, args);
    }
    if args.find_copies {
        return found(app, args);
    }
    let store = ledger::open(app)?;
    let now = center::Clock::wall(&center::SystemClock::default());
    let out = app.out;
    let mut any = false;
    for pair in &pairs {
        let conflicts = store.find_conflicts(&query(pair, &args.which, now))?;
        for conflict in &conflicts {
            out.json(&conflict_object(conflict));
        }
        if !out.is_json() && !conflicts.is_empty() {
            any = true;
            let names = Names::of(pair);
            let count = counted(conflicts.len() as u64, "conflict", "conflicts");
            out.line(format_args!("{}: {count}", out.paint(Tone::Strong, &names.item)));
            human::conflicts(out, &conflicts, &names, true);
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
        let found = copies(&engine, &pair, &args.which)?;
        for conflict in &found {
            out.json(&conflict_object(conflict));
        }
        if !out.is_json() && !found.is_empty() {
            any = true;
            let names = Names::of(&pair);
            let count = counted(found.len() as u64, "conflict copy", "conflict copies");
            out.line(format_args!("{}: {count} of other programs", out.paint(Tone::Strong, &names.item)));
            found.iter().for_each(|conflict| human::one_conflict(out, conflict));
            out.line(format_args!(
                "  settle all: instep resolve {} --copies --all --keep a|b|both|newest|largest (a: the original, b: the copy)",
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
    let out = app.out;
    for pair in named_or_all(&app.settings, &args.items)? {
        for conflict in engine.center.conflicts(&query(&pair, &args.which, now))? {
            let merge = merged(&engine, &conflict);
            if out.is_json() {
                let mut object = conflict_object(&conflict);
                object["merge"] = match &merge {
                    Ok(Some(merge)) => {
                        json!({ "text": String::from_utf8_lossy(&merge.text), "overlaps": merge.overlaps })
                    }
                    _ => json!(null),
                };
                out.json(&object);
                continue;
            }
            human::one_conflict(out, &conflict);
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
    }
    Ok(Exit::Done)
}

fn merged(engine: &Engine, conflict: &Conflict) -> Result<Option<Merge>, String> {
    match engine.center.resolution_handler(&conflict.handler) {
        Some(handler) => handler.merge(conflict).map_err(|error| error.problem.text),
        None => Ok(None),
    }
}
