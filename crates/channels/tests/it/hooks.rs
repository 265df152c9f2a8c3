//! Commands are started when runs begin and end, and nothing they do touches a run.

use std::path::Path;
use std::sync::Arc;

use channels::hooks::HookRunner;
use serde_json::Value;
use settings::Settings;
use syncmgr::ProgressStatus;

use crate::support::{Scene, wait_until};

impl Scene {
    fn hooks(&self, text: &str) -> HookRunner {
        let settings = Arc::new(Settings::parse(text).unwrap());
        HookRunner::start(&self.center, settings, Some(self.dir.path().to_owned())).unwrap()
    }

    fn said(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.dir.path().join(file)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
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
fn runs_begin_and_end_while_a_hook_hangs_and_it_is_told_of_in_the_results_of_its_run() {
    let scene = Scene::new();
    // It ends when the scene does, or when it is given up.
    let here = scene.dir.path().display();
    let hooks = scene.hooks(&format!(
        "[hooks]\ntimeout = '1h'\nstart = ['sh', '-c', 'echo >> began; while [ ! -e {here}/enough ]; do sleep 0.05; done; exit 7']",
    ));
    let began = scene.dir.path().join("began");
    scene.run(ProgressStatus::Succeeded);
    wait_until(|| began.exists());
    // It hangs, and that is nothing to any run.
    scene.run(ProgressStatus::Failed);
    scene.run(ProgressStatus::Succeeded);
    let runs = scene.center.store().runs(&store::RunQuery::default()).unwrap();
    assert_eq!((runs.len(), runs.iter().filter(|run| run.ended.is_some()).count()), (3, 3));
    assert!(scene.warnings().is_empty(), "it still hangs");
    std::fs::write(scene.dir.path().join("enough"), "").unwrap();
    drop(hooks);
    assert_eq!(scene.warnings().len(), 3, "one for each run");
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
