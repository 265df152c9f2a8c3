//! `instep watch`: changes arrive by themselves, each by one run that looks at little.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::scene::{Scene, of_type, wait_until};

/// The program, watching.
struct Watching {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Watching {
    /// Begins; comes back when the first run has ended.
    fn begin(scene: &Scene, line: &str) -> Self {
        let mut child = scene.spawn(&format!("{line} --json"));
        let lines = BufReader::new(child.stdout.take().expect("its output is piped"));
        let mut this = Self { child, lines };
        this.next_of("watching");
        this.next_of("run");
        this
    }

    /// The next line. It waits as long as there is none.
    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("its output can be read");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
    }

    #[track_caller]
    fn next_of(&mut self, kind: &str) -> Value {
        let object = self.next();
        assert_eq!(object["type"], kind, "{object}");
        object
    }

    /// Ctrl-C; gives the exit code and the summary.
    fn end(mut self) -> (i32, Value) {
        kill_process(Pid::from_child(&self.child), Signal::INT).expect("it is our child");
        let summary = loop {
            let object = self.next();
            if object["type"] == "summary" {
                break object;
            }
        };
        (self.child.wait().expect("it ends").code().expect("by itself"), summary)
    }
}

fn filled() -> Scene {
    Scene::synced(|scene| {
        scene.a.many(4, 10).file("here/1", "one").file("here/deep/2", "two");
    })
}

#[test]
fn an_edit_arrives_and_s12_our_own_writes_cause_no_run() {
    let scene = filled();
    let mut watching = Watching::begin(&scene, "watch pair");
    let mut number = 2;
    for (at, content) in [("here/deep/2", "edited"), ("here/1", "this too"), ("here/deep/2", "again")] {
        scene.put(&scene.a, at, content);
        let run = watching.next_of("run");
        number += 1;
        assert_eq!(run["run"], number, "S12: {run}");
        // Nothing else was looked at; but where our own writes were not looked at yet, that is done with the next change.
        let looked: Vec<&str> =
            run["directories"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let dir = at.rsplit_once('/').expect("it is in a folder").0;
        assert!(looked == [dir] || (number > 3 && looked == ["here", "here/deep"]), "{run}");
        assert_eq!(run["trees"], serde_json::json!([]), "{run}");
        assert_eq!((&run["outcome"], &run["counts"]["updated"]["b"]), (&"done".into(), &1.into()), "{run}");
        assert_eq!(scene.b.read(at), content.as_bytes());
    }
    let (code, summary) = watching.end();
    assert_eq!((code, &summary["outcome"], &summary["runs"]), (0, &"done".into(), &4.into()));
    scene.assert_same();
    // The runs are on record like any other.
    let (_, runs) = scene.json("results");
    assert_eq!(of_type(&runs, "run").len(), 5, "{runs:?}");
    scene.instep("undo last").expect(0);
    assert_eq!(scene.b.read("here/deep/2"), b"edited");
}

#[test]
fn two_folders_are_watched_without_being_set_up() {
    let scene = Scene::bare();
    scene.a.file("x", "x");
    let watching = Watching::begin(&scene, "watch A B");
    assert_eq!(scene.b.read("x"), b"x");
    scene.b.file("new/deep/y", "y");
    wait_until(|| scene.a.has("new/deep/y") && scene.a.read("new/deep/y") == b"y");
    assert_eq!(watching.end().0, 0);
}

#[test]
fn a_conflict_while_watching_is_said_and_is_the_exit_code() {
    let scene = filled();
    let mut watching = Watching::begin(&scene, "watch pair");
    // Stopped, it cannot look between the two.
    let pid = Pid::from_child(&watching.child);
    kill_process(pid, Signal::STOP).expect("it is our child");
    scene.a.file("here/1", "a's");
    scene.b.file("here/1", "b's word");
    kill_process(pid, Signal::CONT).expect("it is our child");
    let run = watching.next_of("run");
    assert_eq!(
        (&run["outcome"], &run["counts"]["conflicts"]),
        (&"needs_decision".into(), &1.into()),
        "{run}"
    );
    // It is settled by another process, and noticed.
    scene.instep("resolve pair here/1 --keep b").expect(0);
    assert_eq!(scene.a.read("here/1"), b"b's word");
    scene.put(&scene.a, "here/deep/2", "later");
    let run = loop {
        let run = watching.next_of("run");
        if run["outcome"] == "done" {
            break run;
        }
    };
    assert_eq!(run["counts"]["conflicts"], 0, "{run}");
    wait_until(|| scene.b.read("here/deep/2") == b"later");
    assert_eq!(watching.end().0, 0);
}

#[test]
fn an_open_conflict_is_the_exit_code_of_watching() {
    let scene = filled();
    scene.a.file("here/1", "a's");
    scene.b.file("here/1", "b's word");
    let watching = Watching::begin(&scene, "watch pair");
    let (code, summary) = watching.end();
    assert_eq!((code, &summary["outcome"]), (5, &"needs_decision".into()));
}

#[test]
fn what_happened_between_two_watches_is_found() {
    let scene = filled();
    assert_eq!(Watching::begin(&scene, "watch pair").end().0, 0);
    scene.a.file("between", "b").remove("here/deep");
    let watching = Watching::begin(&scene, "watch pair");
    assert_eq!(scene.b.read("between"), b"b");
    assert!(!scene.b.has("here/deep"));
    assert_eq!(watching.end().0, 0);
    scene.assert_same();
}

#[test]
fn where_no_more_may_be_watched_it_says_so_and_looks_now_and_then() {
    let scene = filled();
    scene.a.file("later", "by the first look");
    // Limits on watches are counted for each user namespace: in one of our own they can be set.
    let program = scene.command(&scene.words("watch pair --json"));
    let words: Vec<_> = std::iter::once(program.get_program()).chain(program.get_args()).collect();
    let script = "echo 3 > /proc/sys/user/max_inotify_watches && exec \"$@\"";
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "sh", "-c", script, "sh"]).args(&words);
    command.env("INSTEP_HOME", scene.home()).current_dir(scene.home()).stdout(std::process::Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: there is no `unshare` here");
        return;
    };
    let lines = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut watching = Watching { child, lines };
    let mut line = String::new();
    watching.lines.read_line(&mut line).expect("its output can be read");
    if line.is_empty() {
        eprintln!("skipped: no user namespaces here");
        let _ = watching.child.wait();
        return;
    }
    let told: Value = serde_json::from_str(&line).expect("it is JSON");
    assert_eq!(told["type"], "periodic", "{told}");
    assert!(told["problem"].to_string().contains("max_user_watches"), "{told}");
    assert_eq!(watching.next_of("run")["outcome"], "done");
    assert_eq!(scene.b.read("later"), b"by the first look");
    assert_eq!(watching.end().0, 0);
}
