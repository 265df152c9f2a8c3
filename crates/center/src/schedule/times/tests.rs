use proptest::prelude::*;

use super::*;

fn schedule(text: &str) -> Schedule {
    toml::from_str(text).unwrap()
}

fn at(text: &str) -> i64 {
    let time: Zoned = match text.contains('[') {
        true => text.parse().unwrap(),
        false => format!("{text}[Europe/Berlin]").parse().unwrap(),
    };
    millis(&time)
}

/// The due times between two times, as clocks in Berlin show them.
fn times(text: &str, from: &str, until: &str) -> Vec<String> {
    let (schedule, zone) = (schedule(text), TimeZone::get("Europe/Berlin").unwrap());
    let times = Times::new(&schedule, &zone);
    let (mut now, until) = (at(from), at(until));
    let mut all = Vec::new();
    while let Some(next) = times.next(now).filter(|next| *next <= until) {
        all.push(zoned(next, &zone).strftime("%m-%d %H:%M %z").to_string());
        now = next;
    }
    all
}

#[test]
fn in_spring_a_time_that_does_not_exist_is_the_first_that_does() {
    assert_eq!(
        times("cron = '30 2 * * *'", "2026-03-28T00:00", "2026-03-31T00:00"),
        ["03-28 02:30 +0100", "03-29 03:00 +0200", "03-30 02:30 +0200"]
    );
}

#[test]
fn in_autumn_a_time_that_comes_twice_is_due_once() {
    assert_eq!(
        times("cron = '30 2 * * *'", "2026-10-24T00:00", "2026-10-27T00:00"),
        ["10-24 02:30 +0200", "10-25 02:30 +0200", "10-26 02:30 +0100"]
    );
}

#[test]
fn every_half_hour_is_every_half_hour_on_a_day_of_25_hours() {
    for text in ["cron = '*/30 * * * *'", "every = '30m'\nfrom = 'clock'", "every = '1h'\nfrom = 'clock'"] {
        let per_hour = if text.contains("1h") { 1 } else { 2 };
        assert_eq!(times(text, "2026-10-25T00:00", "2026-10-26T00:00").len(), 25 * per_hour, "{text}");
        assert_eq!(times(text, "2026-03-29T00:00", "2026-03-30T00:00").len(), 23 * per_hour, "{text}");
    }
}

#[test]
fn an_interval_by_the_clock_keeps_its_hours_over_the_year() {
    let all = times("every = '6h'\nfrom = 'clock'", "2026-10-24T12:00", "2026-10-26T06:00");
    let hours: Vec<&str> = all.iter().map(|time| &time[6..8]).collect();
    assert_eq!(hours, ["18", "00", "06", "12", "18", "00", "06"]);
    let days = times("every = '2d'\nfrom = 'clock'", "2026-03-27T00:00", "2026-04-03T00:00");
    assert_eq!(days.len(), 4);
    assert!(days.iter().all(|time| &time[6..11] == "00:00"), "{days:?}");
}

#[test]
fn leap_days_and_the_31st_come_when_there_is_one() {
    let schedule_of = |text| schedule(text);
    let (leap, last) = (schedule_of("cron = '0 0 29 2 *'"), schedule_of("cron = '0 6 31 * *'"));
    let zone = TimeZone::UTC;
    let next = |schedule: &Schedule, after: &str| {
        zoned(Times::new(schedule, &zone).next(at(after)).unwrap(), &zone).strftime("%F").to_string()
    };
    assert_eq!(next(&leap, "2026-03-01T00:00[UTC]"), "2028-02-29");
    assert_eq!(next(&leap, "2096-03-01T00:00[UTC]"), "2104-02-29", "2100 has none");
    assert_eq!(next(&last, "2026-01-31T12:00[UTC]"), "2026-03-31");
    assert_eq!(next(&last, "2026-03-31T12:00[UTC]"), "2026-05-31");
}

#[test]
fn times_are_those_of_the_named_zone_wherever_the_machine_is() {
    let (named, machine) =
        (schedule("cron = '0 9 * * *'\nzone = 'Asia/Tokyo'"), TimeZone::get("America/New_York").unwrap());
    let times = Times::new(&named, &machine);
    assert_eq!(times.next(at("2026-07-01T00:00[UTC]")), Some(at("2026-07-02T09:00[Asia/Tokyo]")));
    let unnamed = schedule("cron = '0 9 * * *'");
    let times = Times::new(&unnamed, &machine);
    assert_eq!(times.next(at("2026-07-01T00:00[UTC]")), Some(at("2026-07-01T09:00[America/New_York]")));
}

