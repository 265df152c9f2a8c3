//! `sync` and `preview` of items that are no pairs of folders: those of wrapped tools and of other programs. What was asked
//! for goes to their handlers in words, as from anywhere else.

use std::ffi::OsStr;

use reconcile::RelPath;
use serde_json::{Map, Value, json};
use settings::Item;
use syncmgr::plan::{Preview, PreviewError};
use syncmgr::{HandlerId, ItemId};

use crate::app::App;
use crate::args::{Rules, Targets};
use crate::collections::is_partner;
use crate::engine::{Engine, HANDLER};
use crate::exit::{Exit, Failure};
use crate::out::Tone;
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

/// Parts the words of a command: the items of other handlers, and what is left for pairs of folders, if anything is. With
/// `--all` those of [`partners`] come on top.
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
    let mut found: Vec<Other> = Vec::new();
    let mut rest = Targets { targets: Vec::new(), all: false };
    for word in &targets.targets {
        match meant(word) {
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

/// What their handlers say that a run would do, each with its item; and how many could not say.
pub(crate) fn preview(
    app: &App<'_>,
    mut items: Vec<Other>,
    options: &Map<String, Value>,
    all: bool,
) -> Result<(Vec<(Other, Preview)>, Exit), Failure> {
    let engine = Engine::open(app)?;
    if all {
        items.extend(partners(app, &engine)?);
    }
    let options = Value::Object(options.clone()).to_string();
    let (mut found, mut worst) = (Vec::new(), Exit::Done);
    for item in &items {
        match engine.center.preview(&item.handler, &item.id, &options, &()) {
            Ok(preview) => {
                show(app, item, &preview);
                found.push((item.clone(), preview));
            }
            Err(error) => {
                let failure = unseen(item, error);
                // One that cannot be looked at does not keep the others from being shown.
                if items.len() == 1 {
                    return Err(failure);
                }
                worst = worst.max(failure.exit);
                app.out.failure(&failure);
            }
        }
    }
    Ok((found, worst))
}

fn unseen(item: &Other, error: PreviewError) -> Failure {
    match error {
        PreviewError::Refused(refusal) => Failure::usage(refusal.to_string()),
        PreviewError::Failed { outcome, problem } => {
            let failure = Failure::new(Exit::from(outcome), format!("{}: {}", item.name, problem.text));
            match problem.fix {
                Some(fix) => failure.tip(fix),
                None => failure,
            }
        }
    }
}

fn show(app: &App<'_>, item: &Other, found: &Preview) {
    let out = app.out;
    out.line(format_args!("{}: what its own dry run says", out.paint(Tone::Strong, Safe(&item.name))));
    for action in (0..found.rows.actions()).filter_map(|at| found.rows.action(at)) {
        let path = String::from_utf8_lossy(&action.path);
        out.line(format_args!("  {:<9}  {}", action.verb.word(), Safe(&path)));
        out.json(&json!({
            "type": "action", "item": item.id.as_str(), "op": action.verb.word(), "path": path, "kind": action.kind.word(),
        }));
    }
    for note in (0..found.rows.notes()).filter_map(|at| found.rows.note(at)) {
        out.line(format_args!("  {} {}", out.paint(Tone::Faint, "note"), Safe(&note.text)));
    }
    for stop in &found.stops {
        out.line(format_args!("  {} {}", out.paint(Tone::Bad, "would stop:"), Safe(stop)));
    }
    for warning in &found.warnings {
        out.warn(Safe(warning));
    }
}

/// One of them in the summary.
pub(crate) fn object(item: &Other, found: &Preview) -> Value {
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
