//! The pictures that handlers and items bring along.

use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use syncmgr::ui::Icon;

use crate::failure::Failure;
use crate::input::{AtHandler, AtItem, HandlerSegments, ItemSegments};
use crate::parts::Parts;

/// What a picture may be. Whatever else a handler says is none: it could be taken for a page of ours.
const PICTURES: [&str; 5] = ["image/png", "image/svg+xml", "image/webp", "image/gif", "image/jpeg"];

/// The most bytes of a picture that is shown small.
const MOST: usize = 256 * 1024;

/// For how long a browser shows it without asking again.
const FRESH: &str = "private, max-age=300";

/// The picture of a handler
#[utoipa::path(
    get, path = "/handlers/{handler}/icon", tag = "handlers", params(HandlerSegments),
    responses((status = OK, content_type = "image/*", body = Vec<u8>))
)]
pub(super) async fn handler_icon(State(parts): State<Parts>, at: AtHandler) -> Result<Response, Failure> {
    let AtHandler(handler) = at;
    parts.ask(move |center| shown(center.handler_icon(&handler))).await
}

/// The picture of an item
#[utoipa::path(
    get, path = "/items/{handler}/{item}/icon", tag = "items", params(ItemSegments),
    responses((status = OK, content_type = "image/*", body = Vec<u8>))
)]
pub(super) async fn item_icon(State(parts): State<Parts>, at: AtItem) -> Result<Response, Failure> {
    let AtItem(handler, item) = at;
    parts.ask(move |center| shown(center.item_icon(&handler, &item))).await
}

fn shown(icon: Option<Icon>) -> Result<Response, Failure> {
    let icon = icon.filter(|icon| icon.bytes.len() <= MOST);
    let kind = |icon: &Icon| PICTURES.into_iter().find(|kind| icon.media_type.eq_ignore_ascii_case(kind));
    let Some((kind, icon)) = icon.and_then(|icon| Some((kind(&icon)?, icon))) else {
        let text = "it has no picture of its own, or none that can be shown";
        return Err(Failure::not_found("no_icon", text).with_fix(format!(
            "a picture is one of {}, of at most {} KiB",
            PICTURES.join(", "),
            MOST / 1024
        )));
    };
    // Opened for itself it may run nothing: the policy that goes with every answer of ours holds for it, too.
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, FRESH)];
    Ok((headers, Body::from(icon.bytes.to_vec())).into_response())
}
