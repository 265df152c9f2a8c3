//! Two names that a side takes for one: on a file system that tells no cases apart, and on ones that are made for this.

use std::path::PathBuf;
use std::process::Command;

use syncmgr::conflict::{ConflictKind, ResolutionItem};
use testkit::disk::quiet;
use testkit::{Folding, Folds, Mounted};

use super::systems::{names, simple};
use super::*;

/// A file system that takes two names for one.
enum System {
    Mounted(Mounted),
    /// In one directory, of all that are on it.
    Beneath {
        _system: Mounted,
        dir: PathBuf,
    },
    Folding(Folding),
}

impl System {
    fn folder(&self) -> Tree {
        match self {
            Self::Mounted(system) => system.folder(),
            Self::Beneath { dir, .. } => Tree::in_dir(dir),
            Self::Folding(system) => Tree::in_dir(system.path()),
        }
    }

    fn bed(&self) -> Bed {
        Bed::on(Tree::new(), self.folder(), |pair| pair, Limits::default())
    }

    /// The usual file system, told of a directory that cases are no matter there.
    fn casefold() -> Option<Self> {
        let system = Mounted::image(&["mkfs.ext4", "-q", "-O", "casefold"], &["mount"], 64)?;
        let dir = system.path().join("folds");
        std::fs::create_dir(&dir).unwrap();
        assert!(quiet(Command::new("chattr").arg("+F").arg(&dir)));
        Some(Self::Beneath { _system: system, dir })
    }

    fn folding(folds: Folds) -> Option<Self> {
        Self::mounted(Folding::mount(folds))
    }

    /// As ext4 does it, also where the kernel does not know how to.
    fn saying_so(folds: Folds) -> Option<Self> {
        Self::mounted(Folding::mount_saying_so(folds))
    }

    fn mounted(mounted: std::io::Result<Folding>) -> Option<Self> {
        mounted
            .inspect_err(|error| eprintln!("skipped: nothing can be mounted here: {error}"))
            .ok()
            .map(Self::Folding)
    }
}

