//! Syncthing itself, two of them on loopback: what a run makes of what they do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use adapters::collection::Partners;
use adapters::conformance::{Held, Trial, try_here};
use adapters::syncthing::partners::{Folders, SaidOfFolders};
use adapters::syncthing::{Folder, Keeper, SetFolder, SyncthingHandler};
use serde_json::{Value, json};
use syncmgr::conflict::ResolutionHandler;
use syncmgr::handler::HandlerCollection as _;
use syncmgr::testing::{Ask, Call, MemoryLedger, TestCenter, Verdict};
use syncmgr::{
    Handler, HandlerError, HandlerId, ItemId, Outcome, ProblemClass, ProgressStatus, Request, RunId,
    SyncCallback,
};
use testkit::syncthing::Syncthing;

fn item() -> ItemId {
    ItemId::new("notes").unwrap()
}

fn settings(daemon: &Syncthing, key: &str) -> Folder {
    let settings: Value =
        json!({ "folder": "notes-id", "address": daemon.address(), "key": format!("secret:{key}") });
    serde_json::from_value(settings).unwrap()
}

/// There are no conflicts in these stories: whoever touches files settles them, and is tried together with all the rest.
struct Nobody;

impl Keeper for Nobody {
    fn place(&self, _: &ItemId, _: &str, folder: &Path, _: &[&str]) -> Result<(), HandlerError> {
        assert!(folder.is_dir());
        Ok(())
    }

    fn resolution(&self) -> Option<Arc<dyn ResolutionHandler>> {
        None
    }

    fn carry_out(&self, _: &ItemId, _: &dyn SyncCallback, _: &Request) {}

    fn undo_request(&self, _: RunId) -> Option<Request> {
        None
    }

    fn takes_back(&self, _: RunId) -> bool {
        false
    }
}

fn handler(folder: Folder, ledger: &Arc<MemoryLedger>) -> Arc<SyncthingHandler> {
    let set = SetFolder { id: item(), name: "Notes".into(), folder };
    let secret = Arc::new(|name: &str| match name {
        "right" => Ok(Syncthing::KEY.to_owned()),
        "wrong" => Ok("another-key".to_owned()),
        _ => Err(HandlerError::new(ProblemClass::Auth, "there is no such secret")),
    });
    Arc::new(SyncthingHandler::new(vec![set], secret, Arc::clone(ledger) as _, Arc::new(Nobody)).unwrap())
}

fn sync(handler: &Arc<SyncthingHandler>) -> Verdict {
    let center = TestCenter::new(Arc::clone(handler) as Arc<dyn Handler>);
    center.sync(&[item()]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert!(!format!("{verdict:?}").contains(Syncthing::KEY), "the key is nobody's business");
    verdict
}

fn outcome(verdict: &Verdict) -> Outcome {
    verdict.item(&item()).unwrap().outcome
}

/// Runs until the outcome is that; a minute is for ever.
#[track_caller]
fn until(handler: &Arc<SyncthingHandler>, wanted: Outcome) -> Verdict {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let verdict = sync(handler);
        if outcome(&verdict) == wanted {
            return verdict;
        }
        assert!(Instant::now() < end, "waited in vain for {wanted:?}: {verdict:?}");
    }
}

fn says(verdict: &Verdict, text: &str) -> bool {
    verdict.item(&item()).unwrap().problem.as_ref().is_some_and(|problem| problem.to_string().contains(text))
}

fn write(at: &Path, text: &str) {
    fs::write(at, text).unwrap();
}

/// The folders as partners, with nothing known but where Syncthing has its settings.
fn partners(daemon: &Syncthing, ledger: &Arc<MemoryLedger>) -> Partners<Folders> {
    let secret = Arc::new(|_: &str| Err(HandlerError::new(ProblemClass::Auth, "there is no such secret")));
    let folders = Folders::new(
        vec![daemon.settings()],
        secret,
        Arc::clone(ledger) as _,
        Arc::new(|_| Arc::new(Nobody)),
    );
    let keys = serde_json::from_value(json!({})).unwrap();
    folders.set(Some(SaidOfFolders { keys, enabled: Arc::new(|folder| folder != "out") }));
    Partners::new(folders)
}

fn listed(partners: &Partners<Folders>) -> Vec<String> {
    partners.handlers().unwrap().iter().map(|id| id.as_str().to_owned()).collect()
}

