//! Commands and the daemon: the same words, the same codes, whoever does the work; and the truth when one of them dies.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::Entry;

use crate::scene::{Scene, of_type, wait_until};
use crate::serve::Daemon;

/// One request to the daemon's API: the status and the body.
pub(crate) fn ask(scene: &Scene, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let (status, body) = exchange(scene, method, path, body);
    (status, serde_json::from_str(&body).unwrap_or(Value::Null))
}

/// The same, with the body as it is.
pub(crate) fn exchange(scene: &Scene, method: &str, path: &str, body: &Value) -> (u16, String) {
    let mut stream = UnixStream::connect(scene.state("instep.sock")).expect("a daemon answers");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = format!(
        "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // In one piece: a daemon that refuses after the first lines does not wait for the rest.
    stream.write_all(request.as_bytes()).expect("it listens");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("it speaks HTTP");
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    (status, body.to_owned())
}

/// Opens a session for a job; gives its run.
fn open_session(scene: &Scene, job: &str, pid: Option<u32>) -> u64 {
    let mut order = json!({"items": [{"item": job}]});
    if let Some(pid) = pid {
        order["pid"] = pid.into();
    }
    let (status, opened) = ask(scene, "POST", "/sessions", &order);
    assert!(status == 201 || status == 200, "{status} {opened}");
    opened["run"].as_u64().expect("it has a number")
}

pub(crate) fn status_of(scene: &Scene, item: &str) -> Value {
    let (_, mut objects) = scene.json(&format!("status {item}"));
    objects.pop().expect("it is known")
}

/// A pair that takes a while.
fn large() -> Scene {
    let scene = Scene::new();
    scene.a.many(80, 30);
    scene.a.file("big", vec![9; 32 << 20]);
    scene
}

fn is_at_it(scene: &Scene) -> bool {
    std::fs::read_dir(scene.b.path()).is_ok_and(|entries| entries.count() > 0)
}

/// What is there is whole (S2).
fn assert_whole(scene: &Scene) {
    let left = scene.a.entries();
    for (path, entry) in scene.b.entries() {
        let ours = path.split(|byte| *byte == b'/').any(|name| name.starts_with(b".instep"));
        assert!(ours || matches!(entry, Entry::Dir(_)) || left.get(&path) == Some(&entry));
    }
}

/// Without what differs from run to run.
pub(crate) fn timeless(mut objects: Vec<Value>) -> Vec<Value> {
    objects.retain(|object| object["type"] != "progress");
    for object in &mut objects {
        for place in ["", "/a", "/b"] {
            if let Some(map) = object.pointer_mut(place).and_then(Value::as_object_mut) {
                map.retain(|key, _| !["run", "id", "time", "detected", "modified"].contains(&key.as_str()));
            }
        }
    }
    objects
}

#[test]
fn a_sync_through_the_daemon_says_and_does_the_same_as_one_without() {
    let scenes = [Scene::new(), Scene::new()];
    let _daemon = Daemon::start(&scenes[1]);
    let mut told = Vec::new();
    for scene in &scenes {
        scene.a.file("one", "1").file("dir/two", "22");
        let first = scene.json("sync pair");
        let undone = scene.json("undo last");
        scene.instep("sync pair").expect(0);
        scene.a.file("both", "left");
        scene.b.file("both", "right");
        let conflict = scene.json("sync pair");
        scene.assert_same_but(&["both"]);
        scene.a.remove("one");
        let guarded = scene.json("sync pair --max-delete 0");
        told.push([first, undone, conflict, guarded].map(|(code, objects)| (code, timeless(objects))));
    }
    assert_eq!(told[0].each_ref().map(|(code, _)| *code), [0, 0, 5, 4]);
    assert_eq!(told[0], told[1]);
    let daemon_log = std::fs::read_to_string(scenes[1].home().join("serve.log")).expect("it logs");
    assert!(daemon_log.contains("\"began\""), "the daemon did it: {daemon_log}");
}

#[test]
fn two_folders_that_are_news_to_the_daemon_are_synchronized_at_once() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    scene.a.file("one", "1");
    scene.instep("sync A B").expect(0);
    assert_eq!(scene.b.read("one"), b"1");
}

