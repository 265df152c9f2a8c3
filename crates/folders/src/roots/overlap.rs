//! Whether two directories are one, or one is in the other, whatever their paths say.
//!
//! Ancestors are compared by device and inode, so that no symbolic link hides anything; mounts are compared by what
//! they show of which file system, so that no bind mount does.

use std::ffi::OsString;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fstat, openat};
use rustix::io::Result;

use super::{RootError, RootFault, Roots};
use crate::pair::{Pair, PairSide};
use crate::side::local::LocalSide;

/// A directory, whatever its path: device and inode number.
pub(super) type Identity = (u64, u64);

/// The directories that two sides of a pair must not share.
///
/// # Errors
/// They are the same folder, or one is inside the other: a usage error.
pub fn check_overlap(pair: &Pair, a: &LocalSide, b: &LocalSide) -> std::result::Result<(), RootError> {
    let refused = |side: &PairSide, fault| RootError {
        label: side.label.clone(),
        path: side.path.clone(),
        known: true,
        fault,
    };
    let unreadable = |side, errno: rustix::io::Errno| refused(side, RootFault::Refused(errno.into()));
    let a_line = lineage(a.root()).map_err(|errno| unreadable(&pair.a, errno))?;
    let b_line = lineage(b.root()).map_err(|errno| unreadable(&pair.b, errno))?;
    let (a_own, b_own) = (a_line[0], b_line[0]);
    if a_own == b_own {
        return Err(refused(&pair.b, RootFault::Same));
    }
    if b_line.contains(&a_own) {
        return Err(refused(&pair.b, RootFault::Inside { outer: pair.a.path.clone() }));
    }
    if a_line.contains(&b_own) {
        return Err(refused(&pair.a, RootFault::Inside { outer: pair.b.path.clone() }));
    }
    let mounts = Mounts::read();
    if mounts.meet(&pair.a.path, &pair.b.path) {
        return Err(refused(&pair.b, RootFault::Shares { other: pair.a.path.clone() }));
    }
    Ok(())
}

/// A mirror's target must not be a directory whose loss nobody survives.
pub(super) fn check_mirror_target(
    side: &PairSide,
    root: &LocalSide,
    home_dir: Option<&Path>,
) -> std::result::Result<(), RootError> {
    let refused =
        |fault| RootError { label: side.label.clone(), path: side.path.clone(), known: true, fault };
    let line = lineage(root.root()).map_err(|errno| refused(RootFault::Refused(errno.into())))?;
    if line.len() == 1 {
        return Err(refused(RootFault::MirrorTarget { is: "the root directory" }));
    }
    let home_line = home_dir.and_then(|home| lineage(open(home).ok()?).ok()).unwrap_or_default();
    match home_line.iter().position(|directory| *directory == line[0]) {
        Some(0) => Err(refused(RootFault::MirrorTarget { is: "your home directory" })),
        Some(_) => Err(refused(RootFault::MirrorTarget { is: "a directory that your home directory is in" })),
        None => Ok(()),
    }
}

/// Whether a directory is one of the roots, in one of them, or has one of them in it.
pub(super) fn is_below(other: &OwnedFd, roots: &Roots) -> bool {
    let Ok(other_line) = lineage(other) else { return false };
    [&roots.a, &roots.b].into_iter().any(|side| {
        let line = lineage(side.root()).unwrap_or_default();
        // The very same directory is locked as a side already; a second lock of ours would wait for the first.
        line.first().is_some_and(|own| *own != other_line[0] && other_line.contains(own))
            || line.iter().skip(1).any(|above| *above == other_line[0])
    })
}

fn open(path: &Path) -> Result<OwnedFd> {
    openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
}

/// Which directory it is.
pub(super) fn identity(dir: &OwnedFd) -> Result<Identity> {
    fstat(dir).map(|stat| (stat.st_dev, stat.st_ino))
}

