//! S7: `undo` of every kind of run restores both sides exactly (contents, permissions, times, links), or says what is in
//! the way and leaves that alone.

use std::collections::BTreeMap;

use testkit::Entry;

use super::*;

type Sides = [BTreeMap<Vec<u8>, Entry>; 2];

fn sides(bed: &Bed) -> Sides {
    [bed.a.entries(), bed.b.entries()]
}

/// A kind of run.
struct Kind {
    name: &'static str,
    pair: fn(Pair) -> Pair,
    /// What both sides have before.
    base: fn(&Tree),
    /// What people do.
    change: fn(&Bed),
    /// The run that is taken back.
    run: fn(&Bed) -> End,
}

fn sync(bed: &Bed) -> End {
    bed.sync()
}

/// Synchronizes, and settles what is left to a person by a policy.
fn settle(bed: &Bed, keep: OnConflict) -> End {
    bed.sync().is(Outcome::NeedsDecision);
    bed.resolve(&[], keep)
}

fn two_way(pair: Pair) -> Pair {
    pair
}

/// A file of each kind, with times and permissions of its own.
fn some_of_all(tree: &Tree) {
    tree.file("f", "file").mode("f", 0o640).mtime("f", 1_500_000_000, 5);
    tree.file("g", "another").mtime("g", 1_600_000_000, 123_456_789);
    tree.file("d/x", "in d").mode("d/x", 0o600).mtime("d/x", 1_234_567_890, 987_654_321);
    tree.file("d/e/y", "deeper").dir("d/e/empty").link("d/l", "../f").mode("d/e", 0o750).mode("d", 0o711);
    tree.link("l", "f");
}

fn both_edit(bed: &Bed) {
    bed.a.file("f", "by A, and longer").mtime("f", 1_650_000_000, 1).mode("f", 0o600);
    bed.b.file("f", "by B").mtime("f", 1_660_000_000, 2);
}

