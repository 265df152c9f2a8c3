//! Every shape of conflict times every choice, and taken back again.

use std::collections::BTreeMap;

use super::shapes::{
    CHOICES, Set, Shape, Trees, beneath, content, set_up, set_up_on, shapes, trash_of, trees,
};
use crate::scene::Scene;

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
