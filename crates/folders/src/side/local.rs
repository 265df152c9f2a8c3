//! A side that is a folder of this machine.
//!
//! Its root is opened once; everything else happens beneath that descriptor, and no step of a path may be a symbolic
//! link (S8).

mod beneath;
mod clock;
mod create;
mod extras;
mod fs_type;
mod read;
mod volumes;
mod write;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use reconcile::path::Name;
use reconcile::{Extras, FileId, Keep, Kind, Owner, RelPath, Seen, Time};
use rustix::fs::{AtFlags, FileType, Mode, OFlags, Statx, StatxFlags, StatxTimestamp, openat, statx};
use rustix::io::Errno;

use super::{Capabilities, SideError};

pub(crate) use clock::this_machines_time;
use volumes::{Volume, Volumes};
pub use write::LocalWriter;

/// All that a [`Seen`] is made of.
const STATX_MASK: StatxFlags = StatxFlags::TYPE
    .union(StatxFlags::MODE)
    .union(StatxFlags::UID)
    .union(StatxFlags::GID)
    .union(StatxFlags::INO)
    .union(StatxFlags::SIZE)
    .union(StatxFlags::MTIME)
    .union(StatxFlags::CTIME)
    .union(StatxFlags::BTIME);

/// A local folder as a side.
#[derive(Debug)]
pub struct LocalSide {
    root: OwnedFd,
    path: PathBuf,
    capabilities: Capabilities,
    /// What of a status can be relied on tomorrow.
    trust: Trust,
    /// What else is shown.
    keep: Keep,
    volumes: Volumes,
    /// Whether reading without moving the time of the last access was not refused yet.
    no_atime: AtomicBool,
}

/// Which parts of a status a file system keeps for good. The others count as unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Trust {
    /// Inode numbers mean the same file after the next mount.
    ids: bool,
    /// The inode's own change time is stored at all.
    ctime: bool,
    /// Times come from this machine's clock.
    clock: bool,
    /// Whose it is is kept in sync.
    owner: bool,
}

impl LocalSide {
    /// Opens a folder; its last name must not be a symbolic link.
    ///
    /// # Errors
    /// It is missing, no directory, or refused.
    pub fn open(path: &Path) -> Result<Self, SideError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let root = openat(rustix::fs::CWD, path, flags, Mode::empty())
            .map_err(|errno| io_error(&RelPath::root(), "open the folder", errno))?;
        Self::from_root(root, path)
    }

    /// Takes an open directory as the root. `path` is only for messages.
    ///
    /// # Errors
    /// Its file system cannot be asked what it is.
    pub fn from_root(root: OwnedFd, path: &Path) -> Result<Self, SideError> {
        let (capabilities, trust) = fs_type::probe(root.as_fd())
            .map_err(|errno| io_error(&RelPath::root(), "ask for the file system of", errno))?;
        let stat = statx(&root, c"", AtFlags::EMPTY_PATH, StatxFlags::empty())
            .map_err(|errno| io_error(&RelPath::root(), "read the status of", errno))?;
        let volumes = Volumes::new(Volume::of(&stat));
        Ok(Self {
            root,
            path: path.into(),
            capabilities,
            trust,
            keep: Keep::default(),
            volumes,
            no_atime: AtomicBool::new(true),
        })
    }

    /// The root's descriptor.
    pub fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Where the root is, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a directory for listing and for working in.
    pub(crate) fn open_dir(&self, path: &RelPath) -> Result<OwnedFd, SideError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        self.quietly(flags, |flags| beneath::open(self.root(), path.as_bytes(), flags))
            .map_err(|errno| io_error(path, "open the directory", errno))
    }

    /// The same for a directory in one that is open.
    pub(crate) fn open_dir_in(&self, dir: BorrowedFd<'_>, name: &Name) -> rustix::io::Result<OwnedFd> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.quietly(flags, |flags| openat(dir, name, flags, Mode::empty()))
    }

    /// Opens without moving the time of the last access where that is allowed: an idle pair makes no write (S12).
    fn quietly(
        &self,
        flags: OFlags,
        open: impl Fn(OFlags) -> rustix::io::Result<OwnedFd>,
    ) -> rustix::io::Result<OwnedFd> {
        if self.no_atime.load(Ordering::Relaxed) {
            match open(flags | OFlags::NOATIME) {
                // Only owners may: not worth asking for again.
                Err(Errno::PERM) => self.no_atime.store(false, Ordering::Relaxed),
                result => return result,
            }
        }
        open(flags)
    }

    /// The status of one child; none when there is none.
    pub(super) fn look_at(&self, dir: BorrowedFd<'_>, name: &Name) -> rustix::io::Result<Option<Seen>> {
        Ok(self.status(dir, name)?.map(|stat| self.with_attributes(dir, name, self.seen(&stat))))
    }

    fn status(&self, dir: BorrowedFd<'_>, name: impl rustix::path::Arg) -> rustix::io::Result<Option<Statx>> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        match statx(dir, name, flags, STATX_MASK) {
            Ok(stat) => Ok(Some(stat)),
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => Err(errno),
        }
    }

    /// Where an open directory lies.
    fn volume_of(&self, dir: impl AsFd, path: &RelPath) -> Result<Volume, SideError> {
        let stat = statx(dir, c"", AtFlags::EMPTY_PATH, StatxFlags::empty());
        stat.map(|stat| Volume::of(&stat)).map_err(|errno| io_error(path, "read the status of", errno))
    }

    /// The status of what is open, without its attributes.
    pub(super) fn look_at_open(&self, fd: impl AsFd) -> rustix::io::Result<Seen> {
        look_at_open(fd, self.trust)
    }

    fn seen(&self, stat: &Statx) -> Seen {
        seen_of(stat, self.trust)
    }
}

