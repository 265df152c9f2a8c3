//! What comes from the network and is not meant well, at the real daemon.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::daemon::ask;
use crate::scene::{Scene, wait_until};
use crate::serve::Daemon;

/// A daemon that listens on the network, and the token of an operator.
struct Service {
    scene: Scene,
    daemon: Daemon,
    address: SocketAddr,
    token: String,
}

impl Service {
    fn start() -> Self {
        let scene = Scene::new();
        scene.append_settings("[server]\nlisten = ['127.0.0.1:0']\n");
        let daemon = Daemon::start(&scene);
        let address = || {
            let log = daemon.log();
            let (_, rest) = log.split_once("http://")?;
            rest.split(['"', ' ']).next()?.parse().ok()
        };
        wait_until(|| address().is_some());
        let address = address().expect("it was waited for");
        let made = scene.instep("serve token add test --role operator").expect(0);
        let token = made.stdout.split_whitespace().next().expect("it is told").to_owned();
        Self { scene, daemon, address, token }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).expect("it listens")
    }

    /// One request as it is; the status and all that was answered. None when it was closed without a word.
    fn say(&self, text: &[u8]) -> Option<(u16, String)> {
        let mut stream = self.connect();
        // It may have heard enough before the end.
        let _ = stream.write_all(text);
        hear(stream)
    }

    fn get(&self, path: &str, headers: &str) -> (u16, String) {
        let text = format!("GET /api/v1{path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n");
        self.say(text.as_bytes()).expect("it answers")
    }

    fn with_token(&self, token: &str) -> u16 {
        let headers = format!("Host: {}\r\nAuthorization: Bearer {token}\r\n", self.address);
        self.get("/items", &headers).0
    }

    /// It goes on as if nothing had been; who came too often is answered after a while.
    fn assert_well(self) {
        wait_until(|| self.with_token(&self.token) == 200);
        assert_eq!(ask(&self.scene, "GET", "/health", &Value::Null).0, 200);
        self.scene.instep("sync pair").expect(0);
        assert_eq!(self.daemon.stop(), Some(0));
    }
}

fn hear(mut stream: TcpStream) -> Option<(u16, String)> {
    let mut answer = Vec::new();
    // One that was cut is over, too.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer))
}

#[test]
fn a_port_that_is_taken_is_named_and_nothing_is_left_behind() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = taken.local_addr().expect("it has one").to_string();
    let scene = Scene::new();
    scene.append_settings(&format!("[server]\nlisten = ['{address}']\n"));
    scene.instep("serve").expect(3).says(&[&address, "in use", "[server]"]);
    assert!(!scene.state("daemon").exists() && !scene.state("instep.sock").exists());
    scene.instep("sync pair").expect(0);
    drop(taken);
    assert_eq!(Daemon::start(&scene).stop(), Some(0));
}

#[test]
fn wrong_expired_and_revoked_tokens_get_nothing() {
    let service = Service::start();
    assert_eq!(service.get("/items", &format!("Host: {}\r\n", service.address)).0, 401);
    for token in ["", "wrong", &service.token[1..], &format!("{}x", service.token), &"x".repeat(4000)] {
        assert_eq!(service.with_token(token), 401, "{token}");
    }
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(1);
    let order = json!({ "name": "short", "role": "viewer", "expires": soon.to_string() });
    let (status, made) = ask(&service.scene, "POST", "/tokens", &order);
    assert_eq!(status, 201, "{made}");
    let short = made["secret"].as_str().expect("it is told once");
    wait_until(|| service.with_token(short) == 401);
    let (_, tokens) = ask(&service.scene, "GET", "/tokens", &Value::Null);
    let id = tokens["tokens"][0]["id"].as_str().expect("it has one");
    service.scene.instep(&format!("serve token revoke {id}")).expect(0);
    assert_eq!(service.with_token(&service.token), 401);
}

#[test]
fn a_foreign_host_or_origin_gets_nothing_whatever_token_it_has() {
    let service = Service::start();
    let bearer = format!("Authorization: Bearer {}\r\n", service.token);
    for (headers, status) in [
        ("Host: evil.example\r\n", 421),
        ("Host: localhost.evil.example\r\n", 421),
        ("", 400),
        ("Host: localhost\r\nHost: evil.example\r\n", 400),
        ("Host: localhost\r\nOrigin: https://evil.example\r\n", 403),
        ("Host: localhost\r\nOrigin: null\r\n", 403),
        ("Host: localhost\r\n", 200),
    ] {
        assert_eq!(service.get("/items", &format!("{headers}{bearer}")).0, status, "{headers}");
    }
    service.assert_well();
}

