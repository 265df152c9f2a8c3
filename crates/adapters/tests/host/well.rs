//! The contract over the protocol, with a handler that keeps it.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use adapters::host::{HostedHandler, Limits};
use syncmgr::conflict::{Choice, ConflictStore};
use syncmgr::flags::HandlerType;
use syncmgr::follow::{News, Ran, Runner};
use syncmgr::testing::Ask;
use syncmgr::ui::{UiAction, UiRequest};
use syncmgr::{
    CancelRequest, Counts, EventId, Handler, Level, Outcome, Phase, ProgressStatus, Refusal, Request,
};

use crate::support::{Scene, id, limits, spec, wait_until};

/// Nothing that is well ends by force.
const PATIENT: Duration = Duration::from_secs(30);

#[test]
fn a_synchronization_arrives_as_if_it_were_made_here() {
    let scene = Scene::new(&["well"]);
    scene.center.sync_all().unwrap();
    let verdict = scene.center.finish();
    verdict.assert_clean();
    for item in ["a", "b", "c"] {
        let end = verdict.item(&id(item)).unwrap();
        assert_eq!((end.status, end.outcome), (ProgressStatus::Succeeded, Outcome::Done));
        assert_eq!(end.counts.b.created, 3);
        assert_eq!(end.text, "half");
    }
    assert_eq!(verdict.events.len(), 3);
    assert_eq!(verdict.events[0].event.told(), ("A thing.", Some("look at it")));
    assert_eq!(verdict.events[0].level(), Level::Warning);
    use syncmgr::testing::What;
    let phases = verdict.calls.iter().filter(|call| {
        matches!(call.what, What::Phase { phase: Phase::Moving, told: CancelRequest::None, .. })
    });
    assert_eq!(phases.count(), 3);
}

#[test]
fn its_properties_and_pages_of_items_are_read() {
    let scene = Scene::new(&["well"]);
    assert_eq!(scene.handler.name().unwrap(), "Test handler");
    let info = scene.handler.info().unwrap();
    assert_eq!((info.kind, info.comment.as_str()), (HandlerType::Folder, "test"));
    let items: Vec<String> = scene.handler.items().all().iter().map(|item| item.name().unwrap()).collect();
    assert_eq!(items, ["A", "B", "C"]);
    assert!(scene.handler.items().item(&id("B")).is_some(), "identifiers are compared without case (R5)");
    assert!(scene.handler.items().item(&id("x")).is_none());
}

#[test]
fn events_that_it_keeps_itself_are_listed_and_removed() {
    assert!(Scene::new(&["well"]).handler.event_store().is_none(), "it does not say that it keeps any");
    let scene = Scene::new(&["keeps"]);
    let store = scene.handler.event_store().unwrap();
    let names = || store.events().into_iter().map(|event| event.event.name).collect::<Vec<_>>();
    // That of an item with no identifier is none.
    assert_eq!(names(), ["Kept 1", "Kept 2"]);
    let [first, second] = [EventId(1), EventId(2)].map(|id| store.event(id).unwrap());
    assert_eq!((first.time, first.event.item, first.event.level), (1000, Some(id("a")), Level::Warning));
    assert_eq!((second.event.item, second.event.level), (None, Level::Information), "a level of tomorrow");
    store.remove(&[EventId(1)]);
    assert_eq!(names(), ["Kept 2"]);
}

#[test]
fn what_it_said_is_remembered_and_no_process_is_started_to_show_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut of_file = spec(&["well"]);
    of_file.state = Some(dir.path().join("handlers"));
    let first = HostedHandler::with_limits(of_file.clone(), limits());
    assert_eq!(first.items().count(), 3);
    assert!(first.is_running());
    first.shut_down();

    let again = HostedHandler::with_limits(of_file.clone(), limits());
    assert_eq!((again.name().unwrap().as_str(), again.items().count()), ("Test handler", 3));
    assert!(!again.is_running(), "nothing had to be asked");
    // Other settings make another handler of it.
    of_file.settings.insert("deep".into(), true.into());
    let other = HostedHandler::with_limits(of_file, limits());
    assert_eq!(other.items().count(), 3);
    assert!(other.is_running());
    other.shut_down();
}

