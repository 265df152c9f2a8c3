//! The writing half of a local folder: everything is named relative to an open directory beneath the root (S8).

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use reconcile::path::Name;
use reconcile::{Kind, RelPath, Seen, Time};
use rustix::fs::{AtFlags, Mode, OFlags, RawDir, RenameFlags, Timespec, Timestamps, UTIME_OMIT};
use rustix::io::Errno;

use super::create::{self, Ways, mode_bits};
use super::{LocalSide, io_error, io_error_at};
use crate::side::extras::{ExtraValues, Given};
use crate::side::names::{TempName, same_but_spelling};
use crate::side::write::{Clock, NewFile, Rename, Room, Watch, WriteDir, WriteSide};
use crate::side::{Capabilities, Content, ReadDir, ReadSide, SideError};

/// A local folder with permission to change it. Made from the side that planning read, once a plan is to be carried out.
#[derive(Debug)]
pub struct LocalWriter {
    side: Arc<LocalSide>,
    found: Arc<Found>,
}

/// What was found out about the file system while working on it; each refusal is met once.
#[derive(Debug)]
struct Found {
    ways: Ways,
    /// `renameat2` with `RENAME_NOREPLACE`.
    no_replace: AtomicBool,
    /// `renameat2` with `RENAME_EXCHANGE`.
    exchange: AtomicBool,
    held: Mutex<Held>,
}

/// The file systems beneath the root, open by a directory of each; none where it cannot be opened.
type Held = BTreeMap<u64, Option<(RelPath, OwnedFd)>>;

impl LocalWriter {
    /// Takes the permission to write.
    pub fn new(side: Arc<LocalSide>) -> Self {
        let found = Found {
            ways: Ways::new(side.capabilities()),
            no_replace: AtomicBool::new(true),
            exchange: AtomicBool::new(true),
            held: Mutex::default(),
        };
        Self { side, found: Arc::new(found) }
    }

    /// Opens what planning met beneath the root as long as the paths are still those: moving things changes them.
    fn hold(&self) -> MutexGuard<'_, Held> {
        let mut held = self.found.held.lock().unwrap_or_else(PoisonError::into_inner);
        for (volume, path) in self.side.volumes.beneath() {
            // What cannot be opened is unmounted by now or closed to us: we neither read nor write there.
            held.entry(volume.device).or_insert_with(|| {
                let dir = self.side.open_dir(&path).ok()?;
                (self.side.volume_of(&dir, &path).ok()? == volume).then_some((path, dir))
            });
        }
        held
    }
}

#[cfg(test)]
impl LocalWriter {
    /// As on a file system that knows no flags of rename.
    pub(crate) fn without_flags(self) -> Self {
        self.found.no_replace.store(false, Ordering::Relaxed);
        self.found.exchange.store(false, Ordering::Relaxed);
        self
    }
}

impl ReadSide for LocalWriter {
    /// Whether names can be exchanged takes a try; until one was refused they are said to be.
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            exchange: self.found.exchange.load(Ordering::Relaxed),
            no_replace: self.found.no_replace.load(Ordering::Relaxed),
            ..self.side.capabilities()
        }
    }

    fn dir(&self, path: &RelPath) -> Result<Box<dyn ReadDir + '_>, SideError> {
        self.side.dir(path)
    }
}

impl WriteSide for LocalWriter {
    fn folder(&self, path: &RelPath) -> Result<Box<dyn WriteDir>, SideError> {
        let fd = self.side.open_dir(path)?;
        let volume = self.side.volume_of(&fd, path)?;
        self.side.volumes.meet(volume, || path.clone());
        drop(self.hold());
        Ok(Box::new(Folder {
            side: Arc::clone(&self.side),
            found: Arc::clone(&self.found),
            fd,
            path: path.clone(),
        }))
    }

