//! What systemd runs: services of the system and of the person, with the timers that start them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use wire::Found;

use crate::files::Files;
use crate::job::{self, Spot, When};
use crate::specifiers::Specifiers;
use crate::{Roots, cron, shell};

/// A file of settings of systemd: `section.key`, its value, and the line.
type Lines = Vec<(String, String, u64)>;

pub(crate) fn look(roots: &Roots, files: &mut Files) -> Vec<Found> {
    let own = roots.config("systemd/user");
    let mut found = Vec::new();
    for (directories, user) in [
        // What is nearer comes first: it hides others of its name.
        (vec![roots.system("etc/systemd/system"), roots.system("usr/lib/systemd/system")], Some("root")),
        (
            own.into_iter()
                .chain([roots.system("etc/systemd/user"), roots.system("usr/lib/systemd/user")])
                .collect(),
            None,
        ),
    ] {
        let units = Units::read(&directories, files);
        for (name, path) in &units.services {
            found.extend(units.service(roots, files, name, path, user));
        }
    }
    found
}

/// The units of one manager.
struct Units {
    /// Name and file.
    services: BTreeMap<String, PathBuf>,
    timers: BTreeMap<String, PathBuf>,
    /// Names that something wants when it starts.
    enabled: Vec<String>,
    /// What packages bring runs only if it is enabled.
    shipped: PathBuf,
}

impl Units {
    fn read(directories: &[PathBuf], files: &mut Files) -> Self {
        let shipped = directories.last().cloned().unwrap_or_default();
        let mut units =
            Self { services: BTreeMap::new(), timers: BTreeMap::new(), enabled: Vec::new(), shipped };
        for directory in directories {
            for path in files.list(directory) {
                let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
                if name.ends_with(".service") {
                    units.services.entry(name.to_owned()).or_insert_with(|| path.clone());
                } else if name.ends_with(".timer") {
                    units.timers.entry(name.to_owned()).or_insert_with(|| path.clone());
                } else if name.ends_with(".wants") || name.ends_with(".requires") {
                    let wanted = files.list(&path);
                    units.enabled.extend(
                        wanted.iter().filter_map(|path| path.file_name()?.to_str()).map(ToOwned::to_owned),
                    );
                }
            }
        }
        units
    }

    fn is_enabled(&self, name: &str) -> bool {
        // `syncthing@me.service` is an instance of `syncthing@.service`.
        let template = name.strip_suffix("@.service");
        self.enabled.iter().any(|enabled| {
            enabled == name || template.is_some_and(|template| enabled.starts_with(&format!("{template}@")))
        })
    }

    fn service(
        &self,
        roots: &Roots,
        files: &mut Files,
        name: &str,
        path: &Path,
        user: Option<&str>,
    ) -> Vec<Found> {
        let stem = name.trim_end_matches(".service");
        let timer = format!("{stem}.timer");
        let enabled = self.is_enabled(name) || self.is_enabled(&timer);
        if path.starts_with(&self.shipped) && !enabled {
            return Vec::new();
        }
        let Some(text) = files.text(path) else { return Vec::new() };
        let lines = parse(&text);
        let when = match self.timers.get(&timer) {
            Some(path) => files.text(path).map(|text| timed(&parse(&text))).unwrap_or_default(),
            None if enabled => When { words: Some("when the machine starts".to_owned()), cron: None },
            None => When::default(),
        };
        let specifiers = Specifiers { roots, unit: name, own: user.is_none() };
        let user = value(&lines, "Service.User").or(user);
        let mut found = Vec::new();
        for (key, command, number) in &lines {
            if key != "Service.ExecStart" {
                continue;
            }
            let command = command.trim_start_matches(['@', '-', ':', '+', '!', '|']);
            let note = (!enabled).then(|| format!("{name} is not enabled: it runs when somebody starts it"));
            let spot =
                Spot { file: path, line: Some(*number), user, when: &when, before: "ExecStart=", note };
            found.extend(line(roots, files, &spot, command, &specifiers));
        }
        found
    }
}

