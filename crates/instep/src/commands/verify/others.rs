//! Whether items that are no pairs of folders are as their last runs left them, as their handlers say.

use serde_json::{Map, Value, json};
use wire::Verification;

use crate::app::App;
use crate::client::Daemon;
use crate::commands::beforehand::{self, Unseen};
use crate::commands::others::Other;
use crate::engine::Engine;
use crate::exit::{Exit, Failure};
use crate::out::Tone;
use crate::render::text::{Safe, counted};

/// Has them looked at by the daemon if it answers, else here; gives what the summary says of each. `all`: those that cannot
/// be checked are passed over.
pub(super) fn verify(
    app: &App<'_>,
    items: &[Other],
    checksum: bool,
    all: bool,
) -> Result<(Vec<Value>, Exit), Failure> {
    let engine = Engine::open(app)?;
    let daemon = Daemon::find(&app.places);
    let options: Map<String, Value> =
        checksum.then(|| ("checksum".to_owned(), json!(true))).into_iter().collect();
    let (mut checked, mut worst) = (Vec::new(), Exit::Done);
    for item in items {
        let exit = match look(&engine, daemon.as_ref(), item, &options) {
            Ok(found) => {
                tell(app, item, &found);
                checked.push(object(item, &found));
                if found.clean { Exit::Done } else { Exit::Gaps }
            }
            Err(Unseen::Unable(_)) if all => continue,
            Err(unseen) => {
                let failure = Failure::from(unseen);
                if items.len() == 1 {
                    return Err(failure);
                }
                app.out.failure(&failure);
                failure.exit
            }
        };
        worst = worst.max(exit);
    }
    Ok((checked, worst))
}

fn look(
    engine: &Engine,
    daemon: Option<&Daemon>,
    item: &Other,
    options: &Map<String, Value>,
) -> Result<Verification, Unseen> {
    let asked = daemon.map(|daemon| daemon.verify(&item.handler, &item.id, options));
    beforehand::look(item, asked, || {
        let words = Value::Object(options.clone()).to_string();
        engine.center.verify(&item.handler, &item.id, &words, &()).map(server::verification)
    })
}

fn tell(app: &App<'_>, item: &Other, found: &Verification) {
    let out = app.out;
    let name = out.paint(Tone::Strong, Safe(&item.name));
    let entries = counted(found.looked_at.into_iter().max().unwrap_or(0), "entry", "entries");
    if found.clean {
        let same = out.paint(Tone::Good, "as its last run left it");
        out.say(format_args!("{name}: {same} ({entries})"));
        return;
    }
    let differ = counted(found.differing, "difference", "differences");
    out.trouble(format_args!("{name}: {} ({entries})", out.paint(Tone::Bad, differ)));
    for difference in &found.differences {
        let side = difference.side.as_ref().map(|side| format!(" on {side}")).unwrap_or_default();
        let kind = serde_json::to_value(difference.kind).unwrap_or_default();
        let word = kind.as_str().unwrap_or_default();
        out.trouble(format_args!("  {word:<9}  {}{side}", Safe(&difference.path.path)));
        out.json(&json!({
            "type": "difference", "item": item.id.as_str(), "path": difference.path.path, "kind": kind,
            "side": difference.side,
        }));
    }
    for note in &found.unknown {
        out.trouble(format_args!("  {} {}", out.paint(Tone::Bad, "unknown:"), Safe(&note.text)));
    }
    let untold = found.differing.saturating_sub(found.differences.len() as u64)
        + found.unseen.saturating_sub(found.unknown.len() as u64);
    if untold > 0 {
        out.trouble(format_args!("  and {untold} more"));
    }
}

fn object(item: &Other, found: &Verification) -> Value {
    let [a, b] = found.looked_at;
    json!({
        "item": item.id.as_str(),
        "name": item.name,
        "outcome": if found.clean { "done" } else { "gaps" },
        "differences": found.differing,
        "unknown": found.unseen,
        "looked_at": { "a": a, "b": b },
        "compared_bytes": found.compared_bytes,
    })
}
