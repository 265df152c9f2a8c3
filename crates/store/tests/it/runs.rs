use store::{Retention, RunItemEnd, RunQuery, Switch};
use syncmgr::outcome::{Counts, Outcome, Problem, ProblemClass, SideCounts};
use syncmgr::{HandlerId, ItemId, Level, NewEvent, ProgressStatus, RunId};

use crate::support::{Home, begin, ended, error, handler, item, run};

#[test]
fn a_run_is_read_as_it_was_written() {
    let home = Home::new();
    let store = home.open();
    let recorder = begin(&store, &["photos"], 1000);
    assert_eq!(store.run(recorder.run()).unwrap().unwrap().ended, None);

    let mut end = ended(&[("photos", Outcome::Gaps)], 2000);
    end.manual = true;
    end.conflicts = 3;
    end.items = vec![RunItemEnd {
        item: item("photos"),
        status: ProgressStatus::Failed,
        outcome: Outcome::Gaps,
        counts: Counts {
            a: SideCounts { created: 1, updated: 2, deleted: 3, moved: 4 },
            b: SideCounts { created: 5, updated: 6, deleted: 7, moved: 8 },
            conflicts: 9,
            errors: 10,
            skipped: 11,
            bytes: u64::from(u32::MAX) * 5,
        },
        problem: Some(Problem::new(ProblemClass::Permission, "No access.").with_fix("Ask the owner.")),
    }];
    let expected = end.items[0].clone();
    recorder.finish(end).unwrap();

    let read = home.open().run(recorder.run()).unwrap().unwrap();
    assert_eq!((read.started, read.ended, read.manual, read.conflicts), (1000, Some(2000), true, 3));
    assert_eq!((read.status, read.outcome), (Some(ProgressStatus::Failed), Some(Outcome::Gaps)));
    let [only] = &read.items[..] else { panic!("one item, not {:?}", read.items) };
    assert_eq!(only.counts, expected.counts);
    assert_eq!(only.problem, expected.problem);
    assert_eq!(only.outcome, Some(Outcome::Gaps));
}

#[test]
fn runs_are_paged_newest_first_and_by_item() {
    let home = Home::new();
    let store = home.open();
    let all: Vec<RunId> = (0..25)
        .map(|n| run(&store, &[(if n % 5 == 0 { "music" } else { "photos" }, Outcome::Done)], n * 100))
        .collect();
    let query = RunQuery { limit: Some(10), ..RunQuery::default() };
    let first = store.runs(&query).unwrap();
    let second = store.runs(&RunQuery { before: Some(first[9].id), ..query.clone() }).unwrap();
    let third = store.runs(&RunQuery { before: Some(second[9].id), ..query.clone() }).unwrap();
    let paged: Vec<RunId> = first.iter().chain(&second).chain(&third).map(|run| run.id).collect();
    assert_eq!(paged, all.iter().rev().copied().collect::<Vec<_>>());
    // Any place of the list is reached at once, and how long it is is known beforehand.
    let there = store.runs(&RunQuery { offset: 18, limit: Some(2), ..query.clone() }).unwrap();
    assert_eq!(there.iter().map(|run| run.id).collect::<Vec<_>>(), paged[18..20]);
    assert_eq!(store.runs(&RunQuery { offset: 25, ..query.clone() }).unwrap(), []);
    assert_eq!(store.run_count(&query).unwrap(), 25);

    let of_item = |name| RunQuery {
        handler: Some(handler()),
        item: Some(item(name)),
        limit: Some(3),
        ..RunQuery::default()
    };
    let music = store.runs(&of_item("music")).unwrap();
    assert_eq!(music.iter().map(|run| run.id).collect::<Vec<_>>(), [all[20], all[15], all[10]]);
    let rest = store.runs(&RunQuery { before: Some(all[10]), ..of_item("music") }).unwrap();
    assert_eq!(rest.iter().map(|run| run.id).collect::<Vec<_>>(), [all[5], all[0]]);
    assert_eq!(store.runs(&of_item("unknown")).unwrap(), []);
}

#[test]
fn r5_ids_that_differ_only_in_case_are_one_item() {
    let home = Home::new();
    let store = home.open();
    run(&store, &[("Fotos-Übung", Outcome::Done)], 0);
    run(&store, &[("fOTOS-üBUNG", Outcome::Done)], 100);
    let states = store.item_states(Some(&HandlerId::new("FOLDERS").unwrap())).unwrap();
    assert_eq!(states.len(), 1);
    assert_eq!(states[0].item.as_str(), "Fotos-Übung");
}

