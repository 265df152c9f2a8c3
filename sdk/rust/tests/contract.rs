//! The built-in handler in a process of its own, served by one call: it passes the conformance kit, and whoever uses it
//! through the protocol finds all that it has.
#![expect(clippy::unwrap_used, reason = "test code")]

#[path = "../examples/folders.rs"]
#[expect(dead_code, reason = "its main is this program's own test")]
mod folders_program;

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use adapters::conformance::{Held, Trial, try_handler};
use adapters::host::{HandlerSpec, HostedHandler, Services};
use serde_json::json;
use syncmgr::conflict::{
    Choice, Conflict, ConflictKind, ConflictStore, Decided, OtherVersion, Selection, Settlement, Shown,
};
use syncmgr::follow::{News, Ran, Runner};
use syncmgr::plan::PreviewError;
use syncmgr::testing::{MemoryLedger, TestCenter};
use syncmgr::{Handler, HandlerId, ItemId, Outcome, ProblemClass, Request};
use tempfile::TempDir;

/// Not a test by itself: the other process, when the tests below start this program as their handler.
#[test]
fn the_other_process() {
    if std::env::var_os("INSTEP_HANDLER").is_some() {
        instep_handler::serve(folders_program::make).unwrap();
    }
}

struct Scene {
    dir: TempDir,
    spec: HandlerSpec,
}

/// Two pairs of folders with some files, and the program that keeps them.
fn scene(files: usize) -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let this = std::env::current_exe().unwrap().to_str().unwrap().to_owned();
    let words = [this, "--exact".into(), "the_other_process".into(), "--nocapture".into()];
    let mut spec = HandlerSpec::of_command(HandlerId::new("folders").unwrap(), words.into());
    spec.settings.insert("state".into(), json!(dir.path().join("state")));
    for item in ["photos", "music"] {
        let [a, b] = ["a", "b"].map(|side| dir.path().join(item).join(side));
        for path in [&a, &b] {
            fs::create_dir_all(path).unwrap();
        }
        for n in 0..files {
            fs::write(a.join(format!("{n}.txt")), vec![b'x'; 10_000]).unwrap();
        }
        spec.items.insert(item.into(), serde_json::from_value(json!({ "a": a, "b": b })).unwrap());
    }
    Scene { dir, spec }
}

#[test]
fn the_built_in_handler_passes_the_conformance_kit() {
    let scene = scene(20);
    // Enough for every choice that there is.
    for (side, text) in [("a", "left"), ("b", "right, and longer")] {
        for n in 0..10 {
            fs::write(scene.dir.path().join("photos").join(side).join(format!("note{n}.txt")), text).unwrap();
        }
    }
    let report = try_handler(&scene.spec, &Trial { settle: true, ..Trial::unhurried() });
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let held = report.findings.iter().filter(|finding| finding.held == Held::Yes).count();
    assert!(held >= 15, "only {held} rules could be tried: {report:#?}");
    for rule in ["R17", "C1", "C2", "C3", "C4", "C5"] {
        let held = report.findings.iter().any(|finding| finding.rule == rule && finding.held == Held::Yes);
        assert!(held, "{rule}: {report:#?}");
    }
    assert!(scene.dir.path().join("music/b/19.txt").exists());
}

