//! Settling conflicts.

mod order;
mod shown;

use axum::Json;
use axum::extract::State;
use center::{Center, ConflictQuery, Verdict};
use syncmgr::conflict::{Choice, Conflict, Decided, Settlement};
use syncmgr::{HandlerId, ItemId};
use wire::{AllConflicts, Became, Chosen, ResolveOrder, Resolved, ShownConflict};

use super::runs::item_without_handler;
use crate::convert;
use crate::failure::Failure;
use crate::input;
use crate::parts::Parts;
use order::{Ordered, Sender, choice, chosen};

/// How many reasons are told.
const REASONS: usize = 10;

/// Settle conflicts: those that were shown, or all that a filter lets through
#[utoipa::path(
    post, path = "/conflicts/resolve", tag = "conflicts", request_body = ResolveOrder,
    responses((status = OK, body = Resolved))
)]
pub(super) async fn resolve(State(parts): State<Parts>, ordered: Ordered) -> Result<Json<Resolved>, Failure> {
    parts.ask(move |center| carry_out(center, ordered).map(Json)).await
}

fn carry_out(center: &Center, Ordered { order, sender }: Ordered) -> Result<Resolved, Failure> {
    let chosen = chosen(&order)?;
    match (order.conflicts, order.all) {
        (Some(shown), None) => settle_shown(center, &shown, &chosen, sender, order.dry_run),
        (None, Some(all)) => settle_all(center, all, &chosen, sender, order.dry_run),
        _ => Err(Failure::bad_request("either `conflicts` or `all` says what is to be settled")),
    }
}

/// Settles those that were shown, and says of each what became of it.
fn settle_shown(
    center: &Center,
    shown: &[ShownConflict],
    chosen: &Chosen,
    sender: Sender,
    dry_run: bool,
) -> Result<Resolved, Failure> {
    let shown::Found { decided, became, places } = shown::find(center, shown, chosen, sender)?;
    let mut answer = nothing();
    let mut settlements: Vec<wire::Settlement> = became
        .into_iter()
        .map(|became| {
            // Those that are still to be settled are said below.
            let (became, why) = became.unwrap_or((Became::NotReached, None));
            match became {
                Became::Changed => answer.changed += 1,
                Became::Gone => answer.gone += 1,
                Became::Left => answer.left += 1,
                _ => {}
            }
            why.iter().for_each(|why| tell(&mut answer, why));
            wire::Settlement { became, problem: None, in_run: false }
        })
        .collect();
    if !decided.is_empty() {
        let resolved =
            if dry_run { foresee(center, decided, &mut answer) } else { center.resolve(decided)?.wait() };
        count(&mut answer, center, &resolved);
        for (decided, settlement) in &resolved.settlements {
            let place = places.get(&decided.conflict.key()).and_then(|place| settlements.get_mut(*place));
            if let Some(place) = place {
                *place = told(center, &decided.conflict, settlement);
            }
        }
    }
    answer.settlements = settlements;
    Ok(answer)
}

/// Settles all that a filter lets through, as they are now.
fn settle_all(
    center: &Center,
    all: AllConflicts,
    chosen: &Chosen,
    sender: Sender,
    dry_run: bool,
) -> Result<Resolved, Failure> {
    let choice = choice(chosen, sender)?;
    let handler = input::id(all.handler.as_deref(), HandlerId::new)?;
    let item = input::id(all.item.as_deref(), ItemId::new)?;
    if item.is_some() && handler.is_none() {
        return Err(item_without_handler());
    }
    let query = ConflictQuery {
        handler,
        item,
        kinds: all.kind.map(Into::into).into_iter().collect(),
        under: all.folder.map(|folder| folder.trim_matches('/').as_bytes().to_vec()),
        ..ConflictQuery::default()
    };
    let outlook = center.outlook(&query, &choice)?;
    let mut answer = nothing();
    answer.left = outlook.left.len() as u64;
    outlook.left.iter().for_each(|(_, why)| tell(&mut answer, why));
    if !outlook.decided.is_empty() {
        let decided = outlook.decided;
        let resolved =
            if dry_run { foresee(center, decided, &mut answer) } else { center.resolve(decided)?.wait() };
        count(&mut answer, center, &resolved);
    }
    Ok(answer)
}

