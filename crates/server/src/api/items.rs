//! Items: what is kept in sync, and how it stands.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::State;
use center::{Center, Headline, ItemStatus};
use syncmgr::{HandlerId, ItemId};
use wire::{HeadlineCounts, Item, ItemFilter, ItemSort, ItemsPage};

use crate::convert;
use crate::failure::Failure;
use crate::input::{self, AtItem, ItemSegments, Query};
use crate::parts::Parts;

/// The most runs that the strip of an item shows.
const MAX_HISTORY: u32 = 50;
/// What it shows of a single item.
const HISTORY: u32 = 14;
/// The most times to come of an item.
const MAX_TIMES: u32 = 20;
/// What is told of a single item.
const TIMES: u32 = 5;

/// Items, and how all of them stand
#[utoipa::path(
    get, path = "/items", tag = "items", params(ItemFilter), responses((status = OK, body = ItemsPage))
)]
pub(super) async fn items(
    State(parts): State<Parts>,
    Query(filter): Query<ItemFilter>,
) -> Result<Json<ItemsPage>, Failure> {
    let wanted = Wanted::read(&filter)?;
    parts
        .ask(move |center| {
            let all: Vec<ItemStatus> =
                center.status()?.into_iter().flat_map(|handler| handler.items).collect();
            let counts = count(&all);
            let mut found: Vec<ItemStatus> =
                all.into_iter().filter(|item| wanted.lets_through(item)).collect();
            sort(&mut found, filter.sort);
            let total = found.len();
            let begin = usize::try_from(filter.offset).unwrap_or(usize::MAX).min(total);
            let end = begin.saturating_add(wanted.limit).min(total);
            let page: Vec<ItemStatus> = found.drain(begin..end).collect();
            let ids: Vec<_> = page.iter().map(|item| (item.handler.clone(), item.item.clone())).collect();
            let mut history = center.store().history(&ids, wanted.history)?.into_iter();
            let mut times = times(center, &ids, wanted.times)?.into_iter();
            let items = page
                .into_iter()
                .map(|item| {
                    let (history, times) = (history.next(), times.next());
                    convert::item(item, history.unwrap_or_default(), times.unwrap_or_default())
                })
                .collect();
            let next = (end < total).then_some(end as u64);
            Ok(Json(ItemsPage { items, total: total as u64, next, counts }))
        })
        .await
}

/// One item
#[utoipa::path(
    get, path = "/items/{handler}/{item}", tag = "items", params(ItemSegments),
    responses((status = OK, body = Item))
)]
pub(super) async fn item(State(parts): State<Parts>, at: AtItem) -> Result<Json<Item>, Failure> {
    let AtItem(handler, item) = at;
    parts
        .ask(move |center| {
            let found = center
                .item_status(&handler, &item)?
                .ok_or_else(|| Failure::not_found("unknown_item", format!("the item '{item}' is gone")))?;
            let ids = [(handler, item)];
            let mut history = center.store().history(&ids, HISTORY)?;
            let mut times = times(center, &ids, TIMES)?;
            let (history, times) = (history.pop(), times.pop());
            Ok(Json(convert::item(found, history.unwrap_or_default(), times.unwrap_or_default())))
        })
        .await
}

/// When items run by themselves next; working that out is left alone where nobody asks.
fn times(center: &Center, items: &[(HandlerId, ItemId)], count: u32) -> Result<Vec<Vec<i64>>, Failure> {
    match count {
        0 => Ok(Vec::new()),
        count => Ok(center.next_runs_of(items, count as usize)?),
    }
}

/// A filter that was checked.
struct Wanted {
    handler: Option<HandlerId>,
    headline: Option<wire::Headline>,
    attention: Option<bool>,
    working: Option<bool>,
    hidden: bool,
    search: Option<String>,
    limit: usize,
    history: u32,
    times: u32,
}

impl Wanted {
    fn read(filter: &ItemFilter) -> Result<Self, Failure> {
        if filter.history > MAX_HISTORY {
            return Err(Failure::bad_request(format!("`history` is at most {MAX_HISTORY}")));
        }
        if filter.times > MAX_TIMES {
            return Err(Failure::bad_request(format!("`times` is at most {MAX_TIMES}")));
        }
        Ok(Self {
            handler: input::id(filter.handler.as_deref(), HandlerId::new)?,
            headline: filter.headline,
            attention: filter.attention,
            working: filter.working,
            hidden: filter.hidden,
            search: input::search(filter.search.clone())?.map(|text| text.to_lowercase()),
            limit: input::page_size(filter.limit)? as usize,
            history: filter.history,
            times: filter.times,
        })
    }

    fn lets_through(&self, item: &ItemStatus) -> bool {
        let has = |text: &str, wanted: &str| text.to_lowercase().contains(wanted);
        (self.hidden || !item.switches.hidden)
            && self.handler.as_ref().is_none_or(|handler| item.handler == *handler)
            && self.headline.is_none_or(|headline| convert::headline(item.headline) == headline)
            && self.attention.is_none_or(|attention| item.headline.needs_attention() == attention)
            && self.working.is_none_or(|working| is_working(item) == working)
            && self.search.as_deref().is_none_or(|text| {
                has(&item.name, text) || has(item.item.as_str(), text) || has(&item.comment, text)
            })
    }
}

fn is_working(item: &ItemStatus) -> bool {
    item.working.is_some() || item.running_elsewhere.is_some()
}

fn sort(items: &mut [ItemStatus], by: ItemSort) {
    match by {
        ItemSort::Attention => items.sort_by_cached_key(|item| {
            // Beyond those that need a person, a worse headline is no reason to come first.
            let need = Some(item.headline).filter(|headline| headline.needs_attention());
            (need.is_none(), need, item.name.to_lowercase())
        }),
        ItemSort::Name => items.sort_by_cached_key(|item| item.name.to_lowercase()),
        ItemSort::LastRun => items.sort_by_key(|item| Reverse(item.last_run.as_ref().map(|last| last.run))),
    }
}

fn count(items: &[ItemStatus]) -> HeadlineCounts {
    let mut counts = HeadlineCounts::default();
    for item in items.iter().filter(|item| !item.switches.hidden) {
        counts.all += 1;
        counts.working += u64::from(is_working(item));
        counts.attention += u64::from(item.headline.needs_attention());
        *match item.headline {
            Headline::SafetyStop => &mut counts.safety_stop,
            Headline::Failed => &mut counts.failed,
            Headline::Overdue => &mut counts.overdue,
            Headline::Conflicts => &mut counts.conflicts,
            Headline::NotResponding => &mut counts.not_responding,
            Headline::Gaps => &mut counts.gaps,
            Headline::Interrupted => &mut counts.interrupted,
            Headline::NeverRun => &mut counts.never_run,
            Headline::Waiting => &mut counts.waiting,
            Headline::Paused => &mut counts.paused,
            Headline::UpToDate => &mut counts.up_to_date,
        } += 1;
    }
    counts
}
