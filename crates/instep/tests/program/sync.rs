//! What `instep sync` does on real folders.

use crate::scene::Scene;

#[test]
fn two_bare_folders_need_no_set_up_and_are_remembered() {
    let scene = Scene::bare();
    scene.a.file("doc/x.txt", "x").file("y", "yy").link("l", "y");
    scene.instep("sync A B").expect(0).says(&["Remembered as", "4 created on"]);
    scene.assert_same();
    assert_eq!(scene.b.read("doc/x.txt"), b"x");
    let (_, items) = scene.json("list");
    assert_eq!(items.len(), 1);
    let id = items[0]["item"].as_str().expect("it has an identity").to_owned();
    scene.a.file("z", "z");
    let again = scene.instep("sync A B").expect(0);
    assert!(!again.stderr.contains("Remembered"), "{again:?}");
    scene.instep(&format!("sync {id}")).expect(0).says(&["up to date"]);
    assert_eq!(scene.json("list").1.len(), 1);
    scene.assert_same();
}

#[test]
fn relative_folders_and_links_to_folders_are_the_same_pair() {
    let scene = Scene::bare();
    scene.a.file("x", "x");
    std::os::unix::fs::symlink(scene.a.path(), scene.home().join("left")).expect("a link can be made");
    std::os::unix::fs::symlink(scene.b.path(), scene.home().join("right")).expect("a link can be made");
    scene.instep("sync left right").expect(0);
    scene.instep("sync A B").expect(0);
    scene.instep("sync ./left right/").expect(0);
    assert_eq!(scene.json("list").1.len(), 1);
}

#[test]
fn edits_on_both_sides_are_merged() {
    let scene = Scene::synced(|scene| {
        scene.a.file("one", "1").file("two", "2").file("dir/three", "3");
    });
    scene.a.file("one", "one, longer").file("dir/new-a", "a");
    scene.b.file("two", "two, longer").file("dir/new-b", "b");
    let (code, summary) = scene.summary("sync pair");
    assert_eq!(code, 0);
    scene.assert_same();
    assert_eq!(summary["outcome"], "done");
    let counts = &summary["counts"];
    for (what, a, b) in [("created", 1, 1), ("updated", 1, 1), ("deleted", 0, 0), ("moved", 0, 0)] {
        assert_eq!(
            (counts[what]["a"].as_u64(), counts[what]["b"].as_u64()),
            (Some(a), Some(b)),
            "{what}: {counts}"
        );
    }
    for what in ["conflicts", "errors", "skipped"] {
        assert_eq!(counts[what], 0, "{counts}");
    }
    assert_eq!(counts["bytes"], 11 + 1 + 11 + 1);
    assert!(summary["run"].as_u64().is_some());
}

#[test]
fn moves_are_moves_and_copy_nothing() {
    let scene = Scene::synced(|scene| {
        scene.a.file("big/one", vec![1; 200_000]).file("big/two", vec![2; 100_000]).file("c", "c");
    });
    scene.a.rename("big", "large");
    scene.b.rename("c", "d");
    let (code, summary) = scene.summary("sync pair");
    assert_eq!(code, 0);
    scene.assert_same();
    assert!(scene.b.has("large/one") && scene.a.has("d"));
    assert_eq!(summary["counts"]["moved"], serde_json::json!({ "a": 1, "b": 1 }));
    assert_eq!(summary["counts"]["deleted"], serde_json::json!({ "a": 0, "b": 0 }));
    assert_eq!(summary["counts"]["bytes"], 0);
}

#[test]
fn s7_deletions_go_to_the_trash_and_undo_brings_them_back() {
    let scene = Scene::synced(|scene| {
        scene.a.file("keep", "k").file("dir/gone", "precious").file("old", "old version").file("more", "m");
    });
    scene.a.remove("dir").file("old", "new").file("fresh", "f");
    let run = scene.instep("sync pair").expect(0).says(&["instep undo"]);
    scene.assert_same();
    assert!(!scene.b.has("dir"), "{run:?}");
    assert_eq!(scene.trash(&scene.b), ["dir/gone", "old"]);
    scene.instep("undo last").expect(0);
    assert_eq!(scene.b.read("dir/gone"), b"precious");
    assert_eq!(scene.b.read("old"), b"old version");
    assert!(!scene.b.has("fresh"));
    // What undo restored is the newest word on that side: nothing takes it away again.
    scene.instep("sync pair").expect(0);
    scene.assert_same();
    assert_eq!(scene.a.read("dir/gone"), b"precious");
    assert_eq!(scene.a.read("old"), b"old version");
    assert_eq!(scene.a.read("fresh"), b"f");
}