const KINDS: &[Kind] = &[
    Kind {
        name: "first run over two full sides",
        pair: two_way,
        base: |_| {},
        change: |bed| {
            some_of_all(&bed.a);
            bed.b.file("only/on/b", "b").file("z", "z").link("k", "z");
        },
        run: sync,
    },
    Kind {
        name: "creations on both sides",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.file("new", "n").file("tree/deep/er", "t").link("tree/k", "er").dir("tree/empty");
            bed.b.file("d/e/from-b", "b").mode("d/e/from-b", 0o755);
        },
        run: sync,
    },
    Kind {
        name: "edits on both sides",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.file("f", "edited on A");
            bed.b.file("d/e/y", "edited on B").remove("l").link("l", "g");
        },
        run: sync,
    },
    Kind {
        name: "deletions of files and links on both sides",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.remove("f").remove("l");
            bed.b.remove("d/x");
        },
        run: sync,
    },
    Kind {
        name: "deletion of a directory",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.remove("d");
        },
        run: sync,
    },
    Kind {
        name: "deletion of a directory in which something was added",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.remove("d");
            bed.b.file("d/e/added", "on B");
        },
        run: sync,
    },
    Kind {
        name: "moves of files, links and directories",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.rename("f", "d/moved").rename("d/e", "e");
            bed.b.rename("l", "elsewhere/link");
        },
        run: sync,
    },
    Kind {
        name: "a directory moved on one side and edited in on the other",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.rename("d", "moved");
            bed.b.file("d/x", "edited on B").file("d/new", "n");
        },
        run: sync,
    },
    Kind {
        name: "a directory moved and changed within on the same side",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.rename("d", "moved").file("moved/x", "edited").file("moved/new/z", "n").remove("moved/e/y");
            bed.a.mode("moved/e", 0o700);
        },
        run: sync,
    },
    Kind {
        name: "a moved directory whose old name is a file, and one whose old name is a tree",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.rename("d", "moved").file("d", "a file").rename("moved/e", "e").file("moved/e/anew", "t");
        },
        run: sync,
    },
    Kind {
        name: "directories that changed places",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.file("o/p", "in o");
            bed.sync().is(Outcome::Done);
            bed.a.rename("d", "t").rename("o", "d").rename("t", "o");
        },
        run: sync,
    },
    Kind {
        name: "a directory that changed places with one inside it",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.rename("d/e", "t").rename("d", "t/e").rename("t", "d");
        },
        run: sync,
    },
    Kind {
        name: "names that changed places",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.rename("f", "t").rename("g", "f").rename("t", "g");
        },
        run: sync,
    },
    Kind {
        name: "a file became a directory, a directory a file, a link a file",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.remove("f").file("f/now/a/tree", "t").remove("d").file("d", "now a file");
            bed.b.remove("l").file("l", "no link any more");
        },
        run: sync,
    },
    Kind {
        name: "metadata alone",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.mode("f", 0o600).mtime("g", 1_400_000_000, 9).mode("d", 0o700);
            bed.b.mode("d/x", 0o755).mode("d/e", 0o555);
        },
        run: sync,
    },
    Kind {
        name: "hostile names",
        pair: two_way,
        base: |tree| {
            tree.file(b"\xff\xfe", "1").file("line\nbreak/x", "2").file([b'n'; 255], "3");
        },
        change: |bed| {
            bed.a.file(b"\xff\xfe", "edited").remove("line\nbreak").remove([b'n'; 255]);
        },
        run: sync,
    },
    Kind {
        name: "newest wins",
        pair: |pair| Pair { on_conflict: OnConflict::Newest, ..pair },
        base: some_of_all,
        change: both_edit,
        run: sync,
    },
    Kind {
        name: "largest wins",
        pair: |pair| Pair { on_conflict: OnConflict::Largest, ..pair },
        base: some_of_all,
        change: both_edit,
        run: sync,
    },
    Kind {
        name: "A wins",
        pair: |pair| Pair { on_conflict: OnConflict::A, ..pair },
        base: some_of_all,
        change: |bed| {
            both_edit(bed);
            bed.a.remove("g").file("g/is/a/tree", "t");
            bed.b.file("g", "edited on B");
        },
        run: sync,
    },
    Kind {
        name: "B wins",
        pair: |pair| Pair { on_conflict: OnConflict::B, ..pair },
        base: some_of_all,
        change: both_edit,
        run: sync,
    },
    Kind {
        name: "both are kept",
        pair: |pair| Pair { on_conflict: OnConflict::KeepBoth, ..pair },
        base: some_of_all,
        change: |bed| {
            both_edit(bed);
            bed.a.file("made/on-both", "A's");
            bed.b.file("made/on-both", "B's own");
        },
        run: sync,
    },
    Kind {
        name: "mirror",
        pair: |pair| Pair { mode: Mode::Mirror, ..pair },
        base: some_of_all,
        change: |bed| {
            bed.a.file("f", "edited on A").rename("d/e", "e").file("new", "n").mode("g", 0o600);
            bed.b.file("g", "edited on B").file("extra/on/b", "b").remove("l").file("d/x", "other");
        },
        run: sync,
    },
    Kind {
        name: "copy",
        pair: |pair| Pair { mode: Mode::Copy, ..pair },
        base: some_of_all,
        change: |bed| {
            bed.a.file("f", "edited on A").file("new/tree", "n").remove("g").mode("d/x", 0o644);
            bed.b.remove("d/e").file("own", "b");
        },
        run: sync,
    },
    Kind {
        name: "conflict settled by A",
        pair: two_way,
        base: some_of_all,
        change: both_edit,
        run: |bed| settle(bed, OnConflict::A),
    },
    Kind {
        name: "conflict settled by B",
        pair: two_way,
        base: some_of_all,
        change: both_edit,
        run: |bed| settle(bed, OnConflict::B),
    },
    Kind {
        name: "conflict settled by keeping both",
        pair: two_way,
        base: some_of_all,
        change: both_edit,
        run: |bed| settle(bed, OnConflict::KeepBoth),
    },
    Kind {
        name: "a file against a directory settled by the directory",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.file("k", "file").mtime("k", 1_500_000_000, 0);
            bed.b.file("k/tree/x", "x").dir("k/empty").link("k/l", "tree");
        },
        run: |bed| settle(bed, OnConflict::B),
    },
    Kind {
        name: "a directory against a file settled by the file",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.file("k/tree/x", "x").mode("k/tree", 0o700).mtime("k/tree/x", 1_500_000_000, 0);
            bed.b.file("k", "file");
        },
        run: |bed| settle(bed, OnConflict::B),
    },
    Kind {
        name: "undo",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.file("f", "edited on A").remove("d").rename("g", "h").file("new/x", "n");
            bed.sync().is(Outcome::Done);
        },
        run: |bed| bed.undo(RunId(2)),
    },
    Kind {
        name: "undo of an undo",
        pair: two_way,
        base: some_of_all,
        change: |bed| {
            bed.a.file("f", "edited on A").remove("d").rename("g", "h").file("new/x", "n");
            bed.sync().is(Outcome::Done);
            bed.undo(RunId(2)).is(Outcome::Pending);
        },
        run: |bed| bed.undo(RunId(3)),
    },
];

fn bed(kind: &Kind) -> Bed {
    let bed = Bed::with(kind.pair, Limits::default());
    // Enough that stays, so that no guard is alarmed.
    for n in 0..30 {
        bed.a.file(format!("stays/{n}"), "stays");
    }
    (kind.base)(&bed.a);
    bed.sync().is(Outcome::Done);
    (kind.change)(&bed);
    bed
}

