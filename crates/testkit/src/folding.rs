//! A file system in memory, mounted for the time of a test, that takes several names for one: as those of other systems
//! do, which this machine may not know how to mount.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags,
    Generation, INodeNo, IoctlFlags, LockOwner, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate, ReplyData,
    ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyIoctl, ReplyOpen, ReplyStatfs, ReplyWrite, Request,
    TimeOrNow, WriteFlags,
};
use icu_normalizer::DecomposingNormalizerBorrowed;
use tempfile::TempDir;

/// Which names are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folds {
    /// `readme` and `README`.
    Case,
    /// An accented letter, and the letter followed by its accent.
    Composition,
}

impl Folds {
    fn key(self, name: &OsStr) -> Vec<u8> {
        let text = String::from_utf8_lossy(name.as_bytes());
        match self {
            Self::Case => text.to_lowercase(),
            Self::Composition => DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned(),
        }
        .into_bytes()
    }
}

/// One that is mounted; unmounted when dropped.
#[derive(Debug)]
pub struct Folding {
    // Before the directory it is mounted on.
    _session: BackgroundSession,
    at: TempDir,
}

impl Folding {
    /// Mounts an empty one that keeps to itself what it does with names.
    ///
    /// # Errors
    /// Nothing can be mounted here.
    pub fn mount(folds: Folds) -> io::Result<Self> {
        Self::new(folds, false)
    }

    /// Mounts an empty one whose directories say that they take several names for one, as those of ext4 do.
    ///
    /// # Errors
    /// Nothing can be mounted here.
    pub fn mount_saying_so(folds: Folds) -> io::Result<Self> {
        Self::new(folds, true)
    }

    fn new(folds: Folds, says_so: bool) -> io::Result<Self> {
        let at = tempfile::tempdir()?;
        let disk = Folded { disk: Mutex::new(Disk::new(folds)), says_so };
        let session = fuser::spawn_mount(disk, at.path(), &Config::default())?;
        Ok(Self { _session: session, at })
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.at.path()
    }
}

/// Nothing is remembered by the kernel: it knows nothing of names that are one.
const ASK_AGAIN: Duration = Duration::ZERO;
const BLOCK: u32 = 4096;

/// `FS_IOC_GETFLAGS`, with the size of its answer in it.
const GET_FLAGS: u32 = 0x8008_6601;
/// `FS_CASEFOLD_FL`.
const CASEFOLD: u32 = 0x4000_0000;

type Answer<T> = Result<T, Errno>;

/// By what names come to: each as it was spelled, and its node.
type Names = BTreeMap<Vec<u8>, (Vec<u8>, u64)>;

#[derive(Debug, Clone)]
enum Body {
    File(Vec<u8>),
    Link(Vec<u8>),
    Dir(Names),
}

#[derive(Debug, Clone)]
struct Node {
    body: Body,
    mode: u16,
    mtime: SystemTime,
    ctime: SystemTime,
}

struct Disk {
    folds: Folds,
    /// The number of a node is its place; none is given twice.
    nodes: Vec<Node>,
}

impl Disk {
    fn new(folds: Folds) -> Self {
        let unused = Self::node(Body::File(Vec::new()), 0);
        Self { folds, nodes: vec![unused, Self::node(Body::Dir(Names::new()), 0o755)] }
    }

    fn node(body: Body, mode: u32) -> Node {
        let now = SystemTime::now();
        Node { body, mode: (mode & 0o7777) as u16, mtime: now, ctime: now }
    }

    fn get(&mut self, number: u64) -> Answer<&mut Node> {
        self.nodes.get_mut(number as usize).ok_or(Errno::ENOENT)
    }

    fn names(&mut self, dir: u64) -> Answer<&mut Names> {
        let node = self.get(dir)?;
        match &mut node.body {
            Body::Dir(names) => Ok(names),
            _ => Err(Errno::ENOTDIR),
        }
    }

    /// For a change: the directory's times move.
    fn names_mut(&mut self, dir: u64) -> Answer<&mut Names> {
        let now = SystemTime::now();
        let node = self.get(dir)?;
        (node.mtime, node.ctime) = (now, now);
        self.names(dir)
    }

