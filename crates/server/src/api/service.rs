//! About the service itself.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use center::{Center, Vital};
use utoipa::openapi::OpenApi;
use wire::{Check, Health, Version};

use crate::failure::Failure;
use crate::metrics;
use crate::parts::Parts;

/// The version of this API.
const API: u32 = 1;

/// Which program answers
#[utoipa::path(get, path = "/version", tag = "service", responses((status = OK, body = Version)))]
pub(super) async fn version(State(parts): State<Parts>) -> Json<Version> {
    Json(Version { program: "instep".into(), version: parts.version().into(), api: API })
}

/// This document
#[utoipa::path(get, path = "/openapi.json", tag = "service", responses((status = OK, body = Object)))]
pub(super) async fn openapi() -> Json<OpenApi> {
    Json(super::document())
}

/// Whether the service can do its work
#[utoipa::path(
    get, path = "/health", tag = "service",
    responses((status = OK, body = Health), (status = SERVICE_UNAVAILABLE, body = Health))
)]
pub(super) async fn health(State(parts): State<Parts>) -> Result<(StatusCode, Json<Health>), Failure> {
    let checks = parts
        .ask(|center| {
            Ok(std::iter::once(store(center))
                .chain(Vital::ALL.map(|which| vital(center, which)))
                .collect::<Vec<_>>())
        })
        .await?;
    let healthy = checks.iter().all(|check| check.healthy);
    let status = if healthy { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    Ok((status, Json(Health { healthy, checks })))
}

/// A commit says more than a look would.
fn store(center: &Center) -> Check {
    let trouble = center.store().flush().err().or_else(|| center.store().trouble());
    Check {
        name: "store".into(),
        healthy: trouble.is_none(),
        detail: trouble.map(|trouble| trouble.to_string()),
    }
}

/// A thread that is not at it any more, or was never begun though there is something to do for it.
fn vital(center: &Center, which: Vital) -> Check {
    let ailing = center.ailing().into_iter().find(|ailing| ailing.which == which);
    let idle = if which == Vital::Schedules { center.idle_schedules() } else { 0 };
    let detail = match ailing {
        Some(ailing) => Some(format!("{ailing}; start the daemon again")),
        None => (idle > 0).then(|| format!("{idle} items have a schedule, and nothing starts them")),
    };
    Check { name: which.word().into(), healthy: detail.is_none(), detail }
}

/// Figures for a monitor, in the text format of Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "service",
    responses((status = OK, content_type = "text/plain", body = String))
)]
pub(super) async fn metrics(State(parts): State<Parts>) -> Result<Response, Failure> {
    let of = parts.clone();
    let open = parts.limits().streams - parts.streams().available_permits().min(parts.limits().streams);
    let text = parts.ask(move |center| metrics::render(center, of.glance(), of.tally(), open)).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response())
}
