//! Fresh file systems: each run that writes much gets one of its own, made in a file and thrown away whole.
//!
//! Emptying a directory instead would ruin the next figure: ext4 steps round inodes that were freed in the last minutes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::shell;

/// An ext4 file system in a file, or a plain directory where nothing can be mounted.
#[derive(Debug)]
pub(crate) struct Disk {
    image: PathBuf,
    at: PathBuf,
    mounted: bool,
}

impl Disk {
    /// Makes one that holds so many MiB and so many files.
    pub(crate) fn new(place: &Path, name: &str, mib: u64, files: u64) -> Result<Self> {
        let (image, at) = (place.join(format!("{name}.ext4")), place.join(name));
        fs::create_dir_all(&at).with_context(|| format!("cannot create {}", at.display()))?;
        let mut disk = Self { mounted: false, image, at };
        // The journal and what ext4 itself takes come on top.
        fs::File::create(&disk.image)?.set_len((mib + mib / 8 + 256) << 20)?;
        let (image, at) = (disk.image.display().to_string(), disk.at.display().to_string());
        let inodes = (files + files / 8 + 20_000).to_string();
        let whole = "lazy_itable_init=0,lazy_journal_init=0";
        disk.mounted = shell::succeeds(&["mkfs.ext4", "-q", "-F", "-E", whole, "-N", &inodes, &image])
            && mount(&image, &at);
        if !disk.mounted {
            fs::remove_file(&disk.image)?;
        }
        Ok(disk)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.at
    }

    /// Whether it is a file system of its own.
    pub(crate) fn is_fresh(&self) -> bool {
        self.mounted
    }
}

/// Mounts a file system that is in a file. Its blocks go past the cache of the one that the file is in, as to a disk: else
/// each would be copied once more, and kept in memory twice.
fn mount(image: &str, at: &str) -> bool {
    let Ok(device) = shell::output(&["losetup", "--find", "--show", "--direct-io=on", image]) else {
        return shell::succeeds(&["mount", "-o", "loop", image, at]);
    };
    let device = device.trim();
    let mounted = shell::succeeds(&["mount", device, at]);
    // It goes with the last that uses it.
    shell::succeeds(&["losetup", "--detach", device]);
    mounted
}

impl Drop for Disk {
    fn drop(&mut self) {
        if self.mounted {
            // Twice: a helper of some program may be about to leave.
            let at = self.at.display().to_string();
            let _ = shell::succeeds(&["umount", &at]) || shell::succeeds(&["umount", "-l", &at]);
            let _ = fs::remove_file(&self.image);
            let _ = fs::remove_dir(&self.at);
        } else {
            let _ = fs::remove_dir_all(&self.at);
        }
    }
}

/// Writes back what is dirty and waits for the disks to become quiet, so that no run carries what another left to the
/// kernel: a thrown away file system is discarded in the background for seconds.
pub(crate) fn settle() {
    const QUIET: Duration = Duration::from_millis(300);
    const PATIENCE: Duration = Duration::from_secs(10);
    // Twice: the first time a file system in a file may be written after the one that the file is in.
    rustix::fs::sync();
    rustix::fs::sync();
    let begun = Instant::now();
    let mut before = traffic();
    while begun.elapsed() < PATIENCE {
        thread::sleep(QUIET);
        let now = traffic();
        if now == before {
            return;
        }
        before = now;
    }
}

/// What the disks have done so far; nothing where the system does not tell.
fn traffic() -> String {
    fs::read_to_string("/proc/diskstats").unwrap_or_default()
}

/// Reads all files of a tree into the cache: some programs (rclone) tell the kernel to forget what they have read, and
/// whoever comes next would have to fetch it from the disk.
pub(crate) fn warm(tree: &Path) -> Result<()> {
    let find = ["find", &tree.display().to_string(), "-type", "f", "-exec", "cat", "--", "{}", "+"];
    let status = shell::command(&find).stdout(Stdio::null()).status().context("cannot start find")?;
    ensure!(status.success(), "{} could not be read whole", tree.display());
    Ok(())
}

/// Empties the caches; tells whether that is allowed.
pub(crate) fn forget() -> bool {
    settle();
    fs::write("/proc/sys/vm/drop_caches", "3").is_ok()
}
