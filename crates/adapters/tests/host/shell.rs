//! The library for shells: whatever a handler in POSIX sh writes as a function, the center finds.

use std::fs;
use std::sync::Arc;

use adapters::host::{HandlerSpec, HostedHandler, Services};
use syncmgr::conflict::{Choice, ConflictStore};
use syncmgr::plan::DifferenceKind;
use syncmgr::testing::{MemoryLedger, TestCenter};
use syncmgr::{Handler, HandlerId, Outcome, ProblemClass, Refusal, RunId};
use tempfile::TempDir;

use crate::support::{id, limits};

struct Scene {
    place: TempDir,
    handler: Arc<HostedHandler>,
    center: TestCenter,
    ledger: Arc<MemoryLedger>,
}

fn scene(prefix: &str, many: usize) -> Scene {
    let place = tempfile::tempdir().unwrap();
    for side in ["here", "there"] {
        fs::create_dir(place.path().join(side)).unwrap();
    }
    for n in 0..25 {
        fs::write(place.path().join(format!("here/file {n:02}")), "x").unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/shelf.sh");
    let words = ["sh", script].map(str::to_owned).to_vec();
    let mut spec = HandlerSpec::of_command(HandlerId::new("shelf").unwrap(), words);
    let library = concat!(env!("CARGO_MANIFEST_DIR"), "/../../sdk/sh/instep-handler.sh");
    let env = [("LIBRARY", library.to_owned()), ("PLACE", place.path().to_str().unwrap().to_owned())];
    spec.env.extend(env.map(|(name, value)| (name.to_owned(), value)));
    spec.env.extend(
        [("MANY", many.to_string()), ("PREFIX", prefix.to_owned())]
            .map(|(name, value)| (name.to_owned(), value)),
    );
    let handler = Arc::new(HostedHandler::with_limits(spec, limits()));
    let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
    let ledger = Arc::new(MemoryLedger::default());
    let creator = Some(Arc::new(center.clone()) as _);
    handler.set_services(Services { creator, control: None, ledger: Some(ledger.clone()) });
    Scene { place, handler, center, ledger }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.handler.shut_down();
    }
}

#[test]
fn a_handler_in_shell_previews_verifies_settles_and_takes_back() {
    let scene = scene("shelf", 1);
    let item = id("shelf0");
    let preview = scene.handler.preview(&item, "{}", &()).unwrap();
    assert_eq!((preview.counts.b.created, preview.rows.actions()), (25, 25));
    let last = preview.rows.action(24).unwrap();
    assert_eq!(last.path, b"file 24", "rows come in pages");
    drop(preview);
    let found = scene.handler.verify(&item, "{}", &()).unwrap();
    assert_eq!((found.differences[0].kind, found.is_clean()), (DifferenceKind::Missing, false));
    assert_eq!(scene.handler.command_line(&item).as_deref(), Some("cp -r here there # shelf0"));
    let refused = scene.handler.request(r#"{"deap":true}"#).unwrap_err();
    assert_eq!(refused, Refusal::InvalidArgument("there is only deep".into()));
    let deep = scene.handler.request(r#"{"deep":true}"#).unwrap();
    scene.center.start(std::slice::from_ref(&item), deep).unwrap();
    scene.center.run();
    let verdict = scene.center.finish();
    verdict.assert_clean();
    assert_eq!(verdict.item(&item).unwrap().outcome, Outcome::Done, "{verdict:?}");
    assert_eq!(fs::read_to_string(scene.place.path().join("options")).unwrap(), "{\"deep\":true}\n");
    assert!(scene.handler.verify(&item, "{}", &()).unwrap().is_clean());
    assert!(scene.handler.undo_request(RunId(1)).is_some() && scene.handler.undo_request(RunId(2)).is_none());
    let open = scene.ledger.conflicts(scene.handler.id(), Some(&item)).unwrap();
    assert_eq!(open.len(), 1);
    let resolution = scene.handler.resolution_handler().unwrap();
    let error = resolution.carry_out(&open[0], &Choice::KeepAll).unwrap_err();
    assert!(error.problem.text.contains("only one can be kept"), "{error}");
    assert_eq!(error.problem.class, ProblemClass::Config, "no mistake of its author");
    // What makes no sense reaches no handler, whoever asks.
    let error = resolution.resolve(&open[0], &Choice::KeepOne(2)).unwrap_err();
    assert!(error.problem.text.contains("there are 2"), "{error}");
    resolution.carry_out(&open[0], &Choice::KeepOne(1)).unwrap();
    assert!(scene.ledger.conflicts(scene.handler.id(), Some(&item)).unwrap().is_empty());
}

#[test]
fn items_that_do_not_fit_into_one_line_reach_a_handler_in_shell() {
    // Each identifier may take more than a kilobyte of a line.
    let scene = scene(&"\u{65e5}".repeat(60), 40);
    scene.center.sync_all().unwrap();
    let verdict = scene.center.finish();
    verdict.assert_clean();
    let done = |end: &syncmgr::ItemEnd| end.outcome == Outcome::Done;
    assert_eq!(verdict.runs[0].items.iter().filter(|end| done(end)).count(), 40, "{verdict:?}");
}
