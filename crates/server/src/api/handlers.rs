//! Handlers: who synchronizes.

use axum::Json;
use axum::extract::State;
use wire::{Handler, HandlerTest, Handlers};

use crate::convert;
use crate::failure::Failure;
use crate::input::{AtHandler, HandlerSegments};
use crate::parts::Parts;

/// All handlers
#[utoipa::path(get, path = "/handlers", tag = "handlers", responses((status = OK, body = Handlers)))]
pub(super) async fn handlers(State(parts): State<Parts>) -> Result<Json<Handlers>, Failure> {
    let status = parts.ask(|center| Ok(center.status()?)).await?;
    Ok(Json(Handlers { handlers: status.into_iter().map(convert::handler).collect() }))
}

/// One handler
#[utoipa::path(
    get, path = "/handlers/{handler}", tag = "handlers", params(HandlerSegments),
    responses((status = OK, body = Handler))
)]
pub(super) async fn handler(State(parts): State<Parts>, at: AtHandler) -> Result<Json<Handler>, Failure> {
    let AtHandler(id) = at;
    let wanted = id.clone();
    let status = parts.ask(|center| Ok(center.status()?)).await?;
    let found = status.into_iter().find(|status| status.handler == wanted);
    let gone = || Failure::not_found("unknown_handler", format!("the handler '{id}' is gone"));
    Ok(Json(convert::handler(found.ok_or_else(gone)?)))
}

/// Try whether a handler could synchronize: nothing is changed
#[utoipa::path(
    post, path = "/handlers/{handler}/test", tag = "handlers", params(HandlerSegments),
    responses((status = OK, body = HandlerTest))
)]
pub(super) async fn test_handler(
    State(parts): State<Parts>,
    at: AtHandler,
) -> Result<Json<HandlerTest>, Failure> {
    let AtHandler(id) = at;
    let gone = Failure::not_found("unknown_handler", format!("the handler '{id}' is gone"));
    let tried = parts.ask(move |center| center.test_handler(&id).ok_or(gone)).await?;
    Ok(Json(match tried {
        Ok(said) => HandlerTest { said, problem: None },
        Err(error) => HandlerTest { said: String::new(), problem: Some(error.problem.into()) },
    }))
}
