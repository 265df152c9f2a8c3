//! Figures for a monitor, in the text format of Prometheus.
//!
//! Names are documented in `docs/api.md`, and none has a label that grows with what people have: no items, no paths.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use center::{Center, Headline};

use crate::failure::Failure;
use crate::parts::Parts;

/// How many requests were answered how: with 2xx, 3xx, 4xx, 5xx.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    answers: [AtomicU64; 4],
}

/// Counts an answer.
pub(crate) async fn count(State(parts): State<Parts>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let class = usize::from(response.status().as_u16() / 100);
    if let Some(answers) = class.checked_sub(2).and_then(|class| parts.tally().answers.get(class)) {
        answers.fetch_add(1, Ordering::Relaxed);
    }
    response
}

/// All figures as they are now.
pub(crate) fn render(center: &Center, tally: &Tally, streams: usize) -> Result<String, Failure> {
    let items: Vec<_> = center.status()?.into_iter().flat_map(|handler| handler.items).collect();
    let live = center.live();
    let mut page = Page::default();
    page.family("instep_items", "gauge", "Items, by how they stand.");
    for headline in Headline::ALL {
        let count = items.iter().filter(|item| item.headline == headline).count();
        page.labeled("instep_items", "headline", headline.word(), count as u64);
    }
    page.one("instep_items_working", "Items with a session.", live.items.len() as u64);
    page.one("instep_items_waiting", "Items that wait for their turn.", live.waiting.len() as u64);
    let conflicts = items.iter().map(|item| item.conflicts).sum();
    page.one("instep_conflicts_open", "Conflicts that need a decision.", conflicts);
    let oldest = items
        .iter()
        .filter(|item| item.switches.enabled)
        .map(|item| item.last_good.map_or(0, |(_, ended)| u64::try_from(ended / 1000).unwrap_or(0)));
    page.one(
        "instep_oldest_good_run_timestamp_seconds",
        "End of the last good run of the enabled item that waits longest for one; 0: never.",
        oldest.min().unwrap_or(0),
    );
    let trouble = center.store().trouble().is_some();
    page.one("instep_store_trouble", "1 when the last results could not be written.", u64::from(trouble));
    page.one("instep_event_streams", "Open event streams.", streams as u64);
    page.family("instep_http_requests_total", "counter", "Requests answered, by the class of the status.");
    for (class, answers) in ["2xx", "3xx", "4xx", "5xx"].iter().zip(&tally.answers) {
        page.labeled("instep_http_requests_total", "status", class, answers.load(Ordering::Relaxed));
    }
    Ok(page.text)
}

/// Text under construction. Writing into a string cannot fail.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn labeled(&mut self, name: &str, label: &str, value: &str, number: u64) {
        let _ = writeln!(self.text, "{name}{{{label}=\"{value}\"}} {number}");
    }

    fn one(&mut self, name: &str, help: &str, number: u64) {
        self.family(name, "gauge", help);
        let _ = writeln!(self.text, "{name} {number}");
    }
}
