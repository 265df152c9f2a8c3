//! What requests say, checked. What cannot be read is answered with problem details.

use std::fmt;
use std::marker::PhantomData;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts as Head;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use syncmgr::{HandlerId, ItemId, Refusal};
use tokio::time::timeout;
use utoipa::IntoParams;

use crate::failure::Failure;
use crate::parts::Parts;
use crate::segment;

/// The query of a request.
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Parts> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, parts: &Parts) -> Result<Self, Failure> {
        let read = axum::extract::Query::from_request_parts(head, parts).await;
        read.map(|axum::extract::Query(value)| Self(value))
            .map_err(|error: QueryRejection| Failure::bad_request(error.body_text()))
    }
}

/// The variable segments of a path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Parts> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, parts: &Parts) -> Result<Self, Failure> {
        let read = axum::extract::Path::from_request_parts(head, parts).await;
        read.map(|axum::extract::Path(value)| Self(value))
            .map_err(|error: PathRejection| Failure::bad_request(error.body_text()))
    }
}

/// The JSON body of a request.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Parts> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, parts: &Parts) -> Result<Self, Failure> {
        match timeout(parts.limits().patience, axum::Json::from_request(request, parts)).await {
            Ok(Ok(axum::Json(Object(value)))) => Ok(Self(value)),
            Ok(Err(error)) => Err(unreadable(&error)),
            Err(_) => {
                Err(Failure::new(StatusCode::REQUEST_TIMEOUT, "too_slow", "the body did not come in time"))
            }
        }
    }
}

/// What is said as an object. A structure would be read from a list as well, member by member.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members(PhantomData))
    }
}

struct Members<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

fn unreadable(error: &JsonRejection) -> Failure {
    match error.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "not_json", "the body is not said to be JSON")
                .with_fix("send it with `Content-Type: application/json`")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the body is too large")
        }
        _ => Failure::bad_request(error.body_text()),
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct HandlerSegments {
    /// The handler's identifier; `.`, `..` and what begins with `~` get a `~` in front.
    handler: String,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ItemSegments {
    /// The handler's identifier; `.`, `..` and what begins with `~` get a `~` in front.
    handler: String,
    /// The item's identifier within its handler, written like the handler's.
    item: String,
}

/// The handler that a path names. It exists.
pub(crate) struct AtHandler(pub(crate) HandlerId);

impl FromRequestParts<Parts> for AtHandler {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, parts: &Parts) -> Result<Self, Failure> {
        let Path(HandlerSegments { handler }) = Path::from_request_parts(head, parts).await?;
        let handler = named(segment::read(&handler), HandlerId::new)?;
        match parts.center().handler_name(&handler) {
            Some(_) => Ok(Self(handler)),
            None => Err(unknown_handler(&handler)),
        }
    }
}

/// The item that a path names. It exists.
pub(crate) struct AtItem(pub(crate) HandlerId, pub(crate) ItemId);

impl FromRequestParts<Parts> for AtItem {
    type Rejection = Failure;

    async fn from_request_parts(head: &mut Head, parts: &Parts) -> Result<Self, Failure> {
        let Path(ItemSegments { handler, item }) = Path::from_request_parts(head, parts).await?;
        let handler = named(segment::read(&handler), HandlerId::new)?;
        let item = named(segment::read(&item), ItemId::new)?;
        let center = parts.center();
        if center.item_name(&handler, &item).is_some() {
            return Ok(Self(handler, item));
        }
        Err(match center.handler_name(&handler) {
            Some(name) => Failure::not_found("unknown_item", format!("'{name}' has no item '{item}'")),
            None => unknown_handler(&handler),
        })
    }
}

/// An identifier of a path. What no identifier can be names nothing.
fn named<T>(text: &str, read: impl Fn(&str) -> Result<T, Refusal>) -> Result<T, Failure> {
    read(text).map_err(|refusal| Failure::not_found("unknown_id", refusal.to_string()))
}

fn unknown_handler(handler: &HandlerId) -> Failure {
    Failure::not_found("unknown_handler", format!("there is no handler '{handler}'"))
}

/// An identifier of a query or body, if there is one.
pub(crate) fn id<T>(
    text: Option<&str>,
    read: impl Fn(&str) -> Result<T, Refusal>,
) -> Result<Option<T>, Failure> {
    Ok(text.map(read).transpose()?)
}

/// The size of a page.
pub(crate) fn page_size(asked: Option<u32>) -> Result<u32, Failure> {
    match asked {
        None => Ok(100),
        Some(size @ 1..=1000) => Ok(size),
        Some(size) => Err(Failure::bad_request(format!("a page has 1 to 1000 lines, not {size}"))),
    }
}

/// The most characters of a text to search for.
const MAX_SEARCH: usize = 200;

/// A text to search for; empty means none.
pub(crate) fn search(text: Option<String>) -> Result<Option<String>, Failure> {
    match text {
        Some(text) if text.chars().count() > MAX_SEARCH => {
            Err(Failure::bad_request(format!("a text to search for has at most {MAX_SEARCH} characters")))
        }
        text => Ok(text.filter(|text| !text.is_empty())),
    }
}