#[test]
fn ctrl_c_at_a_command_stops_the_run_of_the_daemon() {
    let scene = large();
    let daemon = Daemon::start(&scene);
    let mut child = scene.spawn("sync pair --json");
    wait_until(|| is_at_it(&scene) || child.try_wait().is_ok_and(|ended| ended.is_some()));
    let _ = kill_process(Pid::from_child(&child), Signal::INT);
    let output = child.wait_with_output().expect("it ends");
    assert!(matches!(output.status.code(), Some(0 | 6)), "{output:?}");
    assert_whole(&scene);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn stop_reaches_a_run_of_the_daemon_and_one_of_another_command() {
    for with_daemon in [true, false] {
        let scene = large();
        let _daemon = with_daemon.then(|| Daemon::start(&scene));
        let mut child: Child = scene.spawn("sync pair");
        wait_until(|| is_at_it(&scene) || child.try_wait().is_ok_and(|ended| ended.is_some()));
        scene.instep("stop pair").expect(0);
        assert_eq!(status_of(&scene, "pair")["running"], Value::Null);
        let code = child.wait().expect("it ends").code();
        assert!(matches!(code, Some(0 | 6)), "{code:?}");
        assert_whole(&scene);
        scene.instep("stop --all").expect(0).says(&["Nothing of it runs"]);
    }
    Scene::new().instep("stop nobody").expect(2).says(&["no item"]);
}

#[test]
fn a_switch_that_is_thrown_by_a_command_is_thrown_in_the_daemon() {
    let scene = Scene::new();
    let _daemon = Daemon::start(&scene);
    scene.instep("disable pair").expect(0);
    let (_, item) = ask(&scene, "GET", "/items/folders/pair", &Value::Null);
    assert_eq!(item["enabled"], false, "{item}");
    scene.instep("sync pair").expect(3).says(&["it is disabled"]);
    scene.instep("enable pair").expect(0);
    scene.instep("sync pair").expect(0);
}

#[test]
fn r12_a_daemon_that_is_killed_in_the_middle_of_three_sessions_leaves_the_truth() {
    let scene = Scene::new();
    let daemon = Daemon::start(&scene);
    let runs = ["nightly", "weekly", "monthly"].map(|job| open_session(&scene, job, None));
    assert_eq!(status_of(&scene, "nightly")["running"], runs[0]);
    daemon.kill();

    // With no daemon at all: whoever looks finds them interrupted.
    for (job, run) in ["nightly", "weekly", "monthly"].iter().zip(runs) {
        let status = status_of(&scene, job);
        assert_eq!(status["headline"], "interrupted", "{status}");
        assert_eq!((&status["running"], status["last_run"]["run"].as_u64()), (&Value::Null, Some(run)));
    }
    // The next one goes on as if nothing had been, and says so of what the old one had begun.
    let daemon = Daemon::start(&scene);
    let report = json!({"call": "progress", "item": "nightly", "status": "updating", "step": 1, "max": 2});
    let (status, _) = ask(&scene, "POST", &format!("/sessions/{}/call", runs[0]), &report);
    assert!(matches!(status, 400 | 404 | 410 | 422), "{status}");
    let again = open_session(&scene, "nightly", None);
    assert_eq!(status_of(&scene, "nightly")["running"], again);
    assert_eq!(daemon.stop(), Some(0));
    assert_eq!(status_of(&scene, "nightly")["running"], Value::Null, "nothing runs for ever");
}

#[test]
fn r12_a_pair_a_tool_and_a_program_outside_are_interrupted_with_their_daemon_and_no_tool_is_left_running() {
    let scene = large();
    let bin = scene.home().join("bin");
    std::fs::create_dir(&bin).expect("the home is ours");
    // A tool that does not write a word for as long as it runs.
    let silent = "#!/bin/sh\ncase $1 in --version) echo 'rsync  version 3.2.7'; exit 0;; esac\n\
                  echo $$ > \"$0.pid.new\"; mv \"$0.pid.new\" \"$0.pid\"; exec sleep 1000\n";
    let tool = bin.join("rsync");
    std::fs::write(&tool, silent).expect("the home is ours");
    std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it is ours");
    scene.append_settings("[items.mirror]\nhandler = 'rsync'\nsource = '/tmp'\ntarget = '/nonexistent/x'\n");
    let path = std::env::join_paths([bin.as_path(), "/usr/bin".as_ref(), "/bin".as_ref()]).expect("a path");
    let daemon = Daemon::start_with(&scene, &[("PATH", &path)]);
    open_session(&scene, "outside", None);
    let mut mirror = scene.spawn("sync mirror");
    let pid_file = bin.join("rsync.pid");
    wait_until(|| pid_file.exists() || mirror.try_wait().is_ok_and(|ended| ended.is_some()));
    let pid = std::fs::read_to_string(&pid_file).expect("it runs").trim().parse().expect("a number");
    let mut pair = scene.spawn("sync pair");
    wait_until(|| is_at_it(&scene) || pair.try_wait().is_ok_and(|ended| ended.is_some()));
    daemon.kill();
    for item in ["mirror", "outside"] {
        let status = status_of(&scene, item);
        assert_eq!((status["headline"].as_str(), &status["running"]), (Some("interrupted"), &Value::Null));
    }
    assert_eq!(status_of(&scene, "pair")["running"], Value::Null);
    wait_until(|| is_gone(pid));
    for mut command in [mirror, pair] {
        command.wait().expect("it ends");
    }
    // The next one goes on with the pair.
    let _next = Daemon::start(&scene);
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn r12_a_session_whose_program_is_gone_is_found_out_while_the_daemon_lives() {
    let scene = Scene::new();
    let _daemon = Daemon::start(&scene);
    let mut program = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("there is cat");
    let run = open_session(&scene, "nightly", Some(program.id()));
    assert_eq!(status_of(&scene, "nightly")["running"], run);
    program.kill().expect("it is our child");
    program.wait().expect("it ends");
    wait_until(|| status_of(&scene, "nightly")["running"].is_null());
    assert_eq!(
        status_of(&scene, "nightly")["last_run"]["outcome"],
        "failed",
        "nothing was ever said about it"
    );
}

#[test]
fn a_stop_of_the_daemon_asks_what_runs_and_leaves_nothing_half_done() {
    let scene = large();
    let daemon = Daemon::start(&scene);
    let mut child = scene.spawn("sync pair");
    wait_until(|| is_at_it(&scene) || child.try_wait().is_ok_and(|ended| ended.is_some()));
    assert_eq!(daemon.stop(), Some(0));
    let code = child.wait().expect("it ends").code();
    assert!(matches!(code, Some(0 | 3 | 6)), "{code:?}");
    assert_whole(&scene);
    let (_, runs) = scene.json("results");
    assert!(runs[0]["outcome"] == "canceled" || runs[0]["outcome"] == "done", "{runs:?}");
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn a_schedule_goes_on_after_the_daemon_was_killed() {
    let scene = Scene::new();
    let file = scene.home().join("instep.toml");
    let text = std::fs::read_to_string(&file).expect("it is there");
    std::fs::write(&file, format!("{text}schedule = {{ every = \"1s\" }}\n")).expect("the home is ours");
    scene.a.file("one", "1");
    scene.instep("sync pair").expect(0);
    let runs = |scene: &Scene| scene.json("results").1.len();
    for (round, kill) in [true, false].into_iter().enumerate() {
        let daemon = Daemon::start(&scene);
        let before = runs(&scene);
        scene.a.file(format!("more {round}"), "x");
        wait_until(|| runs(&scene) > before && scene.b.has(format!("more {round}")));
        if kill {
            daemon.kill();
        } else {
            assert_eq!(daemon.stop(), Some(0));
        }
    }
    scene.assert_same();
}

#[test]
fn a_command_and_the_daemon_never_fight_over_an_item() {
    let scene = large();
    // It began before there was a daemon, and has the pair.
    let mut child = scene.spawn("sync pair");
    let mut lines = BufReader::new(child.stderr.take().expect("it is piped")).lines();
    wait_until(|| is_at_it(&scene) || child.try_wait().is_ok_and(|ended| ended.is_some()));
    let _daemon = Daemon::start(&scene);
    let code = scene.instep("sync pair").code;
    assert!(matches!(code, Some(0 | 7)), "one waits for the other: {code:?}");
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "{:?}", lines.next());
    scene.instep("sync pair").expect(0);
    scene.assert_same();
}

#[test]
fn a_job_that_another_process_reports_first_is_an_item_of_the_daemon_soon_after() {
    let scene = Scene::new();
    let _daemon = Daemon::start(&scene);
    scene.instep("run nightly -- true").expect(0);
    wait_until(|| ask(&scene, "GET", "/items/jobs/nightly", &Value::Null).0 == 200);
}

/// A command that says so when it has begun, and runs until it is stopped.
fn long_job(scene: &Scene, job: &str) -> (Child, u32) {
    let script = "echo $$; while :; do sleep 0.05; done";
    let mut command = scene.command(&["run", job, "--", "sh", "-c", script]);
    let piped = std::process::Stdio::piped;
    let mut child = command.stdout(piped()).stderr(piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let shell = lines.next().expect("a line").expect("text").parse().expect("a number");
    // What it writes is read until it ends.
    std::thread::spawn(move || lines.count());
    (child, shell)
}

fn is_gone(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).map_or(true, |stat| stat.contains(") Z "))
}

pub(crate) fn runs_of(scene: &Scene, job: &str) -> Vec<(String, u64)> {
    let (_, runs) = scene.json("results");
    let of_job = runs.iter().filter(|run| run["items"][0]["item"] == job);
    of_job
        .map(|run| {
            (run["outcome"].as_str().unwrap_or("runs").to_owned(), run["errors"].as_u64().unwrap_or(0))
        })
        .collect()
}

#[test]
fn a_job_is_live_in_the_daemon_and_a_stop_from_there_reaches_all_that_it_started() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    let (mut child, shell) = long_job(&scene, "nightly");
    wait_until(|| ask(&scene, "GET", "/live", &Value::Null).1["items"][0]["item"] == "nightly");
    let stop = json!({"handler": "jobs", "items": ["nightly"]});
    assert!(ask(&scene, "POST", "/control/stop", &stop).0 < 300);
    child.wait().expect("it ends");
    assert!(is_gone(shell));
    assert_eq!(runs_of(&scene, "nightly"), [("canceled".to_owned(), 0)]);
    let (_, events) = scene.json("results last");
    let names: Vec<&Value> = of_type(&events, "event").iter().map(|event| &event["name"]).collect();
    assert!(names.contains(&&json!("Asked to stop")), "{names:?}");
}

#[test]
fn instep_stop_reaches_a_job_that_the_daemon_hears_of() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    let (mut child, shell) = long_job(&scene, "nightly");
    wait_for_run(&scene, "nightly");
    scene.instep("stop nightly").expect(0);
    child.wait().expect("it ends");
    assert!(is_gone(shell));
}

