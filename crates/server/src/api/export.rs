//! The results as files, of any length: written page by page while they are taken.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use center::{Center, EventQuery, Order, RunQuery};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use syncmgr::{HandlerId, ItemId, RunId};
use wire::{Event, EventOrder, ExportEvents, ExportFormat, ExportRuns, Run, RunItem, Time};

use super::runs::item_without_handler;
use crate::convert;
use crate::failure::Failure;
use crate::input::{self, Query};
use crate::parts::Parts;
use crate::table;

/// How much is read at once.
const PAGE: u32 = 1000;

/// Runs as a file
///
/// Each item of a run is a line of the table; of JSON each line is a run.
#[utoipa::path(
    get, path = "/export/runs", tag = "runs", params(ExportRuns),
    responses((status = OK, content((String = "text/csv"), (Run = "application/x-ndjson"))))
)]
pub(super) async fn export_runs(
    State(parts): State<Parts>,
    Query(wanted): Query<ExportRuns>,
) -> Result<Response, Failure> {
    let (handler, item) = of(wanted.handler.as_deref(), wanted.item.as_deref())?;
    let query = RunQuery {
        handler,
        item,
        outcome: wanted.outcome.map(Into::into),
        since: wanted.since.map(|time| time.0),
        until: wanted.until.map(|time| time.0),
        text: input::search(wanted.search)?,
        limit: Some(PAGE),
        ..RunQuery::default()
    };
    file(parts, Source::Runs(query), wanted.format).await
}

/// Events as a file
#[utoipa::path(
    get, path = "/export/events", tag = "events", params(ExportEvents),
    responses((status = OK, content((String = "text/csv"), (Event = "application/x-ndjson"))))
)]
pub(super) async fn export_events(
    State(parts): State<Parts>,
    Query(wanted): Query<ExportEvents>,
) -> Result<Response, Failure> {
    let (handler, item) = of(wanted.handler.as_deref(), wanted.item.as_deref())?;
    let query = EventQuery {
        run: wanted.run.map(RunId),
        handler,
        item,
        level: wanted.level.map(Into::into),
        text: input::search(wanted.search)?,
        after: None,
        order: match wanted.order {
            EventOrder::Newest => Order::NewestFirst,
            EventOrder::Oldest => Order::OldestFirst,
        },
        limit: Some(PAGE),
    };
    file(parts, Source::Events(query), wanted.format).await
}

fn of(handler: Option<&str>, item: Option<&str>) -> Result<(Option<HandlerId>, Option<ItemId>), Failure> {
    let handler = input::id(handler, HandlerId::new)?;
    let item = input::id(item, ItemId::new)?;
    if item.is_some() && handler.is_none() { Err(item_without_handler()) } else { Ok((handler, item)) }
}

/// What is written, and from where on.
enum Source {
    Runs(RunQuery),
    Events(EventQuery),
}

impl Source {
    fn name(&self) -> &'static str {
        match self {
            Self::Runs(_) => "runs",
            Self::Events(_) => "events",
        }
    }

    fn heading(&self) -> &'static [&'static str] {
        match self {
            Self::Runs(_) => RUN_CELLS,
            Self::Events(_) => EVENT_CELLS,
        }
    }

    /// The next page; gives what comes after it, if anything can.
    fn page(self, center: &Center, format: ExportFormat) -> Result<(Vec<u8>, Option<Self>), Failure> {
        match self {
            Self::Runs(mut query) => {
                let runs = center.store().runs(&query)?;
                let full = runs.len() == PAGE as usize;
                query.before = runs.last().map(|run| run.id);
                let runs = runs.into_iter().map(|run| convert::run(center, run));
                let text =
                    write(runs, format, |run| run.items.iter().map(|item| run_cells(run, item)).collect());
                Ok((text, full.then_some(Self::Runs(query))))
            }
            Self::Events(mut query) => {
                let page = center.events(&query)?;
                query.after = page.next;
                let events = page.events.into_iter().map(Event::from);
                let text = write(events, format, |event| vec![event_cells(event)]);
                Ok((text, page.next.map(|_| Self::Events(query))))
            }
        }
    }
}

