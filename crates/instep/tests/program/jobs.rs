//! `instep run`: commands of others, seen, stopped and explained, with no daemon.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::scene::{Scene, of_type, wait_until};
use crate::serve::Daemon;

fn run<'w>(scene: &Scene, words: &[&'w str]) -> crate::scene::Run {
    scene.run(&[&["run"], words].concat::<&'w str>())
}

/// The newest run, as `instep results` has it.
fn last(scene: &Scene) -> Value {
    let objects = scene.instep("results last --json").expect(0).objects();
    of_type(&objects, "run")[0].clone()
}

fn item(run: &Value) -> &Value {
    &run["items"][0]
}

#[test]
fn output_and_exit_code_are_passed_on_and_the_run_is_on_record() {
    let scene = Scene::bare();
    let done = run(&scene, &["nightly", "--", "sh", "-c", "printf 'a b'; printf 'oh' >&2; exit 9"]).expect(9);
    assert_eq!(done.stdout, "a b");
    assert!(done.stderr.starts_with("oh"), "{}", done.stderr);
    let record = last(&scene);
    assert_eq!(
        (record["outcome"].as_str(), item(&record)["item"].as_str()),
        (Some("failed"), Some("nightly"))
    );
    assert!(item(&record)["problem"]["text"].as_str().expect("there is one").contains("ended with code 9"));
    let log = scene.instep("results last --log").expect(0);
    assert!(["a boh", "oha b"].contains(&log.stdout.as_str()), "{}", log.stdout);
}

#[test]
fn a_job_that_went_well_says_nothing_of_its_own() {
    let scene = Scene::bare();
    let done = run(&scene, &["nightly", "--", "echo", "--help", "-x"]).expect(0);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("--help -x\n", ""));
    assert_eq!(last(&scene)["outcome"], "done");
}

#[test]
fn quiet_speaks_only_of_failures_and_then_shows_all_that_was_written() {
    let scene = Scene::bare();
    let done = run(&scene, &["-q", "nightly", "--", "sh", "-c", "echo fine; echo fine >&2"]).expect(0);
    assert_eq!((done.stdout, done.stderr), (String::new(), String::new()));
    let failed = run(&scene, &["-q", "nightly", "--", "sh", "-c", "echo bad; exit 1"]).expect(1);
    assert_eq!(failed.stdout, "bad\n");
    assert!(failed.stderr.contains("ended with code 1"), "{}", failed.stderr);
}

#[test]
fn the_codes_of_shells_are_kept() {
    let scene = Scene::bare();
    run(&scene, &["x", "--", "/nonexistent/command"]).expect(127).says(&["there is no command"]);
    run(&scene, &["x", "--", "/etc/passwd"]).expect(126).says(&["cannot be run"]);
    run(&scene, &["x", "--", "sh", "-c", "kill -9 $$"]).expect(137);
    run(&scene, &["", "--", "true"]).expect(2);
    run(&scene, &["x"]).expect(2);
}

#[test]
fn a_job_runs_also_where_nothing_can_be_put_on_record() {
    let scene = Scene::bare();
    // Settings that cannot be read are no concern of it.
    fs::write(scene.home().join("instep.toml"), "this is [no toml").expect("the home is ours");
    assert_eq!(run(&scene, &["x", "--", "echo", "ok"]).expect(0).stderr, "");
    // Neither is a home that cannot be.
    let mut command = scene.command(&["run", "x", "--", "echo", "ok"]);
    let output = command.env("INSTEP_HOME", "/dev/null/home").output().expect("it starts");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"ok\n"[..]));
    assert!(String::from_utf8_lossy(&output.stderr).contains("on no record"));
}

#[test]
fn the_runs_of_a_job_are_listed_by_its_name() {
    let scene = Scene::bare();
    for job in ["nightly", "weekly", "nightly"] {
        run(&scene, &[job, "--", "true"]).expect(0);
    }
    assert_eq!(scene.instep("results nightly --json").expect(0).objects().len(), 2);
    scene.instep("results monthly").expect(2).says(&["no item"]);
}

