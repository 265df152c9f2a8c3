//! S2, S3, S4: killed at every point there is, and the next run converges with no help.

use super::*;
use crate::apply;
use crate::notes::LocalNotes;
use crate::side::local::{LocalSide, LocalWriter};

/// A scene with every kind of work in it: the state before the run that is killed.
fn scene() -> Bed {
    let bed = Bed::small_batches();
    bed.a
        .file("edit", "base")
        .file("delete", "base")
        .file("gone/deep/x", "base")
        .file("gone/y", "base")
        .file("move/me/z", "base of the moved one")
        .file("tree-to-file/x", "base")
        .file("file-to-tree", "base")
        .file("meta", "base")
        .file("rename", "renamed file");
    // Enough that stays, so that no guard is alarmed.
    for n in 0..12 {
        bed.a.file(format!("stays/{n}"), "stays");
    }
    bed.sync().is(Outcome::Done);
    bed.a
        .file("edit", "edited on a")
        .remove("delete")
        .remove("gone")
        .rename("move/me", "moved")
        .remove("tree-to-file")
        .file("tree-to-file", "file now")
        .remove("file-to-tree")
        .file("file-to-tree/deep/x", "tree now")
        .mode("meta", 0o600)
        .rename("rename", "renamed");
    for n in 0..10 {
        bed.a.file(format!("new/d{}/f{n}", n % 3), format!("content {n}"));
    }
    bed.b.file("from-b", "b's own").file("new-on-b/x", "b's tree");
    bed
}

#[test]
fn s4_killed_at_any_point_the_next_run_converges() {
    // How many points there are shows when nothing happens at any of them.
    let count = Arc::new(Mutex::new(0));
    let counting = Arc::clone(&count);
    let whole = scene();
    whole
        .sync_while(move |_, _, _| {
            *counting.lock().unwrap() += 1;
            Ok(())
        })
        .is(Outcome::Done);
    whole.assert_in_sync();
    let wanted = whole.a.entries().into_keys().collect::<Vec<_>>();
    let points = *count.lock().unwrap();
    assert!(points > 60, "{points}");

    for kill_at in 0..points {
        let bed = scene();
        let mut now = 0;
        bed.sync_while(move |_, _, _| {
            now += 1;
            if now > kill_at { die() } else { Ok(()) }
        });
        // S2: whatever has a final name is whole.
        for tree in [&bed.a, &bed.b] {
            for (path, entry) in tree.entries() {
                if let testkit::Entry::File(content, ..) = entry
                    && !path.split(|b| *b == b'/').any(|name| name.starts_with(b".instep"))
                {
                    assert!(content.len() >= 4, "{}: {content:?}", path.escape_ascii());
                }
            }
        }
        let end = bed.sync();
        assert_eq!(end.outcome, Outcome::Done, "killed at {kill_at}: {end:#?}");
        assert_eq!(bed.left_overs(), Vec::<String>::new(), "killed at {kill_at}");
        assert_eq!(bed.a.entries().into_keys().collect::<Vec<_>>(), wanted, "killed at {kill_at}");
        bed.assert_in_sync();
    }
}

#[test]
fn s7_a_run_that_was_killed_between_exchange_and_trash_loses_no_old_version() {
    let bed = Bed::new();
    bed.a.file("x", "the old version").file("y", "2");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "the new version, edited");
    bed.sync_while(once(|point, _| point == Point::Exchanged, die));
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.b.read("x"), b"the new version, edited");
    assert_eq!(bed.b.read(".instep/trash/2/x"), b"the old version");
    bed.assert_in_sync();
}

#[test]
fn s4_a_killed_first_copy_goes_on_where_it_stopped() {
    let bed = Bed::small_batches();
    for n in 0..40 {
        bed.a.file(format!("d/{}/f{n}", n % 5), format!("content {n}"));
    }
    let mut commits = 0;
    bed.sync_while(move |point, _, _| {
        if point == Point::Committed {
            commits += 1;
            if commits == 4 {
                return die();
            }
        }
        Ok(())
    });
    let before = bed.b.entries().len() as u64;
    assert!(before >= 12);
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.b.created + before, bed.a.entries().len() as u64);
    bed.assert_in_sync();
}

#[test]
fn s3_the_base_says_nothing_that_was_not_committed() {
    let bed = Bed::new();
    bed.a.file("x", "1");
    bed.sync_while(once(|point, _| point == Point::Committing, die));
    // Published, and not known to the base: a deletion on one side is then no deletion to follow.
    assert!(bed.b.has("x"));
    bed.b.remove("x");
    bed.sync().is(Outcome::Done);
    assert!(bed.b.has("x"));
}

