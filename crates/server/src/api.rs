//! The routes of the API and the document that is made of them.

mod conflicts;
mod document;
mod events;
mod handlers;
mod items;
mod live;
mod runs;
mod service;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::failure::Failure;
use crate::parts::Parts;

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// The API's document (OpenAPI 3.1), made from its routes.
pub fn document() -> OpenApi {
    split().1
}

/// All routes of the API.
pub(crate) fn router(parts: Parts) -> Router {
    split().0.with_state(parts)
}

fn split() -> (Router<Parts>, OpenApi) {
    let routes = OpenApiRouter::<Parts>::new()
        .routes(routes!(service::version))
        .routes(routes!(service::openapi))
        .routes(routes!(handlers::handlers))
        .routes(routes!(handlers::handler))
        .routes(routes!(items::items))
        .routes(routes!(items::item))
        .routes(routes!(live::live))
        .routes(routes!(runs::runs))
        .routes(routes!(runs::run))
        .routes(routes!(runs::run_events))
        .routes(routes!(events::events))
        .routes(routes!(conflicts::conflicts))
        .routes(routes!(conflicts::conflict));
    let (router, paths) = OpenApiRouter::with_openapi(document::frame()).nest(BASE, routes).split_for_parts();
    (router.fallback(nothing_here).method_not_allowed_fallback(no_such_method), document::finish(paths))
}

async fn nothing_here(uri: Uri) -> Failure {
    Failure::not_found("unknown_path", format!("there is nothing at {}", uri.path()))
        .with_fix(format!("{BASE}/openapi.json lists what there is"))
}

async fn no_such_method(method: Method, uri: Uri) -> Failure {
    let detail = format!("{} cannot be asked with {method}", uri.path());
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "unknown_method", detail)
        .with_fix(format!("{BASE}/openapi.json lists what there is"))
}
