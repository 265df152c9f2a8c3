//! Handlers that flood, lie, hang, die, print garbage, fork, or ignore a stop: they harm nobody, and the results say what
//! happened.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use adapters::host::{HandlerSpec, HostedHandler, Limits};
use syncmgr::testing::{TestCenter, Verdict, What};
use syncmgr::{Handler, HandlerId, Outcome, Problem, ProblemClass, ProgressStatus, Termination};

use crate::support::{Scene, id, limits, lives, spec, wait_until};

/// Why `synchronize` failed.
fn failure(verdict: &Verdict) -> &Problem {
    &verdict.failures.first().unwrap_or_else(|| panic!("nothing failed: {verdict:?}")).problem
}

/// Whether the handler still works after what was done with it.
fn still_works(scene: &Scene) {
    assert_eq!(scene.handler.items().count(), 3);
    assert!(scene.handler.is_running(), "its process goes on");
}

#[test]
fn a_hundred_bad_lines_end_the_session_with_a_readable_reason() {
    let scene = Scene::new(&["garbage", "100"]);
    let verdict = scene.sync();
    let problem = failure(&verdict);
    assert_eq!(problem.class, ProblemClass::Bug);
    assert!(problem.text.contains("100 lines") && problem.text.contains("garbage 99"), "{problem}");
    assert!(!problem.text.contains('\u{1b}'), "shown harmlessly");
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Interrupted);
}

#[test]
fn fewer_bad_lines_of_every_kind_end_nothing() {
    let scene = Scene::new(&["garbage", "99"]);
    assert_eq!(scene.sync().failures, []);
    still_works(&scene);
    let scene = Scene::new(&["bad-lines"]);
    let verdict = scene.sync();
    assert_eq!(verdict.failures, []);
    assert!(!verdict.calls.iter().any(|call| matches!(call.what, What::Progress { .. })));
    still_works(&scene);
}

#[test]
fn whatever_it_keeps_saying_is_explained_in_the_results_and_others_go_on() {
    // Works all the while, and is stopped at the end.
    let other = Scene::new(&["stops"]);
    let center = other.center.clone();
    let done = thread::spawn(move || center.sync(&[id("a")]));
    for (says, why) in [
        ("of a wrong type", "report_progress: "),
        ("below zero", "report_progress: "),
        ("beyond 64 bits", "18446744073709551616"),
        ("of an id that is none", "its id is neither a number nor a string"),
        ("without its end", "EOF while parsing"),
        ("mixed up", "expected"),
        ("of another kind", "batches are not part of this protocol"),
        ("in another encoding", "UTF-8"),
        ("too long", "longer than 65536 bytes"),
        ("as an answer", "it answers the question 987654, which is not open"),
    ] {
        let verdict = Scene::new(&["keeps-saying", says]).sync();
        let problem = failure(&verdict);
        assert_eq!(problem.class, ProblemClass::Bug);
        assert!(problem.text.contains("100 lines") && problem.text.contains(why), "{says}: {problem}");
        let end = verdict.item(&id("a")).unwrap();
        assert_eq!((end.outcome, end.problem.as_ref()), (Outcome::Interrupted, Some(problem)), "{says}");
        assert!(!done.is_finished());
    }
    let works =
        || other.center.calls().iter().any(|call| call.is_progress(&id("a"), ProgressStatus::Updating));
    wait_until("the other one works", works);
    other.center.ask(syncmgr::testing::Ask::CancelAll);
    done.join().unwrap().unwrap();
    let verdict = other.center.finish();
    verdict.assert_clean();
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Canceled);
}

#[test]
fn unknown_methods_members_and_words_are_tolerated() {
    let scene = Scene::new(&["unknown"]);
    assert_eq!(scene.sync().failures, []);
    still_works(&scene);
}

#[test]
fn ids_that_come_twice_and_answers_to_no_question_confuse_nobody() {
    let scene = Scene::new(&["twice"]);
    let verdict = scene.sync();
    verdict.assert_clean();
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Done);
    still_works(&scene);
}

#[test]
fn r12_a_process_that_dies_interrupts_what_it_had_begun_and_says_why() {
    let scene = Scene::new(&["dies", "3"]);
    scene.center.sync(&[id("a"), id("b")]).unwrap();
    let verdict = scene.center.finish();
    assert!(failure(&verdict).text.contains("exited with code 3"), "{}", failure(&verdict));
    let end = verdict.item(&id("a")).unwrap();
    assert_eq!(end.outcome, Outcome::Interrupted);
    assert!(end.problem.as_ref().unwrap().text.contains("exited with code 3"));
    assert_eq!(verdict.item(&id("b")).unwrap().outcome, Outcome::Failed, "nothing was said about it (R2)");
    let words = &verdict.events.iter().find(|event| event.event.name == "Last words").unwrap().event;
    assert!(words.description.contains("going down"), "{}", words.description);
    // It is started again when it is needed.
    assert_eq!(scene.handler.items().count(), 3);
}

