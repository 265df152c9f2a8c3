//! Making one file from another: cloned where the file system can, copied by the kernel where it can, sparse where the
//! original is, and in slices, so that a large copy can be watched and stopped.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use reconcile::path::Name;
use reconcile::{Owner, RelPath, Seen};
use rustix::fs::{AtFlags, Mode, OFlags, SeekFrom, StatxFlags};
use rustix::io::Errno;

use super::write::{timestamps, where_supported, with_door_open};
use super::{LocalSide, io_error_at};
use crate::side::extras::not_lent;
use crate::side::write::{NewFile, Watch};
use crate::side::{BORROWED, Capabilities, Content, SideError};

/// From here on a file is worth asking whether it can be cloned or is sparse.
const LARGE: u64 = 64 * 1024;
/// From here on a new version is made of the blocks of the old one where the file system can share them.
const PATCHED: u64 = 1024 * 1024;
/// What is written at least of what differs: what file systems share is a multiple of it.
const PAGE: usize = 4096;
/// What is copied between two looks at `watch`.
const SLICE: usize = 16 * 1024 * 1024;

/// What is read and written at once where the kernel does not copy.
const BLOCK: usize = 256 * 1024;

thread_local! {
    /// Made once, not for each of many small files.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// What was found out about copying to this side; each refusal is met once.
#[derive(Debug)]
pub(super) struct Ways {
    clone: AtomicBool,
    /// The same from a version on this side.
    patch: AtomicBool,
    range: AtomicBool,
    /// Permission bits that the process withholds from what it creates.
    umask: u32,
    /// Whether the file system keeps permissions at all; setting them where it does not is refused.
    permissions: bool,
}

impl Ways {
    pub(super) fn new(can: Capabilities) -> Self {
        Self {
            clone: AtomicBool::new(can.reflink),
            patch: AtomicBool::new(can.reflink),
            range: AtomicBool::new(true),
            umask: umask(),
            permissions: can.permissions,
        }
    }

    /// Whether creating something with `mode` gives it another one, and that can be mended.
    pub(super) fn withheld(&self, mode: u32) -> bool {
        self.permissions && mode & (self.umask | 0o7000) != 0
    }
}

/// The process's umask, read without the race of setting it; everything is withheld if the system does not tell, which
/// costs a call per file and is never wrong.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let digits = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    digits.and_then(|digits| u32::from_str_radix(digits.trim(), 8).ok()).unwrap_or(0o7777)
}

/// The bits of `mode` as the system takes them.
pub(super) fn mode_bits(mode: u32) -> Mode {
    Mode::from_raw_mode(mode & 0o7777)
}

/// A directory in which a file is made.
pub(super) struct Place<'p> {
    pub(super) side: &'p LocalSide,
    pub(super) dir: BorrowedFd<'p>,
    /// Where it is, for messages.
    pub(super) at: &'p RelPath,
    pub(super) ways: &'p Ways,
}

impl Place<'_> {
    /// See [`WriteDir::create_file`](crate::side::write::WriteDir::create_file).
    pub(super) fn create_file(
        &self,
        new: NewFile<'_>,
        source: &mut dyn Content,
        watch: &mut Watch<'_>,
    ) -> Result<Seen, SideError> {
        let old = new.instead.and_then(|old| self.patchable(old, new.like.size, source));
        let access = if old.is_some() { OFlags::RDWR } else { OFlags::WRONLY };
        let flags = access | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = || rustix::fs::openat(self.dir, new.name, flags, mode_bits(new.like.mode & 0o777));
        let file = with_door_open(self.dir, open).map_err(self.failed(new.name, "create the file"))?;
        self.fill(&file, new, old.as_ref(), source, watch).inspect_err(|_| {
            // The name was ours alone; if even this fails, the next run's clean-up finds it.
            let _ = rustix::fs::unlinkat(self.dir, new.name, AtFlags::empty());
        })
    }

    fn failed<'a>(&'a self, name: &'a Name, what: &'static str) -> impl FnOnce(Errno) -> SideError + use<'a> {
        move |errno| io_error_at(self.at, name, what, errno)
    }

    /// The old version, if the new one may be made of its blocks: a large file on a file system that shares blocks, and
    /// no holes to be kept.
    fn patchable(&self, old: &Name, size: u64, source: &dyn Content) -> Option<File> {
        let wanted = size >= PATCHED && self.ways.patch.load(Ordering::Relaxed);
        if !wanted || is_sparse(source.as_file()?, size).ok()? {
            return None;
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        rustix::fs::openat(self.dir, old, flags, Mode::empty()).ok().map(File::from)
    }

    fn fill(
        &self,
        file: &OwnedFd,
        new: NewFile<'_>,
        old: Option<&File>,
        source: &mut dyn Content,
        watch: &mut Watch<'_>,
    ) -> Result<Seen, SideError> {
        let NewFile { name, like, .. } = new;
        match copy(file.as_fd(), source, old, like.size, self.ways, watch) {
            Ok(End::All) => {}
            Ok(End::Short) => return Err(SideError::Changed { path: self.at.join(name) }),
            Ok(End::Stopped) => return Err(SideError::Stopped),
            Err(source) => {
                return Err(SideError::Io { path: self.at.join(name), what: "copy the content", source });
            }
        }
        // After the content: writing takes the set-user-ID bits away.
        let mode = match source.as_file() {
            _ if like.mode & BORROWED == 0 => like.mode,
            Some(original) => {
                lendable(like.mode, original, file).map_err(self.failed(name, "read the status of"))?
            }
            None => like.mode & !BORROWED,
        };
        if self.ways.withheld(mode) {
            where_supported(rustix::fs::fchmod(file, mode_bits(mode)))
                .map_err(self.failed(name, "set the permissions of"))?;
        }
        rustix::fs::futimens(file, &timestamps(like.mtime)).map_err(self.failed(name, "set the time of"))?;
        self.side.look_at_open(file).map_err(self.failed(name, "read the status of"))
    }
}

