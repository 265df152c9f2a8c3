//! Months of a simulated clock, in no time.

use std::collections::BTreeMap;

use jiff::Zoned;
use proptest::prelude::*;

use super::*;
use crate::schedule::times::zoned;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// What a run comes to, by its number.
type Fate = fn(usize) -> (Outcome, Option<ProblemClass>);

/// One item, a clock, and runs that take their time.
struct Sim {
    schedule: Schedule,
    zone: TimeZone,
    item: ItemId,
    now: i64,
    state: ScheduleState,
    /// The run that is at it: when it began and when it will end, and whether the schedule started it.
    run: Option<(i64, i64, bool)>,
    /// How long runs take.
    takes: i64,
    fate: Fate,
    last: Option<Ended>,
    last_good: Option<i64>,
    verdict: Option<Ended>,
    began_here: bool,
    paused_until: Option<i64>,
    is_disabled: bool,
    before: Option<i64>,
    unmet: Option<Need>,
    changed: bool,
    happened: Vec<Happening>,
    starts: Vec<(i64, Start)>,
    skips: BTreeMap<&'static str, u64>,
    waits: Option<Waits>,
    looks: usize,
}

fn time(text: &str) -> i64 {
    format!("{text}[Europe/Berlin]").parse::<Zoned>().unwrap().timestamp().as_millisecond()
}

impl Sim {
    fn new(schedule: &str, start: &str) -> Self {
        let mut sim = Self {
            schedule: toml::from_str(schedule).unwrap(),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            item: ItemId::new("photos").unwrap(),
            now: time(start),
            state: ScheduleState::default(),
            run: None,
            takes: 10 * MINUTE,
            fate: |_| (Outcome::Done, None),
            last: None,
            last_good: None,
            verdict: None,
            began_here: false,
            paused_until: None,
            is_disabled: false,
            before: None,
            unmet: None,
            changed: false,
            happened: Vec::new(),
            starts: Vec::new(),
            skips: BTreeMap::new(),
            waits: None,
            looks: 0,
        };
        sim.look();
        sim
    }

    /// One look; gives when the next is to be.
    fn look(&mut self) -> Option<i64> {
        self.looks += 1;
        let decision = decide(
            &Facts {
                item: &self.item,
                schedule: &self.schedule,
                zone: &self.zone,
                now: self.now,
                running: self.run.is_some(),
                standing: if self.is_disabled { Standing::Disabled } else { Standing::Free },
                paused_until: self.paused_until,
                last: self.last,
                verdict: self.verdict,
                last_good: self.last_good,
                before: self.before,
                happened: &std::mem::take(&mut self.happened),
                changed: self.changed,
                unmet: self.unmet.as_ref(),
                began_here: self.began_here,
            },
            &self.state,
        );
        self.state = decision.state;
        self.waits = decision.waits;
        for (skip, count) in decision.skips {
            let word = match skip {
                Skip::Overlap => "overlap",
                Skip::Missed => "missed",
                Skip::Paused => "paused",
                Skip::Disabled => "disabled",
                Skip::Done => "done",
            };
            *self.skips.entry(word).or_default() += count;
        }
        if self.state.begun.is_none() {
            self.verdict = None;
        }
        if let Some(start) = decision.start {
            assert!(self.run.is_none(), "two runs at once");
            self.starts.push((self.now, start));
            self.began_here = true;
            self.verdict = None;
            self.changed &= start.cause != Cause::Change;
            self.run = Some((self.now, self.now + self.takes, true));
        }
        decision.look_at
    }

    fn end_run(&mut self) {
        let Some((started, _, ours)) = self.run.take() else { return };
        let (outcome, class) = (self.fate)(self.starts.len());
        let ended = Ended { started, outcome, class, is_good: outcome == Outcome::Done };
        if ended.is_good {
            self.last_good = Some(self.now);
        }
        self.last = Some(ended);
        self.verdict = ours.then_some(ended).filter(|_| self.state.begun.is_some());
    }

