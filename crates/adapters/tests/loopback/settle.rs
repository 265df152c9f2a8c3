//! Conflicts that Unison leaves as they are, settled by Unison: what was shown and nothing else, and no version is lost.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use adapters::conformance::{Held, Trial, try_here};
use adapters::tools::ToolHandler;
use serde_json::{Value, json};
use syncmgr::conflict::{Choice, Conflict, ConflictKind, Decided, ResolutionItem, Selection, Settlement};
use syncmgr::testing::{Ask, Call, TestCenter, Verdict};
use syncmgr::{Handler, Outcome, ProgressStatus, Request};

use crate::place::{Place, expect, finish, item};
use crate::sshd;

/// Two roots that agree, and then do not about what `apart` does to them.
fn scene(apart: &str) -> (Place, Value) {
    let place = Place::new();
    let settings =
        json!({"a": place.at("src"), "b": place.at("dst"), "environment": {"HOME": place.at("home")}});
    disagree(&place, &settings, apart);
    (place, settings)
}

fn disagree(place: &Place, settings: &Value, apart: &str) {
    place.prepare("mkdir -p home; for f in one two three; do echo $f > src/$f; done");
    expect(&place.sync("unison", settings.clone()), Outcome::Done);
    place.prepare(apart);
}

/// Runs it, and tells what is open.
fn open(handler: &Arc<ToolHandler>) -> Vec<Conflict> {
    expect(&finish(&TestCenter::new(Arc::clone(handler) as Arc<dyn Handler>)), Outcome::NeedsDecision);
    still_open(handler)
}

fn still_open(handler: &ToolHandler) -> Vec<Conflict> {
    handler.conflict_store().unwrap().conflicts(handler.id(), Some(&item())).unwrap()
}

fn settle(handler: &Arc<ToolHandler>, decided: Vec<(Conflict, Choice)>) -> (Verdict, Vec<Settlement>) {
    let decided = decided.into_iter().map(|(conflict, choice)| Decided { conflict, choice }).collect();
    let request = Request::new(Selection::new(decided));
    let center = TestCenter::new(Arc::clone(handler) as Arc<dyn Handler>);
    center.start(&[item()], Some(request.clone())).unwrap();
    center.run();
    let verdict = center.finish();
    verdict.assert_clean();
    (verdict, request.get::<Selection>().unwrap().settlements())
}

fn of<'c>(open: &'c [Conflict], path: &str) -> &'c Conflict {
    open.iter()
        .find(|conflict| conflict.path == path.as_bytes())
        .unwrap_or_else(|| panic!("no {path}: {open:#?}"))
}

fn read(place: &Place, name: &str) -> String {
    fs::read_to_string(place.at(name)).unwrap_or_default()
}

#[test]
fn conflicts_are_shown_with_what_both_sides_have() {
    let (place, settings) = scene(
        "echo longer > src/one; echo x > dst/one; touch -d '2001-02-03 04:05:06' dst/one; rm src/two; echo y > dst/two; \
         rm -r src/three; mkdir src/three; echo z > dst/three; echo 1 > src/new; echo 22 > dst/new",
    );
    let open = open(&place.handler("unison", settings));
    assert_eq!(open.len(), 4);
    for (path, kind) in [
        ("one", ConflictKind::EditEdit),
        ("two", ConflictKind::EditDelete),
        ("three", ConflictKind::KindMismatch),
        ("new", ConflictKind::CreateCreate),
    ] {
        assert_eq!(of(&open, path).kind, kind, "{path}");
    }
    let one = of(&open, "one");
    assert_eq!(one.versions.iter().map(|version| version.size).collect::<Vec<_>>(), [7, 2]);
    assert_eq!(
        one.versions.iter().map(|version| version.location.as_str()).collect::<Vec<_>>(),
        ["src", "dst"]
    );
    let changed = fs::metadata(place.at("dst/one")).unwrap().modified().unwrap();
    let changed = changed.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(one.versions[1].modified, i64::try_from(changed).unwrap() * 1000);
    assert_eq!((one.newest(), one.largest()), (Some(0), Some(0)));
    assert_eq!(of(&open, "three").versions[0].kind, "directory");
}

