//! What would be done, and when.

use axum::Json;
use axum::extract::State;
use center::Center;
use syncmgr::plan::{PreviewError, Watch};
use tokio_util::sync::CancellationToken;
use wire::{
    CommandLine, NextTimes, Preview, PreviewOrder, RowFilter, RowsPage, Schedule, Time, Verification,
};

use crate::convert;
use crate::failure::Failure;
use crate::input::{self, AtItem, ItemSegments, Path, Query};
use crate::parts::Parts;

/// The most times that are told at once.
const MAX_TIMES: u32 = 100;

/// The command that a plain start of an item runs
#[utoipa::path(
    get, path = "/items/{handler}/{item}/command", tag = "items", params(ItemSegments),
    responses((status = OK, body = CommandLine))
)]
pub(super) async fn command(State(parts): State<Parts>, at: AtItem) -> Result<Json<CommandLine>, Failure> {
    let AtItem(handler, item) = at;
    parts.ask(move |center| Ok(Json(CommandLine { command: center.command_line(&handler, &item)? }))).await
}

/// When an item runs by itself
#[utoipa::path(
    get, path = "/items/{handler}/{item}/schedule", tag = "items", params(ItemSegments, NextTimes),
    responses((status = OK, body = Schedule))
)]
pub(super) async fn schedule(
    State(parts): State<Parts>,
    at: AtItem,
    Query(wanted): Query<NextTimes>,
) -> Result<Json<Schedule>, Failure> {
    let AtItem(handler, item) = at;
    let count = wanted.count.unwrap_or(5);
    if count > MAX_TIMES {
        return Err(Failure::bad_request(format!("`count` is at most {MAX_TIMES}")));
    }
    parts
        .ask(move |center| {
            let next = center.next_runs(&handler, &item, count as usize)?.into_iter().map(Time).collect();
            let status = center.item_status(&handler, &item)?.and_then(|status| status.schedule);
            Ok(Json(convert::schedule(next, status)))
        })
        .await
}

/// Gives up when nobody waits for the answer any more.
struct Waiting(CancellationToken);

impl Watch for Waiting {
    fn canceled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// See what a run of an item would do; touches nothing
#[utoipa::path(
    post, path = "/items/{handler}/{item}/preview", tag = "plans", params(ItemSegments),
    request_body = PreviewOrder, responses((status = OK, body = Preview))
)]
pub(super) async fn preview(
    State(parts): State<Parts>,
    at: AtItem,
    input::Json(order): input::Json<PreviewOrder>,
) -> Result<Json<Preview>, Failure> {
    let AtItem(handler, item) = at;
    let options = serde_json::Value::Object(order.options.unwrap_or_default()).to_string();
    // A client that leaves drops this future, and with it the guard.
    let token = CancellationToken::new();
    let _gone = token.clone().drop_guard();
    let kept = parts.clone();
    parts
        .ask(move |center| {
            let preview = center.preview(&handler, &item, &options, &Waiting(token)).map_err(failed)?;
            Ok(Json(kept.previews().keep(preview)))
        })
        .await
}

/// See whether an item is as its last run left it; touches nothing
#[utoipa::path(
    post, path = "/items/{handler}/{item}/verify", tag = "plans", params(ItemSegments),
    request_body = PreviewOrder, responses((status = OK, body = Verification))
)]
pub(super) async fn verify(
    State(parts): State<Parts>,
    at: AtItem,
    input::Json(order): input::Json<PreviewOrder>,
) -> Result<Json<Verification>, Failure> {
    let AtItem(handler, item) = at;
    let options = serde_json::Value::Object(order.options.unwrap_or_default()).to_string();
    let token = CancellationToken::new();
    let _gone = token.clone().drop_guard();
    parts
        .ask(move |center| {
            let found = center.verify(&handler, &item, &options, &Waiting(token)).map_err(failed)?;
            Ok(Json(convert::verification(found)))
        })
        .await
}

/// A page of the rows of a preview
#[utoipa::path(
    get, path = "/previews/{preview}", tag = "plans", params(("preview" = u64, Path), RowFilter),
    responses((status = OK, body = RowsPage))
)]
pub(super) async fn rows(
    State(parts): State<Parts>,
    Path(id): Path<u64>,
    Query(filter): Query<RowFilter>,
) -> Result<Json<RowsPage>, Failure> {
    let limit = input::page_size(filter.limit)? as usize;
    let preview = parts.previews().get(id).ok_or_else(|| {
        Failure::not_found("unknown_preview", format!("there is no preview {id} any more"))
            .with_fix("only the last few are kept: look once more")
    })?;
    let offset = usize::try_from(filter.offset).unwrap_or(usize::MAX);
    parts
        .ask(move |center: &Center| Ok(Json(convert::rows(center, &preview, filter.verb, offset, limit))))
        .await
}

fn failed(error: PreviewError) -> Failure {
    match error {
        PreviewError::Refused(refusal) => refusal.into(),
        PreviewError::Failed { problem, .. } => Failure::of_problem(problem),
    }
}