    /// Looks whenever it was said that there is something to see, until then.
    fn until(&mut self, end: i64) -> &mut Self {
        loop {
            let look_at = self.look();
            let run_end = self.run.map(|(_, end, _)| end);
            let Some(next) = look_at.into_iter().chain(run_end).min().filter(|next| *next <= end) else {
                break;
            };
            self.now = self.now.max(next);
            if run_end.is_some_and(|end| end <= self.now) {
                self.end_run();
            }
        }
        self.now = end;
        self
    }

    fn until_time(&mut self, text: &str) -> &mut Self {
        self.until(time(text))
    }

    /// Nobody looks until then: the machine sleeps, or the center is not running.
    fn away(&mut self, text: &str) -> &mut Self {
        self.now = time(text);
        self
    }

    /// The process goes away, and another one comes with what was kept.
    fn restart(&mut self) -> &mut Self {
        if let Some((started, _, _)) = self.run.take() {
            self.last = Some(Ended { started, outcome: Outcome::Interrupted, class: None, is_good: false });
        }
        (self.began_here, self.verdict) = (false, None);
        self
    }

    /// A person runs it, and it is good.
    fn by_hand(&mut self) -> &mut Self {
        self.last = Some(Ended { started: self.now, outcome: Outcome::Done, class: None, is_good: true });
        self.last_good = Some(self.now);
        self
    }

    /// When it was started, as clocks show it.
    fn times(&self) -> Vec<String> {
        self.starts.iter().map(|(at, _)| zoned(*at, &self.zone).strftime("%m-%d %H:%M").to_string()).collect()
    }

    fn last_times(&self, count: usize) -> Vec<String> {
        let times = self.times();
        times[times.len().saturating_sub(count)..].to_vec()
    }

    fn causes(&self) -> Vec<(Cause, u64)> {
        self.starts.iter().map(|(_, start)| (start.cause, start.count)).collect()
    }
}

#[test]
fn a_year_of_nights_has_one_run_each_on_both_days_when_clocks_change_too() {
    let mut sim = Sim::new("cron = '30 2 * * *'", "2026-01-01T00:00");
    sim.until_time("2027-01-01T00:00");
    let times = sim.times();
    assert_eq!(times.len(), 365);
    assert!(times.contains(&"03-29 03:00".into()) && !times.contains(&"03-29 02:30".into()));
    assert_eq!(times.iter().filter(|time| *time == "10-25 02:30").count(), 1);
    assert!(sim.looks < 365 * 4, "{} looks", sim.looks);
    assert!(sim.skips.is_empty());
}

#[test]
fn leap_days_and_days_that_few_months_have() {
    let mut sim = Sim::new("cron = ['0 6 31 * *', '0 7 29 2 *']", "2028-01-01T00:00");
    sim.until_time("2029-01-01T00:00");
    assert_eq!(
        sim.times(),
        [
            "01-31 06:00",
            "02-29 07:00",
            "03-31 06:00",
            "05-31 06:00",
            "07-31 06:00",
            "08-31 06:00",
            "10-31 06:00",
            "12-31 06:00"
        ]
    );
}

#[test]
fn many_times_slept_through_are_made_up_for_by_one_run() {
    let mut sim = Sim::new("cron = '0 * * * *'", "2026-07-01T00:30");
    sim.until_time("2026-07-01T01:30").away("2026-07-04T09:20").until_time("2026-07-04T10:30");
    assert_eq!(sim.times(), ["07-01 01:00", "07-04 09:20", "07-04 10:00"]);
    assert_eq!(sim.causes()[1], (Cause::CatchUp, 80));
    assert_eq!(sim.state.missed, 0, "a good run makes up for them");
}