#[test]
fn s2_temporary_names_that_a_person_moved_away_are_never_synced() {
    let bed = Bed::new();
    bed.a.file("x", "1").file("y", "2");
    bed.sync_while(once(|point, _| point == Point::Foretold, die));
    let left = bed.left_overs();
    assert!(!left.is_empty());
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.left_overs(), Vec::<String>::new());
    bed.assert_in_sync();
}

#[test]
fn s4_killed_between_an_edit_and_the_permissions_it_meets_the_next_run_sets_them() {
    let bed = Bed::new();
    bed.a.file("x", "1").mode("x", 0o644);
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "edited");
    bed.b.mode("x", 0o600);
    bed.sync_while(once(|point, _| point == Point::Committed, die));
    assert_eq!(bed.b.read("x"), b"edited");
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.a.entries(), bed.b.entries());
    bed.assert_in_sync();
}

#[test]
fn s4_an_edit_after_the_kill_meets_our_own_copy_and_is_no_conflict() {
    let bed = Bed::new();
    bed.a.file("x", "base").file("d/keep", "k");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "copied, then killed").file("new", "new").file("tree/deep/y", "y").file("d/z", "z");
    let mut published = 0;
    bed.sync_while(move |point, _, _| {
        // All four: the new tree, and the files.
        published += u32::from(point == Point::Published);
        if published == 4 { die() } else { Ok(()) }
    });
    assert_eq!(bed.b.read("x"), b"copied, then killed");
    let paths = ["x", "new", "tree/deep/y", "d/z"];
    for path in paths {
        bed.a.file(path, "edited again after the kill");
    }
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.b.updated, 4);
    for path in paths {
        assert_eq!(bed.b.read(path), b"edited again after the kill");
    }
    bed.assert_in_sync();
}

#[test]
fn s4_a_run_that_is_killed_while_it_clears_up_leaves_that_to_the_next() {
    let bed = Bed::new();
    bed.a.file("x", "base");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "copied, then killed");
    bed.sync_while(once(|point, _| point == Point::Committing, die));
    bed.a.file("x", "edited after the kill");
    // All that the second run comes to.
    let sides = [&bed.a, &bed.b].map(|side| LocalSide::open(side.path()).unwrap());
    let [a, b] = sides.map(|side| LocalWriter::new(Arc::new(side)));
    let notes = Home { pairs: bed.home.path().into() }.of(&bed.item);
    let swept = apply::sweep(&LocalNotes::new(&notes), [&a, &b]);
    assert_eq!(swept.runs.len(), 1);
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.b.read("x"), b"edited after the kill");
    bed.assert_in_sync();
}

#[test]
fn s4_both_edited_after_the_kill_is_a_conflict_all_the_same() {
    let bed = Bed::new();
    bed.a.file("x", "base");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "copied, then killed");
    bed.sync_while(once(|point, _| point == Point::Committing, die));
    bed.a.file("x", "edited on a after the kill");
    bed.b.file("x", "edited on b, too, after the kill");
    bed.sync().is(Outcome::NeedsDecision);
}

#[test]
fn s2_half_made_things_in_a_directory_that_was_renamed_are_found_where_it_is_now() {
    let bed = Bed::new();
    bed.a.file("d/x", "1").file("stays", "s");
    bed.sync().is(Outcome::Done);
    bed.a.file("d/x", "edited").file("d/new", "n");
    // While the run works in it.
    let b = bed.b.path().to_owned();
    bed.sync_while(once(
        |point, _| point == Point::Foretold,
        move || {
            std::fs::rename(b.join("d"), b.join("moved")).unwrap();
            Ok(())
        },
    ))
    .is(Outcome::Gaps);
    bed.sync();
    assert!(bed.left_overs().iter().all(|path| path.starts_with(".instep/trash/")));
    assert_eq!(bed.sync().outcome, Outcome::Done);
    assert_eq!(bed.b.read("moved/new"), b"n");
    // Moved after a kill.
    bed.a.file("moved/x", "edited once more");
    bed.sync_while(once(|point, _| point == Point::Exchanged, die));
    bed.b.rename("moved", "elsewhere");
    let end = bed.sync();
    assert!(bed.left_overs().iter().all(|path| path.starts_with(".instep/trash/")));
    // What was under that name is the old version, which the new one had just replaced.
    let trash = bed.b.at(format!(".instep/trash/{}/elsewhere", end.run));
    let kept: Vec<_> = std::fs::read_dir(trash).unwrap().map(|kept| kept.unwrap().path()).collect();
    assert_eq!(kept.len(), 1);
    assert_eq!(std::fs::read(&kept[0]).unwrap(), b"edited");
}
