//! Stops are asked once, answered many times, and acknowledged once for each item (R3, R4).

use std::sync::mpsc::channel;
use std::time::Duration;

use center::Headline;
use store::RunQuery;
use syncmgr::control::Control;
use syncmgr::flags::{HandlerPolicies, SyncControlFlags};
use syncmgr::{CancelRequest, Outcome, ProgressStatus, Refusal};

use crate::support::{Actor, LONG, Meeting, SECOND, Told, World, handler, item, succeed, update};

#[test]
fn r3_a_stop_of_an_item_stands_until_it_is_acknowledged_and_spares_the_others() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b"], move |_, callback| {
        let (a, b) = (item("a"), item("b"));
        update(callback, &a, 1, 2);
        there.meet();
        there.meet();
        for _ in 0..2 {
            let answer = callback.report_progress(&a, None, ProgressStatus::Updating, 1, 2);
            assert_eq!(answer, Ok(CancelRequest::Item));
            assert_eq!(callback.can_continue(Some(&a)), Ok(false));
        }
        assert_eq!(callback.can_continue(Some(&b)), Ok(true));
        assert_eq!(callback.can_continue(None), Ok(true));
        callback.report_progress(&a, None, ProgressStatus::Canceled, 0, 0).unwrap();
        assert_eq!(callback.can_continue(Some(&a)), Ok(true), "it is acknowledged");
        succeed(callback, &b);
    }));
    let started = world.start(&["a", "b"]);
    here.meet();
    world.center.stop_item_sync(&handler(), &[item("a")]).unwrap();
    assert_eq!(world.center.live().items[0].cancel, CancelRequest::Item);
    here.meet();
    let verdict = started.wait();
    assert_eq!(verdict.result.status, ProgressStatus::Canceled);
    world.is_idle();
    assert_eq!(world.item("a").headline, Headline::Interrupted);
    assert_eq!(world.item("b").headline, Headline::UpToDate);
    let unknown = world.center.stop_item_sync(&handler(), &[item("films")]);
    assert!(matches!(unknown, Err(Refusal::InvalidArgument(_))));
}

#[test]
fn r4_a_stop_of_the_handler_stops_every_item_and_forgets_what_waits() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b", "c"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
        assert_eq!(callback.can_continue(None), Ok(false));
        assert_eq!(callback.set_handler_progress_text("stopping"), Ok(CancelRequest::All));
        for item in items {
            assert_eq!(callback.can_continue(Some(item)), Ok(false));
            callback.report_progress(item, None, ProgressStatus::Canceled, 0, 0).unwrap();
        }
        assert_eq!(callback.can_continue(None), Ok(true), "every item has acknowledged");
    }));
    let running = world.start(&["a", "b"]);
    here.meet();
    let waiting = world.start(&["c"]);
    let (told, verdict) = Told::new();
    world
        .center
        .start_item_sync(&handler(), &[item("a")], None, SyncControlFlags::empty(), Some(told))
        .unwrap();
    world.center.stop_handler_sync(&handler()).unwrap();
    let waited = waiting.wait();
    assert_eq!((waited.result.status, waited.runs.len()), (ProgressStatus::Canceled, 0));
    assert_eq!(verdict.recv_timeout(LONG).unwrap().0, ProgressStatus::Canceled);
    here.meet();
    assert_eq!(running.wait().result.outcome, Outcome::Canceled);
    world.is_idle();
    assert_eq!(world.store.runs(&RunQuery::default()).unwrap().len(), 1);
}

#[test]
fn a_stop_that_comes_before_the_session_is_not_lost() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::new(&["a", "b"], move |items, creator, _| {
        there.meet();
        there.meet();
        let callback = creator.create_session(&handler(), &items[..1]).unwrap();
        assert_eq!(callback.can_continue(None), Ok(false));
        callback.report_progress(&items[0], None, ProgressStatus::Canceled, 0, 0).unwrap();
        Ok(())
    }));
    let started = world.start(&["a", "b"]);
    here.meet();
    world.center.stop_sync_all().unwrap();
    here.meet();
    let verdict = started.wait();
    let outcomes: Vec<_> = verdict.items.iter().map(|end| end.outcome).collect();
    assert_eq!(outcomes, [Outcome::Canceled, Outcome::Canceled], "also what it never came to");
}

