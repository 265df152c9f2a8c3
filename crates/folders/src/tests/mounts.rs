//! File systems that are mounted inside a side.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;

use testkit::Mounted;

use super::*;
use crate::side::ReadSide as _;
use crate::side::local::{LocalSide, LocalWriter};
use crate::side::write::WriteSide as _;

/// Two sides in sync, each with a directory `d/m`; B's is a file system of its own.
fn bed() -> Option<(Bed, Mounted)> {
    let bed = Bed::new();
    bed.b.dir("d/m");
    let mounted = Mounted::memory_at(&bed.b.at("d/m"), "size=8m")?;
    bed.a.file("d/m/x", "1").file("d/m/sub/y", "2").file("d/m/sub/z", "3").file("top", "4").file("more", "5");
    bed.sync().is(Outcome::Done);
    assert_ne!(fs::metadata(bed.b.at("d/m/x")).unwrap().dev(), fs::metadata(bed.b.path()).unwrap().dev());
    Some((bed, mounted))
}

#[test]
fn s3_what_is_mounted_inside_a_side_is_flushed_too() {
    let Some((bed, _mounted)) = bed() else { return };
    let device = |path: &str| fs::metadata(bed.b.at(path)).unwrap().dev();
    let both = BTreeSet::from([device("top"), device("d/m")]);
    let flushed = |side: &Arc<LocalSide>| {
        let mut flushed = BTreeSet::new();
        LocalWriter::new(Arc::clone(side)).flush(&mut flushed).unwrap();
        flushed
    };
    // Met by a look at the directory that it is mounted in, or at something in it.
    for path in ["d", "d/m/sub"] {
        let side = Arc::new(LocalSide::open(bed.b.path()).unwrap());
        assert_eq!(flushed(&side), BTreeSet::from([device("top")]));
        side.dir(&path_of(path)).unwrap().list().unwrap();
        assert_eq!(flushed(&side), both, "{path}");
    }
    // Or by writing into a directory of which nobody has seen anything.
    let writer = LocalWriter::new(Arc::new(LocalSide::open(bed.b.path()).unwrap()));
    writer.folder(&path_of("d/m")).unwrap();
    let mut done = BTreeSet::new();
    writer.flush(&mut done).unwrap();
    assert_eq!(done, both);
}

#[test]
fn s3_a_mount_that_moves_with_its_directory_is_still_flushed() {
    let Some((bed, _mounted)) = bed() else { return };
    let side = Arc::new(LocalSide::open(bed.b.path()).unwrap());
    side.dir(&path_of("d")).unwrap().list().unwrap();
    let writer = LocalWriter::new(side);
    let device = fs::metadata(bed.b.at("d/m")).unwrap().dev();
    drop(writer.folder(&RelPath::root()).unwrap());
    bed.b.rename("d", "e");
    let mut flushed = BTreeSet::new();
    writer.flush(&mut flushed).unwrap();
    bed.b.rename("e", "d");
    assert!(flushed.contains(&device));
}

#[test]
fn s7_what_is_taken_away_on_a_mount_is_kept_there_and_comes_back() {
    let Some((bed, _mounted)) = bed() else { return };
    bed.a.remove("d/m/sub/y").file("d/m/x", "another version").remove("top");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.deleted, end.counts.b.updated), (2, 1));
    assert_eq!(bed.b.read(format!("d/m/.instep-trash/{}/sub/y", end.run)), b"2");
    assert_eq!(bed.b.read(format!("d/m/.instep-trash/{}/x", end.run)), b"1");
    assert_eq!(bed.b.read(format!(".instep/trash/{}/top", end.run)), b"4");
    // It is never synchronized.
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    assert!(!bed.a.has("d/m/.instep-trash"));

    bed.undo(end.run).is(Outcome::Pending);
    assert_eq!(bed.b.read("d/m/x"), b"1");
    bed.sync().is(Outcome::Done);
    assert_eq!((bed.a.read("d/m/sub/y"), bed.a.read("d/m/x")), (b"2".to_vec(), b"1".to_vec()));
    assert_eq!(bed.a.read("top"), b"4");
}

#[test]
fn s7_old_trash_on_a_mount_goes_after_its_time() {
    let Some((bed, _mounted)) = bed() else { return };
    bed.a.remove("d/m/sub/y");
    let end = bed.sync().is(Outcome::Done);
    let trash = format!("d/m/.instep-trash/{}", end.run);
    bed.b.mtime(&trash, 1_000_000_000, 0);
    bed.sync().is(Outcome::Done);
    assert!(!bed.b.has(&trash));
}

#[test]
fn s7_without_trash_nothing_is_kept_on_a_mount_either() {
    let Some((bed, _mounted)) = bed() else { return };
    bed.a.remove("d/m/sub/y");
    let end = bed.sync_with(RunOptions { no_trash: true, ..RunOptions::default() }).is(Outcome::Done);
    assert!(!bed.b.has(format!("d/m/.instep-trash/{}", end.run)));
}

#[test]
fn a_file_that_moves_to_a_mount_or_away_from_it_is_copied_there() {
    let Some((bed, _mounted)) = bed() else { return };
    bed.a.rename("top", "d/m/top").rename("d/m/x", "x");
    bed.sync().is(Outcome::Done);
    assert_eq!((bed.b.read("d/m/top"), bed.b.read("x")), (b"4".to_vec(), b"1".to_vec()));
    assert!(!bed.b.has("top") && !bed.b.has("d/m/x"));
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
}

#[test]
fn a_directory_that_moves_to_a_mount_is_named_and_nothing_is_lost() {
    let Some((bed, _mounted)) = bed() else { return };
    bed.a.rename("d/m/sub", "sub");
    let end = bed.sync().is(Outcome::Gaps);
    assert!(end.errors()[0].contains("another file system"), "{end:#?}");
    assert_eq!((bed.a.read("sub/y"), bed.b.read("d/m/sub/y")), (b"2".to_vec(), b"2".to_vec()));
    // By hand, as was advised.
    fs::create_dir(bed.b.at("sub")).unwrap();
    for name in ["y", "z"] {
        fs::copy(bed.b.at(format!("d/m/sub/{name}")), bed.b.at(format!("sub/{name}"))).unwrap();
    }
    fs::remove_dir_all(bed.b.at("d/m/sub")).unwrap();
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
}
