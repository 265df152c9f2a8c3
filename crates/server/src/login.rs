//! How a page is let in: a link that works once leaves a cookie that no script can read.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use crate::access::{self, Door};
use crate::failure::Failure;
use crate::parts::Parts;

/// Where links lead that let a page in.
pub(crate) const PATH: &str = "/login";

pub(crate) fn router() -> Router<Parts> {
    Router::new().route(PATH, get(login))
}

#[derive(Deserialize)]
struct Login {
    ticket: String,
}

/// Whether the answer is read as a page.
fn is_for_a_person(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/html"))
}

async fn login(
    State(parts): State<Parts>,
    query: Result<Query<Login>, QueryRejection>,
    request: Request,
) -> Response {
    let door = request.extensions().get::<Door>().copied();
    let Some(Door::Tcp { tls, .. }) = door else {
        return Failure::bad_request("pages come through the network, not through the local socket")
            .into_response();
    };
    if let Err(failure) = access::addressed_to_us(&parts, request.headers()) {
        return failure.into_response();
    }
    let redeemed = match query {
        Ok(Query(login)) => parts.access().redeem(&login.ticket),
        Err(_) => Ok(None),
    };
    match redeemed {
        Ok(Some(secret)) => match access::page_cookie(&secret, tls).parse::<HeaderValue>() {
            Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response(),
            Err(error) => Failure::internal(error.to_string()).into_response(),
        },
        // Whoever let this page in before is let in still, and who is not reads on it what to do.
        Ok(None) if is_for_a_person(request.headers()) => Redirect::to("/").into_response(),
        Ok(None) => Failure::new(
            StatusCode::UNAUTHORIZED,
            "ticket_used",
            "this link was used already, is older than ten minutes, or was never given out",
        )
        .with_fix("`instep serve link` gives a new one")
        .into_response(),
        Err(error) => Failure::from(error).into_response(),
    }
}