#[test]
fn r12_a_process_that_is_killed_is_told_by_its_signal() {
    let scene = Scene::new(&["killed"]);
    let verdict = scene.sync();
    assert!(failure(&verdict).text.contains("signal 9"), "{}", failure(&verdict));
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Interrupted);
}

#[test]
fn deaths_in_a_row_are_followed_by_a_pause_that_is_explained() {
    let scene = Scene::new(&["dies", "3"]);
    scene.sync();
    scene.sync();
    let refused = scene.handler.start().unwrap_err();
    assert_eq!(refused.class, ProblemClass::Transient);
    assert!(refused.text.contains("2 times in a row"), "{refused}");
    assert!(refused.text.contains("exited with code 3"), "{refused}");
}

#[test]
fn half_a_line_at_the_end_loses_nothing_that_came_before() {
    let scene = Scene::new(&["half-line"]);
    let verdict = scene.sync();
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Done);
    assert!(failure(&verdict).text.contains("exited by itself"), "{}", failure(&verdict));
}

#[test]
fn whoever_it_started_dies_with_it_and_holds_nothing_up() {
    let scene = Scene::new(&["forks"]);
    let verdict = scene.sync();
    assert!(failure(&verdict).text.contains("exited with code 1"), "{}", failure(&verdict));
    let child = verdict.item(&id("a")).unwrap().text.clone();
    wait_until("the process that it left is gone", || !lives(&child));
}

#[test]
fn whoever_leaves_its_group_dies_with_it_too() {
    let scene = Scene::new(&["strays"]);
    let verdict = scene.sync();
    let stray = verdict.item(&id("a")).unwrap().text.clone();
    assert!(stray.parse::<u32>().is_ok(), "{stray}");
    wait_until("the process that left its group is gone", || !lives(&stray));
}

#[test]
fn a_process_that_closes_its_side_and_lives_on_is_ended() {
    let scene = Scene::new(&["closes"]);
    let verdict = scene.sync();
    assert!(failure(&verdict).text.contains("closed descriptor 4"), "{}", failure(&verdict));
}

#[test]
fn a_process_that_does_not_read_is_ended_before_it_fills_the_memory() {
    let scene = Scene::new(&["deaf"]);
    let verdict = scene.sync();
    assert!(failure(&verdict).text.contains("does not read"), "{}", failure(&verdict));
}

#[test]
fn a_stop_that_is_ignored_ends_with_a_kill_of_the_whole_group() {
    let scene = Scene::new(&["stubborn"]);
    thread::scope(|scope| {
        let center = scene.center.clone();
        let done = scope.spawn(move || center.sync(&[id("a")]));
        let begun = || {
            let calls = scene.center.calls();
            calls
                .iter()
                .find(|call| call.is_progress(&id("a"), ProgressStatus::Updating))
                .map(|call| call.run)
        };
        wait_until("it works", || begun().is_some());
        let run = begun().unwrap();
        // Message and TERM are ignored.
        scene.center.ask(syncmgr::testing::Ask::CancelAll);
        scene.handler.terminate(run, Termination::Terminate).unwrap();
        assert!(!done.is_finished());
        scene.handler.terminate(run, Termination::Kill).unwrap();
        done.join().unwrap().unwrap();
    });
    let verdict = scene.center.finish();
    assert!(failure(&verdict).text.contains("signal 9"), "{}", failure(&verdict));
}

#[test]
fn r12_a_handler_that_hangs_beyond_its_lease_is_let_go_of() {
    let scene = Scene::new(&["stubborn"]);
    thread::scope(|scope| {
        let center = scene.center.clone();
        let done = scope.spawn(move || center.sync(&[id("a")]));
        let begun =
            || scene.center.calls().iter().any(|call| call.is_progress(&id("a"), ProgressStatus::Updating));
        wait_until("it works", begun);
        scene.center.advance(Duration::from_secs(61));
        done.join().unwrap().unwrap();
    });
    let verdict = scene.center.finish();
    assert!(failure(&verdict).text.contains("did not come back"), "{}", failure(&verdict));
    assert!(verdict.broke("R12"));
}

#[test]
fn r1_r10_lies_are_refused_with_the_numbers_of_the_contract() {
    let scene = Scene::new(&["lies"]);
    let verdict = scene.sync();
    assert_eq!(verdict.failures, []);
    assert!(verdict.broke("R1") && verdict.broke("R10"));
    assert_eq!(verdict.item(&id("a")).unwrap().outcome, Outcome::Failed);
    still_works(&scene);
}