/// What a line of a unit synchronizes, when systemd has filled it in. What is put into the unit stays as it stands there.
fn line(
    roots: &Roots,
    files: &mut Files,
    spot: &Spot<'_>,
    line: &str,
    specifiers: &Specifiers<'_>,
) -> Vec<Found> {
    let mut written = job::look(roots, files, spot, line);
    if !line.contains('%') {
        return written;
    }
    match specifiers.fill(line) {
        Ok(filled) => {
            let mut found = job::look(roots, files, spot, &filled);
            for (found, written) in found.iter_mut().zip(written) {
                found.command = written.command;
                let named = found.watch.take().map(|watch| watch.name);
                found.watch = written.watch;
                if let (Some(name), Some(watch)) = (named, &mut found.watch) {
                    job::rename(watch, &watch.name.clone(), &name);
                }
            }
            found
        }
        Err(unknown) => {
            for found in &mut written {
                if found.run.take().is_some() {
                    let why =
                        format!("it can be watched, but not be made an item: systemd fills in {unknown}");
                    found.note =
                        Some(found.note.take().map_or_else(|| why.clone(), |more| format!("{why}; {more}")));
                }
            }
            written
        }
    }
}

fn value<'l>(lines: &'l Lines, key: &str) -> Option<&'l str> {
    lines.iter().find(|(known, ..)| known == key).map(|(_, value, _)| value.as_str())
}

fn parse(text: &str) -> Lines {
    let mut section = String::new();
    let mut all = Vec::new();
    for (number, line) in shell::lines(text) {
        let line = line.trim();
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            all.push((format!("{section}.{}", key.trim()), value.trim().to_owned(), number));
        }
    }
    all
}

/// When a timer starts what it is for.
fn timed(lines: &Lines) -> When {
    let mut whens: Vec<When> = Vec::new();
    for (key, value, _) in lines {
        whens.push(match key.as_str() {
            "Timer.OnCalendar" => calendar(value),
            "Timer.OnUnitActiveSec" | "Timer.OnUnitInactiveSec" => plain(format!("every {value}")),
            "Timer.OnBootSec" | "Timer.OnStartupSec" => plain(format!("{value} after the start")),
            _ => continue,
        });
    }
    let words: Vec<String> = whens.iter().filter_map(|when| when.words.clone()).collect();
    let cron = if let [only] = whens.as_slice() { only.cron.clone() } else { None };
    When { words: (!words.is_empty()).then(|| words.join(", ")), cron }
}

fn plain(words: String) -> When {
    When { words: Some(words), cron: None }
}

/// An event of systemd's calendar, where cron can say the same.
fn calendar(text: &str) -> When {
    let named = match text {
        "hourly" => Some("0 * * * *"),
        "daily" => Some("0 0 * * *"),
        "weekly" => Some("0 0 * * 1"),
        "monthly" => Some("0 0 1 * *"),
        _ => None,
    };
    let line = named.map(ToOwned::to_owned).or_else(|| {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (day, time) = match words.as_slice() {
            [time] | ["*-*-*", time] => ("*".to_owned(), *time),
            [day, time] | [day, "*-*-*", time] => (week_days(day)?, *time),
            _ => return None,
        };
        let mut parts = time.split(':');
        let (hour, minute) = (parts.next()?, parts.next()?);
        if parts.next().is_some_and(|seconds| seconds != "00") || parts.next().is_some() {
            return None;
        }
        let number = |text: &str| text.parse::<u8>().ok().map(|number| number.to_string());
        let hour = if hour == "*" { Some("*".to_owned()) } else { number(hour) };
        Some(format!("{} {} * * {day}", number(minute)?, hour?))
    });
    match line {
        Some(line) => cron::when(&line),
        None => plain(format!("by the calendar of systemd, `{text}`")),
    }
}

/// `Mon`, `Mon,Fri`, `Mon..Fri`
fn week_days(text: &str) -> Option<String> {
    let day = |day: &str| {
        let day = day.get(..3)?.to_ascii_lowercase();
        ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(&day.as_str()).then_some(day)
    };
    let part = |part: &str| match part.split_once("..") {
        Some((first, last)) => Some(format!("{}-{}", day(first)?, day(last)?)),
        None => day(part),
    };
    text.split(',').map(part).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_systemd_are_said_in_words_and_as_cron_where_cron_can() {
        for (text, words, cron) in [
            ("daily", "every day at 00:00", Some("0 0 * * *")),
            ("*-*-* 02:30:00", "every day at 02:30", Some("30 2 * * *")),
            ("Mon..Fri 22:15", "every Mon to Fri at 22:15", Some("15 22 * * mon-fri")),
            ("*:05", "every hour at :05", Some("5 * * * *")),
            ("*-*-1,15 04:00", "by the calendar of systemd, `*-*-1,15 04:00`", None),
            ("quarterly", "by the calendar of systemd, `quarterly`", None),
        ] {
            let when = calendar(text);
            assert_eq!((when.words.as_deref(), when.cron.as_deref()), (Some(words), cron), "{text}");
        }
    }
}