fn write<T: Serialize>(
    rows: impl Iterator<Item = T>,
    format: ExportFormat,
    cells: impl Fn(&T) -> Vec<Vec<String>>,
) -> Vec<u8> {
    let mut text = Vec::new();
    for row in rows {
        match format {
            ExportFormat::Csv => cells(&row).iter().for_each(|cells| table::line(&mut text, cells)),
            // Structures of texts and numbers can always be written.
            ExportFormat::Jsonl => {
                if serde_json::to_writer(&mut text, &row).is_ok() {
                    text.push(b'\n');
                }
            }
        }
    }
    text
}

/// What goes wrong with the first page is an answer of its own; with a later one the file is cut, so that nobody takes a
/// part for the whole.
async fn file(parts: Parts, source: Source, format: ExportFormat) -> Result<Response, Failure> {
    let name = source.name();
    let mut begin = Vec::new();
    let (kind, extension) = match format {
        ExportFormat::Csv => {
            let heading: Vec<String> = source.heading().iter().copied().map(str::to_owned).collect();
            table::line(&mut begin, &heading);
            ("text/csv; charset=utf-8", "csv")
        }
        ExportFormat::Jsonl => ("application/x-ndjson", "jsonl"),
    };
    let (first, rest) = parts.ask(move |center| source.page(center, format)).await?;
    begin.extend(first);
    let rest = stream::unfold((parts, rest), move |(parts, source)| async move {
        let source = source?;
        match parts.ask(move |center| source.page(center, format)).await {
            Ok((text, rest)) => Some((Ok(Bytes::from(text)), (parts, rest))),
            Err(failure) => Some((Err(io::Error::other(failure.into_fault().detail)), (parts, None))),
        }
    });
    // What compresses it asks once more after the end.
    let body = stream::once(std::future::ready(Ok(Bytes::from(begin)))).chain(rest).fuse();
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"instep-{name}.{extension}\"")),
    ];
    Ok((headers, Body::from_stream(body)).into_response())
}

const RUN_CELLS: &[&str] = &[
    "run",
    "handler",
    "item",
    "name",
    "started",
    "ended",
    "outcome",
    "errors",
    "a_created",
    "a_updated",
    "a_deleted",
    "a_moved",
    "b_created",
    "b_updated",
    "b_deleted",
    "b_moved",
    "conflicts",
    "failed",
    "skipped",
    "bytes",
    "problem",
    "fix",
];

fn run_cells(run: &Run, item: &RunItem) -> Vec<String> {
    let RunItem { item: id, name, outcome, errors, counts, problem, .. } = item;
    let mut cells = vec![
        run.id.to_string(),
        run.handler.clone(),
        id.clone(),
        name.clone(),
        run.started.to_string(),
        run.ended.as_ref().map(Time::to_string).unwrap_or_default(),
        outcome.map(|outcome| syncmgr::Outcome::from(outcome).word().to_owned()).unwrap_or_default(),
        errors.to_string(),
    ];
    for side in [counts.a, counts.b] {
        cells.extend([side.created, side.updated, side.deleted, side.moved].map(|count| count.to_string()));
    }
    cells.extend(
        [counts.conflicts, counts.errors, counts.skipped, counts.bytes].map(|count| count.to_string()),
    );
    let problem = problem.as_ref();
    cells.push(problem.map(|problem| problem.text.clone()).unwrap_or_default());
    cells.push(problem.and_then(|problem| problem.fix.clone()).unwrap_or_default());
    cells
}

const EVENT_CELLS: &[&str] =
    &["event", "run", "handler", "item", "time", "level", "name", "description", "fix", "link_text", "link"];

fn event_cells(event: &Event) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    vec![
        event.id.to_string(),
        event.run.to_string(),
        event.handler.clone(),
        text(&event.item),
        event.time.to_string(),
        syncmgr::Level::from(event.level).word().to_owned(),
        event.name.clone(),
        event.description.clone(),
        text(&event.fix),
        text(&event.link_text),
        text(&event.link),
    ]
}
