//! Many callers at once: nobody waits for ever, and nothing is lost.

use std::sync::Arc;
use std::thread;

use center::Started;
use store::{EventQuery, RunQuery};
use syncmgr::control::Control;
use syncmgr::flags::{HandlerCapabilities, SyncControlFlags};
use syncmgr::{HandlerId, ItemId, Level, NewEvent, ProgressStatus};

use crate::support::{Actor, LONG, World, handler, item, succeed};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn actor(id: &HandlerId, concurrent: bool) -> Actor {
    let own = id.clone();
    let mut actor = Actor::new(&NAMES, move |items, creator, _| {
        let Ok(callback) = creator.create_session(&own, items) else { return Ok(()) };
        for step in 0..50 {
            for item in items {
                let canceled = !callback.can_continue(Some(item)).unwrap();
                let status = if canceled { ProgressStatus::Canceled } else { ProgressStatus::Updating };
                // After its acknowledgement an item is left alone.
                if step == 0 || callback.report_phase(item, syncmgr::Phase::Moving).is_ok() {
                    let _ = callback.report_progress(item, None, status, step, 50);
                }
            }
        }
        for item in items {
            if callback.report_phase(item, syncmgr::Phase::Finishing).is_ok() {
                let _ = callback.report_progress(item, None, ProgressStatus::Succeeded, 50, 50);
            }
        }
        Ok(())
    });
    actor.id = id.clone();
    if concurrent {
        actor.capabilities = HandlerCapabilities::SUPPORTS_CONCURRENT_SESSIONS;
    }
    actor
}

#[test]
fn every_start_gets_its_verdict_whatever_is_stopped_meanwhile() {
    let world = World::new();
    let handlers: Vec<HandlerId> =
        ["one", "two", "many"].iter().map(|id| HandlerId::new(id).unwrap()).collect();
    for id in &handlers {
        world.center.register(Arc::new(actor(id, id.as_str() == "many"))).unwrap();
    }
    let started: Vec<Started> = thread::scope(|scope| {
        let callers: Vec<_> = (0..6_usize)
            .map(|caller| {
                let (center, handlers) = (&world.center, &handlers);
                scope.spawn(move || {
                    let mut started = Vec::new();
                    for round in 0..30_usize {
                        let handler = &handlers[(caller + round) % handlers.len()];
                        let items: Vec<ItemId> =
                            NAMES[..=(caller * 7 + round) % NAMES.len()].iter().map(|id| item(id)).collect();
                        let flags = if round % 3 == 0 {
                            SyncControlFlags::IGNORE_IF_ALREADY_SYNCING
                        } else {
                            SyncControlFlags::empty()
                        };
                        started.push(center.start(handler, Some(&items), None, flags).unwrap());
                        match round % 11 {
                            3 => center.stop_handler_sync(handler).unwrap(),
                            7 => center.stop_item_sync(handler, &items[..1]).unwrap(),
                            9 => center.stop_sync_all().unwrap(),
                            _ => drop(center.live()),
                        }
                    }
                    started
                })
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    for started in &started {
        assert!(started.wait_for(LONG).is_some(), "somebody waits for ever");
    }
    world.is_idle();
    let query = RunQuery { limit: Some(10_000), ..RunQuery::default() };
    for run in world.store.runs(&query).unwrap() {
        assert!(run.ended.is_some() && run.outcome.is_some(), "{run:?}");
    }
}

#[test]
fn events_of_many_threads_are_all_on_record_when_the_verdict_is_given() {
    let world = World::with(Actor::in_session(&["a"], |items, callback| {
        thread::scope(|scope| {
            for thread in 0..4 {
                scope.spawn(move || {
                    for n in 0..2_500 {
                        let level = if n % 2 == 0 { Level::Error } else { Level::Information };
                        let text = format!("{n} of {thread}");
                        callback.report_event(NewEvent::new(Some(&items[0]), level, "line", text)).unwrap();
                    }
                });
            }
        });
        succeed(callback, &items[0]);
    }));
    let verdict = world.start(&["a"]).wait();
    assert_eq!(verdict.result.errors, 5_000);
    let query = EventQuery { limit: Some(20_000), handler: Some(handler()), ..EventQuery::default() };
    assert_eq!(world.store.events(&query).unwrap().len(), 10_000);
}