#[test]
fn without_catching_up_what_was_slept_through_is_over() {
    let mut sim = Sim::new("cron = '0 * * * *'\ncatch_up = false", "2026-07-01T00:30");
    sim.until_time("2026-07-01T01:30").away("2026-07-01T05:20").until(time("2026-07-01T05:59"));
    assert_eq!((sim.times().len(), sim.skips["missed"], sim.state.missed), (1, 4, 4));
    sim.until_time("2026-07-01T06:30");
    assert_eq!(sim.last_times(1), ["07-01 06:00"]);
    // And who wakes up just in time is in time.
    sim.away("2026-07-01T09:02").until_time("2026-07-01T09:30");
    assert_eq!(sim.starts.last(), Some(&(time("2026-07-01T09:02"), Start { cause: Cause::Time, count: 1 })));
    assert_eq!(sim.skips["missed"], 6);
}

#[test]
fn r13_an_interval_counts_from_the_last_good_run_whoever_started_it() {
    let mut sim = Sim::new("every = '6h'", "2026-07-01T00:00");
    sim.until_time("2026-07-01T07:00");
    assert_eq!(sim.times(), ["07-01 00:00", "07-01 06:10"], "at once, and then from the end of each run");
    sim.until_time("2026-07-01T10:00").by_hand().until_time("2026-07-01T16:30");
    assert_eq!(sim.last_times(1), ["07-01 16:00"]);
}

#[test]
fn an_interval_that_ends_in_failure_begins_again_after_its_length() {
    let mut sim = Sim::new("every = '2h'", "2026-07-01T00:00");
    sim.fate = |_| (Outcome::Failed, Some(ProblemClass::Permission));
    sim.until_time("2026-07-01T07:00");
    assert_eq!(sim.times(), ["07-01 00:00", "07-01 02:00", "07-01 04:00", "07-01 06:00"]);
}

#[test]
fn a_time_that_comes_while_a_run_is_at_it_is_skipped_and_counted() {
    let mut sim = Sim::new("cron = '0 * * * *'", "2026-07-01T00:30");
    sim.takes = 3 * HOUR + 30 * MINUTE;
    sim.until_time("2026-07-01T04:20");
    assert_eq!((sim.times(), sim.skips["overlap"]), (vec!["07-01 01:00".into()], 3));
    assert_eq!((sim.state.skipped, sim.state.skipped_at), (3, Some(time("2026-07-01T04:00"))));
    sim.until_time("2026-07-01T05:10");
    assert_eq!((sim.last_times(1), sim.state.skipped), (vec!["07-01 05:00".into()], 0));
}

#[test]
fn what_comes_while_the_window_is_closed_begins_when_it_opens() {
    let mut sim = Sim::new("cron = '0 12,13 * * *'\nwindows = '22:00-06:00'", "2026-07-01T00:00");
    sim.until_time("2026-07-01T20:00");
    assert_eq!(sim.waits, Some(Waits::Window(time("2026-07-01T22:00"))));
    assert_eq!(sim.waits.as_ref().unwrap().text(&sim.zone), "waiting for its window, which opens Wed 22:00");
    sim.until_time("2026-07-03T23:00");
    assert_eq!(sim.times(), ["07-01 22:00", "07-02 22:00", "07-03 22:00"]);
    assert_eq!(sim.causes()[0], (Cause::Time, 2));
    let mut sim = Sim::new("cron = '0 * * * *'\nwindows = '22:00-02:00'", "2026-07-01T12:30");
    sim.until_time("2026-07-02T12:00");
    assert_eq!(sim.times(), ["07-01 22:00", "07-01 23:00", "07-02 00:00", "07-02 01:00"]);
}

