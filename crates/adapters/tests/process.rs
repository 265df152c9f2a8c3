//! Commands as they are started, heard and stopped, with real processes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::process::Command;
use std::time::Duration;

use adapters::parse::Stream;
use adapters::process::{Ended, Exit, Follower, Input, Stopping, Wish, run};

/// Longer than any test waits: what depends on it hangs, and does not pass by luck.
const LONG: Duration = Duration::from_secs(600);

/// Stops when the output has a word.
#[derive(Default)]
struct Listener {
    out: Vec<u8>,
    err: Vec<u8>,
    stop_at: Option<&'static str>,
    kill_at: Option<&'static str>,
    steps: Vec<Stopping>,
}

impl Follower for Listener {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        match from {
            Stream::Out => self.out.extend(bytes),
            Stream::Err => self.err.extend(bytes),
        }
    }

    fn look(&mut self) -> Wish {
        let said =
            |word: Option<&str>| word.is_some_and(|word| String::from_utf8_lossy(&self.out).contains(word));
        if said(self.kill_at) {
            Wish::Kill
        } else if said(self.stop_at) {
            Wish::Stop
        } else {
            Wish::GoOn
        }
    }

    fn stopping(&mut self, how: Stopping) {
        self.steps.push(how);
    }
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

fn follow(script: &str, grace: Duration, listener: &mut Listener) -> Ended {
    run(shell(script), Input::Nothing, grace, listener).unwrap()
}

/// Whether a process is there and not only a dead one that nobody has buried.
fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with(['Z', 'X']))
}

fn gone(pid: &str) -> bool {
    let end = std::time::Instant::now() + LONG;
    while lives(pid) {
        assert!(std::time::Instant::now() < end, "{pid} is still there");
        std::thread::yield_now();
    }
    true
}

#[test]
fn both_outputs_are_heard_to_the_last_byte_and_the_code_is_passed_on() {
    let mut listener = Listener::default();
    let ended = follow("printf 'a\\000\\377b'; printf err >&2; exit 23", LONG, &mut listener);
    assert_eq!(listener.out, b"a\0\xffb");
    assert_eq!(listener.err, b"err");
    assert_eq!(ended, Ended { exit: Exit::Code(23), stopped: None });
    assert_eq!(ended.exit.code(), 23);
}

#[test]
fn a_flood_is_heard_whole() {
    let mut listener = Listener::default();
    follow("head -c 20000000 /dev/zero; head -c 3000000 /dev/zero >&2", LONG, &mut listener);
    assert_eq!((listener.out.len(), listener.err.len()), (20_000_000, 3_000_000));
}

#[test]
fn death_by_a_signal_is_told_as_shells_do() {
    let ended = follow("kill -9 $$", LONG, &mut Listener::default());
    assert_eq!((ended.exit, ended.exit.code()), (Exit::Signal(9), 137));
}

#[test]
fn a_command_that_is_not_there_is_an_error() {
    let missing = Command::new("/nonexistent/command");
    let error = run(missing, Input::Nothing, LONG, &mut Listener::default()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_stop_reaches_the_whole_group() {
    let mut listener = Listener { stop_at: Some("ready"), ..Listener::default() };
    let ended = follow("sleep 1000 & echo $! ready; wait", LONG, &mut listener);
    assert_eq!(ended, Ended { exit: Exit::Signal(15), stopped: Some(Stopping::Asked) });
    assert_eq!(listener.steps, [Stopping::Asked]);
    let out = String::from_utf8(listener.out).unwrap();
    assert!(gone(out.split_whitespace().next().unwrap()));
}

#[test]
fn a_command_may_end_well_when_it_is_asked_to() {
    let mut listener = Listener { stop_at: Some("ready"), ..Listener::default() };
    let ended = follow(
        "trap 'echo tidy; exit 5' TERM; echo ready; while :; do sleep 0.05; done",
        LONG,
        &mut listener,
    );
    assert_eq!(ended, Ended { exit: Exit::Code(5), stopped: Some(Stopping::Asked) });
    assert!(listener.out.ends_with(b"tidy\n"));
}

#[test]
fn what_does_not_end_is_killed_when_the_grace_is_over() {
    let mut listener = Listener { stop_at: Some("ready"), ..Listener::default() };
    let script = "trap '' TERM; sleep 1000 & echo $! ready; while :; do sleep 0.05; done";
    let ended = follow(script, Duration::from_millis(200), &mut listener);
    assert_eq!(ended, Ended { exit: Exit::Signal(9), stopped: Some(Stopping::Killed) });
    assert_eq!(listener.steps, [Stopping::Asked, Stopping::Killed]);
    let out = String::from_utf8(listener.out).unwrap();
    assert!(gone(out.split_whitespace().next().unwrap()));
}

#[test]
fn a_grandchild_that_ignores_the_stop_does_not_outlive_it() {
    let mut listener = Listener { stop_at: Some("ready"), ..Listener::default() };
    let script = "(trap '' TERM; sh -c 'echo $$ ready; while :; do sleep 0.05; done') & wait";
    follow(script, Duration::from_millis(200), &mut listener);
    let out = String::from_utf8(listener.out).unwrap();
    assert!(gone(out.split_whitespace().next().unwrap()));
}

#[test]
fn a_second_wish_kills_at_once() {
    let mut listener = Listener { kill_at: Some("ready"), ..Listener::default() };
    let ended = follow("trap '' TERM; echo ready; while :; do sleep 0.05; done", LONG, &mut listener);
    assert_eq!((ended.exit, listener.steps), (Exit::Signal(9), vec![Stopping::Killed]));
}

#[test]
fn a_process_that_is_left_behind_and_holds_the_output_keeps_nobody_waiting() {
    let mut listener = Listener::default();
    let ended = follow("setsid sleep 1000 & echo $!", LONG, &mut listener);
    assert_eq!(ended.exit, Exit::Code(0));
    let left = String::from_utf8(listener.out).unwrap();
    // It was not stopped: a daemon that a job starts is the job's own business.
    assert!(lives(left.trim()));
    let _ = Command::new("kill").arg(left.trim()).status();
}

#[test]
fn a_command_that_closes_its_outputs_is_waited_for() {
    let ended = follow("exec >&- 2>&-; sleep 0.2; exit 7", LONG, &mut Listener::default());
    assert_eq!(ended.exit, Exit::Code(7));
}

#[test]
fn without_input_a_command_reads_nothing() {
    let mut listener = Listener::default();
    let ended = follow("cat; echo end", LONG, &mut listener);
    assert_eq!((ended.exit, listener.out.as_slice()), (Exit::Code(0), &b"end\n"[..]));
}
