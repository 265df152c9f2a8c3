//! A stop that is not answered goes on by itself, step by step, and each step is seen (R3, R12).

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use center::{Headline, News, StopGrace, StopStage, What};
use syncmgr::control::Control;
use syncmgr::{HandlerError, Outcome, ProblemClass, ProgressStatus, Refusal, SessionCreator, Termination};

use crate::support::{Actor, Meeting, SECOND, World, handler, item, succeed, update};

/// Lets time pass, and the center look.
fn after(world: &World, seconds: i64) -> Option<StopStage> {
    world.clock.advance(seconds * SECOND);
    world.center.look_at_sessions();
    world.center.live().items.first().and_then(|live| live.stop)
}

fn stop(world: &World) {
    world.center.stop_handler_sync(&handler()).unwrap();
}

#[test]
fn r3_a_stop_that_is_acknowledged_in_time_goes_no_further() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
        callback.report_progress(&items[0], None, ProgressStatus::Canceled, 0, 0).unwrap();
        there.meet();
        there.meet();
    }));
    let started = world.start(&["a"]);
    here.meet();
    assert_eq!(after(&world, 1), None);
    stop(&world);
    assert_eq!(after(&world, 9), Some(StopStage::Asked));
    here.meet();
    here.meet();
    assert_eq!(after(&world, 50), None, "it is acknowledged");
    here.meet();
    assert_eq!(started.wait().result.outcome, Outcome::Canceled);
    assert!(world.event_names().is_empty());
}

#[test]
fn r12_a_handler_of_this_process_that_ignores_a_stop_is_left_behind_and_that_is_said() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b"], move |items, callback| {
        if items[0] == item("b") {
            return succeed(callback, &items[0]);
        }
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
        assert_eq!(callback.can_continue(None), Err(Refusal::Ended));
    }));
    let started = world.start(&["a"]);
    here.meet();
    stop(&world);
    let (feed, before) = (world.center.feed(), world.center.feed().now());
    assert_eq!(after(&world, 10), Some(StopStage::NotResponding));
    assert_eq!(world.item("a").headline, Headline::NotResponding);
    let told = What::ItemChanged { handler: handler(), item: item("a") };
    let News::Changes(changes) = feed.since(before, 100) else { panic!("nothing was told") };
    assert!(changes.iter().any(|change| change.what == told), "whoever shows it looks again: {changes:#?}");
    assert_eq!(after(&world, 40), Some(StopStage::NotResponding), "nothing can be forced");
    assert_eq!(after(&world, 10), None);

    // Who waited is told, the run is on record, and the truth is shown for as long as it holds.
    assert_eq!(started.wait().result.outcome, Outcome::Interrupted);
    assert_eq!(world.event_names(), ["Not responding", "Left behind", "Interrupted"]);
    assert!(world.events()[1].event.description.contains("it cannot be forced"));
    assert_eq!(world.item("a").headline, Headline::NotResponding);
    let next = world.start(&["b"]);
    assert!(world.item("b").waiting, "it is not called again meanwhile");
    here.meet();
    assert_eq!(next.wait().result.outcome, Outcome::Done);
    assert_eq!(world.item("a").headline, Headline::Interrupted);
}

/// An actor whose work is done by something that can be ended.
fn puppet() -> (Actor, Receiver<Termination>) {
    let (cut, cuts) = channel();
    let (told, tells) = channel();
    let cuts = std::sync::Mutex::new(cuts);
    let mut actor = Actor::new(&["a"], move |items, creator, _| {
        let callback = creator.create_session(&handler(), items)?;
        update(&callback, &items[0], 1, 2);
        while cuts.lock().unwrap().recv() != Ok(Termination::Kill) {}
        Err(HandlerError::new(ProblemClass::Transient, "The process was killed."))
    });
    actor.force = Some(Box::new(move |how| {
        told.send(how).unwrap();
        cut.send(how).unwrap();
    }));
    (actor, tells)
}

