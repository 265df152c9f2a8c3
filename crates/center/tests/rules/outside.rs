//! Sessions that other programs hold, by nothing but a number: the rules are the same (R1 to R18).

use std::process::{Command, Stdio};
use std::time::Duration;

use center::{Clock, Headline, Jobs, Named, Opening, Process};
use store::RunQuery;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::{
    CancelRequest, HandlerId, ItemId, Level, NewEvent, Outcome, ProgressStatus, Refusal, SyncCallback,
};

use crate::support::{Actor, Meeting, SECOND, World, handler, item, succeed};

fn jobs() -> HandlerId {
    HandlerId::new("jobs").unwrap()
}

fn world() -> World {
    let world = World::with(Actor::good(&["a", "b"]));
    Jobs::register(&world.center).unwrap();
    world
}

fn opening(items: &[&str]) -> Opening {
    Opening { items: items.iter().map(|id| item(id).into()).collect(), ..Opening::default() }
}

fn say(session: &dyn SyncCallback, id: &ItemId, status: ProgressStatus) -> Result<CancelRequest, Refusal> {
    session.report_progress(id, None, status, 1, 2)
}

#[test]
fn a_session_is_found_by_its_number_until_it_ends() {
    let world = world();
    let run = world.center.open_session(&handler(), opening(&["a"])).unwrap().run_id();
    say(&*world.center.session(run).unwrap(), &item("a"), ProgressStatus::Updating).unwrap();
    assert_eq!(world.center.live().items[0].run, run, "letting go of it ends nothing");
    say(&*world.center.session(run).unwrap(), &item("a"), ProgressStatus::Succeeded).unwrap();
    world.center.session(run).unwrap().end();
    assert_eq!(world.store.run(run).unwrap().unwrap().outcome, Some(Outcome::Done));
    assert_eq!(world.center.session(run).err(), Some(Refusal::Ended));
    let never = syncmgr::RunId(run.0 + 1);
    assert!(matches!(world.center.session(never), Err(Refusal::InvalidArgument(_))));
}

#[test]
fn r10_what_a_program_outside_may_not_open_is_refused_and_nothing_is_on_record() {
    let world = world();
    let open = |id: &HandlerId, items: &[&str]| world.center.open_session(id, opening(items)).map(drop);
    let nobody = HandlerId::new("nobody").unwrap();
    assert!(matches!(open(&nobody, &["a"]), Err(Refusal::InvalidArgument(_))));
    assert!(matches!(open(&handler(), &["films"]), Err(Refusal::InvalidArgument(_))));
    assert!(matches!(open(&handler(), &[]), Err(Refusal::InvalidArgument(_))));
    world.disable("a");
    assert!(matches!(open(&handler(), &["a"]), Err(Refusal::AccessDenied(_))));
    world.center.enable_handler(false, &handler(), ControlFlags::empty()).unwrap();
    assert!(matches!(open(&handler(), &["b"]), Err(Refusal::AccessDenied(_))));
    assert!(world.store.runs(&RunQuery::default()).unwrap().is_empty());
}

#[test]
fn a_program_outside_and_the_center_never_work_on_a_handler_of_one_session_at_once() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        there.meet();
        there.meet();
        succeed(callback, &items[0]);
    }));
    let started = world.start(&["a"]);
    here.meet();
    let refused = world.center.open_session(&handler(), opening(&["a"])).err();
    assert!(matches!(&refused, Some(Refusal::AccessDenied(why)) if why.contains("already")), "{refused:?}");
    here.meet();
    started.wait();
    world.is_idle();
    let outside = world.center.open_session(&handler(), opening(&["a"])).unwrap();
    let waits = world.start(&["a"]);
    assert!(world.item("a").waiting);
    say(&*outside, &item("a"), ProgressStatus::Succeeded).unwrap();
    outside.end();
    here.meet();
    here.meet();
    assert_eq!(waits.wait().result.outcome, Outcome::Done);
}

#[test]
fn a_request_that_is_sent_twice_opens_one_session() {
    let world = world();
    let named = |reference: &str| Opening { reference: Some(reference.into()), ..opening(&["nightly"]) };
    let first = world.center.open_session(&jobs(), named("17")).unwrap().run_id();
    assert_eq!(world.center.open_session(&jobs(), named("17")).unwrap().run_id(), first);
    let second = world.center.open_session(&jobs(), named("18")).unwrap().run_id();
    assert_ne!(second, first);
    let found = |reference| {
        world.center.session_of(&jobs(), &item("nightly"), reference).map(|session| session.run_id())
    };
    assert_eq!((found(Some("17")), found(Some("18")), found(Some("19"))), (Some(first), Some(second), None));
    assert_eq!(found(None), Some(second), "the newest");
    world.center.session(second).unwrap().end();
    assert_eq!(found(None), Some(first));
}

