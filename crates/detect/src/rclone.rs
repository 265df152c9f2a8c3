//! The remotes of rclone. Of its file only the names and the kinds are taken: all else may be a secret.

use serde_json::{Map, json};
use wire::{Found, FoundKind};

use crate::files::{Files, shown};
use crate::{Roots, propose};

pub(crate) fn look(roots: &Roots, files: &mut Files) -> Vec<Found> {
    let paths = [roots.config("rclone/rclone.conf"), roots.home(".rclone.conf")];
    let mut found = Vec::new();
    for path in paths.into_iter().flatten() {
        let Some(text) = files.text(&path) else { continue };
        if text.lines().any(|line| line.starts_with("RCLONE_ENCRYPT_")) {
            files.tell(&path, "it is encrypted: `rclone listremotes` shows what is in it");
            continue;
        }
        for (name, kind, line) in remotes(&text) {
            let mut settings = Map::new();
            for (key, value) in
                [("mode", "copy".to_owned()), ("source", String::new()), ("target", format!("{name}:"))]
            {
                settings.insert(key.into(), json!(value));
            }
            let prefix = format!("{name}:");
            let uses = |item: &Map<String, serde_json::Value>| {
                ["source", "target"].iter().any(|key| {
                    item.get(*key)
                        .and_then(|value| value.as_str())
                        .is_some_and(|place| place.starts_with(&prefix))
                })
            };
            let known = roots.collects("rclone") || roots.items.iter().any(uses);
            found.push(Found {
                key: format!("{}:{name}", path.display()),
                tool: "rclone".into(),
                kind: FoundKind::Remote,
                title: format!("rclone knows \"{name}\" ({kind})"),
                file: shown(&path),
                line: Some(line),
                user: None,
                command: None,
                schedule: None,
                known,
                watch: None,
                run: Some(propose::run_it(
                    &propose::slug(&name, "rclone"),
                    "rclone",
                    settings,
                    vec!["source".into()],
                )),
                note: None,
            });
        }
    }
    found
}

/// Name, kind and line of each.
fn remotes(text: &str) -> Vec<(String, String, u64)> {
    let mut all: Vec<(String, String, u64)> = Vec::new();
    for (number, line) in (1_u64..).zip(text.lines()) {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            all.push((name.to_owned(), "of no kind".to_owned(), number));
        } else if let Some((key, value)) = line.split_once('=')
            && key.trim() == "type"
            && let Some((_, kind, _)) = all.last_mut()
        {
            value.trim().clone_into(kind);
        }
    }
    all
}
