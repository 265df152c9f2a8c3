//! A look from end to end on real folders: what would be done, what stops it, and that nothing is touched.

mod common;

use std::collections::BTreeMap;
use std::fs;

use common::{Both, lines};
use folders::look::LookError;
use folders::roots::RootClass;
use folders::verify::{Difference, DifferenceKind};
use reconcile::{Action, MaxDelete, Mode, NoteKind, OnConflict, RelPath, Side, Stop};
use syncmgr::outcome::Outcome;
use testkit::{Stamp, Tree, as_nobody, moved, stamps};

fn small(tree: &Tree) {
    tree.file("one", "1")
        .file("two", "22")
        .file("dir/three", "333")
        .file("dir/sub/four", "4444")
        .link("link", "one");
}

fn twenty(tree: &Tree) {
    for number in 0..20 {
        tree.file(format!("dir-{}/file-{number}", number % 3), format!("content {number}"));
    }
}

#[test]
fn s12_looking_at_an_unchanged_pair_writes_nothing_at_all() {
    let mut both = Both::in_sync(|tree| {
        small(tree);
        tree.many(30, 5);
    });
    // The first read of the base moves its time of access, at most once a day: nothing that we could write or not.
    both.look().unwrap().plan(&()).unwrap();
    let state = || [&both.a, &both.b, &both.home].map(|tree| stamps(tree.path()));
    let before = state();
    for threads in [1, 2, 8] {
        both.threads = threads;
        let mut look = both.look().unwrap();
        let _lock = look.lock().unwrap();
        let planned = look.plan(&()).unwrap();
        assert_eq!(lines(&planned.plan), Vec::<String>::new(), "{threads}");
        assert!(planned.plan.settle.is_empty() && planned.stops.is_empty() && !planned.needs_consent);
        assert!(planned.plan.looked_at[0] > 150 && planned.plan.looked_at[0] == planned.plan.looked_at[1]);
    }
    for (before, after) in before.iter().zip(&state()) {
        assert_eq!(moved(before, after), Vec::<String>::new());
    }
}

#[test]
fn a_preview_says_what_a_run_would_do_and_touches_neither_side() {
    let both = Both::in_sync(small);
    both.a.file("new", "n").file("one", "other one").remove("dir/sub");
    both.b.rename("two", "dir/zwei").mode("dir/three", 0o600);
    let state = || [&both.a, &both.b].map(|tree| stamps(tree.path()));
    let before = state();
    let preview = both.preview().unwrap();
    assert_eq!(
        lines(&preview.plan),
        ["create b new", "meta a dir/three", "move a dir/zwei", "remove b dir/sub", "replace b one"]
    );
    let counts = preview.counts;
    assert_eq!((counts.b.created, counts.b.updated, counts.b.deleted, counts.a.moved), (1, 1, 2, 1));
    assert!(!preview.first_run && !preview.needs_consent && preview.stops.is_empty());
    for (before, after) in before.iter().zip(&state()) {
        assert_eq!(moved(before, after), Vec::<String>::new());
    }
}

#[test]
fn one_thread_and_many_make_the_same_plan() {
    let mut both = Both::in_sync(|tree| {
        tree.many(200, 5);
    });
    for number in 0..200 {
        let digits: Vec<_> = format!("{number:04}").chars().map(|digit| format!("dir-{digit}")).collect();
        match number % 4 {
            0 => both.a.file(format!("{}/new", digits.join("/")), "x"),
            1 => both.b.remove(format!("{}/file-{number:04}-001.txt", digits.join("/"))),
            2 => both.a.file(format!("{}/file-{number:04}-002.txt", digits.join("/")), "edited"),
            _ => &both.a,
        };
    }
    let mut plans = Vec::new();
    for threads in [1, 2, 16] {
        both.threads = threads;
        plans.push(both.preview().unwrap());
    }
    assert_eq!(plans[0].plan.actions.len(), 150);
    for other in &plans[1..] {
        assert_eq!(other.plan.actions, plans[0].plan.actions);
        assert_eq!(other.plan_id, plans[0].plan_id);
    }
}