#[test]
fn r2_items_about_which_nothing_was_said_are_failed() {
    let scene = Scene::new(&["mute"]);
    let verdict = scene.sync();
    assert!(verdict.broke("R2"));
    still_works(&scene);
}

#[test]
fn a_failure_as_a_whole_keeps_its_class_and_its_advice() {
    let scene = Scene::new(&["fails"]);
    let verdict = scene.sync();
    let wanted = Problem::new(ProblemClass::Auth, "The key was refused.").with_fix("add the key");
    assert_eq!(failure(&verdict), &wanted);
}

#[test]
fn a_flood_loses_no_event_and_ends_with_its_last_value() {
    let scene = Scene::new(&["flood", "50000"]);
    let verdict = scene.sync();
    verdict.assert_clean();
    assert_eq!(verdict.events.len(), 50, "one after each thousand reports");
    let last = verdict.calls.iter().rev().find_map(|call| match &call.what {
        What::Progress { step, status: ProgressStatus::Updating, .. } => Some(*step),
        _ => None,
    });
    assert_eq!(last, Some(49_999));
}

#[test]
fn a_flood_of_events_is_read_more_slowly_and_none_is_lost() {
    let slow = Limits { events_per_second: 500, event_burst: 5, ..limits() };
    let scene = Scene::with(&["flood", "50000"], slow);
    assert_eq!(scene.sync().events.len(), 50);
}

/// What a handler that cannot be talked with is shown as, and why.
fn shown(handler: &HostedHandler) -> String {
    assert_eq!(handler.name().unwrap(), "test", "it is shown by its identifier");
    assert_eq!(handler.items().count(), 0);
    handler.start().unwrap_err().to_string()
}

#[test]
fn versions_that_cannot_talk_say_who_is_to_be_updated() {
    for (mode, words) in
        [("newer", ["version 2.0", "update Instep"]), ("older", ["version 0.4", "update the handler"])]
    {
        let handler = HostedHandler::with_limits(spec(&[mode]), limits());
        let error = handler.start().unwrap_err();
        assert_eq!(error.class, ProblemClass::Config);
        assert!(words.iter().all(|word| error.to_string().contains(word)), "{error}");
        shown(&handler);
    }
}

#[test]
fn programs_that_are_no_handlers_are_explained() {
    let impatient = Limits { answer: Duration::from_millis(300), ..limits() };
    for (mode, word) in [
        ("silent", "did not answer the handshake"),
        ("no-protocol", "exited with code 2"),
        ("wrong-hello", "cannot be understood"),
    ] {
        let handler = HostedHandler::with_limits(spec(&[mode]), impatient);
        // A short patience is for the silent one alone.
        let handler =
            if mode == "silent" { handler } else { HostedHandler::with_limits(spec(&[mode]), limits()) };
        let error = handler.start().unwrap_err().to_string();
        assert!(error.contains(word), "{mode}: {error}");
    }
}

#[test]
fn a_program_that_is_missing_or_no_program_is_a_matter_of_the_settings() {
    let at = |program: &str| {
        let spec = HandlerSpec::of_command(HandlerId::new("test").unwrap(), vec![program.into()]);
        HostedHandler::with_limits(spec, limits())
    };
    let missing = at("/nowhere/handler");
    let error = missing.start().unwrap_err();
    assert_eq!(error.class, ProblemClass::Config);
    assert!(error.text.contains("'/nowhere/handler'") && error.text.contains("No such file"), "{error}");
    assert!(error.fix.unwrap().contains("[handlers.test] command"));
    assert!(shown(&missing).contains("No such file"));
    // Its items of the settings are there, and say why when they are to be synchronized.
    let keys = serde_json::from_value(serde_json::json!({ "name": "Diary" })).unwrap();
    let mut with_items =
        HandlerSpec::of_command(HandlerId::new("test").unwrap(), vec!["/nowhere/handler".into()]);
    with_items.items.insert("a".into(), keys);
    let with_items = Arc::new(HostedHandler::with_limits(with_items, limits()));
    assert_eq!(with_items.items().item(&id("a")).unwrap().name().unwrap(), "Diary");
    let center = TestCenter::new(with_items);
    center.sync(&[id("a")]).unwrap();
    assert!(failure(&center.finish()).text.contains("No such file"));
    let dir = tempfile::tempdir().unwrap();
    let plain = dir.path().join("plain");
    std::fs::write(&plain, "text").unwrap();
    let no_program = at(plain.to_str().unwrap()).start().unwrap_err();
    assert_eq!(no_program.class, ProblemClass::Permission, "{no_program}");
    let empty = HandlerSpec { command: Some(Vec::new()), ..spec(&[]) };
    assert!(HostedHandler::new(empty).start().unwrap_err().text.contains("no command"));
}
