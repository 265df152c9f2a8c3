//! What can be done about a conflict, and what it is about.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use center::Center;
use serde::Deserialize;
use syncmgr::conflict::{
    Abilities, Choice, Conflict, ConflictId, ConflictKey, Details, OtherVersion, ResolutionHandler, Shown,
};
use utoipa::IntoParams;
use wire::{ConflictChoices, Keep, MergedText, VersionDetails};

use super::conflicts::{ConflictSegments, gone};
use crate::failure::Failure;
use crate::input::{AtItem, Path};
use crate::parts::Parts;

/// The most bytes of a version that are shown.
const MOST: u64 = 4 * 1024 * 1024;

/// What can be done about a conflict, and what tells its versions apart
#[utoipa::path(
    get, path = "/conflicts/{handler}/{item}/{conflict}/choices", tag = "conflicts", params(ConflictSegments),
    responses((status = OK, body = ConflictChoices))
)]
pub(super) async fn choices(
    State(parts): State<Parts>,
    at: AtItem,
    Path(segments): Path<ConflictSegments>,
) -> Result<Json<ConflictChoices>, Failure> {
    let key = key(at, &segments.conflict)?;
    parts
        .ask(move |center| {
            let conflict = find(center, &key)?;
            let handler = center.resolution_handler(&key.handler);
            Ok(Json(offered(handler.as_deref(), &conflict)))
        })
        .await
}

/// What a handler can do about a conflict. What it cannot look at just now, it does not offer.
fn offered(handler: Option<&dyn ResolutionHandler>, conflict: &Conflict) -> ConflictChoices {
    let able = handler.map_or(Abilities::empty(), |handler| handler.abilities(conflict));
    let merge = handler
        .filter(|_| able.contains(Choice::KeepMerged.needs()))
        .and_then(|handler| handler.merge(conflict).ok().flatten())
        .and_then(|merge| {
            let overlaps = u32::try_from(merge.overlaps).unwrap_or(u32::MAX);
            Some(MergedText { text: String::from_utf8(merge.text).ok()?, overlaps })
        });
    let can = |choice: &Choice| {
        handler.is_some()
            && choice.check(conflict).is_ok()
            && able.contains(choice.needs())
            && choice.tie(conflict).is_none()
    };
    let merged = merge.as_ref().is_some_and(|merge| merge.overlaps == 0);
    let keep = [
        (Keep::A, can(&Choice::KeepOne(0))),
        (Keep::B, can(&Choice::KeepOne(1))),
        (Keep::Both, can(&Choice::KeepAll)),
        (Keep::Newest, can(&Choice::KeepRecent)),
        (Keep::Largest, can(&Choice::KeepLargest)),
        (Keep::Merged, merged),
        (Keep::Other, can(&Choice::KeepOther(OtherVersion::Content(Vec::new())))),
        (Keep::LeaveOut, can(&Choice::RemoveFromSyncSet)),
    ];
    ConflictChoices {
        keep: keep.into_iter().filter_map(|(keep, can)| can.then_some(keep)).collect(),
        merge,
        versions: versions(handler, conflict),
        in_run: handler.is_some_and(ResolutionHandler::works_in_sessions),
    }
}

fn versions(handler: Option<&dyn ResolutionHandler>, conflict: &Conflict) -> Vec<VersionDetails> {
    let details = handler.and_then(|handler| handler.details(conflict).ok()).unwrap_or_default();
    let mut details = details.into_iter();
    let items = conflict.items().iter();
    items
        .map(|item| {
            let Details { owner, permissions, target, entries } = details.next().unwrap_or_default();
            VersionDetails {
                owner,
                permissions,
                target: target.map(|target| wire::PathText::new(&target)),
                entries,
                other_name: item.alternate_name,
            }
        })
        .collect()
}

fn key(AtItem(handler, item): AtItem, conflict: &str) -> Result<ConflictKey, Failure> {
    let id = wire::ConflictKey::read(conflict).ok_or_else(gone)?;
    Ok(ConflictKey { handler, item, id: ConflictId(id.0) })
}

fn find(center: &Center, key: &ConflictKey) -> Result<Conflict, Failure> {
    center.conflict(key)?.ok_or_else(gone)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct VersionSegments {
    /// The handler's identifier; `.`, `..` and what begins with `~` get a `~` in front.
    #[serde(rename = "handler")]
    _handler: String,
    /// The item's identifier within its handler, written like the handler's.
    #[serde(rename = "item")]
    _item: String,
    /// The conflict's identity.
    conflict: String,
    /// The index of a version, or `ancestor` for the last one that all have in common.
    version: String,
}

/// The content of a version, up to 4 MiB
#[utoipa::path(
    get, path = "/conflicts/{handler}/{item}/{conflict}/versions/{version}", tag = "conflicts",
    params(VersionSegments),
    responses((status = OK, content_type = "application/octet-stream", body = Vec<u8>))
)]
pub(super) async fn content(
    State(parts): State<Parts>,
    at: AtItem,
    Path(segments): Path<VersionSegments>,
) -> Result<Response, Failure> {
    let which = match segments.version.as_str() {
        "ancestor" => Shown::Ancestor,
        index => Shown::Version(index.parse().map_err(|_| {
            Failure::bad_request(format!("'{index}' is neither the index of a version nor `ancestor`"))
        })?),
    };
    let key = key(at, &segments.conflict)?;
    let content = parts
        .ask(move |center| {
            let conflict = find(center, &key)?;
            let handler = center.resolution_handler(&key.handler);
            let content = handler.map(|handler| handler.content(&conflict, which, MOST)).transpose();
            let content = content.map_err(|error| Failure::of_problem(error.problem))?;
            content.flatten().ok_or_else(|| {
                let text = "there is no such version, it is larger than 4 MiB, or it is not to be shown";
                Failure::not_found("no_content", text)
            })
        })
        .await?;
    // To be saved or looked at as bytes: whatever is in it, no browser takes it for a page of ours.
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CONTENT_DISPOSITION, "attachment")];
    Ok((headers, Body::from(content)).into_response())
}
