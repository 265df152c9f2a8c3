//! Sessions of programs outside: the rules of the contract, over the wire.

use std::convert::Infallible;

use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::client::conn::http1::handshake;
use hyper::header::HOST;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use syncmgr::ItemId;
use syncmgr::control::Control;
use tokio::net::UnixStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;

use crate::support::{LONG, Service, request};

async fn open(service: &Service, items: &[&str]) -> u64 {
    let items: Vec<Value> = items.iter().map(|item| json!({ "item": item })).collect();
    let opened = service.send(Method::POST, "/api/v1/sessions", &json!({ "items": items })).await;
    assert_eq!(opened.status, 201, "{}", opened.text());
    opened.json()["run"].as_u64().unwrap()
}

async fn call(service: &Service, run: u64, call: Value) -> crate::support::Answer {
    service.send(Method::POST, &format!("/api/v1/sessions/{run}/call"), &call).await
}

#[tokio::test]
async fn a_program_outside_runs_a_session_from_start_to_end() {
    let service = Service::start().await;
    let run = open(&service, &["nightly"]).await;
    let answer =
        call(&service, run, json!({ "call": "progress", "item": "nightly", "step": 1, "max": 4 })).await;
    assert_eq!(answer.json()["cancel"], "none");
    let sessions = service.get("/api/v1/sessions").await.json();
    assert_eq!(sessions["sessions"][0]["items"][0]["percent"], 25);
    call(&service, run, json!({ "call": "phase", "item": "nightly", "phase": "moving" })).await.json();
    let event = json!({
        "call": "event", "item": "nightly", "level": "error", "name": "Odd <b>", "description": "bell \u{7}", "fix": "x"
    });
    assert!(call(&service, run, event).await.json()["event"].is_u64());
    let outcome =
        json!({ "call": "outcome", "item": "nightly", "outcome": "gaps", "counts": { "errors": 1 } });
    call(&service, run, outcome).await.json();
    call(&service, run, json!({ "call": "progress", "item": "nightly", "status": "failed" })).await.json();
    call(&service, run, json!({ "call": "end" })).await.json();
    assert_eq!(call(&service, run, json!({ "call": "can_continue" })).await.fault(), (410, "ended".into()));
    let record = service.get(&format!("/api/v1/runs/{run}")).await.json();
    assert_eq!((&record["outcome"], &record["errors"]), (&"gaps".into(), &1.into()));
}

#[tokio::test]
async fn r1_r2_r10_hold_over_the_wire() {
    let service = Service::start().await;
    let run = open(&service, &["one", "two"]).await;
    let unknown = call(&service, run, json!({ "call": "progress", "item": "three" })).await;
    assert_eq!(unknown.fault(), (400, "invalid_argument".into()));
    call(&service, run, json!({ "call": "progress", "item": "one", "status": "succeeded" })).await.json();
    let late = call(&service, run, json!({ "call": "progress", "item": "one" })).await;
    assert_eq!(late.fault(), (409, "access_denied".into()));
    call(&service, run, json!({ "call": "end" })).await.json();
    let record = service.get(&format!("/api/v1/runs/{run}")).await.json();
    // R1: reported after completion, so failed; R2: never reported, so failed.
    assert_eq!(record["items"][0]["outcome"], "failed");
    assert_eq!(record["items"][1]["outcome"], "failed");
    assert_eq!(call(&service, 99_999, json!({ "call": "end" })).await.fault().0, 404);
    for bad in [json!({}), json!({ "call": "fly" }), json!({ "call": "progress" }), json!([1])] {
        assert_eq!(call(&service, run, bad.clone()).await.fault().0, 400, "{bad}");
    }
}

#[tokio::test]
async fn r3_a_stop_is_in_every_answer_until_it_is_acknowledged() {
    let service = Service::start().await;
    let run = open(&service, &["job"]).await;
    let stopped = service.send(Method::POST, "/api/v1/control/stop", &json!({})).await;
    assert_eq!(stopped.status, 204);
    for _ in 0..3 {
        let answer = call(&service, run, json!({ "call": "progress", "item": "job" })).await;
        assert_eq!(answer.json()["cancel"], "all");
    }
    let go_on = call(&service, run, json!({ "call": "can_continue", "item": "job" })).await;
    assert_eq!(go_on.json()["continue"], false);
    let answer =
        call(&service, run, json!({ "call": "progress", "item": "job", "status": "canceled" })).await;
    assert_eq!(answer.json()["cancel"], "none");
}

