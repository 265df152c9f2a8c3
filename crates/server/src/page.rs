//! The web page's files.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};

use crate::api;
use crate::failure::Failure;

/// What stands where the page will be, in a program that was built without it.
const WITHOUT_PAGE: &str =
    "This program was built without its web page: `cargo xtask build` builds one with it.\n";

/// Whatever is no route of its own belongs to the page.
pub(crate) async fn page(uri: Uri) -> Response {
    if uri.path().starts_with("/api/") {
        return api::nothing_here(uri).await.into_response();
    }
    if uri.path() == "/" {
        return ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], WITHOUT_PAGE).into_response();
    }
    let text = format!("there is nothing at {}", uri.path());
    Failure::new(StatusCode::NOT_FOUND, "unknown_path", text).into_response()
}