#[test]
fn a_process_with_nothing_to_do_is_ended_and_comes_back_when_it_is_needed() {
    let scene = Scene::with(&["well"], Limits { idle: Duration::ZERO, exit: PATIENT, ..limits() });
    scene.sync().assert_clean();
    wait_until("it was let go of", || !scene.handler.is_running());
    assert_eq!(scene.handler.items().count(), 3, "what it said is remembered");
    scene.center.sync_all().unwrap();
    scene.center.finish().assert_clean();
}

#[test]
fn a_process_that_watches_something_stays() {
    let scene = Scene::with(&["stay"], Limits { idle: Duration::ZERO, exit: PATIENT, ..limits() });
    scene.sync().assert_clean();
    assert!(scene.handler.wants_to_stay());
    // Each question makes its thread look whether it is idle.
    for _ in 0..20 {
        scene.handler.read_again().unwrap();
    }
    assert!(scene.handler.is_running());
}

#[test]
fn other_settings_count_from_the_next_start_which_is_soon() {
    let scene = Scene::with(&["well"], Limits { exit: PATIENT, ..limits() });
    scene.sync().assert_clean();
    assert!(scene.handler.is_running());
    let mut other = spec(&["well"]);
    other.name = Some("By another name".into());
    scene.handler.set_spec(other);
    wait_until("the old one was ended", || !scene.handler.is_running());
    assert_eq!(scene.handler.name().unwrap(), "By another name");
    scene.sync().assert_clean();
}

#[test]
fn r3_a_stop_is_pushed_to_a_handler_that_only_listens() {
    let scene = Scene::new(&["stops"]);
    let center = scene.center.clone();
    scene.center.when(|call| call.is_progress(&id("c"), ProgressStatus::Updating), Ask::CancelItem(id("b")));
    scene.center.when(|call| call.is_progress(&id("b"), ProgressStatus::Canceled), Ask::CancelAll);
    center.sync_all().unwrap();
    let verdict = scene.center.finish();
    verdict.assert_clean();
    for item in ["a", "b", "c"] {
        assert_eq!(verdict.item(&id(item)).unwrap().status, ProgressStatus::Canceled, "{item}");
    }
}

#[test]
fn r3_a_stop_is_in_every_answer_for_a_handler_that_only_asks() {
    let scene = Scene::new(&["polls"]);
    scene.center.when(|call| call.is_progress(&id("a"), ProgressStatus::Updating), Ask::CancelAll);
    scene.center.sync_all().unwrap();
    scene.center.finish().assert_clean();
}

