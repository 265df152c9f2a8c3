//! The event stream: nothing is lost, and nobody waits for anybody.

use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use server::Limits;
use syncmgr::{ItemId, ProgressStatus};
use tokio::net::UnixStream;
use tokio::time::timeout;

use crate::support::{LONG, Service, request};

/// A client that reads a stream.
struct Reader {
    body: Incoming,
    text: String,
    last_id: String,
    /// Dropped, it closes the connection.
    _sender: SendRequest<Full<Bytes>>,
}

impl Reader {
    async fn open(service: &Service, query: &str, last_id: Option<&str>) -> Self {
        let (status, reader) = Self::try_open(service, query, last_id).await;
        assert_eq!(status, StatusCode::OK);
        reader
    }

    async fn try_open(service: &Service, query: &str, last_id: Option<&str>) -> (StatusCode, Self) {
        let stream = UnixStream::connect(service.socket()).await.unwrap();
        let (mut sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = request(Method::GET, &format!("/api/v1/stream{query}"), None);
        if let Some(id) = last_id {
            request.headers_mut().insert("last-event-id", id.parse().unwrap());
        }
        let response = sender.send_request(request).await.unwrap();
        let status = response.status();
        (
            status,
            Self { body: response.into_body(), text: String::new(), last_id: String::new(), _sender: sender },
        )
    }

    /// The next block of lines.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                if let Some(id) = block.lines().find_map(|line| line.strip_prefix("id: ")) {
                    self.last_id = id.to_owned();
                }
                return Some(block);
            }
            let frame = timeout(LONG, self.body.frame()).await.expect("the stream says something")?;
            self.text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
        }
    }

    /// The next change.
    async fn change(&mut self) -> Value {
        loop {
            let block = self.block().await.expect("the stream goes on");
            if let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) {
                return serde_json::from_str(data).unwrap();
            }
        }
    }

    /// Changes up to the first of that type, with it.
    async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut changes = Vec::new();
        while changes.last().is_none_or(|change: &Value| change["type"] != kind) {
            changes.push(self.change().await);
        }
        changes
    }
}

#[tokio::test]
async fn a_session_is_told_from_its_beginning_to_its_end() {
    let service = Service::start().await;
    let mut reader = Reader::open(&service, "", None).await;
    let run = service.run("bad").await;
    let changes = reader.until("session_ended").await;
    let began = changes.iter().find(|change| change["type"] == "session_began").unwrap();
    assert_eq!((&began["run"], &began["items"][0]), (&run.into(), &"bad".into()));
    assert_eq!(changes.iter().filter(|change| change["type"] == "event").count(), 4);
    let ended = changes.last().unwrap();
    assert_eq!((&ended["outcome"], &ended["errors"]), (&"failed".into(), &3.into()));
}

#[tokio::test]
async fn a_stream_that_was_cut_goes_on_where_it_was() {
    let service = Service::start().await;
    let mut reader = Reader::open(&service, "?progress=false", None).await;
    // Also before anything was told.
    reader.block().await.unwrap();
    let place = reader.last_id.clone();
    drop(reader);
    let first = service.run("good").await;
    let mut reader = Reader::open(&service, "?progress=false", Some(&place)).await;
    let changes = reader.until("session_ended").await;
    assert_eq!(changes.last().unwrap()["run"], first);
    let place = reader.last_id.clone();
    drop(reader);
    let second = service.run("bad").await;
    let mut reader = Reader::open(&service, &format!("?progress=false&since={place}"), None).await;
    let changes = reader.until("session_ended").await;
    assert!(changes.iter().all(|change| change["run"] != first), "nothing twice");
    assert_eq!(changes.last().unwrap()["run"], second);
}

#[tokio::test]
async fn a_place_of_another_life_means_to_look_anew() {
    let service = Service::start().await;
    let mut reader = Reader::open(&service, "", Some("1-1")).await;
    assert_eq!(reader.change().await["type"], "reload");
    service.run("good").await;
    reader.until("session_ended").await;
    let (status, _) = Reader::try_open(&service, "", Some("nonsense")).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_stream_tells_what_it_was_asked_for() {
    let service = Service::start().await;
    let mut good = Reader::open(&service, "?handler=shelf&item=good", None).await;
    let mut errors = Reader::open(&service, "?level=error&progress=false", None).await;
    service.run("bad").await;
    service.run("good").await;
    for change in good.until("session_ended").await {
        assert!(!change.to_string().contains("Torn page"), "{change}");
    }
    let levels: Vec<Value> = errors
        .until("session_ended")
        .await
        .into_iter()
        .filter(|change| change["type"] == "event")
        .map(|change| change["event"]["level"].clone())
        .collect();
    assert_eq!(levels, ["error"; 3]);
}

#[tokio::test]
async fn progress_is_told_ten_times_a_second_and_the_last_word_always() {
    let service = Service::start().await;
    let mut reader = Reader::open(&service, "?handler=jobs", None).await;
    let job = ItemId::new("job").unwrap();
    let session = service.jobs.begin(&service.center, &job).unwrap();
    for step in 0..100_000 {
        session.report_progress(&job, None, ProgressStatus::Updating, step, 100_000).unwrap();
    }
    session.report_progress(&job, None, ProgressStatus::Succeeded, 100_000, 100_000).unwrap();
    drop(session);
    let changes = reader.until("session_ended").await;
    let told = changes.iter().filter(|change| change["type"] == "progress").count();
    assert!(told < 1000, "{told}");
    assert_eq!(changes.last().unwrap()["outcome"], "done");
}

#[tokio::test]
async fn a_reader_who_stands_still_costs_nobody_anything() {
    let service = Service::start().await;
    // It never reads: what is written for it stays in its connection.
    let _idle = Reader::open(&service, "", None).await;
    let mut reader = Reader::open(&service, "?progress=false", None).await;
    for _ in 0..50 {
        service.run("bad").await;
        reader.until("session_ended").await;
    }
}

#[tokio::test]
async fn only_so_many_streams_are_open_and_one_that_ends_makes_room() {
    let service = Service::with(Limits { streams: 1, ..Limits::default() }).await;
    let first = Reader::open(&service, "", None).await;
    let (status, _) = Reader::try_open(&service, "", None).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    drop(first);
    // The service finds out when it next looks at the connection.
    loop {
        let (status, _reader) = Reader::try_open(&service, "", None).await;
        if status == StatusCode::OK {
            break;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn streams_end_with_the_service() {
    let mut service = Service::with(Limits { grace: Duration::from_secs(60), ..Limits::default() }).await;
    let mut reader = Reader::open(&service, "", None).await;
    reader.block().await.unwrap();
    service.end().await;
    assert_eq!(reader.block().await, None);
}
