//! Figures for a monitor, in the text format of Prometheus.
//!
//! Names are documented in `docs/api.md`, and none has a label that grows with what people have: no items, no paths.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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

/// For how long nothing but the clock may have changed until how items stand is looked at again.
const GLANCE: Duration = Duration::from_secs(1);

/// How all items stood when they were looked at last. To look at ten thousand costs something: nobody can make the service
/// do so again and again while nothing happens.
#[derive(Default)]
pub(crate) struct Glance {
    last: Mutex<Option<Look>>,
}

struct Look {
    at: Instant,
    edition: (u64, i64),
    figures: Figures,
}

/// What of items is counted.
#[derive(Clone, Default)]
struct Figures {
    by_headline: [u64; Headline::ALL.len()],
    conflicts: u64,
    oldest_good: Option<u64>,
}

impl Glance {
    fn figures(&self, center: &Center) -> Result<Figures, Failure> {
        // Of several who ask at once, one looks.
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let edition = center.edition()?;
        if let Some(look) = last.as_ref().filter(|look| look.edition == edition && look.at.elapsed() < GLANCE)
        {
            return Ok(look.figures.clone());
        }
        let at = Instant::now();
        let figures = Figures::of(center)?;
        *last = Some(Look { at, edition, figures: figures.clone() });
        Ok(figures)
    }
}

impl Figures {
    fn of(center: &Center) -> Result<Self, Failure> {
        let mut figures = Self::default();
        for item in center.status()?.into_iter().flat_map(|handler| handler.items) {
            let count = Headline::ALL.iter().position(|headline| *headline == item.headline);
            if let Some(count) = count.and_then(|at| figures.by_headline.get_mut(at)) {
                *count += 1;
            }
            figures.conflicts += item.conflicts;
            if item.switches.enabled {
                let good = item.last_good.map_or(0, |(_, ended)| u64::try_from(ended / 1000).unwrap_or(0));
                figures.oldest_good = Some(figures.oldest_good.map_or(good, |oldest| oldest.min(good)));
            }
        }
        Ok(figures)
    }
}

/// All figures as they are now.
pub(crate) fn render(
    center: &Center,
    glance: &Glance,
    tally: &Tally,
    streams: usize,
) -> Result<String, Failure> {
    let figures = glance.figures(center)?;
    let live = center.live();
    let mut page = Page::default();
    page.family("instep_items", "gauge", "Items, by how they stand.");
    for (headline, count) in Headline::ALL.iter().zip(figures.by_headline) {
        page.labeled("instep_items", "headline", headline.word(), count);
    }
    page.one("instep_items_working", "Items with a session.", live.items.len() as u64);
    page.one("instep_items_waiting", "Items that wait for their turn.", live.waiting.len() as u64);
    page.one("instep_conflicts_open", "Conflicts that need a decision.", figures.conflicts);
    page.one(
        "instep_oldest_good_run_timestamp_seconds",
        "End of the last good run of the enabled item that waits longest for one; 0: never.",
        figures.oldest_good.unwrap_or(0),
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
