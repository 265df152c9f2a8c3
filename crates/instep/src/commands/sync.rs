//! `instep sync`: two folders, or items.

use center::Verdict;
use folders::RunOptions;
use folders::pair::Pair;
use reconcile::Choices;
use syncmgr::{HandlerId, ItemId, Outcome, ProblemClass};

use super::others;
use crate::app::App;
use crate::args::Sync;
use crate::client::Order;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::report::{report, report_all};
use crate::run::{ask, carry_out, items_of};
use crate::targets;

pub(crate) fn run(app: &mut App<'_>, args: &Sync) -> Result<Exit, Failure> {
    let (mut others, rest) = others::split(app, &args.targets)?;
    let mut pairs = match (&args.plan, rest) {
        (Some(plan), _) => vec![targets::of_plan(app, &args.targets.targets, plan)?],
        (None, Some(rest)) => targets::items(app, &rest, &args.rules)?,
        (None, None) => Vec::new(),
    };
    let engine = Engine::open(app)?;
    if args.targets.all {
        others.extend(others::all_unsaid(app, &engine)?);
        engine.only_enabled(&mut pairs, |pair| (&HANDLER, &pair.item))?;
        engine.only_enabled(&mut others, |item| (&item.handler, &item.id))?;
        if pairs.is_empty() && others.is_empty() {
            return Err(
                Failure::usage("all items are disabled").tip("`instep enable ITEM` takes one in again")
            );
        }
    }
    let words = if others.is_empty() {
        None
    } else {
        Some(others::options(&args.rules, &args.skip, args.checksum, args.approve)?)
    };
    let options = options(args);
    let mut work: Vec<(HandlerId, Vec<ItemId>, Order<'_>)> = Vec::new();
    if !pairs.is_empty() {
        work.push((HANDLER.clone(), items_of(&pairs), Order::Sync(&options)));
    }
    if let Some(words) = &words {
        let of_others = others::by_handler(&others).into_iter();
        work.extend(of_others.map(|(handler, items)| (handler, items, Order::Words(words))));
    }
    let (parts, worst) = perform(app, &engine, &work)?;
    let exit = report_all(app, &engine, &parts)?.max(worst);
    let unasked = wants_consent(pairs, &parts);
    // A person at a terminal is asked instead of being told to type it again.
    if unasked.is_empty() || args.yes || !ask(app, "Go on with that?") {
        return Ok(exit);
    }
    let agreed = RunOptions { consent: true, ..options };
    let verdict = carry_out(app, &engine, &HANDLER, &items_of(&unasked), &Order::Sync(&agreed))?;
    report(app, &engine, &verdict)
}

/// One handler after the other. One that refuses keeps no other from being asked.
fn perform(
    app: &App<'_>,
    engine: &Engine,
    work: &[(HandlerId, Vec<ItemId>, Order<'_>)],
) -> Result<(Vec<(HandlerId, Verdict)>, Exit), Failure> {
    let (mut parts, mut worst) = (Vec::new(), Exit::Done);
    for (handler, items, order) in work {
        match carry_out(app, engine, handler, items, order) {
            Ok(verdict) => parts.push((handler.clone(), verdict)),
            Err(failure) if work.len() == 1 => return Err(failure),
            Err(failure) => {
                worst = worst.max(failure.exit);
                app.out.failure(&failure);
            }
        }
    }
    Ok((parts, worst))
}

/// The pairs that a guard stopped because nobody has agreed to what would go.
fn wants_consent(pairs: Vec<Pair>, parts: &[(HandlerId, Verdict)]) -> Vec<Pair> {
    let asks = |pair: &Pair| {
        parts.iter().filter(|(handler, _)| *handler == *HANDLER).flat_map(|(_, verdict)| &verdict.items).any(
            |item| {
                item.item == pair.item
                    && item.outcome == Outcome::SafetyStop
                    && item.problem.as_ref().is_some_and(|problem| problem.class == ProblemClass::Consent)
            },
        )
    };
    pairs.into_iter().filter(asks).collect()
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
        keep: args.rules.keep(),
        plan: args.plan.clone(),
        no_trash: args.no_trash,
        choices: Choices { skip: args.skip.clone(), flip: Vec::new() },
    }
}