#[test]
fn r16_only_error_events_count() {
    let home = Home::new();
    let store = home.open();
    let recorder = begin(&store, &["photos", "music"], 0);
    recorder.event(error("photos", "one"), 1).unwrap();
    recorder.event(error("photos", "two"), 2).unwrap();
    recorder.event(NewEvent::new(None, Level::Error, "handler", "no item"), 3).unwrap();
    recorder.event(NewEvent::new(Some(&item("music")), Level::Warning, "look", "here"), 4).unwrap();
    recorder.event(NewEvent::new(Some(&item("music")), Level::Information, "note", "that"), 5).unwrap();
    let errors = recorder.finish(ended(&[("photos", Outcome::Gaps), ("music", Outcome::Done)], 6)).unwrap();
    assert_eq!(errors, 3);
    let read = store.run(recorder.run()).unwrap().unwrap();
    assert_eq!(read.errors, 3);
    let counted: Vec<(&str, u64)> = read.items.iter().map(|item| (item.item.as_str(), item.errors)).collect();
    assert_eq!(counted, [("music", 0), ("photos", 2)]);
}

#[test]
fn a_run_with_errors_never_moves_the_last_good_run() {
    let home = Home::new();
    let store = home.open();
    let good = run(&store, &[("photos", Outcome::Done)], 0);
    let last_good = || store.item_states(None).unwrap()[0].last_good;
    assert_eq!(last_good(), Some((good, 10)));

    for outcome in [
        Outcome::Gaps,
        Outcome::Failed,
        Outcome::Canceled,
        Outcome::Interrupted,
        Outcome::Waiting,
        Outcome::Disconnected,
        Outcome::SafetyStop,
    ] {
        run(&store, &[("photos", outcome)], 100);
        assert_eq!(last_good(), Some((good, 10)), "{outcome:?}");
    }
    // It says "done", but it reported an error.
    let recorder = begin(&store, &["photos"], 200);
    recorder.event(error("photos", "one"), 201).unwrap();
    recorder.finish(ended(&[("photos", Outcome::Done)], 210)).unwrap();
    assert_eq!(last_good(), Some((good, 10)));

    let decided = run(&store, &[("photos", Outcome::NeedsDecision)], 300);
    assert_eq!(last_good(), Some((decided, 310)));
    let state = store.item_states(None).unwrap().remove(0);
    assert_eq!(state.last_run.unwrap().run, decided);
}

#[test]
fn r7_the_last_run_is_the_one_that_ended_last() {
    let home = Home::new();
    let store = home.open();
    let long = begin(&store, &["photos"], 1000);
    let refused = run(&store, &[("photos", Outcome::Waiting)], 1500);
    let last = || store.item_states(None).unwrap().remove(0).last_run.unwrap();
    assert_eq!(last().run, refused);
    long.finish(ended(&[("photos", Outcome::Done)], 2000)).unwrap();
    assert_eq!((last().run, last().result.outcome), (long.run(), Some(Outcome::Done)));
}

#[test]
fn r12_a_refused_run_does_not_hide_that_the_one_before_it_was_abandoned() {
    let home = Home::new();
    let store = home.open();
    let abandoned = begin(&store, &["photos"], 1000);
    let id = abandoned.run();
    run(&store, &[("photos", Outcome::Waiting)], 1500);
    drop(abandoned);
    drop(store);
    let store = home.open();
    let last = store.item_states(None).unwrap().remove(0).last_run.unwrap();
    assert_eq!((last.run, last.result.outcome), (id, Some(Outcome::Interrupted)));
}

#[test]
fn switches_are_remembered() {
    let home = Home::new();
    let store = home.open();
    let photos = item("photos");
    store.set_switch(&handler(), None, Switch::Active(false), 1).unwrap();
    store.set_switch(&handler(), Some(&photos), Switch::Enabled(false), 2).unwrap();
    store.set_switch(&handler(), Some(&photos), Switch::PausedUntil(Some(99)), 3).unwrap();
    store.set_switch(&handler(), Some(&photos), Switch::Hidden(true), 4).unwrap();
    let store = home.open();
    let handlers = store.handler_states().unwrap();
    assert_eq!((handlers[0].active, handlers[0].enabled), (Some(false), None));
    let state = &store.item_states(None).unwrap()[0];
    assert_eq!((state.enabled, state.hidden, state.paused_until), (Some(false), Some(true), Some(99)));
    assert_eq!((state.first_seen, &state.last_run, state.last_good), (2, &None, None));
}

