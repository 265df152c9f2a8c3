//! What runs and waits just now.

use axum::Json;
use axum::extract::State;
use wire::Live;

use crate::convert;
use crate::parts::Parts;

/// Everything that runs or waits
#[utoipa::path(get, path = "/live", tag = "live", responses((status = OK, body = Live)))]
pub(super) async fn live(State(parts): State<Parts>) -> Json<Live> {
    Json(convert::live(parts.center().live()))
}
