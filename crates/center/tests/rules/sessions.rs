//! What a session accepts and refuses, and what is left of it.

use std::sync::Arc;
use std::sync::mpsc::channel;

use store::RunQuery;
use syncmgr::flags::HandlerCapabilities;
use syncmgr::{
    Counts, Level, NewEvent, Outcome, Phase, Problem, ProblemClass, Progress, ProgressStatus, Refusal,
    SessionCreator,
};

use crate::support::{Actor, LONG, Meeting, Prop, World, handler, item, succeed, update};

#[test]
fn a_run_is_recorded_with_all_that_the_handler_said() {
    let world = World::with(Actor::in_session(&["photos"], |items, callback| {
        let photos = &items[0];
        callback.report_phase(photos, Phase::Looking).unwrap();
        update(callback, photos, 1, 2);
        callback.report_event(NewEvent::new(Some(photos), Level::Error, "No access", "one file")).unwrap();
        callback.report_event(NewEvent::new(None, Level::Warning, "Slow", "the disk is slow")).unwrap();
        let counts = Counts { errors: 1, bytes: 99, ..Counts::default() };
        let problem = Problem::new(ProblemClass::Permission, "One file was not read.");
        callback.report_outcome(photos, Outcome::Gaps, counts, Some(problem)).unwrap();
        callback.report_progress(photos, None, ProgressStatus::Failed, 0, 0).unwrap();
    }));
    let verdict = world.start(&["photos"]).wait();
    assert_eq!((verdict.result.status, verdict.result.outcome), (ProgressStatus::Failed, Outcome::Gaps));
    assert_eq!((verdict.result.errors, &verdict.trouble), (1, &None));
    let run = world.store.run(verdict.runs[0]).unwrap().unwrap();
    assert_eq!((run.outcome, run.errors, run.ended), (Some(Outcome::Gaps), 1, Some(1_000_000)));
    assert_eq!(run.items[0].counts.bytes, 99);
    assert_eq!(run.items[0].problem.as_ref().unwrap().class, ProblemClass::Permission);
    assert_eq!(world.event_names(), ["No access", "Slow"]);
}

#[test]
fn r1_a_report_after_completion_is_refused_and_fails_the_item() {
    let world = World::with(Actor::in_session(&["photos"], |items, callback| {
        succeed(callback, &items[0]);
        let late = callback.report_progress(&items[0], None, ProgressStatus::Updating, 1, 2);
        assert!(matches!(late, Err(Refusal::AccessDenied(_))), "{late:?}");
    }));
    let verdict = world.start(&["photos"]).wait();
    assert_eq!(verdict.result.status, ProgressStatus::Failed);
    assert_eq!(world.event_names(), ["Reported after completion"]);
    assert_eq!(world.store.run(verdict.runs[0]).unwrap().unwrap().status, Some(ProgressStatus::Failed));
}

#[test]
fn r2_an_item_about_which_nothing_was_said_has_no_result_and_is_failed() {
    let world = World::with(Actor::in_session(&["photos", "music"], |_, callback| {
        succeed(callback, &item("photos"));
    }));
    let verdict = world.start(&["photos", "music"]).wait();
    let run = world.store.run(verdict.runs[0]).unwrap().unwrap();
    let outcomes: Vec<_> = run.items.iter().map(|item| (item.item.as_str(), item.outcome)).collect();
    assert_eq!(outcomes, [("music", Some(Outcome::Failed)), ("photos", Some(Outcome::Done))]);
    assert_eq!(world.event_names(), ["No result"]);
    assert_eq!(verdict.result.errors, 1);
}

