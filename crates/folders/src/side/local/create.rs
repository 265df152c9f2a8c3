//! Making one file from another: cloned where the file system can, copied by the kernel where it can, sparse where the
//! original is, and in slices, so that a large copy can be watched and stopped.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use reconcile::path::Name;
use reconcile::{RelPath, Seen};
use rustix::fs::{AtFlags, Mode, OFlags, SeekFrom, StatxFlags};
use rustix::io::Errno;

use super::write::{timestamps, where_supported, with_door_open};
use super::{LocalSide, io_error_at};
use crate::side::write::Watch;
use crate::side::{BORROWED, Capabilities, Content, Owner, SideError};

/// From here on a file is worth asking whether it can be cloned or is sparse.
const LARGE: u64 = 64 * 1024;
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

/// Makes the file `name` in `dir`; see [`WriteDir::create_file`](crate::side::write::WriteDir::create_file).
#[expect(clippy::too_many_arguments, reason = "the directory that it would be a method of is three of them")]
pub(super) fn create_file(
    side: &LocalSide,
    dir: BorrowedFd<'_>,
    at: &RelPath,
    name: &Name,
    source: &mut dyn Content,
    like: &Seen,
    ways: &Ways,
    watch: &mut Watch<'_>,
) -> Result<Seen, SideError> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let open = || rustix::fs::openat(dir, name, flags, mode_bits(like.mode & 0o777));
    let file = with_door_open(dir, open).map_err(|errno| io_error_at(at, name, "create the file", errno))?;
    fill(side, &file, at, name, source, like, ways, watch).inspect_err(|_| {
        // The name was ours alone; if even this fails, the next run's clean-up finds it.
        let _ = rustix::fs::unlinkat(dir, name, AtFlags::empty());
    })
}

#[expect(clippy::too_many_arguments, reason = "as above")]
fn fill(
    side: &LocalSide,
    file: &OwnedFd,
    at: &RelPath,
    name: &Name,
    source: &mut dyn Content,
    like: &Seen,
    ways: &Ways,
    watch: &mut Watch<'_>,
) -> Result<Seen, SideError> {
    match copy(file.as_fd(), source, like.size, ways, watch) {
        Ok(End::All) => {}
        Ok(End::Short) => return Err(SideError::Changed { path: at.join(name) }),
        Ok(End::Stopped) => return Err(SideError::Stopped),
        Err(source) => return Err(SideError::Io { path: at.join(name), what: "copy the content", source }),
    }
    let failed = |what| move |errno| io_error_at(at, name, what, errno);
    // After the content: writing takes the set-user-ID bits away.
    let mode = match source.as_file() {
        _ if like.mode & BORROWED == 0 => like.mode,
        Some(original) => lendable(like.mode, original, file).map_err(failed("read the status of"))?,
        None => like.mode & !BORROWED,
    };
    if ways.withheld(mode) {
        where_supported(rustix::fs::fchmod(file, mode_bits(mode)))
            .map_err(failed("set the permissions of"))?;
    }
    rustix::fs::futimens(file, &timestamps(like.mtime)).map_err(failed("set the time of"))?;
    side.look_at_open(file).map_err(failed("read the status of"))
}

/// `mode` without the bits that would lend the rights of somebody else than whose the original lends.
fn lendable(mode: u32, original: &File, copy: &OwnedFd) -> Result<u32, Errno> {
    let owner = |stat: rustix::fs::Stat| Owner { user: stat.st_uid, group: stat.st_gid };
    let (original, copy) = (owner(rustix::fs::fstat(original)?), owner(rustix::fs::fstat(copy)?));
    Ok(mode & !original.not_lent_by(copy))
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
        let stat = rustix::fs::statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::BLOCKS)?;
        if stat.stx_blocks.saturating_mul(512) < size {
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
        let mut written = 0;
        while written < read {
            let place = at + written as u64;
            written +=
                rustix::io::retry_on_intr(|| rustix::io::pwrite(target, &block[written..read], place))?;
        }
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
