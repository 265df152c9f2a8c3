//! Schedules: what the daemon starts by itself, and what a person says about that.

use std::fs;

use crate::scene::{Scene, wait_until};
use crate::serve::Daemon;

impl Scene {
    fn settings(&self) -> String {
        fs::read_to_string(self.home().join("instep.toml")).expect("there are settings")
    }

    fn add_to_settings(&self, text: &str) {
        fs::write(self.home().join("instep.toml"), self.settings() + text).expect("the home is ours");
    }

    /// How many runs have ended.
    fn runs(&self) -> usize {
        let runs = self.instep("results pair --json").expect(0).objects();
        runs.iter().filter(|run| !run["ended"].is_null()).count()
    }
}

#[test]
fn a_change_is_on_the_other_side_soon_and_our_own_writes_start_nothing() {
    let scene = Scene::synced(|scene| {
        scene.a.file("x/1", "one").file("y/2", "two");
    });
    scene.add_to_settings("\n[items.pair.schedule]\non = 'change'\n");
    let daemon = Daemon::start(&scene);
    wait_until(|| scene.runs() == 2);
    scene.put(&scene.a, "x/1", "changed");
    wait_until(|| scene.b.path().join("x/1").exists() && scene.b.read("x/1") == b"changed");
    scene.put(&scene.b, "y/new", "new");
    wait_until(|| scene.a.path().join("y/new").exists());
    wait_until(|| scene.runs() == 4);
    let status = scene.instep("status --json").expect(0).objects().remove(0);
    assert_eq!(status["headline"], "up_to_date");
    assert_eq!(daemon.stop(), Some(0));
    scene.assert_same();
    assert_eq!(scene.runs(), 4);
}

#[test]
fn an_interval_is_kept_by_the_daemon_and_a_pause_holds_it_up() {
    let scene = Scene::synced(|scene| {
        scene.a.file("1", "one");
    });
    let daemon = Daemon::start(&scene);
    scene.instep("pause pair").expect(0).says(&["until `instep resume pair`"]);
    scene.instep("schedule pair --every 1s").expect(0).says(&["1s after the last good run", "paused"]);
    scene.instep("status").expect(0).says(&["paused"]);
    scene.instep("resume pair").expect(0);
    wait_until(|| scene.runs() >= 3);
    scene.instep("schedule pair --off").expect(0);
    assert_eq!(daemon.stop(), Some(0));
}

#[test]
fn a_schedule_is_said_in_words_and_kept_with_its_comments() {
    let scene = Scene::new();
    scene.add_to_settings("# mine\n");
    scene
        .run(&["schedule", "pair", "--cron", "30 2 * * *", "--zone", "Europe/Berlin", "--overdue", "2d"])
        .expect(0)
        .says(&["every day at 02:30 (Europe/Berlin)", "overdue after 2d", "02:30"]);
    scene
        .instep("schedule pair --on change,wake --needs network")
        .expect(0)
        .says(&["when something changes"]);
    let settings = scene.settings();
    assert!(settings.contains("# mine") && settings.contains("[items.pair.schedule]"), "{settings}");
    scene.instep("list").expect(0).says(&["every day at 02:30 (Europe/Berlin)"]);
    let object = scene.instep("schedule pair --json").expect(0).objects().remove(0);
    assert_eq!(object["schedule"]["cron"][0], "30 2 * * *");
    assert_eq!(object["next"].as_array().unwrap().len(), 5);
    assert_eq!(object["running"], false);
    scene.instep("schedule pair --cron none --zone none --overdue none").expect(0);
    assert!(!scene.settings().contains("cron"), "{}", scene.settings());
    scene.instep("schedule").expect(0).says(&["pair", "when the machine wakes up", "`instep serve`"]);
    scene.instep("schedule pair --off").expect(0).says(&["never runs by itself"]);
    assert!(!scene.settings().contains("schedule"), "{}", scene.settings());
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let scene = Scene::new();
    let before = scene.settings();
    for (words, says) in [
        (&["--cron", "30 25 * * *"][..], "five fields"),
        (&["--every", "soon"], "length of time"),
        (&["--on", "chance"], "change"),
        (&["--zone", "Europe/Atlantis"], "Europe/Berlin"),
        (&["--after", "pair"], "circle"),
        (&["--after", "other"], "no such item"),
        (&["--window", "22-06"], "22:00-06:00"),
        (&["--every", "7h", "--by-clock"], "divides the day"),
    ] {
        scene.run(&[&["schedule", "pair"], words].concat()).expect(2).says(&[says]);
    }
    scene.instep("schedule nobody --off").expect(2).says(&["no item"]);
    assert_eq!(scene.settings(), before);
}

#[test]
fn pauses_have_an_end_or_wait_for_a_person() {
    let scene = Scene::new();
    scene.instep("pause pair --for 2h").expect(0).says(&["Paused \"pair\" until"]);
    let status = scene.instep("status --json").expect(0).objects().remove(0);
    assert!(status["paused_until"].as_str().unwrap().ends_with('Z'));
    scene.instep("pause --all").expect(0).says(&["Everything is paused"]);
    scene.instep("resume pair").expect(3).says(&["everything is paused"]);
    scene.instep("status").expect(0).says(&["paused"]);
    scene.instep("resume --all").expect(0);
    let status = scene.instep("status --json").expect(0).objects().remove(0);
    assert!(status["paused_until"].is_null());
    scene.instep("pause pair --until 1999-12-31").expect(2).says(&["passed"]);
    scene.instep("pause pair --until nonsense").expect(2).says(&["18:00"]);
    scene.instep("pause").expect(2);
}

#[test]
fn what_waits_says_for_what_and_without_a_daemon_nothing_is_promised() {
    let scene = Scene::synced(|scene| {
        scene.a.file("1", "one");
    });
    let words = ["schedule", "pair", "--every", "1s", "--needs", "mount:/nowhere/at/all"];
    scene.run(&words).expect(0);
    let daemon = Daemon::start(&scene);
    let status = || scene.instep("status").expect(0).stdout;
    wait_until(|| status().contains("waiting for something mounted at /nowhere/at/all"));
    let object = scene.instep("status --json").expect(0).objects().remove(0);
    assert_eq!((&object["waiting_for"], &object["headline"]), (&"mount".into(), &"waiting".into()));
    assert_eq!(daemon.stop(), Some(0));
    let run = scene.instep("status").expect(0).says(&["`instep serve` is not running"]);
    assert!(!run.stdout.contains("next run") && !run.stdout.contains("/nowhere"), "{run:?}");
    assert_eq!(scene.runs(), 1);
}
