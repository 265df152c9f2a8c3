//! Other file systems than the usual one: mounted from a file for the time of a test, where that is allowed.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use testkit::{Limited, Mounted};

use super::*;

/// One that takes `x` and `X` for one name, knows whole seconds, no links and no permissions.
pub(super) fn simple() -> Option<Mounted> {
    Mounted::image(&["mkfs.vfat"], &["mount", "-t", "vfat"], 32).or_else(|| {
        Mounted::image(
            &["mkfs.exfat"],
            &["mount.exfat-fuse", "-o", "entry_timeout=0,attr_timeout=0,negative_timeout=0"],
            32,
        )
    })
}

fn bed_on(system: &Mounted) -> Bed {
    Bed::on(Tree::new(), system.folder(), |pair| pair, Limits::default())
}

pub(super) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with(".instep"))
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_system_of_few_talents_is_a_side_like_any_other() {
    let Some(system) = simple() else { return };
    let bed = bed_on(&system);
    bed.a.file("d/e/one", "1").file("two", "2").file("private", "3").mode("private", 0o600);
    bed.sync().is(Outcome::Done);
    // Whole seconds, no permissions: no change, on this way and the next.
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    // An edit there comes back, and opens nothing to others.
    bed.b.file("private", "edited").remove("two");
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.a.read("private"), b"edited");
    assert_eq!(fs::metadata(bed.a.at("private")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!bed.a.has("two"));
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    // And from there to a third folder.
    let onward = Bed::on(bed.b, Tree::new(), |pair| pair, Limits::default());
    onward.sync().is(Outcome::Done);
    assert_eq!(onward.sync().is(Outcome::Done).counts, Counts::default());
    assert_eq!(onward.b.read("d/e/one"), b"1");
}

#[test]
fn another_spelling_of_the_same_name_is_a_rename_there_too() {
    let Some(system) = simple() else { return };
    let bed = bed_on(&system);
    bed.a.file("two.txt", "2").file("d/e/x", "x");
    bed.sync().is(Outcome::Done);
    bed.a.rename("two.txt", "TWO.txt").rename("d/e", "d/E");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.moved, end.counts.b.created), (2, 0));
    assert_eq!(
        (names(bed.b.path()), names(&bed.b.at("d"))),
        (vec!["TWO.txt".into(), "d".into()], vec!["E".into()])
    );
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    bed.undo(end.run).is(Outcome::Pending);
    assert_eq!(names(bed.b.path()), ["d", "two.txt"]);
    bed.sync().is(Outcome::Done);
    assert_eq!(names(bed.a.path()), ["d", "two.txt"]);
}

#[test]
fn s9_what_a_file_system_cannot_hold_is_named_and_the_rest_goes_on() {
    let Some(system) = simple() else { return };
    let bed = bed_on(&system);
    bed.a
        .file("a:b", "1")
        .file("bad?dir/in", "2")
        .file("good", "3")
        .link("link", "good")
        .file("new/c*d", "4");
    let end = bed.sync().is(Outcome::Gaps);
    let errors = end.errors();
    assert_eq!(errors.len(), 4, "{errors:#?}");
    assert!(errors.iter().all(|error| !error.contains(".instep")), "{errors:#?}");
    assert_eq!(errors.iter().filter(|error| error.contains("cannot hold")).count(), 3, "{errors:#?}");
    assert_eq!(errors.iter().filter(|error| error.contains("symbolic link")).count(), 1, "{errors:#?}");
    assert_eq!(bed.left_overs(), Vec::<String>::new());
    assert_eq!((names(bed.b.path()), bed.a.has("a:b")), (vec!["good".into(), "new".into()], true));
    let again = bed.sync().is(Outcome::Gaps);
    assert_eq!((again.counts.a, again.counts.b), Default::default());
}

#[test]
fn where_blocks_can_be_shared_they_are() {
    for make in [["mkfs.xfs", "-q"], ["mkfs.btrfs", "-q"]] {
        let Some(system) = Mounted::image(&make, &["mount"], 400) else { continue };
        let bed = Bed::on(system.folder(), system.folder(), |pair| pair, Limits::default());
        // No two copies fit.
        bed.a.file("large", vec![7; 150 << 20]).file("small", "x");
        bed.sync().is(Outcome::Done);
        let free = free(&system);
        bed.a.rename("large", "larger");
        bed.sync().is(Outcome::Done);
        bed.assert_in_sync();
        assert!(free > 60 << 20, "{free} bytes are left");
    }
}