#[test]
fn s7_the_version_of_one_side_becomes_that_of_both_and_the_other_is_kept() {
    let (place, settings) = scene(
        "echo a1 > src/one; echo b1 > dst/one; echo a2 > src/two; echo b2 > dst/two; touch -d 2001-01-01 src/two; \
         rm src/three; echo b3 > dst/three; echo a4 > 'src/dir/[*]? {x,y}'; echo b4 > 'dst/dir/[*]? {x,y}'; echo kept > src/dir/x",
    );
    let handler = place.handler("unison", settings);
    let open = open(&handler);
    assert_eq!(open.len(), 4);
    // What is changed meanwhile is for the next run.
    place.write("src/untouched", "waits");
    let odd = "dir/[*]? {x,y}";
    let (verdict, settlements) = settle(
        &handler,
        vec![
            (of(&open, "one").clone(), Choice::KeepOne(0)),
            (of(&open, "two").clone(), Choice::KeepRecent),
            (of(&open, "three").clone(), Choice::KeepOne(0)),
            (of(&open, odd).clone(), Choice::KeepOne(1)),
        ],
    );
    assert!(settlements.iter().all(|settled| matches!(settled, Settlement::Settled(_))), "{settlements:#?}");
    expect(&verdict, Outcome::Done);
    for (path, wanted) in [("one", "a1\n"), ("two", "b2\n"), ("three", ""), (odd, "b4\n")] {
        assert_eq!(read(&place, &format!("src/{path}")), wanted, "{path}");
        assert_eq!(read(&place, &format!("dst/{path}")), wanted, "{path}");
    }
    assert!(!Path::new(&place.at("dst/three")).exists() && !Path::new(&place.at("dst/untouched")).exists());
    for (path, lost) in [("one", "b1\n"), ("two", "a2\n"), ("three", "b3\n"), (odd, "a4\n")] {
        assert_eq!(read(&place, &format!("home/.unison/backup/{path}")), lost, "{path}");
    }
    assert!(still_open(&handler).is_empty());
    let said = verdict.events.iter().filter(|event| event.event.name.starts_with("Settled: ")).count();
    assert_eq!(said, 4, "{verdict:#?}");
}

#[test]
fn r3_a_look_that_is_stopped_takes_no_conflict_for_settled() {
    let (place, settings) = scene("echo a1 > src/one; echo b1 > dst/one");
    let handler = place.handler("unison", settings);
    let found = open(&handler);
    let decided = found.iter().map(|one| Decided { conflict: one.clone(), choice: Choice::KeepOne(0) });
    let request = Request::new(Selection::new(decided.collect()));
    let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
    let begins = |call: &Call| call.is_progress(&item(), ProgressStatus::UpdatingIndeterminate);
    center.when(begins, Ask::CancelItem(item()));
    center.start(&[item()], Some(request.clone())).unwrap();
    center.run();
    let verdict = center.finish();
    verdict.assert_clean();
    expect(&verdict, Outcome::Canceled);
    assert_eq!(request.get::<Selection>().unwrap().settlements(), [Settlement::NotReached]);
    assert_eq!(still_open(&handler), found);
}

#[test]
fn both_versions_are_kept_where_both_are_wanted() {
    let (place, settings) = scene("echo a1 > src/one; echo b1 > dst/one; rm src/two; echo b2 > dst/two");
    let handler = place.handler("unison", settings.clone());
    let open = open(&handler);
    let all = open.iter().map(|conflict| (conflict.clone(), Choice::KeepAll)).collect();
    let (verdict, _) = settle(&handler, all);
    expect(&verdict, Outcome::Done);
    expect(&place.sync("unison", settings), Outcome::Done);
    for side in ["src", "dst"] {
        assert_eq!(
            (read(&place, &format!("{side}/one")), read(&place, &format!("{side}/two"))),
            ("a1\n".into(), "b2\n".into())
        );
        let names = fs::read_dir(place.at(side)).unwrap().filter_map(Result::ok);
        let copy =
            names.map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("/one (conflict"));
        assert_eq!(fs::read_to_string(copy.unwrap()).unwrap(), "b1\n");
    }
}

