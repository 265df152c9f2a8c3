//! When a person is told something, and that no channel delays anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use center::{Book, Channel, Headline, Notice, Occasion, Pace, Sight, Undelivered};
use proptest::prelude::*;
use settings::Settings;
use settings::alerts::Rule;
use store::Alert;
use syncmgr::event::EventId;
use syncmgr::{Event, HandlerId, ItemId, Level, NewEvent, Outcome, RunId};

use crate::support::{Actor, LONG, World, handler, item};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

fn rules(text: &str) -> Vec<Rule> {
    Settings::parse(text).unwrap().alerts
}

/// One item, and a book that looks at it.
struct Watched {
    book: Book,
    rules: Vec<Rule>,
    handler: HandlerId,
    item: ItemId,
    overdue: bool,
    last_good: Option<i64>,
    off: bool,
}

impl Watched {
    fn new(text: &str) -> Self {
        Self {
            book: Book::default(),
            rules: rules(text),
            handler: handler(),
            item: item("photos"),
            overdue: false,
            last_good: Some(0),
            off: false,
        }
    }

    fn at(&mut self, now: i64, headline: Headline) -> Vec<Notice> {
        let sight = Sight {
            handler: &self.handler,
            item: &self.item,
            name: "Photos",
            headline,
            overdue: self.overdue || headline == Headline::Overdue,
            last_good: self.last_good,
            problem: None,
            off: self.off,
        };
        self.book.look(&self.rules, &[sight], now)
    }

    fn told(&mut self, now: i64, headline: Headline) -> Vec<String> {
        self.at(now, headline).iter().map(Notice::title).collect()
    }

    fn event(&mut self, now: i64, level: Level, name: &str, text: &str) -> Vec<Notice> {
        let event = NewEvent::new(Some(&self.item), level, name, text);
        let event = Event { id: EventId(1), handler: self.handler.clone(), run: RunId(1), time: now, event };
        self.book.event(&self.rules, &event, "Photos", now)
    }

    /// As after a restart.
    fn restarted(mut self) -> Self {
        let mut kept: Vec<Alert> = self.book.alerts().cloned().collect();
        kept.sort_by_key(|alert| alert.id);
        self.book = Book::new(kept);
        self
    }
}

#[test]
fn an_alert_is_raised_once_and_told_to_be_over_once() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'");
    assert!(photos.told(0, Headline::UpToDate).is_empty());
    assert_eq!(photos.told(1, Headline::Failed), ["Photos: failed"]);
    assert!(photos.told(2, Headline::Failed).is_empty());
    assert_eq!(photos.told(3, Headline::UpToDate), ["Photos: back to normal"]);
    assert!(photos.told(4, Headline::UpToDate).is_empty());
}

#[test]
fn a_restart_neither_repeats_nor_forgets() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'");
    photos.told(1, Headline::Failed);
    let mut photos = photos.restarted();
    assert!(photos.told(2, Headline::Failed).is_empty());
    assert_eq!(photos.told(3, Headline::UpToDate), ["Photos: back to normal"]);
    let mut photos = photos.restarted();
    assert!(photos.told(4, Headline::Failed).is_empty(), "the cool-down survives, too");
}

#[test]
fn what_must_hold_for_a_while_is_not_told_before() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'\nheld = '10m'");
    assert!(photos.told(0, Headline::Failed).is_empty());
    let mut photos = photos.restarted();
    assert!(photos.told(9 * MINUTE, Headline::Failed).is_empty());
    assert_eq!(photos.told(10 * MINUTE, Headline::Failed).len(), 1);

    let mut blinking = Watched::new("[[alerts]]\nstate = 'failed'\nheld = '10m'");
    for minute in 0..60 {
        let headline = if minute % 5 == 4 { Headline::UpToDate } else { Headline::Failed };
        assert!(blinking.told(minute * MINUTE, headline).is_empty());
    }
}

#[test]
fn what_comes_and_goes_is_told_once_in_a_cool_down() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'\ncool_down = '1h'\nresolved = false");
    let mut told = Vec::new();
    for minute in 0..180 {
        let headline = if minute % 2 == 0 { Headline::Failed } else { Headline::UpToDate };
        if !photos.told(minute * MINUTE, headline).is_empty() {
            told.push(minute);
        }
    }
    assert_eq!(told, [0, 60, 120]);
}

#[test]
fn a_person_is_reminded_while_it_stays_so() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'\nremind = '1d'");
    photos.told(0, Headline::Failed);
    assert!(photos.told(DAY - 1, Headline::Failed).is_empty());
    assert_eq!(photos.told(DAY, Headline::Failed), ["Still: Photos: failed"]);
    assert!(photos.told(DAY + HOUR, Headline::Failed).is_empty());
}

