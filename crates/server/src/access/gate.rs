//! What every request goes through: where it came in, whom it is addressed to, and what its sender may do.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use wire::{Role, TokenKind};

use crate::api;
use crate::failure::Failure;
use crate::parts::Parts;

/// Where a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// The local socket, from a process of the same user.
    Socket,
    /// The network.
    Tcp {
        /// From where.
        peer: SocketAddr,
        /// Whether over TLS.
        tls: bool,
    },
}

/// What the sender of a request may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Admitted {
    pub(crate) role: Role,
}

/// The cookie of a page that was let in.
pub(super) const COOKIE: &str = "instep_page";
/// What a page sends with every request that changes something. Other origins cannot send it without being asked for leave
/// first, which nobody gives.
const PAGE_HEADER: HeaderName = HeaderName::from_static("x-instep");

/// Lets a request in, or says why not. What it may do is looked at by [`require`].
pub(crate) async fn check(State(parts): State<Parts>, mut request: Request, next: Next) -> Response {
    let door = request.extensions().get::<Door>().copied();
    match admit(&parts, door, &request) {
        Ok(admitted) => {
            request.extensions_mut().insert(admitted);
            next.run(request).await
        }
        Err(failure) => {
            let unauthorized = failure.status() == StatusCode::UNAUTHORIZED;
            let mut response = failure.into_response();
            if unauthorized {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            response
        }
    }
}

/// Refuses requests of senders that may do less.
pub(crate) async fn require(State(role): State<Role>, request: Request, next: Next) -> Response {
    match request.extensions().get::<Admitted>() {
        Some(admitted) if admitted.role >= role => next.run(request).await,
        _ => {
            let text = format!("this needs the role {role}");
            Failure::new(StatusCode::FORBIDDEN, "role_too_low", text)
                .with_fix("use a token with that role; `instep serve token add` makes one")
                .into_response()
        }
    }
}

fn admit(parts: &Parts, door: Option<Door>, request: &Request) -> Result<Admitted, Failure> {
    let headers = request.headers();
    match door {
        Some(Door::Socket) => return Ok(Admitted { role: Role::Admin }),
        Some(Door::Tcp { .. }) => {}
        None => return Err(Failure::internal("a request that came through no door")),
    }
    addressed_to_us(parts, headers)?;
    if let Some(secret) = key(request.uri().path()).or_else(|| bearer(headers)) {
        return match parts.access().role_of(TokenKind::Token, secret)? {
            Some(role) => Ok(Admitted { role }),
            None => Err(unauthorized("the token is wrong, expired or revoked")),
        };
    }
    let Some(secret) = cookie(headers) else {
        return Err(unauthorized("this needs a token, or a page that was let in"));
    };
    let role = parts
        .access()
        .role_of(TokenKind::Page, secret)?
        .ok_or_else(|| unauthorized("the page was let in too long ago, or not here"))?;
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if changes && !headers.contains_key(PAGE_HEADER) {
        return Err(Failure::new(
            StatusCode::FORBIDDEN,
            "forged",
            format!("the request does not have the header `{PAGE_HEADER}` that our page sends"),
        ));
    }
    Ok(Admitted { role })
}

fn unauthorized(text: &str) -> Failure {
    Failure::new(StatusCode::UNAUTHORIZED, "unauthorized", text)
        .with_fix("`instep serve link` lets a page in, `instep serve token add` makes a token for a program")
}

/// Whether a request from the network means us: a page of another name that leads here must not get anything (DNS
/// rebinding), nor one of another origin.
pub(crate) fn addressed_to_us(parts: &Parts, headers: &HeaderMap) -> Result<(), Failure> {
    let host = single(headers, &header::HOST)?
        .ok_or_else(|| Failure::bad_request("the request does not say whom it is addressed to (`Host`)"))?;
    let ours = host.parse::<Authority>().is_ok_and(|authority| is_ours(parts, authority.host()));
    if !ours {
        return Err(Failure::new(
            StatusCode::MISDIRECTED_REQUEST,
            "foreign_host",
            format!("'{host}' is no name of this service"),
        )
        .with_fix(
            "ask at its address, or add the name to `hosts` in the section `[server]` of the settings",
        ));
    }
    match single(headers, &header::ORIGIN)? {
        None => Ok(()),
        Some(origin) if same_origin(origin, host) || parts.origins().iter().any(|ours| ours == origin) => {
            Ok(())
        }
        Some(origin) => Err(Failure::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            format!("pages of '{origin}' may not use this service"),
        )),
    }
}

/// Names that lead nowhere else: addresses, the machine's own name for itself, and what the settings say.
fn is_ours(parts: &Parts, host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse::<IpAddr>().is_ok()
        || host.eq_ignore_ascii_case("localhost")
        || parts.hosts().iter().any(|ours| ours.eq_ignore_ascii_case(host))
}

/// Whether an origin is the host that was asked. The scheme may differ where something else speaks TLS for us.
fn same_origin(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

/// The value of a header that may be there once.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Failure> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(Failure::bad_request(format!("the header `{name}` is there several times")));
    }
    first
        .map(|value| {
            value.to_str().map_err(|_| Failure::bad_request(format!("the header `{name}` is no text")))
        })
        .transpose()
}

/// The token in the address of the one-line form: scripts that can only fetch an address have nowhere else to put it.
fn key(path: &str) -> Option<&str> {
    path.strip_prefix(api::BASE)?.strip_prefix("/r/")?.split('/').next()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, secret) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE).then_some(value))
}
