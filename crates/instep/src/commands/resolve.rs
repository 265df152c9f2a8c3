//! `instep resolve ITEM PATH... --keep WHICH`.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use folders::pair::Pair;
use reconcile::RelPath;
use settings::nearest;
use syncmgr::Request;
use syncmgr::conflict::{Choice, Conflict, Decided, Selection};

use crate::app::App;
use crate::args::Resolve;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::ledger::{self, path_of};
use crate::render::text::SafePath;
use crate::report::report;
use crate::run::run as run_items;

pub(crate) fn run(app: &mut App<'_>, args: &Resolve) -> Result<Exit, Failure> {
    let pair = app.settings.find(&args.item)?.clone();
    let engine = Engine::open(app)?;
    let open = ledger::conflicts(&engine.store, &HANDLER, &pair.item)?;
    if open.is_empty() {
        return Err(Failure::usage(format!("\"{}\" has no open conflict", pair.name))
            .tip(format!("`instep sync {}` finds new ones", app.names(&pair.item).id)));
    }
    let mut paths = Vec::new();
    for typed in &args.paths {
        paths.extend(find(&open, &pair, typed)?);
    }
    let choice: Choice = args.keep.into();
    let named = |conflict: &Conflict| args.all || paths.contains(&path_of(conflict));
    let decided = open.into_iter().filter(named);
    let decided = decided.map(|conflict| Decided { conflict, choice: choice.clone() }).collect();
    let request = Request::new(Selection::new(decided));
    let verdict = run_items(app, &engine, &[pair], request)?;
    report(app, &engine, &verdict)
}

/// The contested paths that were typed: one path, or all beneath a directory; as they are beneath the sides, as they
/// are shown, or as paths into one side's folder.
fn find(open: &[Conflict], pair: &Pair, typed: &OsStr) -> Result<Vec<RelPath>, Failure> {
    let here = std::env::current_dir().unwrap_or_default().join(typed);
    let beneath = |root: &Path| here.strip_prefix(root).ok().map(|path| path.as_os_str().as_bytes().to_vec());
    let bytes = typed.as_bytes();
    let plain = bytes.strip_prefix(b"./").unwrap_or(bytes);
    let plain = plain.strip_suffix(b"/").unwrap_or(plain);
    let meant: Vec<RelPath> = [Some(plain.to_vec()), beneath(&pair.a.path), beneath(&pair.b.path)]
        .into_iter()
        .flatten()
        .filter_map(|bytes| RelPath::from_bytes(&bytes))
        .filter(|path| !path.is_root())
        .collect();
    let all: Vec<RelPath> = open.iter().map(path_of).collect();
    let shown_so = |path: &&RelPath| typed.to_str() == Some(&path.to_string());
    if let Some(path) = all.iter().find(|path| meant.contains(path)).or_else(|| all.iter().find(shown_so)) {
        return Ok(vec![path.clone()]);
    }
    let inside = |path: &&RelPath| meant.iter().any(|dir| path.starts_with(dir));
    let found: Vec<RelPath> = all.iter().filter(inside).cloned().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let failure = Failure::usage(format!("there is no open conflict at {}", SafePath(Path::new(typed))));
    let shown: Vec<String> = all.iter().map(ToString::to_string).collect();
    let near = nearest(&typed.to_string_lossy(), shown.iter().map(String::as_str)).join(", ");
    Err(failure.tip(if near.is_empty() {
        format!("`instep conflicts {}` lists them", pair.item)
    } else {
        format!("did you mean {near}? `instep conflicts {}` lists all", pair.item)
    }))
}