#[test]
fn what_gets_worse_is_told_again_what_gets_better_is_not() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'attention'");
    assert_eq!(photos.told(0, Headline::Gaps), ["Photos: done with gaps"]);
    assert_eq!(photos.told(1, Headline::SafetyStop), ["Photos: safety stop"]);
    assert!(photos.told(2, Headline::Gaps).is_empty());
    assert_eq!(photos.told(3, Headline::Waiting), ["Photos: back to normal"]);
}

#[test]
fn what_has_failed_is_told_once_more_when_it_is_overdue() {
    for state in ["['failed', 'overdue']", "'attention'"] {
        let mut photos = Watched::new(&format!("[[alerts]]\nstate = {state}"));
        assert_eq!(photos.told(0, Headline::Failed), ["Photos: failed"]);
        photos.overdue = true;
        let notices = photos.at(1, Headline::Failed);
        assert_eq!((notices.len(), notices[0].title().as_str()), (1, "Photos: failed, overdue"));
        assert!(notices[0].body().ends_with("longer than it should take."), "{}", notices[0].body());
        let mut photos = photos.restarted();
        assert!(photos.told(2, Headline::Failed).is_empty());
        photos.overdue = false;
        assert_eq!(photos.told(3, Headline::UpToDate), ["Photos: back to normal"]);
    }
}

#[test]
fn what_is_overdue_is_told_whatever_else_it_is() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'overdue'");
    assert!(photos.told(0, Headline::Failed).is_empty());
    photos.overdue = true;
    assert_eq!(photos.told(1, Headline::Failed), ["Photos: overdue"]);
    assert!(photos.told(2, Headline::Overdue).is_empty());
    // It was overdue first, and has failed since.
    let mut photos = Watched::new("[[alerts]]\nstate = ['failed', 'overdue']");
    assert_eq!(photos.told(0, Headline::Overdue), ["Photos: overdue"]);
    photos.overdue = true;
    assert_eq!(photos.told(1, Headline::Failed), ["Photos: failed, overdue"]);
    assert!(photos.told(2, Headline::Failed).is_empty());
}

#[test]
fn age_counts_from_the_last_good_run() {
    let mut photos = Watched::new("[[alerts]]\nage = '2d'");
    assert!(photos.told(2 * DAY, Headline::UpToDate).is_empty());
    assert_eq!(photos.told(2 * DAY + 1, Headline::UpToDate), ["Photos: no good run for more than 2d"]);
    photos.last_good = Some(2 * DAY + 2);
    assert_eq!(photos.told(2 * DAY + 3, Headline::UpToDate).len(), 1);
}

#[test]
fn without_any_good_run_age_counts_from_the_first_look() {
    let mut photos = Watched::new("[[alerts]]\nage = '2d'");
    photos.last_good = None;
    assert!(photos.told(100 * DAY, Headline::NeverRun).is_empty());
    assert_eq!(photos.told(102 * DAY, Headline::NeverRun).len(), 1);
}

#[test]
fn what_a_person_paused_does_not_grow_old() {
    let mut photos = Watched::new("[[alerts]]\nage = '2d'");
    photos.off = true;
    assert!(photos.told(100 * DAY, Headline::Paused).is_empty());
}

#[test]
fn a_clock_that_is_set_back_holds_nothing_up() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'\nheld = '10m'\nremind = '1h'");
    photos.told(1000 * DAY, Headline::Failed);
    assert!(photos.told(0, Headline::Failed).is_empty());
    assert_eq!(photos.told(10 * MINUTE, Headline::Failed).len(), 1);
    assert_eq!(photos.told(70 * MINUTE, Headline::Failed), ["Still: Photos: failed"]);
}

#[test]
fn rules_and_items_that_are_gone_are_over_without_a_word() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'");
    photos.told(0, Headline::Failed);
    assert!(photos.book.look(&photos.rules, &[], 1).is_empty());
    assert!(photos.book.alerts().all(|alert| !alert.is_open()));
    let mut other = Watched::new("[[alerts]]\nstate = 'failed'");
    other.told(0, Headline::Failed);
    other.rules = Vec::new();
    assert!(other.told(1, Headline::Failed).is_empty());
    assert!(other.book.alerts().all(|alert| !alert.is_open()));
}

#[test]
fn a_rule_for_some_items_leaves_the_others_alone() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'\nitems = ['music']");
    assert!(photos.told(0, Headline::Failed).is_empty());
    assert!(photos.event(1, Level::Error, "x", "y").is_empty());
}