    fn flush(&self, flushed: &mut BTreeSet<u64>) -> Result<(), SideError> {
        let mut sync = |device, dir: BorrowedFd<'_>, path: &RelPath| {
            if !flushed.insert(device) {
                return Ok(());
            }
            rustix::fs::syncfs(dir).map_err(|errno| io_error(path, "make the changes durable", errno))
        };
        sync(self.side.volumes.root().device, self.side.root(), &RelPath::root())?;
        for (device, held) in &*self.hold() {
            if let Some((path, dir)) = held {
                sync(*device, dir.as_fd(), path)?;
            }
        }
        Ok(())
    }

    fn top_of(&self, dir: &RelPath) -> Result<RelPath, SideError> {
        // Opened for writing before anything in it is renamed, so its file system was met.
        if self.side.volumes.beneath().is_empty() {
            return Ok(RelPath::root());
        }
        let open = self.side.open_dir(dir)?;
        let volume = self.side.volume_of(&open, dir)?;
        let mut top = dir.clone();
        while let Some((above, _)) = top.split() {
            let open = self.side.open_dir(&above)?;
            if self.side.volume_of(&open, &above)? != volume {
                break;
            }
            top = above;
        }
        Ok(top)
    }

    fn tops(&self) -> Vec<RelPath> {
        let beneath = self.side.volumes.beneath().into_iter();
        let beneath = beneath.filter_map(|(_, path)| self.top_of(&path).ok());
        std::iter::once(RelPath::root()).chain(beneath.filter(|top| !top.is_root())).collect()
    }

    fn room(&self) -> Result<Room, SideError> {
        let stat = rustix::fs::fstatvfs(self.side.root())
            .map_err(|errno| io_error(&RelPath::root(), "ask for the free space", errno))?;
        Ok(Room {
            bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
            // File systems without a table of inodes say zero in all.
            files: (stat.f_files > 0).then_some(stat.f_favail),
            read_only: stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
        })
    }

    fn clock(&self, temp: Option<&Name>) -> Option<Clock> {
        self.side.clock(temp)
    }
}

/// One open directory.
pub(super) struct Folder {
    side: Arc<LocalSide>,
    found: Arc<Found>,
    pub(super) fd: OwnedFd,
    pub(super) path: RelPath,
}

impl WriteDir for Folder {
    fn path(&self) -> &RelPath {
        &self.path
    }

    fn look(&self, name: &Name) -> Result<Option<Seen>, SideError> {
        self.side.look_at(self.fd(), name).map_err(self.failed(name, "read the status of"))
    }

    fn temps(&self) -> Result<Vec<TempName>, SideError> {
        let mut buffer = Vec::with_capacity(32 * 1024);
        let mut temps = Vec::new();
        let mut read = || -> Result<(), Errno> {
            rustix::fs::seek(&self.fd, rustix::fs::SeekFrom::Start(0))?;
            let mut entries = RawDir::new(&self.fd, buffer.spare_capacity_mut());
            while let Some(entry) = entries.next() {
                temps.extend(TempName::parse(entry?.file_name().to_bytes()));
            }
            Ok(())
        };
        read().map_err(|errno| io_error(&self.path, "list the directory", errno))?;
        Ok(temps)
    }

    fn create_file(
        &self,
        new: NewFile<'_>,
        source: &mut dyn Content,
        watch: &mut Watch<'_>,
    ) -> Result<Seen, SideError> {
        create::Place { side: &self.side, dir: self.fd(), at: &self.path, ways: &self.found.ways }
            .create_file(new, source, watch)
    }

    fn create_link(&self, name: &Name, target: &[u8], like: &Seen) -> Result<Seen, SideError> {
        with_door_open(self.fd(), || rustix::fs::symlinkat(target, self.fd(), name))
            .map_err(self.failed(name, "create the link"))?;
        let made = self.set_times(name, like.mtime).and_then(|()| self.must_look(name));
        made.inspect_err(|_| {
            let _ = rustix::fs::unlinkat(self.fd(), name, AtFlags::empty());
        })
    }

