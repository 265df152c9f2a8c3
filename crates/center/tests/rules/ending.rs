//! Whatever happens to a handler, its sessions end (R12), and who waits is told.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use center::{Center, Headline, SystemClock};
use store::{RunQuery, Store};
use syncmgr::flags::SyncControlFlags;
use syncmgr::{Level, NewEvent, Outcome, ProblemClass, ProgressStatus, Refusal, RunId, SessionCreator};

use crate::support::{Actor, LONG, Meeting, SECOND, World, handler, item, succeed, trouble, update};

#[test]
fn r12_dropping_the_last_callback_ends_the_session() {
    let world = World::with(Actor::good(&["photos"]));
    let one = world.center.create_session(&handler(), &[item("photos")]).unwrap();
    let two = Arc::clone(&one);
    update(&one, &item("photos"), 1, 2);
    let run = one.run_id();
    drop(one);
    assert_eq!(world.store.run(run).unwrap().unwrap().outcome, None);
    drop(two);
    assert_eq!(world.store.run(run).unwrap().unwrap().outcome, Some(Outcome::Interrupted));
    assert_eq!(world.event_names(), ["Interrupted"]);
    assert!(world.center.live().items.is_empty());
}

#[test]
fn r12_returning_ends_the_session_even_if_a_callback_is_kept() {
    let (sender, receiver) = channel();
    let world = World::with(Actor::in_session(&["photos"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        sender.send(Arc::clone(callback)).unwrap();
    }));
    let verdict = world.start(&["photos"]).wait();
    assert_eq!(verdict.result.outcome, Outcome::Interrupted);
    let kept = receiver.recv_timeout(LONG).unwrap();
    assert_eq!(kept.can_continue(None), Err(Refusal::Ended));
    assert_eq!(kept.set_handler_progress_text("still there"), Err(Refusal::Ended));
    let late = kept.report_event(NewEvent::new(None, Level::Error, "late", "too late"));
    assert_eq!(late, Err(Refusal::Ended));
    assert_eq!(kept.run_id(), verdict.runs[0]);
}

#[test]
fn r12_saying_so_ends_the_session() {
    let world = World::with(Actor::in_session(&["photos"], |items, callback| {
        succeed(callback, &items[0]);
        callback.end();
        assert_eq!(callback.can_continue(None), Err(Refusal::Ended));
        callback.end();
    }));
    assert_eq!(world.start(&["photos"]).wait().result.outcome, Outcome::Done);
    assert_eq!(world.store.runs(&RunQuery::default()).unwrap().len(), 1);
}

#[test]
fn r12_a_lease_of_a_minute_ends_a_silent_session_and_any_word_renews_it() {
    let world = World::with(Actor::good(&["photos"]));
    let callback = world.center.create_session(&handler(), &[item("photos")]).unwrap();
    for _ in 0..5 {
        world.clock.advance(59 * SECOND);
        callback.can_continue(None).unwrap();
        world.center.look_at_sessions();
    }
    callback.extend_lease(Duration::from_secs(3600)).unwrap();
    world.clock.advance(3599 * SECOND);
    world.center.look_at_sessions();
    update(&callback, &item("photos"), 1, 2);
    world.clock.advance(61 * SECOND);
    world.center.look_at_sessions();
    world.is_idle();
    assert_eq!(callback.can_continue(None), Err(Refusal::Ended));
    let run = world.store.run(callback.run_id()).unwrap().unwrap();
    assert_eq!(run.outcome, Some(Outcome::Interrupted));
    assert!(world.events()[0].event.description.contains("silent for too long"));
}

#[test]
fn r12_who_waits_for_a_handler_that_fell_silent_is_told_and_it_is_not_called_again_meanwhile() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["photos", "music"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
    }));
    let started = world.start(&["photos"]);
    here.meet();
    world.clock.advance(61 * SECOND);
    world.center.look_at_sessions();
    assert_eq!(started.wait().result.outcome, Outcome::Interrupted);
    assert_eq!(world.item("photos").headline, Headline::NotResponding);
    let next = world.start(&["music"]);
    assert!(world.item("music").waiting);
    here.meet();
    here.meet();
    here.meet();
    assert_eq!(next.wait().result.outcome, Outcome::Interrupted);
    world.is_idle();
    assert_eq!(world.item("photos").headline, Headline::Interrupted);
}