#[tokio::test]
async fn r8_r9_further_and_new_items_join_a_session() {
    let service = Service::start().await;
    let run = open(&service, &["one"]).await;
    call(&service, run, json!({ "call": "add_item", "item": "two", "name": "The second" })).await.json();
    let twice = call(&service, run, json!({ "call": "add_item", "item": "two" })).await;
    assert_eq!(twice.fault(), (400, "invalid_argument".into()));
    call(&service, run, json!({ "call": "propose_item", "item": "three", "name": "Third" })).await.json();
    call(&service, run, json!({ "call": "commit_item", "item": "three" })).await.json();
    let waiting = call(&service, run, json!({ "call": "additional" })).await.json();
    assert_eq!(waiting["waiting"], json!([]));
    call(&service, run, json!({ "call": "end" })).await.json();
    let record = service.get(&format!("/api/v1/runs/{run}")).await.json();
    let names: Vec<&str> =
        record["items"].as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"The second"), "{names:?}");
}

/// A program that talks over a stream.
struct Talk {
    lines: Option<mpsc::Sender<Bytes>>,
    body: Incoming,
    text: String,
}

impl Talk {
    async fn begin(service: &Service, run: u64) -> Self {
        let stream = UnixStream::connect(service.socket()).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let (lines, said) = mpsc::channel(64);
        let body =
            StreamBody::new(ReceiverStream::new(said).map(|bytes| Ok::<_, Infallible>(Frame::data(bytes))));
        let request = Request::post(format!("/api/v1/sessions/{run}/stream"))
            .header(HOST, "localhost")
            .body(body)
            .unwrap();
        let response = timeout(LONG, sender.send_request(request)).await.unwrap().unwrap();
        assert_eq!(response.status(), 200);
        // The connection lives as long as its two halves.
        std::mem::forget(sender);
        Self { lines: Some(lines), body: response.into_body(), text: String::new() }
    }

    async fn say(&self, text: impl Into<Bytes>) {
        self.lines.as_ref().unwrap().send(text.into()).await.unwrap();
    }

