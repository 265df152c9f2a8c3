//! What the commands of runs wrote.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use center::{Center, Log};
use syncmgr::RunId;
use wire::{LogFilter, LogGap, LogLine, RunLog};

use super::runs::unknown_run;
use crate::failure::Failure;
use crate::input::{self, Path, Query};
use crate::parts::Parts;

/// What the command of a run wrote, line by line
#[utoipa::path(
    get, path = "/runs/{run}/log", tag = "runs", params(("run" = u64, Path), LogFilter),
    responses((status = OK, body = RunLog))
)]
pub(super) async fn log(
    State(parts): State<Parts>,
    Path(run): Path<u64>,
    Query(filter): Query<LogFilter>,
) -> Result<Json<RunLog>, Failure> {
    let limit = input::page_size(filter.limit)? as usize;
    let search = input::search(filter.search)?.map(|text| text.to_lowercase());
    parts
        .ask(move |center| {
            let log = read(center, run)?;
            let wanted = |line: &LogLine| {
                line.at >= filter.from
                    && search.as_ref().is_none_or(|text| line.text.to_lowercase().contains(text.as_str()))
            };
            let mut found = lines(&log).filter(wanted);
            let (lines, next) = if filter.tail {
                let all: Vec<LogLine> = found.collect();
                (all[all.len().saturating_sub(limit)..].to_vec(), None)
            } else {
                let lines = found.by_ref().take(limit).collect();
                (lines, found.next().map(|line| line.at))
            };
            let head = log.head.len() as u64;
            let left_out = (log.left_out > 0).then(|| LogGap { from: head, until: head + log.left_out });
            let bytes = head + log.left_out + log.tail.len() as u64;
            Ok(Json(RunLog { run, bytes, left_out, lines, next }))
        })
        .await
}

/// What the command of a run wrote, as it is
#[utoipa::path(
    get, path = "/runs/{run}/log.txt", tag = "runs", params(("run" = u64, Path)),
    responses((status = OK, content_type = "text/plain", body = String))
)]
pub(super) async fn log_text(State(parts): State<Parts>, Path(run): Path<u64>) -> Result<Response, Failure> {
    let text = parts
        .ask(move |center| {
            let Log { head: mut text, left_out, tail } = read(center, run)?;
            if left_out > 0 {
                text.extend(format!("\n[{left_out} bytes are not kept]\n").into_bytes());
                text.extend(tail);
            }
            Ok(text)
        })
        .await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

fn read(center: &Center, run: u64) -> Result<Log, Failure> {
    let store = center.store();
    let unreadable =
        |error: std::io::Error| Failure::internal(format!("the log of run {run} cannot be read: {error}"));
    match store.logs().read(RunId(run)).map_err(unreadable)? {
        Some(log) => Ok(log),
        None if store.run(RunId(run))?.is_none() => Err(unknown_run(run)),
        None => Err(Failure::not_found("no_log", format!("run {run} has no log"))
            .with_fix("only commands write one; the events of the run say what happened")),
    }
}

/// All lines that are kept. Those at the edges of what is not kept may be cut.
fn lines(log: &Log) -> impl Iterator<Item = LogLine> {
    let tail = log.head.len() as u64 + log.left_out;
    of_part(&log.head, 0).chain(of_part(&log.tail, tail))
}

fn of_part(part: &[u8], begin: u64) -> impl Iterator<Item = LogLine> {
    let mut at = begin;
    part.split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        let begin = at;
        at += line.len() as u64;
        LogLine { at: begin, text: String::from_utf8_lossy(text).into_owned() }
    })
}
