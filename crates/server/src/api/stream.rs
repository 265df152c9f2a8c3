//! The event stream: what changes, as server-sent events.
//!
//! The center's feed keeps the last changes; a stream is a place in it. So a stream that was cut goes on where it was
//! (`Last-Event-ID`), and a client that reads slowly holds nothing but its own connection: what it has not read yet is
//! in the feed anyway, where only the latest progress is kept.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use center::{Center, Change, ChangeId, Follower, News, What};
use futures_util::{StreamExt, stream};
use serde_json::json;
use std::convert::Infallible;
use syncmgr::{HandlerId, ItemId, Level};
use tokio::sync::{Notify, OwnedSemaphorePermit};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use wire::ChangeFilter;

use super::runs::item_without_handler;
use crate::convert;
use crate::failure::Failure;
use crate::input::{self, Query};
use crate::parts::Parts;

/// How long a stream is silent at most: shorter than what lies between would cut it for.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// How many changes are written at once.
const BATCH: usize = 256;
/// How long a client waits before it comes back, in milliseconds.
const RETRY: u32 = 1000;

/// What changes, from now on or from `Last-Event-ID` on
///
/// Each message has the data of a `Change` and an `id`. Comments keep the connection alive.
#[utoipa::path(
    get, path = "/stream", tag = "live",
    params(ChangeFilter, ("Last-Event-ID" = inline(Option<String>), Header, description = "The last change that the client got.")),
    responses((status = OK, content_type = "text/event-stream", body = wire::Change))
)]
pub(super) async fn stream(
    State(parts): State<Parts>,
    Query(filter): Query<ChangeFilter>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let wanted = Wanted::read(&filter)?;
    let header = headers.get("last-event-id").map(|value| value.to_str().unwrap_or_default());
    let seen = header.filter(|id| !id.is_empty()).or(filter.since.as_deref());
    let seen: Option<ChangeId> = seen
        .map(str::parse)
        .transpose()
        .map_err(|error: center::NoChangeId| Failure::bad_request(error.to_string()))?;
    let room = Arc::clone(parts.streams()).try_acquire_owned().map_err(|_| {
        Failure::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "too_many_streams",
            "there are too many event streams already",
        )
        .with_fix("close pages that nobody looks at; one stream can tell everything")
    })?;
    let news = Arc::new(Notify::new());
    let woken = Arc::clone(&news);
    let place = Place {
        follower: parts.feed().follow(seen, move || woken.notify_one()),
        center: parts.center().clone(),
        closing: parts.closing().clone(),
        news,
        wanted,
        begun: false,
        _room: room,
    };
    let messages = stream::unfold(place, |mut place| async move {
        let text = place.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), place))
    });
    Ok(([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(messages.fuse())).into_response())
}

/// How far a client has read.
struct Place {
    follower: Follower,
    news: Arc<Notify>,
    center: Center,
    wanted: Wanted,
    closing: CancellationToken,
    begun: bool,
    _room: OwnedSemaphorePermit,
}

impl Place {
    /// What comes next, as text of the stream; none when the service ends.
    async fn next(&mut self) -> Option<String> {
        if !self.begun {
            self.begun = true;
            // A client that is cut before the first change knows from where to go on all the same.
            return Some(format!("retry: {RETRY}\n{}", self.heartbeat()));
        }
        loop {
            match self.follower.next(BATCH) {
                News::Changes(changes) => {
                    let text = self.write(&changes);
                    if !text.is_empty() {
                        return Some(text);
                    }
                }
                News::Reload(now) => {
                    return Some(message(now, &wire::Change::Reload));
                }
                News::Nothing => {
                    let news = timeout(HEARTBEAT, self.news.notified());
                    tokio::select! {
                        news = news => if news.is_err() {
                            return Some(self.heartbeat());
                        },
                        () = self.closing.cancelled() => return None,
                    }
                }
            }
        }
    }

    fn write(&self, changes: &[Arc<Change>]) -> String {
        let wanted = changes.iter().filter(|change| self.wanted.lets_through(&change.what));
        wanted.map(|change| message(change.id, &convert::change(&self.center, change))).collect()
    }

    /// Says the place, so that a client for whom nothing was does not fall behind, and nothing else.
    fn heartbeat(&self) -> String {
        format!(": \nid: {}\n\n", self.follower.seen())
    }
}

/// One message. JSON has no line breaks of its own.
fn message(id: ChangeId, change: &wire::Change) -> String {
    let data = serde_json::to_string(change).unwrap_or_else(|_| json!({ "type": "reload" }).to_string());
    format!("id: {id}\ndata: {data}\n\n")
}

/// A filter that was checked.
struct Wanted {
    handler: Option<HandlerId>,
    item: Option<ItemId>,
    level: Option<Level>,
    progress: bool,
}

impl Wanted {
    fn read(filter: &ChangeFilter) -> Result<Self, Failure> {
        let handler = input::id(filter.handler.as_deref(), HandlerId::new)?;
        let item = input::id(filter.item.as_deref(), ItemId::new)?;
        if item.is_some() && handler.is_none() {
            return Err(item_without_handler());
        }
        let level = filter.level.map(Into::into);
        Ok(Self { handler, item, level, progress: filter.progress.unwrap_or(true) })
    }

    fn lets_through(&self, what: &What) -> bool {
        let of = |handler: &HandlerId| self.handler.as_ref().is_none_or(|wanted| wanted == handler);
        let item = |id: &ItemId| self.item.as_ref().is_none_or(|wanted| wanted == id);
        let any = |ids: &[ItemId]| self.item.is_none() || ids.iter().any(item);
        match what {
            What::SessionBegan { handler, items, .. } | What::ItemsJoined { handler, items, .. } => {
                of(handler) && any(items)
            }
            What::SessionEnded { handler, items, .. } => {
                of(handler) && (self.item.is_none() || items.iter().any(|end| item(&end.item)))
            }
            What::Progress(live) => self.progress && of(&live.handler) && item(&live.item),
            What::HandlerProgress(live) => self.progress && of(&live.handler),
            What::Event(event) => {
                of(&event.handler)
                    && event.item().is_none_or(item)
                    && self.level.is_none_or(|level| event.level() >= level)
            }
            What::Queue { handler, .. } | What::HandlerChanged { handler } => of(handler),
            What::ItemChanged { handler, item: id } | What::Schedule { handler, item: id } => {
                of(handler) && item(id)
            }
            What::Conflicts { handler, item: id } => of(handler) && id.as_ref().is_none_or(item),
            // Of no handler, or of a later version: for everybody.
            _ => true,
        }
    }
}
