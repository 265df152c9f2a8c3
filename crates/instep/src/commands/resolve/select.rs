//! Which conflicts the words of a command line mean.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use center::ConflictQuery;
use reconcile::RelPath;
use settings::nearest;
use syncmgr::conflict::Conflict;

use super::meant::Meant;
use crate::args::{Resolve, Which};
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::ledger::path_of;
use crate::render::text::SafePath;

/// What is asked of the center for one item.
pub(crate) fn query(of: &Meant, which: &Which, now: i64) -> ConflictQuery {
    let under = which.under.as_ref().and_then(|typed| typed_paths(of, typed).into_iter().next());
    ConflictQuery {
        under: under.map(|path| path.as_bytes().to_vec()),
        kinds: which.kinds(),
        detected_before: which.older_than.map(|age| now.saturating_sub(age.millis())),
        ..ConflictQuery::all_of(&of.handler, Some(&of.item))
    }
}

/// The conflicts that were named.
pub(super) fn conflicts(engine: &Engine, items: &[Meant], args: &Resolve) -> Result<Vec<Conflict>, Failure> {
    let now = engine.center.clock_millis();
    let mut all = Vec::new();
    for of in items {
        let mut open = match args.copies {
            true => copies(engine, of, &args.which)?,
            false => engine.store.find_conflicts(&query(of, &args.which, now))?,
        };
        if !args.paths.is_empty() {
            let mut paths = Vec::new();
            for typed in &args.paths {
                paths.extend(find(&open, of, typed)?);
            }
            open.retain(|conflict| paths.contains(&path_of(conflict)));
        }
        all.extend(open);
    }
    if !all.is_empty() {
        return Ok(all);
    }
    if args.copies {
        return Err(Failure::usage("there is no conflict copy of another program")
            .tip("`instep conflicts --find-copies` looks for them"));
    }
    let what = match items {
        [only] => format!("\"{}\" has no open conflict", only.names.item),
        _ => "there is no open conflict".to_owned(),
    };
    Err(if args.which.is_some() {
        Failure::new(Exit::Usage, format!("{what} of that kind"))
            .tip("`instep conflicts` lists all that are open")
    } else {
        let id = items.first().filter(|_| items.len() == 1).map(|of| of.names.id.as_str());
        Failure::usage(what).tip(format!("`instep sync {}` finds new ones", id.unwrap_or("--all")))
    })
}

/// The conflict copies that other programs have left in an item.
pub(crate) fn copies(engine: &Engine, of: &Meant, which: &Which) -> Result<Vec<Conflict>, Failure> {
    let Some(handler) = engine.center.resolution_handler(&of.handler) else { return Ok(Vec::new()) };
    let mut found = handler.find_copies(&of.item).map_err(|error| Failure::failed(error.problem.text))?;
    let under = which.under.as_ref().and_then(|typed| typed_paths(of, typed).into_iter().next());
    if let Some(under) = under {
        found.retain(|conflict| path_of(conflict).starts_with(&under));
    }
    Ok(found)
}

/// What was typed, as paths beneath the sides: as it is beneath them, or as a path into one side's folder.
fn typed_paths(of: &Meant, typed: &OsStr) -> Vec<RelPath> {
    let here = std::env::current_dir().unwrap_or_default().join(typed);
    let beneath = |root: &Path| here.strip_prefix(root).ok().map(|path| path.as_os_str().as_bytes().to_vec());
    let bytes = typed.as_bytes();
    let plain = bytes.strip_prefix(b"./").unwrap_or(bytes);
    let plain = plain.strip_suffix(b"/").unwrap_or(plain);
    // A path into a side's folder is no path beneath it.
    of.roots
        .iter()
        .filter_map(|root| beneath(root))
        .chain([plain.to_vec()])
        .filter_map(|bytes| RelPath::from_bytes(&bytes))
        .filter(|path| !path.is_root())
        .collect()
}

/// The contested paths that were typed: one path, or all beneath a directory; as they are beneath the sides, as they
/// are shown, or as paths into one side's folder.
fn find(open: &[Conflict], of: &Meant, typed: &OsStr) -> Result<Vec<RelPath>, Failure> {
    let meant = typed_paths(of, typed);
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
        format!("`instep conflicts {}` lists them", of.names.id)
    } else {
        format!("did you mean {near}? `instep conflicts {}` lists all", of.names.id)
    }))
}
