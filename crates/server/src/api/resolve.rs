//! Settling conflicts.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use center::{Center, ConflictQuery};
use syncmgr::conflict::{
    Choice, Conflict, ConflictId, ConflictKey, Decided, OtherVersion, ResolutionItem, Settlement,
};
use syncmgr::{HandlerId, ItemId};
use wire::{Keep, ResolveOrder, Resolved, ShownConflict};

use super::conflicts::gone;
use super::runs::item_without_handler;
use crate::convert;
use crate::failure::Failure;
use crate::input;
use crate::parts::Parts;

/// How many reasons are told.
const REASONS: usize = 10;

/// Settle conflicts: those that were shown, or all that a filter lets through
#[utoipa::path(
    post, path = "/conflicts/resolve", tag = "conflicts", request_body = ResolveOrder,
    responses((status = OK, body = Resolved))
)]
pub(super) async fn resolve(
    State(parts): State<Parts>,
    input::Json(order): input::Json<ResolveOrder>,
) -> Result<Json<Resolved>, Failure> {
    parts.ask(move |center| carry_out(center, order).map(Json)).await
}

fn carry_out(center: &Center, order: ResolveOrder) -> Result<Resolved, Failure> {
    let choice = choice(&order)?;
    let mut answer = Resolved {
        runs: Vec::new(),
        outcome: wire::Outcome::Done,
        settled: 0,
        left: 0,
        failed: 0,
        changed: 0,
        gone: 0,
        not_reached: 0,
        reasons: Vec::new(),
    };
    let decided = match (order.conflicts, order.all) {
        (Some(shown), None) => decide(center, &shown, &choice, &mut answer)?,
        (None, Some(all)) => {
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
            answer.left = outlook.left.len() as u64;
            outlook.left.iter().for_each(|(_, why)| tell(&mut answer, why));
            outlook.decided
        }
        _ => {
            return Err(Failure::bad_request("either `conflicts` or `all` says what is to be settled"));
        }
    };
    if order.dry_run {
        answer.settled = decided.len() as u64;
        return Ok(answer);
    }
    if decided.is_empty() {
        return Ok(answer);
    }
    let resolved = center.resolve(decided)?.wait();
    let tally = resolved.tally();
    answer.runs = resolved.verdict.runs.iter().map(|run| run.0).collect();
    answer.outcome = resolved.verdict.result.outcome.into();
    answer.settled += tally.settled;
    answer.left += tally.left;
    answer.failed += tally.failed;
    answer.changed += tally.changed;
    answer.gone += tally.gone;
    answer.not_reached += tally.not_reached;
    for (_, settlement) in &resolved.settlements {
        if let Settlement::Failed(why) = settlement {
            tell(&mut answer, &why.to_string());
        }
    }
    Ok(answer)
}

/// Of conflicts that were shown, those that are still as they were.
fn decide(
    center: &Center,
    shown: &[ShownConflict],
    choice: &Choice,
    answer: &mut Resolved,
) -> Result<Vec<Decided>, Failure> {
    let mut decided = Vec::new();
    for one in shown {
        let key = ConflictKey {
            handler: HandlerId::new(&one.handler)?,
            item: ItemId::new(&one.item)?,
            id: ConflictId(wire::ConflictKey::read(&one.id).ok_or_else(gone)?.0),
        };
        match center.conflict(&key)? {
            None => answer.gone += 1,
            Some(conflict) if convert::seen(&conflict) != one.seen => answer.changed += 1,
            Some(conflict) => match hindrance(center, &conflict, choice) {
                Some(why) => {
                    answer.left += 1;
                    tell(answer, &why);
                }
                None => decided.push(Decided { conflict, choice: choice.clone() }),
            },
        }
    }
    Ok(decided)
}

fn hindrance(center: &Center, conflict: &Conflict, choice: &Choice) -> Option<String> {
    match center.resolution_handler(&conflict.handler) {
        Some(handler) => handler.hindrance(conflict, choice),
        None => Some(format!("its handler '{}' settles no conflicts", conflict.handler)),
    }
}

fn tell(answer: &mut Resolved, reason: &str) {
    if answer.reasons.len() < REASONS && answer.reasons.iter().all(|told| told != reason) {
        answer.reasons.push(reason.to_owned());
    }
}

fn choice(order: &ResolveOrder) -> Result<Choice, Failure> {
    let ResolveOrder { keep, name_a, name_b, content, conflicts, .. } = order;
    if content.is_some() != (*keep == Keep::Other) {
        return Err(Failure::bad_request("`content` and `keep: other` come together"));
    }
    let item = |index, name: &Option<String>| ResolutionItem { index, new_name: name.clone() };
    match (keep, name_a, name_b) {
        (Keep::A, Some(_), None) => return Ok(Choice::KeepItems(vec![item(0, name_a)])),
        (Keep::B, None, Some(_)) => return Ok(Choice::KeepItems(vec![item(1, name_b)])),
        (Keep::Both, Some(_), _) | (Keep::Both, _, Some(_)) => {
            return Ok(Choice::KeepItems(vec![item(0, name_a), item(1, name_b)]));
        }
        (_, None, None) => {}
        _ => return Err(Failure::bad_request("only a version that is kept gets a name")),
    }
    Ok(match keep {
        Keep::A => Choice::KeepOne(0),
        Keep::B => Choice::KeepOne(1),
        Keep::Both => Choice::KeepAll,
        Keep::Newest => Choice::KeepRecent,
        Keep::Largest => Choice::KeepLargest,
        Keep::Merged => Choice::KeepMerged,
        Keep::LeaveOut => Choice::RemoveFromSyncSet,
        Keep::Other => {
            if conflicts.as_ref().is_none_or(|shown| shown.len() != 1) {
                return Err(Failure::bad_request("one version takes the place of one conflict's"));
            }
            // Never a path of this machine: whoever asks may not be allowed to read it.
            let bytes = STANDARD.decode(content.as_deref().unwrap_or_default());
            let bytes = bytes.map_err(|_| Failure::bad_request("`content` is no base64"))?;
            Choice::KeepOther(OtherVersion::Content(bytes))
        }
    })
}
