//! Times of the day in which runs may begin: `22:00-06:00`, `sat,sun 08:00-12:00`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: u16 = 24 * 60;

/// A window, on some days of the week. One that ends before it begins goes on over midnight, and is of the day on which
/// it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    days: [bool; 7],
    /// In minutes since midnight.
    from: u16,
    /// The same; at most a day after `from`.
    until: u16,
}

impl Window {
    /// Whether it is open at that time. It is open when it begins and closed when it ends.
    pub fn is_open(&self, time: &Zoned) -> bool {
        let now = time.timestamp();
        self.near(time).any(|(from, until)| from <= now && now < until)
    }

    /// When it opens next, after that time.
    pub fn opens_after(&self, time: &Zoned) -> Option<Zoned> {
        let now = time.timestamp();
        self.near(time)
            .map(|(from, _)| from)
            .filter(|from| *from > now)
            .min()
            .map(|from| from.to_zoned(time.time_zone().clone()))
    }

    /// When it closes, if it is open.
    pub fn closes_after(&self, time: &Zoned) -> Option<Zoned> {
        let now = time.timestamp();
        self.near(time)
            .filter(|(from, until)| *from <= now && now < *until)
            .map(|(_, until)| until)
            .max()
            .map(|until| until.to_zoned(time.time_zone().clone()))
    }

    /// Its openings from the day before until after a week.
    fn near(&self, time: &Zoned) -> impl Iterator<Item = (Timestamp, Timestamp)> + use<'_> {
        let (today, zone) = (time.date(), time.time_zone().clone());
        (-1..=8).filter_map(move |days| {
            let day = today.checked_add(days.days()).ok()?;
            let open = self.days[usize::from(day.weekday().to_monday_zero_offset().unsigned_abs())];
            let from = at(day, self.from, &zone)?;
            let until = at(day, self.until, &zone)?;
            open.then_some((from, until))
        })
    }
}

/// So many minutes after midnight, as clocks on the wall show it.
fn at(day: Date, minutes: u16, zone: &TimeZone) -> Option<Timestamp> {
    let day = day.checked_add(i32::from(minutes / DAY).days()).ok()?;
    let minutes = minutes % DAY;
    let time = DateTime::from(day)
        .with()
        .hour(i8::try_from(minutes / 60).ok()?)
        .minute(i8::try_from(minutes % 60).ok()?)
        .build()
        .ok()?;
    zone.to_ambiguous_timestamp(time).compatible().ok()
}

impl FromStr for Window {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no window; write it like `22:00-06:00` or `sat,sun 08:00-12:00`");
        let words: Vec<&str> = text.split_whitespace().collect();
        let (days, hours) = match words.as_slice() {
            [hours] => ([true; 7], *hours),
            [days, hours] => (parse_days(days).ok_or_else(wrong)?, *hours),
            _ => return Err(wrong()),
        };
        let (from, until) = hours.split_once('-').ok_or_else(wrong)?;
        let (from, until) = (clock(from).ok_or_else(wrong)?, clock(until).ok_or_else(wrong)?);
        if from == DAY {
            return Err(format!("`{text}`: a window begins at 00:00, not at 24:00"));
        }
        let until = if until > from { until } else { until + DAY };
        Ok(Self { days, from, until })
    }
}

/// `02:30`, in minutes.
fn clock(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let digits = |part: &str| part.len() <= 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || minute.len() != 2 || !digits(minute) {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    (minute < 60 && hour * 60 + minute <= DAY).then_some(hour * 60 + minute)
}

fn parse_days(text: &str) -> Option<[bool; 7]> {
    let place = |day: &str| DAYS.iter().position(|known| day.trim().eq_ignore_ascii_case(known));
    let mut days = [false; 7];
    for part in text.split(',') {
        match part.split_once('-') {
            None => days[place(part)?] = true,
            Some((first, last)) => {
                let (first, last) = (place(first)?, place(last)?);
                let count = (last + 7 - first) % 7;
                (0..=count).for_each(|step| days[(first + step) % 7] = true);
            }
        }
    }
    Some(days)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days.contains(&false) {
            let days: Vec<&str> =
                DAYS.iter().zip(self.days).filter_map(|(name, open)| open.then_some(*name)).collect();
            write!(f, "{} ", days.join(","))?;
        }
        let until = if self.until > DAY { self.until - DAY } else { self.until };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, until / 60, until % 60)
    }
}

impl TryFrom<String> for Window {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Window> for String {
    fn from(window: Window) -> Self {
        window.to_string()
    }
}

impl JsonSchema for Window {
    fn schema_name() -> Cow<'static, str> {
        "Window".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "Times of the day in which runs may begin, on all days of the week or on some",
            "examples": ["22:00-06:00", "mon-fri 18:00-24:00", "sat,sun 00:00-24:00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(text: &str) -> Window {
        text.parse().unwrap()
    }

    fn berlin(text: &str) -> Zoned {
        format!("{text}[Europe/Berlin]").parse().unwrap()
    }

    #[test]
    fn a_window_over_midnight_is_of_the_day_on_which_it_began() {
        let night = window("fri 22:00-06:00");
        assert!(!night.is_open(&berlin("2026-07-03T21:59:59")));
        assert!(night.is_open(&berlin("2026-07-03T22:00")));
        assert!(night.is_open(&berlin("2026-07-04T05:59:59")));
        assert!(!night.is_open(&berlin("2026-07-04T06:00")));
        assert!(!night.is_open(&berlin("2026-07-04T23:00")));
        assert_eq!(night.opens_after(&berlin("2026-07-04T06:00")), Some(berlin("2026-07-10T22:00")));
        assert_eq!(night.closes_after(&berlin("2026-07-03T23:00")), Some(berlin("2026-07-04T06:00")));
        assert_eq!(night.closes_after(&berlin("2026-07-03T21:00")), None);
    }

    #[test]
    fn a_window_knows_when_the_clocks_change() {
        // 02:30 does not exist on that day: it opens when the clocks have gone on to 03:30.
        let early = window("02:30-04:00");
        assert!(!early.is_open(&berlin("2026-03-29T03:29")));
        assert!(early.is_open(&berlin("2026-03-29T03:30")));
        // And once 02:30 has come on the day that has it twice, it stays open.
        let first: Zoned = "2026-10-25T02:45+02:00[Europe/Berlin]".parse().unwrap();
        let second: Zoned = "2026-10-25T02:15+01:00[Europe/Berlin]".parse().unwrap();
        assert!(early.is_open(&first) && early.is_open(&second));
    }

    #[test]
    fn windows_are_read_and_shown_alike() {
        for text in ["22:00-06:00", "sat,sun 08:00-12:00", "00:00-24:00", "mon 12:00-12:00"] {
            assert_eq!(window(text).to_string(), text);
        }
        assert_eq!(window("Fri-Mon 1:00-2:00").to_string(), "mon,fri,sat,sun 01:00-02:00");
        assert!(window("00:00-24:00").is_open(&berlin("2026-01-01T23:59:59")));
        for text in
            ["", "22-06", "25:00-26:00", "22:00", "fun 10:00-11:00", "24:00-06:00", "1:60-2:00", "a b c"]
        {
            assert!(text.parse::<Window>().is_err(), "{text:?}");
        }
    }
}
