//! The kernel's watches on directories, with nothing but what is needed here.

use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};

use reconcile::path::Name;
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::Errno;

use super::places::Watch;

/// Every change of a directory's entries, and what ends a watch on it.
const CHANGES: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::ATTRIB)
    .union(WatchFlags::EXCL_UNLINK)
    .union(WatchFlags::ONLYDIR);
/// What a root is watched for besides: that it stays where it is.
const OF_ROOTS: WatchFlags = WatchFlags::DELETE_SELF.union(WatchFlags::MOVE_SELF);

/// Room for events: a few hundred at once.
const BUFFER: usize = 64 * 1024;

/// Watches of one pair.
#[derive(Debug)]
pub(super) struct Inotify(OwnedFd);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// An entry appeared, went, or is not what it was.
    Changed,
    /// A directory appeared.
    DirAppeared,
    /// A directory changed, itself and not its entries.
    DirChanged,
    /// A directory was moved away, or here: both have the same number.
    DirLeft(u32),
    /// See [`DirLeft`](Self::DirLeft).
    DirCame(u32),
    /// The watch is gone, with its directory.
    Ended,
    /// The watched directory itself was removed, renamed or unmounted. Only of roots.
    RootLost,
    /// The kernel could not keep what happened: nobody knows.
    Overflow,
}

impl Inotify {
    /// No watches yet.
    pub(super) fn new() -> Result<Self, Errno> {
        inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).map(Self)
    }

    /// Watches an open directory. The same directory has the same watch, however often it is asked for.
    pub(super) fn add(&self, dir: BorrowedFd<'_>, is_root: bool) -> Result<Watch, Errno> {
        // By its descriptor: a path could have come to mean something else (S8).
        let path = format!("/proc/self/fd/{}", dir.as_raw_fd());
        inotify::add_watch(&self.0, path, if is_root { CHANGES | OF_ROOTS } else { CHANGES })
    }

    /// Watches it no more.
    pub(super) fn remove(&self, watch: Watch) {
        // It may be gone already, with its directory.
        let _ = inotify::remove_watch(&self.0, watch);
    }

    /// Hands over all that has happened, without waiting for more.
    pub(super) fn read(
        &self,
        buffer: &mut Buffer,
        mut each: impl FnMut(Watch, What, &Name),
    ) -> Result<(), Errno> {
        let mut reader = Reader::new(&self.0, &mut buffer.0);
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map_or(&b""[..], |name| name.to_bytes());
                    if let Some(what) = what(event.events(), event.cookie(), name) {
                        each(event.wd(), what, name);
                    }
                }
                Err(Errno::AGAIN) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
}

impl AsFd for Inotify {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Where events are read into.
pub(super) struct Buffer(Box<[MaybeUninit<u8>]>);

impl Buffer {
    pub(super) fn new() -> Self {
        Self(vec![MaybeUninit::uninit(); BUFFER].into())
    }
}

fn what(events: ReadFlags, cookie: u32, name: &Name) -> Option<What> {
    let is_dir = events.contains(ReadFlags::ISDIR);
    Some(if events.contains(ReadFlags::QUEUE_OVERFLOW) {
        What::Overflow
    } else if events.intersects(ReadFlags::UNMOUNT | ReadFlags::DELETE_SELF | ReadFlags::MOVE_SELF) {
        What::RootLost
    } else if events.contains(ReadFlags::IGNORED) {
        What::Ended
    } else if name.is_empty() {
        // The directory itself: told by the one it is in.
        return None;
    } else if !is_dir {
        What::Changed
    } else if events.contains(ReadFlags::CREATE) {
        What::DirAppeared
    } else if events.contains(ReadFlags::MOVED_FROM) {
        What::DirLeft(cookie)
    } else if events.contains(ReadFlags::MOVED_TO) {
        What::DirCame(cookie)
    } else if events.contains(ReadFlags::DELETE) {
        What::Changed
    } else {
        What::DirChanged
    })
}
