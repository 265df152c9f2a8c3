//! The profiles of Unison.

use serde_json::{Map, json};
use wire::{Found, FoundKind};

use crate::files::{Files, shown};
use crate::{Roots, propose};

pub(crate) fn look(roots: &Roots, files: &mut Files) -> Vec<Found> {
    let Some(directory) = roots.home(".unison") else { return Vec::new() };
    let mut found = Vec::new();
    for path in files.list(&directory) {
        if path.extension().is_none_or(|extension| extension != "prf") {
            continue;
        }
        let (Some(name), Some(text)) = (path.file_stem().and_then(|stem| stem.to_str()), files.text(&path))
        else {
            continue;
        };
        let set: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split_once('=').filter(|(key, _)| key.trim() == "root"))
            .map(|(_, value)| value.trim())
            .collect();
        // The profile that Unison makes by itself has none.
        let [a, b] = set.as_slice() else { continue };
        let mut settings = Map::new();
        settings.insert("profile".into(), json!(name));
        found.push(Found {
            key: format!("{}:unison", path.display()),
            tool: "unison".into(),
            kind: FoundKind::Profile,
            title: format!(
                "Unison's profile \"{name}\": {} and {}",
                crate::mask::line(a),
                crate::mask::line(b)
            ),
            file: shown(&path),
            line: None,
            user: None,
            command: None,
            schedule: None,
            known: propose::is_set_up(roots, "unison", &settings),
            watch: None,
            run: Some(propose::run_it(&propose::slug(name, "unison"), "unison", settings, Vec::new())),
            note: None,
        });
    }
    found
}
