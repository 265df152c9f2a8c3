//! What a person sees first.

use super::*;

#[test]
fn a_tree_is_copied_with_all_that_is_in_it() {
    let bed = Bed::new();
    bed.a
        .file("photos/2024/x.jpg", "x")
        .file("photos/2024/empty", "")
        .file(b"odd \xff\n name", "odd")
        .link("photos/latest", "2024/x.jpg")
        .dir("photos/none")
        .mode("photos/2024/x.jpg", 0o4751)
        .mode("photos/none", 0o2755)
        .mtime("photos/2024/x.jpg", 1_000_000_000, 123_456_789)
        .mtime("photos/2024", 1_000_000_001, 0);
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.b.created, 7);
    assert_eq!(end.counts.bytes, 4);
    let mtime = |tree: &Tree| std::fs::metadata(tree.at("photos/2024")).unwrap().modified().unwrap();
    assert_eq!(mtime(&bed.a), mtime(&bed.b));
    bed.assert_in_sync();
}

#[test]
fn both_sides_are_united_and_then_follow_each_other() {
    let bed = Bed::new();
    bed.a.file("a/1", "one").file("both/left", "l");
    bed.b.file("b/2", "two").file("both/right", "r");
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.a.read("b/2"), b"two");
    assert_eq!(bed.b.read("both/left"), b"l");
    bed.assert_in_sync();

    bed.a.file("a/1", "one, longer").remove("b");
    bed.b.rename("both/right", "a/moved").file("new/deep/er", "n");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.a.moved, end.counts.b.updated, end.counts.b.deleted), (1, 1, 2));
    assert_eq!(bed.b.read("a/1"), b"one, longer");
    assert!(!bed.b.has("b"));
    assert_eq!(bed.a.read("a/moved"), b"r");
    assert_eq!(bed.a.read("new/deep/er"), b"n");
    bed.assert_in_sync();
}

#[test]
fn a_wide_directory_of_which_both_sides_are_looked_at_at_once_follows_both() {
    let bed = Bed::new();
    for n in 0..5000 {
        bed.a.file(format!("wide/{n}"), "");
    }
    bed.sync().is(Outcome::Done);
    bed.a.file("wide/1", "edited").remove("wide/2").file("wide/new on A", "a");
    bed.b.file("wide/4997", "edited").remove("wide/4998").file("wide/new on B", "b");
    let end = bed.sync().is(Outcome::Done);
    let counts = |side: syncmgr::outcome::SideCounts| (side.created, side.updated, side.deleted);
    assert_eq!([end.counts.a, end.counts.b].map(counts), [(1, 1, 1); 2]);
    bed.assert_in_sync();
}

#[test]
fn a_moved_directory_takes_all_along_and_nothing_is_copied() {
    let bed = Bed::new();
    for n in 0..20 {
        bed.a.file(format!("old/deep/{n}"), format!("content {n}"));
    }
    bed.sync().is(Outcome::Done);
    let ino = |tree: &Tree, path: &str| {
        std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(tree.at(path)).unwrap())
    };
    let before = ino(&bed.b, "old/deep/7");
    bed.a.rename("old", "new").file("new/deep/7", "edited in its new place").file("new/added", "x");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!((end.counts.b.moved, end.counts.b.deleted, end.counts.b.created), (1, 0, 1));
    assert_eq!(ino(&bed.b, "new/deep/8"), ino(&bed.b, "new/deep/8"));
    assert_ne!(ino(&bed.b, "new/deep/7"), before);
    assert_eq!(bed.b.read("new/deep/7"), b"edited in its new place");
    bed.assert_in_sync();
}

#[test]
fn names_that_change_places_change_places_on_the_other_side() {
    let bed = Bed::new();
    bed.a.file("one/x", "1").file("two/y", "2").file("f", "file f").file("g", "file g!");
    bed.sync().is(Outcome::Done);
    bed.a.rename("one", "tmp").rename("two", "one").rename("tmp", "two");
    bed.a.rename("f", "tmp").rename("g", "f").rename("tmp", "g");
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.b.read("one/y"), b"2");
    assert_eq!(bed.b.read("f"), b"file g!");
    bed.assert_in_sync();
}