#[test]
fn what_the_built_in_handler_can_do_it_can_do_from_another_process() {
    let scene = scene(3);
    let handler = Arc::new(HostedHandler::new(scene.spec.clone()));
    let ledger = Arc::new(MemoryLedger::default());
    let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
    handler.set_services(Services {
        creator: Some(Arc::new(center.clone())),
        control: None,
        ledger: Some(ledger.clone()),
    });
    let photos = ItemId::new("photos").unwrap();
    let at = |name: &str| scene.dir.path().join("photos").join(name);

    let preview = handler.preview(&photos, "", &()).unwrap();
    assert_eq!((preview.rows.actions(), preview.counts.b.created), (3, 3));
    let rows: Vec<_> = (0..3).filter_map(|row| preview.rows.action(row)).map(|row| row.path).collect();
    assert_eq!(rows, [b"0.txt", b"1.txt", b"2.txt"]);
    drop(preview);
    center.sync(std::slice::from_ref(&photos)).unwrap();
    assert!(at("b/2.txt").exists());
    assert!(handler.verify(&photos, r#"{"checksum":true}"#, &()).unwrap().differences.is_empty());

    // Both sides change one file: a conflict, which the center keeps.
    for (side, text) in [("a", "left"), ("b", "right, and longer")] {
        fs::write(at(side).join("0.txt"), text).unwrap();
    }
    center.sync(std::slice::from_ref(&photos)).unwrap();
    let open = ledger.conflicts(handler.id(), Some(&photos)).unwrap();
    assert_eq!((open.len(), open[0].versions.len()), (1, 2));

    // It is settled in a session, which is on record like any other.
    let resolution = handler.resolution_handler().unwrap();
    assert!(resolution.works_in_sessions());
    let decided = Decided { conflict: open[0].clone(), choice: Choice::KeepOne(0) };
    let request = Request::new(Selection::new(vec![decided]));
    center.start(std::slice::from_ref(&photos), Some(request.clone())).unwrap();
    center.run();
    let selection: &Selection = request.get().unwrap();
    assert_eq!(selection.settlements(), [Settlement::Settled(Choice::KeepOne(0))]);
    assert_eq!(fs::read_to_string(at("b/0.txt")).unwrap(), "left");
    assert!(ledger.conflicts(handler.id(), Some(&photos)).unwrap().is_empty());

    // And a run is taken back.
    let verdict = center.finish();
    let run = verdict.calls.last().unwrap().run;
    let undo = handler.undo_request(run).unwrap();
    center.start(std::slice::from_ref(&photos), Some(undo)).unwrap();
    center.run();
    assert_eq!(fs::read_to_string(at("b/0.txt")).unwrap(), "right, and longer");
    assert_eq!(center.finish().failures, []);
    handler.shut_down();
}

/// The built-in handler in another process, with a center of its own.
struct Served {
    scene: Scene,
    handler: Arc<HostedHandler>,
    ledger: Arc<MemoryLedger>,
    center: TestCenter,
}

impl Served {
    fn new(files: usize) -> Self {
        let scene = scene(files);
        let handler = Arc::new(HostedHandler::new(scene.spec.clone()));
        let ledger = Arc::new(MemoryLedger::default());
        let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
        let creator = Some(Arc::new(center.clone()) as _);
        handler.set_services(Services { creator, control: None, ledger: Some(ledger.clone()) });
        Self { scene, handler, ledger, center }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.scene.dir.path().join("photos").join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.at(name), text).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    fn sync(&self, request: Option<Request>) {
        self.center.start(&[photos()], request).unwrap();
        self.center.run();
    }

    fn conflicts(&self) -> Vec<Conflict> {
        self.ledger.conflicts(self.handler.id(), Some(&photos())).unwrap()
    }

    /// Settles a conflict in a session.
    fn settle(&self, conflict: &Conflict, choice: Choice) -> Settlement {
        let decided = Decided { conflict: conflict.clone(), choice };
        let request = Request::new(Selection::new(vec![decided]));
        self.sync(Some(request.clone()));
        request.get::<Selection>().unwrap().settlements().remove(0)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.handler.shut_down();
    }
}

fn photos() -> ItemId {
    ItemId::new("photos").unwrap()
}

/// Many lines, of which one is another.
fn text(line: usize, instead: &str) -> String {
    (0..4000).map(|n| if n == line { format!("{instead}\n") } else { format!("line {n}\n") }).collect()
}

#[test]
fn a_conflict_of_texts_is_shown_merged_settled_and_taken_back_through_the_protocol() {
    let served = Served::new(0);
    let (ancestor, left, right) = (text(0, "line 0"), text(0, "left"), text(3999, "right"));
    served.write("a/note.txt", &ancestor);
    served.sync(None);
    served.write("a/note.txt", &left);
    served.write("b/note.txt", &right);
    served.sync(None);
    let open = served.conflicts();
    let [conflict] = open.as_slice() else { panic!("{open:?}") };

    // All of it is longer than a line.
    let resolution = served.handler.resolution_handler().unwrap();
    let shown = |which, limit| resolution.content(conflict, which, limit).unwrap();
    assert_eq!(shown(Shown::Version(0), 1 << 20), Some(left.clone().into_bytes()));
    assert_eq!(shown(Shown::Version(1), 1 << 20), Some(right.into_bytes()));
    assert_eq!(shown(Shown::Ancestor, 1 << 20), Some(ancestor.into_bytes()));
    assert_eq!(shown(Shown::Version(0), 100), None);
    assert_eq!(shown(Shown::Version(2), 1 << 20), None);
    let merge = resolution.merge(conflict).unwrap().unwrap();
    let both = left.replace("line 3999", "right");
    assert_eq!((merge.overlaps, merge.text == both.as_bytes()), (0, true));

    assert_eq!(served.settle(conflict, Choice::KeepMerged), Settlement::Settled(Choice::KeepMerged));
    assert!(served.read("a/note.txt") == both && served.read("b/note.txt") == both);
    assert_eq!(served.conflicts(), []);
    let run = served.center.calls().last().unwrap().run;
    served.sync(served.handler.undo_request(run));
    assert!(served.read("a/note.txt") == left, "the settling was taken back");

    // A person's own text instead of both, also longer than a line.
    served.sync(None);
    let open = served.conflicts();
    let [conflict] = open.as_slice() else { panic!("{open:?}") };
    let own = text(7, "of my own");
    let choice = Choice::KeepOther(OtherVersion::Content(own.clone().into_bytes()));
    assert!(matches!(served.settle(conflict, choice), Settlement::Settled(_)));
    assert!(served.read("a/note.txt") == own && served.read("b/note.txt") == own);
    assert_eq!(served.center.finish().failures, []);
}

#[test]
fn conflict_copies_are_found_and_settled_through_the_protocol() {
    let served = Served::new(0);
    served.write("a/note.txt", "mine");
    for n in 0..300 {
        served.write(&format!("a/other{n:03}.txt"), "one");
        served.write(&format!("a/other{n:03}.sync-conflict-20240102-030405-ABCDEFG.txt"), "another");
    }
    served.write("a/note.sync-conflict-20240102-030405-ABCDEFG.txt", "theirs");
    served.sync(None);
    let resolution = served.handler.resolution_handler().unwrap();
    let found = resolution.find_copies(&photos()).unwrap();
    assert_eq!(found.len(), 301, "they come in pages");
    let copy = found.iter().find(|copy| copy.path == b"note.txt").unwrap();
    assert_eq!(copy.kind, ConflictKind::ForeignCopy);
    assert_eq!(resolution.content(copy, Shown::Version(1), 100).unwrap(), Some(b"theirs".to_vec()));
    assert!(matches!(served.settle(copy, Choice::KeepOne(1)), Settlement::Settled(_)));
    assert_eq!(served.read("a/note.txt"), "theirs");
    assert_eq!(resolution.find_copies(&photos()).unwrap().len(), 300);
}

#[test]
fn a_conflict_that_was_shown_is_looked_at_again_through_the_protocol() {
    let served = Served::new(0);
    served.write("a/note.txt", "left");
    served.write("b/note.txt", "right, and longer");
    served.sync(None);
    let shown = served.conflicts().remove(0);
    served.write("b/note.txt", "edited meanwhile");
    assert_eq!(served.settle(&shown, Choice::KeepOne(0)), Settlement::Changed);
    let resolution = served.handler.resolution_handler().unwrap();
    let now = resolution.look_again(&shown).unwrap().unwrap();
    assert_eq!((&now.id, now.versions[1].size), (&shown.id, 16));
    served.write("b/note.txt", "left");
    assert_eq!(resolution.look_again(&now).unwrap(), None);
}

#[test]
fn what_a_preview_that_cannot_be_made_would_come_to_is_told_through_the_protocol() {
    let served = Served::new(1);
    served.sync(None);
    fs::rename(served.at("b"), served.at("elsewhere")).unwrap();
    let error = served.handler.preview(&photos(), "", &()).unwrap_err();
    let PreviewError::Failed { outcome, problem } = error else { panic!("{error}") };
    assert_eq!((outcome, problem.class), (Outcome::SafetyStop, ProblemClass::Safety), "{problem}");
}

/// Hands what is to be run to the test, and waits for its answer.
struct ByHand {
    ask: Mutex<Sender<Option<Request>>>,
    answers: Mutex<Receiver<Option<Ran>>>,
    news: Mutex<Sender<News>>,
}

impl Runner for ByHand {
    fn run(&self, request: Option<Request>) -> Option<Ran> {
        self.ask.lock().unwrap().send(request).ok()?;
        self.answers.lock().unwrap().recv().ok()?
    }

    fn tell(&self, news: News) {
        let _ = self.news.lock().unwrap().send(news);
    }
}

#[test]
fn a_change_is_followed_through_the_protocol_also_when_the_process_was_ended() {
    const PATIENCE: Duration = Duration::from_secs(60);
    let served = Served::new(0);
    for dir in ["a/x", "a/y"] {
        fs::create_dir(served.at(dir)).unwrap();
    }
    served.write("a/x/note.txt", "one");
    served.sync(None);
    let ((ask, asked), (answer, answers), (tell, told)) = (channel(), channel(), channel());
    let runner = ByHand { ask: Mutex::new(ask), answers: Mutex::new(answers), news: Mutex::new(tell) };
    let following = served.handler.follow(&photos(), Arc::new(runner)).unwrap().unwrap();
    assert_eq!(told.recv_timeout(PATIENCE), Ok(News::Following));
    let run = || {
        let request = asked.recv_timeout(PATIENCE).unwrap();
        served.sync(request);
        let counts = served.center.finish().item(&photos()).unwrap().counts;
        answer.send(Some(Ran { outcome: Outcome::Done, counts })).unwrap();
        counts
    };
    // What changed before it was followed.
    run();
    served.write("a/x/note.txt", "another");
    assert_eq!(run().b.updated, 1);
    assert_eq!(served.read("b/x/note.txt"), "another");

    // A process that was started anew follows it, too; what the old one had asked for it looks at as a whole.
    served.write("a/y/new.txt", "new");
    let request = asked.recv_timeout(PATIENCE).unwrap();
    served.handler.restart();
    answer.send(Some(Ran { outcome: Outcome::Failed, counts: Default::default() })).unwrap();
    served.sync(request);
    assert_eq!(served.read("b/y/new.txt"), "new");
    assert_eq!(told.recv_timeout(PATIENCE), Ok(News::Following));
    run();
    served.write("a/y/new.txt", "changed");
    assert_eq!(run().b.updated, 1);

    // None as the answer ends it, as does letting go of it.
    served.write("a/y/new.txt", "changed again");
    let _ = asked.recv_timeout(PATIENCE).unwrap();
    answer.send(None).unwrap();
    drop(following);
    assert!(asked.try_recv().is_err());
    assert!(served.handler.is_running(), "and the process goes on");
}