#[test]
fn an_edited_large_file_is_made_of_the_blocks_of_the_old_one_where_they_can_be_shared() {
    for make in [["mkfs.xfs", "-q"], ["mkfs.btrfs", "-q"]] {
        let Some(system) = Mounted::image(&make, &["mount"], 400) else { continue };
        let bed = bed_on(&system);
        let large: Vec<u8> = (0..60_u32 << 18).flat_map(u32::to_le_bytes).collect();
        bed.a.file("large", &large);
        bed.sync().is(Outcome::Done);
        let before = free(&system);
        // Shorter, longer, and edited here and there.
        let mut edited = large.clone();
        edited[5_000_000] ^= 1;
        edited[40_000_000..40_010_000].fill(7);
        edited.extend_from_slice(&[9; 5000]);
        bed.a.file("large", &edited);
        let end = bed.sync().is(Outcome::Done);
        assert_eq!(bed.b.read("large"), edited);
        // The old one is whole in the trash.
        assert_eq!(bed.b.read(format!(".instep/trash/{}/large", end.run)), large);
        edited.truncate(50_000_001);
        bed.a.file("large", &edited);
        bed.sync().is(Outcome::Done);
        assert_eq!(bed.b.read("large"), edited);
        let taken = before.saturating_sub(free(&system));
        assert!(taken < 8 << 20, "{taken} bytes more are taken");
        bed.assert_in_sync();
    }
}

#[test]
fn s1_a_version_that_is_edited_while_its_blocks_are_shared_is_no_part_of_the_new_one() {
    let Some(system) = Mounted::image(&["mkfs.xfs", "-q"], &["mount"], 400) else { return };
    let bed = bed_on(&system);
    bed.a.file("large", vec![1; 8 << 20]);
    bed.sync().is(Outcome::Done);
    bed.a.file("large", [vec![2; 4096], vec![1; (8 << 20) - 4096]].concat());
    let theirs = bed.b.at("large");
    let end = bed.sync_while(once(
        |point, _| point == Point::Staging,
        move || {
            let mut file = fs::File::options().write(true).open(&theirs).unwrap();
            std::io::Write::write_all(&mut file, &[3; 10_000]).unwrap();
            Ok(())
        },
    ));
    // Their edit stays, and ours is no mix of both.
    assert_eq!(end.outcome, Outcome::Gaps, "{end:#?}");
    assert_eq!(bed.b.read("large")[..10_000], [3; 10_000]);
    assert_eq!(bed.b.read("large").len(), 8 << 20);
    bed.sync().is(Outcome::NeedsDecision);
    bed.resolve(&["large"], OnConflict::A).is(Outcome::Done);
    assert_eq!(bed.b.read("large"), bed.a.read("large"));
    assert_eq!(bed.b.read("large")[4096..10_000], [1; 5904]);
    assert_eq!(bed.left_overs(), Vec::<String>::new());
}

fn free(system: &Mounted) -> u64 {
    // What was deleted is given back when it is written down.
    rustix::fs::syncfs(fs::File::open(system.path()).unwrap()).unwrap();
    let free = rustix::fs::statvfs(system.path()).unwrap();
    free.f_bavail * free.f_frsize
}

#[test]
fn when_no_more_files_fit_what_is_complete_is_there_and_the_next_run_goes_on() {
    let Some(system) = Mounted::memory("size=64m,nr_inodes=120") else { return };
    let bed = bed_on(&system);
    for n in 0..200 {
        bed.a.file(format!("d{}/f{n}", n % 10), "x");
    }
    let end = bed.sync();
    assert_eq!(
        end.problem.as_ref().map(|problem| problem.class),
        Some(syncmgr::ProblemClass::Space),
        "{end:#?}"
    );
    assert_eq!(bed.left_overs(), Vec::<String>::new());
    assert!(system.remount("nr_inodes=1000"));
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn a_side_that_cannot_be_written_is_read_all_the_same() {
    let Some(system) = Mounted::memory("size=1m") else { return };
    let bed = Bed::on(system.folder(), Tree::new(), |pair| pair, Limits::default());
    bed.a.file("d/x", "1").file("y", "2");
    assert!(system.remount("ro"));
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.b.read("d/x"), b"1");
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    bed.b.file("y", "edited").file("new/z", "3").remove("d/x");
    let end = bed.sync().is(Outcome::Failed);
    let problem = end.problem.unwrap();
    assert_eq!(problem.class, syncmgr::ProblemClass::Permission);
    assert!(problem.text.contains("read-only") && problem.text.contains("left"), "{}", problem.text);
    assert_eq!((bed.a.read("y"), bed.b.read("y")), (b"2".to_vec(), b"edited".to_vec()));
    assert!(system.remount("rw"));
    bed.sync().is(Outcome::Done);
    assert_eq!((bed.a.read("new/z"), bed.a.has("d/x")), (b"3".to_vec(), false));
    bed.assert_in_sync();
}