fn look_at_open(fd: impl AsFd, trust: Trust) -> rustix::io::Result<Seen> {
    statx(fd, c"", AtFlags::EMPTY_PATH, STATX_MASK).map(|stat| seen_of(&stat, trust))
}

fn seen_of(stat: &Statx, trust: Trust) -> Seen {
    let kind = match FileType::from_raw_mode(stat.stx_mode.into()) {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Dir,
        FileType::Symlink => Kind::Link,
        _ => Kind::Special,
    };
    let known = |flag: StatxFlags| stat.stx_mask & flag.bits() != 0;
    let birth = if known(StatxFlags::BTIME) { nanos(stat.stx_btime) } else { 0 };
    Seen {
        kind,
        mode: u32::from(stat.stx_mode) & 0o7777,
        size: if matches!(kind, Kind::File | Kind::Link) { stat.stx_size } else { 0 },
        mtime: time(stat.stx_mtime),
        ctime: if trust.ctime { time(stat.stx_ctime) } else { Time::default() },
        id: if trust.ids { FileId { ino: stat.stx_ino, birth } } else { FileId::default() },
        extras: Extras {
            owner: if trust.owner {
                Owner { user: stat.stx_uid, group: stat.stx_gid }
            } else {
                Owner::UNKNOWN
            },
            attributes: 0,
        },
    }
}

fn time(time: StatxTimestamp) -> Time {
    Time { secs: time.tv_sec, nanos: time.tv_nsec }
}

/// Beyond the years 1678 to 2261 a birth is as good as unknown.
fn nanos(time: StatxTimestamp) -> i64 {
    let nanos = time.tv_sec.checked_mul(1_000_000_000).and_then(|n| n.checked_add(i64::from(time.tv_nsec)));
    nanos.unwrap_or(0)
}

/// The system's refusal as a side's error.
pub(super) fn io_error(path: &RelPath, what: &'static str, errno: Errno) -> SideError {
    SideError::Io { path: path.clone(), what, source: errno.into() }
}

/// The same for a child.
pub(super) fn io_error_at(dir: &RelPath, name: &Name, what: &'static str, errno: Errno) -> SideError {
    io_error(&dir.join(name), what, errno)
}