#[test]
fn an_event_is_told_once_in_a_cool_down_and_counted_meanwhile() {
    let mut photos = Watched::new("[[alerts]]\nevent = 'warning'\ntext = 'DISK'");
    assert!(photos.event(0, Level::Information, "disk", "x").is_empty(), "not bad enough");
    assert!(photos.event(0, Level::Error, "network", "x").is_empty(), "not this text");
    let first = photos.event(1, Level::Error, "full", "the disk is full\nmake room");
    assert_eq!(
        (first[0].title().as_str(), first[0].body().as_str()),
        ("Photos: full", "the disk is full\nmake room")
    );
    for minute in 1..60 {
        assert!(photos.event(minute * MINUTE, Level::Error, "full", "the disk is full").is_empty());
    }
    let again = photos.event(2 * HOUR, Level::Error, "full", "the disk is full");
    assert_eq!((again.len(), again[0].alert.more), (1, 59));
    assert!(photos.told(3 * HOUR, Headline::UpToDate).is_empty(), "an event has no end to tell of");
}

#[test]
fn what_has_long_been_over_is_forgotten() {
    let mut photos = Watched::new("[[alerts]]\nstate = 'failed'");
    photos.told(0, Headline::Failed);
    photos.told(1, Headline::UpToDate);
    photos.book.changes();
    photos.told(31 * DAY, Headline::UpToDate);
    assert_eq!(photos.book.changes(), (vec![], vec![1]));
    assert_eq!(photos.book.alerts().count(), 0);
}

proptest! {
    /// Whatever happens: raised and over take turns, and what was told is in the list.
    #[test]
    fn raised_and_over_take_turns(steps in prop::collection::vec((0..3_i64, 0..11_usize), 1..200)) {
        let mut photos = Watched::new("[[alerts]]\nstate = ['failed', 'overdue']\nheld = '2m'\ncool_down = '5m'");
        let (mut now, mut open, mut last) = (0, false, None::<i64>);
        for (minutes, state) in steps {
            now += minutes * MINUTE;
            for notice in photos.at(now, Headline::ALL[state]) {
                match notice.occasion {
                    Occasion::Raised if !open => {
                        prop_assert!(last.is_none_or(|last| now - last >= 5 * MINUTE));
                        (open, last) = (true, Some(now));
                    }
                    Occasion::Raised => last = Some(now),
                    Occasion::Resolved => {
                        prop_assert!(open);
                        open = false;
                    }
                    other => prop_assert!(false, "{other:?}"),
                }
            }
            prop_assert_eq!(photos.book.alerts().any(Alert::is_open), open);
        }
    }
}

/// A channel that does what the test says, and passes on what it is told.
struct Wire {
    id: &'static str,
    answer: Mutex<Box<dyn FnMut() -> Result<(), Undelivered> + Send>>,
    told: Sender<Notice>,
}

impl Channel for Wire {
    fn id(&self) -> &str {
        self.id
    }
    fn timeout(&self) -> Duration {
        Duration::ZERO
    }
    fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        (self.answer.lock().unwrap())()?;
        self.told.send(notice.clone()).unwrap();
        Ok(())
    }
}

fn wire(
    id: &'static str,
    answer: impl FnMut() -> Result<(), Undelivered> + Send + 'static,
) -> (Arc<dyn Channel>, Receiver<Notice>) {
    let (told, heard) = channel();
    (Arc::new(Wire { id, answer: Mutex::new(Box::new(answer)), told }), heard)
}

fn refused(again: bool) -> Result<(), Undelivered> {
    Err(Undelivered { why: "the server answered 500".into(), again })
}

fn failing_world() -> World {
    let world = World::with(Actor::in_session(&["photos"], |_, _| {}));
    world.start(&["photos"]);
    world.is_idle();
    world
}

fn quick() -> Pace {
    Pace(vec![Duration::from_millis(1); 2])
}

#[test]
fn a_failed_run_is_told_and_kept() {
    let world = failing_world();
    let (channel, heard) = wire("good", || Ok(()));
    world.center.set_alerts(rules("[[alerts]]\nstate = 'failed'"), vec![channel], &quick());
    let watch = world.center.watch_alerts().unwrap();
    let notice = heard.recv_timeout(LONG).unwrap();
    assert_eq!((notice.occasion, notice.title().as_str()), (Occasion::Raised, "The photos: failed"));
    assert!(notice.body().contains("no result"), "{}", notice.body());
    drop(watch);
    let alerts = world.center.alerts().unwrap();
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].is_open());
    assert_eq!(alerts[0].item, Some(item("photos")));
    assert_eq!(world.item("photos").last_run.unwrap().result.outcome, Some(Outcome::Failed));
}

