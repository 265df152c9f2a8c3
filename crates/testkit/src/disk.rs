//! File systems of their own, mounted for the time of a test where that is allowed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::Tree;

/// A file system that is mounted while it is used: in memory, or in a file.
#[derive(Debug)]
pub struct Mounted {
    at: PathBuf,
    device: Option<String>,
    /// Holds the image, and the place where it is mounted; after both in the order of dropping.
    _room: Option<TempDir>,
}

impl Mounted {
    /// Makes one in a file, with the program and the options of `make`, and mounts it with those of `mount`. None, and a
    /// sentence, where that is not possible.
    pub fn image(make: &[&str], mount: &[&str], megabytes: u64) -> Option<Self> {
        let this = Self::made(make, mount, megabytes);
        if this.is_none() {
            skipped(&format!("{} or {} is not possible", make.join(" "), mount.join(" ")));
        }
        this
    }

    fn made(make: &[&str], mount: &[&str], megabytes: u64) -> Option<Self> {
        let room = tempfile::tempdir().ok()?;
        let (image, at) = (room.path().join("image"), room.path().join("at"));
        std::fs::create_dir(&at).ok()?;
        std::fs::File::create(&image).ok()?.set_len(megabytes << 20).ok()?;
        if !quiet(command(make)?.arg(&image)) {
            return None;
        }
        let device = said(Command::new("losetup").args(["--find", "--show"]).arg(&image))?;
        let this = Self { at, device: Some(device), _room: Some(room) };
        quiet(command(mount)?.args(&this.device).arg(&this.at)).then_some(this)
    }

    /// One in memory, with these options of `mount`; none, and a sentence, where that is not possible.
    pub fn memory(options: &str) -> Option<Self> {
        let room = tempfile::tempdir().ok()?;
        let mut this = Self::memory_at(&room.path().join("at"), options)?;
        this._room = Some(room);
        Some(this)
    }

    /// The same at a directory that is made for it.
    pub fn memory_at(at: &Path, options: &str) -> Option<Self> {
        std::fs::create_dir_all(at).ok()?;
        if quiet(Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(at)) {
            return Some(Self { at: at.to_owned(), device: None, _room: None });
        }
        skipped("nothing can be mounted");
        None
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.at
    }

    /// A folder on it.
    ///
    /// # Panics
    /// There is no room for one.
    pub fn folder(&self) -> Tree {
        Tree::in_dir(&self.at)
    }

    /// Mounts it with other options; whether that was possible.
    pub fn remount(&self, options: &str) -> bool {
        quiet(Command::new("mount").args(["-o", &format!("remount,{options}")]).arg(&self.at))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // Whoever still has something open on it may keep it; to others it is gone.
        quiet(Command::new("umount").arg("-l").arg(&self.at));
        if let Some(device) = &self.device {
            quiet(Command::new("losetup").arg("--detach").arg(device));
        }
    }
}

/// A file system with a quota in it that binds everybody.
#[derive(Debug)]
pub struct Limited {
    /// Where the quota holds.
    at: PathBuf,
    _system: Mounted,
}

impl Limited {
    /// One that lets this much (`8M`) be written; none, and a sentence, where that is not possible.
    pub fn to(size: &str) -> Option<Self> {
        let system = Mounted::image(&["mkfs.btrfs", "-q"], &["mount"], 400)?;
        let at = system.path().join("limited");
        let limited = btrfs(&["subvolume", "create"], &at) && btrfs(&["quota", "enable"], system.path());
        let this = Self { at, _system: system };
        if !limited || !this.limit(size) {
            skipped("no quota can be set");
            return None;
        }
        Some(this)
    }

    /// Sets another one (`none`: none at all); whether that was possible.
    pub fn limit(&self, size: &str) -> bool {
        btrfs(&["qgroup", "limit", size], &self.at)
    }

    /// A folder within it.
    ///
    /// # Panics
    /// There is no room for one.
    pub fn folder(&self) -> Tree {
        Tree::in_dir(&self.at)
    }
}

fn btrfs(words: &[&str], at: &Path) -> bool {
    quiet(Command::new("btrfs").args(words).arg(at))
}

/// Forbids, or allows again, every change of a directory's entries or of a file, even to root; whether that was possible.
pub fn immutable(path: &Path, forbidden: bool) -> bool {
    quiet(Command::new("chattr").arg(if forbidden { "+i" } else { "-i" }).arg(path))
}

#[expect(clippy::print_stderr, reason = "a test that is passed over says so")]
fn skipped(why: &str) {
    eprintln!("skipped: {why} here");
}

fn command(words: &[&str]) -> Option<Command> {
    let (program, words) = words.split_first()?;
    let mut command = Command::new(program);
    command.args(words);
    Some(command)
}

/// Whether a command succeeds, whatever it says.
pub fn quiet(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

fn said(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
