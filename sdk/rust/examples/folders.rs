//! A handler that keeps folders in sync, as a program of its own: the built-in one, served over the handler protocol. In the
//! settings:
//!
//! ```toml
//! [handlers.pairs]
//! command = ["/usr/local/lib/instep/folders"]
//! [handlers.pairs.settings]
//! state = "/var/lib/pairs"         # what it must remember of them
//!
//! [items.photos]
//! handler = "pairs"
//! a = "/home/me/Photos"
//! b = "/media/nas/Photos"
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use folders::{FoldersHandler, Home, Pair, PairSide};
use instep_handler::syncmgr::{Handler, HandlerError, ItemId, ProblemClass};
use instep_handler::{Hello, ServeError};
use reconcile::{AskAlso, Mode, OnConflict};
use serde_json::{Map, Value};

fn main() -> Result<(), ServeError> {
    instep_handler::serve(make)
}

/// Makes the handler of what the settings say.
pub(crate) fn make(hello: &Hello) -> Result<Arc<dyn Handler>, HandlerError> {
    let home = Home { pairs: folder(&hello.settings, "state", "[handlers.*.settings]")? };
    let pairs = hello.items.iter().map(|(item, keys)| pair(item, keys)).collect::<Result<_, _>>()?;
    // Conflicts are kept by the center, which shows them and asks about them.
    Ok(Arc::new(FoldersHandler::new(home, pairs, hello.center.ledger())))
}

fn pair(item: &str, keys: &Map<String, Value>) -> Result<Pair, HandlerError> {
    let place = format!("[items.{item}]");
    let side = |key: &str| {
        let path = folder(keys, key, &place)?;
        Ok::<_, HandlerError>(PairSide { label: path.display().to_string(), path })
    };
    Ok(Pair {
        item: ItemId::new(item)?,
        name: keys.get("name").and_then(Value::as_str).unwrap_or(item).to_owned(),
        a: side("a")?,
        b: side("b")?,
        mode: Mode::TwoWay,
        on_conflict: OnConflict::Ask,
        keep: reconcile::Keep::default(),
        exclude: Vec::new(),
        include: Vec::new(),
        max_delete: None,
        trash_days: 30,
        ask: AskAlso::default(),
        trash_size: None,
        ancestors: true,
    })
}

fn folder(keys: &Map<String, Value>, key: &str, place: &str) -> Result<PathBuf, HandlerError> {
    keys.get(key).and_then(Value::as_str).map(PathBuf::from).filter(|path| path.is_absolute()).ok_or_else(
        || {
            let text = format!("`{key}` of {place} is not the whole path of a folder.");
            HandlerError::new(ProblemClass::Config, text)
        },
    )
}
