//! `instep conflicts [ITEM]`: what needs a decision.

use crate::app::App;
use crate::args::Conflicts;
use crate::engine::HANDLER;
use crate::exit::{Exit, Failure};
use crate::ledger;
use crate::out::Tone;
use crate::render::human::{self, Names};
use crate::render::json::conflict_object;
use crate::render::text::counted;
use crate::targets::named_or_all;

pub(crate) fn run(app: &mut App<'_>, args: &Conflicts) -> Result<Exit, Failure> {
    let pairs = named_or_all(&app.settings, &args.items)?;
    let store = ledger::open(app)?;
    let out = app.out;
    let mut any = false;
    for pair in &pairs {
        let conflicts = ledger::conflicts(&store, &HANDLER, &pair.item)?;
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