#[test]
fn a_failure_that_passes_is_repeated_ever_later_and_not_for_ever() {
    let mut sim = Sim::new(
        "cron = '0 0 * * *'\nretry = { limit = 4, first = '1m', longest = '5m' }",
        "2026-07-01T12:00",
    );
    sim.takes = MINUTE;
    sim.fate = |_| (Outcome::Failed, Some(ProblemClass::Transient));
    sim.until_time("2026-07-02T12:00");
    assert_eq!(
        sim.causes(),
        [(Cause::Time, 1), (Cause::Retry, 0), (Cause::Retry, 0), (Cause::Retry, 0), (Cause::Retry, 0)]
    );
    let waits: Vec<i64> = sim.starts.windows(2).map(|pair| pair[1].0 - pair[0].0 - MINUTE).collect();
    for (wait, whole) in waits.iter().zip([MINUTE, 2 * MINUTE, 4 * MINUTE, 5 * MINUTE]) {
        assert!(whole / 2 <= *wait && *wait <= whole, "{waits:?}");
    }
    assert_eq!((sim.state.retries, sim.state.retry_at), (0, None));
    sim.until_time("2026-07-03T00:00");
    assert_eq!(sim.causes()[5], (Cause::Time, 1), "the next day is another day");
}

#[test]
fn a_good_run_ends_the_repetitions_and_a_lasting_failure_has_none() {
    let mut sim = Sim::new("cron = '0 0 * * *'", "2026-07-01T12:00");
    sim.fate = |run| match run {
        1 | 2 => (Outcome::Failed, Some(ProblemClass::Transient)),
        3 => (Outcome::Done, None),
        _ => (Outcome::Failed, Some(ProblemClass::Permission)),
    };
    sim.until_time("2026-07-02T12:00");
    assert_eq!((sim.starts.len(), sim.state.retries), (3, 0));
    sim.until_time("2026-07-03T12:00");
    assert_eq!(sim.starts.len(), 4);
    // By hand, before the repetition was due.
    sim.fate = |_| (Outcome::Failed, Some(ProblemClass::Transient));
    sim.until(time("2026-07-04T00:10") + 1);
    assert_eq!(sim.state.retries, 1);
    sim.by_hand().until_time("2026-07-04T12:00");
    assert_eq!((sim.starts.len(), sim.state.retries, sim.state.retry_at), (5, 0, None));
}

#[test]
fn a_pause_ends_by_itself_and_one_run_makes_up_for_it() {
    let mut sim = Sim::new("cron = '0 * * * *'", "2026-07-01T00:30");
    sim.paused_until = Some(time("2026-07-01T05:15"));
    sim.until_time("2026-07-01T03:30");
    assert_eq!((sim.starts.len(), sim.waits.clone()), (0, Some(Waits::Paused(time("2026-07-01T05:15")))));
    sim.until_time("2026-07-01T06:30");
    assert_eq!(sim.times(), ["07-01 05:15", "07-01 06:00"]);
    let mut sim = Sim::new("cron = '0 * * * *'\ncatch_up = false", "2026-07-01T00:30");
    sim.paused_until = Some(time("2026-07-01T05:15"));
    sim.until_time("2026-07-01T06:30");
    assert_eq!((sim.times(), sim.skips["paused"]), (vec!["07-01 06:00".into()], 5));
    sim.paused_until = Some(FOREVER);
    sim.until_time("2026-07-02T06:30");
    assert_eq!(sim.starts.len(), 1);
}

#[test]
fn what_is_disabled_is_not_due_and_nothing_is_made_up_for() {
    let mut sim = Sim::new("cron = '0 * * * *'", "2026-07-01T00:30");
    sim.is_disabled = true;
    sim.until_time("2026-07-01T03:30");
    sim.is_disabled = false;
    sim.until_time("2026-07-01T04:30");
    assert_eq!((sim.times(), sim.skips["disabled"]), (vec!["07-01 04:00".into()], 3));
}

#[test]
fn an_item_follows_each_good_run_of_the_one_before_it_once() {
    let mut sim = Sim::new("after = 'music'", "2026-07-01T00:00");
    sim.before = Some(time("2026-06-30T12:00"));
    sim.until_time("2026-07-01T01:00");
    assert!(sim.starts.is_empty(), "what was before the schedule does not count");
    sim.before = Some(sim.now);
    sim.until_time("2026-07-01T02:00").restart().until_time("2026-07-01T03:00");
    assert_eq!((sim.times(), sim.causes()), (vec!["07-01 01:00".into()], vec![(Cause::After, 0)]));
    // While it runs itself: once more afterwards.
    sim.before = Some(sim.now);
    sim.until(sim.now + MINUTE);
    sim.before = Some(sim.now);
    sim.until_time("2026-07-01T04:00");
    assert_eq!(sim.last_times(2), ["07-01 03:00", "07-01 03:10"]);
}

