//! Floors: the system calls that a work cannot do without, and nothing else. No order, no comparison, no safety.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex};

use anyhow::{Context, Result, bail};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, StatxFlags};

pub(crate) fn run(words: &[&str]) -> Result<()> {
    match words {
        ["walk", trees @ ..] => {
            let trees = trees.iter().map(PathBuf::from).collect();
            in_parallel(trees, |dir, _, found| walk(dir, found))
        }
        ["copy", from, to] => {
            let (from, to) = (PathBuf::from(from), PathBuf::from(to));
            let start = from.clone();
            in_parallel(vec![from], move |dir, buffer, found| {
                let there = to.join(dir.strip_prefix(&start)?);
                copy(dir, &there, buffer, found)
            })
        }
        ["read-write", from, to] => {
            let mut source = File::open(from)?;
            std::io::copy(&mut source, &mut File::create(to)?)?;
            Ok(())
        }
        _ => bail!("floor walk TREE... | floor copy A B | floor read-write FILE FILE"),
    }
}

/// Does `work` for each directory with all cores; it says which directories it found.
fn in_parallel(
    start: Vec<PathBuf>,
    work: impl Fn(&Path, &mut Vec<u8>, &mut Vec<PathBuf>) -> Result<()> + Sync,
) -> Result<()> {
    struct Queue {
        open: VecDeque<PathBuf>,
        busy: usize,
        failed: Option<anyhow::Error>,
    }
    let queue = Mutex::new(Queue { open: start.into(), busy: 0, failed: None });
    let changed = Condvar::new();
    let lock = || queue.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(|| {
                let (mut buffer, mut found) = (vec![0; 1 << 20], Vec::new());
                let mut state = lock();
                loop {
                    if let Some(dir) = state.open.pop_back() {
                        state.busy += 1;
                        drop(state);
                        let done = work(&dir, &mut buffer, &mut found);
                        state = lock();
                        state.busy -= 1;
                        state.open.extend(found.drain(..));
                        if let Err(error) = done {
                            state.open.clear();
                            state.failed = Some(error);
                        }
                        changed.notify_all();
                    } else if state.busy == 0 {
                        return;
                    } else {
                        state = changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
                    }
                }
            });
        }
    });
    let failed = lock().failed.take();
    failed.map_or(Ok(()), Err)
}

fn open_dir(dir: &Path) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(CWD, dir, flags, Mode::empty())
        .with_context(|| format!("cannot open {}", dir.display()))
}

/// One directory read, one status a child.
fn walk(dir: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let fd = open_dir(dir)?;
    let mut buffer = [MaybeUninit::uninit(); 64 * 1024];
    let mut entries = RawDir::new(&fd, &mut buffer);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let mask = StatxFlags::BASIC_STATS | StatxFlags::BTIME;
        rustix::fs::statx(&fd, name, AtFlags::SYMLINK_NOFOLLOW, mask)?;
        if entry.file_type() == FileType::Directory {
            found.push(dir.join(std::ffi::OsStr::new(name.to_str()?)));
        }
    }
    Ok(())
}

/// One open, read and close there, one open, write and close here, for each file; links are left out.
fn copy(dir: &Path, there: &Path, buffer: &mut [u8], found: &mut Vec<PathBuf>) -> Result<()> {
    let from = open_dir(dir)?;
    let _ = std::fs::create_dir(there);
    let to = open_dir(there)?;
    let mut listing = [MaybeUninit::uninit(); 64 * 1024];
    let mut entries = RawDir::new(&from, &mut listing);
    while let Some(entry) = entries.next() {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        match entry.file_type() {
            FileType::Directory => found.push(dir.join(std::ffi::OsStr::new(name.to_str()?))),
            FileType::RegularFile => {
                let mode = Mode::from_raw_mode(0o644);
                let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::CLOEXEC;
                let mut source =
                    File::from(rustix::fs::openat(&from, name, OFlags::RDONLY | OFlags::CLOEXEC, mode)?);
                let mut target = File::from(rustix::fs::openat(&to, name, flags, mode)?);
                loop {
                    let got = source.read(buffer)?;
                    target.write_all(&buffer[..got])?;
                    if got < buffer.len() {
                        break;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}
