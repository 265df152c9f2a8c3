//! Syncthing itself, two of them on loopback: what a run makes of what they do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::syncthing::{Folder, SetFolder, SyncthingHandler};
use serde_json::{Value, json};
use syncmgr::conflict::ConflictStore;
use syncmgr::testing::{Ask, MemoryLedger, TestCenter, Verdict};
use syncmgr::{Handler, HandlerError, ItemId, Outcome, ProblemClass, ProgressStatus};
use tempfile::TempDir;

const KEY: &str = "a-key-that-nobody-sees";

fn item() -> ItemId {
    ItemId::new("notes").unwrap()
}

/// A port that nobody has just now.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Syncthing of its own, with a folder.
struct Daemon {
    home: TempDir,
    id: String,
    api: u16,
    listen: u16,
    process: Option<Child>,
}

impl Daemon {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir(home.path().join("folder")).unwrap();
        fs::create_dir(home.path().join("folder/.stfolder")).unwrap();
        let mut generate = Command::new("syncthing");
        generate
            .arg("generate")
            .arg(format!("--home={}", home.path().join("st").display()))
            .env("HOME", home.path());
        let output = generate.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let mut id = Command::new("syncthing");
        id.arg(format!("--home={}", home.path().join("st").display()))
            .arg("--device-id")
            .env("HOME", home.path());
        let id = String::from_utf8(id.output().unwrap().stdout).unwrap().trim().to_owned();
        Self { home, id, api: port(), listen: port(), process: None }
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("folder")
    }

    /// Starts it, known to the other one; nothing leaves this machine.
    fn start(&mut self, other: &Self) {
        let config = format!(
            "<configuration version=\"35\">\
             <folder id=\"notes-id\" label=\"Notes\" path=\"{}\" type=\"sendreceive\" rescanIntervalS=\"3600\" \
             fsWatcherEnabled=\"false\"><maxConflicts>10</maxConflicts><device id=\"{}\"/><device id=\"{}\"/></folder>\
             <device id=\"{}\" name=\"me\"/>\
             <device id=\"{}\" name=\"other\"><address>tcp://127.0.0.1:{}</address></device>\
             <gui enabled=\"true\" tls=\"false\"><address>127.0.0.1:{}</address><apikey>{KEY}</apikey></gui>\
             <options><listenAddress>tcp://127.0.0.1:{}</listenAddress><globalAnnounceEnabled>false</globalAnnounceEnabled>\
             <localAnnounceEnabled>false</localAnnounceEnabled><relaysEnabled>false</relaysEnabled>\
             <natEnabled>false</natEnabled><urAccepted>-1</urAccepted><autoUpgradeIntervalH>0</autoUpgradeIntervalH>\
             <crashReportingEnabled>false</crashReportingEnabled><reconnectionIntervalS>1</reconnectionIntervalS>\
             <startBrowser>false</startBrowser></options></configuration>",
            self.folder().display(),
            self.id,
            other.id,
            self.id,
            other.id,
            other.listen,
            self.api,
            self.listen,
        );
        fs::write(self.home.path().join("st/config.xml"), config).unwrap();
        let mut command = Command::new("syncthing");
        command.arg(format!("--home={}", self.home.path().join("st").display()));
        command.args(["--no-browser", "--no-restart", "--no-upgrade"]).env("HOME", self.home.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null());
        // Itself, not a process that watches over it: what is killed is gone.
        self.process = Some(command.env("STNOMONITOR", "1").spawn().unwrap());
    }

    fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            process.wait().unwrap();
        }
    }

    fn settings(&self, key: &str) -> Folder {
        let settings: Value = json!({
            "folder": "notes-id", "address": format!("http://127.0.0.1:{}", self.api), "key": format!("secret:{key}")
        });
        serde_json::from_value(settings).unwrap()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.stop();
    }
}

fn handler(folder: Folder, ledger: &Arc<MemoryLedger>) -> Arc<SyncthingHandler> {
    let set = SetFolder { id: item(), name: "Notes".into(), folder };
    let secret = Arc::new(|name: &str| match name {
        "right" => Ok(KEY.to_owned()),
        "wrong" => Ok("another-key".to_owned()),
        _ => Err(HandlerError::new(ProblemClass::Auth, "there is no such secret")),
    });
    Arc::new(SyncthingHandler::new(vec![set], secret, Arc::clone(ledger) as _).unwrap())
}

fn sync(handler: &Arc<SyncthingHandler>) -> Verdict {
    let center = TestCenter::new(Arc::clone(handler) as Arc<dyn Handler>);
    center.sync(&[item()]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert!(!format!("{verdict:?}").contains(KEY), "the key is nobody's business");
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

/// One story, because starting two daemons takes seconds: each step builds on the one before.
#[test]
fn a_folder_of_syncthing_is_followed_paused_and_explained() {
    let (mut here, mut there) = (Daemon::new(), Daemon::new());
    let ledger = Arc::new(MemoryLedger::new());
    let ours = handler(here.settings("right"), &ledger);

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

    // What comes from elsewhere is told.
    let theirs = handler(there.settings("right"), &ledger);
    fs::remove_file(here.folder().join("one")).unwrap();
    write(&here.folder().join("two"), "2");
    until(&ours, Outcome::Done);
    assert!(there.folder().join("two").exists() && !there.folder().join("one").exists());

    // A key that is wrong, a secret that is not there, a folder that is unknown: failed, and why.
    let verdict = sync(&handler(here.settings("wrong"), &ledger));
    assert_eq!(
        verdict.item(&item()).unwrap().problem.as_ref().unwrap().class,
        ProblemClass::Auth,
        "{verdict:?}"
    );
    assert!(says(&sync(&handler(here.settings("missing"), &ledger)), "no such secret"));

    // Disabled is paused, enabled goes on.
    let listed = ours.items().item(&item()).unwrap();
    listed.enable(false).unwrap();
    let verdict = sync(&ours);
    assert!(outcome(&verdict) == Outcome::Waiting && says(&verdict, "paused"), "{verdict:?}");
    // Both change the same file meanwhile.
    write(&here.folder().join("two"), "ours");
    write(&there.folder().join("two"), "theirs, and longer");
    sync(&theirs);
    listed.enable(true).unwrap();
    let verdict = until(&ours, Outcome::NeedsDecision);
    let open = ledger.conflicts(ours.id(), Some(&item())).unwrap();
    assert_eq!((open.len(), open[0].path.as_slice()), (1, &b"two"[..]), "{verdict:?}");
    assert_eq!(open[0].versions.iter().filter(|version| version.size > 0).count(), 2);

    // Settled by taking the copy away: the next run closes it.
    fs::remove_file(here.folder().join(String::from_utf8(open[0].id.0.clone()).unwrap())).unwrap();
    until(&ours, Outcome::Done);
    assert_eq!(ledger.count(ours.id(), None).unwrap(), 0);

    // A stop ends the following, at once.
    let center = TestCenter::new(Arc::clone(&ours) as Arc<dyn Handler>);
    center.when(|call| call.is_progress(&item(), ProgressStatus::Updating), Ask::CancelItem(item()));
    write(&here.folder().join("three"), "3");
    center.sync(&[item()]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert_eq!(outcome(&verdict), Outcome::Canceled, "{verdict:?}");
    there.stop();
    here.stop();
}
