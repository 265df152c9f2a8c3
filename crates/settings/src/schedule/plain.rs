//! A schedule in plain words: "every day at 02:30 (Europe/Berlin)".

use super::{CountFrom, Cron, Need, Overdue, Schedule, Trigger};

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Schedule {
    /// What starts a run, one phrase each; nothing when nothing does.
    pub fn words(&self) -> Vec<String> {
        let zone = self.zone.as_ref().map(|zone| format!(" ({zone})")).unwrap_or_default();
        let cron = self.cron.iter().map(|cron| format!("{}{zone}", cron.words()));
        let every = self.every.map(|every| match self.from {
            CountFrom::LastGood => format!("{every} after the last good run"),
            CountFrom::Clock => format!("every {every} by the clock{zone}"),
        });
        let on = self.on.iter().map(|trigger| match trigger {
            Trigger::Change => "when something changes".to_owned(),
            Trigger::Mount(None) => "when its folders are mounted".to_owned(),
            Trigger::Mount(Some(path)) => format!("when something is mounted at {}", path.display()),
            Trigger::Network(None) => "when the network is there".to_owned(),
            Trigger::Network(Some(name)) => format!("when the network is there by {name}"),
            Trigger::Wake => "when the machine wakes up".to_owned(),
            Trigger::Start => "when the service starts".to_owned(),
        });
        let after = self.after.iter().map(|item| format!("after each good run of \"{item}\""));
        cron.chain(every).chain(on).chain(after).collect()
    }

    /// What holds for all of these: windows, needs, and when it is overdue.
    pub fn conditions(&self) -> Vec<String> {
        let mut conditions = Vec::new();
        if !self.windows.is_empty() {
            let windows: Vec<String> = self.windows.iter().map(ToString::to_string).collect();
            conditions.push(format!("begins only {}", windows.join(" or ")));
        }
        conditions.extend(self.needs.iter().map(|need| match need {
            Need::Mount(path) => format!("only while something is mounted at {}", path.display()),
            Need::Network(None) => "only with a network".to_owned(),
            Need::Network(Some(name)) => format!("only with the network by {name}"),
        }));
        conditions.extend(match self.overdue {
            Some(Overdue::After(limit)) => Some(format!("overdue after {limit} without a good run")),
            Some(Overdue::Never) => Some("never overdue".to_owned()),
            None => None,
        });
        if !self.catch_up {
            conditions.push("what was missed is not made up for".to_owned());
        }
        conditions
    }
}

impl Cron {
    /// In plain words where there are some; else the line itself.
    pub fn words(&self) -> String {
        plain(self.as_str()).unwrap_or_else(|| format!("by the cron line `{self}`"))
    }
}

fn plain(line: &str) -> Option<String> {
    let line = line.to_ascii_lowercase();
    let line = match line.as_str() {
        "@hourly" => "0 * * * *",
        "@daily" | "@midnight" => "0 0 * * *",
        "@weekly" => "0 0 * * 0",
        "@monthly" => "0 0 1 * *",
        "@yearly" | "@annually" => "0 0 1 1 *",
        line => line,
    };
    let fields: Vec<&str> = line.split_whitespace().collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return None };
    let days = match (*day, *month, *weekday) {
        ("*", "*", "*") => "every day".to_owned(),
        ("*", "*", weekday) => format!("every {}", list(weekday, week_day)?),
        (day, "*", "*") => format!("every month on day {}", list(day, |day| number(day, 31))?),
        (day, month, "*") => {
            let months = list(month, |month| named(month, &MONTHS, 1))?;
            format!("every year on {months} {}", list(day, |day| number(day, 31))?)
        }
        _ => return None,
    };
    if let (Some(minute), false) = (number(minute, 59), hour.starts_with('*')) {
        let hours = hour.split(',').map(|hour| Some(format!("{:0>2}:{minute:0>2}", number(hour, 23)?)));
        return Some(format!("{days} at {}", hours.collect::<Option<Vec<_>>>()?.join(", ")));
    }
    // Several times a day, on every day.
    let often = match (*minute, *hour) {
        ("*", "*") => "every minute".to_owned(),
        (step, "*") if step.starts_with("*/") => format!("every {} minutes", number(&step[2..], 59)?),
        (minute, "*") => format!("every hour at :{:0>2}", number(minute, 59)?),
        (minute, step) if step.starts_with("*/") => {
            format!("every {} hours at :{:0>2}", number(&step[2..], 23)?, number(minute, 59)?)
        }
        _ => return None,
    };
    if days == "every day" { Some(often) } else { Some(format!("{days}, {often}")) }
}