#[test]
fn a_tree_takes_the_place_of_a_file_and_a_file_that_of_a_tree() {
    let bed = Bed::new();
    bed.a.file("x", "file").file("y/deep/z", "tree").file("l", "not a link");
    bed.sync().is(Outcome::Done);
    bed.a.remove("x").file("x/now/a", "tree").remove("y").file("y", "now a file").remove("l").link("l", "y");
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.b.read("x/now/a"), b"tree");
    assert_eq!(bed.b.read("y"), b"now a file");
    bed.assert_in_sync();
}

#[test]
fn file_systems_whose_renames_know_no_flags_will_do() {
    let bed = Bed::with_plain_renames();
    bed.a.file("x", "old").file("d/deep/y", "tree").file("gone", "g").link("l", "x").file("moves", "m");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "new, longer").remove("gone").remove("l").link("l", "d").rename("moves", "d/moved");
    bed.a.rename("d", "e").file("n/new", "n");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(bed.b.read(format!(".instep/trash/{}/x", end.run)), b"old");
    bed.assert_in_sync();
}

#[test]
fn copy_and_mirror_go_one_way() {
    let bed = Bed::with(|pair| Pair { mode: Mode::Copy, ..pair }, Limits::default());
    bed.a.file("x", "1").file("y", "2");
    bed.b.file("own", "b's");
    bed.sync().is(Outcome::Done);
    assert!(!bed.a.has("own"));
    bed.a.remove("x");
    bed.sync().is(Outcome::Done);
    assert!(bed.b.has("x") && bed.b.has("own"));

    let bed = Bed::with(|pair| Pair { mode: Mode::Mirror, ..pair }, Limits::default());
    bed.a.file("x", "1").file("d/y", "2");
    bed.b.file("own/tree", "b's").file("x", "b's, of another size");
    bed.sync_with(RunOptions::default()).is(Outcome::SafetyStop);
    assert_eq!(bed.b.read("own/tree"), b"b's");
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn conflicts_are_left_alone_and_written_down() {
    let bed = Bed::new();
    bed.a.file("x", "base");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "left side").file("fine", "f");
    bed.b.file("x", "the right side");
    let end = bed.sync().is(Outcome::NeedsDecision);
    assert_eq!(end.counts.conflicts, 1);
    assert_eq!(bed.a.read("x"), b"left side");
    assert_eq!(bed.b.read("x"), b"the right side");
    assert_eq!(bed.b.read("fine"), b"f");
    let open = bed.conflicts();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].versions[1].location, "right");
    bed.sync().is(Outcome::NeedsDecision);
}

#[test]
fn policies_settle_conflicts_by_themselves() {
    for (policy, left) in [
        (OnConflict::Newest, "old version"),
        (OnConflict::Largest, "this is the larger version"),
        (OnConflict::A, "this is the larger version"),
        (OnConflict::B, "old version"),
    ] {
        let bed = Bed::with(|pair| Pair { on_conflict: policy, ..pair }, Limits::default());
        bed.a.file("x", "this is the larger version").mtime("x", 1_000_000_000, 1);
        bed.b.file("x", "old version").mtime("x", 1_500_000_000, 1);
        bed.sync().is(Outcome::Done);
        assert_eq!(bed.a.read("x"), left.as_bytes(), "{policy:?}");
        bed.assert_in_sync();
    }
    let bed = Bed::with(|pair| Pair { on_conflict: OnConflict::KeepBoth, ..pair }, Limits::default());
    bed.a.file("x.txt", "left");
    bed.b.file("x.txt", "the right");
    bed.sync().is(Outcome::Done);
    let contents: Vec<Vec<u8>> = bed.a.entries().into_keys().map(|name| bed.a.read(name)).collect();
    assert_eq!(contents.len(), 2);
    assert!(contents.contains(&b"left".to_vec()) && contents.contains(&b"the right".to_vec()));
    bed.assert_in_sync();
}

