//! Conflicts: what needs a decision.

use axum::Json;
use axum::extract::State;
use center::ConflictQuery;
use serde::Deserialize;
use syncmgr::conflict::{Conflict, ConflictId};
use syncmgr::{HandlerId, ItemId};
use utoipa::IntoParams;
use wire::{ConflictFilter, ConflictKey, ConflictsPage};

use super::runs::item_without_handler;
use crate::convert;
use crate::failure::Failure;
use crate::input::{self, AtItem, Path, Query};
use crate::parts::Parts;

/// Open conflicts
#[utoipa::path(
    get, path = "/conflicts", tag = "conflicts", params(ConflictFilter),
    responses((status = OK, body = ConflictsPage))
)]
pub(super) async fn conflicts(
    State(parts): State<Parts>,
    Query(filter): Query<ConflictFilter>,
) -> Result<Json<ConflictsPage>, Failure> {
    let wanted = Wanted::read(&filter)?;
    let limit = input::page_size(filter.limit)? as usize;
    parts
        .ask(move |center| {
            let found: Vec<Conflict> =
                center.conflicts(&wanted.query)?.into_iter().filter(|one| wanted.lets_through(one)).collect();
            let total = found.len();
            let begin = usize::try_from(filter.offset).unwrap_or(usize::MAX).min(total);
            let end = begin.saturating_add(limit).min(total);
            let page = found.into_iter().skip(begin).take(end - begin);
            let conflicts = page.map(|conflict| convert::conflict(center, conflict)).collect();
            Ok(Json(ConflictsPage {
                conflicts,
                total: total as u64,
                next: (end < total).then_some(end as u64),
            }))
        })
        .await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct ConflictSegments {
    /// The handler's identifier; `.`, `..` and what begins with `~` get a `~` in front.
    #[serde(rename = "handler")]
    _handler: String,
    /// The item's identifier within its handler, written like the handler's.
    #[serde(rename = "item")]
    _item: String,
    /// The conflict's identity.
    pub(super) conflict: String,
}

/// One conflict
#[utoipa::path(
    get, path = "/conflicts/{handler}/{item}/{conflict}", tag = "conflicts", params(ConflictSegments),
    responses((status = OK, body = wire::Conflict))
)]
pub(super) async fn conflict(
    State(parts): State<Parts>,
    at: AtItem,
    Path(segments): Path<ConflictSegments>,
) -> Result<Json<wire::Conflict>, Failure> {
    let AtItem(handler, item) = at;
    let id = ConflictKey::read(&segments.conflict).ok_or_else(gone)?;
    parts
        .ask(move |center| {
            let key = syncmgr::conflict::ConflictKey { handler, item, id: ConflictId(id.0) };
            let found = center.conflict(&key)?.ok_or_else(gone)?;
            Ok(Json(convert::conflict(center, found)))
        })
        .await
}

pub(super) fn gone() -> Failure {
    Failure::not_found("unknown_conflict", "there is no such open conflict")
        .with_fix("it may have been settled meanwhile: look at the list of conflicts")
}

/// A filter that was checked.
struct Wanted {
    query: ConflictQuery,
    search: Option<String>,
}

impl Wanted {
    fn read(filter: &ConflictFilter) -> Result<Self, Failure> {
        let handler = input::id(filter.handler.as_deref(), HandlerId::new)?;
        let item = input::id(filter.item.as_deref(), ItemId::new)?;
        if item.is_some() && handler.is_none() {
            return Err(item_without_handler());
        }
        let folder = filter.folder.as_deref().map(|folder| folder.trim_matches('/'));
        let query = ConflictQuery {
            handler,
            item,
            kinds: filter.kind.map(Into::into).into_iter().collect(),
            under: folder.map(|folder| folder.as_bytes().to_vec()),
            ..ConflictQuery::default()
        };
        Ok(Self { query, search: input::search(filter.search.clone())?.map(|text| text.to_lowercase()) })
    }

    fn lets_through(&self, conflict: &Conflict) -> bool {
        self.search
            .as_ref()
            .is_none_or(|text| String::from_utf8_lossy(&conflict.path).to_lowercase().contains(text.as_str()))
    }
}