    fn create_dir(&self, name: &Name, mode: u32) -> Result<Box<dyn WriteDir>, SideError> {
        with_door_open(self.fd(), || rustix::fs::mkdirat(self.fd(), name, mode_bits(mode & 0o777 | 0o700)))
            .map_err(self.failed(name, "create the directory"))?;
        let fd = self.side.open_dir_in(self.fd(), name).map_err(|errno| {
            let _ = rustix::fs::unlinkat(self.fd(), name, AtFlags::REMOVEDIR);
            self.failed(name, "open the directory")(errno)
        })?;
        // On the file system of the one it is in, which was met when that was opened.
        let (side, found) = (Arc::clone(&self.side), Arc::clone(&self.found));
        Ok(Box::new(Self { side, found, fd, path: self.path.join(name) }))
    }

    fn finish(&self, like: &Seen) -> Result<Seen, SideError> {
        let failed = |what| move |errno| io_error(&self.path, what, errno);
        rustix::fs::futimens(self.fd(), &timestamps(like.mtime)).map_err(failed("set the time"))?;
        let seen = self.here()?;
        // A directory inherits bits from its parent: what creating it gave is only known by asking.
        if seen.mode == like.mode || !self.side.capabilities().permissions {
            return Ok(seen);
        }
        where_supported(rustix::fs::fchmod(self.fd(), mode_bits(like.mode)))
            .map_err(failed("set the permissions"))?;
        self.here()
    }

    fn here(&self) -> Result<Seen, SideError> {
        let seen = self.side.look_at_open(self.fd());
        seen.map(|seen| self.side.with_attributes(self.fd(), b".", seen))
            .map_err(|errno| io_error(&self.path, "read the status of", errno))
    }

    fn set_meta(
        &self,
        name: &Name,
        kind: Kind,
        mode: Option<u32>,
        mtime: Option<Time>,
    ) -> Result<Seen, SideError> {
        if let Some(mode) = mode.filter(|_| self.keeps_mode(kind)) {
            self.change_mode(name, kind, mode)?;
        }
        if let Some(mtime) = mtime {
            self.set_times(name, mtime)?;
        }
        self.must_look(name)
    }

    fn extras(&self, name: &Name) -> Result<ExtraValues, SideError> {
        self.side.extras(self.fd(), name).map_err(self.failed(name, "read the owner and the attributes of"))
    }

    fn set_extras(
        &self,
        name: &Name,
        kind: Kind,
        values: &ExtraValues,
        mode: Option<u32>,
    ) -> Result<Given, SideError> {
        self.give(name, kind, values, mode)
    }

    fn rename(&self, name: &Name, target: &dyn WriteDir, to: &Name, how: Rename) -> Result<(), SideError> {
        let Some(into) = target.handle() else {
            return Err(self.failed(name, "move across sides")(Errno::XDEV));
        };
        let rename =
            || with_door_open(into, || with_door_open(self.fd(), || self.rename_as(name, into, to, how)));
        match rename() {
            // A directory that is moved is written to as well: its way up changes.
            Err(Errno::ACCESS) => match self.open_child(name) {
                Ok(child) => with_door_open(child.as_fd(), rename),
                Err(_) => Err(Errno::ACCESS),
            },
            answer => answer,
        }
        .map_err(self.failed(name, "rename"))
    }

    fn remove(&self, name: &Name, kind: Kind) -> Result<(), SideError> {
        let flags = if kind == Kind::Dir { AtFlags::REMOVEDIR } else { AtFlags::empty() };
        with_door_open(self.fd(), || rustix::fs::unlinkat(self.fd(), name, flags))
            .map_err(self.failed(name, "remove"))
    }

    fn handle(&self) -> Option<BorrowedFd<'_>> {
        Some(self.fd())
    }
}

impl Folder {
    /// The mode of a link means nothing, and some file systems keep none: what they have then counts as agreed.
    pub(super) fn keeps_mode(&self, kind: Kind) -> bool {
        kind != Kind::Link && self.side.capabilities().permissions
    }