/// As whoever sets Syncthing up does it.
fn configure(daemon: &Syncthing, method: &str, path: &str, body: &str) {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{}/rest/{path}", daemon.address()))
        .header("X-API-Key", Syncthing::KEY)
        .body(body.to_owned())
        .unwrap();
    assert!(ureq::run(request).unwrap().status().is_success());
}

#[test]
fn every_folder_of_syncthing_is_a_handler_that_comes_and_goes_with_it() {
    let (mut here, there) = (Syncthing::new(), Syncthing::new());
    let ledger = Arc::new(MemoryLedger::new());
    here.start(&there);
    let partners = partners(&here, &ledger);
    let id = HandlerId::new("syncthing:notes-id").unwrap();
    let made = partners.bind(&id).unwrap();
    assert_eq!(made.name().unwrap(), "Notes");
    assert_eq!(made.info().unwrap().type_label, "Folder of Syncthing");
    let item = ItemId::new("syncthing:notes-id").unwrap();
    let run = || {
        let center = TestCenter::new(Arc::clone(&made));
        center.sync(std::slice::from_ref(&item)).unwrap();
        let verdict = center.finish();
        verdict.assert_clean();
        assert!(!format!("{verdict:?}").contains(Syncthing::KEY), "the key is nobody's business");
        verdict.item(&item).unwrap().problem.as_ref().unwrap().text.clone()
    };
    // Its own settings say where it answers, and with which key.
    let end = Instant::now() + Duration::from_secs(60);
    while !run().contains("no other device") {
        assert!(Instant::now() < end, "it never answered: {}", run());
    }
    let folder = json!({ "id": "more", "path": here.settings().join("more") });
    configure(&here, "POST", "config/folders", &folder.to_string());
    assert_eq!(listed(&partners), ["syncthing:more", "syncthing:notes-id"]);
    assert_eq!(partners.bind(&HandlerId::new("syncthing:more").unwrap()).unwrap().name().unwrap(), "more");
    configure(&here, "DELETE", "config/folders/more", "");
    assert_eq!(listed(&partners), ["syncthing:notes-id"]);
    assert!(partners.bind(&HandlerId::new("syncthing:more").unwrap()).is_err());
    // While it does not run, its settings say what it has.
    here.stop();
    assert_eq!(listed(&partners), ["syncthing:notes-id"]);
    let told = run();
    assert!(told.contains("does not answer"), "{told}");
}

