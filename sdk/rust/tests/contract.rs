//! The built-in handler in a process of its own, served by one call: it passes the conformance kit, and whoever uses it
//! through the protocol finds all that it has.
#![expect(clippy::unwrap_used, reason = "test code")]

#[path = "../examples/folders.rs"]
#[expect(dead_code, reason = "its main is this program's own test")]
mod folders_program;

use std::fs;
use std::sync::Arc;

use adapters::conformance::{Held, Trial, try_handler};
use adapters::host::{HandlerSpec, HostedHandler, Services};
use serde_json::json;
use syncmgr::conflict::{Choice, ConflictStore, Decided, Selection, Settlement};
use syncmgr::testing::{MemoryLedger, TestCenter};
use syncmgr::{Handler, HandlerId, ItemId, Request};
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
    let report = try_handler(&scene.spec, &Trial::default());
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    let held = report.findings.iter().filter(|finding| finding.held == Held::Yes).count();
    assert!(held >= 15, "only {held} rules could be tried: {report:#?}");
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