    pub(super) fn change_mode(&self, name: &Name, kind: Kind, mode: u32) -> Result<(), SideError> {
        where_supported(self.set_mode(name, kind, mode_bits(mode)))
            .map_err(self.failed(name, "set the permissions of"))
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn failed<'a>(&'a self, name: &'a Name, what: &'static str) -> impl FnOnce(Errno) -> SideError + use<'a> {
        move |errno| io_error_at(&self.path, name, what, errno)
    }

    pub(super) fn must_look(&self, name: &Name) -> Result<Seen, SideError> {
        self.look(name)?.ok_or_else(|| SideError::Changed { path: self.path.join(name) })
    }

    fn set_times(&self, name: &Name, mtime: Time) -> Result<(), SideError> {
        rustix::fs::utimensat(self.fd(), name, &timestamps(mtime), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(self.failed(name, "set the time of"))
    }

    /// By a handle, since changing a mode by name follows links (S8).
    pub(super) fn set_mode(&self, name: &Name, kind: Kind, mode: Mode) -> Result<(), Errno> {
        let mut flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        if kind == Kind::Dir {
            flags |= OFlags::DIRECTORY;
        }
        match rustix::fs::openat(self.fd(), name, flags, Mode::empty()) {
            Ok(file) => rustix::fs::fchmod(file, mode),
            // Our own file that we may not read: its entry in /proc stands for the very object, whatever its name is.
            Err(Errno::ACCESS) => {
                let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
                let object = rustix::fs::openat(self.fd(), name, flags, Mode::empty())?;
                if self.side.look_at_open(&object)?.kind == Kind::Link {
                    return Err(Errno::LOOP);
                }
                rustix::fs::chmod(format!("/proc/self/fd/{}", object.as_raw_fd()), mode)
            }
            Err(errno) => Err(errno),
        }
    }

    fn open_child(&self, name: &Name) -> Result<OwnedFd, Errno> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        rustix::fs::openat(self.fd(), name, flags, Mode::empty())
    }

    fn rename_as(&self, name: &Name, into: BorrowedFd<'_>, to: &Name, how: Rename) -> Result<(), Errno> {
        match how {
            Rename::NoReplace => self.rename_no_replace(name, into, to),
            Rename::Exchange if !self.found.exchange.load(Ordering::Relaxed) => Err(Errno::OPNOTSUPP),
            Rename::Exchange => rustix::fs::renameat_with(self.fd(), name, into, to, RenameFlags::EXCHANGE)
                .inspect_err(|&errno| {
                    if is_unsupported(errno) {
                        self.found.exchange.store(false, Ordering::Relaxed);
                    }
                }),
        }
    }

    fn rename_no_replace(&self, name: &Name, into: BorrowedFd<'_>, to: &Name) -> Result<(), Errno> {
        if self.found.no_replace.load(Ordering::Relaxed) {
            match rustix::fs::renameat_with(self.fd(), name, into, to, RenameFlags::NOREPLACE) {
                Err(Errno::EXIST) if self.is_respelling(name, into, to)? => {
                    return self.respell(name, to);
                }
                Err(errno) if is_unsupported(errno) => self.found.no_replace.store(false, Ordering::Relaxed),
                answer => return answer,
            }
        }
        self.rename_by_link(name, into, to)
    }

    /// Whether what is in the way is the very thing that is to be renamed: where cases are not told apart, its new
    /// spelling finds it too. Told by the names that are listed, since not every file system has numbers to be trusted.
    fn is_respelling(&self, name: &Name, into: BorrowedFd<'_>, to: &Name) -> Result<bool, Errno> {
        if !same_but_spelling(name, to) {
            return Ok(false);
        }
        let (old, new) = (rustix::fs::fstat(self.fd())?, rustix::fs::fstat(into)?);
        if (old.st_dev, old.st_ino) != (new.st_dev, new.st_ino) {
            return Ok(false);
        }
        let spelled = self.spelled_like(to)?;
        Ok(spelled.len() == 1 && spelled[0] == name)
    }

    /// The names in this directory that are this one, or only spelled otherwise.
    fn spelled_like(&self, name: &Name) -> Result<Vec<Vec<u8>>, Errno> {
        let dir = self.open_child(b".")?;
        let mut buffer = Vec::with_capacity(32 * 1024);
        let mut entries = RawDir::new(&dir, buffer.spare_capacity_mut());
        let mut found = Vec::new();
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let listed = entry.file_name().to_bytes();
            if listed == name || same_but_spelling(listed, name) {
                found.push(listed.to_vec());
            }
        }
        Ok(found)
    }

    /// Gives the name that a directory has for something another spelling. Where both are one name to the kernel it takes
    /// that for no change, and does nothing; then it goes by way of a third name. That is no temporary one of ours: a run
    /// that is killed between the two leaves the person's thing where it is seen, and kept.
    fn respell(&self, name: &Name, to: &Name) -> Result<(), Errno> {
        rustix::fs::renameat(self.fd(), name, self.fd(), to)?;
        if !self.spelled_like(to)?.iter().any(|listed| listed == name) {
            return Ok(());
        }
        let aside =
            format!("renamed-{:x}", rustix::fs::statat(self.fd(), name, AtFlags::SYMLINK_NOFOLLOW)?.st_ino);
        if self.side.look_at(self.fd(), aside.as_bytes())?.is_some() {
            return Err(Errno::EXIST);
        }
        rustix::fs::renameat(self.fd(), name, self.fd(), aside.as_str())?;
        rustix::fs::renameat(self.fd(), aside.as_str(), self.fd(), to).inspect_err(|_| {
            // Should that be refused as well, it has at least a name.
            let _ = rustix::fs::renameat(self.fd(), aside.as_str(), self.fd(), name);
        })
    }

    /// Without the flag a second name does the same for files and links: making it fails where something is. A
    /// directory has but one name; for it there is a look, and a plain rename replaces at worst an empty directory.
    fn rename_by_link(&self, name: &Name, into: BorrowedFd<'_>, to: &Name) -> Result<(), Errno> {
        let seen = self.side.look_at(self.fd(), name)?.ok_or(Errno::NOENT)?;
        if same_but_spelling(name, to)
            && self.side.look_at(into, to)?.is_some()
            && self.is_respelling(name, into, to)?
        {
            return self.respell(name, to);
        }
        if seen.kind != Kind::Dir {
            match rustix::fs::linkat(self.fd(), name, into, to, AtFlags::empty()) {
                Ok(()) => return rustix::fs::unlinkat(self.fd(), name, AtFlags::empty()),
                // FAT and its like have no second names.
                Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS | Errno::MLINK) => {}
                Err(errno) => return Err(errno),
            }
        }
        match self.side.look_at(into, to)? {
            None => rustix::fs::renameat(self.fd(), name, into, to),
            Some(_) => Err(Errno::EXIST),
        }
    }
}