/// Each that there is here, with two names that are one to it.
fn systems() -> Vec<(System, [&'static str; 2])> {
    let case = ["x", "X"];
    let composed = ["caf\u{e9}", "cafe\u{301}"];
    let all = [
        simple().map(|system| (System::Mounted(system), case)),
        System::casefold().map(|system| (system, case)),
        System::folding(Folds::Case).map(|system| (system, case)),
        System::saying_so(Folds::Case).map(|system| (system, case)),
        System::folding(Folds::Composition).map(|system| (system, composed)),
        System::saying_so(Folds::Composition).map(|system| (system, composed)),
    ];
    all.into_iter().flatten().collect()
}

/// Such a side, with both names on the other: the second one came later.
fn clashed(system: &System, [old, new]: [&str; 2]) -> Bed {
    let bed = system.bed();
    bed.a.file(format!("d/{old}"), "the old one").file("stays", "s");
    bed.sync().is(Outcome::Done);
    bed.a.file(format!("d/{new}"), "the new one, longer").mtime(format!("d/{new}"), 4_000_000_000, 0);
    let end = bed.sync().is(Outcome::NeedsDecision);
    assert_eq!((end.counts.conflicts, end.errors().len()), (1, 0), "{end:#?}");
    bed
}

#[test]
fn names_that_clash_are_conflicts_and_nothing_is_lost_or_moves_to_and_fro() {
    for (system, [old, new]) in systems() {
        let bed = system.bed();
        let path = |dir: &str, name: &str| format!("{dir}{name}");
        bed.a.file(old, "old").file(new, "new").file(path("tree/", old), "o").file(path("tree/", new), "n");
        bed.a.file(path(old, "-dir/1"), "1").file(path(new, "-dir/2"), "2");
        // The first run learns of it by trying.
        let end = bed.sync().is(Outcome::NeedsDecision);
        assert_eq!((end.errors(), end.counts.conflicts), (Vec::new(), 3), "{end:#?}");
        let all = bed.a.entries();
        let found = bed.conflicts();
        assert!(found.iter().all(|one| one.kind == ConflictKind::NameClash), "{found:#?}");
        for _ in 0..2 {
            let again = bed.sync().is(Outcome::NeedsDecision);
            assert_eq!((again.counts.conflicts, again.counts.b), (3, Default::default()), "{again:#?}");
            assert_eq!((bed.a.entries(), bed.conflicts().len()), (all.clone(), 3));
        }
        // Renamed, they clash no more. Both of each pair: a case-blind file system in user space may leave the kernel
        // with names that it looked up once, so that one of them alone might be refused the other's old name for as long
        // as the kernel remembers.
        bed.a.rename(old, "1").rename(new, "2");
        bed.a.rename(path("tree/", old), "tree/1").rename(path("tree/", new), "tree/2");
        bed.a.rename(path(old, "-dir"), "one").rename(path(new, "-dir"), "two");
        bed.sync().is(Outcome::Done);
        assert!(bed.conflicts().is_empty());
        assert_eq!(
            (bed.b.read("1"), bed.b.read("2"), bed.b.read("two/2")),
            ("old".into(), "new".into(), "2".into())
        );
        assert_eq!(names(bed.a.path()), names(bed.b.path()));
    }
}

#[test]
fn a_clash_of_names_is_settled_every_way_and_taken_back() {
    for (system, both) in systems() {
        let [old, new] = both;
        let beside = format!("{new}.name-clash");
        for (keep, kept) in [
            (OnConflict::A, &[(new, "the new one, longer")][..]),
            (OnConflict::B, &[(old, "the old one")]),
            (OnConflict::Newest, &[(new, "the new one, longer")]),
            (OnConflict::Largest, &[(new, "the new one, longer")]),
            (OnConflict::KeepBoth, &[(&beside, "the new one, longer"), (old, "the old one")]),
        ] {
            let bed = clashed(&system, both);
            let before = (bed.a.entries(), names(&bed.b.at("d")));
            let end = bed.resolve(&[], keep).is(Outcome::Done);
            assert_eq!((end.errors(), bed.conflicts().len()), (Vec::new(), 0), "{keep:?}");
            let mut expected: Vec<&str> = kept.iter().map(|(name, _)| *name).collect();
            expected.sort_unstable();
            for tree in [&bed.a, &bed.b] {
                assert_eq!(names(&tree.at("d")), expected, "{keep:?}");
                for (name, content) in kept {
                    assert_eq!(tree.read(format!("d/{name}")), content.as_bytes(), "{keep:?}");
                }
            }
            // S7: what goes is in the trash of each side that had it.
            let trash = |tree: &Tree, name| tree.has(format!(".instep/trash/{}/d/{name}", end.run));
            match keep {
                OnConflict::B => assert!(trash(&bed.a, new)),
                OnConflict::KeepBoth => {}
                _ => assert!(trash(&bed.a, old) && trash(&bed.b, old)),
            }
            assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default(), "{keep:?}");
            let undone = bed.undo(end.run);
            assert_eq!((undone.errors(), undone.counts.conflicts), (Vec::new(), 1), "{keep:?}: {undone:#?}");
            assert_eq!((bed.a.entries(), names(&bed.b.at("d"))), before, "{keep:?}");
            assert_eq!(bed.b.read(format!("d/{old}")), b"the old one", "{keep:?}");
            bed.sync().is(Outcome::NeedsDecision);
            assert_eq!(bed.conflicts().len(), 1);
        }
    }
}

fn kept(names: &[(usize, Option<&str>)]) -> Choice {
    let item = |(index, name): &(usize, Option<&str>)| ResolutionItem {
        index: *index,
        new_name: name.map(str::to_owned),
    };
    Choice::KeepItems(names.iter().map(item).collect())
}

