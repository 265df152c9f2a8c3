//! What a choice comes to, told before it is carried out.

use std::collections::BTreeMap;

use center::Outlook;
use serde_json::{Value, json};
use syncmgr::ItemId;
use syncmgr::conflict::{Choice, Conflict, ConflictItemType, Decided, Merge};

use crate::app::App;
use crate::client::Daemon;
use crate::engine::Engine;
use crate::ledger::path_of;
use crate::out::Tone;
use crate::render::human::SHOWN;
use crate::render::json::conflict_object;
use crate::render::text::{Count, Safe, counted};

/// What a choice comes to. Conflicts of handlers that only the daemon knows are its affair.
pub(super) fn of(app: &App<'_>, engine: &Engine, open: Vec<Conflict>, choice: &Choice) -> Outlook {
    let is_known = |conflict: &Conflict| engine.center.handler_name(&conflict.handler).is_some();
    let (known, unknown): (Vec<Conflict>, Vec<Conflict>) = open.into_iter().partition(is_known);
    if unknown.is_empty() || Daemon::find(&app.places).is_none() {
        return engine.center.outlook_of(known.into_iter().chain(unknown).collect(), choice);
    }
    let mut outlook = engine.center.outlook_of(known, choice);
    outlook.decided.extend(unknown.into_iter().map(|conflict| Decided { conflict, choice: choice.clone() }));
    outlook
}

/// What a merge of each would come to, in their order: none where it cannot be merged.
pub(super) fn merges(engine: &Engine, decided: &[Decided]) -> Vec<Option<Merge>> {
    decided
        .iter()
        .map(|one| {
            let handler = engine.center.resolution_handler(&one.conflict.handler)?;
            handler.merge(&one.conflict).ok().flatten()
        })
        .collect()
}

/// What is going to become of an item's conflicts.
#[derive(Default)]
struct Foreseen<'o> {
    /// How many are settled in which way.
    ways: BTreeMap<String, u64>,
    /// Those that stay open, with the reason.
    left: Vec<&'o (Conflict, String)>,
}

/// Tells what is going to be done, item by item.
pub(super) fn tell(app: &App<'_>, outlook: &Outlook, merges: Option<&Vec<Option<Merge>>>, dry: bool) {
    if app.out.is_json() {
        // A run tells what became of them.
        if dry {
            objects(app, outlook, merges);
        }
        return;
    }
    // One that was named needs no announcement.
    if !dry && outlook.decided.len() < 2 && outlook.left.is_empty() {
        return;
    }
    let mut items: BTreeMap<&ItemId, Foreseen<'_>> = BTreeMap::new();
    for (place, one) in outlook.decided.iter().enumerate() {
        let merge = merges.and_then(|merges| merges.get(place));
        let foreseen = items.entry(&one.conflict.item).or_default();
        *foreseen.ways.entry(way(one, merge)).or_default() += 1;
    }
    for left in &outlook.left {
        items.entry(&left.0.item).or_default().left.push(left);
    }
    for (item, Foreseen { ways, left }) in items {
        let all = ways.values().sum::<u64>() + left.len() as u64;
        let name = app.names(item).item;
        app.out.say(format_args!(
            "{}: {}",
            app.out.paint(Tone::Strong, name),
            counted(all, "conflict", "conflicts")
        ));
        let width = ways.values().map(|count| Count(*count).to_string().len()).max().unwrap_or(0);
        for (way, count) in ways {
            app.out.say(format_args!("  {:>width$}  {way}", Count(count).to_string()));
        }
        for (conflict, why) in left.iter().take(SHOWN) {
            let why = why.rsplit_once(": ").map_or(why.as_str(), |(_, why)| why);
            app.out.say(format_args!("  stays open: {} ({})", path_of(conflict), Safe(why)));
        }
        if left.len() > SHOWN {
            app.out.say(format_args!("  and {} more stay open", Count((left.len() - SHOWN) as u64)));
        }
    }
}

/// What happens to one, in words.
fn way(one: &Decided, merge: Option<&Option<Merge>>) -> String {
    let conflict = &one.conflict;
    let version = |index: usize| conflict.versions.get(index);
    let label = |index: usize| version(index).map(|version| Safe(&version.location).to_string());
    if let Some(index) = one.choice.winner(conflict) {
        let place = label(index).unwrap_or_default();
        let deleted = version(index).is_some_and(|version| version.item_type == ConflictItemType::Deleted);
        return match (&one.choice, deleted) {
            (_, true) => format!("deleted, as on {place}"),
            (Choice::KeepRecent, _) => format!("the version of {place}, which is newer"),
            (Choice::KeepLargest, _) => format!("the version of {place}, which is larger"),
            _ => format!("the version of {place}"),
        };
    }
    match (&one.choice, merge) {
        (Choice::KeepAll | Choice::KeepItems(_), _) => "both versions, under two names".into(),
        (Choice::KeepMerged, Some(None)) => "stays open: cannot be merged".into(),
        (Choice::KeepMerged, Some(Some(merge))) if merge.overlaps > 0 => {
            "stays open: both changed the same place".into()
        }
        (Choice::KeepMerged, Some(_)) => "merged".into(),
        (Choice::KeepMerged, None) => "merged, where both changed different places of a text".into(),
        (Choice::KeepOther(_), _) => "another version in the place of both".into(),
        (Choice::RemoveFromSyncSet, _) => "left as it is, and synchronized no more".into(),
        _ => "settled".into(),
    }
}

/// The same for programs: one object for each conflict.
fn objects(app: &App<'_>, outlook: &Outlook, merges: Option<&Vec<Option<Merge>>>) {
    for (place, one) in outlook.decided.iter().enumerate() {
        let mut object = conflict_object(&one.conflict);
        let merge = merges.and_then(|merges| merges.get(place));
        object["way"] = json!(way(one, merge));
        if let Some(index) = one.choice.winner(&one.conflict) {
            object["keeps"] = json!(if index == 0 { "a" } else { "b" });
        }
        app.out.json(&object);
    }
    for (conflict, why) in &outlook.left {
        let mut object = conflict_object(conflict);
        object["keeps"] = Value::Null;
        object["why"] = json!(why);
        app.out.json(&object);
    }
}