/// What would become of each. Texts that are to be merged are looked at, for nothing else tells whether they can be.
fn foresee(center: &Center, decided: Vec<Decided>, answer: &mut Resolved) -> center::Resolved {
    let settlements = decided.into_iter().map(|one| {
        if hindrance(center, &one).is_some() {
            return (one, Settlement::Left);
        }
        if let Some(why) = no_merge(center, &one) {
            tell(answer, &why);
            return (one, Settlement::Left);
        }
        let settlement = Settlement::Settled(one.choice.clone());
        (one, settlement)
    });
    center::Resolved { verdict: Verdict::nothing(), settlements: settlements.collect() }
}

/// Why two texts stay apart, if they were to be merged and cannot be.
fn no_merge(center: &Center, Decided { conflict, choice }: &Decided) -> Option<String> {
    if *choice != Choice::KeepMerged {
        return None;
    }
    let why = match center.resolution_handler(&conflict.handler)?.merge(conflict) {
        Ok(Some(merge)) if merge.overlaps == 0 => return None,
        Ok(Some(_)) => "both changed the same place".to_owned(),
        Ok(None) => "only texts that both changed can be merged".to_owned(),
        Err(error) => error.to_string(),
    };
    Some(format!("{}: {why}", conflict.description()))
}

fn hindrance(center: &Center, one: &Decided) -> Option<String> {
    let handler = center.resolution_handler(&one.conflict.handler)?;
    handler.hindrance(&one.conflict, &one.choice)
}

fn nothing() -> Resolved {
    Resolved {
        runs: Vec::new(),
        outcome: wire::Outcome::Done,
        settled: 0,
        left: 0,
        failed: 0,
        changed: 0,
        gone: 0,
        not_reached: 0,
        reasons: Vec::new(),
        items: Vec::new(),
        settlements: Vec::new(),
        trouble: None,
    }
}

/// Adds what became of those that were tried.
fn count(answer: &mut Resolved, center: &Center, resolved: &center::Resolved) {
    let (tally, verdict) = (resolved.tally(), &resolved.verdict);
    answer.runs = verdict.runs.iter().map(|run| run.0).collect();
    answer.outcome = verdict.result.outcome.into();
    answer.items = verdict.items.iter().map(convert::ended_item).collect();
    answer.trouble = verdict.trouble.as_ref().map(ToString::to_string);
    answer.settled += tally.settled;
    answer.left += tally.left;
    answer.failed += tally.failed;
    answer.changed += tally.changed;
    answer.gone += tally.gone;
    answer.not_reached += tally.not_reached;
    for (decided, settlement) in &resolved.settlements {
        let why = match settlement {
            Settlement::Failed(why) => Some(why.to_string()),
            Settlement::Left => hindrance(center, decided),
            _ => None,
        };
        why.iter().for_each(|why| tell(answer, why));
    }
}

fn told(center: &Center, conflict: &Conflict, settlement: &Settlement) -> wire::Settlement {
    let handler = center.resolution_handler(&conflict.handler);
    let in_run = handler.is_some_and(|handler| handler.works_in_sessions());
    let (became, problem) = match settlement {
        Settlement::Settled(_) => (Became::Settled, None),
        Settlement::Left => (Became::Left, None),
        Settlement::Failed(error) => (Became::Failed, Some(error.problem.clone().into())),
        Settlement::Changed => (Became::Changed, None),
        Settlement::Gone => (Became::Gone, None),
        _ => (Became::NotReached, None),
    };
    wire::Settlement { became, problem, in_run }
}

fn tell(answer: &mut Resolved, reason: &str) {
    if answer.reasons.len() < REASONS && answer.reasons.iter().all(|told| told != reason) {
        answer.reasons.push(reason.to_owned());
    }
}
