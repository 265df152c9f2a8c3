//! Settling with a daemon there: it does the work, and whoever follows it hears of it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::shapes::{content, edit_both, set_up, shapes, trees};
use crate::daemon::{ask, timeless};
use crate::scene::{Scene, wait_until};
use crate::serve::Daemon;

/// Whoever follows the daemon's event stream, from now on.
struct Listener(BufReader<UnixStream>);

impl Listener {
    fn begin(scene: &Scene) -> Self {
        let mut stream = UnixStream::connect(scene.state("instep.sock")).unwrap();
        write!(stream, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut listener = Self(BufReader::new(stream));
        listener.until("id: ");
        listener
    }

    /// Reads on to the line that has this in it.
    fn until(&mut self, word: &str) -> String {
        let mut line = String::new();
        while !line.contains(word) {
            line.clear();
            assert_ne!(self.0.read_line(&mut line).unwrap(), 0, "the stream ended before {word:?}");
        }
        line
    }
}

/// Two files that both sides changed: one that can be merged, and one that cannot; and a copy of another program.
fn contested() -> Scene {
    let scene = Scene::synced(|scene| {
        scene.a.file("dir/x.txt", "one\ntwo\nthree\nfour\n").file("y.txt", "one\n").file("z.txt", "one\n");
        scene.a.file("notes.txt", "one\ntwo\n");
        scene.a.file("notes.sync-conflict-20260301-120000-ABCDEFG.txt", "one\ntwo\nthree\n");
    });
    edit_both(&scene, "dir/x.txt");
    for path in ["y.txt", "z.txt"] {
        scene.a.file(path, "left, and longer\n").mtime(path, 1_600_000_000, 7);
        scene.b.file(path, "right\n").mtime(path, 1_700_000_000, 7);
    }
    scene.instep("sync pair").expect(5);
    std::fs::write(scene.home().join("F"), "given\n").unwrap();
    scene
}

/// What is in both sides; what was written anew has the time at which it was.
fn contents(scene: &Scene) -> [BTreeMap<Vec<u8>, Vec<u8>>; 2] {
    let (a, b) = trees(scene);
    [a, b].map(|tree| tree.iter().map(|(path, entry)| (path.clone(), content(entry))).collect())
}

#[test]
fn whoever_follows_the_daemon_hears_that_a_command_has_settled_a_conflict() {
    let scene = set_up(&shapes()[0]);
    let _daemon = Daemon::start(&scene);
    let mut listener = Listener::begin(&scene);
    scene.instep("resolve pair dir/x.txt --keep a").expect(0);
    listener.until("\"session_began\"");
    let ended = listener.until("\"session_ended\"");
    assert!(ended.contains("\"conflicts\":0"), "{ended}");
    assert_eq!(ask(&scene, "GET", "/conflicts", &Value::Null).1["total"], 0);
    scene.assert_same_files("settled");
    scene.instep("undo last").expect(0);
    assert_eq!(ask(&scene, "GET", "/conflicts", &Value::Null).1["total"], 1);
}

#[test]
fn resolve_says_and_does_the_same_through_the_daemon_and_without() {
    let scenes = [contested(), contested()];
    let _daemon = Daemon::start(&scenes[1]);
    let tool = "cat $LOCAL $REMOTE > $MERGED";
    let mut told = Vec::new();
    for scene in &scenes {
        let mut said = Vec::new();
        for line in [
            "resolve --all --keep newest --dry-run",
            "resolve pair --all --keep merge",
            "resolve pair y.txt --keep both --name-b ../x",
            "resolve pair y.txt --keep both --name-b other.txt",
            "undo last",
            "resolve pair y.txt z.txt --keep newest",
            "undo last",
            "resolve pair y.txt --file F",
            "resolve pair nothing --keep a",
            "resolve pair --copies --all --keep b",
            "undo last",
            "resolve pair z.txt --leave-out",
            "resolve --all --keep a",
        ] {
            let (code, objects) = scene.json(line);
            said.push((line.to_owned(), code, timeless(objects)));
        }
        scene.instep("undo last").expect(0);
        let run = scene.run(&["resolve", "pair", "z.txt", "--tool", tool, "--json"]);
        said.push(("tool".into(), run.code.unwrap(), timeless(run.objects())));
        told.push((said, contents(scene)));
    }
    let codes: Vec<i32> = told[0].0.iter().map(|(_, code, _)| *code).collect();
    assert_eq!(codes, [0, 5, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0]);
    assert_eq!(told[0].0, told[1].0);
    assert_eq!(told[0].1, told[1].1);
}

#[test]
fn what_the_page_settled_while_a_person_had_it_in_a_tool_is_said_to_be_settled_and_stays_so() {
    let scene = set_up(&shapes()[0]);
    let _daemon = Daemon::start(&scene);
    let (shown, go) = (scene.home().join("shown"), scene.home().join("go"));
    assert!(Command::new("mkfifo").args([&shown, &go]).status().unwrap().success());
    let tool = format!("cp $LOCAL $MERGED; echo > '{}'; read x < '{}'", shown.display(), go.display());
    let command = std::thread::scope(|scope| {
        let command = scope.spawn(|| scene.run(&["resolve", "pair", "dir/x.txt", "--tool", &tool]));
        std::fs::read(&shown).unwrap();
        let conflict = ask(&scene, "GET", "/conflicts", &Value::Null).1["conflicts"][0].clone();
        let order = json!({ "keep": "b", "conflicts": [{
            "handler": "folders", "item": "pair", "id": conflict["id"], "seen": conflict["seen"],
        }] });
        let (status, answer) = ask(&scene, "POST", "/conflicts/resolve", &order);
        assert_eq!((status, &answer["settled"]), (200, &json!(1)), "{answer}");
        std::fs::write(&go, "go\n").unwrap();
        command.join().unwrap()
    });
    command.expect(0).says(&["is no open conflict any more"]);
    scene.assert_same_files("as the page said");
    assert!(String::from_utf8_lossy(&scene.a.read("dir/x.txt")).contains("on the right side"));
}

#[test]
fn of_a_command_and_the_api_that_settle_the_same_at_once_one_wins_and_the_other_is_told() {
    for _ in 0..3 {
        let scene = set_up(&shapes()[0]);
        let _daemon = Daemon::start(&scene);
        let conflict = ask(&scene, "GET", "/conflicts", &Value::Null).1["conflicts"][0].clone();
        let order = json!({ "keep": "b", "conflicts": [{
            "handler": "folders", "item": "pair", "id": conflict["id"], "seen": conflict["seen"],
        }] });
        let command = scene.spawn("resolve pair dir/x.txt --keep a --json");
        let (status, answer) = ask(&scene, "POST", "/conflicts/resolve", &order);
        let output = command.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert_eq!(status, 200, "{answer}");
        let api_won = answer["settled"] == 1;
        assert_eq!(answer["gone"], u64::from(!api_won), "{answer}");
        // It is told in the run, or that there is none any more when it came too late to see it.
        assert_eq!(said.contains("no open conflict"), api_won, "{said}{answer}");
        assert_eq!(scene.a.read("dir/x.txt").starts_with(b"one, left"), !api_won);
        scene.assert_same_files("one of both");
        assert_eq!(scene.json("conflicts").1.len(), 0);
        scene.instep("sync pair").expect(0);
    }
}

#[test]
fn r3_ctrl_c_stops_it_in_the_daemon_and_each_conflict_is_settled_or_as_it_was() {
    let large = |word: &str, number: usize| format!("{word} {number}\n").repeat(200_000);
    let scene = Scene::synced(|scene| {
        for number in 0..30 {
            scene.a.file(format!("f{number}"), "base");
        }
    });
    for number in 0..30 {
        scene.a.file(format!("f{number}"), large("left", number));
        scene.b.file(format!("f{number}"), large("right", number));
    }
    scene.instep("sync pair").expect(5);
    let daemon = Daemon::start(&scene);
    let mut command = scene.spawn("resolve pair --all --keep a");
    wait_until(|| {
        ask(&scene, "GET", "/live", &Value::Null).1["items"][0]["item"] == "pair"
            || command.try_wait().unwrap().is_some()
    });
    // It may have ended in this moment.
    let _ = kill_process(Pid::from_child(&command), Signal::INT);
    let output = command.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 5 | 6)), "{output:?}");
    wait_until(|| ask(&scene, "GET", "/live", &Value::Null).1["items"] == json!([]));
    let open = scene.json("conflicts pair").1.len();
    let is_open = |number: &usize| scene.b.read(format!("f{number}")) == large("right", *number).as_bytes();
    assert_eq!((0..30).filter(is_open).count(), open);
    for number in 0..30 {
        let (a, b) = (scene.a.read(format!("f{number}")), scene.b.read(format!("f{number}")));
        assert_eq!(a, large("left", number).as_bytes());
        assert!(a == b || is_open(&number), "f{number}");
    }
    if open > 0 {
        scene.instep("resolve pair --all --keep a").expect(0);
    }
    scene.assert_same_files("in the end");
    assert_eq!(daemon.stop(), Some(0));
}
