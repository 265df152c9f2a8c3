//! `sync` and `preview` of items that are no pairs of folders: those of wrapped tools and of other programs. What was asked
//! for goes to their handlers in words, as from anywhere else.

use std::cell::LazyCell;
use std::ffi::OsStr;
use std::path::Path;

use reconcile::RelPath;
use serde_json::{Map, Value, json};
use settings::Item;
use syncmgr::plan::PreviewError;
use syncmgr::{HandlerId, ItemId, Refusal};

use crate::app::App;
use crate::args::{Rules, Targets, is_path};
use crate::client::{Daemon, Trouble};
use crate::collections::is_partner;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::out::Tone;
use crate::outlook::Outlook;
use crate::render::json::counts;
use crate::render::text::Safe;

/// An item that is no pair of folders.
#[derive(Debug, Clone)]
pub(crate) struct Other {
    pub(crate) handler: HandlerId,
    pub(crate) id: ItemId,
    name: String,
}

impl Other {
    fn of(item: &Item) -> Self {
        Self { handler: item.handler.clone(), id: item.id.clone(), name: item.name.clone() }
    }

    /// The one item of a collection's partner, which is called like its handler.
    fn of_partner(app: &App<'_>, word: &str) -> Option<Self> {
        let is_one = is_partner(&app.settings.said, word);
        let handler = HandlerId::new(word).ok().filter(|_| is_one)?;
        Some(Self { handler, id: ItemId::new(word).ok()?, name: word.to_owned() })
    }
}

/// The items of all partners of collections.
pub(crate) fn partners(app: &App<'_>, engine: &Engine) -> Result<Vec<Other>, Failure> {
    if app.settings.said.collections.is_empty() {
        return Ok(Vec::new());
    }
    let handlers = engine.center.status()?.into_iter();
    let known = handlers.filter(|handler| handler.switches.enabled).flat_map(|handler| handler.items);
    Ok(known.filter_map(|item| Other::of_partner(app, item.item.as_str())).collect())
}

/// Parts the words of a command: the items of other handlers, and what is left for pairs of folders, if anything is. A word
/// that says nothing here may be an item of a program that has connected to the daemon. With `--all` those of [`partners`]
/// come on top.
pub(crate) fn split(app: &App<'_>, targets: &Targets) -> (Vec<Other>, Option<Targets>) {
    let said = &app.settings.said;
    let others = || said.items.iter().filter(|item| item.handler != *HANDLER).map(Other::of);
    if targets.all {
        let any = others().next().is_some() || !said.collections.is_empty();
        let rest = (!app.settings.pairs.is_empty() || !any).then(|| targets.clone());
        return (others().collect(), rest);
    }
    let meant = |typed: &OsStr| {
        let typed = typed.to_str()?;
        let word = typed.to_lowercase();
        let is = |item: &Other| item.id.as_str().to_lowercase() == word || item.name.to_lowercase() == word;
        others().find(is).or_else(|| Other::of_partner(app, typed))
    };
    let daemon = LazyCell::new(|| Daemon::find(&app.places));
    let at_the_daemon = |typed: &OsStr| {
        let word = typed.to_str().filter(|word| app.settings.lookup(word).is_none())?;
        if is_path(typed) || Path::new(word).exists() {
            return None;
        }
        let (handler, id, name) = daemon.as_ref()?.item_called(word)?;
        (handler != *HANDLER).then_some(Other { handler, id, name })
    };
    let mut found: Vec<Other> = Vec::new();
    let mut rest = Targets { targets: Vec::new(), all: false };
    for word in &targets.targets {
        match meant(word).or_else(|| at_the_daemon(word)) {
            Some(item) if found.iter().any(|known| known.id == item.id) => {}
            Some(item) => found.push(item),
            None => rest.targets.push(word.clone()),
        }
    }
    let is_left = found.is_empty() || !rest.targets.is_empty();
    (found, is_left.then_some(rest))
}

/// The items of each handler, in the order in which they were named.
pub(crate) fn by_handler(items: &[Other]) -> Vec<(HandlerId, Vec<ItemId>)> {
    let mut groups: Vec<(HandlerId, Vec<ItemId>)> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|(handler, _)| *handler == item.handler) {
            Some((_, of)) => of.push(item.id.clone()),
            None => groups.push((item.handler.clone(), vec![item.id.clone()])),
        }
    }
    groups
}

/// What was found out beforehand of items that are no pairs of folders.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) found: Vec<(Other, Outlook)>,
    /// Those whose handlers cannot say what a run would do.
    pub(crate) unable: Vec<Other>,
    /// What could not be looked at.
    pub(crate) worst: Exit,
}

