//! `/r/KEY/JOB/WORD`: a script reports in one line of HTTP, and hears one word.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::daemon::{ask, exchange, runs_of, status_of};
use crate::scene::{Scene, of_type, wait_until};
use crate::serve::Daemon;

/// Says something of a job, and gives the one word of the answer.
fn say(scene: &Scene, words: &str) -> String {
    let (status, answer) = exchange(scene, "POST", &format!("/r/-/{words}"), &Value::Null);
    assert_eq!(status, 200, "{words}: {answer}");
    answer.strip_suffix('\n').expect("a line").to_owned()
}

fn stop(scene: &Scene, job: &str) {
    let (status, answer) = ask(scene, "POST", "/control/stop", &json!({ "handler": "jobs", "items": [job] }));
    assert!(status < 300, "{answer}");
}

/// The events of the newest run: level, name, text.
fn events(scene: &Scene) -> Vec<(String, String, String)> {
    let objects = scene.instep("results last --json").expect(0).objects();
    let told = |event: &&Value| {
        let word = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        (word("level"), word("name"), word("description"))
    };
    of_type(&objects, "event").iter().map(told).collect()
}

#[test]
fn every_word_is_answered_with_one_word_and_what_was_said_is_on_record() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    assert_eq!(say(&scene, "nightly/start?rid=7&name=Every%20night"), "continue");
    assert_eq!(say(&scene, "nightly/progress?rid=7&step=30&text=half"), "continue");
    let (_, live) = ask(&scene, "GET", "/live", &Value::Null);
    let item = &live["items"][0];
    assert_eq!((&item["percent"], &item["text"]), (&30.into(), &"half".into()), "{live}");
    assert_eq!(say(&scene, "nightly/progress?rid=7&step=5&max=8"), "continue");
    assert_eq!(say(&scene, "nightly/event?rid=7&level=error&name=Torn%20page&text=page%203"), "continue");
    assert_eq!(say(&scene, "nightly/event?rid=7&text=a%20line"), "continue");
    assert_eq!(say(&scene, "nightly/end?rid=7&code=3"), "continue");
    assert_eq!(runs_of(&scene, "nightly"), [("failed".to_owned(), 1)]);
    let status = status_of(&scene, "nightly");
    // What an event is called is no name of the job.
    assert_eq!(status["name"], "Every night");
    assert_eq!(status["last_run"]["problem"]["text"], "it ended with exit code 3");
    let text = |words: [&str; 3]| words.map(str::to_owned).into();
    let wanted: [(String, String, String); 2] =
        [text(["error", "Torn page", "page 3"]), text(["information", "Report", "a line"])];
    assert!(wanted.iter().all(|line| events(&scene).contains(line)), "{:?}", events(&scene));
    // Of a run that nobody heard begin, the end is enough, by any method.
    assert_eq!(
        exchange(&scene, "GET", "/r/-/nightly/end?rid=8", &Value::Null),
        (200, "continue\n".to_owned())
    );
    assert_eq!(runs_of(&scene, "nightly")[0], ("done".to_owned(), 0));
}

#[test]
fn r3_a_stop_is_in_each_answer_until_the_job_has_ended() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    say(&scene, "nightly/start");
    stop(&scene, "nightly");
    for words in ["progress", "progress?step=2", "event?text=x", "start"] {
        assert_eq!(say(&scene, &format!("nightly/{words}")), "cancel", "{words}");
    }
    assert_eq!(say(&scene, "nightly/end?outcome=canceled"), "continue");
    assert_eq!(runs_of(&scene, "nightly"), [("canceled".to_owned(), 0)]);
    assert_eq!(say(&scene, "nightly/start"), "continue", "the next run is another one");
}

#[test]
fn a_job_that_is_disabled_hears_pause_and_has_no_run_until_it_is_enabled() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    say(&scene, "nightly/end");
    scene.instep("disable nightly").expect(0);
    for words in ["start", "progress?step=2", "event?text=x", "end?code=1"] {
        assert_eq!(say(&scene, &format!("nightly/{words}")), "pause", "{words}");
    }
    assert_eq!(runs_of(&scene, "nightly").len(), 1);
    scene.instep("enable nightly").expect(0);
    assert_eq!(say(&scene, "nightly/start"), "continue");
}

#[test]
fn r12_a_job_whose_process_is_gone_is_interrupted_and_its_name_is_free_for_the_next_run() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    let mut script =
        Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    say(&scene, &format!("nightly/start?rid=7&pid={}", script.id()));
    assert!(status_of(&scene, "nightly")["running"].is_u64());
    script.kill().expect("it is our child");
    script.wait().expect("it ends");
    wait_until(|| status_of(&scene, "nightly")["running"].is_null());
    assert_eq!(runs_of(&scene, "nightly"), [("interrupted".to_owned(), 0)]);
    // A number that no process has says nothing, and fails no job.
    assert_eq!(say(&scene, &format!("nightly/start?rid=7&pid={}", script.id())), "continue");
    assert_eq!(say(&scene, "nightly/end?rid=7"), "continue");
    assert_eq!(runs_of(&scene, "nightly")[0].0, "done");
}

