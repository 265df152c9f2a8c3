//! Large and odd: what few people have, and nobody should lose.

use std::fs::{self, File};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use super::*;

const GIB: u64 = 1 << 30;

/// Bytes that a file really takes.
fn taken(path: &Path) -> u64 {
    fs::metadata(path).unwrap().blocks() * 512
}

/// Where every file's data is, with the data: what a file of mostly nothing comes down to.
fn data(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let file = File::open(path).unwrap();
    let size = file.metadata().unwrap().len();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Ok(start) = rustix::fs::seek(&file, rustix::fs::SeekFrom::Data(at)) {
        let end = rustix::fs::seek(&file, rustix::fs::SeekFrom::Hole(start)).unwrap().min(size);
        let mut bytes = vec![0; (end - start) as usize];
        file.read_exact_at(&mut bytes, start).unwrap();
        found.push((start, bytes));
        at = end;
    }
    found
}

#[test]
fn a_file_of_hundreds_of_gigabytes_that_are_mostly_holes_is_copied_edited_and_compared() {
    let bed = Bed::new();
    let (here, there) = (bed.a.at("disk.img"), bed.b.at("disk.img"));
    let file = File::create(&here).unwrap();
    if file.set_len(300 * GIB).is_err() {
        eprintln!("skipped: this file system holds no file of 300 GiB");
        return;
    }
    for at in [0, 7 * GIB + 4096, 150 * GIB, 300 * GIB - (1 << 20)] {
        file.write_all_at(&vec![at.trailing_zeros() as u8 + 1; 1 << 20], at).unwrap();
    }
    if taken(&here) > GIB {
        eprintln!("skipped: no holes on this file system");
        return;
    }
    bed.sync().is(Outcome::Done);
    assert_eq!(fs::metadata(&there).unwrap().len(), 300 * GIB);
    assert!(taken(&there) < 16 << 20, "{}", taken(&there));
    assert!(data(&here) == data(&there));
    // One byte of it, and more room at the end.
    file.write_all_at(b"edited", 222 * GIB).unwrap();
    file.set_len(301 * GIB).unwrap();
    bed.sync().is(Outcome::Done);
    assert!(data(&here) == data(&there) && taken(&there) < 16 << 20);
    // By content, to the last byte: what was never written need not be read for that.
    let compared = bed.sync_with(RunOptions { checksum: true, consent: true, ..RunOptions::default() });
    assert_eq!(compared.is(Outcome::Done).counts, Counts::default());
    bed.assert_rests();
}

/// So deep that no system call takes the whole path: 30 names of 200 bytes.
fn deep() -> Vec<u8> {
    vec![[b'n'; 200]; 30].join(&b'/')
}

/// Opens, or with `make` makes, a directory at a path that is longer than the system takes.
fn walk(root: &Path, path: &[u8], make: bool) -> Option<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let mut here = OwnedFd::from(File::open(root).unwrap());
    for name in path.split(|&byte| byte == b'/') {
        if make && let Err(error) = rustix::fs::mkdirat(&here, name, Mode::RWXU) {
            assert_eq!(error, rustix::io::Errno::EXIST);
        }
        here = rustix::fs::openat(&here, name, flags, Mode::empty()).ok()?;
    }
    Some(here)
}

fn write_in(dir: impl AsFd, name: &str, content: &str) {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let file = rustix::fs::openat(dir, name, flags, Mode::RUSR | Mode::WUSR).unwrap();
    File::from(file).write_all_at(content.as_bytes(), 0).unwrap();
}

fn read_in(root: &Path, path: &[u8], name: &str) -> Option<String> {
    let dir = walk(root, path, false)?;
    let file = rustix::fs::openat(dir, name, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    Some(std::io::read_to_string(File::from(file)).unwrap())
}

#[test]
fn what_lies_deeper_than_a_path_may_be_long_is_copied_edited_removed_and_brought_back() {
    let bed = Bed::small_batches();
    let path = deep();
    assert!(path.len() > 4096);
    let bottom = walk(bed.a.path(), &path, true).unwrap();
    write_in(&bottom, "x", "1");
    write_in(&bottom, "y", "2");
    bed.sync().is(Outcome::Done);
    assert_eq!(read_in(bed.b.path(), &path, "x").as_deref(), Some("1"));
    write_in(&bottom, "x", "edited");
    rustix::fs::unlinkat(&bottom, "y", rustix::fs::AtFlags::empty()).unwrap();
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.updated, end.counts.b.deleted), (1, 1));
    assert_eq!(read_in(bed.b.path(), &path, "x").as_deref(), Some("edited"));
    assert_eq!(read_in(bed.b.path(), &path, "y"), None);
    bed.undo(end.run);
    assert_eq!(read_in(bed.b.path(), &path, "x").as_deref(), Some("1"));
    assert_eq!(read_in(bed.b.path(), &path, "y").as_deref(), Some("2"));
    assert_eq!(bed.sync().is(Outcome::Done).counts.conflicts, 0);
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
}

#[test]
fn a_chain_of_a_thousand_directories_is_a_tree_like_any_other() {
    let bed = Bed::new();
    let path = vec![[b'd']; 1000].join(&b'/');
    let bottom = walk(bed.a.path(), &path, true).unwrap();
    write_in(&bottom, "x", "at the bottom");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.b.created, 1001);
    assert_eq!(read_in(bed.b.path(), &path, "x").as_deref(), Some("at the bottom"));
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    bed.a.rename("d", "renamed");
    assert_eq!(bed.sync().is(Outcome::Done).counts.b.moved, 1);
}
