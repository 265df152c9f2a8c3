//! The limits of texts and events (R5, R16).

mod common;

use common::{begin, end, id, is_invalid};
use syncmgr::text::{self, MAX_EVENT_TEXT, MAX_NAME, MAX_PROGRESS_TEXT};
use syncmgr::{HandlerId, ItemId, Level, NewEvent, ProgressStatus};

#[test]
fn r5_an_absent_text_keeps_the_old_one_and_an_empty_text_clears_it() {
    let (session, a) = begin();
    let after = |text| {
        session.report_progress(1, &a, text, ProgressStatus::Updating, 1, 2).unwrap();
        session.item(&a).unwrap().text
    };
    assert_eq!(after(Some("one")), "one");
    assert_eq!(after(None), "one");
    assert_eq!(after(Some("")), "");
    assert_eq!(after(None), "");
}

#[test]
fn r5_ids_have_1_to_63_units_and_are_refused_otherwise() {
    for (text, fine) in [
        ("", false),
        ("a", true),
        (&*"a".repeat(63), true),
        (&*"a".repeat(64), false),
        // Two units each: 62 and 64.
        (&*"😀".repeat(31), true),
        (&*"😀".repeat(32), false),
        ("nul\0inside", false),
    ] {
        assert_eq!(ItemId::new(text).is_ok(), fine, "{text:?}");
        assert_eq!(HandlerId::new(text).is_ok(), fine, "{text:?}");
    }
}

#[test]
fn r5_ids_are_compared_without_case_and_never_by_locale() {
    for (left, right, same) in [
        ("Photos", "pHOTOS", true),
        ("Ärger", "äRGER", true),
        ("ΣΊΣΥΦΟΣ", "σίσυφος", true),
        ("straße", "STRASSE", false),
        ("I", "ı", false),
        ("s", "ſ", false),
        ("e\u{301}", "é", false),
        ("a", "b", false),
    ] {
        let (left, right) = (id(left), id(right));
        assert_eq!(left == right, same, "{left} and {right}");
        assert_eq!(left.cmp(&right).is_eq(), same, "the order agrees: {left} and {right}");
    }
    let (session, _) = begin();
    assert!(session.item(&id("A")).is_some());
    assert_eq!(session.item(&id("A")).unwrap().id.as_str(), "a", "shown as it was given");
}

#[test]
fn r5_an_over_long_text_is_cut_at_a_character() {
    assert_eq!(text::cut("abc", 3), "abc");
    assert_eq!(text::cut("abcd", 3), "abc");
    assert_eq!(text::cut("ab😀", 3), "ab", "half of a surrogate pair is no character");
    assert_eq!(text::cut("ab😀", 4), "ab😀");
    assert_eq!(text::cut("ééé", 2), "éé", "units count, not bytes");
    assert_eq!(text::cut("a", 0), "");

    let (session, a) = begin();
    let long = format!("{}😀rest", "x".repeat(MAX_PROGRESS_TEXT - 1));
    session.report_progress(1, &a, Some(&long), ProgressStatus::Updating, 1, 2).unwrap();
    assert_eq!(session.item(&a).unwrap().text, "x".repeat(MAX_PROGRESS_TEXT - 1));
    session.set_handler_progress_text(1, &"y".repeat(1000)).unwrap();
    assert_eq!(session.snapshot().text, "y".repeat(259));
    assert_eq!(MAX_NAME, 127);
}

fn event(name: &str, description: &str) -> NewEvent {
    NewEvent::new(None, Level::Information, name, description)
}

#[test]
fn r16_texts_of_events_have_limits() {
    let (session, _) = begin();
    let admit = |event| session.admit_event(1, event, |_| false);
    let long = "n".repeat(200);
    let admitted = admit(event(&long, &"d".repeat(40_000)).with_link(&*long, "https://example.org")).unwrap();
    assert_eq!(admitted.name.len(), MAX_NAME);
    assert_eq!(admitted.description.len(), MAX_EVENT_TEXT);
    assert_eq!(admitted.link_text.unwrap().len(), MAX_NAME);
    assert_eq!(admitted.link_reference.unwrap(), "https://example.org");
    let too_long = "x".repeat(MAX_EVENT_TEXT + 1);
    assert!(is_invalid(admit(event("n", "d").with_link("l", &*too_long))), "half a link is another link");
    assert!(is_invalid(admit(event("n", "d").with_context(&*too_long))));
    assert!(admit(event("n", "d").with_context("é".repeat(MAX_EVENT_TEXT))).is_ok());
}

#[test]
fn r16_an_event_needs_a_name_and_a_description() {
    let (session, _) = begin();
    for (name, description) in [("", "d"), ("n", ""), ("  ", "d"), ("n", "\n")] {
        assert!(is_invalid(session.admit_event(1, event(name, description), |_| false)));
    }
}

#[test]
fn r16_an_event_is_of_the_handler_or_of_an_item_that_it_has() {
    let (session, a) = begin();
    let of = |item: &ItemId| NewEvent::new(Some(item), Level::Error, "n", "d");
    assert!(session.admit_event(1, event("n", "d"), |_| false).is_ok());
    assert!(session.admit_event(1, of(&a), |_| false).is_ok());
    assert!(session.admit_event(1, of(&id("other")), |item| *item == id("other")).is_ok());
    assert!(is_invalid(session.admit_event(1, of(&id("foreign")), |_| false)));
}

#[test]
fn r16_only_errors_are_counted() {
    let (session, a) = begin();
    for level in [Level::Information, Level::Warning, Level::Error, Level::Error] {
        session.admit_event(1, NewEvent::new(Some(&a), level, "n", "d"), |_| false).unwrap();
    }
    assert_eq!(session.item(&a).unwrap().errors, 2);
    session.report_progress(2, &a, None, ProgressStatus::Succeeded, 1, 1).unwrap();
    let ended = end(&session);
    assert_eq!(ended.items[0].errors, 2);
    assert_eq!(ended.result.errors, 2);
    assert_eq!([Level::Information, Level::Warning, Level::Error].map(Level::counts), [false, false, true]);
}