#[test]
fn s7_undo_of_every_kind_of_run_restores_both_sides_exactly() {
    for kind in KINDS {
        let bed = bed(kind);
        let before = sides(&bed);
        let end = (kind.run)(&bed);
        let after = sides(&bed);
        assert_ne!(after, before, "{}", kind.name);
        let undone = bed.undo(end.run);
        assert_eq!(undone.errors(), Vec::<&str>::new(), "{}", kind.name);
        assert_eq!(undone.outcome, Outcome::Pending, "{}: {undone:#?}", kind.name);
        assert_eq!(sides(&bed), before, "{}", kind.name);
        assert_eq!(bed.left_overs(), Vec::<String>::new(), "{}", kind.name);
        // And the other way round.
        let redone = bed.undo(undone.run);
        assert_eq!(redone.errors(), Vec::<&str>::new(), "{}", kind.name);
        assert_eq!(sides(&bed), after, "{}", kind.name);
    }
}

#[test]
fn s7_what_undo_restored_is_not_taken_away_by_the_next_sync() {
    for kind in KINDS {
        let bed = bed(kind);
        let end = (kind.run)(&bed);
        let after = sides(&bed);
        bed.undo(end.run).is(Outcome::Pending);
        let restored = sides(&bed);
        if bed.pair.mode != Mode::TwoWay || bed.pair.on_conflict != OnConflict::Ask {
            // A mirror is a mirror again, and a policy settles again what it settled before.
            continue;
        }
        bed.sync();
        for ((restored, after), now) in restored.iter().zip(&after).zip(&sides(&bed)) {
            for path in restored.keys().filter(|path| !after.contains_key(*path)) {
                assert!(now.contains_key(path), "{}: {}", kind.name, path.escape_ascii());
            }
        }
    }
}

/// Something that a person did since a run, and that is in the way of taking it back.
struct InTheWay {
    name: &'static str,
    /// What is done on A before the run, and by whoever on B after it.
    change: fn(&Tree),
    since: fn(&Tree),
    /// What cannot be taken back, by its path on B.
    told: &'static [&'static str],
}

const IN_THE_WAY: &[InTheWay] = &[
    InTheWay {
        name: "a created file was edited",
        change: |a| {
            a.file("new", "n");
        },
        since: |b| {
            b.file("new", "edited since");
        },
        told: &["new"],
    },
    InTheWay {
        name: "something was put into a created directory",
        change: |a| {
            a.file("tree/x", "x");
        },
        since: |b| {
            b.file("tree/own", "put there since");
        },
        told: &["tree"],
    },
    InTheWay {
        name: "a replaced file was edited once more",
        change: |a| {
            a.file("f", "edited on A");
        },
        since: |b| {
            b.file("f", "and edited on B since");
        },
        told: &["f"],
    },
    InTheWay {
        name: "a replaced file was deleted",
        change: |a| {
            a.file("f", "edited on A");
        },
        since: |b| {
            b.remove("f");
        },
        told: &["f"],
    },
    InTheWay {
        name: "the name of a deleted file is taken",
        change: |a| {
            a.remove("f");
        },
        since: |b| {
            b.file("f", "somebody else's");
        },
        told: &["f"],
    },
    InTheWay {
        name: "the name of a deleted directory is taken",
        change: |a| {
            a.remove("d");
        },
        since: |b| {
            b.file("d", "somebody else's");
        },
        told: &["d"],
    },
    InTheWay {
        name: "a moved file was moved on",
        change: |a| {
            a.rename("f", "moved");
        },
        since: |b| {
            b.rename("moved", "moved-on");
        },
        told: &["f"],
    },
    InTheWay {
        name: "the old name of a moved file is taken",
        change: |a| {
            a.rename("f", "moved");
        },
        since: |b| {
            b.file("f", "somebody else's");
        },
        told: &["f"],
    },
    InTheWay {
        name: "the old name of a moved directory is taken",
        change: |a| {
            a.rename("d", "moved");
        },
        since: |b| {
            b.file("d/own", "somebody else's");
        },
        told: &["d"],
    },
    InTheWay {
        name: "what led to a deleted file is a file by now",
        change: |a| {
            a.remove("d/x");
        },
        since: |b| {
            b.remove("d").file("d", "somebody else's");
        },
        told: &["d/x"],
    },
    InTheWay {
        name: "the file that a directory became was edited",
        change: |a| {
            a.remove("d").file("d", "now a file");
        },
        since: |b| {
            b.file("d", "edited since");
        },
        told: &["d"],
    },
    InTheWay {
        name: "a link that was replaced points elsewhere by now",
        change: |a| {
            a.remove("l").link("l", "g");
        },
        since: |b| {
            b.remove("l").link("l", "stays");
        },
        told: &["l"],
    },
    InTheWay {
        name: "a file that got other permissions was edited",
        change: |a| {
            a.mode("f", 0o600);
        },
        since: |b| {
            b.file("f", "edited since");
        },
        told: &["f"],
    },
    InTheWay {
        name: "a file became a directory in which something was put",
        change: |a| {
            a.remove("f").file("f/tree", "t");
        },
        since: |b| {
            b.file("f/own", "put there since");
        },
        told: &["f"],
    },
    InTheWay {
        name: "the trash was emptied by hand",
        change: |a| {
            a.remove("f").file("g", "edited on A");
        },
        since: |b| {
            b.remove(".instep/trash");
        },
        told: &["f", "g"],
    },
];