#[test]
fn a_clash_of_names_is_settled_with_names_that_a_person_gives() {
    for (system, both) in systems() {
        let [old, new] = both;
        for (given, kept_names) in [
            (&[(0, Some("2nd")), (1, Some("1st"))][..], &["1st", "2nd"][..]),
            // The new one takes its name, the old one gives way.
            (&[(0, None), (1, Some("1st"))], &["1st", new]),
            // One of them, under a new name.
            (&[(0, Some("2nd"))], &["2nd"]),
            (&[(1, Some("1st"))], &["1st"]),
        ] {
            let bed = clashed(&system, both);
            let (end, _) = bed.settle(bed.conflicts(), &kept(given));
            assert_eq!((end.outcome, end.errors()), (Outcome::Done, Vec::new()), "{given:?}");
            let mut kept_names = kept_names.to_vec();
            kept_names.sort_unstable();
            for tree in [&bed.a, &bed.b] {
                assert_eq!(names(&tree.at("d")), kept_names, "{given:?}");
            }
            assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default(), "{given:?}");
            bed.undo(end.run);
            let (old, new) = (format!("d/{old}"), format!("d/{new}"));
            assert_eq!(
                (bed.a.read(&old), bed.a.read(new)),
                ("the old one".into(), "the new one, longer".into())
            );
            assert_eq!(bed.b.read(old), b"the old one");
        }
        // Names that would be one name again, and such as are none.
        let respelled = if old == "x" { ["n", "N"] } else { both };
        for (given, why) in [
            (&[(0, None), (1, None)][..], "one name again"),
            (&[(0, Some(respelled[0])), (1, Some(respelled[1]))], "one name again"),
            (&[(0, Some("../stays")), (1, None)], "no name for a file"),
            (&[(0, Some("y")), (1, Some(new))], "only another spelling"),
        ] {
            let bed = clashed(&system, both);
            let (end, settlements) = bed.settle(bed.conflicts(), &kept(given));
            let Settlement::Failed(error) = &settlements[0] else { panic!("{given:?}: {settlements:?}") };
            assert!(error.problem.text.contains(why), "{given:?}: {error:?}");
            assert_eq!((bed.conflicts().len(), end.counts.a), (1, Default::default()), "{given:?}");
            assert!(bed.a.has(format!("d/{old}")) && bed.a.has(format!("d/{new}")));
        }
    }
}

#[test]
fn s1_a_clash_whose_versions_moved_on_is_shown_anew() {
    for (system, both) in systems() {
        let [old, new] = both.map(|name| format!("d/{name}"));
        for edit in [&old, &new] {
            let bed = clashed(&system, both);
            let shown = bed.conflicts();
            bed.a.file(edit, "edited meanwhile");
            let (_, settlements) = bed.settle(shown.clone(), &Choice::KeepOne(0));
            assert_eq!(settlements, [Settlement::Changed], "{edit}");
            assert_eq!(bed.a.read(edit), b"edited meanwhile");
            assert_eq!(bed.b.read(&old), b"the old one");
            let again = bed.conflicts();
            assert_ne!(again, shown);
            let (end, settlements) = bed.settle(again, &Choice::KeepOne(0));
            assert_eq!(
                (end.outcome, settlements),
                (Outcome::Done, vec![Settlement::Settled(Choice::KeepOne(0))])
            );
        }
        // Renamed meanwhile, it is none any more.
        let bed = clashed(&system, both);
        let shown = bed.conflicts();
        bed.a.rename(&new, "d/other");
        let (_, settlements) = bed.settle(shown, &Choice::KeepOne(1));
        assert_eq!((settlements, bed.a.has("d/other")), (vec![Settlement::Changed], true));
        assert_eq!(bed.conflicts(), []);
        bed.sync().is(Outcome::Done);
    }
}

#[test]
fn directories_whose_names_clash_are_settled_whole() {
    let systems = [System::folding(Folds::Case), System::saying_so(Folds::Case)];
    let choices = [(OnConflict::A, "D/1"), (OnConflict::B, "d/2")];
    for (system, (keep, kept)) in systems.iter().flatten().flat_map(|system| choices.map(|one| (system, one)))
    {
        let bed = system.bed();
        bed.a.file("d/2", "2");
        bed.sync().is(Outcome::Done);
        bed.a.file("D/1", "1").file("D/deep/3", "3");
        bed.sync().is(Outcome::NeedsDecision);
        let end = bed.resolve(&[], keep).is(Outcome::Done);
        assert_eq!(end.errors(), Vec::<&str>::new());
        assert_eq!((names(bed.a.path()), bed.b.read(kept)), (vec![kept[..1].into()], kept[2..].into()));
        assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
        bed.undo(end.run);
        assert_eq!((bed.a.read("D/deep/3"), bed.b.read("d/2")), (b"3".to_vec(), b"2".to_vec()));
        assert_eq!(bed.conflicts().len(), 1);
    }
}