#[test]
fn a_stored_plan_lets_through_what_it_had_and_holds_back_the_rest() {
    let mut both = Both::in_sync(small);
    both.a.file("new", "n").file("one", "edited");
    let shown = both.preview().unwrap();
    assert_eq!(lines(&shown.plan), ["create b new", "replace b one"]);
    both.a.file("one", "edited again").file("newer", "x");
    both.options.plan = Some(shown.plan_id.clone());
    let mut look = both.look().unwrap();
    let planned = look.plan(&()).unwrap();
    assert_eq!(lines(&planned.plan), ["create b new"]);
    let paths = |held: &[Action]| held.iter().map(|action| action.path.to_string()).collect::<Vec<_>>();
    assert_eq!(paths(&planned.held.changed), ["one"]);
    assert_eq!(paths(&planned.held.new), ["newer"]);
}

#[test]
fn a_stored_plan_keeps_its_mode_its_policy_and_its_globs() {
    let mut both = Both::in_sync(small);
    both.b.file("extra", "e").file("extra.tmp", "t");
    both.options.mode = Some(Mode::Mirror);
    both.options.on_conflict = Some(OnConflict::KeepBoth);
    both.options.exclude = vec!["*.tmp".into()];
    let id = both.preview().unwrap().plan_id;
    both.options = folders::RunOptions { plan: Some(id.clone()), ..Default::default() };
    let mut look = both.look().unwrap();
    assert_eq!((look.policy.mode, look.policy.on_conflict), (Mode::Mirror, OnConflict::KeepBoth));
    let planned = look.plan(&()).unwrap();
    assert_eq!(lines(&planned.plan), ["remove b extra"]);
    assert_eq!(both.preview().unwrap().plan_id, id, "the same plan has the same name");
}

#[test]
fn an_unknown_or_damaged_plan_is_a_usage_error() {
    let mut both = Both::in_sync(small);
    let id = both.preview().unwrap().plan_id;
    let file = both.home.at("pairs/pair/plans").join(&id);
    fs::write(&file, "{").unwrap();
    for id in [id.as_str(), "000000000000", "../../../etc", ""] {
        both.options.plan = Some(id.into());
        let error = both.look().unwrap_err();
        assert!(error.is_usage(), "{error}");
    }
}

#[test]
fn s11_a_preview_of_a_running_pair_waits() {
    let both = Both::in_sync(small);
    let mut running = both.look().unwrap();
    let lock = running.lock().unwrap();
    let error = both.preview().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Waiting);
    drop(lock);
    both.preview().unwrap();
}

#[test]
fn s5_what_cannot_be_listed_is_left_alone_and_the_rest_goes_on() {
    let both = Both::in_sync(small);
    both.a.mode("", 0o755).mode("dir", 0o000).file("new", "n");
    both.b.mode("", 0o755);
    both.home
        .mode("", 0o755)
        .mode("pairs", 0o755)
        .mode("pairs/pair", 0o777)
        .mode("pairs/pair/base.db", 0o666);
    let preview = as_nobody(|| both.preview().unwrap());
    both.a.mode("dir", 0o755);
    assert!(
        !lines(&preview.plan).iter().any(|line| line.starts_with("remove")),
        "{:?}",
        lines(&preview.plan)
    );
    assert!(lines(&preview.plan).contains(&"create b new".to_owned()));
    let unreadable: Vec<_> = preview
        .plan
        .notes
        .iter()
        .filter(|note| matches!(note.what, NoteKind::Unreadable(Side::A, _)))
        .collect();
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].path.to_string(), "dir");
    assert_eq!(preview.counts.errors, 1);
}

#[test]
fn s5_an_emptied_side_is_a_stop() {
    let both = Both::in_sync(small);
    for name in ["one", "two", "dir", "link"] {
        both.b.remove(name);
    }
    let preview = both.preview().unwrap();
    assert!(matches!(preview.stops[..], [Stop::Emptied { side: Side::B, .. }, ..]), "{:?}", preview.stops);
}

#[test]
fn s6_too_many_deletions_are_a_stop_and_the_limit_is_a_setting() {
    let mut both = Both::in_sync(twenty);
    both.a.remove("dir-0").remove("dir-1");
    assert!(matches!(both.preview().unwrap().stops[..], [Stop::Deletions { side: Side::B, .. }]));
    both.options.max_delete = Some(MaxDelete::Percent(90));
    assert_eq!(both.preview().unwrap().stops, []);
    both.options.max_delete = None;
    both.pair.max_delete = Some(MaxDelete::Count(3));
    assert!(matches!(
        both.preview().unwrap().stops[..],
        [Stop::Deletions { limit: MaxDelete::Count(3), .. }]
    ));
}

