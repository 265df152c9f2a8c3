//! Starting, stopping, pausing; switches.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use center::{Center, StartId, Started};
use syncmgr::control::Control;
use syncmgr::flags::{ControlFlags, SyncControlFlags};
use syncmgr::{HandlerId, ItemId, Refusal, RunId};
use wire::{
    HandlerSwitches, ItemSwitches, PauseOrder, Queue, ResumeOrder, Start, StartOrder, StopOrder, Undoable,
};

use super::runs::item_without_handler;
use crate::convert;
use crate::failure::Failure;
use crate::input::{self, AtHandler, AtItem, HandlerSegments, ItemSegments, Path};
use crate::parts::Parts;

/// Start items
#[utoipa::path(
    post, path = "/control/start", tag = "control", request_body = StartOrder,
    responses((status = ACCEPTED, body = Start))
)]
pub(super) async fn start(
    State(parts): State<Parts>,
    input::Json(order): input::Json<StartOrder>,
) -> Result<(StatusCode, Json<Start>), Failure> {
    let handler = HandlerId::new(&order.handler)?;
    let items = order.items.as_deref().map(item_ids).transpose()?;
    let options = order.options.map(|options| serde_json::Value::Object(options).to_string());
    let mut flags = SyncControlFlags::empty();
    flags.set(SyncControlFlags::IGNORE_IF_ALREADY_SYNCING, order.ignore_if_syncing);
    parts
        .ask(move |center| {
            let options = options.as_deref().unwrap_or("{}");
            let started = center.start_with(&handler, items.as_deref(), options, flags)?;
            Ok((StatusCode::ACCEPTED, Json(kept(center, started))))
        })
        .await
}

/// Start everything that may be synchronized
#[utoipa::path(post, path = "/control/start-all", tag = "control", responses((status = NO_CONTENT)))]
pub(super) async fn start_all(State(parts): State<Parts>) -> Result<StatusCode, Failure> {
    parts.ask(|center| Ok(center.start_sync_all().map(|()| StatusCode::NO_CONTENT)?)).await
}

/// What came of a start
#[utoipa::path(
    get, path = "/starts/{start}", tag = "control", params(("start" = u64, Path)),
    responses((status = OK, body = Start))
)]
pub(super) async fn started(State(parts): State<Parts>, Path(id): Path<u64>) -> Result<Json<Start>, Failure> {
    let center = parts.center();
    let started = center.started(StartId(id)).ok_or_else(|| {
        Failure::not_found("unknown_start", format!("there is no start {id}, or it is long over"))
            .with_fix("the list of runs shows what came of it")
    })?;
    Ok(Json(convert::start(id, &started)))
}