/// `mode` without the bits that would lend the rights of somebody else than whose the original lends.
fn lendable(mode: u32, original: &File, copy: &OwnedFd) -> Result<u32, Errno> {
    let owner = |stat: rustix::fs::Stat| Owner { user: stat.st_uid, group: stat.st_gid };
    let (original, copy) = (owner(rustix::fs::fstat(original)?), owner(rustix::fs::fstat(copy)?));
    Ok(mode & !not_lent(original, copy))
}

/// How a copy ended.
enum End {
    All,
    /// The source has less than it should have.
    Short,
    Stopped,
}

fn copy(
    target: BorrowedFd<'_>,
    source: &mut dyn Content,
    old: Option<&File>,
    size: u64,
    ways: &Ways,
    watch: &mut Watch<'_>,
) -> io::Result<End> {
    if size == 0 {
        return Ok(End::All);
    }
    let Some(file) = source.as_file() else {
        return copy_by_hand(target, source, size, watch);
    };
    if size >= LARGE {
        if ways.clone.load(Ordering::Relaxed) {
            match rustix::fs::ioctl_ficlone(target, file) {
                Ok(()) => return Ok(if watch(size) { End::All } else { End::Stopped }),
                Err(_) => ways.clone.store(false, Ordering::Relaxed),
            }
        }
        if let Some(old) = old {
            match rustix::fs::ioctl_ficlone(target, old) {
                Ok(()) => return patch(target, file, size, watch),
                Err(_) => ways.patch.store(false, Ordering::Relaxed),
            }
        }
        if is_sparse(file, size)? {
            return copy_sparse(target, file, size, ways, watch);
        }
    }
    let mut done = 0;
    while done < size {
        let mut from = done;
        let end = copy_part(target, file, &mut from, size, ways, watch)?;
        if !matches!(end, End::All) {
            return Ok(end);
        }
        done = from;
    }
    Ok(End::All)
}

/// Whether a file has holes.
fn is_sparse(file: &File, size: u64) -> io::Result<bool> {
    let stat = rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::BLOCKS)?;
    Ok(stat.stx_blocks.saturating_mul(512) < size)
}

/// Makes of a clone of the old version the new one: only pages that differ are written, and take room. What they are
/// compared with is the clone, which nobody else knows: whatever happens to the old version meanwhile, the outcome is the
/// content of `file`.
fn patch(target: BorrowedFd<'_>, file: &File, size: u64, watch: &mut Watch<'_>) -> io::Result<End> {
    rustix::fs::ftruncate(target, size)?;
    let (mut new, mut old) = (vec![0; BLOCK], vec![0; BLOCK]);
    let mut at = 0;
    while at < size {
        let want = usize::try_from(size - at).unwrap_or(BLOCK).min(BLOCK);
        if read_full(file, &mut new[..want], at)? < want {
            return Ok(End::Short);
        }
        read_full(target, &mut old[..want], at)?;
        let mut page = at;
        for (new, old) in new[..want].chunks(PAGE).zip(old[..want].chunks(PAGE)) {
            if new != old {
                write_full(target, new, page)?;
            }
            page += new.len() as u64;
        }
        at += want as u64;
        if !watch(want as u64) {
            return Ok(End::Stopped);
        }
    }
    Ok(End::All)
}

