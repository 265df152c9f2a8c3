//! What waits, and when its turn comes (R9, R17).

use std::sync::mpsc::channel;

use syncmgr::control::Control;
use syncmgr::flags::{HandlerCapabilities, SyncControlFlags};
use syncmgr::{ItemId, Outcome, ProgressStatus, Refusal, Request};

use crate::support::{Actor, LONG, Meeting, Told, World, handler, item, succeed};

#[test]
fn r17_first_come_first_served_and_a_request_for_what_waits_is_folded_into_it() {
    let (here, there) = Meeting::new();
    let (sender, calls) = channel::<Vec<ItemId>>();
    let world = World::with(Actor::in_session(&["a", "b", "c"], move |items, callback| {
        sender.send(items.to_vec()).unwrap();
        there.meet();
        items.iter().for_each(|item| succeed(callback, item));
    }));
    let a = world.start(&["a"]);
    let b = world.start(&["b"]);
    let c = world.start(&["c"]);
    let folded = world.start(&["b"]);
    let twice = world.start(&["c", "b"]);
    let waiting: Vec<_> = world.center.live().waiting.into_iter().map(|(_, item)| item).collect();
    assert!(waiting.ends_with(&[item("b"), item("c")]), "{waiting:?}");
    for _ in 0..3 {
        here.meet();
    }
    for started in [a, b, c, folded, twice] {
        assert_eq!(started.wait().result.outcome, Outcome::Done);
    }
    world.is_idle();
    let calls: Vec<_> = calls.try_iter().collect();
    assert_eq!(calls, [vec![item("a")], vec![item("b")], vec![item("c")]]);
}

#[test]
fn r17_what_is_syncing_and_asked_for_again_syncs_once_more_unless_the_request_says_otherwise() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        there.meet();
        there.meet();
        succeed(callback, &items[0]);
    }));
    let first = world.start(&["a"]);
    here.meet();
    let (told, verdict) = Told::new();
    world
        .center
        .start_item_sync(
            &handler(),
            &[item("a")],
            None,
            SyncControlFlags::IGNORE_IF_ALREADY_SYNCING,
            Some(told),
        )
        .unwrap();
    assert!(world.center.live().waiting.is_empty());
    let again = world.start(&["a"]);
    assert_eq!(world.center.live().waiting, [(handler(), item("a"))]);
    here.meet();
    let first = first.wait();
    assert_eq!(verdict.recv_timeout(LONG).unwrap().0, ProgressStatus::Succeeded);
    assert!(verdict.try_recv().is_err(), "told once");
    here.meet();
    here.meet();
    assert_ne!(again.wait().runs, first.runs);
    world.is_idle();
}

#[test]
fn r17_each_handler_has_a_queue_of_its_own() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        there.meet();
        succeed(callback, &items[0]);
    }));
    let other = syncmgr::HandlerId::new("other").unwrap();
    let id = other.clone();
    let mut actor = Actor::new(&["a"], move |items, creator, _| {
        let callback = creator.create_session(&id, items).unwrap();
        succeed(&callback, &items[0]);
        Ok(())
    });
    actor.id = other.clone();
    world.center.register(std::sync::Arc::new(actor)).unwrap();
    let slow = world.start(&["a"]);
    let quick = world.center.start(&other, None, None, SyncControlFlags::empty()).unwrap();
    assert_eq!(quick.wait().result.outcome, Outcome::Done);
    here.meet();
    slow.wait();
}

#[test]
fn r17_a_handler_of_several_sessions_is_called_at_once_for_items_that_are_free() {
    let (here, there) = Meeting::new();
    let mut actor = Actor::in_session(&["a", "b"], move |items, callback| {
        if items == [item("a")] {
            there.meet();
        }
        items.iter().for_each(|item| succeed(callback, item));
    });
    actor.capabilities = HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS;
    let world = World::with(actor);
    let a = world.start(&["a"]);
    assert_eq!(world.start(&["b"]).wait().result.outcome, Outcome::Done);
    let both = world.start(&["a", "b"]);
    assert_eq!(both.verdict().map(|verdict| verdict.runs), None);
    here.meet();
    a.wait();
    both.wait();
}

#[test]
fn r9_a_session_takes_in_an_item_that_waits_and_answers_for_it() {
    let (here, there) = Meeting::new();
    let (sender, answers) = channel();
    let world = World::with(Actor::in_session(&["a", "b"], move |items, callback| {
        sender.send(callback.query_for_additional_items().unwrap().items).unwrap();
        there.meet();
        there.meet();
        sender.send(callback.query_for_additional_items().unwrap().items).unwrap();
        callback.add_item_to_session(&item("b")).unwrap();
        let twice = callback.add_item_to_session(&item("b"));
        assert!(matches!(twice, Err(Refusal::InvalidArgument(_))), "{twice:?}");
        assert!(callback.query_for_additional_items().unwrap().is_empty());
        succeed(callback, &items[0]);
        succeed(callback, &item("b"));
    }));
    let a = world.start(&["a"]);
    here.meet();
    let b = world.start(&["b"]);
    here.meet();
    let run = a.wait().runs;
    assert_eq!(b.wait().runs, run);
    world.is_idle();
    assert_eq!(world.store.run(run[0]).unwrap().unwrap().items.len(), 2);
    let answers: Vec<_> = answers.try_iter().collect();
    assert_eq!(answers, [vec![], vec![item("b")]]);
}

#[test]
fn r9_a_session_takes_in_an_opaque_request_that_waits() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::new(&["a", "b"], move |items, creator, request| {
        assert_eq!(request.unwrap().get::<&str>(), Some(&"first"));
        let callback = creator.create_session(&handler(), items).unwrap();
        there.meet();
        there.meet();
        let waiting = callback.query_for_additional_items().unwrap();
        assert!(waiting.items.is_empty());
        let [request] = &waiting.requests[..] else { panic!("one waits, not {:?}", waiting.requests) };
        assert_eq!(request.get::<&str>(), Some(&"second"));
        assert!(callback.add_request_to_session(&Request::new("second")).is_err(), "another object");
        callback.add_request_to_session(request).unwrap();
        assert!(callback.add_request_to_session(request).is_err());
        succeed(&callback, &items[0]);
        succeed(&callback, &item("b"));
        Ok(())
    }));
    let start = |id: &str, request: &'static str| {
        let request = Some(Request::new(request));
        world.center.start(&handler(), Some(&[item(id)]), request, SyncControlFlags::empty()).unwrap()
    };
    let a = start("a", "first");
    here.meet();
    let b = start("b", "second");
    here.meet();
    assert_eq!(a.wait().runs, b.wait().runs);
    world.is_idle();
}

#[test]
fn a_request_reaches_the_handler_as_it_was_given() {
    let (sender, seen) = channel();
    let world = World::with(Actor::new(&["a"], move |items, creator, request| {
        sender.send(request.and_then(|request| request.get::<u64>().copied())).unwrap();
        let callback = creator.create_session(&handler(), items).unwrap();
        succeed(&callback, &items[0]);
        Ok(())
    }));
    let (told, verdict) = Told::new();
    let flags = SyncControlFlags::empty();
    world.center.start_handler_sync(&handler(), Some(Request::new(7_u64)), flags, Some(told)).unwrap();
    assert_eq!(verdict.recv_timeout(LONG).unwrap(), (ProgressStatus::Succeeded, Outcome::Done, 0, 0));
    assert_eq!(seen.recv_timeout(LONG).unwrap(), Some(7));
}