#[test]
fn r3_a_stop_is_in_every_answer_until_it_is_acknowledged() {
    let world = world();
    let session = world.center.open_session(&jobs(), opening(&["x", "y"])).unwrap();
    assert_eq!(session.asked(Some(&item("x"))), CancelRequest::None);
    world.center.stop_item_sync(&jobs(), &[item("x")]).unwrap();
    for _ in 0..2 {
        assert_eq!(say(&*session, &item("x"), ProgressStatus::Updating), Ok(CancelRequest::Item));
        assert_eq!(session.asked(Some(&item("x"))), CancelRequest::Item);
        assert_eq!(session.asked(Some(&item("y"))), CancelRequest::None);
    }
    say(&*session, &item("x"), ProgressStatus::Canceled).unwrap();
    assert_eq!(session.asked(Some(&item("x"))), CancelRequest::None);
    world.center.stop_sync_all().unwrap();
    assert_eq!(session.asked(None), CancelRequest::All);
}

#[test]
fn r8_r9_new_and_further_items_come_into_a_session_from_outside() {
    let world = world();
    let session = world.center.open_session(&handler(), opening(&["a"])).unwrap();
    session.propose(item("c"), "The new one").unwrap();
    assert!(session.propose(item("b"), "known").is_err());
    session.commit_item(&item("c")).unwrap();
    assert_eq!(world.item("c").name, "The new one");
    session.add_item(&item("b").into()).unwrap();
    assert!(session.add_item(&item("films").into()).is_err(), "this handler's items are its own affair");
    for id in ["a", "b", "c"] {
        say(&*session, &item(id), ProgressStatus::Succeeded).unwrap();
    }
    session.end();
    assert_eq!(world.store.run(session.run_id()).unwrap().unwrap().items.len(), 3);

    let session = world.center.open_session(&jobs(), opening(&["x"])).unwrap();
    session.add_item(&Named { item: item("y"), name: Some("Of the night".into()) }).unwrap();
    assert_eq!(world.item("y").name, "Of the night");
}

#[test]
fn r12_a_session_whose_process_is_gone_is_interrupted_at_the_next_look() {
    let world = world();
    let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
    let process = Process::find(child.id());
    let session = world.center.open_session(&jobs(), Opening { process, ..opening(&["x"]) }).unwrap();
    say(&*session, &item("x"), ProgressStatus::Updating).unwrap();
    world.center.look_at_sessions();
    assert_eq!(world.item("x").headline, Headline::NeverRun);
    child.kill().unwrap();
    child.wait().unwrap();
    world.center.look_at_sessions();
    world.is_idle();
    assert_eq!(world.item("x").headline, Headline::Interrupted);
    let told = world.events().remove(0).event.description;
    assert!(told.starts_with("the program that ran it went away"), "{told}");
    assert_eq!(say(&*session, &item("x"), ProgressStatus::Updating), Err(Refusal::Ended));
}

#[test]
fn r12_a_silent_program_loses_its_session_after_a_minute_or_the_time_it_asked_for() {
    let world = world();
    let hour = Some(Duration::from_secs(3600));
    let short = world.center.open_session(&jobs(), opening(&["x"])).unwrap();
    let long = world.center.open_session(&jobs(), Opening { lease: hour, ..opening(&["y"]) }).unwrap();
    world.clock.advance(61 * SECOND);
    world.center.look_at_sessions();
    assert_eq!(short.can_continue(None), Err(Refusal::Ended));
    world.clock.advance(3500 * SECOND);
    world.center.look_at_sessions();
    assert_eq!(long.can_continue(None), Ok(true));
}

#[test]
fn r13_a_run_that_is_told_later_keeps_its_own_times_and_says_that_it_was_manual() {
    let world = world();
    let then = world.clock.wall() - 3600 * SECOND;
    let opening = Opening { started: Some(then), manual: true, ..opening(&["x"]) };
    let session = world.center.open_session(&jobs(), opening).unwrap();
    session
        .report_event_at(NewEvent::new(Some(&item("x")), Level::Warning, "odd", "odd"), then + SECOND)
        .unwrap();
    say(&*session, &item("x"), ProgressStatus::Succeeded).unwrap();
    session.end_at(then + 2 * SECOND);
    let run = world.store.run(session.run_id()).unwrap().unwrap();
    assert_eq!((run.started, run.ended, run.manual), (then, Some(then + 2 * SECOND), true));
    assert_eq!(world.events()[0].time, then + SECOND);
    assert_eq!(world.item("x").last_good.map(|(_, ended)| ended), Some(then + 2 * SECOND));
}

