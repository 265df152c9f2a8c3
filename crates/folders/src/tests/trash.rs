//! S7: what is deleted or overwritten can be found again.

use super::*;

#[test]
fn s7_what_a_run_takes_away_is_in_that_sides_trash() {
    let bed = Bed::new();
    bed.a.file("x", "old content").file("d/deep/y", "in a tree").file("keep", "k");
    bed.sync().is(Outcome::Done);
    assert!(!bed.a.has(".instep") && !bed.b.has(".instep"));
    bed.a.file("x", "new content, longer").remove("d");
    let end = bed.sync().is(Outcome::Done);
    let trash = format!(".instep/trash/{}", end.run);
    assert_eq!(bed.b.read(format!("{trash}/x")), b"old content");
    assert_eq!(bed.b.read(format!("{trash}/d/deep/y")), b"in a tree");
    assert!(!bed.a.has(".instep"));
    bed.assert_in_sync();
}

#[test]
fn s7_without_trash_nothing_is_kept() {
    let bed = Bed::new();
    bed.a.file("x", "old content").file("d/deep/y", "in a tree").file("keep", "k");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "new content, longer").remove("d");
    let end = bed.sync_with(RunOptions { no_trash: true, ..RunOptions::default() }).is(Outcome::Done);
    assert!(!bed.b.has(format!(".instep/trash/{}", end.run)));
    bed.assert_in_sync();
    let undone = bed.undo(end.run).is(Outcome::Gaps);
    assert_eq!(undone.errors().len(), 2);
    assert_eq!(bed.b.read("x"), b"new content, longer");
}

#[test]
fn s7_old_trash_goes_after_its_time() {
    let bed = Bed::with(|pair| Pair { trash_days: 1, ..pair }, Limits::default());
    bed.a.file("x", "1").file("y", "2").file("z", "3");
    bed.sync().is(Outcome::Done);
    bed.a.remove("x");
    let end = bed.sync().is(Outcome::Done);
    let trash = format!(".instep/trash/{}", end.run);
    assert!(bed.b.has(&trash));
    bed.b.mtime(&trash, 1_000_000_000, 0);
    bed.sync().is(Outcome::Done);
    assert!(!bed.b.has(&trash));
}

#[test]
fn s7_the_oldest_trash_goes_when_it_holds_more_than_it_may_and_never_the_last() {
    let bed = Bed::with(|pair| Pair { trash_size: Some(2500), ..pair }, Limits::default());
    for name in ["one", "two", "three"] {
        bed.a.file(name, [b'x'; 1000]);
    }
    bed.a.file("large", [b'x'; 9000]).file("keep", "k").file("more", "m");
    bed.sync().is(Outcome::Done);
    let gone = |name: &str| {
        bed.a.remove(name);
        let end = bed.sync().is(Outcome::Done);
        format!(".instep/trash/{}", end.run)
    };
    let (one, two) = (gone("one"), gone("two"));
    assert!(bed.b.has(&one) && bed.b.has(&two));
    let three = gone("three");
    assert!(!bed.b.has(&one) && bed.b.has(&two) && bed.b.has(&three));
    // What one run threw away is kept whatever it holds: it can be taken back.
    let large = gone("large");
    assert!(!bed.b.has(&two) && !bed.b.has(&three) && bed.b.has(&large));
    bed.assert_in_sync();
}
