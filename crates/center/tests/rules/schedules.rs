//! Schedules around a real center and store, with a clock that a test sets. What is due when, over months, is tested
//! where it is decided.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use center::{
    Ailing, Cause, Clock, Followed, Headline, News as Changes, Scheduler, Senses, Surroundings, Vital, Waits,
    What,
};
use store::FOREVER;
use syncmgr::control::Control;
use syncmgr::flags::ControlFlags;
use syncmgr::follow::News;
use syncmgr::{Outcome, ProblemClass, Refusal, Request};

use crate::support::{
    Actor, HandClock, LONG, Meeting, SECOND, World, handler, item, succeed, trouble, update,
};

const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
/// The hand clock begins at 00:16:40 on the first day of 1970.
const BEGIN: i64 = 1_000_000;

/// A machine as a test has it.
#[derive(Clone, Default)]
struct Machine(Arc<Mutex<Surroundings>>);

impl Senses for Machine {
    fn look(&mut self) -> Surroundings {
        self.0.lock().unwrap().clone()
    }
}

impl Machine {
    fn mount(&self, path: &str) {
        self.0.lock().unwrap().mounts.insert(path.into());
    }
}

/// How often an actor was called.
fn counting(items: &[&str]) -> (Actor, Arc<AtomicUsize>) {
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    let actor = Actor::in_session(items, move |items, callback| {
        counted.fetch_add(1, Ordering::SeqCst);
        items.iter().for_each(|item| succeed(callback, item));
    });
    (actor, count)
}

impl World {
    fn scheduler(&self) -> Scheduler {
        self.center.scheduler(Box::new(Machine::default()))
    }

    /// Lets so much time pass, with a look after it and another one when what it started is done.
    fn pass(&self, scheduler: &mut Scheduler, milliseconds: i64) {
        self.clock.advance(milliseconds);
        self.settle(scheduler);
    }

    fn settle(&self, scheduler: &mut Scheduler) {
        scheduler.look().unwrap();
        self.is_idle();
        scheduler.look().unwrap();
        self.is_idle();
    }
}

fn clock_of(world: &World) -> &HandClock {
    &world.clock
}

/// A machine that does not answer, or of which a look breaks down.
struct Bad(Option<Receiver<()>>);

impl Senses for Bad {
    fn look(&mut self) -> Surroundings {
        match &self.0 {
            Some(gate) => drop(gate.recv()),
            None => panic!("a test of what breaks down"),
        }
        Surroundings::default()
    }
}

#[test]
fn a_scheduler_that_breaks_down_or_hangs_is_noticed() {
    let world = World::new();
    world.schedule("a", "on = 'mount:/media/usb'");
    assert_eq!(world.center.ailing(), []);
    let schedules = world.center.run_schedules(Box::new(Bad(None))).unwrap();
    while world.center.ailing().is_empty() {
        thread::yield_now();
    }
    assert_eq!(world.center.ailing(), [Ailing { which: Vital::Schedules, silent: None }]);
    drop(schedules);

    let (open, gate) = channel();
    let schedules = world.center.run_schedules(Box::new(Bad(Some(gate)))).unwrap();
    assert_eq!(world.center.ailing(), []);
    world.clock.advance(2 * MINUTE);
    while world.center.ailing().is_empty() {
        // It was not there yet.
        world.clock.advance(2 * MINUTE);
        thread::yield_now();
    }
    let ailing = world.center.ailing();
    assert!(ailing[0].to_string().contains("has not been heard of"), "{}", ailing[0]);
    drop(open);
    drop(schedules);
    assert_eq!(world.center.ailing(), []);
}

