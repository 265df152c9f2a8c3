//! git: a repository and a remote.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::options::{MaxDelete, Options};
use super::{Ends, Job, Kind, Prepared, Value};
use crate::verdict::Tool;

/// The kind.
pub struct Git;

impl Kind for Git {
    fn tool(&self) -> Tool {
        Tool::Git
    }

    fn id(&self) -> &'static str {
        "git"
    }

    fn oldest(&self) -> [u32; 2] {
        [2, 20]
    }
}

/// Where the helper below finds the password.
const PASSWORD: &str = "INSTEP_GIT_PASSWORD";
/// What git asks for a password: it is in the environment, and in no word of the command. The helpers of a person's own
/// settings are not asked before.
const HELPER: &str = "!f() { test \"$1\" != get || echo \"password=$INSTEP_GIT_PASSWORD\"; }; f";

/// Options with which references are taken away.
const PRUNES: [&str; 7] = ["--mirror", "--prune", "-p", "--prune-tags", "-P", "--delete", "-d"];

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Brings what the remote has; the work tree stays as it is.
    Fetch,
    /// Brings the remote what is here. Never by force.
    Push,
    /// The remote becomes equal to what is here, also where that takes away.
    Mirror,
}

/// What an item says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remote {
    mode: Mode,
    /// Where the repository is.
    path: String,
    /// The remote, by its name or its URL.
    #[serde(default = "origin")]
    remote: String,
    /// Who it is, where the remote asks.
    user: Option<String>,
    /// `secret:NAME`: the password or token, where the remote asks for one.
    password: Option<Value>,
    /// References; all of them if nothing is said (for a push: all branches).
    #[serde(default)]
    references: Vec<String>,
    /// More of git's own options for this command.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
    /// The guard's limit, for a mirror.
    max_delete: Option<MaxDelete>,
}

fn origin() -> String {
    "origin".into()
}

impl Remote {
    fn prepare(&self, dry: bool) -> Prepared {
        let verb = if self.mode == Mode::Fetch { "fetch" } else { "push" };
        let mut prepared = Prepared::new(["git"]).with(&self.environment);
        if let Some(user) = &self.user {
            prepared.word("-c");
            prepared.word(format!("credential.username={user}"));
        }
        if let Some(password) = &self.password {
            for helper in ["", HELPER] {
                prepared.word("-c");
                prepared.word(format!("credential.helper={helper}"));
            }
            prepared.variable(PASSWORD, password.clone());
        }
        for word in ["-C", &self.path, verb, "--progress"] {
            prepared.word(word);
        }
        match self.mode {
            Mode::Fetch => {}
            Mode::Push if self.references.is_empty() => prepared.word("--all"),
            Mode::Push => {}
            Mode::Mirror => prepared.word("--mirror"),
        }
        if dry {
            prepared.word("--dry-run");
            // With what stays as it is: a share is one of all.
            prepared.word("--verbose");
        }
        prepared.words(&self.options);
        prepared.word("--");
        prepared.word(&self.remote);
        prepared.words(&self.references);
        prepared.variable("GIT_SSH_COMMAND", Value::Text("ssh -oBatchMode=yes".into()));
        prepared
    }
}

impl Job for Remote {
    fn command(&self, _options: &Options) -> Prepared {
        self.prepare(false)
    }

    fn dry_run(&self, _options: &Options) -> Option<Prepared> {
        Some(self.prepare(true))
    }

    /// A mirror, and what a person has added: references that the other side has no more are taken away here, or there.
    fn may_delete(&self) -> bool {
        let prunes = |option: &String| PRUNES.contains(&option.as_str());
        let deletes = |reference: &String| reference.trim_start_matches('+').starts_with(':');
        self.mode == Mode::Mirror || self.options.iter().any(prunes) || self.references.iter().any(deletes)
    }

    fn max_delete(&self) -> Option<MaxDelete> {
        self.max_delete
    }

    fn ends(&self) -> Ends {
        // A remote that has a name is called by it.
        let is_name = !self.remote.contains(['/', ':', '.']);
        let remote = if is_name { self.remote.as_str() } else { "the remote" };
        let here = "the repository";
        let all = |of: &str| match &self.references[..] {
            [] => format!("all branches of {of}"),
            named => named.join(", "),
        };
        match self.mode {
            Mode::Fetch => {
                Ends { at: "in", ..Ends::new(remote, here, format!("{here} has {}", all(remote))) }
            }
            Mode::Push => Ends::new(here, remote, format!("{remote} has {}", all(here))),
            Mode::Mirror => Ends::new(here, remote, format!("{here} and {remote} are the same")),
        }
    }

    fn comment(&self) -> String {
        match self.mode {
            Mode::Fetch => format!("{} to {}", self.remote, self.path),
            Mode::Push | Mode::Mirror => format!("{} to {}", self.path, self.remote),
        }
    }
}
