//! Programs that start themselves and connect: they are handlers like any other while they are there.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use adapters::host::{Door, HandlerSpec, HostedHandler, Newcomer, Visitors};
use serde_json::{Value, json};
use syncmgr::testing::TestCenter;
use syncmgr::{Handler, HandlerId, Outcome, Refusal};
use tempfile::TempDir;

use crate::support::{id, limits, python, wait_until};

/// A center with one handler whose program starts itself.
struct Reception {
    handler: Arc<HostedHandler>,
    left: AtomicUsize,
    refused: Mutex<Vec<String>>,
}

impl Visitors for Reception {
    fn admit(&self, handler: &HandlerId, newcomer: &mut Newcomer) -> Result<(), Refusal> {
        let answer = if handler == self.handler.id() {
            self.handler.attach(newcomer)
        } else {
            Err(Refusal::AccessDenied(format!("'{handler}' is nobody here")))
        };
        if let Err(refusal) = &answer {
            self.refused.lock().unwrap().push(refusal.to_string());
        }
        answer
    }

    fn left(&self, _handler: &HandlerId) {
        self.left.fetch_add(1, Ordering::AcqRel);
    }
}

struct Scene {
    reception: Arc<Reception>,
    socket: PathBuf,
    door: Option<Door>,
    _dir: TempDir,
}

fn scene() -> Scene {
    let dir = tempfile::tempdir().unwrap();
    let spec = HandlerSpec::of_socket(HandlerId::new("test").unwrap());
    let handler = Arc::new(HostedHandler::with_limits(spec, limits()));
    let reception = Reception { handler, left: AtomicUsize::new(0), refused: Mutex::default() };
    let reception = Arc::new(reception);
    let socket = dir.path().join("handlers.sock");
    let door = Door::open(&socket, Arc::clone(&reception) as Arc<dyn Visitors>).unwrap();
    Scene { reception, socket, door: Some(door), _dir: dir }
}

impl Scene {
    fn comes(&self, identifier: &str, mode: &[&str]) -> Child {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/host/handler.py");
        let mut command = Command::new(python());
        command.args(["-S", "-E", script, "comes"]).arg(&self.socket).arg(identifier).args(mode);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
    }

    /// A center that finds the handler as it is now.
    fn center(&self) -> TestCenter {
        TestCenter::new(Arc::clone(&self.reception.handler) as Arc<dyn Handler>)
    }

    fn wait_until_it_is_there(&self) {
        // It has said what it is, too: a handler that is only connected cannot be asked yet.
        wait_until("it is connected", || {
            self.reception.handler.is_running() && self.reception.handler.items().count() == 3
        });
    }

    /// Says something by hand; the answer is the first line that comes back.
    fn says(&self, text: &str) -> Value {
        let mut stream = UnixStream::connect(&self.socket).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(&stream).read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.door.take();
        self.reception.handler.shut_down();
    }
}

#[test]
fn a_program_that_connects_is_a_handler_until_it_leaves_and_again_when_it_is_back() {
    let scene = scene();
    let handler = &scene.reception.handler;
    assert!(!handler.info().unwrap().connected);
    assert!(handler.start().unwrap_err().text.contains("it starts itself"));
    for round in 1..=2 {
        let mut program = scene.comes("test", &["well"]);
        scene.wait_until_it_is_there();
        assert!(handler.info().unwrap().connected);
        let center = scene.center();
        center.sync(&[id("a")]).unwrap();
        let verdict = center.finish();
        assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Done);
        assert_eq!(verdict.failures, []);
        program.kill().unwrap();
        program.wait().unwrap();
        wait_until("its leaving was told", || scene.reception.left.load(Ordering::Acquire) == round);
        assert!(!handler.is_running() && !handler.info().unwrap().connected);
        assert_eq!(handler.items().count(), 3, "what it said is remembered");
    }
}

#[test]
fn r12_a_program_that_leaves_in_the_middle_leaves_interrupted_items() {
    let scene = scene();
    let mut program = scene.comes("test", &["dies", "3"]);
    scene.wait_until_it_is_there();
    let center = scene.center();
    center.sync(&[id("a")]).unwrap();
    program.wait().unwrap();
    let verdict = center.finish();
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Interrupted);
    assert!(verdict.failures[0].problem.text.contains("closed its connection"), "{:?}", verdict.failures);
}

#[test]
fn of_two_with_one_identifier_the_second_is_told_and_the_first_goes_on() {
    let scene = scene();
    let mut first = scene.comes("test", &["well"]);
    scene.wait_until_it_is_there();
    let second = scene.comes("test", &["well"]).wait_with_output().unwrap();
    assert_eq!(second.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&second.stdout).contains("'test' is connected already"));
    let center = scene.center();
    center.sync_all().unwrap();
    center.finish().assert_clean();
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn a_program_that_breaks_down_again_and_again_has_to_wait() {
    let scene = scene();
    for _ in 0..2 {
        let mut program = scene.comes("test", &["dies", "3"]);
        scene.wait_until_it_is_there();
        scene.center().sync(&[id("a")]).unwrap();
        program.wait().unwrap();
        wait_until("it is gone", || !scene.reception.handler.is_running());
    }
    let third = scene.comes("test", &["well"]).wait_with_output().unwrap();
    assert_eq!(third.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&third.stdout).contains("ended 2 times in a row"), "{third:?}");
}

#[test]
fn whoever_does_not_say_properly_who_it_is_is_told_why_it_is_not_let_in() {
    let scene = scene();
    let register = |params: Value| json!({"jsonrpc": "2.0", "id": 5, "method": "register", "params": params});
    let good = register(json!({"handler": "test", "protocol": "1.0"})).to_string();
    for (text, code, word) in [
        ("garbage\n".to_owned(), -32600, "expected value"),
        ("{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{}}\n".to_owned(), -32600, "not asked"),
        ("{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"update_handler\"}\n".to_owned(), -32600, "register"),
        (format!("{}\n", register(json!({"handler": "test"}))), -32602, "protocol"),
        (format!("{}\n", register(json!({"handler": "test", "protocol": "2.0"}))), -32003, "version 1.0"),
        (format!("{}\n", register(json!({"handler": "", "protocol": "1.0"}))), -32001, "identifier"),
        (format!("{}\n", register(json!({"handler": "other", "protocol": "1.0"}))), -32002, "nobody here"),
        (format!("{good}\n{{}}\n"), -32600, "handshake"),
        (format!("{}\n", "x".repeat(70_000)), -32600, "65536"),
    ] {
        let answer = scene.says(&text);
        let error = &answer["error"];
        assert_eq!(error["code"], code, "{text:.80}: {answer}");
        assert!(error["message"].as_str().unwrap().contains(word), "{text:.80}: {answer}");
    }
    assert!(!scene.reception.handler.is_running());
}

#[test]
fn a_notification_is_enough_to_be_let_in() {
    let scene = scene();
    let register =
        json!({"jsonrpc": "2.0", "method": "register", "params": {"handler": "test", "protocol": "1.0"}});
    assert_eq!(scene.says(&format!("{register}\n"))["method"], "initialize");
}

#[test]
fn only_the_owner_may_connect_and_nothing_is_left_when_the_door_is_closed() {
    let mut scene = scene();
    let mode = std::fs::metadata(&scene.socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(Door::open(&scene.socket, Arc::clone(&scene.reception) as Arc<dyn Visitors>).is_err());
    assert!(scene.socket.exists(), "the one that is open stays");
    scene.door.take();
    assert!(!scene.socket.exists());
}