#[test]
fn an_empty_environment_and_no_terminal_are_enough() {
    let scene = Scene::bare();
    let mut command = Command::new(env!("CARGO_BIN_EXE_instep"));
    command.args(["run", "x", "--", "/bin/echo", "ok"]).env_clear().env("INSTEP_HOME", scene.home());
    let output = command.stdin(Stdio::null()).output().expect("it starts");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"ok\n"[..]));
    assert_eq!(last(&scene)["outcome"], "done");
}

#[test]
fn the_input_is_passed_through() {
    let scene = Scene::bare();
    let mut command = scene.command(&["run", "x", "--", "cat"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    std::io::Write::write_all(&mut child.stdin.take().expect("a pipe"), b"through").expect("it reads");
    assert_eq!(child.wait_with_output().expect("it ends").stdout, b"through");
}

#[test]
fn r3_ctrl_c_ends_the_command_with_all_that_it_started() {
    let scene = Scene::bare();
    let mut command = scene.command(&["run", "x", "--", "sh", "-c", "sleep 1000 & echo $!; wait"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let sleeper = lines.next().expect("a line").expect("text");
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupt.expect("kill is there").success());
    assert_eq!(child.wait().expect("it ends").code(), Some(143));
    wait_until(|| {
        fs::read_to_string(format!("/proc/{sleeper}/stat")).map_or(true, |stat| stat.contains(") Z "))
    });
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert!(said.contains("were asked to end"), "{said}");
    let record = last(&scene);
    assert_eq!(record["outcome"], "canceled");
}

#[test]
fn r12_a_job_whose_runner_was_killed_is_interrupted() {
    let scene = Scene::bare();
    let mut command = scene.command(&["run", "x", "--", "sh", "-c", "echo $$; exec sleep 1000"]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let sleeper = lines.next().expect("a line").expect("text");
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let _ = Command::new("kill").arg(sleeper).status();
    assert_eq!(last(&scene)["outcome"], "interrupted");
}

#[test]
fn nobody_who_reads_is_no_reason_to_end_the_command() {
    let scene = Scene::bare();
    let proof = scene.home().join("proof");
    let script = format!("head -c 3000000 /dev/zero; echo done > {}", proof.display());
    let mut command = scene.command(&["run", "x", "--", "sh", "-c", &script]);
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert!(proof.exists());
}

#[test]
fn of_a_flood_the_log_keeps_the_beginning_and_the_end() {
    let scene = Scene::bare();
    run(&scene, &["x", "--", "sh", "-c", "echo first; seq 400000; echo last"]).expect(0);
    let log = scene.instep("results last --log").expect(0).stdout;
    assert!(log.starts_with("first\n1\n2\n") && log.ends_with("400000\nlast\n") && log.contains("left out]"));
    assert!(log.len() < 1_000_000, "{}", log.len());
}

#[test]
fn a_run_without_a_log_says_so() {
    let scene = Scene::synced(|_| {});
    scene.instep("results last --log").expect(2).says(&["has no log"]);
}

#[test]
fn a_script_reports_and_its_run_is_on_record_with_its_times() {
    let scene = Scene::bare();
    let script = format!(
        "i={}; $i report start nightly; $i report progress nightly 3/20 files; \
         $i report event nightly --level error cannot read x; $i report end nightly 1 it broke",
        env!("CARGO_BIN_EXE_instep")
    );
    let mut command = scene.command::<&str>(&[]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script])
        .env_clear()
        .envs(command.get_envs().filter_map(|(key, value)| Some((key, value?))));
    command = shell;
    let output = command.output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "continue\n".repeat(4));
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    let objects = scene.instep("results last --json").expect(0).objects();
    let events = of_type(&objects, "event");
    assert_eq!(
        (events[0]["level"].as_str(), events[0]["name"].as_str()),
        (Some("error"), Some("cannot read x"))
    );
    let record = last(&scene);
    assert_eq!((record["outcome"].as_str(), record["errors"].as_u64()), (Some("failed"), Some(1)));
    assert_eq!(item(&record)["problem"]["text"], "it broke");
}

#[test]
fn reports_are_taken_in_once_and_in_the_order_in_which_they_were_made() {
    let scene = Scene::bare();
    for (rid, job) in [("1", "one"), ("2", "two")] {
        scene.run(&["report", "start", job, "--rid", rid]).expect(0);
    }
    scene.run(&["report", "end", "two", "--rid", "2"]).expect(0);
    scene.run(&["report", "end", "one", "failed", "--rid", "1"]).expect(0);
    // An end alone is a run as well.
    scene.run(&["report", "end", "three"]).expect(0);
    let runs = |scene: &Scene| -> Vec<(String, String)> {
        let objects = scene.instep("results --json").expect(0).objects();
        let told = |run: &&Value| {
            let word = |value: &Value| value.as_str().expect("a word").to_owned();
            (word(&item(run)["item"]), word(&run["outcome"]))
        };
        of_type(&objects, "run").iter().map(told).collect()
    };
    let pair = |item: &str, outcome: &str| (item.to_owned(), outcome.to_owned());
    let wanted = [pair("three", "done"), pair("one", "failed"), pair("two", "done")];
    assert_eq!(runs(&scene), wanted);
    assert_eq!(runs(&scene), wanted);
}

#[test]
fn r12_a_script_that_went_away_without_an_end_is_interrupted() {
    let scene = Scene::bare();
    let script = format!("{} report start nightly; exit 0", env!("CARGO_BIN_EXE_instep"));
    let mut shell = Command::new("setsid");
    shell
        .args(["-w", "sh", "-c", &script])
        .env_clear()
        .env("INSTEP_HOME", scene.home())
        .env("PATH", "/usr/bin:/bin");
    assert!(shell.status().expect("it starts").success());
    let record = last(&scene);
    assert_eq!(
        (record["outcome"].as_str(), item(&record)["item"].as_str()),
        (Some("interrupted"), Some("nightly"))
    );
}

#[test]
fn reporting_fails_no_script_whatever_is_wrong() {
    let scene = Scene::bare();
    for words in [&["report", "start", "x"][..], &["report", "end", "x", "1"]] {
        let mut command = scene.command(words);
        let output = command.env("INSTEP_HOME", "/dev/null/home").output().expect("it starts");
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b"continue\n"[..]));
        assert!(String::from_utf8_lossy(&output.stderr).contains("report is lost"));
    }
    // Only what was typed wrongly is said with a code.
    for line in [
        "report progress x lots",
        "report end x maybe",
        "report event x",
        "report start",
        "report progress x 101",
    ] {
        scene.instep(line).expect(2);
    }
    assert!(!scene.state("instep.db").exists() || scene.instep("results").code == Some(0));
}