#[test]
fn what_passed_is_counted_and_its_last_one_known_however_many_there_were() {
    let schedule = schedule("cron = '*/5 * * * *'");
    let zone = TimeZone::UTC;
    let times = Times::new(&schedule, &zone);
    let (from, until) = (at("2026-01-01T00:00[UTC]"), at("2026-06-30T23:59[UTC]"));
    assert_eq!(times.passed(from, until), Some(Passed { count: MOST, last: at("2026-06-30T23:55[UTC]") }));
    assert_eq!(times.passed(from, from + 16 * 60_000), Some(Passed { count: 3, last: from + 15 * 60_000 }));
    assert_eq!(times.passed(from, from + 4 * 60_000), None);
}

#[test]
fn what_comes_while_windows_are_closed_begins_when_they_open_and_only_once() {
    let schedule = schedule("every = '1h'\nwindows = ['22:00-06:00']");
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let times = Times::new(&schedule, &zone);
    let now = at("2026-07-01T04:30");
    let begins: Vec<String> = times
        .upcoming(now, Some(now), None, 4)
        .into_iter()
        .map(|time| zoned(time, &zone).strftime("%H:%M").to_string())
        .collect();
    assert_eq!(begins, ["05:30", "22:00", "23:00", "00:00"]);
    let paused = times.upcoming(now, Some(now), Some(at("2026-07-01T23:15")), 2);
    assert_eq!(paused, [at("2026-07-01T23:15"), at("2026-07-02T00:15")]);
    assert!(times.upcoming(now, None, Some(i64::MAX), 2).is_empty());
    assert_eq!(
        times.upcoming(now, None, None, 2),
        [now, at("2026-07-01T05:30")],
        "what never ran begins at once"
    );
}

#[test]
fn an_item_is_overdue_when_two_due_times_have_come_since_its_last_good_run() {
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let overdue = |text: &str, last_good: &str| {
        Times::new(&schedule(text), &zone).overdue_at(at(last_good)).map(|at| zoned(at, &zone).datetime())
    };
    let time = |text: &str| Some(text.parse().unwrap());
    assert_eq!(overdue("cron = '30 2 * * *'", "2026-07-01T02:40"), time("2026-07-03T02:30"));
    assert_eq!(overdue("cron = '0 8 * * mon-fri'", "2026-07-03T08:10"), time("2026-07-07T08:00"));
    assert_eq!(overdue("every = '1m'", "2026-07-01T12:00"), time("2026-07-01T13:01"), "not at every hiccup");
    assert_eq!(
        overdue("every = '1h'\nwindows = '22:00-06:00'", "2026-07-01T05:50"),
        time("2026-07-01T23:00"),
        "nothing is late while it may not begin"
    );
    assert_eq!(overdue("cron = '30 2 * * *'\noverdue = '3d'", "2026-07-01T12:00"), time("2026-07-04T12:00"));
    assert_eq!(overdue("overdue = '3d'", "2026-07-01T12:00"), time("2026-07-04T12:00"));
    assert_eq!(overdue("cron = '30 2 * * *'\noverdue = 'never'", "2026-07-01T12:00"), None);
    assert_eq!(overdue("on = 'change'", "2026-07-01T12:00"), None);
}

proptest! {
    #[test]
    fn due_times_go_forward_in_every_zone(
        start in 0_i64..4_000_000_000_000,
        zone in proptest::sample::select(vec![
            "UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu",
        ]),
        text in proptest::sample::select(vec![
            "cron = '30 2 * * *'", "cron = '*/7 * * * *'", "cron = ['0 0 31 * *', '15 3 * * sun']",
            "every = '90m'\nfrom = 'clock'", "every = '20m'\nfrom = 'clock'", "every = '3d'\nfrom = 'clock'",
        ]),
    ) {
        let (schedule, zone) = (schedule(text), TimeZone::get(zone).unwrap());
        let times = Times::new(&schedule, &zone);
        let mut now = start;
        for _ in 0..20 {
            let next = times.next(now).unwrap();
            prop_assert!(next > now);
            // Nothing lies between: from any time between, it is the same one.
            prop_assert_eq!(times.next(now + (next - now) / 2), Some(next));
            now = next;
        }
    }
}