/// A list of single values and ranges, each as a word.
fn list(field: &str, word: impl Fn(&str) -> Option<String>) -> Option<String> {
    let part = |part: &str| match part.split_once('-') {
        Some((first, last)) => Some(format!("{} to {}", word(first)?, word(last)?)),
        None => word(part),
    };
    field.split(',').map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join(", "))
}

fn number(text: &str, most: u32) -> Option<String> {
    text.parse::<u32>().ok().filter(|number| *number <= most).map(|number| number.to_string())
}

fn week_day(text: &str) -> Option<String> {
    // Both 0 and 7 are Sunday.
    named(if text == "7" { "0" } else { text }, &DAYS, 0)
}

fn named(text: &str, names: &[&str], first: usize) -> Option<String> {
    let by_number = text.parse::<usize>().ok().and_then(|number| names.get(number.checked_sub(first)?));
    let by_name = || names.iter().find(|name| name.eq_ignore_ascii_case(text));
    by_number.or_else(by_name).map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_lines_read_like_sentences_and_rare_ones_like_cron_lines() {
        for (line, words) in [
            ("30 2 * * *", "every day at 02:30"),
            ("0 8,12,20 * * *", "every day at 08:00, 12:00, 20:00"),
            ("30 22 * * mon-fri", "every Mon to Fri at 22:30"),
            ("0 9 * * 6,7", "every Sat, Sun at 09:00"),
            ("0 6 31 * *", "every month on day 31 at 06:00"),
            ("0 0 29 2 *", "every year on Feb 29 at 00:00"),
            ("*/15 * * * *", "every 15 minutes"),
            ("5 * * * *", "every hour at :05"),
            ("0 */6 * * *", "every 6 hours at :00"),
            ("*/5 * * * sat", "every Sat, every 5 minutes"),
            ("* * * * *", "every minute"),
            ("@weekly", "every Sun at 00:00"),
            ("0 9-17 * * *", "by the cron line `0 9-17 * * *`"),
            ("0 0 13 * fri", "by the cron line `0 0 13 * fri`"),
            ("0 0 l * *", "by the cron line `0 0 l * *`"),
        ] {
            assert_eq!(line.parse::<Cron>().unwrap().words(), words);
        }
    }

    #[test]
    fn a_schedule_says_what_starts_it_and_what_holds_it_back() {
        let schedule: Schedule = toml::from_str(
            "cron = '30 2 * * *'\nzone = 'Europe/Berlin'\nevery = '6h'\non = ['change', 'mount:/media/nas']\n\
             after = 'music'\nwindows = ['22:00-06:00']\nneeds = 'network'\noverdue = '2d'\ncatch_up = false",
        )
        .unwrap();
        assert_eq!(
            schedule.words(),
            [
                "every day at 02:30 (Europe/Berlin)",
                "6h after the last good run",
                "when something changes",
                "when something is mounted at /media/nas",
                "after each good run of \"music\"",
            ]
        );
        assert_eq!(
            schedule.conditions(),
            [
                "begins only 22:00-06:00",
                "only with a network",
                "overdue after 2d without a good run",
                "what was missed is not made up for",
            ]
        );
        assert!(Schedule::default().words().is_empty());
    }
}