#[test]
fn r7_an_item_of_two_sessions_is_shown_as_indeterminate() {
    let (here, there) = Meeting::new();
    let mut actor = Actor::in_session(&["photos", "music"], move |items, callback| {
        update(callback, &items[0], 1, 4);
        there.meet();
        there.meet();
        succeed(callback, &items[0]);
    });
    actor.capabilities = HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS;
    let world = World::with(actor);
    let started = world.start(&["photos"]);
    here.meet();
    let bar = |id: &str| {
        let live = world.center.live();
        let of: Vec<_> = live.items.iter().filter(|live| live.item == item(id)).collect();
        assert_eq!(of.len(), 1, "one line for one item");
        (of[0].progress, of[0].step, of[0].max)
    };
    assert_eq!(bar("photos"), (Progress::Percent(25), 1, 4));
    let outside = world.center.create_session(&handler(), &[item("photos"), item("music")]).unwrap();
    update(&outside, &item("photos"), 3, 4);
    update(&outside, &item("music"), 3, 4);
    assert_eq!(bar("photos"), (Progress::Indeterminate, 0, 0));
    assert_eq!(bar("music"), (Progress::Percent(75), 3, 4));
    succeed(&outside, &item("photos"));
    succeed(&outside, &item("music"));
    drop(outside);
    assert_eq!(bar("photos"), (Progress::Percent(25), 1, 4));
    here.meet();
    assert_eq!(started.wait().result.outcome, Outcome::Done);
    world.is_idle();
    assert_eq!(world.store.runs(&RunQuery::default()).unwrap().len(), 2);
}

#[test]
fn r8_a_proposed_item_is_invisible_until_it_is_committed() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["photos"], move |items, callback| {
        let known = callback.propose_item(Arc::new(Prop::new("PHOTOS")));
        assert!(matches!(known, Err(Refusal::InvalidArgument(_))), "{known:?}");
        callback.propose_item(Arc::new(Prop::new("found"))).unwrap();
        callback.propose_item(Arc::new(Prop::new("lost"))).unwrap();
        update(callback, &item("found"), 1, 2);
        there.meet();
        there.meet();
        assert!(callback.commit_item(&item("never")).is_err());
        callback.commit_item(&item("found")).unwrap();
        assert!(callback.commit_item(&item("found")).is_err());
        there.meet();
        succeed(callback, &item("found"));
        succeed(callback, &items[0]);
    }));
    let started = world.start(&["photos"]);
    let shown = || -> Vec<String> {
        let all = world.center.status().unwrap();
        all[0].items.iter().map(|item| item.item.to_string()).collect()
    };
    here.meet();
    assert_eq!(shown(), ["photos"]);
    assert_eq!(world.center.live().items.len(), 1);
    here.meet();
    here.meet();
    assert_eq!(shown(), ["photos", "found"]);
    let run = world.store.run(started.wait().runs[0]).unwrap().unwrap();
    assert_eq!(run.items.len(), 2);
    let dropped = &world.events()[0];
    assert_eq!((dropped.event.name.as_str(), dropped.event.level), ("Proposal dropped", Level::Information));
    assert!(dropped.event.description.contains("lost"));
    assert_eq!(world.item("found").last_run.unwrap().result.outcome, Some(Outcome::Done));
}

#[test]
fn r10_what_is_unknown_is_refused_and_changes_nothing() {
    let (sender, receiver) = channel();
    let mut actor = Actor::in_session(&["photos", "music"], move |items, callback| {
        let music = item("music");
        sender
            .send([
                callback.report_progress(&music, None, ProgressStatus::Failed, 0, 0).err(),
                callback.can_continue(Some(&music)).err(),
                callback.add_item_to_session(&item("films")).err(),
                callback.add_item_to_session(&items[0]).err(),
                callback.report_event(NewEvent::new(Some(&item("films")), Level::Error, "a", "b")).err(),
                callback.report_event(NewEvent::new(None, Level::Error, "", "b")).err(),
            ])
            .unwrap();
        // An item of the handler may have events without being in the session.
        callback.report_event(NewEvent::new(Some(&music), Level::Information, "a", "b")).unwrap();
        succeed(callback, &items[0]);
    });
    actor.name = "The actor".into();
    let world = World::with(actor);
    let center = &world.center;
    for refused in [
        center.create_session(&syncmgr::HandlerId::new("nobody").unwrap(), &[item("photos")]).err(),
        center.create_session(&handler(), &[item("films")]).err(),
        center.create_session(&handler(), &[]).err(),
    ] {
        assert!(matches!(refused, Some(Refusal::InvalidArgument(_))), "{refused:?}");
    }
    assert_eq!(world.start(&["photos"]).wait().result.outcome, Outcome::Done);
    for refused in receiver.recv_timeout(LONG).unwrap() {
        assert!(matches!(refused, Some(Refusal::InvalidArgument(_))), "{refused:?}");
    }
    assert_eq!(world.events().len(), 1);
}

