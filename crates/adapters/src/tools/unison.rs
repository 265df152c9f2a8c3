//! Unison: two roots, both ways. What both sides changed stays as it is and is a conflict.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::options::Options;
use super::{Job, Kind, Prepared, Value};
use crate::verdict::Tool;

/// The kind.
pub struct Unison;

impl Kind for Unison {
    fn tool(&self) -> Tool {
        Tool::Unison
    }

    fn id(&self) -> &'static str {
        "unison"
    }

    fn version_words(&self) -> &'static [&'static str] {
        &["-version"]
    }

    /// The first whose last lines name what was skipped, and why.
    fn oldest(&self) -> [u32; 2] {
        [2, 48]
    }
}

/// What an item says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// A root: a folder, or `ssh://host/path`.
    a: String,
    /// The other one.
    b: String,
    /// Names that are left out, in Unison's syntax (`Name *.tmp`).
    #[serde(default)]
    ignore: Vec<String>,
    /// More of Unison's own options.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
}

impl Job for Pair {
    fn command(&self, _options: &Options) -> Prepared {
        let words = ["unison", "-batch", "-ui", "text", "-sshargs", "-oBatchMode=yes"];
        let mut prepared = Prepared::new(words).with(&self.environment);
        for ignore in &self.ignore {
            prepared.word("-ignore");
            prepared.word(ignore);
        }
        prepared.words(&self.options);
        prepared.words([&self.a, &self.b]);
        prepared
    }

    /// Unison cannot say beforehand without asking.
    fn dry_run(&self, _options: &Options) -> Option<Prepared> {
        None
    }

    fn comment(&self) -> String {
        format!("{} and {}", self.a, self.b)
    }
}