#[test]
fn a_daemon_that_is_killed_or_ends_in_the_middle_of_a_job_harms_nothing_and_it_is_one_run() {
    for kill in [true, false] {
        let scene = Scene::bare();
        let daemon = Daemon::start(&scene);
        let (mut child, _) = long_job(&scene, "nightly");
        let run = wait_for_run(&scene, "nightly");
        if kill {
            daemon.kill()
        } else {
            assert_eq!(daemon.stop(), Some(0))
        }
        // It goes on here, under its number ...
        wait_until(|| status_of(&scene, "nightly")["running"] == run);
        // ... and with the next daemon.
        let _next = Daemon::start(&scene);
        wait_until(|| ask(&scene, "GET", "/live", &Value::Null).1["items"][0]["run"] == run);
        scene.instep("stop nightly").expect(0);
        child.wait().expect("it ends");
        assert_eq!(runs_of(&scene, "nightly"), [("canceled".to_owned(), 0)]);
    }
}

fn wait_for_run(scene: &Scene, job: &str) -> u64 {
    let mut run = None;
    wait_until(|| {
        let (_, items) = scene.json("status");
        run = items.iter().find(|item| item["item"] == job).and_then(|item| item["running"].as_u64());
        run.is_some()
    });
    run.expect("it was waited for")
}