/// What their handlers say that a run would do: the daemon's, if it answers, else here.
pub(crate) fn preview(
    app: &App<'_>,
    mut items: Vec<Other>,
    options: &Map<String, Value>,
    all: bool,
) -> Result<Seen, Failure> {
    let engine = Engine::open(app)?;
    if all {
        items.extend(partners(app, &engine)?);
    }
    let daemon = Daemon::find(&app.places);
    let mut seen = Seen::default();
    for item in &items {
        match look(&engine, daemon.as_ref(), item, options) {
            Ok(outlook) => {
                show(app, item, &outlook);
                seen.found.push((item.clone(), outlook));
            }
            // One that cannot be looked at does not keep the others from being shown.
            Err(Unseen::Unable) if items.len() == 1 => {
                return Err(Failure::usage(format!("{}: {UNABLE}", item.name)));
            }
            Err(Unseen::Failed(failure)) if items.len() == 1 => return Err(failure),
            Err(Unseen::Unable) => {
                app.out.line(format_args!("{}: {UNABLE}", app.out.paint(Tone::Strong, Safe(&item.name))));
                seen.unable.push(item.clone());
            }
            Err(Unseen::Failed(failure)) => {
                seen.worst = seen.worst.max(failure.exit);
                app.out.failure(&failure);
            }
        }
    }
    Ok(seen)
}

/// Why nothing was seen beforehand.
enum Unseen {
    /// Its handler never can.
    Unable,
    Failed(Failure),
}

/// What is said of those.
const UNABLE: &str = "cannot say beforehand what a run would do";

fn look(
    engine: &Engine,
    daemon: Option<&Daemon>,
    item: &Other,
    options: &Map<String, Value>,
) -> Result<Outlook, Unseen> {
    match daemon.map(|daemon| daemon.preview(&item.handler, &item.id, options)) {
        Some(Ok(outlook)) => return Ok(outlook),
        Some(Err(Trouble::Refused(fault))) if fault.code == "not_supported" => {
            return Err(Unseen::Unable);
        }
        // One that was set up a moment ago is news to the daemon.
        Some(Err(Trouble::Refused(fault))) if fault.code == "invalid_argument" || fault.status == 404 => {}
        Some(Err(trouble)) => return Err(Unseen::Failed(trouble.into())),
        None => {}
    }
    let words = Value::Object(options.clone()).to_string();
    let found = engine.center.preview(&item.handler, &item.id, &words, &());
    found.map(Outlook::from).map_err(|error| match error {
        PreviewError::Refused(Refusal::NotImplemented(_)) => Unseen::Unable,
        PreviewError::Refused(refusal) => Unseen::Failed(Failure::usage(refusal.to_string())),
        PreviewError::Failed { outcome, problem } => {
            let failure = Failure::new(Exit::from(outcome), format!("{}: {}", item.name, problem.text));
            Unseen::Failed(match problem.fix {
                Some(fix) => failure.tip(fix),
                None => failure,
            })
        }
    })
}

fn show(app: &App<'_>, item: &Other, found: &Outlook) {
    let out = app.out;
    out.line(format_args!("{}: what its own dry run says", out.paint(Tone::Strong, Safe(&item.name))));
    for action in &found.actions {
        out.line(format_args!("  {:<9}  {}", action.verb, Safe(&action.path)));
        out.json(&json!({
            "type": "action", "item": item.id.as_str(), "op": action.verb, "path": action.path, "kind": action.kind,
        }));
    }
    for note in &found.notes {
        out.line(format_args!("  {} {}", out.paint(Tone::Faint, "note"), Safe(note)));
    }
    for stop in &found.stops {
        out.line(format_args!("  {} {}", out.paint(Tone::Bad, "would stop:"), Safe(stop)));
    }
    for warning in &found.warnings {
        out.warn(Safe(warning));
    }
}

/// One of them in the summary.
pub(crate) fn object(item: &Other, found: &Outlook) -> Value {
    json!({
        "item": item.id.as_str(),
        "name": item.name,
        "plan": found.plan,
        "counts": counts(&found.counts),
        "expected": found.expected.word(),
        "first_run": found.first_run,
        "stops": found.stops,
    })
}

/// The options that all handlers may know; those of folder pairs alone are refused by name.
pub(crate) fn options(
    rules: &Rules,
    skip: &[RelPath],
    checksum: bool,
    approve: bool,
) -> Result<Map<String, Value>, Failure> {
    let Rules { mode, on_conflict, exclude, include, max_delete } = rules;
    let foreign = [
        (mode.is_some(), "--mode"),
        (on_conflict.is_some(), "--on-conflict"),
        (!exclude.is_empty(), "--exclude"),
        (!include.is_empty(), "--include"),
        (!skip.is_empty(), "--skip"),
    ];
    if let Some((_, option)) = foreign.iter().find(|(given, _)| *given) {
        return Err(Failure::usage(format!(
            "{option} is for pairs of folders; a tool has its own in the settings"
        )));
    }
    let mut options = Map::new();
    if approve {
        options.insert("approve".into(), true.into());
    }
    if checksum {
        options.insert("checksum".into(), true.into());
    }
    if let Some(limit) = max_delete {
        options.insert("max_delete".into(), limit.to_string().into());
    }
    Ok(options)
}
