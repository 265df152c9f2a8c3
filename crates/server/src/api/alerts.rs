//! What persons were told.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use syncmgr::Refusal;
use wire::{Alerts, Channels};

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

/// The channels by which persons are told something, and whether they work
#[utoipa::path(get, path = "/channels", tag = "alerts", responses((status = OK, body = Channels)))]
pub(super) async fn channels(State(parts): State<Parts>) -> Result<Json<Channels>, Failure> {
    let told = |(id, standing)| convert::channel(id, standing);
    parts
        .ask(move |center| Ok(Json(Channels { channels: center.channels().into_iter().map(told).collect() })))
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
    parts
        .ask(move |center| match center.test_channel(&channel) {
            Ok(()) => Ok(StatusCode::NO_CONTENT),
            // The service did its part: it is the other end that did not.
            Err(Refusal::Failed(why)) => {
                Err(Failure::new(StatusCode::FAILED_DEPENDENCY, "channel_failed", why)
                    .with_fix("look at the section of the channel in the settings, and at what it leads to"))
            }
            Err(refusal) => Err(refusal.into()),
        })
        .await
}
