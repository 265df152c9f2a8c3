//! The programs that are measured, ours among them.

use std::path::Path;

use anyhow::Result;

use super::measure::Job;
use crate::shell;

/// A program that brings B to A's state, or both to each other's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    Instep,
    Rsync,
    Cp,
    Unison,
    RcloneSync,
    Bisync,
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
            Self::Floor => "floor",
        }
    }

    /// Whether it carries changes of both sides.
    pub(crate) fn both_ways(self) -> bool {
        matches!(self, Self::Instep | Self::Unison | Self::Bisync)
    }

    /// The command that synchronizes `a` and `b`. `state` is a directory of its own for what it must remember.
    pub(crate) fn job(self, a: &Path, b: &Path, state: &Path, first: bool) -> Job {
        let (a, b) = (a.display().to_string(), b.display().to_string());
        match self {
            Self::Instep => {
                let ours = shell::root().join("target/release/instep").display().to_string();
                // Conflicts are left open (5): that is the default.
                Job::new(&[&ours, "sync", &a, &b, "--yes", "-q"]).env("INSTEP_HOME", state).good(&[5])
            }
            Self::Rsync => Job::new(&["rsync", "-a", &format!("{a}/"), &format!("{b}/")]),
            Self::Cp => Job::new(&["cp", "-a", &format!("{a}/."), &b]),
            Self::Unison => {
                let words = ["unison", &a, &b, "-ui", "text", "-batch", "-auto", "-times", "-silent"];
                let conflicts = ["-prefer", "newer", "-copyonconflict", "-confirmbigdel=false"];
                Job::new(&[&words[..], &conflicts[..]].concat()).env("UNISON", state).good(&[1])
            }
            Self::RcloneSync => {
                Job::new(&["rclone", "sync", "--links", &a, &b]).env("XDG_CONFIG_HOME", state)
            }
            Self::Bisync => {
                let mut words = vec!["rclone", "bisync", "--links", &a, &b];
                words.extend(first.then_some("--resync"));
                // It takes the renamed directory for many deletions.
                words.push("--force");
                Job::new(&words).env("XDG_CONFIG_HOME", state).env("XDG_CACHE_HOME", state)
            }
            Self::Floor => floor("copy", &[&a, &b]),
        }
    }
}

/// The bare system calls as a program.
pub(crate) fn floor(what: &str, places: &[&str]) -> Job {
    let me = std::env::current_exe().map(|path| path.display().to_string()).unwrap_or_default();
    Job::new(&[&[me.as_str(), "bench", "floor", what], places].concat())
}

/// The peers that are on this machine; missing ones are installed where that is possible (as root, on Debian).
pub(crate) fn find() -> Result<Vec<Peer>> {
    let mut found = vec![Peer::Instep, Peer::Cp];
    for (program, probe, peers) in [
        ("rsync", "--version", &[Peer::Rsync][..]),
        ("unison", "-version", &[Peer::Unison]),
        ("rclone", "version", &[Peer::RcloneSync, Peer::Bisync]),
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
