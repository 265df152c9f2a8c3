//! Opening beneath a directory: no step of the path may be a symbolic link, and none leads out (S8).

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::{Errno, Result};

/// The kernel takes paths of less than 4,096 bytes; longer ones are opened in stages.
const STAGE: usize = 4000;

const STEP: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Whether the kernel is too old for `openat2`, or a sandbox refuses it.
static STEP_BY_STEP: AtomicBool = AtomicBool::new(false);

/// Opens `path` (names joined by slashes; empty for the directory itself) beneath `root`.
pub(super) fn open(root: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let mut path = path;
    let mut stage: Option<OwnedFd> = None;
    while path.len() > STAGE {
        // A name has at most 255 bytes, so there is a slash.
        let slash = path[..STAGE].iter().rposition(|&byte| byte == b'/').ok_or(Errno::NAMETOOLONG)?;
        stage = Some(open_stage(stage.as_ref().map_or(root, AsFd::as_fd), &path[..slash], STEP)?);
        path = &path[slash + 1..];
    }
    let path = if path.is_empty() { b"." } else { path };
    open_stage(stage.as_ref().map_or(root, AsFd::as_fd), path, flags)
}

fn open_stage(dir: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    if !STEP_BY_STEP.load(Ordering::Relaxed) {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
        match openat2(dir, path, flags, Mode::empty(), resolve) {
            Err(Errno::NOSYS) => STEP_BY_STEP.store(true, Ordering::Relaxed),
            // Some sandboxes answer calls they do not know with this; if it is meant, the other way says so too.
            Err(Errno::PERM) if !flags.contains(OFlags::NOATIME) => {}
            result => return result,
        }
    }
    step_by_step(dir, path, flags)
}

/// The same without the kernel's help: one `openat` for each name, none through a link.
fn step_by_step(dir: BorrowedFd<'_>, path: &[u8], flags: OFlags) -> Result<OwnedFd> {
    let mut names = path.split(|&byte| byte == b'/');
    let last = names.next_back().unwrap_or(b".");
    let mut here: Option<OwnedFd> = None;
    for name in names {
        here = Some(openat(here.as_ref().map_or(dir, AsFd::as_fd), name, STEP, Mode::empty())?);
    }
    openat(here.as_ref().map_or(dir, AsFd::as_fd), last, flags | OFlags::NOFOLLOW, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::os::unix::fs::symlink;

    use super::*;

    const DIR: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

    #[test]
    fn s8_no_step_goes_through_a_link_with_or_without_the_kernels_help() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("in/side")).unwrap();
        fs::create_dir(dir.path().join("out")).unwrap();
        symlink("../out", dir.path().join("in/link")).unwrap();
        symlink("side", dir.path().join("in/inner")).unwrap();
        let root = File::open(dir.path().join("in")).unwrap();
        for open in [open_stage, step_by_step] {
            assert!(open(root.as_fd(), b"side", DIR).is_ok());
            assert!(open(root.as_fd(), b"link", DIR).is_err());
            assert!(open(root.as_fd(), b"inner", DIR).is_err());
            assert!(open(root.as_fd(), b"link/x", DIR).is_err());
        }
    }

    #[test]
    fn a_path_longer_than_the_kernel_takes_is_opened_in_stages() {
        let dir = tempfile::tempdir().unwrap();
        let root = File::open(dir.path()).unwrap();
        let name = [b'n'; 200];
        let mut at = root.as_fd().try_clone_to_owned().unwrap();
        for _ in 0..50 {
            rustix::fs::mkdirat(&at, &name[..], Mode::RWXU).unwrap();
            at = openat(&at, &name[..], DIR, Mode::empty()).unwrap();
        }
        let path = vec![&name[..]; 50].join(&b'/');
        assert!(path.len() > 10_000);
        let deep = open(root.as_fd(), &path, DIR).unwrap();
        let ino = |fd: OwnedFd| rustix::fs::fstat(fd).unwrap().st_ino;
        assert_eq!(ino(deep), ino(at));
    }
}
