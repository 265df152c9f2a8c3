//! The due times of a schedule, and its windows.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use settings::schedule::{CountFrom, Overdue, Schedule};

const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
/// Due times that passed are counted up to so many.
const MOST: u64 = 1000;
/// What is handled within so many milliseconds is not late.
pub(crate) const IN_TIME: i64 = 5 * 60_000;

/// The times of a schedule in a time zone. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times<'s> {
    schedule: &'s Schedule,
    zone: &'s TimeZone,
}

/// Due times of the calendar that have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passed {
    /// How many, up to a limit.
    pub(crate) count: u64,
    /// The last of them.
    pub(crate) last: i64,
}

impl<'s> Times<'s> {
    /// In the schedule's own zone, or else the machine's.
    pub(crate) fn new(schedule: &'s Schedule, machine: &'s TimeZone) -> Self {
        Self { schedule, zone: schedule.zone.as_ref().map_or(machine, |zone| zone.time_zone()) }
    }

    /// All that decides about due times, as text. Where it is another one, what was due before says nothing.
    pub(crate) fn text(&self) -> String {
        let schedule = self.schedule;
        let mut text = String::new();
        for cron in &schedule.cron {
            text.push_str(cron.as_str());
            text.push('|');
        }
        if let Some(every) = schedule.every {
            text.push_str(&every.to_string());
            text.push_str(if schedule.from == CountFrom::Clock { " by the clock|" } else { "|" });
        }
        for before in &schedule.after {
            text.push_str("after ");
            text.push_str(before.as_str());
            text.push('|');
        }
        text.push_str(self.zone.iana_name().unwrap_or("machine"));
        text
    }

    /// The first due time of the calendar after that time.
    pub(crate) fn next(&self, after: i64) -> Option<i64> {
        let after = self.zoned(after);
        let cron = self.schedule.cron.iter().filter_map(|cron| cron.after(&after));
        cron.chain(self.by_the_clock().and_then(|every| clock_after(every, &after)))
            .map(|time| millis(&time))
            .min()
    }

    /// What of the calendar came after the one time, up to the other.
    pub(crate) fn passed(&self, after: i64, until: i64) -> Option<Passed> {
        let mut last = self.next(after).filter(|first| *first <= until)?;
        let mut count = 1;
        while count < MOST
            && let Some(next) = self.next(last).filter(|next| *next <= until)
        {
            count += 1;
            last = next;
        }
        // After many the last one is looked for from the end.
        let spans = [HOUR / 6, 2 * HOUR, DAY, 40 * DAY].into_iter().filter(|_| count == MOST);
        for from in spans.map(|span| until.saturating_sub(span)).filter(|from| *from > last) {
            let Some(late) = self.next(from).filter(|next| *next <= until) else { continue };
            last = late;
            while let Some(next) = self.next(last).filter(|next| *next <= until) {
                last = next;
            }
            break;
        }
        Some(Passed { count, last })
    }

    /// The interval that counts from the last good run, if there is one.
    pub(crate) fn since_last_good(&self) -> Option<i64> {
        self.interval(CountFrom::LastGood)
    }

    fn by_the_clock(&self) -> Option<i64> {
        self.interval(CountFrom::Clock)
    }

    fn interval(&self, from: CountFrom) -> Option<i64> {
        self.schedule.every.filter(|_| self.schedule.from == from).map(|every| every.millis())
    }

    /// Whether runs may begin at that time.
    pub(crate) fn is_open(&self, at: i64) -> bool {
        let windows = &self.schedule.windows;
        let at = self.zoned(at);
        windows.is_empty() || windows.iter().any(|window| window.is_open(&at))
    }

    /// The first time from then on at which runs may begin.
    pub(crate) fn open_from(&self, at: i64) -> i64 {
        if self.is_open(at) {
            return at;
        }
        let zoned = self.zoned(at);
        let opens = self.schedule.windows.iter().filter_map(|window| window.opens_after(&zoned));
        opens.map(|time| millis(&time)).min().unwrap_or(at)
    }