/// Reads until the buffer is full or the file ends.
fn read_full(file: impl AsFd, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < buffer.len() {
        match rustix::io::retry_on_intr(|| rustix::io::pread(&file, &mut buffer[done..], at + done as u64))? {
            0 => break,
            read => done += read,
        }
    }
    Ok(done)
}

fn write_full(file: impl AsFd, bytes: &[u8], at: u64) -> io::Result<()> {
    let mut done = 0;
    while done < bytes.len() {
        done += rustix::io::retry_on_intr(|| rustix::io::pwrite(&file, &bytes[done..], at + done as u64))?;
    }
    Ok(())
}

/// Copies the data between the holes; the holes come from the length alone.
fn copy_sparse(
    target: BorrowedFd<'_>,
    file: &File,
    size: u64,
    ways: &Ways,
    watch: &mut Watch<'_>,
) -> io::Result<End> {
    rustix::fs::ftruncate(target, size)?;
    let mut at = 0;
    while at < size {
        let data = match rustix::fs::seek(file, SeekFrom::Data(at)) {
            Ok(data) => data.min(size),
            // Only a hole is left.
            Err(Errno::NXIO) => size,
            Err(error) => return Err(error.into()),
        };
        if data > at && !watch(data - at) {
            return Ok(End::Stopped);
        }
        if data == size {
            break;
        }
        let hole = rustix::fs::seek(file, SeekFrom::Hole(data))?.min(size);
        at = data;
        while at < hole {
            let end = copy_part(target, file, &mut at, hole, ways, watch)?;
            if !matches!(end, End::All) {
                return Ok(end);
            }
        }
    }
    Ok(End::All)
}

/// Copies a slice from `at` (moved forward) to at most `end`, to the same place.
fn copy_part(
    target: BorrowedFd<'_>,
    file: &File,
    at: &mut u64,
    end: u64,
    ways: &Ways,
    watch: &mut Watch<'_>,
) -> io::Result<End> {
    let length = usize::try_from(end - *at).unwrap_or(SLICE).min(SLICE);
    let mut copied = None;
    if ways.range.load(Ordering::Relaxed) {
        let (mut from, mut to) = (*at, *at);
        match rustix::fs::copy_file_range(file, Some(&mut from), target, Some(&mut to), length) {
            Ok(bytes) => copied = Some(bytes),
            Err(Errno::INTR) => return Ok(End::All),
            Err(Errno::XDEV | Errno::INVAL | Errno::OPNOTSUPP | Errno::NOSYS | Errno::PERM) => {
                ways.range.store(false, Ordering::Relaxed);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let copied = match copied {
        // Some special file systems answer "nothing" for a file that has content: ask in the plain way before
        // believing it.
        Some(bytes) if bytes > 0 => bytes,
        _ => read_write(target, file, *at, length)?,
    };
    if copied == 0 {
        return Ok(End::Short);
    }
    *at += copied as u64;
    Ok(if watch(copied as u64) { End::All } else { End::Stopped })
}

/// One read of a block at most, and its writes.
fn read_write(target: BorrowedFd<'_>, file: &File, at: u64, length: usize) -> io::Result<usize> {
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(BLOCK, 0);
        let block = &mut buffer[..length.min(BLOCK)];
        let read = rustix::io::retry_on_intr(|| rustix::io::pread(file, &mut *block, at))?;
        write_full(target, &block[..read], at)?;
        Ok(read)
    })
}

/// For content that is no local file.
fn copy_by_hand(
    target: BorrowedFd<'_>,
    source: &mut dyn Content,
    size: u64,
    watch: &mut Watch<'_>,
) -> io::Result<End> {
    let mut file = File::from(target.try_clone_to_owned()?);
    let mut buffer = vec![0; 256 * 1024];
    let mut done = 0;
    while done < size {
        let want = usize::try_from(size - done).unwrap_or(buffer.len()).min(buffer.len());
        let read = match source.read(&mut buffer[..want]) {
            Ok(0) => return Ok(End::Short),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        file.write_all(&buffer[..read])?;
        done += read as u64;
        if !watch(read as u64) {
            return Ok(End::Stopped);
        }
    }
    Ok(End::All)
}
