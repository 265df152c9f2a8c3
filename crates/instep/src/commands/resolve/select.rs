//! Which conflicts the words of a command line mean.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use center::ConflictQuery;
use folders::pair::Pair;
use reconcile::RelPath;
use settings::nearest;
use syncmgr::conflict::Conflict;

use crate::args::{Resolve, Which};
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::ledger::path_of;
use crate::render::text::{SafePath, shell_word};

/// What is asked of the center for one item.
pub(crate) fn query(pair: &Pair, which: &Which, now: i64) -> ConflictQuery {
    let under = which.under.as_ref().and_then(|typed| meant(pair, typed).into_iter().next());
    ConflictQuery {
        under: under.map(|path| path.as_bytes().to_vec()),
        kinds: which.kinds(),
        detected_before: which.older_than.map(|age| now.saturating_sub(age.millis())),
        ..ConflictQuery::all_of(&HANDLER, Some(&pair.item))
    }
}

/// The conflicts that were named.
pub(super) fn conflicts(engine: &Engine, pairs: &[Pair], args: &Resolve) -> Result<Vec<Conflict>, Failure> {
    let now = engine.center.clock_millis();
    let mut all = Vec::new();
    for pair in pairs {
        let mut open = match args.copies {
            true => copies(engine, pair, &args.which)?,
            false => engine.center.conflicts(&query(pair, &args.which, now))?,
        };
        if !args.paths.is_empty() {
            let mut paths = Vec::new();
            for typed in &args.paths {
                paths.extend(find(&open, pair, typed)?);
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
    let what = match pairs {
        [only] => format!("\"{}\" has no open conflict", only.name),
        _ => "there is no open conflict".to_owned(),
    };
    Err(if args.which.is_some() {
        Failure::new(Exit::Usage, format!("{what} of that kind"))
            .tip("`instep conflicts` lists all that are open")
    } else {
        let id = pairs.first().filter(|_| pairs.len() == 1).map(|pair| shell_word(pair.item.as_str()));
        Failure::usage(what).tip(format!("`instep sync {}` finds new ones", id.as_deref().unwrap_or("--all")))
    })
}

/// The conflict copies that other programs have left in an item.
pub(crate) fn copies(engine: &Engine, pair: &Pair, which: &Which) -> Result<Vec<Conflict>, Failure> {
    let Some(handler) = engine.center.resolution_handler(&HANDLER) else { return Ok(Vec::new()) };
    let mut found = handler.find_copies(&pair.item).map_err(|error| Failure::failed(error.problem.text))?;
    let under = which.under.as_ref().and_then(|typed| meant(pair, typed).into_iter().next());
    if let Some(under) = under {
        found.retain(|conflict| path_of(conflict).starts_with(&under));
    }
    Ok(found)
}

/// What was typed, as paths beneath the sides: as it is beneath them, or as a path into one side's folder.
fn meant(pair: &Pair, typed: &OsStr) -> Vec<RelPath> {
    let here = std::env::current_dir().unwrap_or_default().join(typed);
    let beneath = |root: &Path| here.strip_prefix(root).ok().map(|path| path.as_os_str().as_bytes().to_vec());
    let bytes = typed.as_bytes();
    let plain = bytes.strip_prefix(b"./").unwrap_or(bytes);
    let plain = plain.strip_suffix(b"/").unwrap_or(plain);
    // A path into a side's folder is no path beneath it.
    [beneath(&pair.a.path), beneath(&pair.b.path), Some(plain.to_vec())]
        .into_iter()
        .flatten()
        .filter_map(|bytes| RelPath::from_bytes(&bytes))
        .filter(|path| !path.is_root())
        .collect()
}

/// The contested paths that were typed: one path, or all beneath a directory; as they are beneath the sides, as they
/// are shown, or as paths into one side's folder.
fn find(open: &[Conflict], pair: &Pair, typed: &OsStr) -> Result<Vec<RelPath>, Failure> {
    let meant = meant(pair, typed);
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
