//! The results over all event stores, and what links open.

use std::sync::{Arc, Mutex};

use center::{EventQuery, Link, Order};
use syncmgr::event::{Event, EventId, EventStore, NewEvent};
use syncmgr::flags::HandlerCapabilities;
use syncmgr::handler::{ItemContainer, ItemList, NamedItem};
use syncmgr::{
    Handler, HandlerError, HandlerId, ItemId, Level, ProgressStatus, Request, RunId, SessionCreator,
};

use crate::support::{World, handler, item};

#[derive(Default)]
struct Lines(Mutex<Vec<Event>>);

impl EventStore for Lines {
    fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().clone()
    }

    fn event(&self, id: EventId) -> Option<Event> {
        self.events().into_iter().find(|event| event.id == id)
    }

    fn remove(&self, ids: &[EventId]) {
        self.0.lock().unwrap().retain(|event| !ids.contains(&event.id));
    }
}

/// Reports a line to the center in every run, and keeps another one itself.
struct Author {
    id: HandlerId,
    items: ItemList,
    lines: Arc<Lines>,
}

impl Handler for Author {
    fn id(&self) -> &HandlerId {
        &self.id
    }

    fn name(&self) -> Result<String, HandlerError> {
        Ok("Author".into())
    }

    fn capabilities(&self) -> HandlerCapabilities {
        HandlerCapabilities::EVENT_STORE
    }

    fn items(&self) -> &dyn ItemContainer {
        &self.items
    }

    fn event_store(&self) -> Option<Arc<dyn EventStore>> {
        Some(Arc::clone(&self.lines) as Arc<dyn EventStore>)
    }

    fn synchronize(
        &self,
        items: &[ItemId],
        creator: &dyn SessionCreator,
        _request: Option<&Request>,
    ) -> Result<(), HandlerError> {
        let session = creator.create_session(&self.id, items)?;
        for item in items {
            let event = |name: &str| NewEvent::new(Some(item), Level::Warning, name, "said");
            session.report_event(event("told"))?;
            let mut lines = self.lines.0.lock().unwrap();
            let id = EventId(lines.len() as u64 + 1);
            let run = session.run_id();
            lines.push(Event { id, handler: self.id.clone(), run, time: 5, event: event("kept") });
            let _ = session.report_progress(item, None, ProgressStatus::Succeeded, 1, 1);
        }
        Ok(())
    }
}

fn author() -> (World, Arc<Lines>) {
    let world = World::new();
    let lines = Arc::<Lines>::default();
    let items: ItemList = ["a", "b"].map(|id| NamedItem::new(item(id), id)).into_iter().collect();
    let author = Author { id: handler(), items, lines: Arc::clone(&lines) };
    world.center.register(Arc::new(author)).unwrap();
    (world, lines)
}

fn names(world: &World, query: &EventQuery) -> Vec<String> {
    world.store.flush().unwrap();
    world.center.events(query).unwrap().events.into_iter().map(|event| event.event.name).collect()
}

#[test]
fn what_a_handler_keeps_stands_in_the_results_beside_what_it_told() {
    let (world, _) = author();
    let run = world.start(&["a", "b"]).wait().runs[0];
    let all = EventQuery::default();
    assert_eq!(names(&world, &all), ["told", "told", "kept", "kept"]);
    let of_run =
        EventQuery { run: Some(run), item: Some(item("a")), handler: Some(handler()), ..all.clone() };
    assert_eq!(names(&world, &of_run), ["told", "kept"]);
    assert!(names(&world, &EventQuery { level: Some(Level::Error), ..all.clone() }).is_empty());
    assert_eq!(names(&world, &EventQuery { text: Some("KEPT".into()), ..all.clone() }).len(), 2);
    assert!(names(&world, &EventQuery { run: Some(RunId(99)), ..all }).is_empty());
}

#[test]
fn a_handlers_own_lines_go_when_their_item_is_synchronized_again() {
    let (world, lines) = author();
    world.start(&["a", "b"]).wait();
    world.start(&["a"]).wait();
    let left: Vec<_> = lines.events().iter().map(|event| (event.run, event.event.item.clone())).collect();
    assert_eq!(left, [(RunId(1), Some(item("b"))), (RunId(2), Some(item("a")))]);
    // What was told to the center stays on record.
    let told = EventQuery { text: Some("told".into()), ..EventQuery::default() };
    assert_eq!(names(&world, &told).len(), 3);
}

#[test]
fn pages_show_each_line_once_in_both_orders() {
    let (world, lines) = author();
    for _ in 0..5 {
        world.start(&["a"]).wait();
    }
    let runs: Vec<RunId> = (1..=5).map(RunId).collect();
    let kept = lines.events().pop().unwrap();
    *lines.0.lock().unwrap() =
        (1..).zip(&runs).map(|(id, run)| Event { id: EventId(id), run: *run, ..kept.clone() }).collect();
    world.store.flush().unwrap();
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let mut query = EventQuery { order, limit: Some(2), ..EventQuery::default() };
        let mut seen = Vec::new();
        loop {
            let page = world.center.events(&query).unwrap();
            seen.extend(page.events.iter().filter(|event| event.event.name == "kept").map(|event| event.run));
            match page.next {
                Some(next) => query.after = Some(next),
                None => break,
            }
        }
        seen.sort();
        assert_eq!(seen, runs, "{order:?}");
    }
}

#[test]
fn a_link_opens_what_it_names_and_nothing_else() {
    let of = |reference: &str| match Link::of(reference) {
        Some(Link::Page(page)) => format!("page {page}"),
        Some(Link::File(path)) => format!("file {path}"),
        Some(Link::Command(line)) => format!("command {line}"),
        Some(Link::Handler(_)) => "handler".into(),
        None => "nothing".into(),
    };
    assert_eq!(of("https://example.org/x"), "page https://example.org/x");
    assert_eq!(of("file:///home/me/a b.txt"), "file /home/me/a b.txt");
    assert_eq!(of("/home/me/log"), "file /home/me/log");
    assert_eq!(of("command: meld a b"), "command meld a b");
    for nothing in ["", "javascript:alert(1)", "relative/path", "command:", "ftp://x", "http://"] {
        assert_eq!(of(nothing), "nothing", "{nothing}");
    }
}