    async fn hear(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.text.split_once('\n') {
                let value = serde_json::from_str(line).unwrap();
                self.text = rest.to_owned();
                return Some(value);
            }
            let frame = timeout(LONG, self.body.frame()).await.unwrap()?;
            self.text.push_str(std::str::from_utf8(frame.unwrap().data_ref().unwrap()).unwrap());
        }
    }

    /// Hears until so many lines were read.
    async fn until_read(&mut self, lines: u64) -> Vec<Value> {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|line: &Value| line["read"].as_u64().is_none_or(|read| read < lines)) {
            heard.push(self.hear().await.expect("the stream goes on"));
        }
        heard
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_are_read_however_they_are_cut() {
    let service = Service::start().await;
    let run = open(&service, &["job"]).await;
    let mut talk = Talk::begin(&service, run).await;
    let mut text = String::new();
    for step in 1..=500 {
        text += &format!(
            "{{\"call\":\"progress\",\"item\":\"job\",\"text\":\"f\\u00fc {step}\",\"step\":{step},\"max\":1000}}\r\n"
        );
    }
    for part in text.as_bytes().chunks(37) {
        talk.say(part.to_vec()).await;
    }
    let heard = talk.until_read(500).await;
    assert!(heard.iter().all(|line| line.get("fault").is_none()), "{heard:?}");
    assert_eq!(service.get("/api/v1/live").await.json()["items"][0]["percent"], 50);
    assert_eq!(service.get("/api/v1/live").await.json()["items"][0]["text"], "fü 500");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_reaches_a_stream_that_is_silent() {
    let service = Service::start().await;
    let run = open(&service, &["job"]).await;
    let mut talk = Talk::begin(&service, run).await;
    talk.say("{\"call\":\"progress\",\"item\":\"job\"}\n").await;
    talk.until_read(1).await;
    service.center.stop_sync_all().unwrap();
    loop {
        let heard = talk.hear().await.unwrap();
        if heard["cancel"] == "all" {
            break;
        }
    }
    talk.say("{\"call\":\"progress\",\"item\":\"job\",\"status\":\"canceled\"}\n{\"call\":\"end\"}\n").await;
    while talk.hear().await.is_some() {}
    assert_eq!(service.get(&format!("/api/v1/runs/{run}")).await.json()["outcome"], "canceled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_lines_are_refused_one_by_one_and_too_many_end_the_stream() {
    let service = Service::start().await;
    let run = open(&service, &["job"]).await;
    let mut talk = Talk::begin(&service, run).await;
    talk.say(format!("nonsense\n{{\"call\":\"progress\",\"item\":\"none\"}}\n{}\n\n", "x".repeat(70_000)))
        .await;
    talk.say("{\"call\":\"event\",\"level\":\"information\",\"name\":\"n\",\"description\":\"d\"}\n").await;
    let mut heard = talk.until_read(4).await;
    heard.retain(|line| line.get("line").is_some());
    let codes: Vec<&Value> = heard.iter().map(|line| &line["fault"]["code"]).collect();
    assert_eq!(codes[..3], ["invalid_argument"; 3]);
    assert!(heard[3]["answer"]["event"].is_u64(), "{heard:?}");
    talk.say("nonsense\n".repeat(200)).await;
    while talk.hear().await.is_some() {}
    // The session is not the stream: it goes on.
    assert_eq!(service.get("/api/v1/sessions").await.json()["sessions"][0]["run"], run);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_in_the_middle_can_come_back() {
    let service = Service::start().await;
    let run = open(&service, &["job"]).await;
    let mut talk = Talk::begin(&service, run).await;
    talk.say("{\"call\":\"progress\",\"item\":\"job\",\"step\":1}\n{\"call\":\"prog").await;
    talk.until_read(1).await;
    drop(talk);
    let mut again = Talk::begin(&service, run).await;
    again
        .say("{\"call\":\"progress\",\"item\":\"job\",\"status\":\"succeeded\"}\n{\"call\":\"end\"}\n")
        .await;
    while again.hear().await.is_some() {}
    assert_eq!(service.get(&format!("/api/v1/runs/{run}")).await.json()["outcome"], "done");
}

#[tokio::test]
async fn a_script_reports_in_one_line_and_hears_one_word() {
    let service = Service::start().await;
    let say = |method, word: &str| {
        let request = request(method, &format!("/api/v1/r/-/nightly/{word}"), None);
        service.ask(request)
    };
    assert_eq!(say(Method::POST, "start?rid=7&name=Nightly%20backup").await.text(), "continue\n");
    assert_eq!(say(Method::GET, "progress?rid=7&step=30&text=half").await.text(), "continue\n");
    let item = service.get("/api/v1/items/jobs/nightly").await.json();
    assert_eq!((&item["name"], &item["working"]["percent"]), (&"Nightly backup".into(), &30.into()));
    assert_eq!(say(Method::POST, "event?rid=7&level=warning&text=slow").await.text(), "continue\n");
    service.center.stop_item_sync(service.jobs.id(), &[ItemId::new("nightly").unwrap()]).unwrap();
    assert_eq!(say(Method::POST, "progress?rid=7").await.text(), "cancel\n");
    assert_eq!(say(Method::POST, "end?rid=7&code=3").await.text(), "continue\n");
    let runs = service.get("/api/v1/runs?handler=jobs&item=nightly").await.json();
    assert_eq!(runs["runs"][0]["items"][0]["problem"]["text"], "it ended with exit code 3");
    // An end without a beginning is a run all the same.
    assert_eq!(say(Method::POST, "end?rid=8").await.text(), "continue\n");
    let runs = service.get("/api/v1/runs?handler=jobs&item=nightly").await.json();
    assert_eq!(runs["runs"][0]["outcome"], "done");
    assert_eq!(say(Method::POST, "fly").await.fault().0, 400);
    // From the network the key is a token.
    let foreign = service.ask_tcp(request(Method::POST, "/api/v1/r/guess/nightly/start", None)).await;
    assert_eq!(foreign.fault(), (401, "unauthorized".into()));
    let new = wire::NewToken { name: "cron".into(), role: wire::Role::Operator, expires: None };
    let key = service.parts.access().create_token(&new).unwrap().1;
    let ours = service.ask_tcp(request(Method::POST, &format!("/api/v1/r/{key}/nightly/start"), None)).await;
    assert_eq!(ours.text(), "continue\n");
}
