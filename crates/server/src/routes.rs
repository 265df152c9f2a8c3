//! What is answered where, and what every answer goes through.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};

use crate::failure::Failure;
use crate::limits::Rates;
use crate::parts::Parts;
use crate::{access, api, limits, login, metrics, page};

/// Everything that the service answers.
pub(crate) fn router(parts: Parts) -> Router {
    let guarded = api::router().layer(middleware::from_fn_with_state(parts.clone(), access::check));
    Router::new()
        .merge(guarded)
        .merge(login::router())
        .fallback(page::page)
        .layer(DefaultBodyLimit::max(parts.limits().body))
        .layer(middleware::from_fn_with_state(Rates::new(parts.limits()), limits::rate))
        .layer(CatchPanicLayer::custom(|_| given_up()))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(middleware::from_fn(guard_the_browser))
        .layer(middleware::from_fn_with_state(parts.clone(), metrics::count))
        .with_state(parts)
}

/// Lines that answer lines must not wait for each other in a compressor.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new("application/x-ndjson"))
}

fn given_up() -> Response {
    Failure::internal("the request was given up because of a mistake in the program").into_response()
}

/// What keeps browsers from doing with an answer what it is not for.
const HEADERS: [(HeaderName, &str); 6] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    // The one style that is named by its content is of the page's library: it keeps a press from scrolling.
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o='; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

async fn guard_the_browser(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Answers change from moment to moment, and some are for one person only.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
