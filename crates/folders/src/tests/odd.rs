//! Large and odd: what few people have, and nobody should lose.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::FallocateFlags;
use syncmgr::conflict::ConflictKind;
use testkit::Deep;

use super::*;
use crate::verify::DifferenceKind;

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
    // One byte of it, more room at the end, and what was there is none any more.
    let before = data(&here);
    file.write_all_at(b"edited", 222 * GIB).unwrap();
    file.set_len(301 * GIB).unwrap();
    let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    if rustix::fs::fallocate(&file, punch, 150 * GIB, 1 << 20).is_err() {
        eprintln!("no holes can be made where there was something");
    }
    let edited = data(&here);
    let end = bed.sync().is(Outcome::Done);
    assert!(data(&there) == edited && taken(&there) < 16 << 20);
    // By content, to the last byte: what was never written need not be read for that.
    let compared = bed.sync_with(RunOptions { checksum: true, consent: true, ..RunOptions::default() });
    assert_eq!(compared.is(Outcome::Done).counts, Counts::default());
    assert_eq!(verify::found(&bed), []);
    bed.assert_rests();
    // And back, on the side that the run had changed.
    bed.undo(end.run).is(Outcome::Pending);
    assert!(data(&there) == before && data(&here) == edited);
    let differs = DifferenceKind::Content { strayed: Some(Side::B) };
    assert_eq!(verify::found(&bed), [("disk.img".to_owned(), differs)]);
    bed.sync().is(Outcome::Done);
    assert!(data(&here) == before && taken(&here) < 16 << 20);
    // Two that never met are compared as well.
    let strangers = Bed::new();
    for side in Side::BOTH {
        fs::rename(bed.tree(side).at("disk.img"), strangers.tree(side).at("disk.img")).unwrap();
    }
    assert_eq!(strangers.sync().is(Outcome::Done).counts, Counts::default());
    strangers.assert_rests();
}

/// So deep that no system call takes the whole path: 30 names of 200 bytes.
fn deep() -> Vec<u8> {
    vec![[b'n'; 200]; 30].join(&b'/')
}

fn read(tree: &Tree, path: &[u8], name: &str) -> Option<String> {
    Deep::open(tree.path(), path)?.read(name)
}

#[test]
fn what_lies_deeper_than_a_path_may_be_long_is_copied_edited_removed_and_brought_back() {
    let bed = Bed::small_batches();
    let path = deep();
    assert!(path.len() > 4096);
    let bottom = Deep::make(bed.a.path(), &path);
    bottom.file("x", "1").file("y", "2");
    bed.sync().is(Outcome::Done);
    assert_eq!(read(&bed.b, &path, "x").as_deref(), Some("1"));
    bottom.file("x", "edited").remove("y");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.updated, end.counts.b.deleted), (1, 1));
    assert_eq!(read(&bed.b, &path, "x").as_deref(), Some("edited"));
    assert_eq!(read(&bed.b, &path, "y"), None);
    bed.undo(end.run);
    assert_eq!(read(&bed.b, &path, "x").as_deref(), Some("1"));
    assert_eq!(read(&bed.b, &path, "y").as_deref(), Some("2"));
    assert_eq!(bed.sync().is(Outcome::Done).counts.conflicts, 0);
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
}

#[test]
fn what_lies_deeper_than_a_path_may_be_long_is_disputed_settled_and_verified() {
    let bed = Bed::new();
    let path = deep();
    let ours = Deep::make(bed.a.path(), &path);
    ours.file("x", "1");
    bed.sync().is(Outcome::Done);
    let theirs = Deep::open(bed.b.path(), &path).unwrap();
    ours.file("x", "ours, edited").file("same", "s");
    theirs.file("x", "theirs, edited too");
    bed.sync().is(Outcome::NeedsDecision);
    assert_eq!(theirs.read("same").as_deref(), Some("s"));
    let long = |name: &str| [&path, name.as_bytes()].join(&b'/');
    let found = bed.conflicts();
    assert_eq!((found.len(), &found[0].path, found[0].kind), (1, &long("x"), ConflictKind::EditEdit));
    let shown = String::from_utf8(long("x")).unwrap();
    let differs = DifferenceKind::Conflict(ConflictKind::EditEdit);
    assert_eq!(verify::found(&bed), [(shown.clone(), differs)]);
    let end = bed.resolve(&[&shown], OnConflict::KeepBoth).is(Outcome::Done);
    assert_eq!(end.errors(), Vec::<&str>::new());
    assert_eq!((ours.read("x"), theirs.read("x")), (Some("ours, edited".into()), ours.read("x")));
    assert_eq!((verify::found(&bed), bed.conflicts()), (vec![], vec![]));
    bed.undo(end.run);
    assert_eq!((theirs.read("x").as_deref(), bed.conflicts().len()), (Some("theirs, edited too"), 1));
}

