//! `sync` and `preview` of items of wrapped tools: what was asked for goes to their handler as text, as from anywhere else.

use serde_json::json;
use settings::Item;
use syncmgr::Handler;
use syncmgr::plan::PreviewError;

use crate::app::App;
use crate::args::{Preview, Rules, Sync, Targets};
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::out::Tone;
use crate::render::json::counts;
use crate::render::text::Safe;
use crate::report::report_of;
use crate::run::run_items;
use crate::tools;

/// The one item of a tool that the words of a command mean, if they do.
pub(crate) fn meant<'s>(app: &'s App<'_>, targets: &Targets) -> Option<&'s Item> {
    let [word] = targets.targets.as_slice() else { return None };
    let word = word.to_str()?.to_lowercase();
    let mut items = app.settings.said.items.iter().filter(|item| tools::is_one(item));
    items.find(|item| item.id.as_str().to_lowercase() == word || item.name.to_lowercase() == word)
}

/// Synchronizes it.
pub(crate) fn sync(app: &App<'_>, item: &Item, args: &Sync) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let options = options(&args.rules, args.checksum, args.approve)?;
    let handler = handler(&engine, item)?;
    let request = handler.request(&options).map_err(|refusal| Failure::usage(refusal.to_string()))?;
    let items = std::slice::from_ref(&item.id);
    let verdict = run_items(app, &engine, &item.handler, items, request)?;
    report_of(app, &engine, &item.handler, &verdict)
}

/// Says what it would do.
pub(crate) fn preview(app: &App<'_>, item: &Item, args: &Preview) -> Result<Exit, Failure> {
    let engine = Engine::open(app)?;
    let options = options(&args.rules, args.checksum, false)?;
    let found = handler(&engine, item)?.preview(&item.id, &options, &()).map_err(|error| match error {
        PreviewError::Refused(refusal) => Failure::usage(refusal.to_string()),
        PreviewError::Failed { outcome, problem } => {
            let failure = Failure::new(Exit::from(outcome), format!("{}: {}", item.name, problem.text));
            match problem.fix {
                Some(fix) => failure.tip(fix),
                None => failure,
            }
        }
    })?;
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
    out.json(&json!({
        "type": "summary",
        "outcome": Exit::Done.word(),
        "expected": found.expected.word(),
        "counts": counts(&found.counts),
        "items": [{ "item": item.id.as_str(), "name": item.name, "counts": counts(&found.counts), "stops": found.stops }],
    }));
    Ok(Exit::Done)
}

fn handler(engine: &Engine, item: &Item) -> Result<std::sync::Arc<adapters::tools::ToolHandler>, Failure> {
    let found = engine.handlers.tools().handler_of(&item.handler, &item.id);
    found.ok_or_else(|| Failure::failed(format!("\"{}\" is not an item of {}", item.name, item.handler)))
}

/// The options that tools know; those of folder pairs alone are refused by name.
fn options(rules: &Rules, checksum: bool, approve: bool) -> Result<String, Failure> {
    let Rules { mode, on_conflict, exclude, include, max_delete } = rules;
    let foreign = [
        (mode.is_some(), "--mode"),
        (on_conflict.is_some(), "--on-conflict"),
        (!exclude.is_empty(), "--exclude"),
        (!include.is_empty(), "--include"),
    ];
    if let Some((_, option)) = foreign.iter().find(|(given, _)| *given) {
        return Err(Failure::usage(format!(
            "{option} is for pairs of folders; a tool has its own in the settings"
        )));
    }
    let mut options = serde_json::Map::new();
    if approve {
        options.insert("approve".into(), true.into());
    }
    if checksum {
        options.insert("checksum".into(), true.into());
    }
    if let Some(limit) = max_delete {
        options.insert("max_delete".into(), limit.to_string().into());
    }
    Ok(serde_json::Value::Object(options).to_string())
}