#[test]
fn what_fails_and_stays_away_is_told_twice_by_one_rule() {
    let world = failing_world();
    world.schedule("photos", "every = '1d'\noverdue = '2d'");
    let (channel, heard) = wire("good", || Ok(()));
    world.center.set_alerts(rules("[[alerts]]\nstate = ['failed', 'overdue']"), vec![channel], &quick());
    let _watch = world.center.watch_alerts().unwrap();
    assert_eq!(heard.recv_timeout(LONG).unwrap().title(), "The photos: failed");
    world.clock.advance(2 * DAY + MINUTE);
    // Something must happen for the watch to look.
    world.disable("photos");
    let notice = heard.recv_timeout(LONG).unwrap();
    assert_eq!((notice.occasion, notice.title().as_str()), (Occasion::Raised, "The photos: failed, overdue"));
}

#[test]
fn a_channel_that_fails_is_told_by_the_others() {
    let world = failing_world();
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let (bad, _) = wire("bad", move || {
        counted.fetch_add(1, Ordering::SeqCst);
        refused(true)
    });
    let (good, heard) = wire("good", || Ok(()));
    world.center.set_alerts(rules("[[alerts]]\nstate = 'failed'"), vec![bad, good], &quick());
    let _watch = world.center.watch_alerts().unwrap();
    let titles: Vec<String> = (0..2).map(|_| heard.recv_timeout(LONG).unwrap().title()).collect();
    assert_eq!(titles, ["The photos: failed", "Alerts do not get through by 'bad'"]);
    assert!(tries.load(Ordering::SeqCst) >= 2, "one failure alone is no trouble");
}

#[test]
fn a_channel_that_works_again_is_told_of() {
    let world = failing_world();
    let mut broken = true;
    let (bad, bad_heard) =
        wire("bad", move || if std::mem::take(&mut broken) { refused(false) } else { Ok(()) });
    let (good, heard) = wire("good", || Ok(()));
    let alerts = rules("[[alerts]]\nstate = 'failed'\n[[alerts]]\nstate = ['failed', 'gaps']\nheld = '1m'");
    world.center.set_alerts(alerts, vec![bad, good], &quick());
    let _watch = world.center.watch_alerts().unwrap();
    for title in ["The photos: failed", "Alerts do not get through by 'bad'"] {
        assert_eq!(heard.recv_timeout(LONG).unwrap().title(), title);
    }
    // The second rule has held for its minute now; something must happen for the watch to look.
    world.clock.advance(MINUTE);
    world.disable("photos");
    assert_eq!(bad_heard.recv_timeout(LONG).unwrap().title(), "The photos: failed");
    assert_eq!(heard.recv_timeout(LONG).unwrap().title(), "The photos: failed");
    assert_eq!(heard.recv_timeout(LONG).unwrap().title(), "Alerts by 'bad': back to normal");
}

#[test]
fn a_channel_that_hangs_delays_nobody() {
    let world = failing_world();
    let gate = Arc::new((Mutex::new(false), Condvar::new()));
    let closed = Arc::clone(&gate);
    let (hangs, _kept) = wire("hangs", move || {
        drop(closed.1.wait_while(closed.0.lock().unwrap(), |open| !*open));
        Ok(())
    });
    let (good, heard) = wire("good", || Ok(()));
    world.center.set_alerts(rules("[[alerts]]\nstate = 'failed'"), vec![hangs, good], &quick());
    let watch = world.center.watch_alerts().unwrap();
    assert_eq!(heard.recv_timeout(LONG).unwrap().title(), "The photos: failed");
    world.start(&["photos"]);
    world.is_idle();
    drop(watch);
    *gate.0.lock().unwrap() = true;
    gate.1.notify_all();
}

#[test]
fn a_channel_can_be_tried() {
    let world = World::new();
    let (good, heard) = wire("good", || Ok(()));
    let (bad, _) = wire("bad", || refused(true));
    world.center.set_alerts(Vec::new(), vec![good, bad], &quick());
    world.center.test_channel("good").unwrap();
    assert_eq!(heard.recv_timeout(LONG).unwrap().occasion, Occasion::Test);
    assert!(world.center.test_channel("bad").unwrap_err().to_string().contains("500"));
    assert!(world.center.test_channel("none").unwrap_err().to_string().contains("no channel 'none'"));
}