/// Milliseconds since 1970, later than at any call before.
fn tick() -> u64 {
    let now = || {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("it is later");
        u64::try_from(now.as_millis()).expect("not that late")
    };
    let before = now();
    wait_until(|| now() > before);
    now()
}

#[test]
fn reports_that_nobody_heard_are_taken_in_with_the_times_at_which_they_were_made() {
    for hangs in [false, true] {
        let scene = Scene::bare();
        let daemon = hangs.then(|| Daemon::start(&scene));
        if let Some(daemon) = &daemon {
            daemon.signal(rustix::process::Signal::STOP);
        }
        let mut times = Vec::new();
        for words in ["start nightly", "event nightly --level error torn", "end nightly 1 it broke"] {
            let before = tick();
            scene.instep(&format!("report {words}")).expect(0);
            times.push(before..=tick());
        }
        if let Some(daemon) = daemon {
            daemon.signal(rustix::process::Signal::CONT);
            assert_eq!(daemon.stop(), Some(0));
        }
        let store = store::Store::open(&scene.state("instep.db")).expect("it is a store");
        let runs = store.runs(&store::RunQuery::default()).expect("it can be read");
        assert_eq!((runs.len(), runs[0].outcome), (1, Some(syncmgr::Outcome::Failed)));
        let within = |at: usize, time: i64| times[at].contains(&u64::try_from(time).expect("after 1970"));
        assert!(within(0, runs[0].started) && within(2, runs[0].ended.expect("it ended")), "{runs:?}");
        let events = store.events(&store::EventQuery::default()).expect("it can be read");
        assert!(events.iter().any(|event| event.event.name == "torn" && within(1, event.time)), "{events:?}");
    }
}