/// One story, because starting two daemons takes seconds: each step builds on the one before.
#[test]
fn a_folder_of_syncthing_is_followed_paused_and_explained() {
    let (mut here, mut there) = (Syncthing::new(), Syncthing::new());
    let ledger = Arc::new(MemoryLedger::new());
    let ours = handler(settings(&here, "right"), &ledger);

    // R11: a daemon that is away is disconnected, not failed.
    let verdict = sync(&ours);
    assert_eq!(outcome(&verdict), Outcome::Disconnected, "{verdict:?}");
    assert!(says(&verdict, "does not answer"), "{verdict:?}");

    write(&here.folder().join("one"), "1");
    here.start(&there);
    // Alone: nobody has it but we.
    let verdict = until(&ours, Outcome::Disconnected);
    let alone = || until(&ours, Outcome::Disconnected);
    let mut verdict = verdict;
    while !says(&verdict, "no other device") {
        verdict = alone();
    }
    there.start(&here);
    until(&ours, Outcome::Done);
    assert_eq!(fs::read_to_string(there.folder().join("one")).unwrap(), "1");

    // What is taken away here is taken away there.
    fs::remove_file(here.folder().join("one")).unwrap();
    write(&here.folder().join("two"), "2");
    until(&ours, Outcome::Done);
    assert!(there.folder().join("two").exists() && !there.folder().join("one").exists());

    // A key that is wrong, a secret that is not there, a folder that is unknown: failed, and why.
    let verdict = sync(&handler(settings(&here, "wrong"), &ledger));
    assert_eq!(
        verdict.item(&item()).unwrap().problem.as_ref().unwrap().class,
        ProblemClass::Auth,
        "{verdict:?}"
    );
    assert!(says(&sync(&handler(settings(&here, "missing"), &ledger)), "no such secret"));

    // Disabled is paused, enabled goes on.
    let listed = ours.items().item(&item()).unwrap();
    listed.enable(false).unwrap();
    let verdict = sync(&ours);
    assert!(outcome(&verdict) == Outcome::Waiting && says(&verdict, "paused"), "{verdict:?}");
    listed.enable(true).unwrap();
    until(&ours, Outcome::Done);

    // A stop ends the following, at once.
    let center = TestCenter::new(Arc::clone(&ours) as Arc<dyn Handler>);
    center.when(
        |call| call.is_progress(&item(), ProgressStatus::UpdatingIndeterminate),
        Ask::CancelItem(item()),
    );
    write(&here.folder().join("three"), "3");
    center.sync(&[item()]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(outcome(&verdict), Outcome::Canceled, "{verdict:?}");
    there.stop();
    here.stop();
}

#[test]
fn syncthing_passes_the_conformance_kit() {
    let (mut here, mut there) = (Syncthing::new(), Syncthing::new());
    let ledger = Arc::new(MemoryLedger::new());
    here.start(&there);
    there.start(&here);
    until(&handler(settings(&here, "right"), &ledger), Outcome::Done);
    let make = || handler(settings(&here, "right"), &ledger) as Arc<dyn Handler>;
    let report = try_here(&make, &Trial::unhurried());
    let broken: Vec<_> = report.broken().collect();
    assert!(broken.is_empty(), "{broken:#?}");
    for rule in ["R1", "R2", "R3", "R5", "R10", "R12", "R15", "R18"] {
        let held = report.findings.iter().any(|finding| finding.rule == rule && finding.held == Held::Yes);
        assert!(held, "it gave no occasion for {rule}: {report:#?}");
    }
}

/// What people do to Syncthing itself while we look on; one story again.
#[test]
fn what_happens_to_a_folder_behind_our_back_is_told_for_what_it_is() {
    let (here, mut there) = (Arc::new(Mutex::new(Syncthing::new())), Syncthing::new());
    let ledger = Arc::new(MemoryLedger::new());
    let at = || here.lock().unwrap();
    let ours = handler(settings(&at(), "right"), &ledger);
    let folder = at().folder();
    at().start(&there);
    there.start(&at());
    write(&folder.join("one"), "1");
    until(&ours, Outcome::Done);

    // A folder that Syncthing does not know.
    let unknown = json!({ "folder": "no-such", "address": at().address(), "key": "secret:right" });
    let verdict = sync(&handler(serde_json::from_value(unknown).unwrap(), &ledger));
    assert!(outcome(&verdict) == Outcome::Failed && says(&verdict, "no such folder"), "{verdict:?}");

    // Paused by hand, and let go on.
    configure(&at(), "PATCH", "config/folders/notes-id", r#"{"paused":true}"#);
    let verdict = sync(&ours);
    assert!(outcome(&verdict) == Outcome::Waiting && says(&verdict, "paused"), "{verdict:?}");
    configure(&at(), "PATCH", "config/folders/notes-id", r#"{"paused":false}"#);
    until(&ours, Outcome::Done);

    // Its marker is gone, as when a disk is not mounted: Syncthing stops, and nothing is deleted anywhere.
    fs::remove_dir_all(folder.join(".stfolder")).unwrap();
    let verdict = until(&ours, Outcome::Failed);
    assert!(says(&verdict, "stopped the folder"), "{verdict:?}");
    assert!(there.folder().join("one").exists());
    fs::create_dir(folder.join(".stfolder")).unwrap();
    until(&ours, Outcome::Done);

    // It ends in the middle: that is no failure, and it is followed again when it is back.
    let center = TestCenter::new(Arc::clone(&ours) as Arc<dyn Handler>);
    let ending = Arc::clone(&here);
    let ends = move |call: &Call| {
        if call.is_progress(&item(), ProgressStatus::Updating) {
            ending.lock().unwrap().stop();
        }
        false
    };
    center.when(ends, Ask::CancelItem(item()));
    write(&folder.join("two"), "2");
    center.sync(&[item()]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert!(outcome(&verdict) == Outcome::Disconnected && says(&verdict, "does not answer"), "{verdict:?}");
    at().start(&there);
    until(&ours, Outcome::Done);
    assert_eq!(fs::read_to_string(there.folder().join("two")).unwrap(), "2");

    // The other device goes: nobody else has what is new here.
    there.stop();
    write(&folder.join("three"), "3");
    let verdict = until(&ours, Outcome::Disconnected);
    assert!(says(&verdict, "no other device"), "{verdict:?}");
}
