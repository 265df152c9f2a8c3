//! What cron runs: the person's own crontab, the system's, and the scripts of its directories.

use std::path::Path;

use settings::schedule::Cron;
use wire::Found;

use crate::files::Files;
use crate::job::{self, Spot, When};
use crate::{Roots, argv, shell};

/// Directories of scripts, and when they run.
const DIRECTORIES: [(&str, &str); 4] = [
    ("etc/cron.hourly", "every hour"),
    ("etc/cron.daily", "every day"),
    ("etc/cron.weekly", "every week"),
    ("etc/cron.monthly", "every month"),
];

pub(crate) fn look(roots: &Roots, files: &mut Files) -> Vec<Found> {
    let mut found = Vec::new();
    if let Some(own) = &roots.crontab {
        let text = String::from_utf8_lossy(own);
        found.extend(table(roots, files, Path::new("crontab -e"), &text, false));
    }
    let drops = files.list(&roots.system("etc/cron.d"));
    for path in std::iter::once(roots.system("etc/crontab")).chain(drops) {
        if let Some(text) = files.text(&path) {
            found.extend(table(roots, files, &path, &text, true));
        }
    }
    for (directory, often) in DIRECTORIES {
        for path in files.list(&roots.system(directory)) {
            let Some(text) = files.text(&path) else { continue };
            let when = When { words: Some(often.to_owned()), cron: None };
            for (number, line) in shell::lines(&text) {
                let spot = Spot {
                    file: &path,
                    line: Some(number),
                    user: Some("root"),
                    when: &when,
                    before: "",
                    note: None,
                };
                found.extend(job::look(roots, files, &spot, &line));
            }
        }
    }
    found
}

/// The lines of a crontab; those of the system say as whom.
fn table(roots: &Roots, files: &mut Files, path: &Path, text: &str, has_user: bool) -> Vec<Found> {
    let mut found = Vec::new();
    for (number, line) in (1_u64..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') || argv::assignment(line).is_some() {
            continue;
        }
        let fields = if line.starts_with('@') { 1 } else { 5 };
        let Some((times, rest)) = split(line, fields) else { continue };
        let (user, command) = match has_user.then(|| split(rest, 1)) {
            None => (None, rest),
            Some(Some((user, command))) => (Some(user), command),
            Some(None) => continue,
        };
        let times = times.split_whitespace().collect::<Vec<_>>().join(" ");
        let before = &line[..line.len() - command.len()];
        let when = when(&times);
        let spot = Spot { file: path, line: Some(number), user, when: &when, before, note: None };
        found.extend(job::look(roots, files, &spot, &unescaped(command)));
    }
    found
}

/// When cron runs a line with these times.
pub(crate) fn when(times: &str) -> When {
    if times == "@reboot" {
        return When { words: Some("when the machine starts".to_owned()), cron: None };
    }
    match times.parse::<Cron>() {
        Ok(cron) => When { words: Some(cron.words()), cron: Some(times.to_owned()) },
        Err(_) => When { words: Some(format!("by the cron line `{times}`")), cron: None },
    }
}

/// So many fields, and what comes after them.
fn split(line: &str, fields: usize) -> Option<(&str, &str)> {
    let mut rest = line;
    for _ in 0..fields {
        let end = rest.find([' ', '\t'])?;
        rest = rest[end..].trim_start();
    }
    let times = line[..line.len() - rest.len()].trim_end();
    (!rest.is_empty()).then_some((times, rest))
}

/// To cron a per cent sign is the end of the command, unless it is escaped.
fn unescaped(command: &str) -> String {
    let mut text = String::with_capacity(command.len());
    let mut chars = command.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.peek() == Some(&'%') => text.extend(chars.next()),
            '%' => break,
            c => text.push(c),
        }
    }
    text
}