#[test]
fn a_job_that_ends_while_its_daemon_hangs_is_on_record_once_that_is_gone() {
    let scene = Scene::bare();
    let daemon = Daemon::start(&scene);
    let mut command = scene.command(&["run", "nightly", "--", "sh", "-c", "read x; exit 0"]);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().expect("it starts");
    let run = wait_for_run(&scene, "nightly");
    daemon.signal(Signal::STOP);
    drop(child.stdin.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0), "its exit code is passed on all the same");
    daemon.kill();
    assert_eq!(runs_of(&scene, "nightly"), [("done".to_owned(), 0)]);
    assert_eq!(status_of(&scene, "nightly")["last_run"]["run"], run);
}

#[test]
fn a_script_reports_to_the_daemon_hears_of_a_stop_and_is_one_run_also_over_a_restart() {
    let scene = Scene::bare();
    let report = |words: &str| scene.instep(&format!("report {words}")).expect(0).stdout;
    // It began before there was a daemon.
    assert_eq!(report("start nightly"), "continue\n");
    report("event nightly --level warning early");
    let daemon = Daemon::start(&scene);
    assert_eq!(report("progress nightly 3/20 files"), "continue\n");
    let (_, live) = ask(&scene, "GET", "/live", &Value::Null);
    assert_eq!(
        (&live["items"][0]["item"], &live["items"][0]["step"]),
        (&json!("nightly"), &json!(3)),
        "{live}"
    );
    let stop = json!({"handler": "jobs", "items": ["nightly"]});
    assert!(ask(&scene, "POST", "/control/stop", &stop).0 < 300);
    assert_eq!(report("progress nightly 4/20"), "cancel\n");
    daemon.kill();
    report("event nightly --level error late");
    let _next = Daemon::start(&scene);
    assert_eq!(report("progress nightly 5/20"), "continue\n");
    report("end nightly canceled");
    assert_eq!(runs_of(&scene, "nightly").len(), 1);
    let (_, events) = scene.json("results last");
    let names: Vec<&Value> = of_type(&events, "event").iter().map(|event| &event["name"]).collect();
    assert!(names.contains(&&json!("early")) && names.contains(&&json!("late")), "{names:?}");
    scene.instep("disable nightly").expect(0);
    assert_eq!(report("start nightly"), "pause\n");
}

