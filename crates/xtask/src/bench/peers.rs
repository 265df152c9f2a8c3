//! The programs that are measured, ours among them.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use super::measure::Job;
use crate::shell;

/// A program that brings B to A's state, or both to each other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Peer {
    Instep,
    Rsync,
    Cp,
    Unison,
    RcloneSync,
    Bisync,
    Syncthing,
    /// The bare system calls that the work cannot do without.
    Floor,
}

impl Peer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Instep => "instep",
            Self::Rsync => "rsync -a",
            Self::Cp => "cp -a",
            Self::Unison => "unison",
            Self::RcloneSync => "rclone sync",
            Self::Bisync => "rclone bisync",
            Self::Syncthing => "syncthing",
            Self::Floor => "floor",
        }
    }

    /// The name with the version that is there.
    pub(crate) fn version(self) -> String {
        let ours = ours();
        let words: &[&str] = match self {
            Self::Instep => &[&ours, "--version"],
            Self::Rsync => &["rsync", "--version"],
            Self::Cp => &["cp", "--version"],
            Self::Unison => &["unison", "-version"],
            Self::RcloneSync | Self::Bisync => &["rclone", "version"],
            Self::Syncthing => &["syncthing", "--version"],
            Self::Floor => return self.name().to_owned(),
        };
        let said = shell::output(words).unwrap_or_default();
        let numbered = |word: &&str| {
            word.contains('.') && word.trim_start_matches('v').starts_with(|c: char| c.is_ascii_digit())
        };
        let version = said.split_whitespace().find(numbered).unwrap_or("of unknown version");
        format!("{} {version}", self.name())
    }

    /// The name as part of a file's name.
    pub(crate) fn word(self) -> String {
        self.name().replace(' ', "")
    }

    /// Whether it carries changes of both sides.
    pub(crate) fn both_ways(self) -> bool {
        matches!(self, Self::Instep | Self::Unison | Self::Bisync | Self::Syncthing)
    }

    /// Whether a workload of that name tells something of it that others have not told in less than many minutes.
    pub(crate) fn works_at(self, workload: &str) -> bool {
        match self {
            // There both sides are the same to begin with.
            Self::Cp => workload != "tiny",
            Self::Bisync => !matches!(workload, "big" | "tiny"),
            Self::Syncthing => workload == "small",
            _ => true,
        }
    }

    /// The command that synchronizes `a` and `b`. `state` is a directory of its own for what it must remember.
    pub(crate) fn job(self, a: &Path, b: &Path, state: &Path, first: bool) -> Job {
        let [from, to] = [a, b].map(|path| path.display().to_string());
        match self {
            Self::Instep => {
                // Conflicts are left open (5): that is the default.
                Job::new(&[&ours(), "sync", &from, &to, "--yes", "-q"]).env("INSTEP_HOME", state).good(&[5])
            }
            Self::Rsync => Job::new(&["rsync", "-a", &format!("{from}/"), &format!("{to}/")]),
            Self::Floor => floor("copy", &[a, b]),
            Self::Cp => Job::new(&["cp", "-a", &format!("{from}/."), &to]),
            Self::Unison => {
                let words = ["unison", &from, &to, "-ui", "text", "-batch", "-auto", "-times"];
                let conflicts = ["-prefer", "newer", "-copyonconflict", "-confirmbigdel=false"];
                Job::new(&[&words[..], &conflicts[..]].concat()).env("UNISON", state).good(&[1])
            }
            Self::RcloneSync => {
                Job::new(&["rclone", "sync", "--links", &from, &to]).env("XDG_CONFIG_HOME", state)
            }
            Self::Bisync => {
                let mut words = vec!["rclone", "bisync", "--links", &from, &to];
                words.extend(first.then_some("--resync"));
                // It takes the renamed directory for many deletions.
                words.push("--force");
                Job::new(&words).env("XDG_CONFIG_HOME", state).env("XDG_CACHE_HOME", state)
            }
            Self::Syncthing => {
                Job::new(&[&built("bench"), "syncthing", &from, &to, &state.display().to_string()])
            }
        }
    }
}

/// Our program.
pub(crate) fn ours() -> String {
    built("instep")
}

fn built(program: &str) -> String {
    shell::root().join("target/release").join(program).display().to_string()
}

/// The bare system calls as a program.
pub(crate) fn floor(what: &str, places: &[&Path]) -> Job {
    let me = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    let places: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
    let mut words = vec![me.as_str(), "bench", "floor", what];
    words.extend(places.iter().map(String::as_str));
    Job::new(&words)
}

/// The peers that are on this machine; missing ones are installed where that is possible (as root, on Debian).
pub(crate) fn find() -> Result<Vec<Peer>> {
    let mut found = vec![Peer::Instep, Peer::Cp];
    for (program, probe, peers) in [
        ("rsync", "--version", &[Peer::Rsync][..]),
        ("unison", "-version", &[Peer::Unison]),
        ("rclone", "version", &[Peer::RcloneSync, Peer::Bisync]),
        ("syncthing", "--version", &[Peer::Syncthing]),
    ] {
        if !shell::succeeds(&[program, probe]) {
            println!("{program} is missing: trying to install it");
            shell::succeeds(&["apt-get", "install", "--yes", "--no-install-recommends", program]);
        }
        if shell::succeeds(&[program, probe]) {
            found.extend(peers);
        } else {
            println!("{program} cannot be had here: it is left out");
        }
    }
    Ok(found)
}