#[test]
fn a_second_session_needs_the_capability() {
    let world = World::with(Actor::good(&["photos", "music"]));
    let first = world.center.create_session(&handler(), &[item("photos")]).unwrap();
    let second = world.center.create_session(&handler(), &[item("music")]).err();
    assert!(matches!(&second, Some(Refusal::AccessDenied(why)) if why.contains("The actor")), "{second:?}");
    succeed(&first, &item("photos"));
    drop(first);
    world.center.create_session(&handler(), &[item("music")]).unwrap().end();
    world.is_idle();
}

#[test]
fn r13_a_manual_sync_is_marked_in_its_run() {
    let world = World::with(Actor::good(&["photos"]));
    let outside = world.center.create_session(&handler(), &[item("photos")]).unwrap();
    outside.report_manual_sync().unwrap();
    succeed(&outside, &item("photos"));
    let run = outside.run_id();
    drop(outside);
    assert!(world.store.run(run).unwrap().unwrap().manual);
    assert!(world.item("photos").last_run.unwrap().manual);
    let asked = world.start(&["photos"]).wait().runs[0];
    assert!(!world.store.run(asked).unwrap().unwrap().manual);
}

#[test]
fn r16_only_errors_count_and_their_identities_come_from_the_store() {
    let (sender, receiver) = channel();
    let world = World::with(Actor::in_session(&["photos"], move |items, callback| {
        for level in [Level::Error, Level::Warning, Level::Information, Level::Error] {
            let id = callback.report_event(NewEvent::new(Some(&items[0]), level, "line", "text")).unwrap();
            sender.send(id).unwrap();
        }
        succeed(callback, &items[0]);
    }));
    let verdict = world.start(&["photos"]).wait();
    assert_eq!(verdict.result.errors, 2);
    assert_eq!(world.item("photos").errors, 2);
    let told: Vec<_> = receiver.try_iter().collect();
    let stored: Vec<_> = world.events().iter().map(|event| event.id).collect();
    assert_eq!(told, stored);
}

#[test]
fn r5_texts_are_cut_and_an_absent_text_keeps_the_old_one() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["photos"], move |items, callback| {
        let say = |text: Option<&str>| {
            callback.report_progress(&items[0], text, ProgressStatus::Updating, 1, 2).unwrap()
        };
        for text in [Some("x".repeat(1000)), None, Some(String::new())] {
            say(text.as_deref());
            there.meet();
            there.meet();
        }
        let long = NewEvent::new(None, Level::Information, "n".repeat(500), "d");
        callback.report_event(long).unwrap();
        succeed(callback, &items[0]);
    }));
    let started = world.start(&["photos"]);
    for length in [259, 259, 0] {
        here.meet();
        assert_eq!(world.center.live().items[0].text.len(), length);
        here.meet();
    }
    started.wait();
    assert_eq!(world.events()[0].event.name.len(), 127);
}

#[test]
fn r6_odd_steps_never_make_an_odd_bar() {
    let (here, there) = Meeting::new();
    let steps =
        [(0, 0, Progress::Indeterminate), (9, 3, Progress::Percent(100)), (1, 3, Progress::Percent(33))];
    let world = World::with(Actor::in_session(&["photos"], move |items, callback| {
        for (step, max, _) in steps {
            update(callback, &items[0], step, max);
            there.meet();
            there.meet();
        }
        succeed(callback, &items[0]);
    }));
    let started = world.start(&["photos"]);
    for (_, _, expected) in steps {
        here.meet();
        assert_eq!(world.center.live().items[0].progress, expected);
        here.meet();
    }
    started.wait();
}

#[test]
fn r11_disconnected_as_the_last_word_is_no_failure() {
    let world = World::with(Actor::in_session(&["photos", "music"], |items, callback| {
        for item in items {
            callback.report_progress(item, None, ProgressStatus::Disconnected, 0, 0).unwrap();
        }
        succeed(callback, &items[1]);
    }));
    let verdict = world.start(&["photos", "music"]).wait();
    assert_eq!(verdict.result.status, ProgressStatus::Disconnected);
    assert_eq!(verdict.items[0].outcome, Outcome::Disconnected);
    assert_eq!(verdict.items[1].outcome, Outcome::Done);
}