#[test]
fn what_happens_starts_those_who_wait_for_it() {
    let text = "on = ['mount:/media/nas/photos', 'network:wlan0', 'wake', 'start']";
    let mut sim = Sim::new(text, "2026-07-01T00:00");
    for (happening, cause) in [
        (Happening::Mounted("/media/other".into()), None),
        (Happening::Mounted("/".into()), None),
        (Happening::Mounted("/media/nas".into()), Some(Cause::Mount)),
        (Happening::Online(None), None),
        (Happening::Online(Some("wlan0".into())), Some(Cause::Network)),
        (Happening::Woke, Some(Cause::Wake)),
        (Happening::Started, Some(Cause::Start)),
    ] {
        let before = sim.starts.len();
        sim.happened = vec![happening.clone()];
        sim.until(sim.now + HOUR);
        let started = sim.starts.get(before).map(|(_, start)| start.cause);
        assert_eq!(started, cause, "{happening:?}");
    }
}

#[test]
fn what_it_needs_is_waited_for_and_is_no_failure() {
    let mut sim = Sim::new("cron = '0 * * * *'\nneeds = 'mount:/media/nas'", "2026-07-01T00:30");
    sim.unmet = Some("mount:/media/nas".parse().unwrap());
    sim.until_time("2026-07-01T02:30");
    assert_eq!(sim.waits.as_ref().unwrap().text(&sim.zone), "waiting for something mounted at /media/nas");
    sim.unmet = None;
    sim.until_time("2026-07-01T02:45");
    assert_eq!((sim.times(), sim.causes()), (vec!["07-01 02:30".into()], vec![(Cause::Time, 2)]));
}

#[test]
fn a_change_waits_for_the_window_and_for_the_run_that_is_at_it() {
    let mut sim = Sim::new("on = 'change'\ncron = '0 1 * * *'\nwindows = '00:00-06:00'", "2026-07-01T00:55");
    sim.until(time("2026-07-01T01:05"));
    sim.changed = true;
    sim.until(time("2026-07-01T01:06"));
    assert_eq!((sim.starts.len(), sim.waits.clone()), (1, Some(Waits::Running)));
    sim.until(time("2026-07-01T02:00"));
    assert_eq!(sim.last_times(1), ["07-01 01:10"]);
    sim.until(time("2026-07-01T12:00"));
    sim.changed = true;
    sim.until(time("2026-07-01T23:00"));
    assert_eq!(sim.starts.len(), 2);
    sim.until(time("2026-07-02T00:30"));
    assert_eq!(sim.causes()[2], (Cause::Change, 0));
    assert_eq!(sim.last_times(1), ["07-02 00:00"]);
}

#[test]
fn r12_a_run_that_a_restart_cut_short_is_begun_again() {
    let mut sim = Sim::new("cron = '0 2 * * *'", "2026-07-01T00:00");
    sim.until_time("2026-07-01T02:05").restart().until_time("2026-07-01T02:05:10");
    assert_eq!((sim.starts.len(), sim.state.retries), (1, 1));
    sim.until_time("2026-07-01T12:00");
    assert_eq!(sim.causes(), [(Cause::Time, 1), (Cause::Retry, 0)]);
    // The same when it was killed between writing down that it begins and beginning.
    sim.until_time("2026-07-02T02:00");
    sim.run = None;
    sim.restart().until_time("2026-07-02T12:00");
    assert_eq!(sim.causes()[2..], [(Cause::Time, 1), (Cause::Retry, 0)]);
}

