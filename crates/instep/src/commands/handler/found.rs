//! `instep handler list --found`: what other tools synchronize already.

use wire::{Detected, DetectedTool, Found};

use crate::app::App;
use crate::detecting;
use crate::exit::Failure;
use crate::out::Tone;
use crate::render::text::Safe;

pub(super) fn list(app: &App<'_>, json: bool) -> Result<(), Failure> {
    let detected = detecting::look(&app.places, Some(&app.settings.said));
    if json {
        return objects(app, &detected);
    }
    for tool in &detected.tools {
        app.out.line(described(tool));
    }
    for found in &detected.found {
        show(app, found);
    }
    for unread in &detected.unread {
        app.out.line(format!("\nnot looked at: {} ({})", Safe(&unread.file.path), Safe(&unread.why)));
    }
    if detected.found.is_empty() {
        app.out.say("Nothing else synchronizes here.");
    }
    Ok(())
}

fn described(tool: &DetectedTool) -> String {
    let version = tool.version.as_deref().unwrap_or("of no known version");
    match &tool.problem {
        None => format!("{}  {}", Safe(&tool.tool), Safe(version)),
        Some(problem) => format!("{}  {}", Safe(&tool.tool), Safe(problem)),
    }
}

fn show(app: &App<'_>, found: &Found) {
    let line = found.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let often = found.schedule.as_ref().map(|often| format!(", {}", Safe(often))).unwrap_or_default();
    let user = found.user.as_ref().map(|user| format!(", as {}", Safe(user))).unwrap_or_default();
    app.out.line(format!("\n{}", app.out.paint(Tone::Strong, Safe(&found.title))));
    app.out.line(format!("  where     {}{line}{often}{user}", Safe(&found.file.path)));
    let told = |word: &str, text: &str| {
        for line in text.lines() {
            app.out.line(format!("  {word:9} {}", Safe(line)));
        }
    };
    if let Some(command) = &found.command {
        told("command", command);
    }
    if found.known {
        told("known", "it is shown here already");
        return;
    }
    if let Some(watch) = &found.watch {
        told("watch it", &watch.line);
    }
    if let Some(run) = &found.run {
        told("or run it", &run.text);
        if !run.missing.is_empty() {
            told("fill in", &run.missing.join(", "));
        }
    }
    if let Some(note) = &found.note {
        told("note", note);
    }
}

fn objects(app: &App<'_>, detected: &Detected) -> Result<(), Failure> {
    let cannot = |error: serde_json::Error| Failure::failed(error.to_string());
    for tool in &detected.tools {
        app.out.json(&tagged("tool", serde_json::to_value(tool).map_err(cannot)?));
    }
    for found in &detected.found {
        app.out.json(&tagged("found", serde_json::to_value(found).map_err(cannot)?));
    }
    for unread in &detected.unread {
        app.out.json(&tagged("unread", serde_json::to_value(unread).map_err(cannot)?));
    }
    Ok(())
}

fn tagged(word: &str, mut object: serde_json::Value) -> serde_json::Value {
    if let Some(object) = object.as_object_mut() {
        object.insert("type".into(), word.into());
    }
    object
}
