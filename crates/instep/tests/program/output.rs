//! What is written where: quiet, JSON, pipes that close early, status.

use std::io::{BufRead, BufReader};

use crate::scene::Scene;

#[test]
fn quiet_says_nothing_but_what_went_wrong() {
    let scene = Scene::new();
    scene.a.file("x", "x").file("c", "left");
    scene.b.file("c", "right, longer");
    let run = scene.instep("sync pair -q").expect(5);
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains('c') && run.stderr.contains("resolve"), "{run:?}");
    scene.instep("resolve pair c --keep a -q").expect(0);
    scene.a.file("y", "y");
    let run = scene.instep("sync pair -q").expect(0);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn json_is_one_object_a_line_and_nothing_else_on_stdout() {
    let scene = Scene::new();
    scene.a.file("x", "x");
    for line in ["sync pair", "preview pair", "verify pair", "undo last"] {
        let (code, objects) = scene.json(line);
        assert_eq!(code, 0, "{line}: {objects:?}");
        assert_eq!(objects.last().expect("a summary")["type"], "summary", "{line}");
    }
    for line in ["list", "status", "results", "results last", "conflicts"] {
        let (code, objects) = scene.json(line);
        assert_eq!(code, 0, "{line}: {objects:?}");
    }
}

#[test]
fn no_colours_in_a_pipe_unless_they_are_asked_for() {
    let scene = Scene::new();
    scene.a.file("x", "x");
    let plain = scene.instep("sync pair").expect(0);
    assert!(!plain.stdout.contains('\x1b') && !plain.stderr.contains('\x1b'), "{plain:?}");
    let forced = scene.instep("sync pair --color always").expect(0);
    assert!(forced.stdout.contains('\x1b'), "{forced:?}");
    let mut command = scene.command(&["list", "--color", "never"]);
    let output = command.output().expect("the program starts");
    assert!(!output.stdout.contains(&0x1b));
}

#[test]
fn a_reader_that_goes_away_ends_neither_the_run_nor_with_a_panic() {
    let scene = Scene::new();
    for number in 0..300 {
        scene.a.file(format!("dir{number}/x"), "x");
        scene.b.file(format!("dir{number}/y"), "y");
    }
    let mut child = scene.spawn("preview pair --json");
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().expect("it is piped"))
        .read_line(&mut line)
        .expect("there is a first line");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut child = scene.spawn("sync pair");
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    scene.assert_same();
}

#[test]
fn status_tells_how_every_item_stands() {
    let scene = Scene::new();
    scene.instep("status").expect(0).says(&["pair", "never"]);
    scene.a.file("x", "x").file("c", "left");
    scene.b.file("c", "right, longer");
    scene.instep("sync pair").expect(5);
    scene.instep("status").expect(0).says(&["pair", "conflict"]);
    scene.instep("resolve pair --all --keep a").expect(0);
    scene.instep("sync pair").expect(0);
    scene.instep("status pair").expect(0).says(&["up to date"]);
    let (_, objects) = scene.json("status");
    assert_eq!(objects[0]["item"], "pair");
    assert_eq!(objects[0]["conflicts"], 0);
    std::fs::rename(scene.b.path(), scene.home().join("elsewhere")).expect("it can be moved");
    scene.instep("sync pair").expect(4);
    std::fs::rename(scene.home().join("elsewhere"), scene.b.path()).expect("it can be moved back");
    scene.instep("status").expect(0).says(&["safety stop"]);
}

#[test]
fn results_tell_every_run() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "x").file("y", "y");
    });
    scene.a.file("x", "edited");
    scene.instep("sync pair").expect(0);
    let (_, runs) = scene.json("results");
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0]["items"][0]["counts"]["updated"]["b"], 1);
    assert_eq!(runs[1]["items"][0]["counts"]["created"]["b"], 2);
    scene.instep("results pair").expect(0).says(&["2 created on right", "1 updated on right"]);
    scene.instep("results last").expect(0).says(&["1 updated on right"]);
}

#[test]
fn completions_are_printed_for_every_shell() {
    let scene = Scene::bare();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let run = scene.instep(&format!("completions {shell}")).expect(0);
        // What they complete they ask the program.
        assert!(run.stdout.contains("COMPLETE"), "{shell}");
    }
}

#[test]
fn r15_a_disabled_item_is_left_out_until_it_is_enabled() {
    let scene = Scene::new();
    scene.a.file("x", "x");
    scene.instep("disable pair").expect(0).says(&["instep enable pair"]);
    scene.instep("status").expect(0).says(&["pair"]);
    assert_eq!(scene.json("status").1[0]["enabled"], false);
    scene.instep("sync pair").expect(3).says(&["disabled"]);
    scene.instep("sync --all").expect(2).says(&["disabled"]);
    assert!(!scene.b.has("x"));
    scene.instep("enable pair").expect(0);
    scene.instep("sync --all").expect(0);
    scene.assert_same();
}
