//! `instep undo RUN`.

use folders::pair::Pair;
use syncmgr::ItemId;

use crate::app::App;
use crate::args::Undo;
use crate::client::Order;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::ledger::find_run;
use crate::report::{report, report_all};
use crate::run::{carry_out, items_of};

pub(crate) fn run(app: &mut App<'_>, args: &Undo) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let record = find_run(&engine.store, &args.run)?;
    if record.handler != *HANDLER {
        let items: Vec<ItemId> = record.items.iter().map(|item| item.item.clone()).collect();
        let verdict = carry_out(app, &engine, &record.handler, &items, &Order::Undo(record.id))?;
        return report_all(app, &engine, &[(record.handler, verdict)]);
    }
    let items = record.items.iter().map(|item| &item.item);
    let known: Vec<Pair> = items.clone().filter_map(|item| app.settings.pair(item)).cloned().collect();
    let gone: Vec<&str> =
        items.filter(|item| app.settings.pair(item).is_none()).map(syncmgr::ItemId::as_str).collect();
    if known.is_empty() {
        return Err(Failure::usage(format!(
            "run {} was of {}, which is no longer set up",
            record.id,
            gone.join(", ")
        ))
        .tip("what it deleted is in `.instep/trash` at the top of each side"));
    }
    if !gone.is_empty() {
        app.out.warn(format_args!("left out, because they are no longer set up: {}", gone.join(", ")));
    }
    let verdict = carry_out(app, &engine, &HANDLER, &items_of(&known), &Order::Undo(record.id))?;
    report(app, &engine, &verdict)
}