#[test]
fn the_first_stop_waits_for_the_acknowledgement() {
    let (here, there) = Meeting::new();
    let mut actor = Actor::in_session(&["a"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        there.meet();
        while callback.can_continue(Some(&items[0])).unwrap() {
            std::thread::yield_now();
        }
        callback.report_progress(&items[0], None, ProgressStatus::Canceled, 0, 0).unwrap();
    });
    // A process that wants to go asks all, whatever the policies for the page's buttons are.
    actor.policies = HandlerPolicies::PREVENT_STOP_SYNC;
    let world = World::with(actor);
    let started = world.start(&["a"]);
    here.meet();
    let refused = world.center.stop_handler_sync(&handler());
    assert!(matches!(&refused, Err(Refusal::AccessDenied(why)) if why.contains("The actor")), "{refused:?}");
    assert!(world.center.stop_all_and_wait(LONG).is_complete());
    assert_eq!(started.verdict().unwrap().result.outcome, Outcome::Canceled);
}

#[test]
fn a_handler_that_does_not_answer_is_named_and_can_be_left_behind() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b"], move |items, callback| {
        succeed(callback, &items[1]);
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
        // It is refused now, and must live with it.
        assert_eq!(callback.can_continue(None), Err(Refusal::Ended));
    }));
    let started = world.start(&["a", "b"]);
    here.meet();
    let stopped = world.center.stop_all_and_wait(Duration::ZERO);
    assert_eq!(stopped.not_responding, [(handler(), item("a"))]);
    assert!(!stopped.is_complete());
    world.clock.advance(10 * SECOND);
    assert_eq!(world.item("a").headline, Headline::NotResponding);
    assert!(world.center.live().items[0].not_responding());

    world.center.abandon();
    let runs = world.store.runs(&RunQuery::default()).unwrap();
    assert_eq!(runs[0].outcome, Some(Outcome::Interrupted));
    assert!(world.event_names().contains(&"Interrupted".to_owned()));
    here.meet();
    let verdict = started.wait();
    assert_eq!((verdict.items[0].outcome, verdict.items[1].outcome), (Outcome::Interrupted, Outcome::Done));
}

#[test]
fn progress_is_read_without_waiting_for_the_handler() {
    let (here, there) = Meeting::new();
    let (sender, receiver) = channel();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        callback.set_handler_progress_text("one of one").unwrap();
        callback.report_phase(&items[0], syncmgr::Phase::Moving).unwrap();
        update(callback, &items[0], 30, 40);
        sender.send(callback.run_id()).unwrap();
        there.meet();
        there.meet();
        succeed(callback, &items[0]);
    }));
    let idle = world.center.live().version;
    let started = world.start(&["a"]);
    here.meet();
    let live = world.center.live();
    assert_ne!(live.version, idle);
    assert_eq!((live.handlers[0].name.as_str(), live.handlers[0].text.as_str()), ("The actor", "one of one"));
    let shown = &live.items[0];
    assert_eq!((shown.name.as_str(), shown.text.as_str()), ("The a", "at it"));
    assert_eq!((shown.step, shown.max, shown.progress.percent()), (30, 40, Some(75)));
    assert_eq!((shown.phase, shown.run), (Some(syncmgr::Phase::Moving), receiver.recv().unwrap()));
    assert_eq!((shown.started, shown.outcome), (1_000_000, None));
    assert_eq!(world.center.wait_for_change(live.version, Duration::ZERO), live.version);
    assert!(!world.center.wait_until_idle(Duration::ZERO));
    here.meet();
    started.wait();
    world.is_idle();
    assert_ne!(world.center.wait_for_change(live.version, LONG), live.version);
}
