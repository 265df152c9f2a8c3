//! Wrapped tools as handlers, with the tools themselves. `cargo xtask test` installs them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use adapters::conformance::{Held, Trial, try_here};
use adapters::tools::{Job, Kind, Read, Set, Surroundings, ToolHandler, kinds, read};
use adapters::verdict::Tool;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use syncmgr::conflict::ConflictStore;
use syncmgr::plan::{PreviewError, Verb};
use syncmgr::testing::{Ask, MemoryLedger, TestCenter, Verdict};
use syncmgr::{Handler, HandlerError, ItemId, Outcome, ProblemClass, ProgressStatus, Refusal};
use tempfile::TempDir;

/// Settings as JSON: what matters is what is read.
struct Table(Value);

impl Read for Table {
    type Error = serde_json::Error;

    fn read<T: DeserializeOwned>(self) -> Result<T, Self::Error> {
        serde_json::from_value(self.0)
    }
}

struct Scene {
    home: TempDir,
    ledger: Arc<MemoryLedger>,
    log: Arc<Mutex<Vec<u8>>>,
}

fn scene(tool: &str) -> Scene {
    let there = Command::new(tool).arg("--help").output();
    assert!(there.is_ok(), "{tool} is not installed: `cargo xtask test` installs it");
    let home = tempfile::tempdir().unwrap();
    for name in ["src/dir", "dst"] {
        fs::create_dir_all(home.path().join(name)).unwrap();
    }
    for (name, content) in [("src/one", "1"), ("src/dir/two", "22"), ("dst/gone", "x")] {
        fs::write(home.path().join(name), content).unwrap();
    }
    Scene { home, ledger: Arc::new(MemoryLedger::new()), log: Arc::default() }
}

fn item() -> ItemId {
    ItemId::new("job").unwrap()
}

fn kind(id: &str) -> &'static dyn Kind {
    kinds().into_iter().find(|kind| kind.id() == id).unwrap()
}

fn job(id: &str, settings: Value) -> Arc<dyn Job> {
    read(id, Table(settings)).unwrap().unwrap()
}

impl Scene {
    fn at(&self, name: &str) -> String {
        self.home.path().join(name).to_str().unwrap().to_owned()
    }

    fn handler(&self, id: &str, settings: Value) -> Arc<ToolHandler> {
        let log = Arc::clone(&self.log);
        let around = Surroundings {
            secret: Arc::new(|name| match name {
                "right" => Ok("the secret".to_owned()),
                _ => Err(HandlerError::new(ProblemClass::Auth, format!("there is no secret \"{name}\""))),
            }),
            log: Arc::new(move |_run| {
                let log = Arc::clone(&log);
                Some(Box::new(move |bytes: &[u8]| log.lock().unwrap().extend(bytes)))
            }),
        };
        let set = Set { id: item(), name: "Job".into(), job: job(id, settings) };
        let ledger = Arc::clone(&self.ledger);
        Arc::new(ToolHandler::new(kind(id), vec![set], around, ledger).unwrap())
    }
}

fn sync(handler: &Arc<ToolHandler>, options: &str) -> Verdict {
    let center = TestCenter::new(Arc::clone(handler) as Arc<dyn Handler>);
    center.start(&[item()], handler.request(options).unwrap()).unwrap();
    center.run();
    let verdict = center.finish();
    verdict.assert_clean();
    verdict
}

fn outcome(verdict: &Verdict) -> Outcome {
    verdict.item(&item()).unwrap().outcome
}

fn class(verdict: &Verdict) -> ProblemClass {
    verdict.item(&item()).unwrap().problem.as_ref().unwrap().class
}

