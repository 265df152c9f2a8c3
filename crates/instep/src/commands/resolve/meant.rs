//! Whose conflicts are meant: pairs of folders, and items of any other handler that has open ones.

use std::path::PathBuf;

use center::ConflictQuery;
use folders::pair::Pair;
use store::Store;
use syncmgr::{HandlerId, ItemId};

use crate::app::App;
use crate::collections::is_partner;
use crate::engine::HANDLER;
use crate::exit::Failure;
use crate::render::human::Names;

/// An item whose conflicts are meant.
#[derive(Debug)]
pub(crate) struct Meant {
    pub(crate) handler: HandlerId,
    pub(crate) item: ItemId,
    pub(crate) names: Names,
    /// The folders of its sides, where these are folders: paths may be typed as they are there.
    pub(super) roots: Vec<PathBuf>,
}

impl Meant {
    pub(crate) fn pair(pair: &Pair) -> Self {
        Self {
            handler: HANDLER.clone(),
            item: pair.item.clone(),
            names: Names::of(pair),
            roots: vec![pair.a.path.clone(), pair.b.path.clone()],
        }
    }
}

/// The items that the words mean; all where there are none.
pub(crate) fn meant(app: &App<'_>, store: &Store, words: &[String]) -> Result<Vec<Meant>, Failure> {
    let counts = store.count_conflicts(&ConflictQuery::default())?;
    let mut others: Vec<(HandlerId, ItemId)> = counts
        .into_iter()
        .filter(|one| one.handler != *HANDLER || app.settings.pair(&one.item).is_none())
        .map(|one| (one.handler, one.item))
        .collect();
    others.dedup();
    let other = |(handler, item): &(HandlerId, ItemId)| Meant {
        handler: handler.clone(),
        item: item.clone(),
        names: Names::unknown(item.as_str()),
        roots: Vec::new(),
    };
    if words.is_empty() {
        return Ok(app.settings.pairs.iter().map(Meant::pair).chain(others.iter().map(other)).collect());
    }
    let mut all = Vec::new();
    for word in words {
        let known: Vec<&(HandlerId, ItemId)> =
            others.iter().filter(|(_, item)| item.as_str().eq_ignore_ascii_case(word)).collect();
        match app.settings.lookup(word) {
            Some(pair) => all.push(Meant::pair(pair)),
            None if known.is_empty()
                && (app.settings.said.items.iter().any(|item| item.id.as_str() == word)
                    || is_partner(&app.settings.said, word)) => {}
            None if known.is_empty() => all.push(Meant::pair(app.settings.find(word)?)),
            None => all.extend(known.into_iter().map(other)),
        }
    }
    Ok(all)
}