#[test]
fn a_restart_repeats_nothing_and_forgets_nothing() {
    let mut sim = Sim::new("cron = '0 2 * * *'\nwindows = '04:00-05:00'", "2026-07-01T00:00");
    for hour in 1..48 {
        sim.restart().until(time("2026-07-01T00:30") + hour * HOUR);
    }
    assert_eq!(sim.times(), ["07-01 04:00", "07-02 04:00"]);
}

#[test]
fn a_good_run_by_hand_is_what_was_due() {
    let mut sim = Sim::new("cron = '0 2 * * *'", "2026-07-01T00:00");
    sim.away("2026-07-01T09:00").by_hand().away("2026-07-01T12:00").until_time("2026-07-01T20:00");
    assert_eq!((sim.starts.len(), sim.skips["done"]), (0, 1));
    // Also while it waits.
    sim.paused_until = Some(time("2026-07-02T12:00"));
    sim.until_time("2026-07-02T08:00").by_hand().until_time("2026-07-02T13:00");
    assert_eq!((sim.starts.len(), sim.skips["done"]), (0, 2));
}

#[test]
fn a_clock_that_is_set_back_a_little_repeats_nothing() {
    let mut sim = Sim::new("cron = '0 * * * *'", "2026-07-01T00:30");
    sim.until_time("2026-07-01T03:20").away("2026-07-01T01:50").until_time("2026-07-01T04:20");
    assert_eq!(sim.times(), ["07-01 01:00", "07-01 02:00", "07-01 03:00", "07-01 04:00"]);
}

#[test]
fn a_clock_that_was_years_ahead_does_not_silence_an_item_for_years() {
    for text in ["cron = '0 * * * *'", "every = '1h'"] {
        let mut sim = Sim::new(text, "2036-07-01T00:30");
        sim.until_time("2036-07-01T03:20");
        sim.now = time("2026-07-01T00:30");
        sim.until_time("2026-07-01T04:20");
        assert!(sim.times().len() >= 6, "{text}: {:?}", sim.times());
    }
}

#[test]
fn a_clock_that_jumps_ahead_has_one_run_for_what_lies_between() {
    let mut sim = Sim::new("cron = '0 * * * *'", "1970-01-02T00:30");
    sim.until_time("1970-01-02T01:20").away("2026-07-01T00:20").until_time("2026-07-01T01:10");
    assert_eq!(sim.causes(), [(Cause::Time, 1), (Cause::CatchUp, 1000), (Cause::Time, 1)]);
}

#[test]
fn another_zone_or_another_schedule_begins_anew() {
    let mut sim = Sim::new("cron = '30 2 * * *'", "2026-07-01T00:00");
    sim.until_time("2026-07-01T17:00");
    assert_eq!(sim.starts.len(), 1);
    // In New York 02:30 was hours ago, and after the run of today: it is nothing to make up for.
    sim.zone = TimeZone::get("America/New_York").unwrap();
    sim.until_time("2026-07-02T12:00");
    assert_eq!(sim.times(), ["06-30 20:30", "07-02 02:30"], "the first one was 02:30 in Berlin");
    sim.schedule = toml::from_str("cron = '0 1 * * *'").unwrap();
    sim.until_time("2026-07-03T08:00");
    assert_eq!(sim.last_times(1), ["07-03 01:00"]);
}

/// Something that comes between.
#[derive(Debug, Clone)]
enum Twist {
    Goes(i64),
    Sleeps(i64),
    Restart,
    Pause(Option<i64>),
    Disable(bool),
    Need(bool),
    ByHand,
    Takes(i64),
    SetBack(i64),
    Change,
    Wake,
}

