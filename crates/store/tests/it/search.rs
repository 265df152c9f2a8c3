//! Events are found by any part of what they say, however many there are, and whatever is asked.

use std::fs;
use std::sync::Arc;

use rusqlite::Connection;
use store::{EventQuery, Order, Retention, RunQuery, Store};
use syncmgr::outcome::Outcome;
use syncmgr::{Level, NewEvent};

use crate::support::{Home, begin, ended, handler, item};

fn found(store: &Store, text: &str) -> Vec<String> {
    let query = EventQuery { text: Some(text.into()), ..EventQuery::default() };
    store.events(&query).unwrap().into_iter().map(|event| event.event.description).collect()
}

fn say(store: &Store, of: &str, texts: &[&str]) {
    let recorder = begin(store, &[of], 0);
    for text in texts {
        recorder.event(NewEvent::new(Some(&item(of)), Level::Warning, "Left out", *text), 1).unwrap();
    }
    recorder.finish(ended(&[(of, Outcome::Gaps)], 2)).unwrap();
}

#[test]
fn any_part_of_a_path_is_found_in_whatever_case() {
    let home = Home::new();
    let store = home.open();
    let path = "'Fotos/2024/Sommer/IMG_0714.jpg' was left out";
    say(&store, "photos", &[path, "'Größe/ß.txt' was left out", "\u{1f600}\u{1f601}\u{1f602} laughs"]);
    for part in ["mmer/IMG_07", "14.jpg' was", "fotos/2024", "ft out", "07", "J", path] {
        assert!(found(&store, part).contains(&path.to_owned()), "{part}");
    }
    assert_eq!(found(&store, "öße/ß").len(), 1);
    assert_eq!(found(&store, "\u{1f601}\u{1f602} l").len(), 1);
    assert_eq!(found(&store, "LEFT OUT").len(), 3, "names are searched, too");
    assert_eq!(found(&store, "Sommer/IMG_0715"), Vec::<String>::new());
    // All its parts are there, but not in this order.
    assert_eq!(found(&store, "2024/2024"), Vec::<String>::new());
}

#[test]
fn what_is_asked_is_never_taken_for_a_query() {
    let home = Home::new();
    let store = home.open();
    say(&store, "photos", &["100% of \"a_b\" OR (c*) NEAR ^d: e + f - 'g'; -- h", "100x of ayb"]);
    for part in ["0% o", "\"a_b\"", " OR (", "(c*)", "NEAR ^d", "d: e", "'g'; --", "a_b", "- 'g'"] {
        assert_eq!(found(&store, part).len(), 1, "{part}");
    }
    for hostile in [
        "\"",
        "\"\"\"",
        "a\" OR \"b",
        "* AND *",
        "name:x",
        "\0\0\0",
        "x\0\"y",
        "%%%",
        "___",
        "\\\\\\",
        "{}()^*",
    ] {
        assert_eq!(found(&store, hostile).len(), usize::from(hostile == "\""), "{hostile:?}");
    }
    assert_eq!(found(&store, &"\"".repeat(200)), Vec::<String>::new());
}

#[test]
fn the_index_and_a_look_at_each_event_find_the_same() {
    let home = Home::new();
    let store = home.open();
    let recorder = Arc::new(begin(&store, &["many", "few"], 0));
    for n in 0..30_000 {
        let of = item(if n % 1000 == 0 { "few" } else { "many" });
        let level = if n % 3 == 0 { Level::Error } else { Level::Information };
        recorder.event(NewEvent::new(Some(&of), level, "line", format!("line {n} of 'x/y'")), n).unwrap();
    }
    store.flush().unwrap();
    let ids = |query: &EventQuery| -> Vec<i64> {
        store.events(query).unwrap().into_iter().map(|event| event.time).collect()
    };
    for (of, level, run) in [
        (None, None, None),
        (Some("few"), None, None),
        (Some("many"), None, None),
        (None, Some(Level::Error), None),
        (Some("many"), Some(Level::Error), Some(recorder.run())),
    ] {
        for order in [Order::OldestFirst, Order::NewestFirst] {
            let query = EventQuery {
                run,
                handler: of.map(|_| handler()),
                item: of.map(item),
                level,
                order,
                limit: Some(30_000),
                ..EventQuery::default()
            };
            let wanted = |time: &i64| format!("line {time} of 'x/y'").contains("99 of 'x");
            let all: Vec<i64> = ids(&query).into_iter().filter(wanted).collect();
            let text = Some("99 OF 'x".to_owned());
            assert_eq!(ids(&EventQuery { text: text.clone(), ..query.clone() }), all, "{query:?}");
            // And in pages.
            let first =
                store.events(&EventQuery { text: text.clone(), limit: Some(2), ..query.clone() }).unwrap();
            let after = first.last().map(|event| event.id);
            let rest = ids(&EventQuery { text, after, ..query.clone() });
            assert_eq!(rest, all[first.len()..], "{query:?}");
        }
    }
}

#[test]
fn what_is_forgotten_is_not_found() {
    let home = Home::new();
    let store = home.open();
    say(&store, "photos", &["the old one"]);
    say(&store, "photos", &["the new one"]);
    say(&store, "music", &["the tune one"]);
    assert_eq!(found(&store, "one").len(), 3);
    let kept = Retention { runs: 2, ..Retention::default() };
    store.retain(kept, 10).unwrap();
    assert_eq!(found(&store, "one"), ["the new one", "the tune one"]);
    store.forget_item(&handler(), &item("music")).unwrap();
    assert_eq!(found(&store, "one"), ["the new one"]);
}

#[test]
fn a_store_of_before_is_searched_as_well() {
    let home = Home::new();
    say(&home.open(), "photos", &["from before"]);
    // As the version before this one left it.
    let conn = Connection::open(home.file()).unwrap();
    conn.execute_batch("DROP TABLE events_text; DROP TRIGGER events_removed; ALTER TABLE items DROP COLUMN overdue; ALTER TABLE runs DROP COLUMN reference; PRAGMA user_version = 5;")
        .unwrap();
    drop(conn);
    assert_eq!(found(&home.open(), "m befo"), ["from before"]);
}

#[test]
fn a_damaged_index_is_made_anew_and_no_result_is_lost() {
    let home = Home::new();
    say(&home.open(), "photos", &["still here"]);
    let conn = Connection::open(home.file()).unwrap();
    conn.execute_batch("DELETE FROM events_text_data WHERE id > 10").unwrap();
    drop(conn);
    let store = home.open();
    let found_again = found(&store, "ill he");
    assert_eq!(store.put_aside(), Vec::<std::path::PathBuf>::new());
    assert_eq!(found_again, ["still here"]);
    assert_eq!(store.runs(&RunQuery::default()).unwrap().len(), 1);
    // Writing meets it as well.
    let conn = Connection::open(home.file()).unwrap();
    conn.execute_batch("DELETE FROM events_text_data WHERE id > 10").unwrap();
    drop(conn);
    say(&store, "photos", &["and this"]);
    assert_eq!(found(&store, "nd this"), ["and this"]);
    assert!(fs::exists(home.file()).unwrap() && store.put_aside().is_empty());
}