#[test]
fn what_is_due_is_started_once_and_never_again_by_another_process() {
    let (actor, count) = counting(&["a"]);
    let world = World::with(actor);
    world.schedule("a", "cron = '0 * * * *'");
    let mut scheduler = world.scheduler();
    assert_eq!(scheduler.look().unwrap(), BEGIN + 2 * SECOND, "it looks now and then all the same");
    assert_eq!(world.item("a").schedule.unwrap().next, Some(HOUR));
    world.pass(&mut scheduler, HOUR - BEGIN - 1);
    assert_eq!(count.load(Ordering::SeqCst), 0);
    world.pass(&mut scheduler, 1);
    assert_eq!(count.load(Ordering::SeqCst), 1);
    world.pass(&mut scheduler, MINUTE);
    drop(scheduler);
    let (actor, again) = counting(&["a"]);
    let world = world.again(actor);
    world.schedule("a", "cron = '0 * * * *'");
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    assert_eq!(again.load(Ordering::SeqCst), 0);
    // Nobody was there at two and at three: that makes one run.
    clock_of(&world).advance(2 * HOUR + 10 * MINUTE);
    world.settle(&mut scheduler);
    assert_eq!((count.load(Ordering::SeqCst), again.load(Ordering::SeqCst)), (1, 1));
}

#[test]
fn a_pause_is_kept_by_the_store_and_ends_by_itself() {
    let (actor, count) = counting(&["a"]);
    let world = World::with(actor);
    world.schedule("a", "every = '1h'");
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    let a = item("a");
    world.center.pause(Some((&handler(), &a)), Some(BEGIN + 3 * HOUR)).unwrap();
    let (actor, again) = counting(&["a"]);
    drop(scheduler);
    let world = world.again(actor);
    world.schedule("a", "every = '1h'");
    let mut scheduler = world.scheduler();
    world.pass(&mut scheduler, 2 * HOUR);
    let status = world.item("a");
    assert_eq!((count.load(Ordering::SeqCst), again.load(Ordering::SeqCst)), (1, 0));
    assert_eq!((status.headline, status.paused_until), (Headline::Paused, Some(BEGIN + 3 * HOUR)));
    let schedule = status.schedule.unwrap();
    assert_eq!(schedule.waits, Some(Waits::Paused(BEGIN + 3 * HOUR)));
    assert_eq!(schedule.next, Some(BEGIN + 3 * HOUR));
    world.pass(&mut scheduler, HOUR);
    assert_eq!((again.load(Ordering::SeqCst), world.item("a").headline), (1, Headline::UpToDate));
}

#[test]
fn everything_can_be_paused_until_it_is_resumed() {
    let (actor, count) = counting(&["a", "b"]);
    let world = World::with(actor);
    world.schedule("a", "every = '1h'");
    let mut scheduler = world.scheduler();
    let (b, in_an_hour) = (item("b"), BEGIN + HOUR);
    world.center.pause(Some((&handler(), &b)), Some(in_an_hour)).unwrap();
    world.center.pause(None, None).unwrap();
    world.settle(&mut scheduler);
    assert_eq!((count.load(Ordering::SeqCst), world.item("b").paused_until), (0, Some(FOREVER)));
    assert!(matches!(world.center.resume(Some((&handler(), &b))), Err(Refusal::AccessDenied(_))));
    assert!(matches!(world.center.pause(None, Some(BEGIN)), Err(Refusal::InvalidArgument(_))));
    assert!(matches!(
        world.center.pause(Some((&handler(), &item("x"))), None),
        Err(Refusal::InvalidArgument(_))
    ));
    // What a person starts is started.
    world.start(&["a"]).wait();
    assert_eq!(count.load(Ordering::SeqCst), 1);
    world.center.resume(None).unwrap();
    assert_eq!((world.item("a").paused_until, world.item("b").paused_until), (None, None));
}

