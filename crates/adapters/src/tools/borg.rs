//! Borg: backups into a repository.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::options::Options;
use super::{Ends, Job, Kind, Prepared, Value};
use crate::verdict::Tool;

/// The kind.
pub struct Borg;

impl Kind for Borg {
    fn tool(&self) -> Tool {
        Tool::Borg
    }

    fn id(&self) -> &'static str {
        "borg"
    }

    fn oldest(&self) -> [u32; 2] {
        [1, 1]
    }
}

/// What an item says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Where the repository is.
    repository: String,
    /// `secret:NAME`.
    passphrase: Option<Value>,
    /// What the archive is called; borg fills in `{hostname}`, `{now}` and the like.
    #[serde(default = "archive")]
    archive: String,
    /// What is backed up.
    paths: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    /// More of borg's own options.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
}

fn archive() -> String {
    "{hostname}-{now:%Y-%m-%dT%H:%M:%S}".into()
}

impl Backup {
    fn prepare(&self) -> Prepared {
        let words = ["borg", "create", "--log-json", "--progress", "--list", "--filter=AMCE"];
        let mut prepared = Prepared::new(words).with(&self.environment);
        if let Some(passphrase) = &self.passphrase {
            prepared.variable("BORG_PASSPHRASE", passphrase.clone());
        }
        // A known repository that is reached by another way is no reason to ask.
        prepared.variable("BORG_RELOCATED_REPO_ACCESS_IS_OK", Value::Text("yes".into()));
        prepared.each("--exclude", &self.exclude);
        prepared.words(&self.options);
        prepared.word(format!("{}::{}", self.repository, self.archive));
        prepared.words(&self.paths);
        prepared
    }
}

impl Job for Backup {
    fn command(&self, _options: &Options) -> Prepared {
        self.prepare()
    }

    /// A dry run of borg lists every file and does not say which are new.
    fn dry_run(&self, _options: &Options) -> Option<Prepared> {
        None
    }

    fn ends(&self) -> Ends {
        Ends::backup()
    }

    fn comment(&self) -> String {
        format!("{} to {}", self.paths.join(", "), self.repository)
    }
}
