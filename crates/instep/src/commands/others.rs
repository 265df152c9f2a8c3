//! `sync` and `preview` of items that are no pairs of folders: those of wrapped tools and of other programs. What was asked
//! for goes to their handlers in words, as from anywhere else.

use std::ffi::OsStr;
use std::path::Path;

use center::{HandlerStatus, ItemStatus};
use reconcile::RelPath;
use serde_json::{Map, Value, json};
use settings::Item;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::outcome::SideCounts;
use syncmgr::{HandlerId, ItemId};

use super::beforehand::{self, Unseen};
use crate::app::App;
use crate::args::{Rules, Targets, is_path};
use crate::client::Daemon;
use crate::collections::is_partner;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::guests;
use crate::out::Tone;
use crate::outlook::Outlook;
use crate::render::human;
use crate::render::json::counts;
use crate::render::text::{Count, Safe};

/// An item that is no pair of folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Other {
    pub(crate) handler: HandlerId,
    pub(crate) id: ItemId,
    pub(crate) name: String,
}

impl Other {
    fn of(item: &Item) -> Self {
        Self { handler: item.handler.clone(), id: item.id.clone(), name: item.name.clone() }
    }

    fn of_status(item: ItemStatus) -> Self {
        Self { handler: item.handler, id: item.item, name: item.name }
    }

    /// Whether a person means it by this word.
    fn is(&self, word: &str) -> bool {
        let word = word.to_lowercase();
        self.id.as_str().to_lowercase() == word || self.name.to_lowercase() == word
    }
}

/// Whether there may be items that no settings name.
pub(crate) fn may_be_unsaid(app: &App<'_>) -> bool {
    let said = &app.settings.said;
    !said.collections.is_empty() || guests::may_be_any(said, &app.places)
}

/// The items that no settings name: those of partners of collections, and of programs that are connected to the daemon.
fn unsaid(app: &App<'_>, engine: &Engine) -> Result<Vec<HandlerStatus>, Failure> {
    let said = &app.settings.said;
    if said.collections.is_empty() && engine.guests.is_empty() {
        return Ok(Vec::new());
    }
    let mut handlers = engine.center.status()?;
    handlers
        .retain(|known| engine.guests.contains(&known.handler) || is_partner(said, known.handler.as_str()));
    Ok(handlers)
}

/// Those of them that take part when all are meant.
pub(crate) fn all_unsaid(app: &App<'_>, engine: &Engine) -> Result<Vec<Other>, Failure> {
    let said = &app.settings.said.items;
    let is_said =
        |item: &ItemStatus| said.iter().any(|known| known.id == item.item && known.handler == item.handler);
    let handlers = unsaid(app, engine)?.into_iter().filter(|handler| handler.switches.enabled);
    let items = handlers.flat_map(|handler| handler.items).filter(|item| !is_said(item));
    Ok(items.map(Other::of_status).collect())
}

/// Those that a word means: items, or all that a handler has. A partner that is not known may be a new one.
fn find_unsaid(app: &App<'_>, engine: &Engine, word: &str) -> Result<Vec<Other>, Failure> {
    let found = among(unsaid(app, engine)?, word);
    if !found.is_empty() || !is_partner(&app.settings.said, word) {
        return Ok(found);
    }
    let collection = word.split_once(':').map_or(word, |(collection, _)| collection);
    engine.center.update_handler_collection(collection, ControlFlags::WAIT)?;
    Ok(among(unsaid(app, engine)?, word))
}

fn among(handlers: Vec<HandlerStatus>, word: &str) -> Vec<Other> {
    let named = handlers.iter().position(|handler| handler.handler.as_str().eq_ignore_ascii_case(word));
    let mut items: Vec<Other> = Vec::new();
    for (at, handler) in handlers.into_iter().enumerate() {
        let of = handler.items.into_iter().map(Other::of_status);
        items.extend(of.filter(|item| named == Some(at) || item.is(word)));
    }
    items
}