#[test]
fn s6_everything_changed_is_a_stop() {
    let both = Both::in_sync(twenty);
    for number in 0..20 {
        both.a.file(format!("dir-{}/file-{number}", number % 3), "encrypted");
    }
    assert!(matches!(
        both.preview().unwrap().stops[..],
        [Stop::Everything { side: Side::B, replaced: 20, of: 20 }]
    ));
}

#[test]
fn s6_moves_do_not_count() {
    let both = Both::in_sync(twenty);
    both.a.rename("dir-0", "x").rename("dir-1", "y").rename("dir-2", "z");
    let preview = both.preview().unwrap();
    assert_eq!(preview.stops, []);
    assert_eq!(lines(&preview.plan), ["move b x", "move b y", "move b z"]);
}

#[test]
fn a_first_run_that_takes_something_away_needs_consent() {
    let mut both = Both::new();
    both.a.file("same", "1").file("mine", "m");
    both.b.file("same", "1").file("theirs", "t");
    let preview = both.preview().unwrap();
    assert!(preview.first_run && !preview.needs_consent);
    both.options.mode = Some(Mode::Mirror);
    assert!(both.preview().unwrap().needs_consent, "a mirror deletes what B has of its own");
}

#[test]
fn a_filter_that_changed_deletes_nothing() {
    let mut both = Both::in_sync(|tree| {
        tree.file("keep", "k").file("x.o", "o").file("build/out", "b").file("src/y.o", "y");
    });
    both.options.exclude = vec!["*.o".into(), "build/".into()];
    assert_eq!(lines(&both.preview().unwrap().plan), Vec::<String>::new(), "left out on both sides");
    // One side alone knows of the filter, and the other has lost what is left out.
    both.options.exclude.clear();
    both.a.file(".instepignore", "*.o\nbuild/\n");
    both.b.file("more.o", "m");
    assert_eq!(lines(&both.preview().unwrap().plan), ["create b .instepignore"]);
}

#[test]
fn a_filter_that_is_taken_back_brings_both_sides_together_and_deletes_nothing() {
    let mut both = Both::in_sync(|tree| {
        tree.file("keep", "k");
    });
    both.a.file("a.o", "a").file("same.o", "s").mtime("same.o", 1_700_000_000, 5);
    both.b.file("b.o", "b").file("same.o", "s").mtime("same.o", 1_700_000_000, 5);
    both.options.exclude = vec!["*.o".into()];
    assert_eq!(lines(&both.preview().unwrap().plan), Vec::<String>::new());
    both.options.exclude.clear();
    assert_eq!(lines(&both.preview().unwrap().plan), ["create a b.o", "create b a.o"]);
}

#[test]
fn s12_our_own_state_inside_a_side_is_never_synchronized() {
    let mut both = Both::new();
    both.a.file("state/pairs/x", "").file("state/instep.db", "").file("pairs", "p").file("sub/state/x", "");
    both.pair.exclude = vec!["!*".into()];
    for home in [both.a.at("state/pairs"), both.a.at("not-yet/there/pairs")] {
        let home = folders::options::Home { pairs: home };
        let mut look = folders::look::Look::open(both.ask(&home)).unwrap();
        let planned = look.plan(&()).unwrap();
        let state = if home.pairs.starts_with(both.a.at("state")) { vec![] } else { vec!["create b state"] };
        assert_eq!(
            lines(&planned.plan),
            [vec!["create b pairs"], state, vec!["create b sub"]].concat().as_slice()
        );
    }
}

#[test]
fn s8_hostile_names_are_planned_and_shown_harmlessly() {
    let both = Both::in_sync(small);
    let long = [b'x'; 255];
    for name in [&b"new\nline"[..], b"\x1b[31m", b"\xff\xfe", b"-rf", &long] {
        both.a.file(name, "x");
    }
    let preview = both.preview().unwrap();
    assert_eq!(preview.counts.b.created, 5);
    for line in lines(&preview.plan) {
        assert!(!line.contains(['\n', '\x1b']), "{line:?}");
    }
}

