//! What a shell offers when somebody types TAB: asked of this program each time, so that it knows the items there are.

use std::ffi::OsStr;

use clap::builder::StyledStr;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};
use store::Store;

use crate::places::Places;
use crate::setup::Setup;

/// All items: those of the settings, and those that are on record, such as jobs.
pub(super) fn items() -> Vec<CompletionCandidate> {
    let Ok(places) = Places::from_env() else { return Vec::new() };
    let mut found = set_up(&places);
    // Whoever types TAB makes no store.
    let on_record = if places.store().exists() { Store::open(&places.store()).ok() } else { None };
    for item in on_record.and_then(|store| store.item_states(None).ok()).unwrap_or_default() {
        let word = item.item.as_str();
        if !found.iter().any(|known| known.get_value() == word) {
            found.push(candidate(word, item.name.as_deref()));
        }
    }
    found
}

/// What can be synchronized: items of the settings, and folders.
pub(super) fn targets(typed: &OsStr) -> Vec<CompletionCandidate> {
    let items = Places::from_env().map(|places| set_up(&places)).unwrap_or_default();
    let fits = |item: &CompletionCandidate| {
        item.get_value().as_encoded_bytes().starts_with(typed.as_encoded_bytes())
    };
    items.into_iter().filter(fits).chain(PathCompleter::any().complete(typed)).collect()
}

/// The ways to be told of alerts.
pub(super) fn channels() -> Vec<CompletionCandidate> {
    let setup = Places::from_env().and_then(|places| Setup::load(&places)).unwrap_or_default();
    setup.said.channels.iter().map(|channel| CompletionCandidate::new(&channel.id)).collect()
}

fn set_up(places: &Places) -> Vec<CompletionCandidate> {
    let setup = Setup::load(places).unwrap_or_default();
    setup.said.items.iter().map(|item| candidate(item.id.as_str(), Some(&item.name))).collect()
}

/// An item, with what people call it where that is something else.
fn candidate(word: &str, name: Option<&str>) -> CompletionCandidate {
    let name = name.filter(|name| *name != word).map(|name| StyledStr::from(name.to_owned()));
    CompletionCandidate::new(word).help(name)
}