#[test]
fn three_names_that_are_one_are_settled_one_after_the_other() {
    let Some(system) = System::folding(Folds::Case) else { return };
    let bed = system.bed();
    bed.a.file("readme", "1");
    bed.sync().is(Outcome::Done);
    bed.a.file("README", "2").file("Readme", "3");
    bed.sync().is(Outcome::NeedsDecision);
    assert_eq!(bed.conflicts().len(), 2);
    let (_, settlements) = bed.settle(bed.conflicts(), &Choice::KeepOne(0));
    assert_eq!(settlements, [Settlement::Settled(Choice::KeepOne(0)), Settlement::Left]);
    assert_eq!(
        (bed.a.has("readme"), bed.a.read("Readme"), bed.b.read("README")),
        (false, b"3".to_vec(), b"2".to_vec())
    );
    // The other one clashes with the one that was kept.
    bed.sync().is(Outcome::NeedsDecision);
    bed.resolve(&[], OnConflict::KeepBoth).is(Outcome::Done);
    assert_eq!(names(bed.b.path()), ["README", "Readme.name-clash"]);
    assert_eq!(names(bed.a.path()), names(bed.b.path()));
    assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
}

#[test]
fn where_both_sides_take_two_names_for_one_it_is_one_conflict() {
    let both =
        || [simple().map(System::Mounted), System::folding(Folds::Case), System::saying_so(Folds::Case)];
    for (one, other) in both().into_iter().zip(both()) {
        let (Some(one), Some(other)) = (one, other) else { continue };
        for (keep, name, content) in [(OnConflict::A, "readme", "ours"), (OnConflict::B, "README", "theirs")]
        {
            let bed = Bed::on(one.folder(), other.folder(), |pair| pair, Limits::default());
            bed.a.file("readme", "ours");
            bed.b.file("README", "theirs");
            bed.sync().is(Outcome::NeedsDecision);
            assert_eq!(bed.conflicts().len(), 1, "{:#?}", bed.conflicts());
            bed.sync().is(Outcome::NeedsDecision);
            let end = bed.resolve(&[], keep).is(Outcome::Done);
            assert_eq!((names(bed.a.path()), names(bed.b.path())), (vec![name.into()], vec![name.into()]));
            assert_eq!((bed.a.read(name), bed.b.read(name)), (content.into(), content.into()));
            assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
            bed.undo(end.run);
            assert_eq!((bed.a.read("readme"), bed.b.read("README")), (b"ours".to_vec(), b"theirs".to_vec()));
            assert_eq!(bed.conflicts().len(), 1);
        }
    }
}

#[test]
fn another_spelling_is_a_rename_where_both_are_one_name_too() {
    for (system, [old, new]) in systems() {
        let bed = system.bed();
        let inner = |name: &str| format!("d/{name}/in");
        bed.a.file(old, "a file").file(inner(old), "in a directory");
        bed.sync().is(Outcome::Done);
        bed.a
            .rename(old, "t")
            .rename("t", new)
            .rename(format!("d/{old}"), "t")
            .rename("t", format!("d/{new}"));
        let end = bed.sync().is(Outcome::Done);
        assert_eq!((end.counts.b.moved, end.counts.b.created, end.counts.conflicts), (2, 0, 0));
        assert_eq!((names(bed.b.path()), names(&bed.b.at("d"))), (names(bed.a.path()), vec![new.to_owned()]));
        assert_eq!(bed.b.read(inner(new)), b"in a directory");
        assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
        bed.undo(end.run).is(Outcome::Pending);
        assert_eq!(names(&bed.b.at("d")), [old]);
        bed.sync().is(Outcome::Done);
        assert_eq!(names(bed.a.path()), names(bed.b.path()));
        assert_eq!((bed.a.read(old), bed.a.has(new)), (b"a file".to_vec(), false));
    }
}

#[test]
fn a_name_that_is_given_up_for_another_spelling_is_no_clash() {
    let both =
        || [simple().map(System::Mounted), System::folding(Folds::Case), System::saying_so(Folds::Case)];
    for (one, other) in both().into_iter().zip(both()) {
        let (Some(one), Some(other)) = (one, other) else { continue };
        // Neither tells one file from another: a new spelling looks like a deletion and a new file.
        let bed = Bed::on(one.folder(), other.folder(), |pair| pair, Limits::default());
        bed.a.file("two.txt", "2").file("other", "o");
        bed.sync().is(Outcome::Done);
        bed.a.rename("two.txt", "between").rename("between", "TWO.txt");
        bed.sync().is(Outcome::Done);
        assert_eq!(names(bed.b.path()), ["TWO.txt", "other"]);
        assert_eq!(bed.sync().is(Outcome::Done).counts, Counts::default());
    }
}