#[test]
fn r18_a_job_has_the_name_that_was_said_last_and_leaves_when_it_is_removed() {
    let world = world();
    let named = |name: &str| {
        let items = vec![Named { item: item("nightly"), name: Some(name.into()) }];
        Opening { items, ..Opening::default() }
    };
    world.center.open_session(&jobs(), named("Backup")).unwrap().end();
    assert_eq!(world.item("nightly").name, "Backup");
    world.center.open_session(&jobs(), named("Backup of the laptop")).unwrap().end();
    assert_eq!(world.item("nightly").name, "Backup of the laptop");
    world.center.open_session(&jobs(), opening(&["nightly"])).unwrap().end();
    assert_eq!(world.item("nightly").name, "Backup of the laptop", "none said, none changed");
    world.center.rename_item(&jobs(), &item("nightly"), "Nightly").unwrap();
    for blank in ["", "  "] {
        assert!(world.center.rename_item(&jobs(), &item("nightly"), blank).is_err());
    }
    assert!(world.center.rename_item(&handler(), &item("a"), "other").is_err(), "it names its items itself");
    // Another process knows it by that name.
    let again = world.again(Actor::good(&["a"]));
    Jobs::register(&again.center).unwrap();
    assert_eq!(again.item("nightly").name, "Nightly");

    let session = world.center.open_session(&jobs(), opening(&["nightly"])).unwrap();
    let refused = world.center.delete_item(&jobs(), &item("nightly"));
    assert!(
        matches!(&refused, Err(Refusal::AccessDenied(why)) if why.contains("stop it first")),
        "{refused:?}"
    );
    session.end();
    world.center.delete_item(&jobs(), &item("nightly")).unwrap();
    assert!(world.store.item_states(Some(&jobs())).unwrap().is_empty());
    assert!(world.store.runs(&RunQuery::default()).unwrap().is_empty());
    assert!(matches!(world.center.delete_item(&jobs(), &item("nightly")), Err(Refusal::InvalidArgument(_))));
    assert!(matches!(world.center.delete_item(&handler(), &item("a")), Err(Refusal::AccessDenied(_))));
}

#[test]
fn many_programs_report_at_once_and_none_loses_a_word() {
    let world = world();
    let center = &world.center;
    std::thread::scope(|scope| {
        for program in 0..6 {
            scope.spawn(move || {
                let id = item(&format!("job {program}"));
                for _ in 0..5 {
                    let opening = Opening { items: vec![id.clone().into()], ..Opening::default() };
                    let run = center.open_session(&jobs(), opening).unwrap().run_id();
                    for _ in 0..200 {
                        let session = center.session(run).unwrap();
                        say(&*session, &id, ProgressStatus::Updating).unwrap();
                        let line = NewEvent::new(Some(&id), Level::Information, "line", "line");
                        session.report_event(line).unwrap();
                    }
                    let session = center.session(run).unwrap();
                    say(&*session, &id, ProgressStatus::Succeeded).unwrap();
                    session.end();
                }
            });
        }
    });
    world.is_idle();
    let runs = world.store.runs(&RunQuery { limit: Some(100), ..RunQuery::default() }).unwrap();
    assert_eq!(runs.len(), 30);
    assert!(runs.iter().all(|run| run.outcome == Some(Outcome::Done)));
    let query = store::EventQuery { limit: Some(10_000), ..store::EventQuery::default() };
    assert_eq!(world.store.events(&query).unwrap().len(), 6000);
}

#[test]
fn a_daemon_that_ends_stops_its_own_runs_and_leaves_other_programs_to_themselves() {
    let world = world();
    let session = world.center.open_session(&jobs(), opening(&["x"])).unwrap();
    say(&*session, &item("x"), ProgressStatus::Updating).unwrap();
    assert!(world.center.stop_own_and_wait(Duration::ZERO).is_complete());
    assert_eq!(session.asked(None), CancelRequest::None, "its work goes on");
    world.center.abandon();
    assert_eq!(session.can_continue(None), Err(Refusal::Ended));
    assert_eq!(world.item("x").headline, Headline::Interrupted);
}

