//! Calls of a session as lines on one connection, both ways at once.
//!
//! Programs that report every file say a lot. A line with progress is read where it lies in the received bytes and given
//! to the session at once; what it heard goes back once for everything that came together.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use center::Outside;
use futures_util::{StreamExt, stream};
use syncmgr::{CancelRequest, ItemId, ProgressStatus, Refusal};
use tokio_util::sync::CancellationToken;
use wire::{Call, Heard, ProgressLine};

use super::sessions::{perform, session};
use crate::failure::Failure;
use crate::input::Path;
use crate::parts::Parts;

/// How many identifiers are remembered at once.
const REMEMBERED: usize = 16 * 1024;
/// The longest line.
const LONGEST: usize = 64 * 1024;
/// So many lines that cannot be read, and the stream ends.
const PATIENCE: u32 = 100;
/// How often a silent stream is looked at for a stop.
const LOOK: Duration = Duration::from_millis(200);

/// Calls as lines, both ways on one connection
///
/// The body is any number of lines, each a `Call`; the answer any number of lines, each a `Heard`. The end of the body ends
/// the stream and not the session: a program that comes back goes on, and its lease runs.
#[utoipa::path(
    post, path = "/sessions/{run}/stream", tag = "sessions", params(("run" = u64, Path)),
    request_body(content = Call, content_type = "application/x-ndjson"),
    responses((status = OK, content_type = "application/x-ndjson", body = Heard))
)]
pub(super) async fn lines(
    State(parts): State<Parts>,
    Path(run): Path<u64>,
    body: Body,
) -> Result<Response, Failure> {
    let reader = Reader {
        session: session(&parts, run)?,
        body: body.into_data_stream(),
        closing: parts.closing().clone(),
        rest: Vec::new(),
        skipping: false,
        lines: 0,
        bad: 0,
        items: HashMap::new(),
        asked: CancelRequest::None,
        over: false,
    };
    let heard = stream::unfold(reader, |mut reader| async move {
        let text = reader.next().await?;
        Some((Ok::<_, Infallible>(Bytes::from(text)), reader))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(heard.fuse())).into_response())
}

/// One stream.
struct Reader {
    session: Outside,
    body: BodyDataStream,
    closing: CancellationToken,
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// In the middle of a line that is too long.
    skipping: bool,
    lines: u64,
    bad: u32,
    /// Items that lines were about, so that an identifier is checked once.
    items: HashMap<Box<str>, ItemId>,
    /// The stop that the program was told of last.
    asked: CancelRequest,
    over: bool,
}

/// What lines of one part heard.
#[derive(Default)]
struct Part {
    text: Vec<u8>,
    cancel: CancelRequest,
    /// The items that are to be stopped.
    stop: Vec<ItemId>,
}

impl Reader {
    /// What is said next; none at the end.
    async fn next(&mut self) -> Option<Vec<u8>> {
        if self.over {
            return None;
        }
        loop {
            let part = tokio::select! {
                part = self.body.next() => part,
                () = tokio::time::sleep(LOOK) => {
                    let asked = self.session.asked(None);
                    if asked == self.asked {
                        continue;
                    }
                    return Some(self.say(Part { cancel: asked, ..Part::default() }));
                }
                () = self.closing.cancelled() => return None,
            };
            return match part {
                Some(Ok(bytes)) => Some(self.read(&bytes)),
                // The client is gone, or has said all: its last line needs no end.
                Some(Err(_)) => None,
                None => {
                    self.over = true;
                    let rest = std::mem::take(&mut self.rest);
                    let mut part = Part::default();
                    self.line(&rest, &mut part);
                    Some(self.say(part))
                }
            };
        }
    }