#[test]
fn a_forgotten_item_leaves_nothing_behind() {
    let home = Home::new();
    let store = home.open();
    let shared = run(&store, &[("photos", Outcome::Done), ("music", Outcome::Done)], 0);
    let own = run(&store, &[("photos", Outcome::Done)], 100);
    assert!(store.forget_item(&handler(), &item("photos")).unwrap());
    assert!(!store.forget_item(&handler(), &item("photos")).unwrap());
    assert_eq!(store.run(own).unwrap(), None);
    let left: Vec<ItemId> =
        store.run(shared).unwrap().unwrap().items.into_iter().map(|item| item.item).collect();
    assert_eq!(left, [item("music")]);
    // And it can come back, as something new.
    run(&store, &[("photos", Outcome::Done)], 500);
    let state = store.item_states(None).unwrap().into_iter().find(|state| state.item == item("photos"));
    assert_eq!(state.unwrap().first_seen, 500);
}

#[test]
fn retention_keeps_the_last_and_the_last_good_run_of_each_item() {
    let home = Home::new();
    let store = home.open();
    let good = run(&store, &[("photos", Outcome::Done)], 0);
    for n in 1..600 {
        run(&store, &[("photos", Outcome::Failed)], n * 100);
    }
    let other = run(&store, &[("music", Outcome::Done)], 50);
    let running = begin(&store, &["films"], 60);
    let removed = store.retain(Retention { age: 1, ..Retention::default() }, 10_000_000).unwrap();
    assert_eq!(removed.runs, 598);
    let left: Vec<RunId> = store.runs(&RunQuery::default()).unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(left.len(), 4);
    assert!(left.contains(&good) && left.contains(&other) && left.contains(&running.run()));
}

#[test]
fn retention_counts_runs_and_events() {
    let home = Home::new();
    let store = home.open();
    let runs: Vec<RunId> = (0..10)
        .map(|n| {
            let recorder = begin(&store, &["photos"], n);
            for k in 0..10 {
                recorder.event(error("photos", "line"), k).unwrap();
            }
            recorder.finish(ended(&[("photos", Outcome::Gaps)], n)).unwrap();
            recorder.run()
        })
        .collect();
    let keep = |runs, events| Retention { runs, events, age: i64::MAX, ..Retention::default() };
    assert_eq!(store.retain(keep(8, 1000), 0).unwrap().runs, 2);
    let removed = store.retain(keep(100, 35), 0).unwrap();
    assert_eq!((removed.runs, removed.events), (5, 50));
    let left: Vec<RunId> = store.runs(&RunQuery::default()).unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(left, [runs[9], runs[8], runs[7]]);
}

#[test]
fn retention_lets_information_and_warnings_go_before_their_run_and_keeps_errors() {
    let home = Home::new();
    let store = home.open();
    let recorder = begin(&store, &["photos"], 1);
    for (level, time) in [(1_u32, 10), (1, 5000), (2, 10), (2, 5000), (3, 10)] {
        let level = syncmgr::Level::from_number(level).unwrap();
        let event = syncmgr::NewEvent::new(Some(&item("photos")), level, format!("{level:?} {time}"), "text");
        recorder.event(event, time).unwrap();
    }
    recorder.finish(ended(&[("photos", syncmgr::Outcome::Done)], 6000)).unwrap();
    let rules = store::Retention {
        information_age: Some(2000),
        warning_age: Some(9000),
        ..store::Retention::default()
    };
    let removed = store.retain(rules, 6000).unwrap();
    assert_eq!((removed.runs, removed.events), (0, 1));
    let names = |store: &store::Store| -> Vec<String> {
        let events = store.events(&store::EventQuery::default()).unwrap();
        events.into_iter().map(|event| event.event.name).collect()
    };
    assert_eq!(names(&store), ["Information 5000", "Warning 10", "Warning 5000", "Error 10"]);
    store.retain(store::Retention { warning_age: Some(2000), ..rules }, 6000).unwrap();
    assert_eq!(names(&store), ["Information 5000", "Warning 5000", "Error 10"]);
}

#[test]
fn retention_may_keep_the_lines_of_the_last_run_of_each_item_only() {
    let home = Home::new();
    let store = home.open();
    for (of, time) in [("photos", 1), ("music", 2), ("photos", 3)] {
        let recorder = begin(&store, &[of], time);
        recorder.event(error(of, &format!("{of} {time}")), time).unwrap();
        recorder.finish(ended(&[(of, syncmgr::Outcome::Gaps)], time + 1)).unwrap();
    }
    let rules = store::Retention { last_run_only: true, ..store::Retention::default() };
    let removed = store.retain(rules, 10).unwrap();
    assert_eq!((removed.runs, removed.events), (0, 1));
    let events = store.events(&store::EventQuery::default()).unwrap();
    let texts: Vec<&str> = events.iter().map(|event| event.event.description.as_str()).collect();
    assert_eq!(texts, ["music 2", "photos 3"]);
}
