//! What the machine synchronizes already.

use axum::Json;
use axum::extract::State;
use wire::Detected;

use crate::failure::Failure;
use crate::parts::Parts;

/// What other tools are set up for on this machine: nothing is written, no secret is told
#[utoipa::path(get, path = "/detected", tag = "settings", responses((status = OK, body = Detected)))]
pub(super) async fn detected(State(parts): State<Parts>) -> Result<Json<Detected>, Failure> {
    let detect = parts.detect()?;
    parts.ask(move |_| Ok(Json(detect()))).await
}
