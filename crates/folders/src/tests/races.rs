//! S1 and S10: edits at the worst moment. Nothing that a person wrote is ever lost.

use super::*;

#[test]
fn s1_what_appears_at_the_last_moment_is_not_overwritten() {
    for bed in [Bed::new(), Bed::with_plain_renames()] {
        what_appears_at_the_last_moment_is_not_overwritten(&bed);
    }
}

fn what_appears_at_the_last_moment_is_not_overwritten(bed: &Bed) {
    bed.a.file("x", "from a").file("tree/y", "from a");
    let at = bed.b.path().to_owned();
    let end = bed
        .sync_while(once(
            |point, _| point == Point::Publishing,
            move || {
                std::fs::write(at.join("x"), "appeared").unwrap();
                std::fs::create_dir(at.join("tree")).unwrap();
                std::fs::write(at.join("tree/y"), "appeared").unwrap();
                Ok(())
            },
        ))
        .is(Outcome::Gaps);
    assert_eq!(end.errors().len(), 2, "{end:#?}");
    assert_eq!(bed.b.read("x"), b"appeared");
    assert_eq!(bed.b.read("tree/y"), b"appeared");
    assert_eq!(bed.left_overs(), Vec::<String>::new());
    bed.sync().is(Outcome::NeedsDecision);
    assert_eq!(bed.conflicts().len(), 2);
}

#[test]
fn s1_an_edit_before_the_exchange_is_a_conflict_not_a_loss() {
    for (point, plain) in [
        (Point::Staged, false),
        (Point::Foretold, false),
        (Point::Publishing, false),
        (Point::Publishing, true),
        (Point::Foretold, true),
    ] {
        let bed = if plain { Bed::with_plain_renames() } else { Bed::new() };
        bed.a.file("x", "base");
        bed.sync().is(Outcome::Done);
        bed.a.file("x", "from a, newer");
        let at = bed.b.at("x");
        bed.sync_while(once(
            move |now, _| now == point,
            move || {
                std::fs::write(at, "late edit on b").unwrap();
                Ok(())
            },
        ))
        .is(Outcome::Gaps);
        assert_eq!(bed.b.read("x"), b"late edit on b", "{point:?}");
        assert_eq!(bed.left_overs(), Vec::<String>::new());
        bed.sync().is(Outcome::NeedsDecision);
        assert_eq!((bed.a.read("x"), bed.b.read("x")), (b"from a, newer".into(), b"late edit on b".into()));
    }
}

#[test]
fn s1_a_version_that_replaced_the_target_at_the_last_moment_comes_back() {
    let bed = Bed::new();
    bed.a.file("x", "base");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "from a, newer");
    // As an editor saves: a new file, renamed over the old one, after the last check.
    let b = bed.b.path().to_owned();
    bed.sync_while(once(
        |point, _| point == Point::Publishing,
        move || {
            std::fs::write(b.join("x~"), "saved by an editor").unwrap();
            std::fs::rename(b.join("x~"), b.join("x")).unwrap();
            Ok(())
        },
    ))
    .is(Outcome::Gaps);
    assert_eq!(bed.b.read("x"), b"saved by an editor");
    assert_eq!(bed.left_overs(), Vec::<String>::new());
    bed.sync().is(Outcome::NeedsDecision);
}

#[test]
fn s1_a_late_edit_of_what_is_to_be_deleted_keeps_it() {
    for point in [Point::Removing, Point::Removed] {
        for (file, tree) in [("x", false), ("d/deep/x", true)] {
            let bed = Bed::new();
            bed.a.file(file, "base").file("d/deep/other", "o").file("stays", "s");
            bed.sync().is(Outcome::Done);
            bed.a.remove(if tree { "d" } else { "x" });
            let path = if tree { "d" } else { "x" };
            let at = match point {
                Point::Removing => bed.b.at(file),
                // It is in the trash already; a program that had it open writes on.
                _ => bed.b.at(format!(".instep/trash/2/{file}")),
            };
            bed.sync_while(once(
                move |now, what| now == point && what.as_bytes() == path.as_bytes(),
                move || {
                    std::fs::write(at, "late edit on b").unwrap();
                    Ok(())
                },
            ))
            .is(Outcome::Gaps);
            assert_eq!(bed.b.read(file), b"late edit on b", "{point:?} {file}");
            bed.sync().is(Outcome::Done);
            assert_eq!(bed.a.read(file), b"late edit on b");
            assert!(!tree || !bed.b.has("d/deep/other"));
            bed.assert_in_sync();
        }
    }
}

#[test]
fn s1_a_file_that_is_added_to_a_tree_that_is_to_be_deleted_survives() {
    let bed = Bed::new();
    bed.a.file("d/x", "base").file("stays", "s");
    bed.sync().is(Outcome::Done);
    bed.a.remove("d");
    let at = bed.b.at("d/new");
    bed.sync_while(once(
        |point, _| point == Point::Removing,
        move || {
            std::fs::write(at, "added late").unwrap();
            Ok(())
        },
    ))
    .is(Outcome::Gaps);
    assert_eq!(bed.b.read("d/new"), b"added late");
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.a.read("d/new"), b"added late");
    assert!(!bed.a.has("d/x"));
    bed.assert_in_sync();
}