#[test]
fn hooks_of_a_job_run_in_the_daemon_with_its_outcome() {
    let scene = Scene::bare();
    let told = scene.home().join("told");
    std::fs::create_dir(scene.home().join("me")).expect("the home is ours");
    let hook =
        format!("[hooks]\nfailed = [\"sh\", \"-c\", \"cat > {0}.new; mv {0}.new {0}\"]\n", told.display());
    std::fs::write(scene.settings_file(), hook).expect("the home is ours");
    let _daemon = Daemon::start(&scene);
    scene.instep("run nightly -- sh -c false").expect(1);
    wait_until(|| told.exists());
    assert!(std::fs::read_to_string(&told).expect("it is there").contains("nightly"));
}

#[test]
fn a_job_that_stays_away_is_overdue_for_as_long_as_its_reporter_said() {
    let scene = Scene::bare();
    scene.instep("run --overdue 1ms nightly -- true").expect(0);
    wait_until(|| status_of(&scene, "nightly")["headline"] == "overdue");
    scene.instep("report start weekly --overdue 1h").expect(0);
    scene.instep("report end weekly").expect(0);
    assert_ne!(status_of(&scene, "weekly")["headline"], "overdue");
    scene.instep("run --overdue 7d nightly -- true").expect(0);
    assert_ne!(status_of(&scene, "nightly")["headline"], "overdue");
}
