//! Copies that other programs have left.

use super::shapes::{content, trash_of, trees};
use crate::scene::Scene;

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
