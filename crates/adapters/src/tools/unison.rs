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
#[serde(try_from = "Keys")]
pub struct Pair {
    what: What,
    ignore: Vec<String>,
    options: Vec<String>,
    environment: BTreeMap<String, Value>,
}

#[derive(Debug, Clone)]
enum What {
    Roots(String, String),
    Profile(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// A root: a folder, or `ssh://host/path`.
    a: Option<String>,
    /// The other one.
    b: Option<String>,
    /// Or one of Unison's own profiles, by its name.
    profile: Option<String>,
    /// Names that are left out, in Unison's syntax (`Name *.tmp`).
    #[serde(default)]
    ignore: Vec<String>,
    /// More of Unison's own options.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
}

impl TryFrom<Keys> for Pair {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, &'static str> {
        let what = match (keys.a, keys.b, keys.profile) {
            (Some(a), Some(b), None) => What::Roots(a, b),
            (None, None, Some(profile)) => What::Profile(profile),
            _ => {
                return Err(
                    "an item of Unison has two roots (`a` and `b`), or one of its profiles (`profile`)",
                );
            }
        };
        Ok(Self { what, ignore: keys.ignore, options: keys.options, environment: keys.environment })
    }
}

impl Job for Pair {
    fn command(&self, options: &Options) -> Prepared {
        let words = ["unison", "-batch", "-ui", "text", "-sshargs", "-oBatchMode=yes"];
        let mut prepared = Prepared::new(words).with(&self.environment);
        for ignore in &self.ignore {
            prepared.word("-ignore");
            prepared.word(ignore);
        }
        if options.approve {
            // Its own guard: a root that was emptied.
            prepared.word("-confirmbigdel=false");
        }
        prepared.words(&self.options);
        match &self.what {
            What::Roots(a, b) => prepared.words([a, b]),
            What::Profile(profile) => prepared.word(profile),
        }
        prepared
    }

    /// Unison can say beforehand which paths it would delete, but not how much is in them.
    fn dry_run(&self, _options: &Options) -> Option<Prepared> {
        None
    }

    fn comment(&self) -> String {
        match &self.what {
            What::Roots(a, b) => format!("{a} and {b}"),
            What::Profile(profile) => format!("the profile {profile}"),
        }
    }
}
