//! Settling conflicts.

use super::*;

fn contested() -> Bed {
    let bed = Bed::new();
    bed.a.file("d/x", "base").file("y", "base").file("keep", "k");
    bed.sync().is(Outcome::Done);
    bed.a.file("d/x", "left side").mtime("d/x", 1_700_000_000, 7).file("y", "left");
    bed.b.file("d/x", "the right side").mtime("d/x", 1_600_000_000, 7).file("y", "the right");
    bed.sync().is(Outcome::NeedsDecision);
    assert_eq!(bed.conflicts().len(), 2);
    bed
}

#[test]
fn the_version_that_is_kept_is_on_both_sides_and_the_other_in_the_trash() {
    for (keep, kept, lost, loser) in [
        (OnConflict::A, "left side", "the right side", Side::B),
        (OnConflict::B, "the right side", "left side", Side::A),
        (OnConflict::Newest, "left side", "the right side", Side::B),
        (OnConflict::Largest, "the right side", "left side", Side::A),
    ] {
        let bed = contested();
        let end = bed.resolve(&["d/x"], keep).is(Outcome::Done);
        assert_eq!((end.counts.conflicts, bed.conflicts().len()), (1, 1));
        assert_eq!(bed.a.read("d/x"), kept.as_bytes());
        assert_eq!(bed.b.read("d/x"), kept.as_bytes());
        let trash = format!(".instep/trash/{}/d/x", end.run);
        assert_eq!(bed.tree(loser).read(trash), lost.as_bytes());
        bed.resolve(&[], OnConflict::A).is(Outcome::Done);
        bed.assert_in_sync();
    }
}

#[test]
fn both_versions_can_be_kept() {
    let bed = contested();
    bed.resolve(&[], OnConflict::KeepBoth).is(Outcome::Done);
    assert_eq!(bed.a.read("d/x"), b"left side");
    assert_eq!(bed.a.entries().len(), 6);
    bed.assert_in_sync();
}

#[test]
fn s1_a_version_that_changed_since_it_was_shown_is_not_settled() {
    let bed = contested();
    bed.b.file("d/x", "edited once more");
    let end = bed.resolve(&["d/x"], OnConflict::A).is(Outcome::Gaps);
    assert_eq!(end.errors().len(), 1);
    assert_eq!(bed.b.read("d/x"), b"edited once more");
    assert_eq!(bed.conflicts().len(), 2);
}

#[test]
fn s1_a_conflict_that_changed_is_shown_anew_and_can_be_settled_then() {
    let bed = contested();
    let shown = bed.conflicts();
    bed.b.file("d/x", "edited once more");
    let (_, answers) = bed.settle(shown.clone(), &Choice::KeepOne(0));
    assert_eq!(answers, [Settlement::Changed, Settlement::Settled(Choice::KeepOne(0))]);
    let again = bed.conflicts();
    assert_eq!((again.len(), again[0].detected), (1, shown[0].detected));
    assert_eq!(again[0].versions[1].size, 16);
    let (end, answers) = bed.settle(again, &Choice::KeepOne(1));
    assert_eq!((end.outcome, answers), (Outcome::Done, vec![Settlement::Settled(Choice::KeepOne(1))]));
    assert_eq!(bed.a.read("d/x"), b"edited once more");
}

#[test]
fn of_two_who_settle_the_same_conflict_one_does_and_the_other_is_told() {
    let bed = contested();
    let shown = bed.conflicts();
    let (_, first) = bed.settle(shown.clone(), &Choice::KeepOne(0));
    assert_eq!(first, vec![Settlement::Settled(Choice::KeepOne(0)); 2]);
    let (end, second) = bed.settle(shown, &Choice::KeepOne(1));
    assert_eq!((end.outcome, second), (Outcome::Done, vec![Settlement::Gone; 2]));
    assert_eq!(end.events.iter().filter(|event| event.event.level == Level::Warning).count(), 2);
    assert_eq!(bed.b.read("y"), b"left");
}

#[test]
fn a_tie_stays_a_conflict() {
    let bed = Bed::new();
    bed.a.file("x", "same size").mtime("x", 1_600_000_000, 7);
    bed.b.file("x", "size same").mtime("x", 1_600_000_000, 8_000_000);
    bed.sync().is(Outcome::NeedsDecision);
    let end = bed.resolve(&[], OnConflict::Largest).is(Outcome::NeedsDecision);
    assert_eq!(end.counts.conflicts, 1);
}