#[test]
fn waking_up_and_starting_are_noticed() {
    let (actor, count) = counting(&["a"]);
    let world = World::with(actor);
    world.schedule("a", "on = ['wake', 'start']");
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    assert_eq!(count.load(Ordering::SeqCst), 1, "the start");
    clock_of(&world).set(5 * HOUR);
    world.pass(&mut scheduler, HOUR);
    assert_eq!(count.load(Ordering::SeqCst), 1, "a clock that is set is no sleep");
    clock_of(&world).sleep(HOUR);
    world.settle(&mut scheduler);
    assert_eq!(count.load(Ordering::SeqCst), 2);
    world.pass(&mut scheduler, HOUR);
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[test]
fn what_is_not_mounted_is_waited_for_in_words_and_a_mount_starts_it() {
    let (actor, count) = counting(&["a"]);
    let world = World::with(actor);
    world.start(&["a"]).wait();
    world.schedule("a", "cron = '0 * * * *'\nneeds = 'mount:/media/nas'");
    let machine = Machine::default();
    let mut scheduler = world.center.scheduler(Box::new(machine.clone()));
    world.settle(&mut scheduler);
    world.pass(&mut scheduler, HOUR - BEGIN);
    let status = world.item("a");
    assert_eq!((count.load(Ordering::SeqCst), status.headline), (1, Headline::Waiting));
    let schedule = status.schedule.unwrap();
    assert_eq!(schedule.due, Some((Cause::Time, HOUR)));
    assert_eq!(
        schedule.waits.unwrap().text(&jiff::tz::TimeZone::UTC),
        "waiting for something mounted at /media/nas"
    );
    machine.mount("/media/nas");
    world.pass(&mut scheduler, 2 * SECOND);
    assert_eq!((count.load(Ordering::SeqCst), world.item("a").headline), (2, Headline::UpToDate));

    world.schedule("a", "on = 'mount:/media/usb'");
    world.settle(&mut scheduler);
    machine.mount("/media/usb");
    world.pass(&mut scheduler, 2 * SECOND);
    world.pass(&mut scheduler, 2 * SECOND);
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[test]
fn an_item_runs_after_each_good_run_of_the_one_before_it() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&order);
    let world = World::with(Actor::saying(&["a", "b", "c"], move |item| {
        let mut order = noted.lock().unwrap();
        order.push(item.to_string());
        if order.len() > 3 { Outcome::Gaps } else { Outcome::Done }
    }));
    let set = |id: &str, text: &str| (handler(), item(id), toml::from_str(text).unwrap());
    world.center.set_schedules([set("b", "after = 'a'"), set("c", "after = 'b'")]);
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    world.pass(&mut scheduler, SECOND);
    world.start(&["a"]).wait();
    for _ in 0..3 {
        world.pass(&mut scheduler, SECOND);
    }
    assert_eq!(*order.lock().unwrap(), ["a", "b", "c"]);
    // A run with gaps is no good one.
    world.start(&["a"]).wait();
    world.pass(&mut scheduler, SECOND);
    assert_eq!(*order.lock().unwrap(), ["a", "b", "c", "a"]);
}

#[test]
fn a_time_that_comes_during_a_run_is_told_there_once() {
    let (here, there) = Meeting::new();
    let world = World::with(Actor::in_session(&["a"], move |items, callback| {
        update(callback, &items[0], 1, 2);
        there.meet();
        there.meet();
        succeed(callback, &items[0]);
    }));
    world.schedule("a", "cron = '0 * * * *'");
    let mut scheduler = world.scheduler();
    scheduler.look().unwrap();
    world.clock.advance(HOUR);
    scheduler.look().unwrap();
    here.meet();
    for _ in 0..3 {
        world.clock.advance(HOUR);
        scheduler.look().unwrap();
    }
    let schedule = world.item("a").schedule.unwrap();
    assert_eq!(schedule.skipped, Some((3, 4 * HOUR)));
    here.meet();
    world.is_idle();
    assert_eq!(world.event_names(), ["Due again"]);
    scheduler.look().unwrap();
    assert_eq!(world.item("a").headline, Headline::UpToDate);
}

