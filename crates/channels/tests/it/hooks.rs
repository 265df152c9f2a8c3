//! Commands are started when runs begin and end, and nothing they do touches a run.

use std::path::Path;
use std::sync::Arc;

use center::{Center, Jobs, SystemClock};
use channels::hooks::HookRunner;
use serde_json::Value;
use settings::Settings;
use store::{EventQuery, Store};
use syncmgr::{ItemId, Level, ProgressStatus};

struct Scene {
    dir: tempfile::TempDir,
    center: Center,
    jobs: Jobs,
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(&dir.path().join("instep.db")).unwrap());
        let center = Center::new(store, Arc::new(SystemClock::default()));
        let jobs = Jobs::register(&center).unwrap();
        Self { dir, center, jobs }
    }

    fn hooks(&self, text: &str) -> HookRunner {
        let settings = Arc::new(Settings::parse(text).unwrap());
        HookRunner::start(&self.center, settings, Some(self.dir.path().to_owned())).unwrap()
    }

    /// One run of the job "backup", which ends like this.
    fn run(&self, status: ProgressStatus) {
        let backup = ItemId::new("backup").unwrap();
        let callback = self.jobs.begin(&self.center, &backup).unwrap();
        callback.report_progress(&backup, None, status, 1, 1).unwrap();
    }

    fn said(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.path().join(file)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn warnings(&self) -> Vec<String> {
        self.center.store().flush().unwrap();
        let query = EventQuery { level: Some(Level::Warning), ..EventQuery::default() };
        let events = self.center.store().events(&query).unwrap();
        events.into_iter().map(|event| event.event.description).collect()
    }
}

fn note(file: &str) -> String {
    format!("['sh', '-c', 'cat >> {file}; echo >> {file}']")
}

#[test]
fn hooks_get_the_run_as_json_when_it_begins_and_when_it_ends() {
    let scene = Scene::new();
    let hooks = scene.hooks(&format!(
        "[items.backup]\nname = 'Backup'\nhandler = 'jobs'\n[items.backup.hooks]\nfailed = {}\n\
         [hooks]\nstart = {}\ndone = {}\nend = {}\n",
        note("mine"),
        note("start"),
        note("done"),
        note("end"),
    ));
    scene.run(ProgressStatus::Succeeded);
    scene.run(ProgressStatus::Failed);
    drop(hooks);
    let whens = |file: &str| -> Vec<(Value, Value)> {
        scene.said(file).into_iter().map(|run| (run["when"].clone(), run["outcome"].clone())).collect()
    };
    let pair = |when: &str, outcome: Option<&str>| (Value::from(when), Value::from(outcome));
    assert_eq!(whens("start"), [pair("start", None), pair("start", None)]);
    assert_eq!(whens("done"), [pair("end", Some("done"))]);
    assert_eq!(whens("end"), [pair("end", Some("done")), pair("end", Some("failed"))]);
    let mine = scene.said("mine");
    assert_eq!(
        (mine.len(), &mine[0]["item"], &mine[0]["items"][0]["name"]),
        (1, &"backup".into(), &"Backup".into())
    );
    assert_eq!((&mine[0]["type"], &mine[0]["items"][0]["outcome"]), (&"run".into(), &"failed".into()));
    assert!(scene.warnings().is_empty(), "{:?}", scene.warnings());
}

#[test]
fn a_hook_that_fails_or_hangs_is_an_event_and_no_failure() {
    let scene = Scene::new();
    let hooks = scene.hooks(
        "[hooks]\ntimeout = '100ms'\nstart = ['/nonexistent/hook']\ndone = ['sh', '-c', 'echo no >&2; exit 9']\nend = ['sleep', '1000']",
    );
    scene.run(ProgressStatus::Succeeded);
    drop(hooks);
    let warnings = scene.warnings();
    assert_eq!(warnings.len(), 3, "{warnings:?}");
    for word in ["/nonexistent/hook", "exit code 9: no", "sleep took longer"] {
        assert!(warnings.iter().any(|warning| warning.contains(word)), "{word}: {warnings:?}");
    }
    let run = scene.center.store().runs(&store::RunQuery::default()).unwrap().remove(0);
    assert_eq!((run.outcome, run.errors), (Some(syncmgr::Outcome::Done), 0));
}

#[test]
fn other_hooks_hold_from_when_they_are_set() {
    let scene = Scene::new();
    let hooks = scene.hooks("");
    scene.run(ProgressStatus::Succeeded);
    hooks.set(Arc::new(Settings::parse(&format!("[hooks]\nend = {}", note("end"))).unwrap()));
    scene.run(ProgressStatus::Succeeded);
    drop(hooks);
    assert!(Path::new(&scene.dir.path().join("end")).exists());
}