#[test]
fn s12_a_pair_of_two_empty_folders_is_left_without_a_trace() {
    let bed = Bed::new();
    bed.assert_in_sync();
    assert!(!bed.a.has(".instep") && bed.home.entries().is_empty());
}

#[test]
fn s6_too_many_deletions_stop_the_run_until_approved() {
    let bed = Bed::new();
    for n in 0..20 {
        bed.a.file(format!("f{n}"), "x");
    }
    bed.sync().is(Outcome::Done);
    for n in 0..15 {
        bed.a.remove(format!("f{n}"));
    }
    let end = bed.sync().is(Outcome::SafetyStop);
    assert!(end.problem.unwrap().text.contains("right"));
    assert_eq!(bed.b.entries().len(), 20);
    bed.sync_with(RunOptions { approve: true, ..RunOptions::default() }).is(Outcome::Done);
    assert_eq!(bed.b.entries().len(), 5);
}

#[test]
fn a_stop_is_obeyed_and_the_next_run_goes_on() {
    let bed = Bed::small_batches();
    for n in 0..30 {
        bed.a.file(format!("d{}/f{n}", n % 4), format!("content {n}"));
    }
    let (center, item) = (bed.center.clone(), bed.item.clone());
    let mut copied = 0;
    bed.sync_while(move |point, _, _| {
        if point == Point::Staged {
            copied += 1;
            if copied == 10 {
                center.ask(Ask::CancelItem(item.clone()));
            }
        }
        Ok(())
    })
    .is(Outcome::Canceled);
    assert_eq!(bed.left_overs(), Vec::<String>::new());
    assert!(bed.b.entries().len() < 34);
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn s11_a_second_run_waits_and_says_for_which_side() {
    let bed = Bed::new();
    bed.a.file("x", "1");
    let root = std::fs::File::open(bed.b.path()).unwrap();
    rustix::fs::flock(&root, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    let end = bed.sync().is(Outcome::Waiting);
    assert!(end.problem.unwrap().text.contains("right"));
    assert!(!bed.b.has("x"));
}

#[test]
fn s5_a_root_that_went_away_stops_the_run_even_when_approved() {
    let bed = Bed::new();
    bed.a.file("x", "1").file("y", "2");
    bed.sync().is(Outcome::Done);
    let aside = bed.home.at("aside");
    std::fs::rename(bed.a.path(), &aside).unwrap();
    bed.sync_with(RunOptions { approve: true, ..RunOptions::default() }).is(Outcome::SafetyStop);
    std::fs::create_dir(bed.a.path()).unwrap();
    bed.sync().is(Outcome::SafetyStop);
    assert!(bed.b.has("x") && bed.b.has("y"));
}

#[test]
fn a_damaged_record_leaves_nothing_behind_that_is_counted() {
    use crate::base::{Access, Base};

    let bed = Bed::new();
    bed.a.file("d/e/x", "1").file("d/e/f/y", "2").file("stays", "s");
    bed.sync().is(Outcome::Done);
    let dir = Home { pairs: bed.home.path().into() }.of(&bed.item);
    let damage = rusqlite::Connection::open(dir.join("base.db")).unwrap();
    // The directory `d`: what is beneath it hangs in the air, and nobody knows any more that it was there.
    let key = damage.query_row("SELECT min(key) FROM dirs WHERE key > 1", [], |row| row.get::<_, i64>(0));
    damage.execute("UPDATE dirs SET record = x'00' WHERE key = ?1", [key.unwrap()]).unwrap();
    drop(damage);
    bed.a.file("new", "n");
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
    let base = Base::open(&dir, Access::Read).unwrap();
    assert_eq!(base.meta().unwrap().entries, bed.a.entries().len() as u64);
}