#[test]
fn r3_a_process_that_ignores_a_stop_is_terminated_and_then_killed() {
    let (actor, tells) = puppet();
    let world = World::with(actor);
    let started = world.start(&["a"]);
    while world.center.live().items.is_empty() {
        std::thread::yield_now();
    }
    stop(&world);
    assert_eq!(after(&world, 19), Some(StopStage::NotResponding));
    assert!(tells.try_recv().is_err());
    assert_eq!(after(&world, 1), Some(StopStage::Terminated));
    assert_eq!(after(&world, 9), Some(StopStage::Terminated));
    assert_eq!(tells.try_recv(), Ok(Termination::Terminate));
    assert!(tells.try_recv().is_err(), "told once");
    after(&world, 1);
    assert_eq!(tells.recv(), Ok(Termination::Kill));
    let verdict = started.wait();
    assert_eq!(verdict.items[0].problem.as_ref().unwrap().text, "The process was killed.");
    assert_eq!(world.event_names()[..3], ["Not responding", "Terminated", "Killed"]);
}

#[test]
fn r3_the_grace_is_a_setting() {
    let (actor, tells) = puppet();
    let world = World::with(actor);
    world.center.set_stop_grace(StopGrace::of(Duration::from_secs(1)));
    let started = world.start(&["a"]);
    while world.center.live().items.is_empty() {
        std::thread::yield_now();
    }
    stop(&world);
    assert_eq!(after(&world, 2), Some(StopStage::Terminated));
    after(&world, 1);
    assert_eq!(started.wait().result.outcome, Outcome::Failed);
    assert_eq!(tells.iter().take(2).collect::<Vec<_>>(), [Termination::Terminate, Termination::Kill]);
}

#[test]
fn r3_what_is_wanted_is_not_ended_by_force_because_something_beside_it_is_not() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
        items.iter().for_each(|item| succeed(callback, item));
    }));
    let started = world.start(&["a", "b"]);
    here.meet();
    world.center.stop_item_sync(&handler(), &[item("a")]).unwrap();
    assert_eq!(after(&world, 50), Some(StopStage::NotResponding));
    assert_eq!(after(&world, 5), Some(StopStage::NotResponding));
    assert_eq!(world.center.live().items[1].stop, None);
    here.meet();
    assert_eq!(started.wait().result.outcome, Outcome::Done);
    assert!(world.event_names().is_empty());
}

#[test]
fn r12_a_handler_that_hangs_before_its_session_is_left_behind_too() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::new(&["a"], move |_, _, _| {
        there.meet();
        there.meet();
        Ok(())
    }));
    let started = world.start(&["a"]);
    here.meet();
    stop(&world);
    after(&world, 10);
    assert_eq!(world.item("a").headline, Headline::NotResponding);
    assert!(started.verdict().is_none());
    after(&world, 50);
    let verdict = started.wait();
    assert!(verdict.items[0].problem.as_ref().unwrap().text.contains("did not answer"), "{verdict:?}");
    assert_eq!(verdict.runs.len(), 1);
    here.meet();
    world.is_idle();
    assert_eq!(world.store.runs(&store::RunQuery::default()).unwrap().len(), 1);
}

#[test]
fn r12_a_program_outside_that_ignores_a_stop_loses_its_session_and_is_not_touched() {
    let mut actor = Actor::good(&["a"]);
    actor.force = Some(Box::new(|_| panic!("it is not the handler's work")));
    let world = World::with(actor);
    let outside = world.center.create_session(&handler(), &[item("a")]).unwrap();
    update(&outside, &item("a"), 1, 2);
    stop(&world);
    assert_eq!(after(&world, 35), Some(StopStage::NotResponding));
    update(&outside, &item("a"), 1, 2);
    after(&world, 25);
    assert_eq!(outside.can_continue(None), Err(Refusal::Ended));
    assert_eq!(world.item("a").headline, Headline::Interrupted);
}
