//! Tokens, and links that let pages in.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use wire::{CreatedToken, NewToken, PageLink, Tokens};

use crate::failure::Failure;
use crate::input::{self, Path};
use crate::parts::Parts;

/// All tokens, and the pages that were let in
#[utoipa::path(get, path = "/tokens", tag = "access", responses((status = OK, body = Tokens)))]
pub(super) async fn tokens(State(parts): State<Parts>) -> Result<Json<Tokens>, Failure> {
    Ok(Json(Tokens { tokens: parts.access().tokens()? }))
}

/// Make a token
#[utoipa::path(
    post, path = "/tokens", tag = "access", request_body = NewToken,
    responses((status = CREATED, body = CreatedToken))
)]
pub(super) async fn create_token(
    State(parts): State<Parts>,
    input::Json(new): input::Json<NewToken>,
) -> Result<(StatusCode, Json<CreatedToken>), Failure> {
    let (token, secret) = parts.access().create_token(&new)?;
    Ok((StatusCode::CREATED, Json(CreatedToken { token, secret })))
}

/// Revoke a token, or a page's admission
#[utoipa::path(
    delete, path = "/tokens/{token}", tag = "access", params(("token" = String, Path)),
    responses((status = NO_CONTENT))
)]
pub(super) async fn revoke_token(
    State(parts): State<Parts>,
    Path(token): Path<String>,
) -> Result<StatusCode, Failure> {
    if parts.access().revoke_token(&token)? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Failure::not_found("unknown_token", format!("there is no token '{token}'")))
    }
}

/// A link that lets a page in, once
#[utoipa::path(post, path = "/page-link", tag = "access", responses((status = OK, body = PageLink)))]
pub(super) async fn page_link(State(parts): State<Parts>) -> Result<Json<PageLink>, Failure> {
    Ok(Json(PageLink { link: parts.page_link()? }))
}