    fn find(&mut self, dir: u64, name: &OsStr) -> Answer<u64> {
        let key = self.folds.key(name);
        self.names(dir)?.get(&key).map(|(_, number)| *number).ok_or(Errno::ENOENT)
    }

    fn attr(&mut self, number: u64) -> Answer<FileAttr> {
        let Node { body, mode, mtime, ctime } = self.get(number)?.clone();
        let (kind, size) = match body {
            Body::File(bytes) => (FileType::RegularFile, bytes.len()),
            Body::Link(bytes) => (FileType::Symlink, bytes.len()),
            Body::Dir(_) => (FileType::Directory, 0),
        };
        Ok(FileAttr {
            ino: INodeNo(number),
            size: size as u64,
            blocks: (size as u64).div_ceil(512),
            atime: mtime,
            mtime,
            ctime,
            crtime: ctime,
            kind,
            perm: mode,
            nlink: 1,
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            rdev: 0,
            blksize: BLOCK,
            flags: 0,
        })
    }

    fn make(&mut self, dir: u64, name: &OsStr, body: Body, mode: u32) -> Answer<FileAttr> {
        if self.find(dir, name).is_ok() {
            return Err(Errno::EEXIST);
        }
        let (key, number) = (self.folds.key(name), self.nodes.len() as u64);
        self.names_mut(dir)?.insert(key, (name.as_bytes().to_vec(), number));
        self.nodes.push(Self::node(body, mode));
        self.attr(number)
    }

    fn remove(&mut self, dir: u64, name: &OsStr) -> Answer<()> {
        let number = self.find(dir, name)?;
        if matches!(&self.get(number)?.body, Body::Dir(names) if !names.is_empty()) {
            return Err(Errno::ENOTEMPTY);
        }
        let key = self.folds.key(name);
        self.names_mut(dir)?.remove(&key);
        Ok(())
    }

    fn rename(&mut self, from: (u64, &OsStr), to: (u64, &OsStr), flags: RenameFlags) -> Answer<()> {
        let number = self.find(from.0, from.1)?;
        let there = self.find(to.0, to.1).ok();
        let (from_key, to_key) = (self.folds.key(from.1), self.folds.key(to.1));
        if flags.contains(RenameFlags::RENAME_EXCHANGE) {
            let there = there.ok_or(Errno::ENOENT)?;
            let exchanged = |entry: Option<&mut (Vec<u8>, u64)>, number| {
                entry.map(|entry| entry.1 = number).ok_or(Errno::ENOENT)
            };
            exchanged(self.names_mut(from.0)?.get_mut(&from_key), there)?;
            return exchanged(self.names_mut(to.0)?.get_mut(&to_key), number);
        }
        if there.is_some() && flags.contains(RenameFlags::RENAME_NOREPLACE) {
            return Err(Errno::EEXIST);
        }
        self.names_mut(from.0)?.remove(&from_key);
        self.names_mut(to.0)?.insert(to_key, (to.1.as_bytes().to_vec(), number));
        self.get(number)?.ctime = SystemTime::now();
        Ok(())
    }

    fn bytes(&mut self, number: u64) -> Answer<&mut Vec<u8>> {
        let node = self.get(number)?;
        match &mut node.body {
            Body::File(bytes) => Ok(bytes),
            _ => Err(Errno::EISDIR),
        }
    }

    fn write(&mut self, number: u64, offset: u64, data: &[u8]) -> Answer<u32> {
        let bytes = self.bytes(number)?;
        let (start, end) = (offset as usize, offset as usize + data.len());
        bytes.resize(bytes.len().max(end), 0);
        bytes[start..end].copy_from_slice(data);
        self.touch(number)?;
        Ok(data.len() as u32)
    }

    fn touch(&mut self, number: u64) -> Answer<()> {
        let now = SystemTime::now();
        let node = self.get(number)?;
        (node.mtime, node.ctime) = (now, now);
        Ok(())
    }

    fn entries(&mut self, dir: u64) -> Answer<Vec<(u64, FileType, Vec<u8>)>> {
        let names: Vec<(Vec<u8>, u64)> = self.names(dir)?.values().cloned().collect();
        let own = [(dir, FileType::Directory, b".".to_vec()), (dir, FileType::Directory, b"..".to_vec())];
        let mut entries = Vec::from(own);
        for (name, number) in names {
            entries.push((number, self.attr(number)?.kind, name));
        }
        Ok(entries)
    }
}

