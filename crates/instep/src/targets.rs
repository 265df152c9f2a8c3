//! From the words of a command line to items: names of items, or two folders, which are then remembered as one.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use center::{Center, ItemStatus};
use folders::filter::Filter;
use folders::pair::{Pair, PairSide};
use reconcile::{Mode, OnConflict};
use settings::nearest;
use syncmgr::{HandlerId, ItemId};

use crate::app::App;
use crate::args::{Rules, Targets, is_path};
use crate::exit::Failure;
use crate::places::Places;
use crate::render::text::{Safe, SafePath, shell_word};
use crate::setup::{self, PairEditor};
use crate::setup::{DEFAULT_TRASH_DAYS, Setup, labels};

/// The items that a command line means; two folders that are new together are remembered, unless the rules for this run
/// cannot be.
pub(crate) fn items(app: &mut App<'_>, targets: &Targets, rules: &Rules) -> Result<Vec<Pair>, Failure> {
    check_globs(rules)?;
    let mode = rules.mode.map(Into::into);
    let pairs = match targets.targets.as_slice() {
        [] if targets.all => {
            if app.settings.pairs.is_empty() {
                return Err(Failure::usage("no items are set up yet")
                    .tip("`instep sync A B` or `instep add A B` makes an item of two folders"));
            }
            app.settings.pairs.clone()
        }
        [] => {
            return Err(Failure::usage("say what: items, two folders, or --all").tip(
                if app.settings.pairs.is_empty() {
                    "`instep sync A B` synchronizes two folders and remembers them".to_owned()
                } else {
                    format!("`instep {} --all`, or one of: {}", app.command, names(&app.settings))
                },
            ));
        }
        [a, b] if is_folders(&app.settings, a, b)? => vec![folders(app, a, b, mode)?],
        words => named(&app.settings, words)?,
    };
    for pair in &pairs {
        refuse_dangerous_mirror(pair, mode, &app.places)?;
    }
    Ok(pairs)
}

/// The item of a stored plan. Items or folders may be named with it, and must then be its own.
pub(crate) fn of_plan(app: &mut App<'_>, words: &[OsString], plan: &str) -> Result<Pair, Failure> {
    let unknown = || {
        Failure::usage(format!("there is no plan \"{plan}\""))
            .tip("`instep preview` makes one and shows its name; an item's older plans are forgotten")
    };
    // It becomes the name of a file.
    if plan.is_empty() || !plan.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(unknown());
    }
    let stored = |pair: &Pair| app.places.pairs().join(pair.item.as_str()).join("plans").join(plan).exists();
    let owner = app.settings.pairs.iter().find(|pair| stored(pair)).cloned().ok_or_else(unknown)?;
    if words.is_empty() {
        return Ok(owner);
    }
    let targets = Targets { targets: words.to_vec(), all: false };
    match items(app, &targets, &Rules::default())?.as_slice() {
        [only] if only.item == owner.item => Ok(owner),
        _ => Err(Failure::usage(format!("the plan \"{plan}\" is one of \"{}\" alone", owner.item))),
    }
}

/// The items with these names; none named means all.
pub(crate) fn named_or_all(settings: &Setup, names: &[String]) -> Result<Vec<Pair>, Failure> {
    if names.is_empty() {
        return Ok(settings.pairs.clone());
    }
    let words: Vec<OsString> = names.iter().map(OsString::from).collect();
    named(settings, &words)
}

fn names(settings: &Setup) -> String {
    let names: Vec<&str> = settings.pairs.iter().map(|pair| pair.item.as_str()).take(8).collect();
    names.join(", ")
}

/// Items of any handler, by identity or name.
pub(crate) fn named_items(center: &Center, names: &[String]) -> Result<Vec<(HandlerId, ItemId)>, Failure> {
    let known: Vec<ItemStatus> = center.status()?.into_iter().flat_map(|handler| handler.items).collect();
    let mut found: Vec<(HandlerId, ItemId)> = Vec::new();
    for typed in names {
        let id = ItemId::new(typed).ok();
        let is = |item: &&ItemStatus| {
            id.as_ref() == Some(&item.item) || item.name.to_lowercase() == typed.to_lowercase()
        };
        let meant: Vec<&ItemStatus> = known.iter().filter(is).collect();
        if meant.is_empty() {
            let near = nearest(typed, known.iter().flat_map(|item| [item.item.as_str(), item.name.as_str()]));
            let failure = Failure::usage(format!("there is no item \"{typed}\""));
            return Err(match near.first() {
                Some(near) => failure.tip(format!("did you mean \"{near}\"?")),
                None => failure.tip("`instep status` shows the items"),
            });
        }
        found.extend(meant.into_iter().map(|item| (item.handler.clone(), item.item.clone())));
    }
    Ok(found)
}

