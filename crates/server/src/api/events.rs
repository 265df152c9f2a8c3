//! Events: the lines of the results.

use axum::Json;
use axum::extract::State;
use center::{EventQuery, Order};
use syncmgr::{EventId, HandlerId, ItemId, RunId};
use wire::{EventFilter, EventOrder, EventsPage};

use super::runs::item_without_handler;
use crate::failure::Failure;
use crate::input::{self, Query};
use crate::parts::Parts;

/// Events of all runs
#[utoipa::path(
    get, path = "/events", tag = "events", params(EventFilter), responses((status = OK, body = EventsPage))
)]
pub(super) async fn events(
    State(parts): State<Parts>,
    Query(filter): Query<EventFilter>,
) -> Result<Json<EventsPage>, Failure> {
    let handler = input::id(filter.handler.as_deref(), HandlerId::new)?;
    let item = input::id(filter.item.as_deref(), ItemId::new)?;
    if item.is_some() && handler.is_none() {
        return Err(item_without_handler());
    }
    let limit = input::page_size(filter.limit)?;
    let query = EventQuery {
        run: filter.run.map(RunId),
        handler,
        item,
        level: filter.level.map(Into::into),
        text: input::search(filter.search)?,
        after: filter.after.map(EventId),
        order: match filter.order {
            EventOrder::Newest => Order::NewestFirst,
            EventOrder::Oldest => Order::OldestFirst,
        },
        limit: Some(limit),
    };
    parts
        .ask(move |center| {
            let page = center.events(&query)?;
            let next = page.next.map(|next| next.0);
            Ok(Json(EventsPage { events: page.events.into_iter().map(Into::into).collect(), next }))
        })
        .await
}
