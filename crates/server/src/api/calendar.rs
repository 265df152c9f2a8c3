//! What runs by itself, and when, over all items.

use axum::Json;
use axum::extract::State;
use syncmgr::HandlerId;
use wire::{Calendar, CalendarItem, CalendarSpan, Time};

use crate::convert;
use crate::failure::Failure;
use crate::input::{self, Query};
use crate::parts::Parts;

const DAY: i64 = 24 * 60 * 60 * 1000;
/// The longest part of the calendar that is shown at once.
const LONGEST: i64 = 62 * DAY;

/// What runs by itself in a part of the calendar
#[utoipa::path(
    get, path = "/calendar", tag = "schedules", params(CalendarSpan), responses((status = OK, body = Calendar))
)]
pub(super) async fn calendar(
    State(parts): State<Parts>,
    Query(wanted): Query<CalendarSpan>,
) -> Result<Json<Calendar>, Failure> {
    let handler = input::id(wanted.handler.as_deref(), HandlerId::new)?;
    let limit = input::page_size(wanted.limit)? as usize;
    let most = match wanted.times {
        None => 50,
        Some(most @ 1..=1000) => most as usize,
        Some(_) => return Err(Failure::bad_request("`times` is 1 to 1000")),
    };
    let from = wanted.from.map_or_else(|| parts.center().clock_millis(), |from| from.0);
    let until = wanted.until.map_or_else(|| from.saturating_add(7 * DAY), |until| until.0);
    match until.checked_sub(from) {
        Some(1..=LONGEST) => {}
        _ => return Err(Failure::bad_request("`until` comes after `from`, by 62 days at most")),
    }
    parts
        .ask(move |center| {
            let begin = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
            let end = begin.saturating_add(limit);
            // One time more, to know whether there is one.
            let page = center.calendar(handler.as_ref(), &(from..until), most + 1, begin..end)?;
            let items = page.items.into_iter().map(|((handler, item), mut times)| {
                let more = times.len() > most;
                times.truncate(most);
                CalendarItem {
                    name: convert::item_name(center, &handler, &item),
                    handler: handler.to_string(),
                    item: item.to_string(),
                    times: times.into_iter().map(Time).collect(),
                    more,
                }
            });
            Ok(Json(Calendar {
                from: Time(from),
                until: Time(until),
                items: items.collect(),
                total: page.total as u64,
                next: (end < page.total).then_some(end as u64),
            }))
        })
        .await
}