/// What the kernel asks.
struct Folded {
    disk: Mutex<Disk>,
    says_so: bool,
}

impl Folded {
    fn disk(&self) -> MutexGuard<'_, Disk> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers with what it came to, or why it came to nothing.
macro_rules! answer {
    ($reply:ident, $result:expr, $value:pat => $call:expr) => {
        match $result {
            Ok($value) => $call,
            Err(errno) => $reply.error(errno),
        }
    };
}

impl Filesystem for Folded {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let mut disk = self.disk();
        let found = disk.find(parent.0, name).and_then(|number| disk.attr(number));
        answer!(reply, found, attr => reply.entry(&ASK_AGAIN, &attr, Generation(0)));
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer!(reply, self.disk().attr(ino.0), attr => reply.attr(&ASK_AGAIN, &attr));
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        mtime: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut disk = self.disk();
        let set = |disk: &mut Disk| {
            if let Some(size) = size {
                disk.bytes(ino.0)?.resize(size as usize, 0);
                disk.touch(ino.0)?;
            }
            let node = disk.get(ino.0)?;
            node.ctime = SystemTime::now();
            if let Some(mode) = mode {
                node.mode = (mode & 0o7777) as u16;
            }
            match mtime {
                Some(TimeOrNow::SpecificTime(time)) => node.mtime = time,
                Some(TimeOrNow::Now) => node.mtime = SystemTime::now(),
                None => {}
            }
            disk.attr(ino.0)
        };
        answer!(reply, set(&mut disk), attr => reply.attr(&ASK_AGAIN, &attr));
    }

    fn readlink(&self, _: &Request, ino: INodeNo, reply: ReplyData) {
        match self.disk().get(ino.0).map(|node| &node.body) {
            Ok(Body::Link(target)) => reply.data(target),
            Ok(_) => reply.error(Errno::EINVAL),
            Err(errno) => reply.error(errno),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        let made = self.disk().make(parent.0, name, Body::Dir(Names::new()), mode);
        answer!(reply, made, attr => reply.entry(&ASK_AGAIN, &attr, Generation(0)));
    }

    fn symlink(&self, _: &Request, parent: INodeNo, name: &OsStr, target: &Path, reply: ReplyEntry) {
        let body = Body::Link(target.as_os_str().as_bytes().to_vec());
        let made = self.disk().make(parent.0, name, body, 0o777);
        answer!(reply, made, attr => reply.entry(&ASK_AGAIN, &attr, Generation(0)));
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let made = self.disk().make(parent.0, name, Body::File(Vec::new()), mode);
        answer!(reply, made, attr => {
            reply.created(&ASK_AGAIN, &attr, Generation(0), FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
        });
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_DIRECT_IO);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer!(reply, self.disk().remove(parent.0, name), () => reply.ok());
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer!(reply, self.disk().remove(parent.0, name), () => reply.ok());
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let renamed = self.disk().rename((parent.0, name), (new_parent.0, new_name), flags);
        answer!(reply, renamed, () => reply.ok());
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let mut disk = self.disk();
        answer!(reply, disk.bytes(ino.0), bytes => {
            let start = bytes.len().min(offset as usize);
            reply.data(&bytes[start..bytes.len().min(start + size as usize)]);
        });
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        answer!(reply, self.disk().write(ino.0, offset, data), written => reply.written(written));
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        answer!(reply, self.disk().entries(ino.0), entries => {
            for (at, (number, kind, name)) in entries.into_iter().enumerate().skip(offset as usize) {
                if reply.add(INodeNo(number), at as u64 + 1, kind, OsStr::from_bytes(&name)) {
                    break;
                }
            }
            reply.ok();
        });
    }

    fn ioctl(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        _: IoctlFlags,
        command: u32,
        _: &[u8],
        _: u32,
        reply: ReplyIoctl,
    ) {
        match command {
            // It is only asked of directories here.
            GET_FLAGS if self.says_so => reply.ioctl(0, &CASEFOLD.to_ne_bytes()),
            _ => reply.error(Errno::ENOTTY),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        const ROOM: u64 = 1 << 18;
        reply.statfs(ROOM, ROOM, ROOM, ROOM, ROOM, BLOCK, 255, BLOCK);
    }
}
