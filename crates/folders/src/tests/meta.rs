//! Permissions, times, links, holes, and names of every kind.

use std::os::unix::fs::{FileExt as _, MetadataExt as _};

use super::*;

#[test]
fn permissions_and_times_follow_without_a_copy() {
    let bed = Bed::new();
    bed.a.file("x", "1").file("d/y", "2");
    bed.sync().is(Outcome::Done);
    let ino = std::fs::metadata(bed.b.at("x")).unwrap().ino();
    bed.a.mode("x", 0o4711).mode("d", 0o700).mtime("d/y", 1_234_567_890, 5);
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.updated, end.counts.bytes), (3, 0));
    assert_eq!(std::fs::metadata(bed.b.at("x")).unwrap().ino(), ino);
    bed.assert_in_sync();
}

#[test]
fn a_mode_that_locks_us_out_is_set_last_and_taken_over_all_the_same() {
    let bed = Bed::small_batches();
    bed.a.file("locked/x", "1").file("locked/deep/y", "2").file("secret", "3");
    for n in 0..9 {
        bed.a.file(format!("locked/f{n}"), "n");
    }
    bed.a.mode("locked/deep", 0o500).mode("locked", 0o555).mode("secret", 0o000);
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn modes_that_lock_the_owner_out_work_without_privileges() {
    testkit::as_nobody(|| {
        let bed = Bed::small_batches();
        bed.a.file("locked/x", "1").file("locked/deep/y", "2");
        for n in 0..9 {
            bed.a.file(format!("locked/f{n}"), "n");
        }
        bed.a.mode("locked/deep", 0o500).mode("locked", 0o555);
        bed.sync().is(Outcome::Done);
        assert_eq!(bed.a.entries(), bed.b.entries());
        bed.assert_in_sync();
        for tree in [&bed.a, &bed.b] {
            tree.mode("locked", 0o755).mode("locked/deep", 0o755);
        }
    });
}

#[test]
fn sparse_stays_sparse() {
    let bed = Bed::new();
    let file = std::fs::File::create(bed.a.at("sparse")).unwrap();
    file.set_len(64 << 20).unwrap();
    file.write_all_at(b"in the middle", 30 << 20).unwrap();
    file.write_all_at(b"at the end", (64 << 20) - 10).unwrap();
    drop(file);
    if std::fs::metadata(bed.a.at("sparse")).unwrap().blocks() * 512 > 1 << 20 {
        eprintln!("skipped: no holes on this file system");
        return;
    }
    bed.sync().is(Outcome::Done);
    assert!(std::fs::metadata(bed.b.at("sparse")).unwrap().blocks() * 512 < 1 << 20);
    assert!(bed.a.read("sparse") == bed.b.read("sparse"));
    bed.assert_in_sync();
}

#[test]
fn large_files_are_copied_whole() {
    let bed = Bed::new();
    let content: Vec<u8> = (0..40_000_003_u32).map(|n| (n % 251) as u8).collect();
    bed.a.file("large", &content);
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.bytes, content.len() as u64);
    assert!(bed.b.read("large") == content);
    bed.assert_in_sync();
}

#[test]
fn s8_hostile_names_are_synced_as_they_are() {
    let bed = Bed::new();
    let long = vec![b'n'; 255];
    let names: [&[u8]; 7] = [b"new\nline", b"\x1b[2Jescape", b"\xff\xfe", b"-rf", b" ", b"...", &long];
    for name in names {
        bed.a
            .file(name, "f")
            .file([name, b".d/", name].concat().get(..).filter(|path| path.len() < 500).unwrap_or(b"z"), "g");
    }
    bed.sync().is(Outcome::Done);
    bed.a.file(&long, "edited, and still as long a name");
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn s8_a_link_in_the_way_is_never_followed() {
    let bed = Bed::new();
    let outside = Tree::new();
    bed.a.file("d/x", "1").file("keep", "k");
    bed.sync().is(Outcome::Done);
    bed.a.file("d/x", "edited").file("d/new", "n");
    // The directory becomes a link out of the side after the look.
    let (b, out) = (bed.b.path().to_owned(), outside.path().to_owned());
    bed.sync_while(once(
        |point, _| matches!(point, Point::Staging | Point::Foretold),
        move || {
            std::fs::rename(b.join("d"), b.join("d.away")).unwrap();
            std::os::unix::fs::symlink(&out, b.join("d")).unwrap();
            Ok(())
        },
    ))
    .is(Outcome::Gaps);
    assert!(outside.entries().is_empty());
    assert_eq!(bed.b.read("d.away/x"), b"1");
}

#[test]
fn sockets_and_pipes_are_left_out_and_counted() {
    let bed = Bed::new();
    bed.a.file("x", "1").dir("d");
    let _socket = std::os::unix::net::UnixListener::bind(bed.a.at("d/socket")).unwrap();
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.skipped, 1);
    assert!(bed.b.has("d") && !bed.b.has("d/socket"));
}