/// Parts the words of a command: the items of other handlers, and what is left for pairs of folders, if anything is. With
/// `--all` those of [`all_unsaid`] come on top.
pub(crate) fn split(app: &App<'_>, targets: &Targets) -> Result<(Vec<Other>, Option<Targets>), Failure> {
    let said = &app.settings.said;
    let others = || said.items.iter().filter(|item| item.handler != *HANDLER).map(Other::of);
    if targets.all {
        let any = others().next().is_some() || may_be_unsaid(app);
        let rest = (!app.settings.pairs.is_empty() || !any).then(|| targets.clone());
        return Ok((others().collect(), rest));
    }
    let (mut found, mut rest) = (Vec::<Other>::new(), Targets { targets: Vec::new(), all: false });
    let mut engine = None;
    // Two words may be two folders.
    let two = targets.targets.len() == 2;
    for word in &targets.targets {
        let text = word.to_str().unwrap_or_default();
        let meant = match others().find(|item| item.is(text)) {
            Some(item) => vec![item],
            None if is_pair(app, word) || (two && Path::new(word).exists()) => Vec::new(),
            None => {
                // Only now: whoever names what the settings name waits for nobody.
                let opened = engine.take().map_or_else(|| Engine::open(app), Ok)?;
                find_unsaid(app, engine.insert(opened), text)?
            }
        };
        if meant.is_empty() {
            rest.targets.push(word.clone());
        }
        for item in meant {
            if !found.contains(&item) {
                found.push(item);
            }
        }
    }
    let is_left = found.is_empty() || !rest.targets.is_empty();
    Ok((found, is_left.then_some(rest)))
}

/// Whether a word is one of the pairs of folders, or can only be a folder.
fn is_pair(app: &App<'_>, word: &OsStr) -> bool {
    is_path(word) || word.to_str().is_some_and(|text| app.settings.lookup(text).is_some())
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
    engine: &Engine,
    items: &[Other],
    options: &Map<String, Value>,
) -> Result<Seen, Failure> {
    let daemon = Daemon::find(&app.places);
    let mut seen = Seen::default();
    for item in items {
        match look(engine, daemon.as_ref(), item, options) {
            Ok(outlook) => {
                show(app, item, &outlook);
                seen.found.push((item.clone(), outlook));
            }
            // One that cannot be looked at does not keep the others from being shown.
            Err(Unseen::Unable(_)) if items.len() == 1 => {
                return Err(Failure::usage(format!("{}: {UNABLE}", item.name)));
            }
            Err(Unseen::Failed(failure)) if items.len() == 1 => return Err(failure),
            Err(Unseen::Unable(_)) => {
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

/// What is said of items whose handlers never can.
const UNABLE: &str = "cannot say beforehand what a run would do";

fn look(
    engine: &Engine,
    daemon: Option<&Daemon>,
    item: &Other,
    options: &Map<String, Value>,
) -> Result<Outlook, Unseen> {
    let asked = daemon.map(|daemon| daemon.preview(&item.handler, &item.id, options));
    beforehand::look(item, asked, || {
        let words = Value::Object(options.clone()).to_string();
        engine.center.preview(&item.handler, &item.id, &words, &()).map(Outlook::from)
    })
}

fn show(app: &App<'_>, item: &Other, found: &Outlook) {
    let out = app.out;
    out.line(format_args!("{}: what its own dry run says", out.paint(Tone::Strong, Safe(&item.name))));
    let names = app.names(&item.id);
    // Where it happens is said of each only when it is not the same for all.
    let both = found.counts.a != SideCounts::default();
    for action in &found.actions {
        let place = if both { names.place(&action.side) } else { String::new() };
        let entries = match action.entries {
            0 | 1 => String::new(),
            entries => format!(" ({} entries)", Count(entries)),
        };
        out.line(format_args!("  {:<9}  {}{entries}{place}", action.verb, Safe(&action.path)));
        out.json(&json!({
            "type": "action", "item": item.id.as_str(), "op": action.verb, "side": action.side,
            "path": action.path, "kind": action.kind, "entries": action.entries,
        }));
    }
    for note in &found.notes {
        out.line(format_args!("  {} {}", out.paint(Tone::Faint, "note"), Safe(note)));
    }
    let sum = human::changes(&found.counts, &names).unwrap_or_else(|| "nothing to do".to_owned());
    out.line(format_args!("  {sum}"));
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
    let Rules { mode, on_conflict, exclude, include, max_delete, keep } = rules;
    let foreign = [
        (mode.is_some(), "--mode"),
        (on_conflict.is_some(), "--on-conflict"),
        (!exclude.is_empty(), "--exclude"),
        (!include.is_empty(), "--include"),
        (!keep.is_empty(), "--keep"),
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