#[test]
fn what_a_clock_wrote_down_that_was_years_ahead_reassures_nobody_and_repeats_nothing() {
    const DAY: i64 = 24 * HOUR;
    let (actor, count) = counting(&["a", "b"]);
    let world = World::with(actor);
    let set = |id: &str, text: &str| (handler(), item(id), toml::from_str(text).unwrap());
    world.center.set_schedules([set("a", "every = '1h'\noverdue = '2d'"), set("b", "after = ['a']")]);
    let mut scheduler = world.scheduler();
    let mut a_while = || (0..6).for_each(|_| world.pass(&mut scheduler, SECOND));
    let begun = || count.load(Ordering::SeqCst);
    a_while();
    let first = begun();
    world.clock.advance(HOUR);
    a_while();
    assert_eq!(begun(), first + 2, "one is due, and the other follows it");
    // The clock goes two years ahead, both are good there, and the clock is put right.
    clock_of(&world).set(730 * DAY);
    a_while();
    assert_eq!(begun(), first + 4);
    clock_of(&world).set(-730 * DAY);
    a_while();
    assert_eq!(begun(), first + 4, "nothing follows a run that is still to come, let alone again and again");
    let now = || world.clock.wall();
    let a = || world.item("a");
    let (next, times) =
        (a().schedule.unwrap().next.unwrap(), world.center.next_runs(&handler(), &item("a"), 1));
    assert!(next <= now() + HOUR && times.unwrap()[0] <= now() + HOUR, "{next} {}", now());
    assert!(a().last_good.unwrap().1 <= now());
    // It does not run by itself any more: that is noticed, whatever the clock said once.
    world.disable("a");
    world.clock.advance(3 * DAY);
    a_while();
    assert!(a().overdue_since.is_some_and(|since| since <= now()));
    world.enable("a");
    world.clock.advance(HOUR);
    a_while();
    assert_eq!(begun(), first + 6);
    let good = a().last_good.unwrap().1;
    assert!((now() - HOUR..=now()).contains(&good), "the good run of now counts: {good}");
}

#[test]
fn a_failure_that_passes_is_repeated_and_one_that_does_not_is_not() {
    for (class, runs) in [(ProblemClass::Transient, 3), (ProblemClass::Config, 1)] {
        let count = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&count);
        let world = World::with(Actor::new(&["a"], move |_, _, _| {
            counted.fetch_add(1, Ordering::SeqCst);
            Err(syncmgr::HandlerError::new(class, "The net is down."))
        }));
        world.schedule("a", "cron = '0 * * * *'\nretry = { limit = 2, first = '1m', longest = '1m' }");
        let mut scheduler = world.scheduler();
        scheduler.look().unwrap();
        world.pass(&mut scheduler, HOUR);
        if class == ProblemClass::Transient {
            let (number, at) = world.item("a").schedule.unwrap().retry.unwrap();
            assert!(number == 1 && at > world.item("a").last_run.unwrap().ended);
        }
        for _ in 0..6 {
            world.pass(&mut scheduler, MINUTE);
        }
        assert_eq!(count.load(Ordering::SeqCst), runs, "{class:?}");
        assert_eq!(world.item("a").schedule.unwrap().retry, None);
    }
}

#[test]
fn what_is_disabled_never_starts() {
    let (actor, count) = counting(&["a"]);
    let world = World::with(actor);
    world.schedule("a", "cron = '0 * * * *'");
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    world.disable("a");
    world.pass(&mut scheduler, HOUR);
    world.center.enable_item(true, &handler(), &item("a"), ControlFlags::empty()).unwrap();
    world.pass(&mut scheduler, MINUTE);
    assert_eq!(count.load(Ordering::SeqCst), 0);
}

#[test]
fn without_a_word_about_it_two_missed_times_are_overdue() {
    let world = World::with(Actor::new(&["a"], |_, _, _| Err(trouble("The net is down."))));
    world.schedule("a", "cron = '0 */12 * * *'");
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    assert_eq!(world.item("a").headline, Headline::NeverRun);
    clock_of(&world).advance(24 * HOUR);
    assert_eq!(world.item("a").headline, Headline::Overdue);
    world.center.pause(None, None).unwrap();
    assert_eq!(world.item("a").headline, Headline::NeverRun, "what is paused is not due");
}