    /// Reads what has come: whole lines where they lie, the beginning of the last one for later.
    fn read(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut part = Part::default();
        let mut left = bytes;
        while let Some(end) = memchr::memchr(b'\n', left) {
            let (line, after) = left.split_at(end);
            left = after.get(1..).unwrap_or_default();
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if self.rest.is_empty() {
                self.line(line, &mut part);
            } else {
                let mut whole = std::mem::take(&mut self.rest);
                whole.extend_from_slice(line);
                self.line(&whole, &mut part);
                whole.clear();
                self.rest = whole;
            }
            if self.over {
                return self.say(part);
            }
        }
        if !self.skipping {
            self.rest.extend_from_slice(left);
        }
        if self.rest.len() > LONGEST {
            self.rest.clear();
            self.skipping = true;
            self.lines += 1;
            self.refuse(Failure::bad_request(format!("a line has at most {LONGEST} bytes")), true, &mut part);
        }
        self.say(part)
    }

    fn line(&mut self, line: &[u8], part: &mut Part) {
        if line.trim_ascii().is_empty() {
            return;
        }
        self.lines += 1;
        match serde_json::from_slice::<ProgressLine<'_>>(line) {
            Ok(progress) if progress.call == "progress" => self.progress(&progress, part),
            _ => self.call(line, part),
        }
    }

    /// What streams are full of.
    fn progress(&mut self, line: &ProgressLine<'_>, part: &mut Part) {
        let status = line.status.map_or(ProgressStatus::Updating, Into::into);
        let item = match item(&mut self.items, line.item) {
            Ok(item) => item,
            Err(refusal) => return self.refuse(refusal.into(), false, part),
        };
        match self.session.report_progress(item, line.text, status, line.step, line.max) {
            Ok(CancelRequest::None) => {}
            Ok(asked) => {
                part.cancel = part.cancel.max(asked);
                if !part.stop.contains(item) {
                    part.stop.push(item.clone());
                }
            }
            Err(refusal) => self.refuse(refusal.into(), false, part),
        }
    }

    fn call(&mut self, line: &[u8], part: &mut Part) {
        let call: Call = match serde_json::from_slice(line) {
            Ok(call) => call,
            Err(error) => {
                let failure = Failure::bad_request(format!("this is no call: {error}"));
                return self.refuse(failure, true, part);
            }
        };
        let asks = matches!(
            call,
            Call::Event { .. }
                | Call::CanContinue { .. }
                | Call::Additional {}
                | Call::AddItem { .. }
                | Call::CommitItem { .. }
        );
        self.over = matches!(call, Call::End { .. });
        // Some calls wait for the store: others of this runtime go on meanwhile.
        match tokio::task::block_in_place(|| perform(&self.session, call)) {
            Ok(answer) => {
                part.cancel = part.cancel.max(answer.cancel.into());
                if asks {
                    write(&mut part.text, &Heard::Answered { line: self.lines, answer });
                }
            }
            Err(failure) => self.refuse(failure, false, part),
        }
    }

    fn refuse(&mut self, failure: Failure, unreadable: bool, part: &mut Part) {
        self.bad += u32::from(unreadable);
        if self.bad >= PATIENCE || failure.is_end() {
            self.over = true;
        }
        write(&mut part.text, &Heard::Refused { line: self.lines, fault: failure.into_fault() });
    }

    /// What a part heard, with how far the stream was read.
    fn say(&mut self, part: Part) -> Vec<u8> {
        let Part { mut text, cancel, stop } = part;
        self.asked = cancel;
        let items = stop.iter().map(ToString::to_string).collect();
        write(&mut text, &Heard::Read { read: self.lines, cancel: cancel.into(), items });
        text
    }
}

/// The item of that name. A program that makes names up fills no memory.
fn item<'a>(known: &'a mut HashMap<Box<str>, ItemId>, id: &str) -> Result<&'a ItemId, Refusal> {
    if !known.contains_key(id) {
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(id.into(), ItemId::new(id)?);
    }
    known.get(id).ok_or(Refusal::Ended)
}

/// One line. Structures of texts and numbers can always be written.
fn write(text: &mut Vec<u8>, heard: &Heard) {
    if serde_json::to_writer(&mut *text, heard).is_ok() {
        text.push(b'\n');
    }
}
