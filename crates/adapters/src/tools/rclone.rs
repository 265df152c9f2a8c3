//! rclone: between clouds, machines and folders.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::options::{MaxDelete, Options};
use super::remotes::{Bring, RemoteKeys};
use super::{Ends, Job, Kind, Prepared, Value};
use crate::verdict::Tool;

/// The kind.
pub struct Rclone;

impl Kind for Rclone {
    fn tool(&self) -> Tool {
        Tool::Rclone
    }

    fn id(&self) -> &'static str {
        "rclone"
    }

    fn version_words(&self) -> &'static [&'static str] {
        &["version"]
    }

    /// The first whose JSON log has its statistics.
    fn oldest(&self) -> [u32; 2] {
        [1, 57]
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// The target becomes equal to the source.
    Sync,
    /// Nothing is taken away.
    Copy,
    /// Both ways.
    Bisync,
}

impl Mode {
    fn word(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Copy => "copy",
            Self::Bisync => "bisync",
        }
    }
}

/// What an item says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copying {
    mode: Mode,
    /// `remote:path` or a folder.
    source: String,
    target: String,
    #[serde(default)]
    exclude: Vec<String>,
    /// More of rclone's own options.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
    max_delete: Option<MaxDelete>,
}

impl Copying {
    /// What brings a whole remote into a folder of its name.
    pub(super) fn of_remote(remote: &str, into: &Path, keys: &RemoteKeys) -> Self {
        Self {
            mode: if keys.mode == Bring::Sync { Mode::Sync } else { Mode::Copy },
            source: format!("{remote}:"),
            target: into.to_string_lossy().into_owned(),
            exclude: keys.exclude.clone(),
            options: keys.options.clone(),
            environment: keys.environment.clone(),
            max_delete: keys.max_delete,
        }
    }

    fn prepare(&self, options: &Options, dry: bool) -> Prepared {
        let mut prepared = Prepared::new(["rclone", self.mode.word()]).with(&self.environment);
        for word in ["--use-json-log", "-v", "--stats=1s", "--ask-password=false"] {
            prepared.word(word);
        }
        if options.checksum {
            prepared.word("--checksum");
        }
        if dry {
            prepared.word("--dry-run");
        }
        if self.mode == Mode::Bisync {
            match options.max_delete.or(self.max_delete) {
                // What it calls a limit on deletions is a share.
                Some(MaxDelete::Percent(share)) => prepared.word(format!("--max-delete={share}")),
                // A number is looked at beforehand, in its place.
                Some(MaxDelete::Count(_)) => prepared.word("--max-delete=100"),
                None => {}
            }
            if options.approve {
                prepared.word("--force");
            }
        }
        prepared.each("--exclude", &self.exclude);
        prepared.words(&self.options);
        prepared.words([&self.source, &self.target]);
        prepared
    }
}

impl Job for Copying {
    fn command(&self, options: &Options) -> Prepared {
        self.prepare(options, false)
    }

    /// Also bisync's own listings stay as they are.
    fn dry_run(&self, options: &Options) -> Option<Prepared> {
        Some(self.prepare(options, true))
    }

    fn comment(&self) -> String {
        let between = if self.mode == Mode::Bisync { "and" } else { "to" };
        format!("{} {between} {}", self.source, self.target)
    }

    fn ends(&self) -> Ends {
        match self.mode {
            // Which of both was changed is not in what it says of a file.
            Mode::Bisync => {
                Ends { names: None, ..Ends::new("Path1", "Path2", "Path1 and Path2 are the same") }
            }
            mode => Ends::one_way(mode == Mode::Sync),
        }
    }

    fn may_delete(&self) -> bool {
        self.mode != Mode::Copy
    }

    /// bisync keeps to a share, by default half, before it touches anything.
    fn guards_itself(&self, limit: Option<MaxDelete>) -> bool {
        self.mode == Mode::Bisync && !matches!(limit, Some(MaxDelete::Count(_)))
    }

    fn max_delete(&self) -> Option<MaxDelete> {
        self.max_delete
    }
}