#[test]
fn s12_a_change_that_a_handler_notices_is_synchronized_with_its_request() {
    let (send, followers) = channel();
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let mut actor = Actor::new(&["a"], move |items, creator, request| {
        seen.lock().unwrap().push(request.and_then(|request| request.get::<u32>().copied()));
        let callback = creator.create_session(&handler(), items).unwrap();
        items.iter().for_each(|item| succeed(&callback, item));
        Ok(())
    });
    actor.followers = Some(Mutex::new(send));
    let world = World::with(actor);
    world.schedule("a", "on = 'change'");
    let mut scheduler = world.scheduler();
    scheduler.look().unwrap();
    let runner = followers.recv_timeout(LONG).unwrap();
    runner.tell(News::Following);
    let asking = thread::spawn({
        let runner = Arc::clone(&runner);
        move || runner.run(Some(Request::new(7_u32)))
    });
    // The handler's own thread asks; nobody looks at a clock for it.
    while requests.lock().unwrap().is_empty() {
        let version = world.center.live().version;
        scheduler.look().unwrap();
        if requests.lock().unwrap().is_empty() {
            world.center.wait_for_change(version, std::time::Duration::from_millis(50));
        }
    }
    assert_eq!(asking.join().unwrap().unwrap().outcome, Outcome::Done);
    assert_eq!(*requests.lock().unwrap(), [Some(7)]);
    world.is_idle();
    scheduler.look().unwrap();
    assert_eq!(world.item("a").schedule.unwrap().followed, Some(Followed::News(Some(News::Following))));
    // While it is paused the handler waits, and goes away empty-handed when following is over.
    world.center.pause(None, None).unwrap();
    let asking = thread::spawn(move || runner.run(None));
    world.schedule("a", "on = 'wake'");
    scheduler.look().unwrap();
    assert_eq!(asking.join().unwrap(), None);
    assert_eq!(requests.lock().unwrap().len(), 1);
}

#[test]
fn what_cannot_be_followed_says_so() {
    let (actor, _) = counting(&["a"]);
    let world = World::with(actor);
    world.schedule("a", "on = 'change'");
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    let followed = world.item("a").schedule.unwrap().followed.unwrap();
    assert!(matches!(followed, Followed::Not(why) if why.contains("interval")));
}

#[test]
fn the_thread_starts_what_is_due_and_nothing_more_when_it_is_stopped() {
    let (actor, count) = counting(&["a"]);
    let world = World::with(actor);
    let running = world.center.run_schedules(Box::new(Machine::default())).unwrap();
    world.schedule("a", "on = 'start'\nevery = '1h'");
    while count.load(Ordering::SeqCst) == 0 {
        let version = world.center.live().version;
        world.center.wait_for_change(version, std::time::Duration::from_millis(50));
    }
    assert!(world.item("a").schedule.unwrap().is_running);
    running.stop();
    world.is_idle();
    assert!(!world.item("a").schedule.unwrap().is_running);
    clock_of(&world).advance(2 * HOUR);
    world.center.set_trusted_since(None);
    assert_eq!(count.load(Ordering::SeqCst), 1);
}

#[test]
fn the_next_runs_and_the_last_ones_can_be_asked_for() {
    let world = World::with(Actor::good(&["a"]));
    for _ in 0..3 {
        world.start(&["a"]).wait();
        world.clock.advance(MINUTE);
    }
    world.schedule("a", "every = '1h'");
    let good = world.item("a").last_good.unwrap().1;
    assert_eq!(
        world.center.next_runs(&handler(), &item("a"), 3).unwrap(),
        [good + HOUR, good + 2 * HOUR, good + 3 * HOUR]
    );
    assert_eq!(world.center.history(&handler(), &item("a"), 2).unwrap().len(), 2);
    assert!(!world.item("a").schedule.unwrap().is_running);
}

#[test]
fn whoever_follows_the_feed_hears_what_time_alone_has_changed() {
    let world = World::with(Actor::good(&["a"]));
    world.start(&["a"]).wait();
    world.schedule("a", "on = 'wake'\noverdue = '1h'");
    let mut scheduler = world.scheduler();
    world.settle(&mut scheduler);
    let a = item("a");
    world.center.pause(Some((&handler(), &a)), Some(BEGIN + MINUTE)).unwrap();
    world.settle(&mut scheduler);
    let mut follower = world.center.feed().follow(None, || {});
    let mut told = |world: &World, scheduler: &mut Scheduler, passes: i64| {
        world.pass(scheduler, passes);
        let Changes::Changes(changes) = follower.next(100) else { return 0 };
        changes.iter().filter(|change| matches!(change.what, What::ItemChanged { .. })).count()
    };
    assert_eq!(told(&world, &mut scheduler, MINUTE), 1, "the pause is over");
    assert_eq!(told(&world, &mut scheduler, MINUTE), 0);
    assert_eq!(told(&world, &mut scheduler, HOUR), 1, "it is overdue");
    assert_eq!(told(&world, &mut scheduler, HOUR), 0);
}
