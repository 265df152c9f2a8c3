//! `undo` brings back what a run took away, exactly, and touches nothing that changed since.

use syncmgr::Handler as _;

use super::*;
use crate::journal;

#[test]
fn s7_undo_brings_everything_back_and_the_next_sync_takes_it_as_the_newest_word() {
    let bed = Bed::new();
    bed.a
        .file("x", "old content")
        .file("d/deep/y", "in a tree")
        .file("d/z", "z")
        .file("moves", "moved file")
        .file("m", "mode")
        .link("l", "x");
    bed.sync().is(Outcome::Done);
    let before = bed.b.entries();
    bed.a
        .file("x", "new content, longer")
        .remove("d")
        .rename("moves", "moved")
        .mode("m", 0o600)
        .file("created/in/tree", "c")
        .file("created/two", "c")
        .remove("l");
    let end = bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
    assert_ne!(bed.b.entries(), before);

    bed.undo(end.run).is(Outcome::Pending);
    assert_eq!(bed.b.entries(), before);

    // What came back goes to the other side; what was created there comes again; nothing is lost.
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.a.read("x"), b"old content");
    assert_eq!(bed.a.read("d/deep/y"), b"in a tree");
    assert_eq!(bed.a.read("moves"), b"moved file");
    assert_eq!(bed.b.read("created/in/tree"), b"c");
    assert!(bed.a.has("l"));
    bed.assert_in_sync();
}

#[test]
fn s7_undo_can_be_undone() {
    let bed = Bed::new();
    bed.a
        .file("x", "old content")
        .file("d/deep/y", "in a tree")
        .file("moves", "moved file")
        .file("m", "mode");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "new content, longer").remove("d").rename("moves", "moved").mode("m", 0o600);
    bed.a.file("created/in/tree", "c");
    let end = bed.sync().is(Outcome::Done);
    let after = bed.b.entries();
    let undone = bed.undo(end.run).is(Outcome::Pending);
    assert_ne!(bed.b.entries(), after);
    bed.undo(undone.run).is(Outcome::Pending);
    assert_eq!(bed.b.entries(), after);
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn s1_undo_touches_nothing_that_changed_since() {
    let bed = Bed::new();
    bed.a.file("x", "old content").file("gone", "g").file("tree/keep", "k");
    bed.sync().is(Outcome::Done);
    bed.a.file("x", "new content, longer").remove("gone").file("made/y", "y").file("made/z", "z");
    let end = bed.sync().is(Outcome::Done);
    bed.b.file("x", "edited after the run").file("gone", "there again").file("made/y", "edited too");
    let undone = bed.undo(end.run).is(Outcome::Gaps);
    assert_eq!(undone.errors().len(), 4, "{undone:#?}");
    assert_eq!(bed.b.read("x"), b"edited after the run");
    assert_eq!(bed.b.read("gone"), b"there again");
    assert_eq!(bed.b.read("made/y"), b"edited too");
    assert!(!bed.b.has("made/z"));
}

#[test]
fn undo_of_a_run_that_changed_nothing_says_so() {
    let bed = Bed::new();
    bed.a.file("x", "1");
    bed.sync().is(Outcome::Done);
    let end = bed.sync().is(Outcome::Done);
    let undone = bed.undo(end.run).is(Outcome::Failed);
    assert!(undone.problem.unwrap().text.contains("changed nothing"));
    bed.assert_in_sync();
}

#[test]
fn s7_a_run_of_which_nothing_is_kept_any_more_is_said_to_be_one() {
    let bed = Bed::with(|pair| Pair { trash_days: 1, ..pair }, Limits::default());
    bed.a.file("x", "1").file("y", "2");
    bed.sync().is(Outcome::Done);
    bed.a.remove("x");
    let end = bed.sync().is(Outcome::Done);
    let journal = format!("test/runs/{}.jsonl", end.run);
    bed.home.mtime(&journal, 1_000_000_000, 0);
    bed.b.mtime(format!(".instep/trash/{}", end.run), 1_000_000_000, 0);
    bed.sync().is(Outcome::Done);
    assert!(!bed.home.has(&journal));
    let problem = bed.undo(end.run).is(Outcome::Failed).problem.unwrap();
    assert!(problem.text.contains("more than 1 day ago"), "{problem:?}");
    assert_eq!(problem.class, syncmgr::ProblemClass::Config);
    bed.assert_in_sync();
}

#[test]
fn only_a_run_that_changed_something_is_offered_for_undoing_for_as_long_as_that_is_known() {
    let bed = Bed::new();
    // As another life of the daemon, or whoever keeps folders of other handlers: nothing is known but what was written.
    let home = Home { pairs: bed.home.path().into() };
    let handler = FoldersHandler::new(home, Vec::new(), Arc::new(MemoryLedger::new()));
    bed.a.file("x", "1");
    let changed = bed.sync().is(Outcome::Done).run;
    let idle = bed.sync().is(Outcome::Done).run;
    assert!(handler.takes_back(changed));
    assert!(!handler.takes_back(idle), "S12: it left no journal");
    let journals = Home { pairs: bed.home.path().into() }.of(&bed.item);
    journal::prune(&journals, std::time::SystemTime::now() + std::time::Duration::from_secs(60));
    assert!(!handler.takes_back(changed), "its trash is gone");
}

#[test]
fn s4_a_killed_run_can_be_undone() {
    for point in [Point::Foretold, Point::Published, Point::Exchanged, Point::Removed, Point::Committing] {
        let bed = Bed::new();
        bed.a.file("x", "old content").file("gone", "g").file("keep", "k");
        bed.sync().is(Outcome::Done);
        let before = bed.b.entries();
        bed.a.file("x", "new content, longer").remove("gone").file("new/y", "y");
        bed.sync_while(once(move |now, _| now == point, die));
        let undone = bed.undo(RunId(2));
        // What was not done yet cannot be taken back, and is said to be so; what was done is.
        assert!(matches!(undone.outcome, Outcome::Done | Outcome::Pending | Outcome::Gaps), "{undone:#?}");
        assert_eq!(bed.b.entries(), before, "{point:?}");
        assert_eq!(bed.left_overs(), Vec::<String>::new());
    }
}

#[test]
fn undo_counts_all_entries_of_a_tree_that_comes_back() {
    let bed = Bed::new();
    for n in 0..20 {
        bed.a.file(format!("tree/d{}/f{n}", n % 4), "x");
    }
    for n in 0..40 {
        bed.a.file(format!("stays/{n}"), "x");
    }
    bed.sync().is(Outcome::Done);
    bed.a.remove("tree");
    let end = bed.sync().is(Outcome::Done);
    assert_eq!(end.counts.b.deleted, 25);
    let undone = bed.undo(end.run).is(Outcome::Pending);
    assert_eq!(undone.counts.b.created, 25);
    // And taking that back takes the same away again.
    assert_eq!(bed.undo(undone.run).is(Outcome::Pending).counts.b.deleted, 25);
}