#[test]
fn r8_r9_further_items_requests_and_proposals_travel() {
    let scene = Scene::new(&["more"]);
    let deep = scene.handler.request(r#"{"deep":true}"#).unwrap();
    scene.center.when(
        |call| matches!(call.what, syncmgr::testing::What::CreateSession(_)),
        Ask::Start(vec![id("b")], None),
    );
    scene.center.when(
        |call| matches!(call.what, syncmgr::testing::What::CreateSession(_)),
        Ask::Start(vec![id("c")], deep),
    );
    scene.center.sync(&[id("a")]).unwrap();
    let verdict = scene.center.finish();
    assert_eq!(verdict.failures, []);
    for item in ["a", "b", "new"] {
        assert_eq!(verdict.item(&id(item)).unwrap().outcome, Outcome::Done, "{item}");
    }
    assert_eq!(verdict.adopted, [id("new")]);
    assert!(verdict.runs[0].manual);
    assert_eq!(verdict.runs.len(), 1, "what was taken does not run again");
}

#[test]
fn options_are_checked_by_the_handler_itself() {
    let scene = Scene::new(&["well"]);
    assert!(scene.handler.request("").unwrap().is_none());
    assert!(scene.handler.request("{}").unwrap().is_none());
    assert!(scene.handler.request(r#"{"deep":true}"#).unwrap().is_some());
    for wrong in [r#"{"deap":true}"#, "[]", "nonsense"] {
        assert!(matches!(scene.handler.request(wrong), Err(Refusal::InvalidArgument(_))), "{wrong}");
    }
}

#[test]
fn conflicts_are_kept_in_the_center_and_settled_by_the_handler() {
    let scene = Scene::new(&["conflicts"]);
    let verdict = scene.sync();
    verdict.assert_clean();
    assert_eq!(verdict.failures, []);
    let kept = scene.ledger.conflicts(scene.handler.id(), Some(&id("a"))).unwrap();
    assert_eq!(kept.len(), 3);
    assert!(kept.iter().any(|conflict| conflict.id.0 == b"\xff"));
    let settles = scene.handler.resolution_handler().unwrap();
    settles.carry_out(&kept[0], &Choice::KeepOne(1)).unwrap();
    let refused = settles.carry_out(&kept[0], &Choice::KeepAll).unwrap_err();
    assert!(refused.problem.text.contains("cannot settle it this way"), "{refused}");
}

#[test]
fn questions_to_a_person_are_passed_on_with_their_answer() {
    let scene = Scene::new(&["well"]);
    let operation = scene.handler.ui_operation(&UiAction::QueryBeforeDisable).unwrap();
    assert_eq!(operation.request(), UiRequest::Confirm { text: "Really?".into() });
    operation.answered(true);
}

#[test]
fn one_process_serves_many_sessions_if_it_says_it_can() {
    let scene = Scene::new(&["two"]);
    let (first, second) = (scene.center.clone(), scene.center.clone());
    thread::scope(|scope| {
        scope.spawn(move || first.sync(&[id("a")]).unwrap());
        scope.spawn(move || second.sync(&[id("b")]).unwrap());
    });
    let verdict = scene.center.finish();
    for item in ["a", "b"] {
        let end = verdict.item(&id(item));
        assert!(end.is_some_and(|end| end.outcome == Outcome::Done), "{item}: {verdict:#?}");
    }
}

#[test]
fn r6_steps_of_any_size_arrive_exactly() {
    let scene = Scene::new(&["numbers"]);
    let verdict = scene.sync();
    let wanted = (9_007_199_254_740_993, u64::MAX);
    assert!(verdict.calls.iter().any(|call| matches!(
        call.what,
        syncmgr::testing::What::Progress { step, max, .. } if (step, max) == wanted
    )));
}

#[test]
fn a_newer_minor_version_is_talked_with() {
    let scene = Scene::new(&["minor"]);
    scene.sync().assert_clean();
}

#[test]
fn a_process_that_is_asked_to_exit_does_and_leaves_nothing() {
    let scene = Scene::with(&["well"], Limits { exit: PATIENT, ..limits() });
    scene.sync();
    scene.handler.shut_down();
    wait_until("the process is gone", || !scene.handler.is_running());
    let error = scene.handler.start().unwrap_err();
    assert!(error.text.contains("was stopped"), "{error}");
    drop(Arc::clone(&scene.handler));
}

/// Hears how following goes, and lets a change wait until the test lets it go.
struct Patient {
    news: Mutex<mpsc::Sender<News>>,
    go: Mutex<mpsc::Receiver<()>>,
}

impl Runner for Patient {
    fn run(&self, request: Option<Request>) -> Option<Ran> {
        assert!(request.is_some(), "it came with options");
        self.go.lock().unwrap().recv().ok()?;
        Some(Ran { outcome: Outcome::Done, counts: Counts::default() })
    }

    fn tell(&self, news: News) {
        let _ = self.news.lock().unwrap().send(news);
    }
}

#[test]
fn one_change_of_a_followed_item_waits_at_a_time_and_nothing_else_is_taken_for_one() {
    let scene = Scene::with(&["follow"], Limits { exit: PATIENT, ..limits() });
    let ((tell, told), (go, waits)) = (mpsc::channel(), mpsc::channel());
    let runner = Arc::new(Patient { news: Mutex::new(tell), go: Mutex::new(waits) });
    assert!(scene.handler.follow(&id("b"), Arc::clone(&runner) as Arc<dyn Runner>).unwrap().is_none());
    let following = scene.handler.follow(&id("a"), runner).unwrap().unwrap();
    assert_eq!(told.recv_timeout(PATIENT), Ok(News::Following), "also by a word of tomorrow");
    let News::Periodic { problem, every } = told.recv_timeout(PATIENT).unwrap() else { panic!("no news") };
    assert_eq!((problem.text.as_str(), every.as_secs()), ("[-32002, -32001]", 7));
    go.send(()).unwrap();
    let News::Away(problem) = told.recv_timeout(PATIENT).unwrap() else { panic!("no news") };
    assert_eq!(problem.text, "done");
    drop(following);
    let cannot = Scene::new(&["well"]);
    let (tell, _told) = mpsc::channel();
    let runner = Patient { news: Mutex::new(tell), go: Mutex::new(mpsc::channel().1) };
    assert!(cannot.handler.follow(&id("a"), Arc::new(runner)).unwrap().is_none());
}
