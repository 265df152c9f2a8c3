//! Where it all happens: a directory, and servers that end with their test.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use adapters::tools::{Read, Set, Surroundings, ToolHandler, kinds, read};
use serde::de::DeserializeOwned;
use serde_json::Value;
use syncmgr::testing::{MemoryLedger, TestCenter, Verdict};
use syncmgr::{Handler, HandlerError, ItemId, Outcome, ProblemClass};
use tempfile::TempDir;

/// Settings as JSON: what matters is what is read.
struct Table(Value);

impl Read for Table {
    type Error = serde_json::Error;

    fn read<T: DeserializeOwned>(self) -> Result<T, Self::Error> {
        serde_json::from_value(self.0)
    }
}

pub(crate) fn item() -> ItemId {
    ItemId::new("job").unwrap()
}

/// A place with something to bring somewhere.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for name in ["src/dir", "dst"] {
            fs::create_dir_all(place.0.path().join(name)).unwrap();
        }
        place.write("src/one", "1");
        place.write("src/dir/two", "22");
        place
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn at(&self, name: &str) -> String {
        self.0.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.at(name), text).unwrap();
    }

    pub(crate) fn private(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.at(name), fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// What only prepares: it must work.
    pub(crate) fn prepare(&self, line: &str) {
        let mut command = Command::new("sh");
        command.args(["-ec", line]).current_dir(self.0.path()).env("HOME", self.0.path());
        command.env("RESTIC_PASSWORD", "right").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for who in ["GIT_AUTHOR", "GIT_COMMITTER"] {
            command.env(format!("{who}_NAME"), "x").env(format!("{who}_EMAIL"), "x@example.org");
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }

    pub(crate) fn handler(&self, id: &str, settings: Value) -> Arc<ToolHandler> {
        let around = Surroundings {
            secret: Arc::new(|name| match name {
                "right" | "wrong" => Ok(name.to_owned()),
                _ => Err(HandlerError::new(ProblemClass::Auth, "there is no such secret")),
            }),
            log: Arc::new(|_run| None),
        };
        let kind = kinds().into_iter().find(|kind| kind.id() == id).unwrap();
        let job = read(id, Table(settings)).unwrap().unwrap();
        let set = Set { id: item(), name: "Job".into(), job };
        Arc::new(ToolHandler::new(kind, vec![set], around, Arc::new(MemoryLedger::new())).unwrap())
    }

    pub(crate) fn sync(&self, id: &str, settings: Value) -> Verdict {
        finish(&TestCenter::new(self.handler(id, settings) as Arc<dyn Handler>))
    }
}

pub(crate) fn finish(center: &TestCenter) -> Verdict {
    center.sync(&[item()]).unwrap();
    let verdict = center.finish();
    verdict.assert_clean();
    assert!(!format!("{verdict:?}").contains("password-of-the-server"), "a secret is nobody's business");
    verdict
}

#[track_caller]
pub(crate) fn expect(verdict: &Verdict, outcome: Outcome) {
    assert_eq!(verdict.item(&item()).unwrap().outcome, outcome, "{verdict:#?}");
}

#[track_caller]
pub(crate) fn fails(verdict: &Verdict, class: ProblemClass) {
    expect(verdict, Outcome::Failed);
    let problem = verdict.item(&item()).unwrap().problem.as_ref().unwrap();
    assert_eq!(problem.class, class, "{verdict:#?}");
}

/// A server that ends with its test.
pub(crate) struct Server {
    process: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts what listens at `{port}`, and waits until it does.
    pub(crate) fn start(place: &Place, line: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("sh");
        command.args(["-ec", &format!("exec {}", line.replace("{port}", &port.to_string()))]);
        command.current_dir(place.root()).env("HOME", place.root()).env("RCLONE_CONFIG", "/dev/null");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        let server = Self { process: command.spawn().unwrap(), port };
        let end = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "waited in vain: {line}");
            std::thread::yield_now();
        }
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // git's daemon is a child of git.
        let group = format!("-{}", self.process.id());
        let _ = Command::new("kill").args(["-9", "--", &group]).status();
        let _ = self.process.wait();
    }
}