#[test]
fn a_file_against_a_directory_is_settled_either_way() {
    for keep in [OnConflict::A, OnConflict::B] {
        let bed = Bed::new();
        bed.a.file("x", "file");
        bed.b.file("x/deep/y", "tree");
        bed.sync().is(Outcome::NeedsDecision);
        bed.resolve(&[], keep).is(Outcome::Done);
        assert_eq!(bed.a.has("x/deep/y"), keep == OnConflict::B);
        bed.assert_in_sync();
    }
}

#[test]
fn undoing_a_resolution_opens_the_conflict_again() {
    for keep in [OnConflict::A, OnConflict::B, OnConflict::KeepBoth] {
        let bed = contested();
        let (a, b) = (bed.a.entries(), bed.b.entries());
        let end = bed.resolve(&[], keep).is(Outcome::Done);
        assert!(bed.conflicts().is_empty());
        let undone = bed.undo(end.run).is(Outcome::Pending);
        assert_eq!(undone.counts.conflicts, 2, "{keep:?}");
        assert_eq!((bed.a.entries(), bed.b.entries()), (a, b), "{keep:?}");
        assert_eq!(bed.conflicts().len(), 2);
        bed.sync().is(Outcome::NeedsDecision);
        assert_eq!(bed.conflicts().len(), 2);
        bed.resolve(&[], OnConflict::A).is(Outcome::Done);
        bed.assert_in_sync();
    }
}

/// What a run did, by how often.
#[derive(Debug, PartialEq, Eq)]
struct Work {
    commits: usize,
    events: usize,
    errors: usize,
}

/// Settles so many conflicts at once.
fn settle_many(count: usize) -> Work {
    let bed = Bed::new();
    for n in 0..count {
        bed.a.file(format!("d{}/{n}", n % 10), "left").mtime(format!("d{}/{n}", n % 10), 1_700_000_000, 7);
        bed.b.file(format!("d{}/{n}", n % 10), "the right");
    }
    bed.sync().is(Outcome::NeedsDecision);
    let shown = bed.conflicts();
    assert_eq!(shown.len(), count);
    let commits = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&commits);
    *bed.hand.act.lock().unwrap() = Some(Box::new(move |point, _, _| {
        *counted.lock().unwrap() += usize::from(point == Point::Committing);
        Ok(())
    }));
    let (end, settlements) = bed.settle(shown, &Choice::KeepOne(0));
    *bed.hand.act.lock().unwrap() = None;
    assert!(settlements.iter().all(|one| *one == Settlement::Settled(Choice::KeepOne(0))));
    assert!(bed.conflicts().is_empty());
    assert_eq!(end.counts.b.updated, count as u64);
    let work =
        Work { commits: *commits.lock().unwrap(), events: end.events.len(), errors: end.errors().len() };
    // One undo takes back all of them.
    let undone = bed.undo(end.run).is(Outcome::Pending);
    assert_eq!((undone.counts.conflicts, undone.counts.b.updated), (count as u64, count as u64));
    work
}

#[test]
fn many_conflicts_are_settled_with_the_work_of_one() {
    let few = settle_many(20);
    assert_eq!(few, settle_many(500));
    assert_eq!((few.events, few.errors), (0, 0));
}

#[test]
fn s7_undoing_a_resolution_brings_back_the_directories_that_a_later_run_removed() {
    let bed = Bed::with(
        |pair| Pair { ask: reconcile::AskAlso { deletions: true, permissions: false }, ..pair },
        Limits::default(),
    );
    bed.a.file("d/in/x", "base").file("stays", "s");
    bed.sync().is(Outcome::Done);
    bed.a.file("d/in/new", "new on this side");
    std::fs::remove_dir_all(bed.b.at("d")).unwrap();
    bed.sync().is(Outcome::NeedsDecision);
    let end = bed.resolve(&[], OnConflict::B).is(Outcome::Done);
    bed.sync().is(Outcome::Done);
    assert!(!bed.a.has("d") && !bed.b.has("d"));
    let undone = bed.undo(end.run).is(Outcome::Pending);
    assert_eq!(undone.errors(), Vec::<&str>::new());
    assert_eq!(bed.a.read("d/in/new"), b"new on this side");
    // And taken back once more.
    bed.undo(undone.run).is(Outcome::Pending);
    assert!(!bed.a.has("d/in"), "{:?}", bed.a.entries());
}
