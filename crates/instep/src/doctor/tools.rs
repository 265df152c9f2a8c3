//! Other programs: those that the settings name, and cron lines that synchronize without telling anybody.

use std::path::{Path, PathBuf};
use std::time::Duration;

use errand::Errand;

use super::{Finding, Patient};
use crate::render::text::Safe;

/// Tools that synchronize, as cron lines name them.
const TOOLS: [&str; 6] = ["rsync", "rclone", "restic", "borg", "unison", "bisync"];

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = missing(patient);
    findings.extend(unseen(&crontab()));
    findings
}

/// Programs that the settings name and that are not there.
fn missing(patient: &Patient<'_>) -> Vec<Finding> {
    let said = &patient.setup.said;
    let handlers =
        said.handlers.iter().map(|handler| (format!("[handlers.{}]", handler.id), &handler.keys.command));
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

/// What cron starts for this person.
fn crontab() -> String {
    let list = ["-l".to_owned()];
    let errand = Errand {
        program: "crontab",
        args: &list,
        input: b"",
        directory: Some(Path::new("/")),
        env: &[],
        timeout: Duration::from_secs(5),
    };
    // No cron, or no lines: nothing to be said about them.
    errand.run().map(|done| String::from_utf8_lossy(&done.stdout).into_owned()).unwrap_or_default()
}

/// Lines that synchronize, and of which nobody hears how it went.
fn unseen(crontab: &str) -> Vec<Finding> {
    let lines = crontab.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let words = |line: &str| -> Vec<String> {
        line.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_').map(str::to_owned).collect()
    };
    lines
        .filter(|line| words(line).iter().any(|word| TOOLS.contains(&word.as_str())))
        .filter(|line| !words(line).iter().any(|word| word == "instep"))
        .map(|line| {
            Finding::note(format!("cron synchronizes without telling: {}", Safe(line)))
                .why("nobody hears when it fails, or does not run at all")
                .fix("put `instep run NAME --` before the command: it is shown, stopped and alerted like all others")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_lines_that_nobody_sees_are_found() {
        let crontab = "# rsync in a comment\n\n0 2 * * * rsync -a /a /b\n0 3 * * * instep run x -- restic backup /home\n\
                       0 4 * * * /usr/bin/borg create\n0 5 * * * echo rsyncish\n";
        let found: Vec<String> = unseen(crontab).into_iter().map(|finding| finding.what).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("rsync -a /a /b") && found[1].contains("borg create"));
    }

    #[test]
    fn programs_are_found_as_a_shell_would() {
        assert!(find("sh").is_some() && find("/bin/sh").is_some());
        assert!(find("no-such-program").is_none() && find("/no/such").is_none());
    }
}
