//! The small sections: `[server]`, `[results]`, `[merge]`, `[stop]` and `[secrets]`.

use std::net::SocketAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::period::Period;
use crate::words::{Command, PathWord};

/// `[server]`: where the API is reached besides the daemon's own socket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// Addresses with ports, such as `127.0.0.1:8384`; none if nothing is said.
    pub listen: Vec<SocketAddr>,
    /// The certificate and its key; with them the API is spoken over TLS.
    pub tls: Option<Tls>,
    /// Names by which it may be reached besides its addresses (`Host`).
    pub hosts: Vec<String>,
    /// Pages of other origins that may use it (`Origin`).
    pub origins: Vec<String>,
}

/// `[server.tls]`: files in PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate, with those that lead to it.
    pub cert: PathWord,
    /// Its private key.
    pub key: PathWord,
}

/// `[results]`: how much of the past is kept. The last run of each item and its last good run always stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ResultsKept {
    /// Runs that are older go.
    pub keep_days: u32,
    /// The most runs.
    pub keep_runs: u64,
    /// The most events, by whole runs.
    pub keep_events: u64,
    /// Lines of information that are older go, though their run stays; with their run if nothing is said.
    pub keep_information_days: Option<u32>,
    /// The same for warnings. Errors stay as long as their run.
    pub keep_warning_days: Option<u32>,
    /// The lines of a run go as soon as its items are synchronized again, as Windows' Sync Center has it; the runs stay.
    pub only_last_run: bool,
}

impl Default for ResultsKept {
    fn default() -> Self {
        Self {
            keep_days: 365,
            keep_runs: 100_000,
            keep_events: 1_000_000,
            keep_information_days: None,
            keep_warning_days: None,
            only_last_run: false,
        }
    }
}

/// `[merge]`: the tool in which a person merges two versions of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MergeTool {
    /// A line for the shell, such as `meld $LOCAL $BASE $REMOTE -o $MERGED`: the versions of A and B, the last one that
    /// they have in common (empty if it is not known), and the file that the merge is to be written to.
    pub tool: Option<String>,
    /// Whether exit code 0 says that the merge is good; if not, it is good when the file was changed. Yes if nothing is
    /// said.
    pub trust_exit_code: Option<bool>,
    /// How long the tool may take; as long as it likes if nothing is said.
    pub time_limit: Option<Period>,
}

/// `[stop]`: how a stop is carried through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stop {
    /// How long a handler may take to acknowledge a stop before its program is terminated, and then again before it is
    /// killed; 10 seconds if nothing is said.
    grace: Option<Period>,
}

impl Stop {
    /// How long a handler may take to acknowledge a stop.
    pub fn grace(&self) -> Duration {
        self.grace.map_or(Duration::from_secs(10), Period::duration)
    }
}

/// `[secrets]`: where `secret:NAME` is looked up. The keyring first, then the command, then the encrypted file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Secrets {
    /// Whether the keyring of the desktop is asked; yes if nothing is said.
    pub keyring: Option<bool>,
    /// A command that prints a secret, such as `["pass", "show", "sync/{name}"]`; `{name}` is the secret's name.
    pub command: Option<Command>,
    /// How long the keyring or the command may take; 10 seconds if nothing is said.
    pub timeout: Option<Period>,
}
