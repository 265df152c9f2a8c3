//! Other programs: those that the settings name, and those that synchronize without telling anybody.

use std::path::PathBuf;

use wire::{Detected, FoundKind};

use super::{Finding, Patient};
use crate::detecting;
use crate::render::text::Safe;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = missing(patient);
    findings.extend(unseen(&detecting::look(patient.places, Some(&patient.setup.said))));
    findings
}

/// Programs that the settings name and that are not there.
fn missing(patient: &Patient<'_>) -> Vec<Finding> {
    let said = &patient.setup.said;
    let handlers = said
        .handlers
        .iter()
        .filter_map(|handler| Some((format!("[handlers.{}]", handler.id), handler.keys.command.as_ref()?)));
    let all = std::iter::once(("[hooks]".to_owned(), &said.hooks))
        .chain(said.items.iter().map(|item| (format!("[items.{}.hooks]", item.id), &item.hooks)));
    let hooks = all.flat_map(|(place, hooks)| hooks.commands().map(move |command| (place.clone(), command)));
    let secrets = said.secrets.command.iter().map(|command| ("[secrets]".to_owned(), command));
    let named = handlers.chain(hooks).chain(secrets);
    named
        .filter(|(_, command)| find(&command.program).is_none())
        .map(|(place, command)| {
            Finding::error(format!("{place} starts {}, which is not there", command.program))
                .fix("install it, or write its whole path: a service has a shorter PATH than your shell")
        })
        .collect()
}

/// Where a program is: as it says, or in one of the directories of `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.exists());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|directory| directory.join(program)).find(|path| path.is_file())
}

/// What runs by itself and synchronizes, and of which nobody hears how it went.
fn unseen(detected: &Detected) -> Vec<Finding> {
    let jobs = detected.found.iter().filter(|found| found.kind == FoundKind::Job && !found.known);
    jobs.filter_map(|job| {
        let watch = job.watch.as_ref()?;
        let line = job.line.map(|line| format!(", line {line}")).unwrap_or_default();
        let finding = Finding::note(format!(
            "{}{line} synchronizes without telling: {}",
            Safe(&job.file.path),
            Safe(job.command.as_deref().unwrap_or(&job.title))
        ));
        Some(finding.why("nobody hears when it fails, or does not run at all").fix(format!(
            "put `{}` before the command: it is shown, stopped and alerted like all others; `instep handler list \
             --found` says more",
            Safe(&watch.prefix)
        )))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_as_a_shell_would() {
        assert!(find("sh").is_some() && find("/bin/sh").is_some());
        assert!(find("no-such-program").is_none() && find("/no/such").is_none());
    }
}