#[test]
fn s7_a_tree_that_is_deeper_than_a_path_may_be_long_goes_to_the_trash_comes_back_and_is_pruned() {
    let bed = Bed::with(|pair| Pair { trash_days: 1, ..pair }, Limits::default());
    let path = deep();
    Deep::make(bed.a.path(), &path).file("x", "1");
    bed.a.file("stays/1", "1").file("stays/2", "2");
    bed.sync().is(Outcome::Done);
    bed.a.remove("n".repeat(200));
    let approved = || RunOptions { consent: true, approve: true, ..RunOptions::default() };
    let end = bed.sync_with(approved()).is(Outcome::Done);
    assert_eq!(end.counts.b.deleted, 31);
    bed.undo(end.run).is(Outcome::Pending);
    assert_eq!(read(&bed.b, &path, "x").as_deref(), Some("1"));
    bed.sync().is(Outcome::Done);
    assert_eq!(read(&bed.a, &path, "x").as_deref(), Some("1"));
    // Moved as a whole, into something that makes it longer still.
    bed.a.rename("n".repeat(200), format!("stays/{}", "m".repeat(250)));
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.moved, end.counts.b.created), (1, 0));
    bed.a.remove("stays");
    let end = bed.sync_with(approved()).is(Outcome::Done);
    let trash = format!(".instep/trash/{}", end.run);
    bed.b.mtime(&trash, 1_000_000_000, 0);
    bed.sync().is(Outcome::Done);
    assert!(!bed.b.has(&trash));
}

#[test]
fn a_chain_of_a_thousand_directories_is_a_tree_like_any_other() {
    let bed = Bed::new();
    let path = vec![[b'd']; 1000].join(&b'/');
    Deep::make(bed.a.path(), &path).file("x", "at the bottom");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.b.created, 1001);
    assert_eq!(read(&bed.b, &path, "x").as_deref(), Some("at the bottom"));
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    bed.a.rename("d", "renamed");
    assert_eq!(bed.sync().is(Outcome::Done).counts.b.moved, 1);
}

#[test]
fn a_hundred_thousand_entries_in_one_directory_are_copied_edited_renamed_and_brought_back() {
    const MANY: u64 = 100_000;
    let bed = Bed::new();
    bed.a.dir("wide");
    let name = |number: u64| format!("wide/{number:06}");
    for number in 0..MANY {
        File::create(bed.a.at(name(number))).unwrap();
    }
    assert_eq!(bed.sync().is(Outcome::Done).counts.b.created, MANY + 1);
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    // One in a hundred goes, one is edited on each side, and one is renamed.
    for number in (0..MANY).step_by(100) {
        bed.a.remove(name(number));
    }
    bed.a.file(name(1), "edited here").file("wide/moves", "m");
    bed.b.file(name(MANY - 1), "edited there");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.deleted, end.counts.b.updated, end.counts.a.updated), (MANY / 100, 1, 1));
    bed.a.rename("wide/moves", "wide/moved");
    assert_eq!(bed.sync().is(Outcome::Done).counts.b.moved, 1);
    assert_eq!(bed.undo(end.run).is(Outcome::Pending).counts.b.created, MANY / 100);
    bed.sync().is(Outcome::Done);
    assert!(bed.a.has(name(0)) && !bed.b.has("wide/moves"));
    assert_eq!(names_in(&bed.a.at("wide")), names_in(&bed.b.at("wide")));
    // As a whole, it is one thing.
    bed.a.rename("wide", "renamed");
    assert_eq!(bed.sync().is(Outcome::Done).counts.b.moved, 1);
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
}

fn names_in(dir: &Path) -> std::collections::BTreeSet<std::ffi::OsString> {
    fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}
