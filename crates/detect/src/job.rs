//! A command that runs by itself: what it is, how it would be watched, and which item it would be.

use std::path::Path;

use adapters::tools::kinds;
use wire::{Found, FoundKind, WatchIt};

use crate::argv::{self, Hit};
use crate::files::{Files, shown};
use crate::propose::{self, Refused};
use crate::{Roots, mask, script, shell};

/// When something runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct When {
    /// For people.
    pub(crate) words: Option<String>,
    /// As the settings take it, where they can say it.
    pub(crate) cron: Option<String>,
}

/// Where a command stands.
#[derive(Clone)]
pub(crate) struct Spot<'s> {
    pub(crate) file: &'s Path,
    pub(crate) line: Option<u64>,
    pub(crate) user: Option<&'s str>,
    pub(crate) when: &'s When,
    /// What stands before the command on its line (`ExecStart=`).
    pub(crate) before: &'s str,
    /// What a person should know.
    pub(crate) note: Option<String>,
}

/// What a command line that runs there synchronizes, itself or in the script that it starts.
pub(crate) fn look(roots: &Roots, files: &mut Files, spot: &Spot<'_>, line: &str) -> Vec<Found> {
    let mut found = Vec::new();
    let mut directory = None;
    for words in shell::commands(line) {
        if let [cd, to] = words.as_slice()
            && cd.text == "cd"
        {
            directory = Some(to.clone()).filter(|to| to.plain).map(|to| to.text);
            continue;
        }
        if let Some(hit) = argv::hit(&words) {
            found.push(of(roots, spot, line, &hit, directory.as_deref()));
        } else if let [shell, option, inner, ..] = words.as_slice()
            && option.text == "-c"
            && shell.text.ends_with("sh")
            && let Some(hit) = shell::commands(&inner.text).iter().find_map(|words| argv::hit(words))
        {
            let mut within = of(roots, spot, &inner.text, &hit, None);
            let named = within.watch.take().map(|watch| watch.name);
            within.watch = named.map(|name| watch(roots, spot, line, shell.at.start, name));
            found.push(within);
        } else if let Some(command) = words.iter().find(|word| word.text.starts_with('/'))
            && command.plain
            && let Some((tool, number)) =
                script::tool_in(&roots.system(command.text.trim_start_matches('/')), files)
        {
            let text = &command.text;
            let mut job = empty(spot, line, tool);
            job.title = format!("{text} runs {tool}");
            let stem = text.rsplit('/').next().and_then(|name| name.split('.').next()).unwrap_or(tool);
            job.watch = Some(watch(roots, spot, line, words[0].at.start, propose::slug(stem, tool)));
            job.known = words.iter().any(|word| word.text.rsplit('/').next() == Some("instep"));
            let note =
                format!("the script {text} runs {tool} in its line {number}; it may do more than that");
            job.note = Some(job.note.map_or_else(|| note.clone(), |more| format!("{note}; {more}")));
            found.push(job);
        }
    }
    for job in &mut found {
        if job.known {
            job.watch = None;
        }
    }
    found
}

/// One tool in a line.
fn of(roots: &Roots, spot: &Spot<'_>, line: &str, hit: &Hit<'_>, directory: Option<&str>) -> Found {
    let mut job = empty(spot, line, hit.tool);
    let mut name = hit.tool.to_owned();
    match propose::item(roots, hit, directory) {
        Ok(mut proposed) => {
            job.title = proposed.title;
            name.clone_from(&proposed.name);
            if let Some(cron) = &spot.when.cron {
                proposed.settings.insert("schedule".into(), serde_json::json!({ "cron": cron }));
            }
            job.known = hit.known || propose::is_set_up(roots, hit.tool, &proposed.settings);
            if spot.user.is_none() {
                job.run =
                    Some(propose::run_it(&proposed.name, hit.tool, proposed.settings, proposed.missing));
            } else {
                job.note = Some("it runs as another user: an item of yours would run as you".to_owned());
            }
        }
        Err(Refused(why)) => {
            job.title = format!("{} in {}", hit.tool, spot.file.display());
            job.known = hit.known;
            let handled = kinds().iter().any(|kind| kind.id() == hit.tool);
            let why = if handled {
                format!("it can be watched, but not be made an item: {why}")
            } else {
                "it can be watched".to_owned()
            };
            job.note = Some(job.note.map_or_else(|| why.clone(), |more| format!("{why}; {more}")));
        }
    }
    job.watch = Some(watch(roots, spot, line, hit.start, name));
    job
}

fn empty(spot: &Spot<'_>, line: &str, tool: &str) -> Found {
    let file = shown(spot.file);
    let number = spot.line.map(|line| format!(":{line}")).unwrap_or_default();
    Found {
        key: format!("{}{number}:{tool}", file.path),
        tool: tool.to_owned(),
        kind: FoundKind::Job,
        title: String::new(),
        file,
        line: spot.line,
        user: spot.user.map(ToOwned::to_owned),
        command: Some(mask::line(line)),
        schedule: spot.when.words.clone(),
        known: false,
        watch: None,
        run: None,
        note: spot.note.clone(),
    }
}

/// The line with ours in front of the command that begins there.
fn watch(roots: &Roots, spot: &Spot<'_>, line: &str, at: usize, name: String) -> WatchIt {
    let prefix = format!("{} run {name} --", roots.program);
    let (before, command) = line.split_at(at);
    let line = format!("{}{}{prefix} {}", spot.before, mask::line(before), mask::line(command));
    WatchIt { line, prefix, name }
}

/// Gives it another name.
pub(crate) fn rename(watch: &mut WatchIt, from: &str, to: &str) {
    let prefix = watch.prefix.replace(&format!(" run {from} --"), &format!(" run {to} --"));
    watch.line = watch.line.replacen(&watch.prefix, &prefix, 1);
    watch.prefix = prefix;
    to.clone_into(&mut watch.name);
}