#[test]
fn s1_only_what_was_shown_is_settled() {
    let (place, settings) =
        scene("echo a1 > src/one; echo b1 > dst/one; echo a2 > src/two; echo b2 > dst/two");
    let handler = place.handler("unison", settings);
    let open = open(&handler);
    place.write("dst/one", "edited since");
    place.prepare("echo agreed > src/two; echo agreed > dst/two");
    let all = ["one", "two"].map(|path| (of(&open, path).clone(), Choice::KeepOne(0)));
    let (verdict, settlements) = settle(&handler, all.into());
    assert_eq!(settlements, [Settlement::Changed, Settlement::Gone]);
    expect(&verdict, Outcome::NeedsDecision);
    assert_eq!(read(&place, "dst/one"), "edited since");
    // What is there now is shown, and settled.
    let now = still_open(&handler);
    assert_eq!((now.len(), of(&now, "one").versions[1].size), (1, 12));
    let resolution = handler.resolution_handler().unwrap();
    assert_eq!(resolution.look_again(of(&open, "one")).unwrap().unwrap().versions, of(&now, "one").versions);
    assert!(resolution.look_again(of(&open, "two")).unwrap().is_none());
    let (verdict, _) = settle(&handler, vec![(of(&now, "one").clone(), Choice::KeepLargest)]);
    expect(&verdict, Outcome::Done);
    assert_eq!(read(&place, "src/one"), "edited since");
}

#[test]
fn what_cannot_be_settled_through_unison_is_refused_with_the_reason() {
    let (place, settings) =
        scene("echo a1 > 'src/ spaces '; echo b1 > 'dst/ spaces '; echo a2 > src/two; echo b2 > dst/two");
    let handler = place.handler("unison", settings);
    let open = open(&handler);
    let resolution = handler.resolution_handler().unwrap();
    assert!(resolution.hindrance(of(&open, " spaces "), &Choice::KeepOne(0)).unwrap().contains("by hand"));
    let two = of(&open, "two");
    for choice in [
        Choice::KeepMerged,
        Choice::RemoveFromSyncSet,
        Choice::KeepLargest,
        Choice::KeepItems(vec![ResolutionItem { index: 0, new_name: Some("other".into()) }]),
    ] {
        assert!(resolution.hindrance(two, &choice).is_some(), "{choice:?}");
    }
    let (_, settlements) =
        settle(&handler, vec![(two.clone(), Choice::KeepLargest), (two.clone(), Choice::KeepOne(7))]);
    assert!(matches!(&settlements[0], Settlement::Left), "{settlements:?}");
    assert!(!settlements.iter().any(|settled| matches!(settled, Settlement::Settled(_))));
    assert_eq!((read(&place, "src/two"), read(&place, "dst/two")), ("a2\n".into(), "b2\n".into()));
}

#[test]
fn a_profile_of_unisons_own_is_settled_and_guarded_like_two_roots() {
    let place = Place::new();
    place.prepare("mkdir -p home/.unison");
    place.write(
        "home/.unison/notes.prf",
        &format!("# Both\nroot = {}\nroot={}\nignore = Name *.tmp\n", place.at("src"), place.at("dst")),
    );
    let settings = json!({"profile": "notes", "environment": {"HOME": place.at("home")}});
    disagree(&place, &settings, "echo a1 > src/one; echo b1 > dst/one");
    let handler = place.handler("unison", settings.clone());
    let open = open(&handler);
    let (verdict, _) = settle(&handler, vec![(of(&open, "one").clone(), Choice::KeepOne(1))]);
    expect(&verdict, Outcome::Done);
    assert_eq!(read(&place, "src/one"), "b1\n");
    place.prepare("for n in $(seq 20); do echo $n > src/dir/$n; done");
    expect(&place.sync("unison", settings.clone()), Outcome::Done);
    place.prepare("rm -r src/dir");
    expect(&place.sync("unison", settings), Outcome::SafetyStop);
}