/// Whether two words are folders rather than items.
fn is_folders(settings: &Setup, a: &OsStr, b: &OsStr) -> Result<bool, Failure> {
    let item =
        |word: &OsStr| !is_path(word) && word.to_str().is_some_and(|word| settings.lookup(word).is_some());
    let folder = |word: &OsStr| is_path(word) || (!item(word) && Path::new(word).exists());
    match (item(a), item(b)) {
        (true, true) => Ok(false),
        (false, false) => Ok(folder(a) || folder(b)),
        (a_is_item, _) => {
            let (known, other) = if a_is_item { (a, b) } else { (b, a) };
            if !folder(other) {
                return Ok(false);
            }
            let known = known.to_string_lossy();
            Err(Failure::usage(format!("\"{known}\" is an item, {} is a folder", SafePath(Path::new(other))))
                .tip(format!("for the folder that is called like the item, write ./{known}")))
        }
    }
}

/// The pairs with these names.
pub(crate) fn named(settings: &Setup, words: &[OsString]) -> Result<Vec<Pair>, Failure> {
    let mut pairs: Vec<Pair> = Vec::new();
    for word in words {
        if is_path(word) {
            let path = SafePath(Path::new(word));
            return Err(Failure::usage(format!("{path} is a folder, and a pair has two"))
                .tip("give both folders, or the item's name; `instep list` shows the items"));
        }
        let text = word.to_string_lossy();
        let pair = settings.find(&text)?;
        if !pairs.contains(pair) {
            pairs.push(pair.clone());
        }
    }
    Ok(pairs)
}

/// The item of two folders: the one that has them, else a new one that is remembered.
fn folders(app: &mut App<'_>, a: &OsStr, b: &OsStr, mode: Option<Mode>) -> Result<Pair, Failure> {
    // A folder that is gone (an unplugged disk) is still the one that an item has; what is wrong with it then is said
    // by the run, which knows what was there.
    let here = |word: &OsStr| std::env::current_dir().unwrap_or_default().join(word);
    if let Some(pair) = app.settings.by_folders(&here(a), &here(b)) {
        return Ok(pair.clone());
    }
    let (a, b) = two_folders(a, b)?;
    if let Some(pair) = app.settings.by_folders(&a, &b) {
        return Ok(pair.clone());
    }
    let mut pair = unnamed(&app.settings, a, b);
    refuse_dangerous_mirror(&pair, mode, &app.places)?;
    let file = setup::file(&app.places);
    let mut editor = PairEditor::open(&file, &app.places)?;
    // Another process may have remembered the same pair, or taken the name, since we looked.
    if let Some(known) = editor.setup.by_folders(&pair.a.path, &pair.b.path) {
        return Ok(known.clone());
    }
    pair.item = editor.setup.free_id(&pair.name);
    pair.name = pair.item.as_str().to_owned();
    editor.add(&pair)?;
    app.settings = editor.setup;
    app.out.remark(format_args!(
        "Remembered as \"{}\": from now on `instep {} {}` does the same.",
        Safe(&pair.name),
        app.command,
        shell_word(pair.item.as_str())
    ));
    Ok(pair)
}

/// A pair of two folders with nothing but defaults, named after them.
pub(crate) fn unnamed(settings: &Setup, a: PathBuf, b: PathBuf) -> Pair {
    let last = |path: &Path| match path.file_name() {
        Some(name) => SafePath(Path::new(name)).to_string(),
        None => "root".to_owned(),
    };
    let (last_a, last_b) = (last(&a), last(&b));
    let name = if last_a == last_b { last_a } else { format!("{last_a}-{last_b}") };
    let (label_a, label_b) = labels(&a, &b);
    Pair {
        item: settings.free_id(&name),
        name,
        a: PairSide { path: a, label: label_a },
        b: PairSide { path: b, label: label_b },
        mode: Mode::default(),
        on_conflict: OnConflict::default(),
        keep: reconcile::Keep::default(),
        exclude: Vec::new(),
        include: Vec::new(),
        max_delete: None,
        trash_days: DEFAULT_TRASH_DAYS,
        trash_size: None,
        ancestors: true,
        ask: reconcile::AskAlso::default(),
    }
}

