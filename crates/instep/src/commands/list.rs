//! `instep list`.

use folders::pair::{Pair, PairSide};
use folders::words::{keep_words, mode_word, policy_word};
use serde_json::{Value, json};

use super::schedule;
use crate::app::App;
use crate::args::List;
use crate::engine::HANDLER;
use crate::exit::{Exit, Failure};
use crate::out::{Tone, Volume};
use crate::render::json::path_fields;
use crate::render::text::{Safe, SafePath};
use crate::setup::limit_text;

pub(crate) fn run(app: &mut App<'_>, args: &List) -> Result<Exit, Failure> {
    let out = app.out;
    let others = || app.settings.said.items.iter().filter(|item| item.handler != *HANDLER);
    if args.json {
        for pair in &app.settings.pairs {
            let mut object = object(pair);
            let said = app.settings.said.item(&pair.item);
            object["schedule"] = json!(said.map(|item| item.schedule.words()).unwrap_or_default());
            out.json(&object);
        }
        for item in others() {
            out.json(&json!({
                "item": item.id.as_str(),
                "name": item.name,
                "handler": item.handler.as_str(),
                "schedule": item.schedule.words(),
            }));
        }
        return Ok(Exit::Done);
    }
    if app.settings.said.items.is_empty() {
        out.line("No items yet. `instep sync A B` or `instep add A B` makes one of two folders.");
    }
    let ids = app.settings.said.items.iter().map(|item| item.id.as_str().chars().count());
    let width = ids.max().unwrap_or(0);
    for pair in &app.settings.pairs {
        let id = pair.item.as_str();
        out.line(format_args!(
            "{}{:pad$}  {:7}  {}  {}  {}",
            out.paint(Tone::Strong, id),
            "",
            mode_word(pair.mode),
            SafePath(&pair.a.path),
            arrow(pair),
            SafePath(&pair.b.path),
            pad = width - id.chars().count(),
        ));
        let mut details = details(pair);
        let said = app.settings.said.item(&pair.item);
        details.extend(said.and_then(|item| schedule::in_brief(&item.schedule)));
        if !details.is_empty() {
            out.line(format_args!("{:width$}  {}", "", out.paint(Tone::Faint, Safe(details.join("; ")))));
        }
    }
    for item in others() {
        let id = item.id.as_str();
        let named = (item.name != id).then(|| format!("\"{}\"", item.name));
        let details: Vec<String> = named.into_iter().chain(schedule::in_brief(&item.schedule)).collect();
        out.line(format_args!(
            "{}{:pad$}  {:7}  {}",
            out.paint(Tone::Strong, id),
            "",
            item.handler,
            out.paint(Tone::Faint, Safe(details.join("; "))),
            pad = width - id.chars().count(),
        ));
    }
    if out.volume() == Volume::Verbose {
        out.line(format_args!("\nSettings: {}", SafePath(&app.places.settings)));
        out.line(format_args!("State:    {}", SafePath(&app.places.state)));
    }
    Ok(Exit::Done)
}

fn arrow(pair: &Pair) -> &'static str {
    match pair.mode {
        reconcile::Mode::TwoWay => "<->",
        reconcile::Mode::Mirror | reconcile::Mode::Copy => "-->",
    }
}

/// What differs from the defaults.
fn details(pair: &Pair) -> Vec<String> {
    let mut details = Vec::new();
    if pair.name != pair.item.as_str() {
        details.push(format!("\"{}\"", pair.name));
    }
    if pair.on_conflict != reconcile::OnConflict::Ask {
        details.push(format!("on conflict: {}", policy_word(pair.on_conflict)));
    }
    if !pair.exclude.is_empty() {
        details.push(format!("without {}", pair.exclude.join(" ")));
    }
    if !pair.include.is_empty() {
        details.push(format!("with {}", pair.include.join(" ")));
    }
    if pair.keep != reconcile::Keep::default() {
        details.push(format!("keeps {}", keep_words(pair.keep).collect::<Vec<_>>().join(" and ")));
    }
    if let Some(limit) = pair.max_delete {
        details.push(format!("deletes at most {}", limit_text(limit)));
    }
    details
}

fn object(pair: &Pair) -> Value {
    let side = |side: &PairSide| {
        let mut object = json!({ "label": side.label });
        path_fields(&mut object, "path", &side.path);
        object
    };
    json!({
        "item": pair.item.as_str(),
        "name": pair.name,
        "handler": HANDLER.as_str(),
        "a": side(&pair.a),
        "b": side(&pair.b),
        "mode": mode_word(pair.mode),
        "on_conflict": policy_word(pair.on_conflict),
        "exclude": pair.exclude,
        "include": pair.include,
        "keep": keep_words(pair.keep).collect::<Vec<_>>(),
        "max_delete": pair.max_delete.map(limit_text),
        "trash_days": pair.trash_days,
        "trash_size": pair.trash_size,
    })
}