#[test]
fn what_the_items_own_paths_would_bring_along_is_looked_at_before() {
    let place = Place::new();
    let settings = json!({
        "a": place.at("src"), "b": place.at("dst"), "options": ["-path", "dir", "-path", "one"],
        "environment": {"HOME": place.at("home")},
    });
    disagree(&place, &settings, "echo a1 > src/one; echo b1 > dst/one");
    let handler = place.handler("unison", settings);
    let open = open(&handler);
    place.write("src/dir/more", "x");
    let decided = || vec![(of(&open, "one").clone(), Choice::KeepOne(0))];
    let (verdict, settlements) = settle(&handler, decided());
    expect(&verdict, Outcome::Failed);
    assert!(matches!(&settlements[..], [Settlement::Failed(_)]), "{settlements:?}");
    assert!(!Path::new(&place.at("dst/dir/more")).exists());
    place.prepare("rm src/dir/more");
    expect(&settle(&handler, decided()).0, Outcome::Done);
}

#[test]
fn a_conflict_with_another_machine_is_settled_there() {
    let place = Place::new();
    let _server = sshd(&place);
    let settings = json!({
        "a": place.at("src"), "b": format!("ssh://box/{}", place.at("dst")),
        "options": ["-sshargs", format!("-F {}", place.at("ssh_config"))], "environment": {"HOME": place.at("home")},
    });
    disagree(&place, &settings, "echo a1 > src/one; echo b1 > dst/one; echo a2 > src/two; echo b2 > dst/two");
    let handler = place.handler("unison", settings);
    let open = open(&handler);
    assert_eq!(of(&open, "one").versions[1].size, 3);
    let decided =
        [("one", 0), ("two", 1)].map(|(path, side)| (of(&open, path).clone(), Choice::KeepOne(side)));
    let (verdict, _) = settle(&handler, decided.into());
    expect(&verdict, Outcome::Done);
    assert_eq!((read(&place, "dst/one"), read(&place, "src/two")), ("a1\n".into(), "b2\n".into()));
}

/// Unison reads a profile also where only two roots are named.
#[test]
fn s6_a_profile_that_asks_nothing_tells_nothing_or_never_ends_is_previewed_guarded_and_ended() {
    for says in ["batch = true", "silent = true", "auto = true", "terse = true", "repeat = 1"] {
        let (place, settings) = scene("for n in $(seq 20); do echo $n > src/dir/$n; done");
        expect(&place.sync("unison", settings.clone()), Outcome::Done);
        place.write("home/.unison/default.prf", &format!("{says}\n"));
        place.prepare("rm dst/dir/*; echo new > src/new");
        let preview = place.handler("unison", settings.clone()).preview(&item(), "{}", &()).unwrap();
        assert_eq!((preview.counts.a.deleted, preview.counts.b.created), (21, 1), "{says}");
        assert_eq!(preview.expected, Outcome::SafetyStop, "{says}");
        expect(&place.sync("unison", settings.clone()), Outcome::SafetyStop);
        assert!(
            Path::new(&place.at("src/dir/20")).exists() && !Path::new(&place.at("dst/new")).exists(),
            "{says}"
        );
        let mut more = settings;
        more["max_delete"] = json!("95%");
        expect(&place.sync("unison", more), Outcome::Done);
        assert!(
            Path::new(&place.at("dst/new")).exists() && !Path::new(&place.at("src/dir/20")).exists(),
            "{says}"
        );
    }
}

#[test]
fn the_conformance_kit_finds_nothing_wrong_with_how_it_settles() {
    // Enough for every choice that there is.
    let (place, settings) =
        scene("for n in 1 2 3 4 5 6 7; do echo longer > src/new$n; echo x > dst/new$n; done");
    let make = || place.handler("unison", settings.clone()) as Arc<dyn Handler>;
    let report = try_here(&make, &Trial { settle: true, ..Trial::unhurried() });
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    for rule in ["C1", "C2", "C3", "C4", "C5", "R17"] {
        let held = report.findings.iter().any(|finding| finding.rule == rule && finding.held == Held::Yes);
        assert!(held, "{rule}: {report:#?}");
    }
}
