//! The daemon, as commands ask it: its API at the socket of the home, one request at a time.

mod attended;
mod beforehand;
mod changes;
mod orders;
mod sessions;
mod settle;
mod there;
mod through;

use std::path::PathBuf;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use wire::{Fault, PageLink, Version};

use crate::exit::{Exit, Failure};
use crate::places::Places;
use crate::serve::claim::Address;
use orders::options;
pub(crate) use settle::settle;
pub(crate) use there::There;
pub(crate) use through::{Order, follow};

/// How long a daemon may take to show that it is there. One that is stopped or hangs is as good as none.
const HELLO: Duration = Duration::from_secs(2);
/// How long an answer may take. Whatever takes longer is started and asked for.
const ANSWER: Duration = Duration::from_secs(30);

/// The daemon of this home, which answers.
pub(crate) struct Daemon {
    runtime: Runtime,
    address: Address,
}

/// Why a request came to nothing.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// It was refused.
    Refused(Box<Fault>),
    /// The daemon does not answer, or not in words that are understood.
    Silent(String),
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Refused(fault) => {
                let fault = *fault;
                let exit = if fault.status == 404 { Exit::Usage } else { Exit::Failed };
                let failure = Self::new(exit, fault.detail);
                match fault.fix {
                    Some(fix) => failure.tip(fix),
                    None => failure,
                }
            }
            Trouble::Silent(why) => Self::failed(format!("the daemon does not answer: {why}"))
                .tip("`instep status` shows whether it is there; what it was doing is in `instep results`"),
        }
    }
}

impl Daemon {
    /// The daemon, if there is one and it answers.
    pub(crate) fn find(places: &Places) -> Option<Self> {
        let address = Address::read(places)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        let daemon = Self { runtime, address };
        let hello: Version = daemon.ask(Method::GET, "/version", None::<&()>, HELLO).ok()?;
        (hello.program == "instep").then_some(daemon)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.address.pid
    }

    /// When it began, in milliseconds since 1970.
    pub(crate) fn started(&self) -> i64 {
        self.address.started
    }

    /// A link that opens its page, once; none when it listens at its local socket only.
    pub(crate) fn page_link(&self) -> Result<Option<String>, Trouble> {
        let answer: PageLink = self.ask(Method::POST, "/page-link", None::<&()>, ANSWER)?;
        Ok(answer.link)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        self.ask(Method::GET, path, None::<&()>, ANSWER)
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Trouble> {
        self.ask(method, path, Some(body), ANSWER)
    }

    fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&impl Serialize>,
        patience: Duration,
    ) -> Result<T, Trouble> {
        let request = request(method, path, body)?;
        let exchange = exchange(self.address.socket.clone(), request);
        let answer = self.runtime.block_on(async { tokio::time::timeout(patience, exchange).await });
        let answer =
            answer.map_err(|_| Trouble::Silent(format!("nothing was heard for {} s", patience.as_secs())))?;
        read(answer)
    }

    /// Asks for something that takes as long as it takes. It goes on while something else is waited for here.
    fn ask_for_long(&self, method: Method, path: &str, body: &impl Serialize) -> Result<Pending, Trouble> {
        let request = request(method, path, Some(body))?;
        let exchange = exchange(self.address.socket.clone(), request);
        Ok(Pending { answer: self.runtime.spawn(exchange) })
    }

    /// The answer that was waited for; none before there is one.
    fn answered<T: DeserializeOwned>(&self, pending: &mut Pending) -> Option<Result<T, Trouble>> {
        if !pending.answer.is_finished() {
            return None;
        }
        let silent = |why: &dyn std::fmt::Display| Trouble::Silent(why.to_string());
        let answer = self.runtime.block_on(&mut pending.answer);
        Some(answer.map_err(|error| silent(&error)).and_then(read))
    }
}

/// A request whose answer may take long.
struct Pending {
    answer: JoinHandle<Answered>,
}

fn request(
    method: Method,
    path: &str,
    body: Option<&impl Serialize>,
) -> Result<Request<Full<Bytes>>, Trouble> {
    let silent = |why: &dyn std::fmt::Display| Trouble::Silent(why.to_string());
    let body = body.map(serde_json::to_vec).transpose().map_err(|error| silent(&error))?;
    Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(HOST, "localhost")
        .header(CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body.unwrap_or_default())))
        .map_err(|error| silent(&error))
}

fn read<T: DeserializeOwned>(answer: Answered) -> Result<T, Trouble> {
    let silent = |why: &dyn std::fmt::Display| Trouble::Silent(why.to_string());
    let (status, bytes) = answer.map_err(|error| silent(&error))?;
    if !status.is_success() {
        let fault = serde_json::from_slice(&bytes);
        return Err(fault.map_or_else(|_| silent(&status), |fault| Trouble::Refused(Box::new(fault))));
    }
    // What has no answer is `null`, which nothing but a unit is read from.
    let text: &[u8] = if bytes.is_empty() { b"null" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| silent(&error))
}

type Broken = Box<dyn std::error::Error + Send + Sync>;
type Answered = Result<(StatusCode, Bytes), Broken>;

/// A connection, which ends with this: nothing else is asked on it. Why it ended early the answer says.
struct Line(JoinHandle<Result<(), hyper::Error>>);

impl Drop for Line {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn send(socket: PathBuf, request: Request<Full<Bytes>>) -> Result<(Response<Incoming>, Line), Broken> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let line = Line(tokio::spawn(connection));
    Ok((sender.send_request(request).await?, line))
}

async fn exchange(socket: PathBuf, request: Request<Full<Bytes>>) -> Answered {
    let (response, _line) = send(socket, request).await?;
    let status = response.status();
    Ok((status, response.into_body().collect().await?.to_bytes()))
}
