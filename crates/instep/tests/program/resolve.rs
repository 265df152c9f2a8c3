//! Every shape of conflict times every choice, with the real binary, and taken back again.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use testkit::{Entry, Folding, Folds, Tree};

use crate::scene::{Scene, of_type};

/// What a test does to both sides after they agreed on `base` (given to the first).
struct Shape {
    name: &'static str,
    /// Lines of the item's settings.
    settings: &'static str,
    before: fn(&Scene),
    /// Both sides come apart.
    apart: fn(&Scene),
    path: &'static str,
    kind: &'static str,
    /// Where B's version is, if that is not the contested path.
    at_b: Option<&'static str>,
    /// The choices that settle it; all others leave it as it is.
    settles: &'static [&'static str],
    /// Whose version is the newest and whose the largest, where there is one such.
    greatest: [char; 2],
    /// What B takes for one name.
    folds: Option<Folds>,
}

/// A shape without a name, to be filled in.
const SHAPE: Shape = Shape {
    name: "",
    settings: "",
    before: NOTHING,
    apart: NOTHING,
    path: "",
    kind: "",
    at_b: None,
    settles: &[],
    greatest: ['a', 'b'],
    folds: None,
};

const NOTHING: fn(&Scene) = |_| {};
const CHOICES: [&str; 8] = [
    "--keep a",
    "--keep b",
    "--keep both",
    "--keep newest",
    "--keep largest",
    "--keep merge",
    "--leave-out",
    "--file F",
];
const ALL_BUT_MERGE: &[&str] =
    &["--keep a", "--keep b", "--keep both", "--keep newest", "--keep largest", "--leave-out", "--file F"];
const ALL: &[&str] = &CHOICES;
const ALL_OF_NAMES: &[&str] =
    &["--keep a", "--keep b", "--keep both", "--keep newest", "--keep largest", "--leave-out"];

fn edit_both(scene: &Scene, path: &str) {
    scene.a.file(path, "one, left\ntwo\nthree\nfour\n").mtime(path, 1_700_000_000, 7);
    scene.b.file(path, "one\ntwo\nthree\nfour, on the right side\n").mtime(path, 1_600_000_000, 7);
}

fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "edit against edit",
            before: |scene| {
                scene.a.file("dir/x.txt", "one\ntwo\nthree\nfour\n");
            },
            apart: |scene| edit_both(scene, "dir/x.txt"),
            path: "dir/x.txt",
            kind: "edit-edit",
            settles: ALL,
            ..SHAPE
        },
        Shape {
            name: "create against create",
            apart: |scene| edit_both(scene, "dir/new"),
            path: "dir/new",
            kind: "create-create",
            settles: ALL_BUT_MERGE,
            ..SHAPE
        },
        Shape {
            name: "file against directory",
            apart: |scene| {
                scene.a.file("x", "file");
                scene.b.file("x/deep/inside", "tree");
            },
            path: "x",
            kind: "kind",
            settles: &["--keep a", "--keep b", "--keep both", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "link against file",
            before: |scene| {
                scene.a.file("x", "was a file");
            },
            apart: |scene| {
                scene.a.file("x", "edited, still a file").mtime("x", 1_600_000_000, 7);
                std::fs::remove_file(scene.b.at("x")).unwrap();
                std::os::unix::fs::symlink("elsewhere", scene.b.at("x")).unwrap();
            },
            path: "x",
            kind: "kind",
            greatest: ['b', 'a'],
            settles: &[
                "--keep a",
                "--keep b",
                "--keep both",
                "--keep newest",
                "--keep largest",
                "--leave-out",
            ],
            ..SHAPE
        },
        Shape {
            name: "edit against deletion",
            settings: "ask = ['deletions']\n",
            before: |scene| {
                scene.a.file("dir/x", "base").file("dir/stays", "s");
            },
            apart: |scene| {
                scene.a.file("dir/x", "edited after all");
                std::fs::remove_file(scene.b.at("dir/x")).unwrap();
            },
            path: "dir/x",
            kind: "edit-delete",
            greatest: ['a', 'a'],
            settles: &["--keep a", "--keep b", "--keep newest", "--keep largest", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "deleted directory against new content in it",
            settings: "ask = ['deletions']\n",
            before: |scene| {
                scene.b.file("dir/in/old", "base").file("other", "o");
            },
            apart: |scene| {
                std::fs::remove_dir_all(scene.a.at("dir")).unwrap();
                scene.b.file("dir/in/new", "news");
            },
            path: "dir/in/new",
            kind: "edit-delete",
            greatest: ['b', 'b'],
            settles: &["--keep a", "--keep b", "--keep newest", "--keep largest", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "permissions against permissions",
            settings: "ask = ['permissions']\n",
            before: |scene| {
                scene.a.file("x", "base");
            },
            apart: |scene| {
                let set = |path, mode| {
                    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
                };
                set(scene.a.at("x"), 0o600);
                set(scene.b.at("x"), 0o640);
            },
            path: "x",
            kind: "metadata",
            settles: &["--keep a", "--keep b", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "names that differ in case",
            before: |scene| {
                scene.a.file("d/readme", "the old one, which is longer");
            },
            apart: |scene| {
                scene.a.file("d/README", "the new one").mtime("d/README", 4_000_000_000, 7);
            },
            path: "d/README",
            at_b: Some("d/readme"),
            kind: "name-clash",
            settles: ALL_OF_NAMES,
            folds: Some(Folds::Case),
            ..SHAPE
        },
        Shape {
            name: "names that differ in composition",
            before: |scene| {
                scene.b.file("caf\u{e9}.txt", "composed, and longer");
            },
            apart: |scene| {
                scene.a.file("cafe\u{301}.txt", "decomposed").mtime("cafe\u{301}.txt", 4_000_000_000, 7);
            },
            path: "cafe\u{301}.txt",
            at_b: Some("caf\u{e9}.txt"),
            kind: "name-clash",
            settles: ALL_OF_NAMES,
            folds: Some(Folds::Composition),
            ..SHAPE
        },
    ]
}

type Trees = (BTreeMap<Vec<u8>, Entry>, BTreeMap<Vec<u8>, Entry>);

fn trees(scene: &Scene) -> Trees {
    let files = |tree: &testkit::Tree| {
        let mut entries = tree.entries();
        // Directories take their times from what happens in them, and one that is left empty is no version of anything.
        entries.retain(|_, entry| !matches!(entry, Entry::Dir(_)));
        entries
    };
    (files(&scene.a), files(&scene.b))
}

/// The folder on a file system of its own comes first: it must be gone before that is.
struct Set {
    scene: Scene,
    _folding: Option<Folding>,
}

/// None where the shape needs a file system that cannot be mounted here.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn set_up_on(shape: &Shape) -> Option<Set> {
    let folding = match shape.folds.map(Folding::mount) {
        None => None,
        Some(Ok(folding)) => Some(folding),
        Some(Err(error)) => {
            eprintln!("skipped: {} needs a file system in user space: {error}", shape.name);
            return None;
        }
    };
    let b = folding.as_ref().map_or_else(Tree::new, |folding| Tree::in_dir(folding.path()));
    let scene = Scene::with_b(b);
    scene.set_of_item(shape.settings);
    (shape.before)(&scene);
    scene.instep("sync pair --yes").expect(0);
    (shape.apart)(&scene);
    scene.instep("sync pair --yes").expect(5);
    let (_, open) = scene.json("conflicts pair");
    assert_eq!(open.len(), 1, "{}: {open:?}", shape.name);
    assert_eq!(
        (&open[0]["path"], &open[0]["kind"]),
        (&shape.path.into(), &shape.kind.into()),
        "{}",
        shape.name
    );
    Some(Set { scene, _folding: folding })
}

/// One of those that need nothing.
fn set_up(shape: &Shape) -> Scene {
    set_up_on(shape).unwrap().scene
}

/// What is in a file, or where a link points.
fn content(entry: &Entry) -> Vec<u8> {
    match entry {
        Entry::File(content, ..) => content.clone(),
        other => format!("{other:?}").into_bytes(),
    }
}

/// All that is at a path, or beneath it, by what comes after the path.
fn beneath(tree: &BTreeMap<Vec<u8>, Entry>, path: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let entries = tree.iter().filter_map(|(at, entry)| {
        let rest = at.strip_prefix(path.as_bytes())?;
        (rest.is_empty() || rest.starts_with(b"/")).then(|| (rest.to_vec(), content(entry)))
    });
    entries.collect()
}

/// What each side must have now.
fn assert_kept(shape: &Shape, choice: &str, before: &Trees, scene: &Scene, what: &str) {
    let at_b = shape.at_b.unwrap_or(shape.path);
    let versions = [beneath(&before.0, shape.path), beneath(&before.1, at_b)];
    let (now_a, now_b) = trees(scene);
    for now in [&now_a, &now_b] {
        let kept = match choice {
            "--keep a" => 'a',
            "--keep b" => 'b',
            "--keep newest" => shape.greatest[0],
            "--keep largest" => shape.greatest[1],
            "--keep both" => {
                let all: Vec<Vec<u8>> = now.values().map(content).collect();
                let both = versions.iter().flat_map(BTreeMap::values);
                both.for_each(|version| assert!(all.contains(version), "{what}: {all:?}"));
                continue;
            }
            "--file F" => {
                assert_eq!(beneath(now, shape.path)[&b""[..]], b"given\n", "{what}");
                continue;
            }
            _ => continue,
        };
        let (path, other) = if kept == 'a' { (shape.path, at_b) } else { (at_b, shape.path) };
        assert_eq!(beneath(now, path), versions[usize::from(kept == 'b')], "{what}");
        if path != other {
            assert_eq!(beneath(now, other), BTreeMap::new(), "{what}");
        }
    }
    // S7: whatever a side had and has no more is in its trash.
    for (tree, before, now) in [(&scene.a, &before.0, &now_a), (&scene.b, &before.1, &now_b)] {
        let trash: Vec<Vec<u8>> = trash_of(tree).values().map(content).collect();
        let here: Vec<Vec<u8>> = now.values().map(content).collect();
        for (path, entry) in before {
            let version = content(entry);
            let path = path.escape_ascii();
            assert!(here.contains(&version) || trash.contains(&version), "{what}: {path} is lost");
        }
    }
}

fn trash_of(tree: &Tree) -> BTreeMap<Vec<u8>, Entry> {
    let trash = tree.at(".instep/trash");
    if trash.exists() { testkit::tree_of(&trash) } else { BTreeMap::new() }
}

/// A shape is settled by every choice that can, and every settlement is taken back.
fn try_all(name: &str) {
    let shapes = shapes();
    let shape = shapes.iter().find(|shape| shape.name == name).unwrap();
    for choice in CHOICES {
        let what = format!("{}, {choice}", shape.name);
        let Some(Set { scene, _folding }) = set_up_on(shape) else { return };
        let before = trees(&scene);
        std::fs::write(scene.home().join("F"), "given\n").unwrap();
        let (code, objects) = scene.json(&format!("resolve pair {} {choice}", shape.path));
        if !shape.settles.contains(&choice) {
            assert_eq!(code, 5, "{what}: {objects:?}");
            assert_eq!(trees(&scene), before, "{what}");
            assert_eq!(scene.json("conflicts").1.len(), 1, "{what}");
            continue;
        }
        assert_eq!(code, 0, "{what}: {objects:?}");
        assert_eq!(scene.json("conflicts").1.len(), 0, "{what}");
        if choice == "--leave-out" {
            let mut now = trees(&scene);
            now.0.remove(&b".instepignore"[..]);
            now.1.remove(&b".instepignore"[..]);
            assert_eq!(now, before, "{what}");
        } else {
            scene.assert_same_files(&what);
            assert_kept(shape, choice, &before, &scene, &what);
        }
        // Nothing is left to do, and nothing comes back by itself.
        let settled = trees(&scene);
        let (code, after) = scene.summary("sync pair");
        assert_eq!((code, scene.json("conflicts").1.len()), (0, 0), "{what}");
        assert_eq!(trees(&scene), settled, "{what}");
        let nothing = serde_json::json!({ "a": 0, "b": 0 });
        let followed = after["counts"]["deleted"] != nothing;
        if followed {
            // The directories that led there have followed it, and are what comes back first.
            scene.instep("undo last").expect(0);
        }
        for verb in ["created", "updated", "moved"] {
            assert_eq!(after["counts"][verb], nothing, "{what}: {after}");
        }
        let run = objects.last().unwrap()["run"].as_u64().unwrap();
        scene.instep(&format!("undo {run}")).expect(0);
        assert_eq!(trees(&scene), before, "{what}");
        assert_eq!(scene.json("conflicts").1.len(), 1, "{what}");
        if !followed {
            scene.instep("sync pair").expect(5);
        }
    }
}

#[test]
fn every_choice_for_names_that_differ_in_case_and_back() {
    try_all("names that differ in case");
}

#[test]
fn every_choice_for_names_that_differ_in_composition_and_back() {
    try_all("names that differ in composition");
}

#[test]
fn every_choice_for_edit_against_edit_and_back() {
    try_all("edit against edit");
}

#[test]
fn every_choice_for_create_against_create_and_back() {
    try_all("create against create");
}

#[test]
fn every_choice_for_file_against_directory_and_back() {
    try_all("file against directory");
}

#[test]
fn every_choice_for_link_against_file_and_back() {
    try_all("link against file");
}

#[test]
fn every_choice_for_edit_against_deletion_and_back() {
    try_all("edit against deletion");
}

#[test]
fn every_choice_for_deleted_directory_against_new_content_in_it_and_back() {
    try_all("deleted directory against new content in it");
}

#[test]
fn every_choice_for_permissions_against_permissions_and_back() {
    try_all("permissions against permissions");
}

#[test]
fn what_is_kept_is_what_the_choice_says_and_what_loses_is_in_the_trash() {
    let shapes = shapes();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let left = "one, left\ntwo\nthree\nfour\n";
    let right = "one\ntwo\nthree\nfour, on the right side\n";
    for (choice, kept, trash) in [
        ("--keep a", left, (0, 1)),
        ("--keep b", right, (1, 0)),
        ("--keep newest", left, (0, 1)),
        ("--keep largest", right, (1, 0)),
        ("--keep merge", "one, left\ntwo\nthree\nfour, on the right side\n", (1, 1)),
        ("--file F", "given\n", (1, 1)),
    ] {
        let scene = set_up(&shapes[0]);
        std::fs::write(scene.home().join("F"), "given\n").unwrap();
        scene.instep(&format!("resolve pair dir/x.txt {choice}")).expect(0);
        assert_eq!(text(scene.a.read("dir/x.txt")), kept, "{choice}");
        assert_eq!(text(scene.b.read("dir/x.txt")), kept, "{choice}");
        assert_eq!((scene.trash(&scene.a).len(), scene.trash(&scene.b).len()), trash, "{choice}");
    }
    let scene = set_up(&shapes[0]);
    scene.instep("resolve pair dir/x.txt --keep both --name-a mine.txt --name-b theirs.txt").expect(0);
    assert_eq!(text(scene.b.read("dir/mine.txt")), left);
    assert_eq!(text(scene.a.read("dir/theirs.txt")), right);
    assert!(!scene.a.has("dir/x.txt") && !scene.b.has("dir/x.txt"));
    scene.instep("sync pair").expect(0);
    let scene = set_up(&shapes[0]);
    scene.instep("resolve pair dir/x.txt --keep b --name-b renamed.txt").expect(0);
    assert_eq!(text(scene.a.read("dir/renamed.txt")), right);
    assert!(!scene.a.has("dir/x.txt") && !scene.b.has("dir/x.txt"));
    assert_eq!(scene.trash(&scene.a), ["dir/x.txt"]);
    scene.instep("sync pair").expect(0);
}

#[test]
fn a_rule_settles_what_it_means_in_one_run_and_one_undo() {
    let scene = Scene::synced(|scene| {
        for n in 0..30 {
            scene.a.file(format!("in/{n}"), "base").file(format!("out/{n}"), "base");
        }
    });
    for n in 0..30_i64 {
        for dir in ["in", "out"] {
            let path = format!("{dir}/{n}");
            scene.a.file(&path, "left").mtime(&path, 1_600_000_000 + n, 7);
            // The last two of each are a tie.
            let newer = if n < 28 { 1_600_000_100 + n } else { 1_600_000_000 + n };
            scene.b.file(&path, "right").mtime(&path, newer, 7);
        }
    }
    scene.instep("sync pair").expect(5);
    let before = trees(&scene);
    let rule = "resolve --all --keep newest --under in --type edit-edit";
    let (code, objects) = scene.json(&format!("{rule} --dry-run"));
    let summary = objects.last().unwrap();
    assert_eq!((code, of_type(&objects, "conflict").len()), (0, 30));
    assert_eq!((&summary["would_settle"], &summary["would_stay_open"]), (&28.into(), &2.into()));
    assert_eq!(trees(&scene), before);
    scene
        .instep(&format!("{rule} --dry-run"))
        .expect(0)
        .says(&["28  the version of right", "stays open: in/28"]);
    scene.instep("resolve --all --keep newest --older-than 2d").expect(2).says(&["no open conflict"]);

    let (code, objects) = scene.json(rule);
    assert_eq!(code, 5, "{objects:?}");
    assert_eq!(scene.a.read("in/3"), b"right");
    assert_eq!(scene.a.read("out/3"), b"left");
    assert_eq!(scene.json("conflicts --under in").1.len(), 2);
    assert_eq!(scene.json("conflicts").1.len(), 32);
    scene.instep("undo last").expect(0);
    assert_eq!(trees(&scene), before);
    assert_eq!(scene.json("conflicts").1.len(), 60);
}

#[test]
fn s1_a_version_edited_or_removed_after_it_was_shown_is_left_alone_and_shown_again() {
    for remove in [false, true] {
        let scene = set_up(&shapes()[0]);
        // The tool is where a person looks longest: meanwhile the other side goes on.
        let path = scene.b.at("dir/x.txt");
        let meanwhile = if remove {
            format!("rm '{}'", path.display())
        } else {
            format!("echo more >> '{}'", path.display())
        };
        let tool = format!("cp $LOCAL $MERGED; {meanwhile}");
        let words = ["resolve", "pair", "dir/x.txt", "--tool", &tool];
        scene.run(&words).expect(1).says(&["changed since it was shown"]);
        assert_eq!(scene.a.read("dir/x.txt"), b"one, left\ntwo\nthree\nfour\n");
        if !remove {
            assert!(scene.b.read("dir/x.txt").ends_with(b"more\n"));
            let (_, open) = scene.json("conflicts");
            assert_eq!(open[0]["b"]["size"], scene.b.read("dir/x.txt").len());
            scene.instep("resolve pair dir/x.txt --keep b").expect(0);
            assert!(scene.a.read("dir/x.txt").ends_with(b"more\n"));
        }
    }
}

#[test]
fn a_tool_merges_with_the_files_that_git_would_give_it() {
    let scene = set_up(&shapes()[0]);
    let tool = "test \"$(basename $LOCAL)\" = LOCAL.txt && cat $BASE $LOCAL $REMOTE > $MERGED";
    scene.run(&["resolve", "pair", "dir/x.txt", "--tool", tool]).expect(0);
    let merged = String::from_utf8(scene.a.read("dir/x.txt")).unwrap();
    assert_eq!(merged.lines().count(), 12);
    assert!(merged.starts_with("one\ntwo\nthree\nfour\none, left\n"));
    scene.assert_same_files("merged");
    scene.instep("undo last").expect(0);
    assert_eq!(scene.json("conflicts").1.len(), 1);
}

#[test]
fn a_tool_that_fails_hangs_writes_nothing_or_is_missing_loses_nothing() {
    for (settings, tool, why) in [
        ("", "echo bad > $MERGED; exit 3", "exit code 3"),
        ("", "kill -9 $$", "signal 9"),
        ("", "rm $MERGED", "left no merge"),
        ("", ": > $MERGED", "empty"),
        ("", "no-such-program-anywhere", "exit code 127"),
        ("trust_exit_code = false\n", "true", "changed nothing"),
        ("time_limit = '200ms'\n", "sleep 600", "was ended after"),
    ] {
        let scene = set_up(&shapes()[0]);
        scene.append_settings(&format!("[merge]\n{settings}"));
        let before = trees(&scene);
        scene.run(&["resolve", "pair", "dir/x.txt", "--tool", tool]).expect(5).says(&[why]);
        assert_eq!(trees(&scene), before, "{tool}");
        assert_eq!(scene.json("conflicts").1.len(), 1, "{tool}");
    }
    let scene = set_up(&shapes()[0]);
    scene.append_settings("[merge]\ntool = 'cat $REMOTE > $MERGED; false'\ntrust_exit_code = false\n");
    scene.instep("resolve pair --all --tool").expect(0);
    assert_eq!(scene.a.read("dir/x.txt"), scene.b.read("dir/x.txt"));
}

#[test]
fn a_side_that_is_away_settles_nothing() {
    let scene = set_up(&shapes()[0]);
    let away = scene.b.path().with_extension("away");
    std::fs::rename(scene.b.path(), &away).unwrap();
    let run = scene.instep("resolve pair --all --keep a");
    assert_ne!(run.code, Some(0), "{run:?}");
    std::fs::rename(&away, scene.b.path()).unwrap();
    assert_eq!(scene.json("conflicts").1.len(), 1);
    scene.instep("resolve pair --all --keep a").expect(0);
}

#[test]
fn of_two_processes_that_settle_at_once_one_wins_and_the_other_is_told() {
    for _ in 0..3 {
        let scene = set_up(&shapes()[0]);
        let both: Vec<_> =
            ["a", "b"].map(|keep| scene.spawn(&format!("resolve pair --all --keep {keep} --json"))).into();
        let outputs: Vec<_> = both.into_iter().map(|one| one.wait_with_output().unwrap()).collect();
        let done = |output: &std::process::Output| {
            String::from_utf8_lossy(&output.stdout).contains("\"outcome\":\"done\"")
                && String::from_utf8_lossy(&output.stdout).contains("\"created\"")
                && !String::from_utf8_lossy(&output.stdout).contains("no open conflict any more")
        };
        assert_eq!(outputs.iter().filter(|output| done(output)).count(), 1, "{outputs:?}");
        scene.assert_same_files("one of both");
        assert_eq!(scene.json("conflicts").1.len(), 0);
        scene.instep("sync pair").expect(0);
    }
}

#[test]
fn nobody_to_ask_and_nothing_said_is_a_wrong_use() {
    let scene = set_up(&shapes()[0]);
    scene.instep("resolve pair dir/x.txt").expect(2).says(&["--keep"]);
    scene.instep("resolve pair dir/x.txt --tool").expect(2).says(&["no merge tool"]);
    scene.instep("resolve pair dir/x.txt --keep a --name-b x").expect(2).says(&["does not stay"]);
    scene.instep("resolve pair dir/x.txt --file nowhere").expect(2).says(&["nowhere"]);
    scene.instep("resolve pair dir/x.txt --keep both --name-b ../x").expect(1).says(&["no name"]);
    assert_eq!(scene.json("conflicts").1.len(), 1);
}

#[test]
fn both_versions_are_shown_as_a_merge_puts_them_together() {
    let scene = set_up(&shapes()[0]);
    scene.instep("conflicts pair --diff").expect(0).says(&[
        "can be merged",
        "one, left",
        "on the right side",
    ]);
    scene.b.file("dir/x.txt", "one, right\ntwo\nthree\nfour\n");
    scene.instep("sync pair").expect(5);
    scene.instep("conflicts pair --diff").expect(0).says(&[
        "in 1 place",
        "<<<<<<< left",
        "||||||| last common version",
        ">>>>>>> right",
    ]);
    // Not clean: it stays as it is.
    let before = trees(&scene);
    scene.instep("resolve pair dir/x.txt --keep merge").expect(5).says(&["in the same place"]);
    assert_eq!(trees(&scene), before);
    // Without ancestors there is nothing to merge by.
    let scene = Scene::new();
    scene.set_of_item("ancestors = false\n");
    scene.a.file("dir/x.txt", "one\ntwo\nthree\nfour\n");
    scene.instep("sync pair --yes").expect(0);
    edit_both(&scene, "dir/x.txt");
    scene.instep("sync pair").expect(5);
    scene.instep("conflicts pair --diff").expect(0).says(&["cannot be merged"]);
    assert!(!scene.state("pairs/pair/ancestors.db").exists());
}

/// A pair in which other programs have left copies of `notes.txt`.
fn with_copies() -> Scene {
    Scene::synced(|scene| {
        scene.a.file("d/notes.txt", "original").mtime("d/notes.txt", 1_600_000_000, 7);
        let syncthing = "d/notes.sync-conflict-20260301-120000-ABCDEFG.txt";
        scene.a.file(syncthing, "what Syncthing kept").mtime(syncthing, 1_700_000_000, 7);
        scene.a.file("report (conflicted copy 2026-03-01 120000).txt", "no original");
        scene.a.file("plain.txt", "p");
    })
}

#[test]
fn copies_of_other_programs_are_found_beside_their_originals() {
    let scene = with_copies();
    scene.instep("conflicts pair --find-copies").expect(0).says(&[
        "2 conflict copies",
        "d/notes.txt",
        "Syncthing, 20260301 by ABCDEFG",
        "conflicted copy 2026-03-01",
    ]);
    // They are in no list until somebody asks.
    assert_eq!(scene.json("conflicts").1.len(), 0);
    assert_eq!(scene.json("conflicts --find-copies --under d").1.len(), 1);
}

#[test]
fn copies_of_other_programs_are_settled_like_conflicts_and_taken_back() {
    let copy = "d/notes.sync-conflict-20260301-120000-ABCDEFG.txt";
    for (keep, notes, left) in [
        ("a", "original", false),
        ("b", "what Syncthing kept", false),
        ("newest", "what Syncthing kept", false),
        ("both", "original", true),
    ] {
        let scene = with_copies();
        let before = trees(&scene);
        scene.instep(&format!("resolve pair d --copies --keep {keep}")).expect(0);
        assert_eq!(scene.a.read("d/notes.txt"), notes.as_bytes(), "{keep}");
        assert!(!scene.a.has(copy) && !scene.b.has(copy), "{keep}");
        let kept = scene.a.entries().keys().filter(|path| path.starts_with(b"d/")).count();
        assert_eq!(kept, 1 + usize::from(left), "{keep}");
        scene.assert_same_files(keep);
        scene.instep("undo last").expect(0);
        assert_eq!(trees(&scene), before, "{keep}");
        scene.instep(&format!("resolve pair d --copies --keep {keep}")).expect(0);
        let (code, summary) = scene.summary("sync pair");
        assert_eq!(
            (code, &summary["counts"]["updated"]),
            (0, &serde_json::json!({ "a": 0, "b": 0 })),
            "{keep}"
        );
        assert_eq!(scene.json("conflicts --find-copies --under d").1.len(), 0, "{keep}");
    }
    let scene = with_copies();
    scene.instep("resolve pair --copies --all --keep b").expect(0);
    assert_eq!(scene.b.read("report.txt"), b"no original");
    scene.instep("resolve pair --copies --all --keep b").expect(2).says(&["no conflict copy"]);
}

#[test]
fn copies_of_other_programs_are_merged_where_neither_has_other_lines_in_the_same_place() {
    let copy = "notes.sync-conflict-20260301-120000-ABCDEFG.txt";
    let with = |text: &str| {
        Scene::synced(|scene| {
            scene.a.file("notes.txt", "one\ntwo\n").file(copy, text);
        })
    };
    let scene = with("one\none and a half\ntwo\n");
    let before = trees(&scene);
    scene.instep("conflicts pair --find-copies --diff").expect(0).says(&["can be merged", "one and a half"]);
    scene.instep("resolve pair --copies --all --keep merge").expect(0);
    assert_eq!(scene.b.read("notes.txt"), b"one\none and a half\ntwo\n");
    assert!(!scene.a.has(copy) && !scene.b.has(copy));
    scene.assert_same_files("merged");
    assert_eq!(scene.summary("sync pair").1["counts"]["updated"], serde_json::json!({ "a": 0, "b": 0 }));
    let trash = trash_of(&scene.b);
    assert!(trash.values().any(|entry| content(entry) == b"one\ntwo\n"), "{trash:?}");
    let (_, objects) = scene.json("results -n 2");
    let run = objects[1]["run"].as_u64().unwrap();
    scene.instep(&format!("undo {run}")).expect(0);
    assert_eq!(trees(&scene), before);

    let scene = with("one\nzwei\n");
    let before = trees(&scene);
    scene.instep("conflicts pair --find-copies --diff").expect(0).says(&[
        "<<<<<<< original",
        "zwei",
        ">>>>>>>",
    ]);
    scene.instep("resolve pair --copies --all --keep merge").expect(5).says(&["differ in the same place"]);
    assert_eq!(trees(&scene), before);
    // A person can, in a tool.
    let tool = "cat $LOCAL $REMOTE > $MERGED";
    scene.run(&["resolve", "pair", "--copies", "--all", "--tool", tool]).expect(0);
    assert_eq!(scene.b.read("notes.txt"), b"one\ntwo\none\nzwei\n");
    assert!(!scene.a.has(copy) && !scene.b.has(copy));
}

#[test]
fn permissions_that_differ_are_shown() {
    let shapes = shapes();
    let scene = set_up(shapes.iter().find(|shape| shape.kind == "metadata").unwrap());
    scene.instep("conflicts pair").expect(0).says(&["a: left   rw-------,", "b: right  rw-r-----,"]);
    let (_, open) = scene.json("conflicts pair");
    assert_eq!(
        (&open[0]["a"]["permissions"], &open[0]["b"]["permissions"]),
        (&"rw-------".into(), &"rw-r-----".into())
    );
}