/// A directory and those above it, up to the root; never empty.
fn lineage(dir: impl AsFd) -> Result<Vec<Identity>> {
    let up =
        |fd: &OwnedFd| openat(fd, c"..", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    let mut at = openat(dir, c".", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let mut line = vec![identity(&at)?];
    loop {
        // Above a directory that may not be searched nothing can be known; what is known is compared.
        let Ok(parent) = up(&at) else { return Ok(line) };
        let above = identity(&parent)?;
        if line.last() == Some(&above) {
            return Ok(line);
        }
        line.push(above);
        at = parent;
    }
}

/// What is mounted where, from `/proc/self/mountinfo`. Empty where the system does not tell.
struct Mounts(Vec<Mount>);

struct Mount {
    /// The file system's device number, as text.
    device: Vec<u8>,
    /// What of the file system is shown.
    root: PathBuf,
    /// Where.
    point: PathBuf,
}

impl Mounts {
    fn read() -> Self {
        Self::parse(&std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    fn parse(text: &[u8]) -> Self {
        let mount = |line: &[u8]| {
            // id, parent, device, root, mount point, and more
            let mut words = line.split(|&byte| byte == b' ').skip(2);
            Some(Mount {
                device: words.next()?.to_vec(),
                root: unescaped(words.next()?),
                point: unescaped(words.next()?),
            })
        };
        Self(text.split(|&byte| byte == b'\n').filter_map(mount).collect())
    }

    /// Whether one of two directories, with all that is mounted below it, shows the other or a part above it.
    fn meet(&self, a: &Path, b: &Path) -> bool {
        let (Some(a_own), Some(b_own)) = (self.place(a), self.place(b)) else { return false };
        let meets = |one: &(&[u8], PathBuf), two: &(&[u8], PathBuf)| {
            one.0 == two.0 && (one.1.starts_with(&two.1) || two.1.starts_with(&one.1))
        };
        meets(&a_own, &b_own)
            || self.below(a).any(|mounted| meets(&mounted, &b_own))
            || self.below(b).any(|mounted| meets(&mounted, &a_own))
    }

    /// Where a path is on its file system.
    fn place(&self, path: &Path) -> Option<(&[u8], PathBuf)> {
        // The last of several mounts on one point is the one that shows.
        let mount = self
            .0
            .iter()
            .filter(|mount| path.starts_with(&mount.point))
            .max_by_key(|mount| mount.point.components().count())?;
        Some((&mount.device, mount.root.join(path.strip_prefix(&mount.point).ok()?)))
    }

    fn below<'m>(&'m self, path: &'m Path) -> impl Iterator<Item = (&'m [u8], PathBuf)> {
        let below = self.0.iter().filter(move |mount| mount.point != path && mount.point.starts_with(path));
        below.map(|mount| (&*mount.device, mount.root.clone()))
    }
}

/// Undoes `\040` and the like.
fn unescaped(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match after {
            [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', more @ ..] if byte == b'\\' => {
                bytes.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = more;
            }
            _ => bytes.push(byte),
        }
    }
    PathBuf::from(OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &[u8] = b"\
        22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
        30 22 0:25 / /tmp rw - tmpfs tmpfs rw\n\
        41 22 254:0 /data/photos /mnt/my\\040photos rw - ext4 /dev/vda rw\n\
        42 22 254:0 /srv /data/extra rw - ext4 /dev/vda rw\n\
        43 22 8:1 / /mnt/usb rw - vfat /dev/sda1 rw\n";

    fn meet(a: &str, b: &str) -> bool {
        let mounts = Mounts::parse(MOUNTS);
        let (a, b) = (Path::new(a), Path::new(b));
        assert_eq!(mounts.meet(a, b), mounts.meet(b, a));
        mounts.meet(a, b)
    }

    #[test]
    fn s11_a_bind_mount_hides_no_overlap() {
        assert!(meet("/data", "/mnt/my photos"), "a part of A mounted elsewhere");
        assert!(meet("/data/photos/2020", "/mnt/my photos"));
        assert!(meet("/data", "/srv/x"), "B is in what is mounted in A");
        assert!(meet("/data", "/srv"));
    }

    #[test]
    fn folders_apart_do_not_overlap() {
        assert!(!meet("/data/music", "/mnt/my photos"));
        assert!(!meet("/data", "/mnt/usb"), "another file system");
        assert!(!meet("/home/a", "/home/ab"));
        assert!(!meet("/tmp/a", "/a"), "the same path on another file system");
    }
}