    /// The next times at which a run may begin, as far as the calendar and an interval say: of an interval since the
    /// last good run as if each run were good at once. `base` is what that counts from.
    fn begins(&self, now: i64, base: Option<i64>, paused_until: Option<i64>) -> impl Iterator<Item = i64> {
        let earliest = paused_until.map_or(now, |until| until.max(now));
        let (mut at, mut base) = (now, base);
        let every = self.since_last_good();
        std::iter::from_fn(move || {
            if earliest == i64::MAX {
                return None;
            }
            // What never ran begins at once.
            let interval = every
                .map(|every| base.map_or(at, |base| base.saturating_add(every).max(at.saturating_add(1))));
            let due = self.next(at).into_iter().chain(interval).min()?;
            let begins = self.open_from(due.max(earliest));
            // What comes before that is all one run.
            (at, base) = (begins, Some(begins));
            Some(begins)
        })
    }

    /// So many of them.
    pub(crate) fn upcoming(
        &self,
        now: i64,
        base: Option<i64>,
        paused_until: Option<i64>,
        count: usize,
    ) -> Vec<i64> {
        self.begins(now, base, paused_until).take(count).collect()
    }

    /// Those of them from a later moment on. What lies before it is passed over, not counted through.
    pub(crate) fn upcoming_from(
        &self,
        from: i64,
        now: i64,
        base: Option<i64>,
        paused_until: Option<i64>,
    ) -> impl Iterator<Item = i64> {
        let begin = from.max(now);
        let passed_over = |base: i64, every: i64| match begin.saturating_sub(1).saturating_sub(base) / every {
            passed @ 1.. => base.saturating_add(passed.saturating_mul(every)),
            _ => base,
        };
        let base = match self.since_last_good().filter(|every| begin > now && *every > 0) {
            Some(every) => Some(passed_over(base.unwrap_or(now), every)),
            None => base,
        };
        // A time that is the first moment itself counts.
        let at = if begin > now { begin - 1 } else { now };
        self.begins(at, base, paused_until).skip_while(move |time| *time < begin)
    }

    /// When it is overdue if no good run comes before: after the time that the settings name, or else when two due times
    /// have come since, and at least an hour has passed.
    pub(crate) fn overdue_at(&self, last_good: i64) -> Option<i64> {
        match self.schedule.overdue {
            Some(Overdue::Never) => None,
            Some(Overdue::After(limit)) => Some(last_good.saturating_add(limit.millis())),
            None => match self.upcoming(last_good, Some(last_good), None, 2).as_slice() {
                [first, second] => Some((*second).max(first.saturating_add(HOUR))),
                _ => None,
            },
        }
    }

    fn zoned(&self, time: i64) -> Zoned {
        zoned(time, self.zone)
    }
}

/// A time as clocks in that zone show it. What no calendar knows is shown as its end.
pub(crate) fn zoned(time: i64, zone: &TimeZone) -> Zoned {
    let end = if time < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_millisecond(time).unwrap_or(end).to_zoned(zone.clone())
}

fn millis(time: &Zoned) -> i64 {
    time.timestamp().as_millisecond()
}

/// The next multiple of an interval that divides the day, or is of whole days.
fn clock_after(every: i64, after: &Zoned) -> Option<Zoned> {
    let zone = after.time_zone();
    if every % DAY == 0 {
        let days = i32::try_from(every / DAY).ok()?;
        let number = after.date().since(Date::constant(1970, 1, 1)).ok()?.get_days();
        let next = number.div_euclid(days).checked_add(1)?.checked_mul(days)?;
        let date = Date::constant(1970, 1, 1).checked_add(next.days()).ok()?;
        return date.to_zoned(zone.clone()).ok();
    }
    let midnight = after.start_of_day().ok()?;
    let tomorrow = after.date().tomorrow().ok()?.to_zoned(zone.clone()).ok()?;
    if every <= HOUR {
        // By what has elapsed, so that the hour that comes twice has its times twice.
        let elapsed = millis(after).saturating_sub(millis(&midnight));
        let next = elapsed.div_euclid(every).checked_add(1)?.checked_mul(every)?;
        let next = midnight.checked_add(SignedDuration::from_millis(next)).ok()?;
        return Some(if next < tomorrow { next } else { tomorrow });
    }
    // By what clocks show, so that noon stays noon.
    (1..DAY / every)
        .filter_map(|step| {
            let time = after.date().to_datetime(jiff::civil::Time::midnight());
            let time = time.checked_add(SignedDuration::from_millis(step * every)).ok()?;
            time.to_zoned(zone.clone()).ok()
        })
        .find(|time| time > after)
        .or(Some(tomorrow))
}

#[cfg(test)]
mod tests;
