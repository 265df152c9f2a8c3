//! `instep resolve`, with the real binary.

#![allow(clippy::unwrap_used, reason = "tests")]

mod copies;
mod daemon;
mod every;
mod shapes;
mod tools;

use self::shapes::{edit_both, set_up, shapes, trees};
use crate::scene::{Scene, of_type};

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
