//! `instep sync`: two folders, or items.

use folders::RunOptions;
use folders::pair::Pair;
use syncmgr::{Outcome, ProblemClass};

use super::tool;
use crate::app::App;
use crate::args::Sync;
use crate::client::Order;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::report::report;
use crate::run::{ask, carry_out};
use crate::targets;

pub(crate) fn run(app: &mut App<'_>, args: &Sync) -> Result<Exit, Failure> {
    if let Some(item) = tool::meant(app, &args.targets) {
        return tool::sync(app, item, args);
    }
    let mut pairs = match &args.plan {
        Some(plan) => vec![targets::of_plan(app, &args.targets.targets, plan)?],
        None => targets::items(app, &args.targets, &args.rules)?,
    };
    let engine = Engine::open(app)?;
    if args.targets.all {
        engine.only_enabled(&mut pairs)?;
        if pairs.is_empty() {
            return Err(
                Failure::usage("all items are disabled").tip("`instep enable ITEM` takes one in again")
            );
        }
    }
    let verdict = carry_out(app, &engine, &pairs, &Order::Sync(&options(args)))?;
    let exit = report(app, &engine, &verdict)?;
    let unasked: Vec<Pair> = pairs
        .into_iter()
        .filter(|pair| {
            verdict.items.iter().any(|item| {
                item.item == pair.item
                    && item.outcome == Outcome::SafetyStop
                    && item.problem.as_ref().is_some_and(|problem| problem.class == ProblemClass::Consent)
            })
        })
        .collect();
    // A person at a terminal is asked instead of being told to type it again.
    if unasked.is_empty() || args.yes || !ask(app, "Go on with that?") {
        return Ok(exit);
    }
    let agreed = RunOptions { consent: true, ..options(args) };
    let verdict = carry_out(app, &engine, &unasked, &Order::Sync(&agreed))?;
    report(app, &engine, &verdict)
}

fn options(args: &Sync) -> RunOptions {
    RunOptions {
        mode: args.rules.mode.map(Into::into),
        on_conflict: args.rules.on_conflict.map(Into::into),
        exclude: args.rules.exclude.clone(),
        include: args.rules.include.clone(),
        max_delete: args.rules.max_delete,
        approve: args.approve,
        consent: args.yes,
        checksum: args.checksum,
        plan: args.plan.clone(),
        no_trash: args.no_trash,
    }
}
