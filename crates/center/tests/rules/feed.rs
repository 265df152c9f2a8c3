//! The feed: in order, without loss, and at no cost to those who report.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use center::{Change, ChangeId, Follower, News, What};
use syncmgr::control::{Control, UpdateReason};
use syncmgr::flags::{ControlFlags, SyncControlFlags};
use syncmgr::{CancelRequest, Level, NewEvent, Outcome, SessionCreator};

use crate::support::{Actor, LONG, Meeting, World, handler, item, succeed, update};

/// Reads until something is there that a test waits for; gives all that was read.
fn read_until(follower: &mut Follower, mut wanted: impl FnMut(&What) -> bool) -> Vec<Arc<Change>> {
    let begun = Instant::now();
    let mut read = Vec::new();
    while begun.elapsed() < LONG {
        match follower.next(3) {
            News::Nothing => follower.wait(LONG),
            News::Changes(changes) => {
                let found = changes.iter().any(|change| wanted(&change.what));
                read.extend(changes);
                if found {
                    return read;
                }
            }
            News::Reload(_) => panic!("it was not far behind"),
        }
    }
    panic!("never told; read: {read:#?}");
}

fn is_end(what: &What) -> bool {
    matches!(what, What::SessionEnded { .. })
}

#[test]
fn a_run_is_told_from_its_beginning_over_its_lines_to_its_end() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        update(callback, &items[0], 1, 4);
        there.meet();
        callback.report_event(NewEvent::new(Some(&items[0]), Level::Warning, "odd", "very odd")).unwrap();
        succeed(callback, &items[0]);
    }));
    let mut follower = world.center.feed().follow(None, || ());
    let started = world.start(&["a"]);
    let mut read = read_until(&mut follower, |what| matches!(what, What::Progress(live) if live.max == 4));
    here.meet();
    let run = started.wait().runs[0];
    read.extend(read_until(&mut follower, is_end));

    let place = |wanted: &dyn Fn(&What) -> bool| read.iter().position(|change| wanted(&change.what)).unwrap();
    let began = place(
        &|what| matches!(what, What::SessionBegan { run: of, items, .. } if *of == run && items == &[item("a")]),
    );
    let progress = place(&|what| matches!(what, What::Progress(live) if live.run == run && live.step == 1));
    let event =
        place(&|what| matches!(what, What::Event(event) if event.run == run && event.event.name == "odd"));
    let ended = place(&|what| {
        matches!(what, What::SessionEnded { items, result, .. }
            if result.outcome == Outcome::Done && items[0].outcome == Outcome::Done)
    });
    assert!(began < progress && progress < event && event < ended, "{read:#?}");
    let numbers: Vec<u64> = read.iter().map(|change| change.id.number).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    assert!(!read[ended..].iter().any(|change| matches!(change.what, What::Progress(_))), "{read:#?}");
}

#[test]
fn a_reader_who_comes_back_misses_nothing_and_one_from_another_life_looks_anew() {
    let world = World::with(Actor::good(&["a"]));
    let feed = world.center.feed();
    let mut follower = feed.follow(None, || ());
    world.start(&["a"]).wait();
    read_until(&mut follower, is_end);
    let seen = follower.seen();
    drop(follower);
    for _ in 0..3 {
        world.start(&["a"]).wait();
    }
    let mut again = feed.follow(Some(seen), || ());
    let mut ends = 0;
    read_until(&mut again, |what| {
        ends += u32::from(is_end(what));
        ends == 3
    });

    let other: ChangeId = "17-3".parse().unwrap();
    assert_eq!(other.to_string(), "17-3");
    assert!("17".parse::<ChangeId>().is_err());
    let mut lost = feed.follow(Some(other), || ());
    assert_eq!(lost.next(9), News::Reload(feed.now()));
    assert_eq!(lost.next(9), News::Nothing);
}

#[test]
fn whoever_caught_up_is_woken_once_and_who_does_not_read_costs_nothing() {
    let world = World::with(Actor::good(&["a"]));
    let feed = world.center.feed();
    let (woken, never) = (Arc::<AtomicU32>::default(), Arc::<AtomicU32>::default());
    let count = |counter: &Arc<AtomicU32>| {
        let counter = Arc::clone(counter);
        move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    };
    let mut follower = feed.follow(None, count(&woken));
    let _slow = feed.follow(None, count(&never));
    assert_eq!(follower.next(9), News::Nothing);
    for _ in 0..3 {
        world.start(&["a"]).wait();
    }
    assert_eq!(woken.load(Ordering::SeqCst), 1);
    assert_eq!(never.load(Ordering::SeqCst), 0);
}

#[test]
fn r3_a_stop_is_told_although_the_handler_says_nothing() {
    let world = World::with(Actor::good(&["a"]));
    let callback = world.center.create_session(&handler(), &[item("a")]).unwrap();
    update(&callback, &item("a"), 1, 2);
    let mut follower = world.center.feed().follow(None, || ());
    read_until(
        &mut follower,
        |what| matches!(what, What::Progress(live) if live.cancel == CancelRequest::None),
    );
    world.center.stop_item_sync(&handler(), &[item("a")]).unwrap();
    read_until(
        &mut follower,
        |what| matches!(what, What::Progress(live) if live.cancel == CancelRequest::Item && !live.not_responding()),
    );
    world.clock.advance(60_000);
    read_until(&mut follower, |what| matches!(what, What::Progress(live) if live.not_responding()));
}