#[test]
fn s7_undo_says_what_is_in_the_way_leaves_it_alone_and_restores_all_else() {
    for case in IN_THE_WAY {
        let bed = Bed::new();
        some_of_all(&bed.a);
        bed.a.file("beside", "old");
        for n in 0..30 {
            bed.a.file(format!("stays/{n}"), "stays");
        }
        bed.sync().is(Outcome::Done);
        (case.change)(&bed.a);
        bed.b.file("beside", "edited on B");
        let end = bed.sync().is(Outcome::Done);
        (case.since)(&bed.b);
        let before = sides(&bed);
        let undone = bed.undo(end.run).is(Outcome::Gaps);
        let told: Vec<_> = undone.errors();
        assert_eq!(told.len(), case.told.len(), "{}: {told:#?}", case.name);
        for path in case.told {
            assert!(told.iter().any(|line| line.contains(path)), "{}: {path} in {told:#?}", case.name);
            assert_eq!(bed.b.entries().get(path.as_bytes()), before[1].get(path.as_bytes()), "{}", case.name);
        }
        assert_eq!(bed.a.read("beside"), b"old", "{}", case.name);
        assert_eq!(bed.left_overs(), Vec::<String>::new(), "{}", case.name);
    }
}

#[test]
fn s7_a_run_whose_trash_was_pruned_is_taken_back_as_far_as_it_goes_and_the_rest_is_told() {
    let bed = Bed::with(|pair| Pair { trash_size: Some(10), ..pair }, Limits::default());
    some_of_all(&bed.a);
    bed.a.file("large", "more than ten bytes").file("later", "more than ten bytes, too");
    bed.sync().is(Outcome::Done);
    bed.a.remove("large").rename("f", "moved");
    let first = bed.sync().is(Outcome::Done);
    bed.a.remove("later");
    bed.sync().is(Outcome::Done);
    assert!(!bed.b.has(format!(".instep/trash/{}", first.run)));
    let undone = bed.undo(first.run).is(Outcome::Gaps);
    assert_eq!(undone.errors().len(), 1, "{undone:#?}");
    assert!(undone.errors()[0].contains("large"), "{undone:#?}");
    assert_eq!(bed.b.read("f"), b"file");
}

#[test]
fn s7_what_was_in_the_way_of_undo_is_put_aside_and_the_rest_comes_back_too() {
    let bed = Bed::new();
    some_of_all(&bed.a);
    bed.sync().is(Outcome::Done);
    let before = bed.b.entries();
    bed.a.remove("f").remove("d");
    let end = bed.sync().is(Outcome::Done);
    bed.b.file("f", "somebody else's").file("d", "somebody else's");
    let told = bed.undo(end.run).is(Outcome::Gaps);
    assert!(told.errors().iter().all(|line| line.contains("something else is called")), "{told:#?}");
    bed.b.rename("f", "aside/f").rename("d", "aside/d");
    bed.undo(end.run).is(Outcome::Pending);
    bed.b.remove("aside");
    assert_eq!(bed.b.entries(), before);
}

#[test]
fn s7_a_moved_directory_goes_back_with_what_was_done_in_it_since() {
    let bed = Bed::new();
    some_of_all(&bed.a);
    bed.sync().is(Outcome::Done);
    bed.a.rename("d", "moved");
    let end = bed.sync().is(Outcome::Done);
    bed.b.file("moved/x", "edited since").file("moved/e/new", "made since").remove("moved/e/y");
    assert_eq!(bed.undo(end.run).is(Outcome::Pending).errors(), Vec::<&str>::new());
    assert_eq!((bed.b.read("d/x"), bed.b.has("moved")), (b"edited since".to_vec(), false));
    bed.sync().is(Outcome::Done);
    assert_eq!((bed.a.read("d/e/new"), bed.a.has("d/e/y")), (b"made since".to_vec(), false));
    bed.assert_in_sync();
}