fn twist() -> impl Strategy<Value = Twist> {
    prop_oneof![
        8 => (1..3 * DAY).prop_map(Twist::Goes),
        2 => (1..4 * DAY).prop_map(Twist::Sleeps),
        1 => Just(Twist::Restart),
        1 => proptest::option::of(1..2 * DAY).prop_map(Twist::Pause),
        1 => any::<bool>().prop_map(Twist::Disable),
        1 => any::<bool>().prop_map(Twist::Need),
        1 => Just(Twist::ByHand),
        1 => (MINUTE..2 * DAY).prop_map(Twist::Takes),
        1 => (1..2 * HOUR).prop_map(Twist::SetBack),
        1 => Just(Twist::Change),
        1 => Just(Twist::Wake),
    ]
}

proptest! {
    /// Each due time has one run that stands for it, or a reason why it has none, or waits: never two of these, never
    /// none.
    #[test]
    fn every_due_time_is_accounted_for_once(
        cron in proptest::sample::select(vec![
            "cron = '30 2 * * *'", "cron = '0 */5 * * *'", "cron = ['15 * * * *', '30 23 * * sun']",
            "cron = '*/20 8-17 * * mon-fri'", "every = '4h'\nfrom = 'clock'",
        ]),
        windows in proptest::sample::select(vec!["", "\nwindows = '22:00-06:00'", "\nwindows = 'sat,sun 10:00-12:00'"]),
        catch_up in any::<bool>(),
        start in time("2026-01-01T00:00")..time("2027-01-01T00:00"),
        twists in proptest::collection::vec(twist(), 1..40),
        luck in 0_usize..3,
    ) {
        let text = format!("{cron}{windows}\ncatch_up = {catch_up}\non = ['change', 'wake']");
        let mut sim = Sim::new(&text, "2026-01-01T00:00");
        sim.now = start;
        sim.state = ScheduleState::default();
        sim.fate = [
            |_| (Outcome::Done, None),
            |run| if run % 2 == 0 { (Outcome::Done, None) } else { (Outcome::Failed, Some(ProblemClass::Transient)) },
            |_| (Outcome::Failed, Some(ProblemClass::Safety)),
        ][luck];
        sim.look();
        let mut latest = start;
        for twist in twists {
            latest = latest.max(sim.now);
            match twist {
                Twist::Goes(for_long) => { sim.until(sim.now + for_long); }
                Twist::Sleeps(for_long) => {
                    sim.now += for_long;
                    if let Some((_, end, _)) = &mut sim.run {
                        *end += for_long;
                    }
                }
                Twist::Restart => { sim.restart(); }
                Twist::Pause(for_long) => sim.paused_until = for_long.map(|for_long| sim.now + for_long),
                Twist::Disable(off) => sim.is_disabled = off,
                Twist::Need(unmet) => sim.unmet = unmet.then_some(Need::Network(None)),
                Twist::ByHand => if sim.run.is_none() { sim.by_hand(); },
                Twist::Takes(for_long) => sim.takes = for_long,
                // Set back by more than that from where it was, it begins anew.
                Twist::SetBack(by) => sim.now = (sim.now - by).max(latest - SET_BACK),
                Twist::Change => sim.changed = true,
                Twist::Wake => sim.happened.push(Happening::Woke),
            }
        }
        sim.look();
        // The times there were, counted by walking through them.
        let times = Times::new(&sim.schedule, &sim.zone);
        let (mut at, mut due) = (start, 0);
        while let Some(next) = times.next(at).filter(|next| *next <= sim.state.handled.max(sim.now)) {
            (at, due) = (next, due + 1);
        }
        let started: u64 = sim.starts.iter().map(|(_, start)| start.count).sum();
        let skipped: u64 = sim.skips.values().sum();
        let waiting = sim.state.due.as_ref().map_or(0, |due| due.count);
        prop_assert_eq!(started + skipped + waiting, due, "{} runs, {:?}, {} wait", sim.starts.len(), sim.skips, waiting);
        // What waits says for what.
        if sim.state.due.is_some() {
            prop_assert!(sim.waits.is_some());
        }
        // And nothing began where nothing may.
        for (at, _) in &sim.starts {
            prop_assert!(times.is_open(*at));
        }
    }
}
