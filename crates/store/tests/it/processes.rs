//! Several processes on one store.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use store::{RunQuery, Store};
use syncmgr::outcome::{Outcome, ProblemClass};
use syncmgr::{ProgressStatus, RunId};

use crate::support::{Home, begin, error, item, run};

const STORE: &str = "INSTEP_TEST_STORE";

/// Not a test of its own: the process that the tests below start and kill.
#[test]
#[ignore = "started by the other tests"]
fn child_that_begins_a_run_and_waits() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let store = Store::open(path.as_ref()).unwrap();
    let recorder = begin(&store, &["photos", "music"], 5000);
    recorder.event(error("photos", "the last word"), 6000).unwrap();
    store.flush().unwrap();
    println!("\nbegun {}", recorder.run());
    let _ = std::io::stdin().read(&mut [0]);
}

/// Not a test of its own: a process that writes many runs.
#[test]
#[ignore = "started by the other tests"]
fn child_that_writes_runs() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let store = Store::open(path.as_ref()).unwrap();
    for n in 0..100 {
        run(&store, &[("photos", Outcome::Done)], n);
    }
}

fn start(home: &Home, test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(STORE, home.file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn begun(child: &mut Child) -> RunId {
    BufReader::new(child.stdout.take().unwrap())
        .lines()
        .find_map(|line| Some(RunId(line.unwrap().strip_prefix("begun ")?.parse().unwrap())))
        .unwrap()
}

#[test]
fn r12_a_run_whose_process_was_killed_is_interrupted_at_the_next_look() {
    let home = Home::new();
    let mut child = start(&home, "processes::child_that_begins_a_run_and_waits");
    let run = begun(&mut child);

    // While it lives, its run runs.
    let store = home.open();
    assert_eq!(store.run(run).unwrap().unwrap().outcome, None);
    assert_eq!(store.item_states(None).unwrap()[0].running, Some(run));

    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(store.close_abandoned().unwrap(), [run]);
    let closed = home.open().run(run).unwrap().unwrap();
    assert_eq!(closed.outcome, Some(Outcome::Interrupted));
    assert_eq!(closed.status, Some(ProgressStatus::Failed));
    assert_eq!(closed.ended, Some(6000), "its last sign of life, not the time of the look");
    assert_eq!(closed.errors, 1);
    for item in &closed.items {
        assert_eq!(item.outcome, Some(Outcome::Interrupted));
        assert_eq!(item.problem.as_ref().unwrap().class, ProblemClass::Transient);
    }
    let states = store.item_states(None).unwrap();
    for state in states {
        assert_eq!((state.running, state.last_good), (None, None));
        assert_eq!(state.last_run.unwrap().result.outcome, Some(Outcome::Interrupted));
    }
    assert_eq!(store.close_abandoned().unwrap(), []);
}

#[test]
fn r12_opening_the_store_is_a_look() {
    let home = Home::new();
    let mut child = start(&home, "processes::child_that_begins_a_run_and_waits");
    let run = begun(&mut child);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(home.open().run(run).unwrap().unwrap().outcome, Some(Outcome::Interrupted));
}

#[test]
fn two_processes_write_and_no_run_is_lost_or_shared() {
    let home = Home::new();
    let mut child = start(&home, "processes::child_that_writes_runs");
    let store = home.open();
    for n in 0..100 {
        run(&store, &[("music", Outcome::Done)], n);
    }
    assert!(child.wait().unwrap().success());
    let runs = store.runs(&RunQuery { limit: Some(1000), ..RunQuery::default() }).unwrap();
    assert_eq!(runs.len(), 200);
    for name in ["photos", "music"] {
        let of = runs.iter().filter(|run| run.items.iter().any(|of| of.item == item(name))).count();
        assert_eq!(of, 100, "{name}");
    }
}
