//! What persons were told.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wire::Alerts;

use crate::convert;
use crate::failure::Failure;
use crate::input::Path;
use crate::parts::Parts;

/// What is wrong, and what was in the last days
#[utoipa::path(get, path = "/alerts", tag = "alerts", responses((status = OK, body = Alerts)))]
pub(super) async fn alerts(State(parts): State<Parts>) -> Result<Json<Alerts>, Failure> {
    parts
        .ask(|center| Ok(Json(Alerts { alerts: center.alerts()?.into_iter().map(convert::alert).collect() })))
        .await
}

/// Tell something by a channel, to try it
#[utoipa::path(
    post, path = "/channels/{channel}/test", tag = "alerts", params(("channel" = String, Path)),
    responses((status = NO_CONTENT))
)]
pub(super) async fn test_channel(
    State(parts): State<Parts>,
    Path(channel): Path<String>,
) -> Result<StatusCode, Failure> {
    parts.ask(move |center| Ok(center.test_channel(&channel).map(|()| StatusCode::NO_CONTENT)?)).await
}