/// Another center with the same store, as another process has it.
fn another(world: &World) -> center::Center {
    let clock: std::sync::Arc<dyn Clock> = world.clock.clone();
    let store = std::sync::Arc::new(store::Store::open(world.store.path()).unwrap());
    let center = center::Center::new(store, clock);
    Jobs::register(&center).unwrap();
    center
}

fn resuming(run: syncmgr::RunId) -> Opening {
    Opening { resumes: Some(run), ..opening(&["x"]) }
}

#[test]
fn r12_a_run_whose_center_let_go_of_it_goes_on_with_another_one_and_is_one_run() {
    let world = world();
    let first = world.center.open_session(&jobs(), opening(&["x"])).unwrap();
    first.report_event(NewEvent::new(Some(&item("x")), Level::Warning, "one", "one")).unwrap();
    say(&*first, &item("x"), ProgressStatus::Updating).unwrap();
    let run = first.run_id();
    let other = another(&world);
    assert_eq!(other.open_session(&jobs(), resuming(run)).err(), Some(Refusal::Ended), "somebody has it");

    world.center.abandon();
    assert_eq!(world.store.run(run).unwrap().unwrap().outcome, Some(Outcome::Interrupted));
    assert_eq!(say(&*first, &item("x"), ProgressStatus::Updating), Err(Refusal::Ended));

    let second = other.open_session(&jobs(), resuming(run)).unwrap();
    assert_eq!(second.run_id(), run);
    assert_eq!(
        other.open_session(&jobs(), resuming(run)).unwrap().run_id(),
        run,
        "saying it twice does no harm"
    );
    assert_eq!(world.store.run(run).unwrap().unwrap().ended, None);
    second.report_event(NewEvent::new(Some(&item("x")), Level::Warning, "two", "two")).unwrap();
    say(&*second, &item("x"), ProgressStatus::Succeeded).unwrap();
    second.end();
    let records = world.store.runs(&RunQuery::default()).unwrap();
    assert_eq!(
        records.iter().map(|run| (run.id, run.outcome)).collect::<Vec<_>>(),
        [(run, Some(Outcome::Done))]
    );
    let names: Vec<String> = world.events().into_iter().map(|event| event.event.name).collect();
    assert_eq!(names, ["one", "two"]);
    assert_eq!(world.item("x").last_good.map(|(run, _)| run), Some(run));
    assert_eq!(world.center.open_session(&jobs(), resuming(run)).err(), Some(Refusal::Ended), "it has ended");
}

#[test]
fn r10_only_a_run_of_the_same_handler_and_items_is_gone_on_with() {
    let world = world();
    let run = world.center.open_session(&jobs(), opening(&["x"])).unwrap().run_id();
    world.center.abandon();
    let foreign = Opening { resumes: Some(run), ..opening(&["y"]) };
    assert!(matches!(world.center.open_session(&jobs(), foreign), Err(Refusal::InvalidArgument(_))));
    let unknown = resuming(syncmgr::RunId(run.0 + 1));
    assert!(matches!(world.center.open_session(&jobs(), unknown), Err(Refusal::InvalidArgument(_))));
}

#[test]
fn an_item_whose_reporter_says_so_is_overdue_without_a_good_run_for_that_long() {
    let world = world();
    let daily = Opening { overdue: Some(Duration::from_secs(86_400)), ..opening(&["x"]) };
    let session = world.center.open_session(&jobs(), daily).unwrap();
    say(&*session, &item("x"), ProgressStatus::Succeeded).unwrap();
    session.end();
    world.clock.advance(86_399 * SECOND);
    assert_ne!(world.item("x").headline, Headline::Overdue);
    world.clock.advance(2 * SECOND);
    assert_eq!(world.item("x").headline, Headline::Overdue);
    // It is kept with the item: another process knows it too.
    let of_job = |status: Vec<center::HandlerStatus>| {
        let mut items = status.into_iter().flat_map(|handler| handler.items);
        items.find(|of| of.item == item("x")).unwrap().headline
    };
    assert_eq!(of_job(another(&world).status().unwrap()), Headline::Overdue);
    let again = world.center.open_session(&jobs(), opening(&["x"])).unwrap();
    say(&*again, &item("x"), ProgressStatus::Succeeded).unwrap();
    again.end();
    assert_ne!(world.item("x").headline, Headline::Overdue);
}
