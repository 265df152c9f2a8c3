//! Runs: the results.

use axum::Json;
use axum::extract::State;
use center::{EventQuery, Order, RunQuery};
use serde::Deserialize;
use syncmgr::{HandlerId, ItemId, Level, RunId};
use utoipa::IntoParams;
use wire::{Run, RunEvents, RunFilter, RunsPage};

use super::reasons;
use crate::convert;
use crate::failure::Failure;
use crate::input::{self, Path, Query};
use crate::parts::Parts;

/// How many events of a run are looked at to group them.
const GROUPED: u32 = 10_000;

/// Runs, newest first
#[utoipa::path(get, path = "/runs", tag = "runs", params(RunFilter), responses((status = OK, body = RunsPage)))]
pub(super) async fn runs(
    State(parts): State<Parts>,
    Query(filter): Query<RunFilter>,
) -> Result<Json<RunsPage>, Failure> {
    let handler = input::id(filter.handler.as_deref(), HandlerId::new)?;
    let item = input::id(filter.item.as_deref(), ItemId::new)?;
    if item.is_some() && handler.is_none() {
        return Err(item_without_handler());
    }
    let limit = input::page_size(filter.limit)?;
    let query = RunQuery {
        handler,
        item,
        outcome: filter.outcome.map(Into::into),
        since: filter.since.map(|time| time.0),
        until: filter.until.map(|time| time.0),
        text: input::search(filter.search)?,
        before: filter.before.map(RunId),
        offset: filter.offset,
        limit: Some(limit),
    };
    parts
        .ask(move |center| {
            let runs = center.store().runs(&query)?;
            let next = (runs.len() == limit as usize).then(|| runs.last().map(|run| run.id.0)).flatten();
            let total = center.store().run_count(&query)?;
            let runs = runs.into_iter().map(|run| convert::run(center, run)).collect();
            Ok(Json(RunsPage { runs, total, next }))
        })
        .await
}

/// One run
#[utoipa::path(
    get, path = "/runs/{run}", tag = "runs", params(("run" = u64, Path)), responses((status = OK, body = Run))
)]
pub(super) async fn run(State(parts): State<Parts>, Path(run): Path<u64>) -> Result<Json<Run>, Failure> {
    parts
        .ask(move |center| {
            let found = center.store().run(RunId(run))?.ok_or_else(|| unknown_run(run))?;
            Ok(Json(convert::run(center, found)))
        })
        .await
}

#[derive(Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Grouping {
    /// Only events of this level or a more serious one; warnings if not said.
    #[param(nullable = false)]
    level: Option<wire::Level>,
    /// Only events of this item; a run may have several.
    #[param(nullable = false)]
    item: Option<String>,
}

/// The events of a run, grouped by reason
#[utoipa::path(
    get, path = "/runs/{run}/events", tag = "runs", params(("run" = u64, Path), Grouping),
    responses((status = OK, body = RunEvents))
)]
pub(super) async fn run_events(
    State(parts): State<Parts>,
    Path(run): Path<u64>,
    Query(grouping): Query<Grouping>,
) -> Result<Json<RunEvents>, Failure> {
    let level = grouping.level.unwrap_or(wire::Level::Warning);
    let item = input::id(grouping.item.as_deref(), ItemId::new)?;
    parts
        .ask(move |center| {
            let store = center.store();
            let found = store.run(RunId(run))?.ok_or_else(|| unknown_run(run))?;
            let events = store.events(&EventQuery {
                run: Some(RunId(run)),
                handler: item.is_some().then_some(found.handler),
                item,
                level: Some(Level::from(level)),
                order: Order::OldestFirst,
                limit: Some(GROUPED),
                ..EventQuery::default()
            })?;
            let more = events.len() == GROUPED as usize;
            Ok(Json(RunEvents { run, groups: reasons::group(events), level, more }))
        })
        .await
}

pub(super) fn unknown_run(run: u64) -> Failure {
    Failure::not_found("unknown_run", format!("there is no run {run}"))
        .with_fix("old runs are forgotten after a while; the list of runs shows those that are kept")
}

/// An identifier of an item means nothing without its handler's.
pub(super) fn item_without_handler() -> Failure {
    Failure::bad_request("`item` is an identifier within a handler").with_fix("give `handler`, too")
}