#[test]
fn a_job_that_stays_away_is_overdue_for_as_long_as_it_said() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    say(&scene, "nightly/start?overdue=1ms");
    say(&scene, "nightly/end");
    wait_until(|| status_of(&scene, "nightly")["headline"] == "overdue");
    say(&scene, "weekly/end?overdue=8d");
    assert_ne!(status_of(&scene, "weekly")["headline"], "overdue");
    let (status, answer) = exchange(&scene, "POST", "/r/-/nightly/start?overdue=soon", &Value::Null);
    assert!(status == 400 && answer.contains("`90s`"), "{status} {answer}");
}

#[test]
fn a_run_goes_on_with_the_next_daemon_under_what_its_script_calls_it() {
    let scene = Scene::bare();
    let daemon = Daemon::start(&scene);
    // Two of one job at a time, and one that has no name for its runs.
    for words in ["nightly/start?rid=7", "nightly/start?rid=8", "weekly/start"] {
        assert_eq!(say(&scene, words), "continue");
    }
    say(&scene, "nightly/event?rid=7&text=before");
    // Lines are written in groups: what was not yet is lost with a daemon that is killed.
    let told = || ask(&scene, "GET", "/events?handler=jobs&item=nightly", &Value::Null).1.to_string();
    wait_until(|| told().contains("before"));
    daemon.kill();
    let daemon = Daemon::start(&scene);
    assert_eq!(runs_of(&scene, "nightly"), [("interrupted".to_owned(), 0), ("interrupted".to_owned(), 0)]);
    assert_eq!(say(&scene, "nightly/progress?rid=7&step=50"), "continue");
    assert_eq!(say(&scene, "weekly/progress?step=50"), "continue");
    assert_eq!(daemon.stop(), Some(0));
    let _daemon = Daemon::start(&scene);
    say(&scene, "nightly/event?rid=7&text=after");
    say(&scene, "nightly/end?rid=7");
    say(&scene, "weekly/end?code=1");
    let mut nightly = runs_of(&scene, "nightly");
    nightly.sort();
    assert_eq!(nightly, [("done".to_owned(), 0), ("interrupted".to_owned(), 0)]);
    assert_eq!(runs_of(&scene, "weekly"), [("failed".to_owned(), 0)]);
    wait_until(|| told().contains("before") && told().contains("after"));
    // What has ended is not gone on with, nor is it with a start: that begins another run.
    say(&scene, "nightly/end?rid=7");
    say(&scene, "nightly/start?rid=8");
    assert_eq!(runs_of(&scene, "nightly").len(), 4);
}

#[test]
fn s8_jobs_may_be_called_anything_and_say_anything() {
    let scene = Scene::bare();
    let _daemon = Daemon::start(&scene);
    let odd = [
        ("a%20b", "a b"),
        ("a%2Fb%3Fc%23d%25", "a/b?c#d%"),
        ("%C3%BC%E2%80%AE", "\u{fc}\u{202e}"),
        ("~..", ".."),
        ("~~home", "~home"),
        ("%3Cb%3E%27%22%26", "<b>'\"&"),
        ("-rf", "-rf"),
        ("a%0Ab", "a\nb"),
        ("%E6%97%A5%E6%9C%AC", "\u{65e5}\u{672c}"),
    ];
    for (segment, _) in odd {
        assert_eq!(say(&scene, &format!("{segment}/start")), "continue", "{segment}");
        let text = "text=%1B%5B31m%3Cscript%3E%0Atwo%00";
        assert_eq!(say(&scene, &format!("{segment}/event?name=%3Ci%3E&{text}")), "continue", "{segment}");
        assert_eq!(say(&scene, &format!("{segment}/end?text=%07fine")), "continue", "{segment}");
    }
    let (_, items) = scene.json("status");
    for (segment, job) in odd {
        assert!(items.iter().any(|item| item["item"] == job && item["headline"] != "failed"), "{segment}");
        let (status, item) = ask(&scene, "GET", &format!("/items/jobs/{segment}"), &Value::Null);
        assert_eq!((status, &item["id"]), (200, &job.into()), "{segment}: {item}");
    }
    // At a terminal none of it does anything.
    let shown = scene.instep("results last").expect(0).stdout + &scene.instep("status").expect(0).stdout;
    assert!(!shown.contains(['\u{1b}', '\u{7}', '\0', '\u{202e}']), "{shown:?}");
    for (words, status) in [
        (&*format!("{}/start", "x".repeat(64)), 400),
        ("nightly/fly", 400),
        ("nightly/progress?step=-1", 400),
        ("nightly/progress?colour=red", 400),
        ("nightly/event", 400),
        ("nightly", 404),
    ] {
        let (answered, answer) = exchange(&scene, "POST", &format!("/r/-/{words}"), &Value::Null);
        assert_eq!(answered, status, "{words}: {answer}");
    }
}