#[test]
fn a_panic_ends_its_session_as_failed_and_nothing_else() {
    let world = World::with(Actor::in_session(&["photos", "music"], |items, callback| {
        if items[0] == item("photos") {
            update(callback, &items[0], 1, 2);
            panic!("the actor forgot its part");
        }
        succeed(callback, &items[0]);
    }));
    let verdict = world.start(&["photos"]).wait();
    assert_eq!(verdict.result.outcome, Outcome::Failed);
    let problem = verdict.items[0].problem.clone().unwrap();
    assert_eq!(problem.class, ProblemClass::Bug);
    assert!(problem.text.contains("the actor forgot its part"), "{problem}");
    assert_eq!(verdict.runs.len(), 1);
    assert_eq!(world.start(&["music"]).wait().result.outcome, Outcome::Done);
}

#[test]
fn a_failure_before_any_session_is_on_record_for_the_items_that_were_asked_for() {
    let world = World::with(Actor::new(&["photos", "music"], |_, _, _| Err(trouble("The net is down."))));
    let verdict = world.start(&["photos", "music"]).wait();
    assert_eq!((verdict.result.outcome, verdict.runs.len()), (Outcome::Failed, 1));
    let run = world.store.run(verdict.runs[0]).unwrap().unwrap();
    assert_eq!(run.items.len(), 2);
    for item in &run.items {
        assert_eq!(item.problem.as_ref().unwrap().text, "The net is down.");
    }
}

#[test]
fn a_failure_in_a_session_is_what_its_open_items_failed_of() {
    let world = World::with(Actor::new(&["photos", "music", "films"], |items, creator, _| {
        let callback = creator.create_session(&handler(), &items[..2])?;
        succeed(&callback, &items[0]);
        update(&callback, &items[1], 1, 2);
        Err(trouble("The net went down."))
    }));
    let verdict = world.start(&["photos", "music", "films"]).wait();
    let said: Vec<_> = verdict
        .items
        .iter()
        .map(|end| {
            (end.item.as_str(), end.outcome, end.problem.as_ref().map(|problem| problem.text.as_str()))
        })
        .collect();
    let down = Some("The net went down.");
    assert_eq!(
        said,
        [("photos", Outcome::Done, None), ("music", Outcome::Failed, down), ("films", Outcome::Failed, down),]
    );
    assert_eq!(verdict.runs.len(), 2, "one of the session, one of the item that came to none");
}

#[test]
fn a_handler_that_returns_without_having_done_anything_has_not_succeeded() {
    let world = World::with(Actor::new(&["photos"], |_, _, _| Ok(())));
    let verdict = world.start(&["photos"]).wait();
    assert_eq!(verdict.result.status, ProgressStatus::Failed);
    assert_eq!(world.item("photos").headline, Headline::Failed);
}

#[test]
fn what_was_handed_to_a_process_outside_is_that_processs_affair() {
    let (here, there) = Meeting::new();
    let mut actor = Actor::new(&["photos"], move |_, _, _| {
        there.meet();
        there.meet();
        Ok(())
    });
    actor.capabilities = syncmgr::flags::HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS;
    let world = World::with(actor);
    let started = world.start(&["photos"]);
    here.meet();
    let outside = world.center.create_session(&handler(), &[item("photos")]).unwrap();
    here.meet();
    assert!(started.wait().runs.is_empty());
    succeed(&outside, &item("photos"));
    drop(outside);
    world.is_idle();
    assert_eq!(world.store.runs(&RunQuery::default()).unwrap().len(), 1);
    assert_eq!(world.item("photos").headline, Headline::UpToDate);
}

#[test]
fn several_sessions_one_after_the_other_make_one_verdict() {
    let world = World::with(Actor::new(&["photos", "music"], |items, creator, _| {
        for item in items {
            let callback = creator.create_session(&handler(), std::slice::from_ref(item))?;
            callback.report_event(NewEvent::new(Some(item), Level::Error, "line", "text")).unwrap();
            // The first is let go of without a final word; the next session ends it.
            if *item == items[1] {
                succeed(&callback, item);
            } else {
                update(&callback, item, 1, 2);
            }
        }
        Ok(())
    }));
    let verdict = world.start(&["photos", "music"]).wait();
    assert_eq!((verdict.runs.len(), verdict.result.errors), (2, 2));
    assert_eq!(verdict.result.outcome, Outcome::Interrupted);
    assert_eq!(verdict.items[1].outcome, Outcome::Done);
}