#[test]
fn r17_what_waits_is_told_and_that_it_waits_no_longer() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a", "b"], move |items, callback| {
        there.meet();
        items.iter().for_each(|item| succeed(callback, item));
    }));
    let mut follower = world.center.feed().follow(None, || ());
    let a = world.start(&["a"]);
    let b = world.start(&["b"]);
    read_until(&mut follower, |what| matches!(what, What::Queue { waiting, .. } if waiting == &[item("b")]));
    here.meet();
    a.wait();
    read_until(&mut follower, |what| matches!(what, What::Queue { waiting, .. } if waiting.is_empty()));
    here.meet();
    b.wait();
}

#[test]
fn what_control_changes_and_what_handlers_announce_is_told() {
    let world = World::with(Actor::good(&["a"]));
    let feed = world.center.feed();
    let told = |act: &dyn Fn()| {
        let before = feed.now();
        act();
        match feed.since(before, 100) {
            News::Changes(changes) => changes.iter().map(|change| change.what.clone()).collect(),
            _ => Vec::new(),
        }
    };
    let (center, none) = (&world.center, ControlFlags::empty());
    let item_changed = What::ItemChanged { handler: handler(), item: item("a") };
    let handler_changed = What::HandlerChanged { handler: handler() };
    let conflicts = |of| What::Conflicts { handler: handler(), item: of };
    let cases: [(&dyn Fn(), &What); 7] = [
        (&|| center.update_events(&handler(), Some(&item("a")), none).unwrap(), &item_changed),
        (&|| center.update_events(&handler(), None, none).unwrap(), &handler_changed),
        (&|| center.update_handler(&handler(), none).unwrap(), &handler_changed),
        (&|| center.enable_handler(false, &handler(), none).unwrap(), &handler_changed),
        (&|| center.update_conflicts(&handler(), None, none).unwrap(), &conflicts(None)),
        (
            &|| {
                let id = syncmgr::conflict::ConflictId(vec![1]);
                center.update_conflict(&handler(), Some(&item("a")), &id, UpdateReason::Added).unwrap();
            },
            &conflicts(Some(item("a"))),
        ),
        (&|| center.tell(What::Settings), &What::Settings),
    ];
    for (act, expected) in cases {
        let all = told(act);
        assert!(all.contains(expected), "{expected:?} in {all:?}");
    }
}

#[test]
fn reports_from_many_threads_come_out_as_one_latest_value_each() {
    let ids: Vec<String> = (0..50).map(|n| format!("i{n}")).collect();
    let names: Vec<&str> = ids.iter().map(String::as_str).collect();
    let world = World::with(Actor::in_session(&names, |items, callback| {
        std::thread::scope(|scope| {
            for part in items.chunks(10) {
                scope.spawn(move || {
                    for step in 0..2000 {
                        part.iter().for_each(|item| update(callback, item, step, 2000));
                    }
                    part.iter().for_each(|item| succeed(callback, item));
                });
            }
        });
    }));
    let mut follower = world.center.feed().follow(None, || ());
    let items: Vec<_> = names.iter().map(|name| item(name)).collect();
    let started = world.center.start(&handler(), Some(&items), None, SyncControlFlags::empty()).unwrap();
    started.wait();
    // Read only now: of each item there is one value at most, and the end.
    let read = read_until(&mut follower, is_end);
    let progress: Vec<_> = read
        .iter()
        .filter_map(|change| match &change.what {
            What::Progress(live) => Some(live.item.clone()),
            _ => None,
        })
        .collect();
    let different: BTreeSet<_> = progress.iter().collect();
    assert_eq!(different.len(), progress.len());
}

/// Not a test of its own: the process that the next test starts and kills.
#[test]
#[ignore = "started by another test"]
fn child_that_synchronizes() {
    let Some(path) = std::env::var_os("INSTEP_TEST_STORE") else { return };
    let store = Arc::new(store::Store::open(path.as_ref()).unwrap());
    let center = center::Center::new(store, Arc::new(center::SystemClock::default()));
    center.register(Arc::new(Actor::good(&["a"]))).unwrap();
    let callback = center.create_session(&handler(), &[item("a")]).unwrap();
    println!("\nbegun {}", callback.run_id());
    let _ = std::io::Read::read(&mut std::io::stdin(), &mut [0]);
}

#[test]
fn r12_what_other_processes_do_with_an_item_is_told_also_when_they_are_killed() {
    let world = World::with(Actor::good(&["a"]));
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "feed::child_that_synchronizes", "--ignored", "--nocapture"])
        .env("INSTEP_TEST_STORE", world.store.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    lines.map(Result::unwrap).find(|line| line.starts_with("begun ")).unwrap();

    let feed = world.center.feed();
    let told = || {
        let before = feed.now();
        world.center.look_elsewhere().unwrap();
        feed.since(before, 9) != News::Nothing
    };
    world.start(&["a"]).wait();
    assert!(told(), "it has begun");
    assert!(!told(), "nothing new");
    let running = world.store.running_elsewhere().unwrap();
    assert_eq!(running.iter().map(|(_, pid)| *pid).collect::<Vec<_>>(), [child.id()]);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(told(), "it is gone");
    assert!(world.store.running_elsewhere().unwrap().is_empty());

    // One that was over before anybody looked.
    let again = world.again(Actor::good(&["a"]));
    again.start(&["a"]).wait();
    assert!(told());
    assert!(!told());
    world.start(&["a"]).wait();
    assert!(!world.center.look_elsewhere().unwrap(), "our own are told as they happen");
}
