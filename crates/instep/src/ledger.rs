//! The store, as commands open it.

use std::sync::Arc;

use reconcile::RelPath;
use settings::nearest;
use store::{EventQuery, RunQuery, RunRecord, Store, StoreError};
use syncmgr::conflict::{Conflict, ConflictStore};
use syncmgr::{Event, HandlerId, ItemId, RunId};

use crate::app::App;
use crate::exit::Failure;
use crate::render::text::SafePath;
use crate::replay;
use crate::spool::Spool;

/// How many rows are read at once.
pub(crate) const PAGE: u32 = 1000;

/// Opens the store; says so when a damaged one was put aside, and goes on with a new one.
pub(crate) fn open(app: &App<'_>) -> Result<Arc<Store>, Failure> {
    app.places.make_state()?;
    let store = Store::open(&app.places.store())?;
    for file in store.put_aside() {
        app.out.warn(format_args!(
            "the results store was damaged and a new one was begun; the old one is kept as {}. Files and their sync are \
             not affected, but earlier results are no longer shown",
            SafePath(&file)
        ));
    }
    let store = Arc::new(store);
    // What jobs reported while nobody heard them belongs to what is shown now.
    if let Err(failure) = replay::into_store(&Spool::beneath(&app.places.state), &store) {
        app.out.warn(failure);
    }
    Ok(store)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::failed(error.to_string())
    }
}

/// The newest run of all.
pub(crate) fn newest_run(store: &Store) -> Result<Option<RunRecord>, Failure> {
    let query = RunQuery { limit: Some(1), ..RunQuery::default() };
    Ok(store.runs(&query)?.pop())
}

/// The run that a person means by its number or `last`.
pub(crate) fn find_run(store: &Store, typed: &str) -> Result<RunRecord, Failure> {
    if typed.eq_ignore_ascii_case("last") {
        return newest_run(store)?
            .ok_or_else(|| Failure::usage("there is no run yet").tip("`instep sync` makes the first one"));
    }
    let number = typed.trim_start_matches('#').parse().ok().map(RunId);
    let Some(number) = number else {
        return Err(Failure::usage(format!("\"{typed}\" is no run"))
            .tip("give a number, as `instep results` shows them, or `last`"));
    };
    if let Some(run) = store.run(number)? {
        return Ok(run);
    }
    let failure = Failure::usage(format!("there is no run {number}"));
    let newest: Vec<String> = store
        .runs(&RunQuery { limit: Some(50), ..RunQuery::default() })?
        .iter()
        .map(|run| run.id.to_string())
        .collect();
    Err(match nearest(typed, newest.iter().map(String::as_str)).as_slice() {
        [] => failure.tip("`instep results` lists the runs"),
        near => failure.tip(format!("the runs near it: {}; `instep results` lists all", near.join(", "))),
    })
}

/// All that a run reported, oldest first, handed over page by page.
pub(crate) fn for_each_event(
    store: &Store,
    query: EventQuery,
    mut each: impl FnMut(&Event),
) -> Result<(), Failure> {
    let mut query = EventQuery { limit: Some(PAGE), ..query };
    loop {
        let page = store.events(&query)?;
        page.iter().for_each(&mut each);
        match page.last() {
            Some(last) if page.len() == PAGE as usize => query.after = Some(last.id),
            _ => return Ok(()),
        }
    }
}

/// The open conflicts of an item.
pub(crate) fn conflicts(store: &Store, handler: &HandlerId, item: &ItemId) -> Result<Vec<Conflict>, Failure> {
    store.conflicts(handler, Some(item)).map_err(|refusal| Failure::failed(refusal.to_string()))
}

/// Where a conflict is, beneath the sides.
pub(crate) fn path_of(conflict: &Conflict) -> RelPath {
    RelPath::from_bytes(&conflict.path).unwrap_or_default()
}
