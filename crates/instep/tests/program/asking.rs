//! A person at a terminal, asked about one conflict after another: what is shown, what can be answered, and what comes of
//! it. `script` gives the program a terminal of its own.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};

use crate::scene::{Run, Scene};

/// The program on a terminal.
struct Terminal {
    child: Child,
    shown: String,
}

impl Terminal {
    fn start(scene: &Scene, line: &str) -> Self {
        let program = scene.command(&scene.words(line));
        let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_str().unwrap());
        let words: Vec<String> =
            std::iter::once(program.get_program()).chain(program.get_args()).map(quoted).collect();
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", &words.join(" "), "/dev/null"]).env_clear();
        command.envs(program.get_envs().filter_map(|(key, value)| Some((key, value?))));
        command.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("TERM", "dumb").env("NO_COLOR", "1");
        command.current_dir(scene.home()).stdin(Stdio::piped()).stdout(Stdio::piped());
        Self { child: command.spawn().expect("`script` is there"), shown: String::new() }
    }

    /// Reads until this is shown.
    fn wait_for(&mut self, text: &str) {
        let mut stdout = self.child.stdout.take().unwrap();
        let mut byte = [0];
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(text) {
            let read = stdout.read(&mut byte).unwrap();
            assert_eq!(read, 1, "{text:?} was never shown:\n{}", String::from_utf8_lossy(&seen));
            seen.push(byte[0]);
        }
        self.shown.push_str(&String::from_utf8_lossy(&seen));
        self.child.stdout = Some(stdout);
    }

    fn type_in(&mut self, answers: &[&str]) {
        let lines: String = answers.iter().map(|answer| format!("{answer}\n")).collect();
        self.child.stdin.as_mut().unwrap().write_all(lines.as_bytes()).unwrap();
    }

    /// No more is typed.
    fn end(mut self) -> Run {
        drop(self.child.stdin.take());
        let output = self.child.wait_with_output().unwrap();
        let stdout = self.shown + &String::from_utf8_lossy(&output.stdout);
        Run { code: output.status.code(), stdout, stderr: String::new() }
    }
}

fn at_terminal(scene: &Scene, line: &str, answers: &[&str]) -> Run {
    let mut terminal = Terminal::start(scene, line);
    terminal.type_in(answers);
    terminal.end()
}

/// Files that differ on both sides: in different places, the last one in the same.
fn contested(names: &[&str]) -> Scene {
    let scene = Scene::synced(|scene| {
        for name in names {
            scene.a.file(name, "one\ntwo\nthree\n");
        }
    });
    for name in names {
        scene.a.file(name, "one, left\ntwo\nthree\n").mtime(name, 1_700_000_000, 7);
        scene.b.file(name, "one\ntwo\nthree, on the right\n").mtime(name, 1_600_000_000, 7);
    }
    scene.instep("sync pair").expect(5);
    scene
}

const LEFT: &[u8] = b"one, left\ntwo\nthree\n";
const RIGHT: &[u8] = b"one\ntwo\nthree, on the right\n";
const MERGED: &[u8] = b"one, left\ntwo\nthree, on the right\n";

#[test]
fn each_is_shown_and_every_answer_does_what_it_says() {
    let names = ["1-a", "2-b", "3-both", "4-newest", "5-largest", "6-merge", "7-out", "8-skip", "9-quit"];
    let scene = contested(&names);
    let answers = ["a", "B", "both", "newest", "largest", "merge", "leave-out", "skip", "quit"];
    let run = at_terminal(&scene, "resolve pair", &answers).expect(0);
    let run = run.says(&[
        "1 of 9",
        "a: left",
        "b: right",
        "(newer)",
        "(larger)",
        "keep: a (left), b (right), both",
        "9 of 9",
    ]);
    assert!(run.stdout.contains("2 conflicts"), "{}", run.stdout);
    let both = |path: &str| (scene.a.read(path), scene.b.read(path));
    assert_eq!(both("1-a"), (LEFT.into(), LEFT.into()));
    assert_eq!(both("2-b"), (RIGHT.into(), RIGHT.into()));
    assert_eq!(both("3-both"), (LEFT.into(), LEFT.into()));
    assert_eq!(both("4-newest"), (LEFT.into(), LEFT.into()));
    assert_eq!(both("5-largest"), (RIGHT.into(), RIGHT.into()));
    assert_eq!(both("6-merge"), (MERGED.into(), MERGED.into()));
    for path in ["7-out", "8-skip", "9-quit"] {
        assert_eq!(both(path), (LEFT.into(), RIGHT.into()));
    }
    assert_eq!(scene.a.entries().keys().filter(|path| path.starts_with(b"3-both")).count(), 2);
    assert_eq!(scene.json("conflicts").1.len(), 2);
    // All of it was one run.
    scene.instep("undo last").expect(0);
    assert_eq!(scene.json("conflicts").1.len(), 9);
    assert_eq!(both("6-merge"), (LEFT.into(), RIGHT.into()));
}

#[test]
fn one_answer_settles_all_of_its_kind() {
    let scene = contested(&["x", "y", "z"]);
    at_terminal(&scene, "resolve pair", &["b", "a!"]).expect(0).says(&["2 later ones", "1 later one"]);
    assert_eq!(
        (scene.b.read("x"), scene.b.read("y"), scene.a.read("z")),
        (RIGHT.into(), LEFT.into(), LEFT.into())
    );
}

#[test]
fn a_merge_with_overlaps_is_shown_and_not_offered() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x", "one\n");
    });
    scene.a.file("x", "left\n");
    scene.b.file("x", "right\n");
    scene.instep("sync pair").expect(5);
    let run = at_terminal(&scene, "resolve pair", &["diff", "merge", "nonsense", "b"]).expect(0).says(&[
        "<<<<<<< left",
        "||||||| last common version",
        ">>>>>>> right",
        "\"merge\" is none of the answers",
        "\"nonsense\" is none of the answers",
    ]);
    assert!(!run.stdout.contains("largest, merge,"), "{}", run.stdout);
    assert_eq!(scene.a.read("x"), b"right\n");
}

#[test]
fn whoever_leaves_leaves_all_as_it_is() {
    for answers in [&[][..], &["quit"], &["skip"]] {
        let scene = contested(&["x"]);
        at_terminal(&scene, "resolve pair", answers).expect(5).says(&["Nothing was settled"]);
        assert_eq!((scene.a.read("x"), scene.b.read("x")), (LEFT.into(), RIGHT.into()));
    }
}

#[test]
fn s1_what_changes_while_a_person_thinks_is_left_alone() {
    let scene = contested(&["x", "y"]);
    let mut terminal = Terminal::start(&scene, "resolve pair");
    terminal.wait_for("> ");
    scene.b.file("x", "edited while it was shown");
    std::fs::remove_file(scene.a.at("y")).unwrap();
    terminal.type_in(&["a", "b"]);
    terminal.end().expect(1).says(&["changed since it was shown"]);
    assert_eq!((scene.a.read("x"), scene.b.read("x")), (LEFT.into(), b"edited while it was shown".into()));
    assert_eq!((scene.a.has("y"), scene.b.read("y")), (false, RIGHT.into()));
}

#[test]
fn many_by_one_rule_are_asked_about_once() {
    for (answer, code, kept) in [("n", 6, RIGHT), ("y", 0, LEFT)] {
        let scene = contested(&["x", "y", "z"]);
        let run = at_terminal(&scene, "resolve pair --all --keep a", &[answer]).expect(code);
        assert_eq!(run.stdout.matches("[y/N]").count(), 1, "{}", run.stdout);
        assert_eq!(scene.b.read("z"), kept);
    }
}