#[test]
fn what_is_no_request_or_too_large_a_one_is_refused_and_harms_nobody() {
    let service = Service::start();
    let bearer = format!("Host: localhost\r\nAuthorization: Bearer {}\r\n", service.token);
    let body = "x".repeat(2 << 20);
    let large = format!(
        "POST /api/v1/control/stop HTTP/1.1\r\n{bearer}Content-Type: application/json\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let odd: Vec<Vec<u8>> = vec![
        large.into_bytes(),
        format!("GET /{} HTTP/1.1\r\n{bearer}\r\n", "x".repeat(1 << 20)).into_bytes(),
        format!("GET / HTTP/1.1\r\n{bearer}X-Long: {}\r\n\r\n", "x".repeat(1 << 20)).into_bytes(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(),
        b"GET /api/v1/items HTTP/9.9\r\n\r\n".to_vec(),
        b"\0\0\0\0\r\n\r\n".to_vec(),
        format!("POST /api/v1/control/stop HTTP/1.1\r\n{bearer}Content-Length: -1\r\n\r\n{{}}").into_bytes(),
        format!("POST /api/v1/control/stop HTTP/1.1\r\n{bearer}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
            .into_bytes(),
        format!("GET /api/v1/items/%00%ff/..%2f..%2fetc HTTP/1.1\r\nConnection: close\r\n{bearer}\r\n").into_bytes(),
    ];
    for text in odd {
        let shown = String::from_utf8_lossy(&text[..text.len().min(80)]).into_owned();
        let mut stream = service.connect();
        let _ = stream.write_all(&text);
        // Whatever it waits for does not come.
        let _ = stream.shutdown(std::net::Shutdown::Write);
        if let Some((status, answer)) = hear(stream) {
            assert!((400..500).contains(&status), "{shown}: {answer}");
        }
    }
    service.assert_well();
}

#[test]
fn clients_that_leave_in_the_middle_are_forgotten() {
    let service = Service::start();
    let bearer = format!("Host: localhost\r\nAuthorization: Bearer {}\r\n", service.token);
    let parts = [
        String::new(),
        "GET /api/v1/it".to_owned(),
        format!(
            "POST /api/v1/control/start HTTP/1.1\r\n{bearer}Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{{"
        ),
        format!("GET /api/v1/stream HTTP/1.1\r\n{bearer}\r\n"),
        format!("GET /api/v1/openapi.json HTTP/1.1\r\n{bearer}\r\n"),
        format!(
            "POST /api/v1/items/folders/pair/preview HTTP/1.1\r\n{bearer}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
        ),
    ];
    // More of them than there is room for at once.
    for part in parts.iter().cycle().take(600) {
        let mut stream = service.connect();
        let _ = stream.write_all(part.as_bytes());
    }
    // A flood is told to wait; who waits is answered again.
    wait_until(|| service.with_token(&service.token) == 200);
    let streams = || {
        let (_, text) = service.get("/metrics", &bearer);
        text.lines().any(|line| line == "instep_event_streams 0")
    };
    wait_until(streams);
    service.assert_well();
}

#[test]
fn a_flood_is_told_to_wait_and_the_local_socket_is_another_door() {
    let service = Service::start();
    let head = format!("Host: localhost\r\nAuthorization: Bearer {}\r\n", service.token);
    let request = format!("GET /api/v1/version HTTP/1.1\r\n{head}\r\n");
    let mut stream = service.connect();
    // One connection, as fast as it goes.
    let last = format!("GET /api/v1/version HTTP/1.1\r\nConnection: close\r\n{head}\r\n");
    stream.write_all((request.repeat(2_000) + &last).as_bytes()).expect("it reads");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).expect("it answers all");
    assert!(answers.matches("HTTP/1.1 200").count() >= 200);
    assert!(answers.contains("HTTP/1.1 429") && answers.to_lowercase().contains("retry-after:"));
    assert_eq!(ask(&service.scene, "GET", "/version", &Value::Null).0, 200);
    service.assert_well();
}
