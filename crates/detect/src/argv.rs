//! Which simple command runs a tool that synchronizes, and with which arguments.

use crate::shell::Word;

/// Tools that are handlers here.
pub(crate) const HANDLED: [&str; 7] = ["rsync", "rclone", "restic", "borg", "unison", "git", "syncthing"];
/// Tools that can be watched, though there is no handler for them.
const WATCHED: [&str; 9] = [
    "borgmatic",
    "duplicity",
    "kopia",
    "lsyncd",
    "mbsync",
    "offlineimap",
    "rdiff-backup",
    "rsnapshot",
    "vdirsyncer",
];
/// What stands before a command and leaves it what it is.
const BEFORE: [&str; 11] =
    ["if", "then", "else", "do", "while", "until", "!", "{", "time", "exec", "command"];
/// Programs that run the command in their arguments.
const RUNNERS: [&str; 16] = [
    "nice",
    "ionice",
    "chrt",
    "nohup",
    "setsid",
    "timeout",
    "flock",
    "sudo",
    "doas",
    "env",
    "chronic",
    "systemd-cat",
    "systemd-inhibit",
    "stdbuf",
    "sshpass",
    "instep",
];

/// A tool in a command.
pub(crate) struct Hit<'w> {
    pub(crate) tool: &'static str,
    /// Where the command begins that is to be watched.
    pub(crate) start: usize,
    /// What the tool gets.
    pub(crate) args: &'w [Word],
    /// Variables that are set for it alone.
    pub(crate) variables: Vec<(&'w str, &'w str, bool)>,
    /// Whether it runs under `instep run`.
    pub(crate) known: bool,
    /// Whether something stands around it that an item would not have.
    pub(crate) wrapped: bool,
}

/// Looks for a tool that synchronizes.
pub(crate) fn hit(words: &[Word]) -> Option<Hit<'_>> {
    let mut variables = Vec::new();
    let mut runner = false;
    let mut known = false;
    let mut wrapped = false;
    for (at, word) in words.iter().enumerate() {
        let name = word.text.rsplit('/').next().unwrap_or_default();
        if let Some(tool) = HANDLED.iter().chain(&WATCHED).find(|tool| **tool == name) {
            let args = &words[at + 1..];
            // `-u restic` of sudo, `-c git` of something: a tool's name may be an argument, too.
            if synchronizes(tool, args) {
                return Some(Hit { tool, start: word.at.start, args, variables, known, wrapped });
            }
            if !runner {
                return None;
            }
        } else if let Some((name, value)) = assignment(&word.text) {
            variables.push((name, value, word.plain));
        } else if RUNNERS.contains(&name) {
            runner = true;
            known |= name == "instep";
            // A lock, another user, a deadline: that is part of what the person wanted.
            wrapped |= matches!(name, "flock" | "sudo" | "doas" | "timeout" | "sshpass");
        } else if !runner && !BEFORE.contains(&name) {
            return None;
        }
    }
    None
}

/// `NAME=value`
pub(crate) fn assignment(text: &str) -> Option<(&str, &str)> {
    let (name, value) = text.split_once('=')?;
    let first = name.chars().next()?;
    let good = (first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    good.then_some((name, value))
}

/// Whether that is a command that brings something somewhere, rather than one that looks.
fn synchronizes(tool: &str, args: &[Word]) -> bool {
    let said = |words: &[&str]| args.iter().any(|arg| words.contains(&arg.text.as_str()));
    match tool {
        "rsync" => !said(&["--daemon", "--version", "--help"]) && operands(args) >= 2,
        "rclone" => said(&["sync", "copy", "copyto", "move", "moveto", "bisync"]),
        "restic" => said(&["backup", "copy"]),
        "borg" => said(&["create"]),
        "git" => {
            said(&["push", "fetch", "pull"])
                || args.windows(2).any(|two| two[0].text == "remote" && two[1].text == "update")
        }
        "unison" => operands(args) >= 1,
        "syncthing" => !said(&["cli", "generate", "--version", "-version"]),
        _ => !said(&["--version", "--help"]),
    }
}

fn operands(args: &[Word]) -> usize {
    args.iter().filter(|arg| !arg.text.starts_with('-')).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::commands;

    #[test]
    fn tools_are_found_where_they_are_run_and_nowhere_else() {
        for (line, tool) in [
            ("rsync -a /a /b", Some("rsync")),
            ("/usr/bin/nice -n 19 ionice -c3 /usr/bin/rsync -a /a /b", Some("rsync")),
            ("sudo -u restic restic backup /x", Some("restic")),
            ("flock -n /run/x.lock rclone sync a b:", Some("rclone")),
            ("RESTIC_REPOSITORY=/r restic backup /x", Some("restic")),
            ("if ! borg create ::x /y", Some("borg")),
            ("git -C /x push --mirror origin", Some("git")),
            ("borgmatic --syslog-verbosity 1", Some("borgmatic")),
            ("echo rsync -a a b", None),
            ("rsync --version", None),
            ("rsync --daemon", None),
            ("restic snapshots", None),
            ("rclone ls x:", None),
            ("git status", None),
            ("rsyncish a b", None),
            ("", None),
        ] {
            let commands = commands(line);
            assert_eq!(commands.iter().find_map(|words| hit(words)).map(|hit| hit.tool), tool, "{line}");
        }
        let line = commands("nice instep run x -- rsync -a /a /b");
        assert!(hit(&line[0]).unwrap().known);
    }
}
