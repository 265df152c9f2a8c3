//! The configurations of borgmatic: repositories of borg with what goes into them.

use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, json};
use wire::{Found, FoundKind};

use crate::files::{Files, shown};
use crate::{Roots, mask, propose};

/// What is taken of a configuration; its passphrases are not among it. Older ones have sections.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Configuration {
    #[serde(flatten)]
    flat: Location,
    location: Location,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Location {
    repositories: Vec<Repository>,
    source_directories: Vec<String>,
    exclude_patterns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Repository {
    Path(String),
    Labelled { path: String },
}

pub(crate) fn look(roots: &Roots, files: &mut Files) -> Vec<Found> {
    let mut paths = vec![roots.system("etc/borgmatic/config.yaml")];
    paths.extend(roots.config("borgmatic/config.yaml"));
    for directory in
        [Some(roots.system("etc/borgmatic.d")), roots.config("borgmatic.d")].into_iter().flatten()
    {
        paths.extend(files.list(&directory));
    }
    let mut found = Vec::new();
    for path in paths {
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let Some(text) = files.text(&path).filter(|_| is_yaml) else { continue };
        // Its budget refuses what would grow: a small file stays small.
        match serde_saphyr::from_str::<Configuration>(&text) {
            Ok(said) => {
                let location = if said.flat.repositories.is_empty() { said.location } else { said.flat };
                found.extend(
                    location.repositories.iter().map(|repository| one(roots, &path, &location, repository)),
                );
            }
            Err(_) => files.tell(&path, "it is no configuration of borgmatic that can be read"),
        }
    }
    found
}

fn one(roots: &Roots, path: &Path, location: &Location, repository: &Repository) -> Found {
    let (Repository::Path(repository) | Repository::Labelled { path: repository }) = repository;
    let mut settings = Map::new();
    settings.insert("repository".into(), json!(repository));
    settings.insert("paths".into(), json!(location.source_directories));
    if !location.exclude_patterns.is_empty() {
        settings.insert("exclude".into(), json!(location.exclude_patterns));
    }
    let known = propose::is_set_up(roots, "borg", &settings);
    let name =
        propose::slug(repository.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default(), "borg");
    settings.insert("passphrase".into(), json!(format!("secret:{name}")));
    let shown_repository = mask::line(repository);
    // A password in the address is nothing to be copied about.
    let run = (shown_repository == *repository)
        .then(|| propose::run_it(&name, "borg", settings, vec!["passphrase".into()]));
    Found {
        key: format!("{}:{shown_repository}", path.display()),
        tool: "borg".into(),
        kind: FoundKind::Repository,
        title: format!("borgmatic backs up {} to {shown_repository}", location.source_directories.join(", ")),
        file: shown(path),
        line: None,
        user: None,
        command: None,
        schedule: None,
        known,
        watch: None,
        run,
        note: None,
    }
}