#[test]
fn s5_a_damaged_base_means_union_and_no_deletion() {
    let both = Both::in_sync(twenty);
    both.a.remove("dir-0/file-0");
    let file = both.home.at("pairs/pair/base.db");
    let mut bytes = fs::read(&file).unwrap();
    bytes[8192..].fill(0x5a);
    fs::write(&file, &bytes).unwrap();
    let preview = both.preview().unwrap();
    assert_eq!(lines(&preview.plan), ["create a dir-0/file-0"]);
    assert_eq!(fs::read(&file).unwrap(), bytes, "a look leaves it where it is");

    let mut look = both.look().unwrap();
    let _lock = look.lock().unwrap();
    let planned = look.plan(&()).unwrap();
    assert_eq!(lines(&planned.plan), ["create a dir-0/file-0"]);
    let aside = look.damaged_base().and_then(|aside| aside.to.clone()).unwrap();
    assert_eq!(fs::read(aside).unwrap(), bytes, "a run puts it aside");
    assert!(!file.exists());
}

#[test]
fn s5_a_root_that_vanished_is_a_safety_stop() {
    let both = Both::in_sync(small);
    fs::remove_dir_all(both.b.path()).unwrap();
    let error = both.preview().unwrap_err();
    assert!(matches!(&error, LookError::Root(root) if root.class() == RootClass::SafetyStop), "{error}");
    assert_eq!(error.outcome(), Outcome::SafetyStop);
    fs::create_dir(both.b.path()).unwrap();
}

#[test]
fn a_look_can_be_canceled() {
    struct Now;
    impl folders::scan::Watch for Now {
        fn canceled(&self) -> bool {
            true
        }
    }
    let both = Both::in_sync(twenty);
    let mut look = both.look().unwrap();
    assert_eq!(look.plan(&Now).unwrap_err().outcome(), Outcome::Canceled);
}

#[test]
fn verify_finds_nothing_on_sides_in_sync_and_every_difference_else() {
    let both = Both::in_sync(small);
    assert!(both.verify(false).unwrap().is_clean());
    assert!(both.verify(true).unwrap().is_clean());
    both.a.file("extra", "x").remove("dir/sub").file("one", "edited");
    both.b.mode("two", 0o600);
    let report = both.verify(false).unwrap();
    let found: Vec<_> =
        report.differences.iter().map(|one| (one.path.to_string(), one.kind.clone())).collect();
    assert_eq!(
        found,
        [
            ("dir/sub".into(), DifferenceKind::Missing(Side::A)),
            ("extra".into(), DifferenceKind::Missing(Side::B)),
            ("one".into(), DifferenceKind::Content { strayed: Some(Side::A) }),
            ("two".into(), DifferenceKind::Metadata),
        ]
    );
}

#[test]
fn verify_by_content_finds_what_no_status_shows() {
    let both = Both::in_sync(small);
    // As a bad disk does it: other bytes, and nothing else that the base could see. Here the base is made to fit.
    both.b.flip("two");
    both.agree();
    assert!(both.verify(false).unwrap().is_clean());
    // The first read of a file moves its time of access, at most once a day: nothing that we could write or not.
    both.verify(true).unwrap();
    let before = all_stamps(&both);
    let report = both.verify(true).unwrap();
    // Nobody knows which of both is the right one, and no person has disagreed.
    let flipped = Difference {
        path: RelPath::from_bytes(b"two").unwrap(),
        kind: DifferenceKind::Content { strayed: None },
    };
    assert_eq!(report.differences, [flipped]);
    assert!(report.compared_bytes > 0);
    assert_eq!(all_stamps(&both), before, "nothing is written");
}

#[test]
fn verify_by_content_tells_the_side_on_which_a_byte_was_flipped() {
    for (side, name) in [(Side::A, "one"), (Side::B, "two")] {
        let both = Both::in_sync(small);
        let tree = if side == Side::A { &both.a } else { &both.b };
        tree.flip(name);
        both.verify(true).unwrap();
        let before = all_stamps(&both);
        let report = both.verify(true).unwrap();
        let found: Vec<_> =
            report.differences.iter().map(|one| (one.path.to_string(), one.kind.clone())).collect();
        assert_eq!(found, [(name.to_owned(), DifferenceKind::Content { strayed: Some(side) })]);
        assert_eq!(all_stamps(&both), before, "nothing is written");
    }
}

/// Of both sides and of what the program keeps.
fn all_stamps(both: &Both) -> [BTreeMap<Vec<u8>, Stamp>; 3] {
    [&both.a, &both.b, &both.home].map(|tree| stamps(tree.path()))
}
