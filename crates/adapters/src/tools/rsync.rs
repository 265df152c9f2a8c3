//! rsync: a tree to another place, also on other machines.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::options::{MaxDelete, Options};
use super::{Ends, Job, Kind, Prepared, Value};
use crate::verdict::Tool;

/// The kind.
pub struct Rsync;

impl Kind for Rsync {
    fn tool(&self) -> Tool {
        Tool::Rsync
    }

    fn id(&self) -> &'static str {
        "rsync"
    }

    /// The first with `--info=progress2`.
    fn oldest(&self) -> [u32; 2] {
        [3, 1]
    }
}

/// What an item says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copying {
    /// Where it takes from: as rsync wants it, so that a slash at the end means what is in it.
    source: Sources,
    /// Where it brings to.
    target: String,
    /// Take away at the target what the source does not have.
    #[serde(default)]
    delete: bool,
    /// Names that are left out.
    #[serde(default)]
    exclude: Vec<String>,
    /// More of rsync's own options.
    #[serde(default)]
    options: Vec<String>,
    /// More of its environment.
    #[serde(default)]
    environment: BTreeMap<String, Value>,
    /// The guard's limit.
    max_delete: Option<MaxDelete>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Sources {
    One(String),
    Many(Vec<String>),
}

impl Copying {
    fn sources(&self) -> &[String] {
        match &self.source {
            Sources::One(one) => std::slice::from_ref(one),
            Sources::Many(many) => many,
        }
    }

    fn prepare(&self, options: &Options, dry: bool) -> Prepared {
        let mut prepared = Prepared::new(["rsync", "-a"]).with(&self.environment);
        if self.delete {
            prepared.word("--delete");
        }
        if options.checksum {
            prepared.word("--checksum");
        }
        prepared.each("--exclude", &self.exclude);
        prepared.words(&self.options);
        let told: &[&str] = if dry {
            &["--dry-run", "--itemize-changes", "--stats"]
        } else {
            &["--info=progress2", "--itemize-changes", "--stats"]
        };
        told.iter().for_each(|word| prepared.word(*word));
        prepared.word("--");
        prepared.words(self.sources());
        prepared.word(&self.target);
        // It must not ask for a password that nobody types.
        prepared.variable("RSYNC_RSH", Value::Text("ssh -oBatchMode=yes".into()));
        prepared
    }
}

impl Job for Copying {
    fn command(&self, options: &Options) -> Prepared {
        self.prepare(options, false)
    }

    fn dry_run(&self, options: &Options) -> Option<Prepared> {
        Some(self.prepare(options, true))
    }

    fn comment(&self) -> String {
        format!("{} to {}", self.sources().join(", "), self.target)
    }

    fn ends(&self) -> Ends {
        Ends::one_way(self.may_delete())
    }

    fn may_delete(&self) -> bool {
        self.delete || self.options.iter().any(|option| option.starts_with("--del"))
    }

    fn max_delete(&self) -> Option<MaxDelete> {
        self.max_delete
    }
}