/// Stop items, a handler, or everything
#[utoipa::path(
    post, path = "/control/stop", tag = "control", request_body = StopOrder, responses((status = NO_CONTENT))
)]
pub(super) async fn stop(
    State(parts): State<Parts>,
    input::Json(order): input::Json<StopOrder>,
) -> Result<StatusCode, Failure> {
    let handler = input::id(order.handler.as_deref(), HandlerId::new)?;
    let items = order.items.as_deref().map(item_ids).transpose()?;
    parts
        .ask(move |center| {
            match (handler, items) {
                (Some(handler), Some(items)) => center.stop_item_sync(&handler, &items),
                (Some(handler), None) => center.stop_handler_sync(&handler),
                (None, None) => center.stop_sync_all(),
                (None, Some(_)) => return Err(item_without_handler()),
            }?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Pause an item, or everything: nothing starts by itself
#[utoipa::path(
    post, path = "/control/pause", tag = "control", request_body = PauseOrder, responses((status = NO_CONTENT))
)]
pub(super) async fn pause(
    State(parts): State<Parts>,
    input::Json(order): input::Json<PauseOrder>,
) -> Result<StatusCode, Failure> {
    let of = one(order.handler.as_deref(), order.item.as_deref())?;
    let until = order.until.map(|until| until.0);
    parts
        .ask(move |center| {
            center.pause(of.as_ref().map(|(handler, item)| (handler, item)), until)?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Resume an item, or everything
#[utoipa::path(
    post, path = "/control/resume", tag = "control", request_body = ResumeOrder,
    responses((status = NO_CONTENT))
)]
pub(super) async fn resume(
    State(parts): State<Parts>,
    input::Json(order): input::Json<ResumeOrder>,
) -> Result<StatusCode, Failure> {
    let of = one(order.handler.as_deref(), order.item.as_deref())?;
    parts
        .ask(move |center| {
            center.resume(of.as_ref().map(|(handler, item)| (handler, item)))?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// What waits for its turn
#[utoipa::path(get, path = "/queue", tag = "live", responses((status = OK, body = Queue)))]
pub(super) async fn queue(State(parts): State<Parts>) -> Json<Queue> {
    Json(Queue { waiting: convert::live(parts.center().live()).waiting })
}

/// Throw a handler's switches
#[utoipa::path(
    patch, path = "/handlers/{handler}", tag = "handlers", params(HandlerSegments),
    request_body = HandlerSwitches, responses((status = NO_CONTENT))
)]
pub(super) async fn switch_handler(
    State(parts): State<Parts>,
    at: AtHandler,
    input::Json(switches): input::Json<HandlerSwitches>,
) -> Result<StatusCode, Failure> {
    let AtHandler(handler) = at;
    parts
        .ask(move |center| {
            if let Some(active) = switches.active {
                center.activate_handler(active, &handler, ControlFlags::WAIT)?;
            }
            if let Some(enabled) = switches.enabled {
                center.enable_handler(enabled, &handler, ControlFlags::WAIT)?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Throw an item's switches, or give it another name
#[utoipa::path(
    patch, path = "/items/{handler}/{item}", tag = "items", params(ItemSegments), request_body = ItemSwitches,
    responses((status = NO_CONTENT))
)]
pub(super) async fn switch_item(
    State(parts): State<Parts>,
    at: AtItem,
    input::Json(switches): input::Json<ItemSwitches>,
) -> Result<StatusCode, Failure> {
    let AtItem(handler, item) = at;
    parts
        .ask(move |center| {
            if let Some(enabled) = switches.enabled {
                center.enable_item(enabled, &handler, &item, ControlFlags::WAIT)?;
            }
            if let Some(name) = switches.name {
                center.rename_item(&handler, &item, &name)?;
            }
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}

/// Take an item out of the sync set, with its results, where its handler can do that
#[utoipa::path(
    delete, path = "/items/{handler}/{item}", tag = "items", params(ItemSegments),
    responses((status = NO_CONTENT))
)]
pub(super) async fn delete_item(State(parts): State<Parts>, at: AtItem) -> Result<StatusCode, Failure> {
    let AtItem(handler, item) = at;
    parts.ask(move |center| Ok(center.delete_item(&handler, &item).map(|()| StatusCode::NO_CONTENT)?)).await
}

/// Whether a run can be taken back; its handler is asked, which may take a moment
#[utoipa::path(
    get, path = "/runs/{run}/undo", tag = "runs", params(("run" = u64, Path)),
    responses((status = OK, body = Undoable))
)]
pub(super) async fn undoable(
    State(parts): State<Parts>,
    Path(run): Path<u64>,
) -> Result<Json<Undoable>, Failure> {
    parts
        .ask(move |center| {
            center.store().run(RunId(run))?.ok_or_else(|| super::runs::unknown_run(run))?;
            Ok(Json(Undoable { undoable: center.takes_back(RunId(run)) }))
        })
        .await
}

/// Take a run back: a run of its own
#[utoipa::path(
    post, path = "/runs/{run}/undo", tag = "runs", params(("run" = u64, Path)),
    responses((status = ACCEPTED, body = Start))
)]
pub(super) async fn undo(
    State(parts): State<Parts>,
    Path(run): Path<u64>,
) -> Result<(StatusCode, Json<Start>), Failure> {
    parts
        .ask(move |center| {
            center.store().run(RunId(run))?.ok_or_else(|| super::runs::unknown_run(run))?;
            let started = center.undo(RunId(run))?;
            Ok((StatusCode::ACCEPTED, Json(kept(center, started))))
        })
        .await
}

/// Keeps something that was started for whoever comes back with its number.
fn kept(center: &Center, started: Started) -> Start {
    let id = center.keep(started.clone());
    convert::start(id.0, &started)
}

fn item_ids(items: &[String]) -> Result<Vec<ItemId>, Refusal> {
    items.iter().map(|item| ItemId::new(item)).collect()
}

/// An item that was named in full, or none.
fn one(handler: Option<&str>, item: Option<&str>) -> Result<Option<(HandlerId, ItemId)>, Failure> {
    match (handler, item) {
        (None, None) => Ok(None),
        (Some(handler), Some(item)) => Ok(Some((HandlerId::new(handler)?, ItemId::new(item)?))),
        (Some(_), None) => {
            Err(Failure::bad_request("`handler` alone names no item").with_fix("give `item`, too"))
        }
        (None, Some(_)) => Err(item_without_handler()),
    }
}
