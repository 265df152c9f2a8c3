//! The routes of the API and the document that is made of them.

mod access;
mod alerts;
mod beforehand;
mod calendar;
mod choices;
mod conflicts;
mod control;
mod detected;
mod document;
mod events;
mod export;
mod folders;
mod handlers;
mod icons;
mod items;
mod lines;
mod live;
mod logs;
mod reasons;
mod report;
mod resolve;
mod runs;
mod secrets;
mod service;
mod sessions;
mod settings;
mod stream;

use axum::Router;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::Role;

use crate::access::require;
use crate::failure::Failure;
use crate::parts::Parts;

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// The API's document (OpenAPI 3.1), made from its routes.
pub fn document() -> OpenApi {
    split().1
}

/// All routes of the API, each for those who may ask it. Who it is that asks is found out before.
pub(crate) fn router() -> Router<Parts> {
    split().0
}

fn split() -> (Router<Parts>, OpenApi) {
    let routes =
        of(Role::Viewer, viewer()).merge(of(Role::Operator, operator())).merge(of(Role::Admin, admin()));
    let (router, paths) = OpenApiRouter::with_openapi(document::frame()).nest(BASE, routes).split_for_parts();
    (router.method_not_allowed_fallback(no_such_method), document::finish(paths))
}

/// Everybody's who is let in at all: to look.
fn viewer() -> OpenApiRouter<Parts> {
    OpenApiRouter::new()
        .routes(routes!(service::version))
        .routes(routes!(service::openapi))
        .routes(routes!(service::health))
        .routes(routes!(service::metrics))
        .routes(routes!(alerts::alerts))
        .routes(routes!(alerts::channels))
        .routes(routes!(calendar::calendar))
        .routes(routes!(handlers::handlers))
        .routes(routes!(handlers::handler))
        .routes(routes!(icons::handler_icon))
        .routes(routes!(icons::item_icon))
        .routes(routes!(items::items))
        .routes(routes!(items::item))
        .routes(routes!(beforehand::command))
        .routes(routes!(beforehand::schedule))
        .routes(routes!(live::live))
        .routes(routes!(control::queue))
        .routes(routes!(control::started))
        .routes(routes!(sessions::sessions))
        .routes(routes!(stream::stream))
        .routes(routes!(runs::runs))
        .routes(routes!(runs::run))
        .routes(routes!(runs::run_events))
        .routes(routes!(control::undoable))
        .routes(routes!(logs::log))
        .routes(routes!(logs::log_text))
        .routes(routes!(events::events))
        .routes(routes!(export::export_runs))
        .routes(routes!(export::export_events))
        .routes(routes!(conflicts::conflicts))
        .routes(routes!(conflicts::conflict))
}

/// What starts, stops, reports and settles.
fn operator() -> OpenApiRouter<Parts> {
    OpenApiRouter::new()
        .routes(routes!(control::switch_handler))
        .routes(routes!(control::switch_item))
        .routes(routes!(control::start))
        .routes(routes!(control::start_all))
        .routes(routes!(control::stop))
        .routes(routes!(control::pause))
        .routes(routes!(control::resume))
        .routes(routes!(control::undo))
        .routes(routes!(alerts::test_channel))
        .routes(routes!(handlers::test_handler))
        .routes(routes!(beforehand::preview))
        .routes(routes!(beforehand::rows))
        .routes(routes!(beforehand::verify))
        .routes(routes!(resolve::resolve))
        .routes(routes!(choices::choices))
        .routes(routes!(choices::content))
        .routes(routes!(sessions::open))
        .routes(routes!(sessions::call))
        .routes(routes!(lines::lines))
        .routes(routes!(report::report, report::report_by_get))
}

/// What changes who may do what.
fn admin() -> OpenApiRouter<Parts> {
    OpenApiRouter::new()
        .routes(routes!(control::delete_item))
        .routes(routes!(settings::settings, settings::replace_settings, settings::change_settings))
        .routes(routes!(settings::check_settings))
        .routes(routes!(secrets::secrets))
        .routes(routes!(secrets::set_secret, secrets::delete_secret))
        .routes(routes!(folders::folders))
        .routes(routes!(detected::detected))
        .routes(routes!(access::tokens, access::create_token))
        .routes(routes!(access::revoke_token))
        .routes(routes!(access::page_link))
}

/// Routes for those with that role, which the document says, too.
fn of(role: Role, mut routes: OpenApiRouter<Parts>) -> OpenApiRouter<Parts> {
    document::say_role(routes.get_openapi_mut(), role);
    routes.route_layer(from_fn_with_state(role, require))
}

pub(crate) async fn nothing_here(uri: Uri) -> Failure {
    Failure::not_found("unknown_path", format!("there is nothing at {}", uri.path()))
        .with_fix(format!("{BASE}/openapi.json lists what there is"))
}

async fn no_such_method(method: Method, uri: Uri) -> Failure {
    let detail = format!("{} cannot be asked with {method}", uri.path());
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "unknown_method", detail)
        .with_fix(format!("{BASE}/openapi.json lists what there is"))
}
