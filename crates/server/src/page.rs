//! The web page's files: in the program itself, so that one file is all there is to install.
//!
//! They are built before the program (`ui/dist`); a program that was built without them says so in one sentence.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{Embed, EmbeddedFile};

use crate::api;
use crate::failure::Failure;

/// What stands where the page would be, in a program that was built without it.
const WITHOUT_PAGE: &str =
    "This program was built without its web page: `cargo xtask build` builds one with it.\n";

/// Where the files lie whose names say what is in them: another content has another name.
const NAMED_BY_CONTENT: &str = "assets/";

#[derive(Embed)]
#[folder = "../../ui/dist"]
#[allow_missing = true]
struct Files;

/// Whatever is no route of its own belongs to the page.
pub(crate) async fn page(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") {
        return api::nothing_here(uri).await.into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        let text = format!("{path} can only be looked at");
        return Failure::new(StatusCode::METHOD_NOT_ALLOWED, "unknown_method", text).into_response();
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Files::get(name).filter(|_| !name.is_empty()) {
        return send(name, &file, &headers);
    }
    // A screen has an address of its own, which only the page itself understands. What looks like a file of ours is none.
    let is_screen = !name.starts_with(NAMED_BY_CONTENT) && (name.contains('/') || !name.contains('.'));
    match Files::get("index.html") {
        Some(index) if is_screen => send("index.html", &index, &headers),
        None if name.is_empty() => {
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], WITHOUT_PAGE).into_response()
        }
        _ => Failure::new(StatusCode::NOT_FOUND, "unknown_path", format!("there is nothing at {path}"))
            .into_response(),
    }
}

fn send(name: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let hash: String = file.metadata.sha256_hash().iter().map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{hash}\"");
    let caching =
        if name.starts_with(NAMED_BY_CONTENT) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [(header::ETAG, tag.clone()), (header::CACHE_CONTROL, caching.to_owned())];
    if asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    (kind, headers, file.data.clone().into_owned()).into_response()
}
