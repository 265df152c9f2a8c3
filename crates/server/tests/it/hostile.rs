//! Requests that are too large, too slow, too many, or never finished.

use std::num::NonZeroU32;
use std::time::Duration;

use hyper::Method;
use hyper::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use serde_json::json;
use server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use wire::{NewToken, Role};

use crate::support::{LONG, ODD_NAME, Service, request};

/// Everything that comes back until the service closes.
async fn heard(mut stream: impl AsyncReadExt + Unpin) -> String {
    let mut answer = Vec::new();
    // One that was cut is over, too.
    let _ = timeout(LONG, stream.read_to_end(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn what_is_too_large_is_refused_in_words() {
    let service = Service::start().await;
    let large = json!({ "text": "x".repeat(2 * 1024 * 1024) });
    let answer = service.send(Method::POST, "/api/v1/settings/check", &large).await;
    assert_eq!(answer.fault(), (413, "too_large".into()));
    let mut stream = UnixStream::connect(service.socket()).await.unwrap();
    let head =
        format!("GET /api/v1/version HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n", "x".repeat(200_000));
    // It may close before all of it was taken.
    let _ = stream.write_all(head.as_bytes()).await;
    let answer = heard(stream).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    let many = format!("/api/v1/items?search={}", "x".repeat(300));
    assert_eq!(service.get(&many).await.fault(), (400, "invalid_argument".into()));
    assert_eq!(service.get("/api/v1/version").await.status, 200);
}

#[tokio::test]
async fn whoever_is_too_slow_is_not_waited_for() {
    let limits = Limits { patience: Duration::from_millis(100), ..Limits::default() };
    let service = Service::with(limits).await;
    // A head that does not end.
    let mut slow = TcpStream::connect(service.address).await.unwrap();
    slow.write_all(b"GET /api/v1/items HTTP/1.1\r\nHost: local").await.unwrap();
    let answer = heard(slow).await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // A body that does not come.
    let mut slow = UnixStream::connect(service.socket()).await.unwrap();
    let head = "POST /api/v1/control/stop HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99\r\nConnection: close\r\n\r\n{";
    slow.write_all(head.as_bytes()).await.unwrap();
    let answer = heard(slow).await;
    assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"too_slow\""), "{answer}");
}

#[tokio::test]
async fn a_flood_is_told_to_wait_and_keeps_nobody_else_out() {
    let service = Service::with(Limits { rate: NonZeroU32::MIN, ..Limits::default() }).await;
    let new = NewToken { name: "test".into(), role: Role::Viewer, expires: None };
    let secret = service.parts.access().create_token(&new).unwrap().1;
    let ask = || {
        let mut request = request(Method::GET, "/api/v1/version", None);
        let bearer = HeaderValue::from_str(&format!("Bearer {secret}")).unwrap();
        request.headers_mut().insert(AUTHORIZATION, bearer);
        service.ask_tcp(request)
    };
    let mut refused = ask().await;
    while refused.status == 200 {
        refused = ask().await;
    }
    assert_eq!(refused.fault(), (429, "too_many_requests".into()));
    let seconds: u64 = refused.headers[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&seconds), "{seconds}");
    assert_eq!(service.get("/api/v1/version").await.status, 200, "the local socket is another door");
}

#[tokio::test]
async fn clients_that_leave_in_the_middle_leave_nothing_behind() {
    let limits = Limits { connections: 4, ..Limits::default() };
    let service = Service::with(limits).await;
    let parts: [&[u8]; 5] = [
        b"",
        b"GET /api/v1/it",
        b"POST /api/v1/control/stop HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{",
        b"GET /api/v1/export/events?format=jsonl HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n",
        b"\x16\x03\x01\x02\x00\xff\xff\x00",
    ];
    // More often than there is room for connections.
    for part in parts.iter().cycle().take(40) {
        let mut stream = timeout(LONG, UnixStream::connect(service.socket())).await.unwrap().unwrap();
        stream.write_all(part).await.unwrap();
        drop(stream);
    }
    let answer = timeout(LONG, service.get("/api/v1/items")).await.unwrap();
    assert_eq!(answer.json()["total"], 5);
}

#[tokio::test]
async fn whatever_a_text_holds_comes_back_as_it_was_and_as_text() {
    let service = Service::start().await;
    let order = json!({ "items": [{ "item": "<b>\u{7}..", "name": ODD_NAME }] });
    let run = service.send(Method::POST, "/api/v1/sessions", &order).await.json()["run"].clone();
    let call = format!("/api/v1/sessions/{run}/call");
    let event = json!({ "call": "event", "item": "<b>\u{7}..", "level": "error", "name": ODD_NAME, "description": "<script>\u{1b}]0;x\u{7} =cmd|' /C calc'!A0" });
    assert_eq!(service.send(Method::POST, &call, &event).await.status, 200);
    let end = json!({ "call": "end" });
    assert_eq!(service.send(Method::POST, &call, &end).await.status, 200);
    service.center.store().flush().unwrap();
    let found = service.get("/api/v1/events?search=%3Cscript%3E").await;
    assert_eq!(found.headers["content-type"], "application/json");
    let found = found.json();
    assert_eq!(found["events"][0]["name"], ODD_NAME);
    assert_eq!(found["events"][0]["description"], event["description"]);
    assert!(service.get("/api/v1/items?search=img").await.json()["total"].as_u64() > Some(0));
}

#[tokio::test]
async fn lists_of_results_are_read_compressed_to_their_end() {
    let service = Service::start().await;
    service.run("bad").await;
    for path in ["export/events", "export/runs", "export/events?format=jsonl", "items", "runs"] {
        let mut asked = request(Method::GET, &format!("/api/v1/{path}"), None);
        asked.headers_mut().insert("accept-encoding", HeaderValue::from_static("gzip"));
        let answer = service.ask(asked).await;
        assert_eq!(answer.status, 200);
        assert!(!answer.body.is_empty(), "{path}");
    }
}