fn prepare(at: &Path, line: &str) {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).current_dir(at).env("HOME", at).env("RESTIC_PASSWORD", "the secret");
    for who in ["GIT_AUTHOR", "GIT_COMMITTER"] {
        command.env(format!("{who}_NAME"), "x").env(format!("{who}_EMAIL"), "x@example.org");
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rsync_previews_runs_and_shows_its_command() {
    let scene = scene("rsync");
    let settings =
        json!({"source": format!("{}/", scene.at("src")), "target": scene.at("dst"), "delete": true});
    let handler = scene.handler("rsync", settings);
    let shown = handler.command_line(&item()).unwrap();
    assert!(shown.contains(" rsync -a --delete ") && shown.ends_with(&scene.at("dst")), "{shown}");
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    let rows: Vec<_> = (0..preview.rows.actions()).filter_map(|at| preview.rows.action(at)).collect();
    assert!(rows.iter().any(|row| row.verb == Verb::Delete && row.path == b"gone"), "{rows:?}");
    assert_eq!((preview.counts.b.created, preview.expected), (3, Outcome::Done));
    assert!(Path::new(&scene.at("dst/gone")).exists(), "a preview touches nothing");
    let verdict = sync(&handler, "{}");
    assert_eq!(outcome(&verdict), Outcome::Done, "{verdict:?}");
    assert!(!Path::new(&scene.at("dst/gone")).exists());
    assert!(verdict.events.iter().any(|event| event.event.name == "Deleted: gone"));
    assert!(String::from_utf8_lossy(&scene.log.lock().unwrap()).contains("*deleting"));
}

#[test]
fn s6_rsync_is_stopped_before_it_deletes_more_than_it_may() {
    let scene = scene("rsync");
    for number in 0..30 {
        fs::write(scene.at(&format!("dst/file-{number}")), "x").unwrap();
    }
    let settings =
        json!({"source": format!("{}/", scene.at("src")), "target": scene.at("dst"), "delete": true});
    let handler = scene.handler("rsync", settings);
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert_eq!((preview.expected, preview.stops.len()), (Outcome::SafetyStop, 1));
    let verdict = sync(&handler, "{}");
    assert_eq!((outcome(&verdict), class(&verdict)), (Outcome::SafetyStop, ProblemClass::Safety));
    assert!(Path::new(&scene.at("dst/file-29")).exists() && !Path::new(&scene.at("dst/one")).exists());
    assert_eq!(outcome(&sync(&handler, r#"{"approve":true}"#)), Outcome::Done);
    assert!(!Path::new(&scene.at("dst/file-29")).exists());
}

#[test]
fn r3_a_stop_ends_rsync_in_the_middle() {
    let scene = scene("rsync");
    fs::File::create(scene.at("src/big")).unwrap().set_len(1 << 30).unwrap();
    let settings = json!({"source": scene.at("src"), "target": scene.at("dst"), "options": ["--bwlimit=1m", "--outbuf=N"]});
    let handler = scene.handler("rsync", settings);
    let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
    center.when(|call| call.is_progress(&item(), ProgressStatus::Updating), Ask::CancelItem(item()));
    center.sync(&[item()]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(outcome(&verdict), Outcome::Canceled, "{verdict:?}");
}

#[test]
fn restic_backs_up_with_a_secret_that_nobody_sees() {
    let scene = scene("restic");
    prepare(scene.home.path(), "restic init --repo repo");
    let settings = |secret: &str| json!({"repository": scene.at("repo"), "password": format!("secret:{secret}"), "paths": [scene.at("src")]});
    let handler = scene.handler("restic", settings("right"));
    let shown = handler.command_line(&item()).unwrap();
    assert!(shown.contains("RESTIC_PASSWORD=<secret:right>") && !shown.contains("the secret"), "{shown}");
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert!(preview.rows.actions() >= 2, "{preview:?}");
    let verdict = sync(&handler, "{}");
    assert_eq!(outcome(&verdict), Outcome::Done, "{verdict:?}");
    assert!(!format!("{verdict:?}").contains("the secret"));
    let verdict = sync(&scene.handler("restic", settings("other")), "{}");
    assert_eq!((outcome(&verdict), class(&verdict)), (Outcome::Failed, ProblemClass::Auth));
}

#[test]
fn git_pushes_and_says_what_a_push_would_do() {
    let scene = scene("git");
    let at = scene.home.path();
    for line in [
        "git init -q -b main src",
        "git -C src add .",
        "git -C src commit -qm one",
        "git init -q -b main --bare up.git",
    ] {
        prepare(at, line);
    }
    let settings = json!({"mode": "push", "path": scene.at("src"), "remote": scene.at("up.git")});
    let handler = scene.handler("git", settings);
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    let action = preview.rows.action(0).unwrap();
    assert_eq!((action.verb, action.path.as_slice()), (Verb::Create, &b"main"[..]));
    assert_eq!(outcome(&sync(&handler, "{}")), Outcome::Done);
    prepare(at, "git clone -q up.git other");
    fs::write(at.join("other/one"), "otherwise").unwrap();
    for line in ["git -C other commit -qam two", "git -C other push -q origin main"] {
        prepare(at, line);
    }
    fs::write(at.join("src/one"), "changed").unwrap();
    prepare(at, "git -C src commit -qam three");
    let verdict = sync(&handler, "{}");
    assert_eq!((outcome(&verdict), class(&verdict)), (Outcome::Failed, ProblemClass::Conflict));
    let fetch = scene.handler("git", json!({"mode": "fetch", "path": scene.at("other")}));
    assert_eq!(outcome(&sync(&fetch, "{}")), Outcome::Done);
}

#[test]
fn rclone_copies_and_is_guarded() {
    let scene = scene("rclone");
    for number in 0..30 {
        fs::write(scene.at(&format!("dst/file-{number}")), "x").unwrap();
    }
    let settings = |mode: &str| json!({"mode": mode, "source": scene.at("src"), "target": scene.at("dst")});
    let copy = scene.handler("rclone", settings("copy"));
    assert_eq!(outcome(&sync(&copy, "{}")), Outcome::Done);
    assert!(Path::new(&scene.at("dst/gone")).exists() && Path::new(&scene.at("dst/dir/two")).exists());
    let mirror = scene.handler("rclone", settings("sync"));
    assert_eq!(outcome(&sync(&mirror, "{}")), Outcome::SafetyStop);
    let preview = mirror.preview(&item(), r#"{"max_delete":31}"#, &()).unwrap();
    assert_eq!((preview.counts.b.deleted, preview.expected), (31, Outcome::Done));
    assert_eq!(outcome(&sync(&mirror, r#"{"max_delete":31}"#)), Outcome::Done);
    assert!(!Path::new(&scene.at("dst/gone")).exists());
}

#[test]
fn s6_bisync_is_previewed_and_stopped_before_it_deletes_more_than_it_may() {
    let scene = scene("rclone");
    let settings = |more: Value| {
        let mut settings = json!({
            "mode": "bisync", "source": scene.at("src"), "target": scene.at("dst"),
            "options": [format!("--workdir={}", scene.at("work"))],
        });
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        scene.handler("rclone", settings)
    };
    for number in 0..12 {
        fs::write(scene.at(&format!("src/file-{number}")), "x").unwrap();
    }
    // It wants to be told once that both may be put together, and says so.
    let handler = settings(json!({}));
    let verdict = sync(&handler, "{}");
    assert_eq!(outcome(&verdict), Outcome::Failed);
    let fix = verdict.item(&item()).unwrap().problem.as_ref().unwrap().fix.clone();
    assert!(fix.is_some_and(|fix| fix.contains("--resync")), "{verdict:#?}");
    let options = [format!("--workdir={}", scene.at("work")), "--resync".to_owned()];
    assert_eq!(outcome(&sync(&settings(json!({ "options": options })), "{}")), Outcome::Done);

    // A few are previewed, and done.
    fs::remove_file(scene.at("src/file-0")).unwrap();
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert_eq!((preview.counts.b.deleted, preview.expected), (1, Outcome::Done));
    assert!(Path::new(&scene.at("dst/file-0")).exists(), "a preview touches nothing");
    // A number is a limit too, which bisync itself does not have.
    let numbered = settings(json!({ "max_delete": 0 }));
    let verdict = sync(&numbered, "{}");
    assert_eq!(outcome(&verdict), Outcome::SafetyStop, "{verdict:#?}");
    assert!(Path::new(&scene.at("dst/file-0")).exists());
    assert_eq!(outcome(&sync(&handler, "{}")), Outcome::Done);
    assert!(!Path::new(&scene.at("dst/file-0")).exists());

    // More than half is too much for it, on whichever side they are gone.
    for number in 1..12 {
        fs::remove_file(scene.at(&format!("dst/file-{number}"))).unwrap();
    }
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert_eq!(preview.expected, Outcome::SafetyStop);
    assert!(preview.stops[0].contains("too many deletes"), "{:?}", preview.stops);
    let verdict = sync(&handler, "{}");
    assert_eq!((outcome(&verdict), class(&verdict)), (Outcome::SafetyStop, ProblemClass::Safety));
    assert!(Path::new(&scene.at("src/file-1")).exists());
    assert_eq!(outcome(&sync(&handler, r#"{"max_delete":"95%"}"#)), Outcome::Done);
    assert!(!Path::new(&scene.at("src/file-1")).exists());
}

#[test]
fn s6_unison_is_stopped_when_a_root_was_emptied() {
    let scene = scene("unison");
    let settings = json!({
        "a": scene.at("src"), "b": scene.at("dst"), "environment": {"HOME": scene.at("")},
    });
    let handler = scene.handler("unison", settings);
    assert_eq!(outcome(&sync(&handler, "{}")), Outcome::Done);
    fs::remove_dir_all(scene.at("src")).unwrap();
    fs::create_dir(scene.at("src")).unwrap();
    let verdict = sync(&handler, "{}");
    assert_eq!((outcome(&verdict), class(&verdict)), (Outcome::SafetyStop, ProblemClass::Safety));
    assert!(Path::new(&scene.at("dst/one")).exists());
    assert_eq!(outcome(&sync(&handler, r#"{"approve":true}"#)), Outcome::Done);
    assert!(!Path::new(&scene.at("dst/one")).exists());
}

#[test]
fn s6_unison_is_previewed_and_stopped_before_it_deletes_more_than_it_may_on_either_side() {
    let scene = scene("unison");
    let settings = |more: Value| {
        let environment = json!({"HOME": scene.at("")});
        let mut settings = json!({"a": scene.at("src"), "b": scene.at("dst"), "environment": environment});
        settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        scene.handler("unison", settings)
    };
    let handler = settings(json!({}));
    // A first run says nothing beforehand, but that it deletes nothing.
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert_eq!((preview.rows.actions(), preview.rows.notes(), preview.expected), (0, 1, Outcome::Done));
    for number in 0..20 {
        fs::write(scene.at(&format!("src/dir/file-{number}")), "x").unwrap();
    }
    let verdict = sync(&handler, "{}");
    assert_eq!(outcome(&verdict), Outcome::Done);
    let counts = verdict.item(&item()).unwrap().counts;
    assert_eq!((counts.a.created, counts.b.created), (1, 2), "each on the side that got it");

    // A directory is one line for Unison, and so many entries for whoever has them.
    fs::remove_dir_all(scene.at("dst/dir")).unwrap();
    fs::write(scene.at("dst/one"), "changed").unwrap();
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert_eq!(preview.sides, Some(["src".to_owned(), "dst".to_owned()]));
    assert_eq!((preview.counts.a.deleted, preview.counts.a.updated, preview.counts.b.deleted), (22, 1, 0));
    assert_eq!(preview.expected, Outcome::SafetyStop);
    assert!(preview.stops[0].contains("22 of 24 entries would be deleted on src"), "{:?}", preview.stops);
    let rows: Vec<_> = (0..2).filter_map(|at| preview.rows.action(at)).collect();
    assert!(rows.iter().any(|row| row.path == b"dir" && row.entries == 22), "{rows:?}");
    let verdict = sync(&handler, "{}");
    assert_eq!((outcome(&verdict), class(&verdict)), (Outcome::SafetyStop, ProblemClass::Safety));
    assert!(Path::new(&scene.at("src/dir/two")).exists());
    assert_eq!(fs::read_to_string(scene.at("src/one")).unwrap(), "1", "nothing was touched");

    // A number is a limit as well, as is a share; what may go goes.
    assert_eq!(outcome(&sync(&settings(json!({"max_delete": 21})), "{}")), Outcome::SafetyStop);
    assert_eq!(outcome(&sync(&handler, r#"{"max_delete":"95%"}"#)), Outcome::Done);
    assert!(!Path::new(&scene.at("src/dir")).exists());

    // A conflict is told beforehand too.
    fs::write(scene.at("src/one"), "1a").unwrap();
    fs::write(scene.at("dst/one"), "1b!").unwrap();
    let preview = handler.preview(&item(), "{}", &()).unwrap();
    assert_eq!((preview.rows.conflicts(), preview.expected), (1, Outcome::NeedsDecision));
    assert_eq!(preview.rows.conflict(0).unwrap().path, b"one");
}

#[test]
fn a_backup_of_a_source_that_vanished_is_no_good_run() {
    let scene = scene("restic");
    let home = scene.home.path();
    prepare(home, "restic init --repo restic");
    prepare(home, "borg init -e none borg");
    let environment = json!({"HOME": scene.at(""), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"});
    for (tool, settings) in [
        ("restic", json!({"repository": scene.at("restic"), "password": "secret:right"})),
        ("borg", json!({"repository": scene.at("borg"), "environment": environment})),
    ] {
        for (paths, wanted) in [
            (vec![scene.at("src"), scene.at("vanished")], Outcome::Gaps),
            (vec![scene.at("vanished")], Outcome::Failed),
        ] {
            let mut settings = settings.clone();
            settings["paths"] = json!(paths);
            if tool == "borg" {
                // By itself it is called after the second in which it was made.
                settings["archive"] = json!(format!("archive-of-{}", paths.len()));
            }
            let verdict = sync(&scene.handler(tool, settings), "{}");
            let ended = verdict.item(&item()).unwrap();
            let is_bad = ended.outcome == wanted || ended.outcome == Outcome::Gaps;
            let told = verdict.events.iter().any(|event| event.event.name.contains("vanished"));
            assert!(is_bad && told, "{tool} {paths:?}: {verdict:#?}");
        }
    }
}

#[test]
fn borg_makes_an_archive() {
    let scene = scene("borg");
    prepare(scene.home.path(), "borg init -e none repo");
    let environment = json!({"HOME": scene.at(""), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"});
    let settings =
        json!({"repository": scene.at("repo"), "paths": [scene.at("src")], "environment": environment});
    let handler = scene.handler("borg", settings);
    let verdict = sync(&handler, "{}");
    assert_eq!(outcome(&verdict), Outcome::Done, "{verdict:?}");
    assert_eq!(verdict.item(&item()).unwrap().counts.b.created, 2);
    let refused = handler.preview(&item(), "{}", &()).unwrap_err();
    assert!(matches!(refused, PreviewError::Refused(Refusal::NotImplemented(_))));
}

#[test]
fn unisons_conflicts_are_open_until_a_run_does_not_find_them() {
    let scene = scene("unison");
    fs::write(scene.at("dst/one"), "another").unwrap();
    let environment = json!({"HOME": scene.at("")});
    let settings = json!({"a": scene.at("src"), "b": scene.at("dst"), "environment": environment});
    let handler = scene.handler("unison", settings);
    assert_eq!(outcome(&sync(&handler, "{}")), Outcome::NeedsDecision);
    let open = scene.ledger.conflicts(handler.id(), Some(&item())).unwrap();
    assert_eq!(open.iter().map(|conflict| conflict.path.as_slice()).collect::<Vec<_>>(), [b"one"]);
    fs::write(scene.at("dst/one"), "1").unwrap();
    assert_eq!(outcome(&sync(&handler, "{}")), Outcome::Done);
    assert_eq!(scene.ledger.count(handler.id(), None).unwrap(), 0);
}

#[test]
fn settings_that_are_wrong_are_refused_with_what_there_is() {
    let why = |id: &str, settings| read(id, Table(settings)).unwrap().err().unwrap().to_string();
    assert!(why("rsync", json!({"source": "a"})).contains("target"));
    assert!(why("rsync", json!({"source": "a", "target": "b", "delet": true})).contains("`delete`"));
    assert!(why("rclone", json!({"mode": "sink", "source": "a", "target": "b"})).contains("bisync"));
    assert!(why("git", json!({"mode": "push"})).contains("path"));
    assert!(read("folders", Table(json!({}))).is_none());
}

/// A tool that never says its version: to ask it is to sleep.
struct Sleeper;

impl Kind for Sleeper {
    fn tool(&self) -> Tool {
        Tool::Other
    }

    fn id(&self) -> &'static str {
        "sleep"
    }

    fn version_words(&self) -> &'static [&'static str] {
        &["1000"]
    }

    fn oldest(&self) -> [u32; 2] {
        [0, 0]
    }
}

#[test]
fn r3_a_tool_that_is_still_asked_for_its_version_is_stopped_too() {
    let scene = scene("rsync");
    let settings = json!({"source": scene.at("src"), "target": scene.at("one")});
    let set = Set { id: item(), name: "Job".into(), job: job("rsync", settings) };
    let around = Surroundings { secret: Arc::new(|_| Ok(String::new())), log: Arc::new(|_| None) };
    let ledger = Arc::clone(&scene.ledger);
    let handler = Arc::new(ToolHandler::new(&Sleeper, vec![set], around, ledger).unwrap());
    let center = TestCenter::new(handler as Arc<dyn Handler>);
    center.when(|call| call.is_progress(&item(), ProgressStatus::UpdatingIndeterminate), Ask::CancelAll);
    center.start(&[item()], None).unwrap();
    center.run();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(outcome(&verdict), Outcome::Canceled, "{verdict:?}");
    assert!(!Path::new(&scene.at("one")).exists(), "nothing was begun");
}

/// What the kit says of a tool: no rule is broken, and those that a tool gives occasion to try hold.
#[track_caller]
fn keeps_the_contract(handler: impl Fn() -> Arc<ToolHandler>) {
    let report = try_here(&|| handler() as Arc<dyn Handler>, &Trial::unhurried());
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{}: {broken:#?}", report.handler);
    for rule in ["R1", "R2", "R3", "R5", "R10", "R12", "R15", "R18"] {
        let held = report.findings.iter().any(|finding| finding.rule == rule && finding.held == Held::Yes);
        assert!(held, "{} gave no occasion for {rule}: {report:#?}", report.handler);
    }
}

#[test]
fn every_wrapped_tool_passes_the_conformance_kit() {
    let scene = scene("rsync");
    let at = |name: &str| scene.at(name);
    let home = scene.home.path();
    for line in [
        "restic init --repo restic",
        "borg init -e none borg",
        "git init -q -b main src",
        "git -C src add .",
        "git -C src commit -qm one",
        "git init -q -b main --bare up.git",
    ] {
        prepare(home, line);
    }
    let environment = json!({"HOME": at(""), "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes"});
    let options = json!(["--resync", format!("--workdir={}", at("work"))]);
    let bisync = json!({"mode": "bisync", "source": at("src/dir"), "target": at("dst"), "options": options});
    for (tool, settings) in [
        ("rsync", json!({"source": at("src"), "target": at("one")})),
        ("rclone", json!({"mode": "copy", "source": at("src"), "target": at("two")})),
        ("restic", json!({"repository": at("restic"), "password": "secret:right", "paths": [at("src")]})),
        ("borg", json!({"repository": at("borg"), "paths": [at("src")], "environment": environment})),
        ("rclone", json!({"mode": "sync", "source": at("src"), "target": at("two")})),
        ("rclone", bisync),
        ("git", json!({"mode": "push", "path": at("src"), "remote": at("up.git")})),
        ("git", json!({"mode": "fetch", "path": at("src"), "remote": at("up.git")})),
        ("git", json!({"mode": "mirror", "path": at("src"), "remote": at("up.git")})),
        ("unison", json!({"a": at("src"), "b": at("dst"), "environment": environment})),
    ] {
        keeps_the_contract(|| scene.handler(tool, settings.clone()));
    }
}
