//! The daemon's stream of changes, read as it comes.

use std::collections::VecDeque;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use syncmgr::HandlerId;
use wire::Change;

use super::orders::segment;
use super::{Daemon, HELLO, Line, request, send};

/// Where one message ends and the next begins.
const END: &[u8] = b"\n\n";

/// A place in the stream.
pub(super) struct Changes {
    body: Incoming,
    _line: Line,
    /// What has come and is no whole message yet.
    rest: Vec<u8>,
    read: VecDeque<Change>,
}

/// What was heard.
pub(super) enum Heard {
    Change(Box<Change>),
    Nothing,
    /// Nothing more comes.
    Over,
}

impl Daemon {
    /// Opens the stream: of one handler, or of all. None when the daemon has no room for one more; then whoever wants to
    /// know something asks for it.
    pub(super) fn changes(&self, of: Option<&HandlerId>) -> Option<Changes> {
        let filter = of.map(|handler| format!("?handler={}", segment(handler.as_str()))).unwrap_or_default();
        let request = request(Method::GET, &format!("/stream{filter}"), None::<&()>).ok()?;
        let opened = send(self.address.socket.clone(), request);
        let opened = self.runtime.block_on(async { tokio::time::timeout(HELLO, opened).await });
        let (response, line) = opened.ok()?.ok()?;
        response.status().is_success().then(|| Changes {
            body: response.into_body(),
            _line: line,
            rest: Vec::new(),
            read: VecDeque::new(),
        })
    }

    /// What comes next, within that time.
    pub(super) fn hear(&self, changes: &mut Changes, patience: Duration) -> Heard {
        let next = async { tokio::time::timeout(patience, changes.next()).await };
        match self.runtime.block_on(next) {
            Ok(Some(change)) => Heard::Change(Box::new(change)),
            Ok(None) => Heard::Over,
            Err(_) => Heard::Nothing,
        }
    }
}

impl Changes {
    /// The next change; none at the end. Whoever stops waiting for it has missed nothing.
    async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(change) = self.read.pop_front() {
                return Some(change);
            }
            let frame = self.body.frame().await?.ok()?;
            if let Ok(data) = frame.into_data() {
                self.take(&data);
            }
        }
    }

    fn take(&mut self, data: &[u8]) {
        self.rest.extend_from_slice(data);
        let Some(end) = self.rest.windows(END.len()).rposition(|window| window == END) else { return };
        let whole: Vec<u8> = self.rest.drain(..end + END.len()).collect();
        // Each message has its data in one line.
        let lines = whole.split(|byte| *byte == b'\n').filter_map(|line| line.strip_prefix(b"data: "));
        // One that is not understood is of a later version, and says at least that something is new.
        let anew = |_| Change::Reload;
        self.read.extend(lines.map(|line| serde_json::from_slice(line).unwrap_or_else(anew)));
    }
}