/// Checks two folders that are to become a pair, and finds their true paths.
pub(crate) fn two_folders(a: &OsStr, b: &OsStr) -> Result<(PathBuf, PathBuf), Failure> {
    let (a, b) = (folder(a)?, folder(b)?);
    let same = match (std::fs::metadata(&a), std::fs::metadata(&b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    };
    if a == b || same {
        return Err(Failure::usage(format!("both sides are the same folder: {}", SafePath(&a)))
            .tip("a pair needs two different folders"));
    }
    for (inner, outer) in [(&a, &b), (&b, &a)] {
        if inner.starts_with(outer) {
            return Err(Failure::usage(format!(
                "one side is inside the other: {} is in {}",
                SafePath(inner),
                SafePath(outer)
            ))
            .tip("choose two folders of which none holds the other"));
        }
    }
    Ok((a, b))
}

fn folder(word: &OsStr) -> Result<PathBuf, Failure> {
    let path = Path::new(word);
    if word.is_empty() {
        return Err(Failure::usage("a folder's name is empty"));
    }
    let shown = SafePath(path);
    let wrong = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => Failure::usage(format!("there is no folder {shown}"))
            .tip(format!("make it first: mkdir -p {}", shell_word(&shown.to_string()))),
        std::io::ErrorKind::NotADirectory => Failure::usage(format!("{shown} is not a folder")),
        _ => Failure::usage(format!("the folder {shown} cannot be read: {}", syncmgr::reason(&error))),
    };
    let path = std::fs::canonicalize(path).map_err(wrong)?;
    if !std::fs::metadata(&path).map_err(wrong)?.is_dir() {
        return Err(Failure::usage(format!("{shown} is not a folder"))
            .tip("a side is a folder; for a single file, give the folder it is in and --include/--exclude"));
    }
    std::fs::read_dir(&path).map_err(wrong)?;
    Ok(path)
}

/// Globs that cannot be read are refused before anything begins.
pub(crate) fn check_globs(rules: &Rules) -> Result<(), Failure> {
    let (exclude, include) = (rules.exclude.iter(), rules.include.iter());
    Filter::new(exclude.map(String::as_str), include.map(String::as_str))
        .map(drop)
        .map_err(|error| Failure::usage(error.to_string()))
}

/// A mirror deletes on B what A does not have: never let that be a whole machine or everything a person owns.
pub(crate) fn refuse_dangerous_mirror(
    pair: &Pair,
    mode: Option<Mode>,
    places: &Places,
) -> Result<(), Failure> {
    if mode.unwrap_or(pair.mode) != Mode::Mirror {
        return Ok(());
    }
    let target = pair.b.path.as_path();
    let home = places.home.as_ref().map(|home| std::fs::canonicalize(home).unwrap_or_else(|_| home.clone()));
    let what = if target == Path::new("/") {
        "the root directory"
    } else if home.as_deref() == Some(target) {
        "your home directory"
    } else if home.is_some_and(|home| home.starts_with(target)) {
        "a directory that holds your home directory"
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!(
        "a mirror would make {what} ({}) equal to {}, and delete everything else in it",
        SafePath(target),
        SafePath(&pair.a.path)
    ))
    .tip("choose a folder in it as side B, or --mode copy, which deletes nothing"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(a: &Path, b: &Path) -> String {
        two_folders(a.as_os_str(), b.as_os_str()).unwrap_err().text
    }

    #[test]
    fn two_folders_are_two_and_apart() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b, inner, file) =
            (dir.path().join("a"), dir.path().join("b"), dir.path().join("a/in"), dir.path().join("file"));
        std::fs::create_dir_all(&inner).unwrap();
        std::fs::create_dir(&b).unwrap();
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&a, dir.path().join("link")).unwrap();
        assert!(two_folders(a.as_os_str(), b.as_os_str()).is_ok());
        assert!(refused(&a, &a).contains("same folder"));
        assert!(refused(&a, &dir.path().join("link")).contains("same folder"));
        assert!(refused(&a, &inner).contains("inside the other"));
        assert!(refused(&inner, &a).contains("inside the other"));
        assert!(refused(&a, &dir.path().join("missing")).contains("no folder"));
        assert!(refused(&a, &file).contains("not a folder"));
        assert!(refused(&a, &file.join("x")).contains("not a folder"));
    }

    #[test]
    fn a_mirror_never_has_a_home_or_a_root_as_its_target() {
        let places = Places {
            settings: "/c".into(),
            state: "/s".into(),
            runtime: None,
            home: Some("/nonexistent/me".into()),
        };
        let pair = |b: &str| unnamed(&Setup::default(), "/x".into(), b.into());
        let refused = |b: &str, mode| refuse_dangerous_mirror(&pair(b), mode, &places).is_err();
        assert!(refused("/", Some(Mode::Mirror)));
        assert!(refused("/nonexistent", Some(Mode::Mirror)));
        assert!(refused("/nonexistent/me", Some(Mode::Mirror)));
        assert!(!refused("/nonexistent/me/backup", Some(Mode::Mirror)));
        assert!(!refused("/nonexistent/me", None));
        assert!(!refused("/", Some(Mode::Copy)));
    }
}
