use std::sync::Arc;
use std::thread;

use store::{EventQuery, Order};
use syncmgr::outcome::Outcome;
use syncmgr::{EventId, Level, NewEvent};

use crate::support::{Home, begin, ended, error, handler, item};

#[test]
fn events_keep_all_they_were_given() {
    let home = Home::new();
    let store = home.open();
    let recorder = begin(&store, &["photos"], 0);
    let event = NewEvent {
        link_text: Some("Open".into()),
        link_reference: Some("file:///photos".into()),
        context: Some("{}".into()),
        ..NewEvent::new(Some(&item("photos")), Level::Warning, "Left out", "A socket was left out.")
    };
    let id = recorder.event(event.clone(), 77).unwrap();
    store.flush().unwrap();
    let read = store.events(&EventQuery::default()).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!((read[0].id, read[0].run, read[0].time), (id, recorder.run(), 77));
    assert_eq!((&read[0].handler, &read[0].event), (&handler(), &event));
}

#[test]
fn a_hundred_thousand_events_are_paged_in_both_orders_and_none_is_lost() {
    const THREADS: i64 = 4;
    const EACH: i64 = 25_000;
    let home = Home::new();
    let store = home.open();
    let recorder = Arc::new(begin(&store, &["photos", "music"], 0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let recorder = &recorder;
            scope.spawn(move || {
                let of = item(if thread == 0 { "music" } else { "photos" });
                for n in 0..EACH {
                    let level = if n % 1000 == 0 { Level::Error } else { Level::Information };
                    let text = format!("line {n} of thread {thread}");
                    recorder.event(NewEvent::new(Some(&of), level, "line", text), n).unwrap();
                }
            });
        }
    });
    let errors = recorder.finish(ended(&[("photos", Outcome::Gaps), ("music", Outcome::Gaps)], 9)).unwrap();
    assert_eq!(errors, 100);

    let page = EventQuery { run: Some(recorder.run()), limit: Some(1000), ..EventQuery::default() };
    let walk = |query: &EventQuery| {
        let mut ids: Vec<EventId> = Vec::new();
        loop {
            let page = store.events(&EventQuery { after: ids.last().copied(), ..query.clone() }).unwrap();
            if page.is_empty() {
                return ids;
            }
            ids.extend(page.iter().map(|event| event.id));
        }
    };
    let forward = walk(&page);
    assert_eq!(forward.len(), 100_000);
    assert!(forward.is_sorted_by(|a, b| a < b), "every page goes on where the last one ended");
    let mut backward = walk(&EventQuery { order: Order::NewestFirst, ..page.clone() });
    backward.reverse();
    assert_eq!(forward, backward);

    let music = EventQuery { handler: Some(handler()), item: Some(item("music")), ..page.clone() };
    assert_eq!(walk(&music).len(), 25_000);
    assert_eq!(walk(&EventQuery { level: Some(Level::Error), ..page.clone() }).len(), 100);
    let found = store
        .events(&EventQuery { text: Some("Line 777 OF thread 2".into()), ..EventQuery::default() })
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].event.description, "line 777 of thread 2");
}

#[test]
fn a_search_takes_the_text_as_it_is() {
    let home = Home::new();
    let store = home.open();
    let recorder = begin(&store, &["photos"], 0);
    recorder.event(error("photos", "100% of a_b\\c"), 1).unwrap();
    recorder.event(error("photos", "1000 of aXb/c"), 2).unwrap();
    store.flush().unwrap();
    let hits = |text: &str| {
        store.events(&EventQuery { text: Some(text.into()), ..EventQuery::default() }).unwrap().len()
    };
    assert_eq!((hits("100%"), hits("a_b"), hits("b\\c"), hits("of a")), (1, 1, 1, 2));
    assert_eq!(hits("'; DROP TABLE events; --"), 0);
}
