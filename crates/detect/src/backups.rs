//! Repositories of restic and borg that are named in files of variables, and those that borg remembers.

use std::path::{Path, PathBuf};

use serde_json::{Map, json};
use wire::{Found, FoundKind};

use crate::files::{Files, shown};
use crate::{Roots, argv, mask, propose};

/// The variable, the tool, and what it calls its secret.
const VARIABLES: [(&str, &str, &str); 2] =
    [("RESTIC_REPOSITORY", "restic", "password"), ("BORG_REPO", "borg", "passphrase")];

pub(crate) fn look(roots: &Roots, files: &mut Files) -> Vec<Found> {
    let mut found = Vec::new();
    for path in candidates(roots, files) {
        let Some(text) = files.text(&path) else { continue };
        for (number, line) in (1_u64..).zip(text.lines()) {
            let line = line.trim().trim_start_matches("export ").trim_start();
            let Some((name, value)) = argv::assignment(line) else { continue };
            let Some((_, tool, secret)) = VARIABLES.iter().find(|(variable, ..)| *variable == name) else {
                continue;
            };
            let value = value.trim().trim_matches(['"', '\'']);
            if !value.is_empty() && !value.contains(['$', '`']) {
                found.push(repository(roots, &path, Some(number), tool, value, secret));
            }
        }
    }
    let remembered =
        roots.config("borg/security").map(|directory| files.list(&directory)).unwrap_or_default();
    for path in remembered.iter().map(|directory| directory.join("location")) {
        if let Some(place) = files
            .text(&path)
            .map(|text| text.trim().to_owned())
            .filter(|place| !place.is_empty() && !place.contains('\n'))
        {
            found.push(repository(roots, &path, None, "borg", &place, "passphrase"));
        }
    }
    // A repository that is set up in one place is often remembered in another.
    let mut seen = std::collections::HashSet::new();
    found.retain(|found| seen.insert(found.title.clone()));
    found
}

/// Files that people keep such variables in.
fn candidates(roots: &Roots, files: &mut Files) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = Vec::new();
    for tool in ["restic", "borg"] {
        all.extend([roots.system(&format!("etc/default/{tool}")), roots.system(&format!("etc/{tool}.env"))]);
        all.extend(files.list(&roots.system(&format!("etc/{tool}"))));
        all.extend(roots.config(tool).map(|directory| files.list(&directory)).unwrap_or_default());
        if let Some(home) = &roots.home {
            let begins = format!(".{tool}");
            let named = |path: &PathBuf| {
                path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(&begins))
            };
            all.extend(files.list(home).into_iter().filter(named));
        }
    }
    // A directory is no file of variables, and nothing to be told.
    all.retain(|path| !path.is_dir());
    all
}

fn repository(roots: &Roots, path: &Path, line: Option<u64>, tool: &str, place: &str, secret: &str) -> Found {
    let shown_place = mask::line(place);
    let name = propose::slug(place.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default(), tool);
    let mut settings = Map::new();
    settings.insert("repository".into(), json!(place));
    let known = roots.items.iter().any(|item| {
        item.get("handler").and_then(|handler| handler.as_str()) == Some(tool)
            && item.get("repository") == settings.get("repository")
    });
    settings.insert("paths".into(), json!([]));
    settings.insert(secret.into(), json!(format!("secret:{name}")));
    let run = (shown_place == place)
        .then(|| propose::run_it(&name, tool, settings, vec!["paths".into(), secret.into()]));
    Found {
        key: format!("{}:{shown_place}", path.display()),
        tool: tool.to_owned(),
        kind: FoundKind::Repository,
        title: format!("{tool}'s repository {shown_place}"),
        file: shown(path),
        line,
        user: None,
        command: None,
        schedule: None,
        known,
        watch: None,
        run,
        note: None,
    }
}
