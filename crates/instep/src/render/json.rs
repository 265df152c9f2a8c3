//! JSON for programs: one object per line. Paths are shown escaped, and exactly in base64 where they are no UTF-8.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use folders::words::permissions;
use reconcile::RelPath;
use serde_json::{Value, json};
use syncmgr::conflict::{Conflict, ConflictItemType, ConflictKind};
use syncmgr::outcome::SideCounts;
use syncmgr::{Counts, Event, ItemId, Level, Problem};

use super::text::{SafePath, base64, utc_time};
use crate::exit::{Exit, Failure};
use crate::ledger::path_of;

/// Puts the path of a folder of this machine into an object.
pub(crate) fn path_fields(object: &mut Value, key: &str, path: &Path) {
    match path.to_str() {
        Some(text) => object[key] = json!(text),
        None => {
            object[key] = json!(SafePath(path).to_string());
            object[format!("{key}_base64")] = json!(base64(path.as_os_str().as_bytes()));
        }
    }
}

/// Puts a path beneath a side into an object.
pub(crate) fn rel_path_fields(object: &mut Value, key: &str, path: &RelPath) {
    match std::str::from_utf8(path.as_bytes()) {
        Ok(text) => object[key] = json!(text),
        Err(_) => {
            object[key] = json!(path.to_string());
            object[format!("{key}_base64")] = json!(base64(path.as_bytes()));
        }
    }
}

/// Counts by the side that was changed.
pub(crate) fn counts(counts: &Counts) -> Value {
    let both = |pick: fn(&SideCounts) -> u64| json!({ "a": pick(&counts.a), "b": pick(&counts.b) });
    json!({
        "created": both(|side| side.created),
        "updated": both(|side| side.updated),
        "deleted": both(|side| side.deleted),
        "moved": both(|side| side.moved),
        "conflicts": counts.conflicts,
        "errors": counts.errors,
        "skipped": counts.skipped,
        "bytes": counts.bytes,
    })
}

/// The last line of a command that could not do what was asked.
pub(crate) fn failed_summary(exit: Exit, failure: Option<&Failure>) -> Value {
    let mut summary = json!({
        "type": "summary",
        "outcome": exit.word(),
        "counts": counts(&Counts::default()),
    });
    if let Some(failure) = failure {
        summary["error"] = json!(failure.text);
        if let Some(tip) = &failure.tip {
            summary["tip"] = json!(tip);
        }
    }
    summary
}

/// A conflict with its versions.
pub(crate) fn conflict_object(conflict: &Conflict) -> Value {
    let version = |at: usize| match conflict.versions.get(at) {
        Some(version) if version.item_type == ConflictItemType::Updated => {
            let mut object = json!({
                "side": version.location,
                "state": "changed",
                "kind": version.kind,
                "size": version.size,
                "modified": utc_time(version.modified),
            });
            if conflict.kind == ConflictKind::Metadata {
                object["permissions"] = json!(permissions(version));
            }
            // Another name than the conflict's: of two that clash, or of a copy.
            if let Some(path) = version.path.as_ref().and_then(|path| RelPath::from_bytes(path)) {
                rel_path_fields(&mut object, "path", &path);
            }
            object
        }
        Some(version) => json!({ "side": version.location, "state": "deleted" }),
        None => Value::Null,
    };
    let mut object = json!({ "type": "conflict", "item": conflict.item.as_str() });
    rel_path_fields(&mut object, "path", &path_of(conflict));
    object["kind"] = json!(conflict.kind.word());
    object["a"] = version(0);
    object["b"] = version(1);
    object["detected"] = json!(utc_time(conflict.detected));
    object
}

/// A line of the results.
pub(crate) fn event_object(event: &Event) -> Value {
    let (text, fix) = event.event.told();
    let mut object = json!({
        "type": "event",
        "run": event.run.0,
        "item": event.event.item.as_ref().map(ItemId::as_str),
        "level": match event.event.level {
            Level::Information => "information",
            Level::Warning => "warning",
            Level::Error => "error",
        },
        "name": event.event.name,
        "description": text,
        "time": utc_time(event.time),
    });
    if let Some(fix) = fix {
        object["fix"] = json!(fix);
    }
    if let Some(link) = &event.event.link_reference {
        object["link"] = json!(link);
        object["link_text"] = json!(event.event.link_text);
    }
    object
}

/// What went wrong as a whole.
pub(crate) fn problem_object(problem: &Problem) -> Value {
    json!({ "class": problem.class.word(), "text": problem.text, "fix": problem.fix })
}