#[test]
fn undo_leaves_what_was_changed_since_and_is_undone_itself() {
    let scene = Scene::synced(|scene| {
        scene.a.file("gone", "g").file("edited", "old").file("more", "m");
    });
    scene.a.remove("gone").file("edited", "new");
    scene.instep("sync pair").expect(0);
    scene.b.file("edited", "by hand, since");
    scene.instep("undo last").expect(1).says(&["edited"]);
    assert_eq!(scene.b.read("edited"), b"by hand, since");
    assert!(scene.b.has("gone"));
    scene.instep("undo last").expect(0);
    assert!(!scene.b.has("gone"));
    assert_eq!(scene.b.read("edited"), b"by hand, since");
}

#[test]
fn an_unchanged_pair_is_up_to_date_and_nothing_is_written_on_its_sides() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x/y/z", "z").file("w", "w");
    });
    let before = (testkit::stamps(scene.a.path()), testkit::stamps(scene.b.path()));
    scene.instep("sync pair").expect(0).says(&["up to date"]);
    assert_eq!(before, (testkit::stamps(scene.a.path()), testkit::stamps(scene.b.path())));
}

#[test]
fn mirror_and_copy_go_one_way() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x").file("y", "y");
    });
    scene.a.remove("x");
    scene.b.file("extra", "e");
    scene.instep("sync pair --mode copy").expect(0);
    assert!(scene.b.has("x") && scene.b.has("extra") && !scene.a.has("extra"));
    scene.instep("sync pair --mode mirror --yes").expect(0);
    assert!(!scene.b.has("x") && !scene.b.has("extra"));
    scene.assert_same();
}

#[test]
fn several_items_run_at_once_and_the_summary_tells_them_apart() {
    let scene = Scene::new();
    let (c, d) = (testkit::Tree::new(), testkit::Tree::new());
    scene.a.file("x", "x");
    c.file("y", "y").file("z", "z");
    let (c_path, d_path) = (c.path().to_string_lossy(), d.path().to_string_lossy());
    scene.instep(&format!("add other {c_path} {d_path}")).expect(0);
    let (code, objects) = scene.json("sync --all");
    assert_eq!(code, 0);
    let summaries: Vec<_> = objects.iter().filter(|object| object["type"] == "summary").collect();
    assert_eq!(summaries.len(), 1, "{objects:?}");
    let summary = objects.last().expect("there is a summary");
    assert_eq!(summary["counts"]["created"]["b"], 3);
    let items = summary["items"].as_array().expect("each item is told");
    let created = |id: &str| {
        items.iter().find(|item| item["item"] == id).map(|item| item["counts"]["created"]["b"].clone())
    };
    assert_eq!((created("pair"), created("other")), (Some(1.into()), Some(2.into())));
    scene.assert_same();
}

#[test]
fn what_is_excluded_is_left_alone() {
    let scene = Scene::new();
    scene
        .a
        .file("keep.txt", "k")
        .file("junk.tmp", "t")
        .file("dir/other.tmp", "t")
        .file(".instepignore", "*.log\n");
    scene.a.file("x.log", "l");
    scene.instep("sync pair --exclude *.tmp --include other.tmp").expect(0);
    assert!(scene.b.has("keep.txt") && scene.b.has("dir/other.tmp"));
    assert!(!scene.b.has("junk.tmp") && !scene.b.has("x.log"));
}

#[test]
fn verify_says_whether_both_sides_hold_the_same() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "xxxx").file("y", "y");
    });
    assert_eq!(scene.summary("verify pair --checksum").0, 0);
    scene.b.file("x", "other");
    let (code, objects) = scene.json("verify pair");
    assert_eq!(code, 1, "{objects:?}");
    assert!(objects.iter().any(|object| object["path"] == "x"), "{objects:?}");
    scene.instep("verify pair").expect(1).says(&["x"]);
    assert_eq!(scene.a.read("x"), b"xxxx");
}
