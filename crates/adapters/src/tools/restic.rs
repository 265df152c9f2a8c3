//! restic: backups into a repository.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::options::Options;
use super::{Ends, Job, Kind, Prepared, Value};
use crate::verdict::Tool;

/// The kind.
pub struct Restic;

impl Kind for Restic {
    fn tool(&self) -> Tool {
        Tool::Restic
    }

    fn id(&self) -> &'static str {
        "restic"
    }

    fn version_words(&self) -> &'static [&'static str] {
        &["version"]
    }

    /// The first with `backup --dry-run`.
    fn oldest(&self) -> [u32; 2] {
        [0, 13]
    }
}

/// What an item says. What restic reads from its environment (`RESTIC_REPOSITORY`, `RESTIC_PASSWORD_FILE`, ...) need not
/// be said again.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Where the repository is.
    repository: Option<String>,
    /// `secret:NAME`.
    password: Option<Value>,
    /// What is backed up.
    paths: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    #[serde(default)]
    tags: Vec<String>,
    /// More of restic's own options.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
}

impl Backup {
    fn prepare(&self, dry: bool) -> Prepared {
        let mut prepared = Prepared::new(["restic", "backup", "--json"]).with(&self.environment);
        if dry {
            // Only then are files told one by one.
            prepared.word("--dry-run");
            prepared.word("--verbose=2");
        }
        if let Some(repository) = &self.repository {
            prepared.variable("RESTIC_REPOSITORY", Value::Text(repository.clone()));
        }
        if let Some(password) = &self.password {
            prepared.variable("RESTIC_PASSWORD", password.clone());
        }
        prepared.each("--exclude", &self.exclude);
        prepared.each("--tag", &self.tags);
        prepared.words(&self.options);
        prepared.word("--");
        prepared.words(&self.paths);
        prepared
    }
}

impl Job for Backup {
    fn command(&self, _options: &Options) -> Prepared {
        self.prepare(false)
    }

    fn dry_run(&self, _options: &Options) -> Option<Prepared> {
        Some(self.prepare(true))
    }

    fn ends(&self) -> Ends {
        Ends::backup()
    }

    fn comment(&self) -> String {
        let repository = self.repository.as_deref().unwrap_or("restic's repository");
        format!("{} to {repository}", self.paths.join(", "))
    }
}