#[test]
fn s1_a_late_edit_of_a_tree_that_a_file_replaces_keeps_the_tree() {
    for point in [Point::Publishing, Point::Exchanged] {
        let bed = Bed::new();
        bed.a.file("x/deep/y", "base").file("stays", "s");
        bed.sync().is(Outcome::Done);
        bed.a.remove("x").file("x", "now a file");
        let b = bed.b.path().to_owned();
        bed.sync_while(once(
            move |now, _| now == point,
            move || {
                // After the exchange the tree has a temporary name.
                let mut top = std::fs::read_dir(&b).unwrap().map(|entry| entry.unwrap().path());
                let tree = top.find(|path| path.join("deep/y").exists()).unwrap();
                std::fs::write(tree.join("deep/y"), "late edit on b").unwrap();
                Ok(())
            },
        ))
        .is(Outcome::Gaps);
        assert_eq!(bed.b.read("x/deep/y"), b"late edit on b", "{point:?}");
        assert_eq!(bed.left_overs(), Vec::<String>::new());
        bed.sync();
        assert_eq!(bed.b.read("x/deep/y"), b"late edit on b");
    }
}

#[test]
fn s1_a_move_does_not_overwrite_and_does_not_take_another_version_along() {
    let bed = Bed::new();
    bed.a.file("old", "content");
    bed.sync().is(Outcome::Done);
    bed.a.rename("old", "new");
    let at = bed.b.at("new");
    bed.sync_while(once(
        |point, _| point == Point::Moving,
        move || {
            std::fs::write(at, "appeared").unwrap();
            Ok(())
        },
    ))
    .is(Outcome::Gaps);
    assert_eq!(bed.b.read("new"), b"appeared");
    assert_eq!(bed.b.read("old"), b"content");

    let bed = Bed::new();
    bed.a.file("old", "content");
    bed.sync().is(Outcome::Done);
    bed.a.rename("old", "new");
    let at = bed.b.at("old");
    bed.sync_while(once(
        |point, _| point == Point::Moving,
        move || {
            std::fs::remove_file(&at).unwrap();
            std::fs::write(&at, "another file").unwrap();
            Ok(())
        },
    ))
    .is(Outcome::Gaps);
    assert_eq!(bed.b.read("old"), b"another file");
    assert!(!bed.b.has("new"));
    bed.sync().is(Outcome::Done);
    // Saved anew on one side, moved on the other: both, at the new name.
    assert_eq!(bed.a.read("new"), b"another file");
    bed.assert_in_sync();
}

#[test]
fn s10_a_file_that_changes_while_it_is_copied_is_copied_again() {
    let bed = Bed::new();
    bed.a.file("x", "first version").file("d/y", "first version");
    let a = bed.a.path().to_owned();
    let mut tries = std::collections::HashMap::new();
    bed.sync_while(move |point, _, path| {
        if point == Point::Staged {
            let tries: &mut u32 = tries.entry(path.to_string()).or_default();
            *tries += 1;
            if *tries < 3 {
                std::fs::write(a.join(path.to_string()), format!("version after try {tries}")).unwrap();
            }
        }
        Ok(())
    })
    .is(Outcome::Done);
    assert_eq!(bed.b.read("x"), b"version after try 2");
    assert_eq!(bed.b.read("d/y"), b"version after try 2");
    bed.assert_in_sync();
}

#[test]
fn s10_a_file_that_never_rests_is_reported_and_no_mix_of_it_is_kept() {
    let bed = Bed::new();
    bed.a.file("busy", "v").file("d/busy", "v").file("fine", "f");
    let a = bed.a.path().to_owned();
    let mut n = 0;
    let end = bed
        .sync_while(move |point, _, path| {
            if point == Point::Staged && path.to_string().ends_with("busy") {
                n += 1;
                std::fs::write(a.join(path.to_string()), format!("version {n}")).unwrap();
            }
            Ok(())
        })
        .is(Outcome::Gaps);
    assert_eq!(end.errors().len(), 2);
    assert!(!bed.b.has("busy") && !bed.b.has("d/busy"));
    assert_eq!(bed.b.read("fine"), b"f");
    assert_eq!(bed.left_overs(), Vec::<String>::new());
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn s9_a_file_that_vanishes_under_way_stops_nothing() {
    let bed = Bed::new();
    bed.a.file("a", "1").file("b", "2").file("c", "3");
    let at = bed.a.at("b");
    bed.sync_while(once(
        |point, path| point == Point::Staging && path.as_bytes() == b"a",
        move || {
            std::fs::remove_file(at).unwrap();
            Ok(())
        },
    ));
    bed.sync().is(Outcome::Done);
    assert!(bed.b.has("a") && bed.b.has("c") && !bed.b.has("b"));
    bed.assert_in_sync();
}