/// Does something in a directory that is closed to writing, and is our own: opened for that moment, and closed again. The
/// directory is no less protected for it than it is on the other side, where the change came from.
pub(super) fn with_door_open<T>(
    dir: BorrowedFd<'_>,
    work: impl Fn() -> Result<T, Errno>,
) -> Result<T, Errno> {
    const DOOR: u32 = 0o300;
    let mut answer = work();
    // Another thread may be closing the same door just now.
    for _ in 0..8 {
        if !matches!(answer, Err(Errno::ACCESS)) {
            break;
        }
        let mode = rustix::fs::fstat(dir)?.st_mode & 0o7777;
        if mode & DOOR == DOOR {
            answer = work();
            continue;
        }
        if rustix::fs::fchmod(dir, mode_bits(mode | DOOR)).is_err() {
            break;
        }
        answer = work();
        rustix::fs::fchmod(dir, mode_bits(mode))?;
    }
    answer
}

/// Some file systems in user space have no notion of permissions, and say so only when asked to set them.
pub(super) fn where_supported(set: Result<(), Errno>) -> Result<(), Errno> {
    match set {
        Err(Errno::NOSYS | Errno::OPNOTSUPP) => Ok(()),
        set => set,
    }
}

/// `mtime` as the system takes it; the time of the last access stays.
pub(super) fn timestamps(mtime: Time) -> Timestamps {
    Timestamps {
        last_access: Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT },
        last_modification: Timespec { tv_sec: mtime.secs, tv_nsec: i64::from(mtime.nanos) },
    }
}

fn is_unsupported(errno: Errno) -> bool {
    matches!(errno, Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)
}
