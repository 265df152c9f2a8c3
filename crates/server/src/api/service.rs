//! About the service itself.

use axum::Json;
use axum::extract::State;
use utoipa::openapi::OpenApi;
use wire::Version;

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