#[test]
fn s8_a_copy_never_lends_rights_that_nobody_granted() {
    let bed = Bed::new();
    let mode = |tree: &Tree, name: &str| fs::metadata(tree.at(name)).unwrap().permissions().mode() & 0o7777;
    bed.a.file("theirs", "x").file("ours", "x").file("group", "x");
    let us = fs::metadata(bed.a.at("ours")).unwrap();
    if chown(bed.a.at("theirs"), Some(us.uid() + 4321), None).is_err() {
        eprintln!("skipped: files cannot be given away here");
        return;
    }
    chown(bed.a.at("group"), None, Some(us.gid() + 4321)).unwrap();
    bed.a.mode("theirs", 0o4755).mode("ours", 0o4755).mode("group", 0o2755);
    bed.sync().is(Outcome::Done);
    assert_eq!(["theirs", "ours", "group"].map(|name| mode(&bed.b, name)), [0o755, 0o4755, 0o755]);
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    // Nor later, when only the mode changes, or only the content.
    bed.a.mode("theirs", 0o4711).mode("ours", 0o4711);
    bed.sync().is(Outcome::Done);
    assert_eq!(["theirs", "ours"].map(|name| mode(&bed.b, name)), [0o711, 0o4711]);
    bed.a.file("theirs", "edited");
    bed.sync().is(Outcome::Done);
    assert_eq!(mode(&bed.b, "theirs") & 0o6000, 0);
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
}

#[test]
fn a_file_system_that_knows_whole_seconds_is_a_side_like_any_other() {
    // Small inodes have no room for parts of a second, nor for a time of birth.
    let Some(system) = Mounted::image(&["mkfs.ext3", "-q", "-I", "128"], &["mount"], 64) else { return };
    let bed = bed_on(&system);
    // The same content on both sides, each with the time that its file system can hold.
    bed.a.file("both", "the same").mtime("both", 1_700_000_000, 123_456_789);
    bed.b.file("both", "the same").mtime("both", 1_700_000_000, 0);
    bed.a.file("d/one", "1").mtime("d/one", 1_700_000_001, 999_999_999).file("two", "2");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.created, end.counts.b.updated, end.counts.a), (3, 0, Default::default()));
    bed.assert_rests();
    // An edit there comes back, and one here goes there.
    bed.b.file("d/one", "edited there");
    bed.a.file("two", "edited here").rename("both", "renamed");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.a.updated, end.counts.b.updated, end.counts.b.moved), (1, 1, 1));
    assert_eq!(bed.a.read("d/one"), b"edited there");
    assert_eq!(bed.b.read("two"), b"edited here");
    bed.assert_rests();
}

#[test]
fn a_quota_that_is_used_up_is_a_full_disk_and_the_next_run_goes_on() {
    let Some(limited) = Limited::to("8M") else { return };
    let bed = Bed::on(Tree::new(), limited.folder(), |pair| pair, Limits::default());
    for n in 0..100_u8 {
        bed.a.file(format!("d{}/f{n}", n % 4), vec![n; 200_000]);
    }
    let end = bed.sync();
    let class = end.problem.as_ref().map(|problem| problem.class);
    assert_eq!(class, Some(syncmgr::ProblemClass::Space), "{end:#?}");
    assert!(limited.limit("none"));
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

/// Edits within the tick of the clock in which a run looked, on a file system where such an edit does not show.
fn hasty_edits_are_found(system: &Mounted) {
    let now = || crate::run::now().secs;
    for turned in [false, true] {
        let (here, there) = (Tree::new(), system.folder());
        let (a, b) = if turned { (there, here) } else { (here, there) };
        let bed = Bed::on(a, b, |pair| pair, Limits::default());
        let hasty = if turned { &bed.a } else { &bed.b };
        // What the clock says for two seconds.
        let write = |name: &str, content: &str, time: i64| {
            hasty.file(name, content).mtime(name, time, 0);
        };
        let time = loop {
            let time = now() / 2 * 2;
            for name in ["edited", "kept", "renamed", "d/removed"] {
                write(name, "1111", time);
            }
            bed.sync().is(Outcome::Done);
            // Not on a machine that was busy with something else until the clock had moved on.
            if now() <= time + 1 {
                break time;
            }
        };
        write("edited", "2222", time);
        write("renamed", "2222", time);
        hasty.rename("renamed", "d/new name").remove("d/removed");
        bed.sync().is(Outcome::Done);
        for tree in [&bed.a, &bed.b] {
            assert_eq!(tree.read("edited"), b"2222");
            assert_eq!(tree.read("d/new name"), b"2222");
            assert!(tree.has("kept") && !tree.has("d/removed") && !tree.has("renamed"));
        }
        assert_eq!(bed.conflicts().len(), 0);
        bed.assert_rests();
    }
}

#[test]
fn an_edit_that_does_not_show_because_the_clock_stood_still_is_found_by_the_next_run() {
    if let Some(system) = simple() {
        hasty_edits_are_found(&system);
    }
    if let Some(system) = Mounted::image(&["mkfs.ext3", "-q", "-I", "128"], &["mount"], 64) {
        let bed = bed_on(&system);
        bed.b.file("x", "1111");
        bed.sync().is(Outcome::Done);
        // In the same second more often than not, and found in any case.
        bed.b.file("x", "2222");
        bed.sync().is(Outcome::Done);
        assert_eq!(bed.a.read("x"), b"2222");
    }
}