const STORE: &str = "INSTEP_TEST_STORE";

/// Not a test of its own: the process that the next test starts and kills.
#[test]
#[ignore = "started by another test"]
fn child_that_synchronizes_for_ever() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let store = Arc::new(Store::open(path.as_ref()).unwrap());
    let center = Center::new(store, Arc::new(SystemClock::default()));
    let actor = Actor::in_session(&["photos"], |items, callback| {
        update(callback, &items[0], 1, 2);
        callback.report_event(NewEvent::new(Some(&items[0]), Level::Warning, "Last", "last word")).unwrap();
        println!("\nbegun {}", callback.run_id());
        let _ = std::io::stdin().read(&mut [0]);
    });
    center.register(Arc::new(actor)).unwrap();
    let started = center.start(&handler(), None, None, SyncControlFlags::empty()).unwrap();
    started.wait();
}

#[test]
fn r12_a_session_whose_process_was_killed_is_interrupted_and_not_running() {
    let world = World::with(Actor::good(&["photos"]));
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "ending::child_that_synchronizes_for_ever", "--ignored", "--nocapture"])
        .env(STORE, world.store.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let run = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .find_map(|line| Some(RunId(line.unwrap().strip_prefix("begun ")?.parse().unwrap())))
        .unwrap();
    let status = world.item("photos");
    assert_eq!((status.running_elsewhere, status.headline), (Some(run), Headline::NeverRun));
    assert_eq!(status.state, syncmgr::SyncState::Syncing);
    child.kill().unwrap();
    child.wait().unwrap();
    let status = world.item("photos");
    assert_eq!((status.running_elsewhere, status.headline), (None, Headline::Interrupted));
    assert_eq!(world.store.run(run).unwrap().unwrap().outcome, Some(Outcome::Interrupted));
}

#[test]
fn a_store_that_cannot_be_written_fails_the_run_in_so_many_words() {
    let world = World::new();
    let file = world.store.path().to_owned();
    let options = store::Options { busy_timeout: Duration::ZERO };
    let store = Arc::new(Store::open_with(&file, options).unwrap());
    let center = Center::new(store, Arc::clone(&world.clock) as Arc<dyn center::Clock>);
    center
        .register(Arc::new(Actor::new(&["photos"], |items, creator, _| {
            match creator.create_session(&handler(), items) {
                Ok(_) => Ok(()),
                Err(refusal) => Err(trouble(&refusal.to_string())),
            }
        })))
        .unwrap();
    let held = LockedStore::new(&world);
    let verdict =
        center.start(&handler(), None, None, SyncControlFlags::empty()).unwrap().wait_for(LONG).unwrap();
    drop(held);
    assert_eq!((verdict.result.outcome, verdict.runs.len()), (Outcome::Failed, 0));
    assert!(verdict.items[0].problem.as_ref().unwrap().text.contains("is locked"));
    assert!(verdict.trouble.is_some());
}

#[test]
fn a_store_that_breaks_under_a_run_is_not_in_the_way_of_it() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["photos"], move |items, callback| {
        there.meet();
        there.meet();
        callback.report_event(NewEvent::new(Some(&items[0]), Level::Warning, "line", "still told")).unwrap();
        succeed(callback, &items[0]);
    }));
    let started = world.start(&["photos"]);
    here.meet();
    let file = world.store.path();
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let length = usize::try_from(std::fs::metadata(file).unwrap().len()).unwrap();
    std::fs::write(file, vec![0x5a; length]).unwrap();
    here.meet();
    let verdict = started.wait();
    assert_eq!((verdict.result.outcome, &verdict.trouble), (Outcome::Done, &None));
    assert_eq!(world.store.put_aside().len(), 1, "worth a warning");
    assert_eq!(world.item("photos").headline, Headline::UpToDate);
    assert_eq!(world.event_names(), ["line"]);
}

/// Another writer that does not let go.
struct LockedStore {
    connection: rusqlite::Connection,
}

impl LockedStore {
    fn new(world: &World) -> Self {
        let connection = rusqlite::Connection::open(world.store.path()).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Self { connection }
    }
}

impl Drop for LockedStore {
    fn drop(&mut self) {
        let _ = self.connection.execute_batch("ROLLBACK");
    }
}
