//! Whether a tool is there, and new enough for its output to be known.

use std::path::Path;
use std::process::Command;

use syncmgr::outcome::{Problem, ProblemClass};

use super::{Kind, asked};

/// How much of what it says is looked at.
const SAID: usize = 4096;

/// What a tool says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The version as it writes it; none if nobody can read it.
    pub text: Option<String>,
    /// Its first two numbers.
    pub number: Option<[u32; 2]>,
}

/// Asks a program for its version.
///
/// # Errors
/// It is not there, cannot be started, or does not answer.
pub fn version(program: &Path, words: &[&str]) -> Result<Version, Problem> {
    ask(program, words, &mut || true)
}

/// What it says means nothing if nobody waited for it.
fn ask(program: &Path, words: &[&str], waits: &mut dyn FnMut() -> bool) -> Result<Version, Problem> {
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.args(words);
    let answer = asked::ask(command, SAID, waits).map_err(|error| asked::not_run(&name, &error))?;
    if answer.ended.stopped.is_some() {
        let text =
            format!("{name} does not say its version, not even after {} seconds", asked::PATIENCE.as_secs());
        return Err(Problem::new(ProblemClass::Config, text)
            .with_fix(format!("see what `{name} {}` does", words.join(" "))));
    }
    let said = [answer.output, answer.errors].concat();
    let said = String::from_utf8_lossy(&said);
    Ok(Version { text: numbers(&said).map(ToOwned::to_owned), number: found(&said) })
}

/// What is wrong with a tool of that version. One that nobody can read is no reason to refuse: it may be a newer way to
/// say it.
pub fn too_old(kind: &dyn Kind, number: Option<[u32; 2]>) -> Option<Problem> {
    let (name, oldest) = (kind.id(), kind.oldest());
    let [major, minor] = number.filter(|number| *number < oldest)?;
    let [wanted, least] = oldest;
    let text = format!("{name} {major}.{minor} is too old: what it says is known from {wanted}.{least} on");
    Some(Problem::new(ProblemClass::Config, text).with_fix(format!("install a newer {name}")))
}

/// Asks the tool; tells what is wrong, or its version. The answer means nothing if nobody `waits` for it any more.
pub(super) fn check(kind: &dyn Kind, waits: &mut dyn FnMut() -> bool) -> Result<Version, Problem> {
    let version = ask(Path::new(kind.id()), kind.version_words(), waits)?;
    too_old(kind, version.number).map_or(Ok(version), Err)
}

/// The first word with `X.Y` in it, without what is no number.
fn numbers(text: &str) -> Option<&str> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.')
        .map(|word| word.trim_matches('.'))
        .find(|word| word.contains('.'))
}

/// The first `X.Y` in a text.
fn found(text: &str) -> Option<[u32; 2]> {
    let mut parts = numbers(text)?.split('.');
    Some([parts.next()?.parse().ok()?, parts.next()?.parse().ok()?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_as_tools_write_them() {
        assert_eq!(found("rsync  version 3.5.0  protocol version 32"), Some([3, 5]));
        assert_eq!(found("rclone v1.60.1-DEV"), Some([1, 60]));
        assert_eq!(found("restic 0.14.0 compiled with go1.19.8"), Some([0, 14]));
        assert_eq!(found("unison version 2.52.1 (ocaml 4.13.1)"), Some([2, 52]));
        assert_eq!(found("no version. at all"), None);
    }

    #[test]
    fn a_tool_that_is_missing_is_said_to_be() {
        struct Missing;
        impl Kind for Missing {
            fn tool(&self) -> crate::verdict::Tool {
                crate::verdict::Tool::Other
            }
            fn id(&self) -> &'static str {
                "no-such-tool"
            }
            fn oldest(&self) -> [u32; 2] {
                [1, 0]
            }
        }
        let problem = check(&Missing, &mut || true).unwrap_err();
        assert!(problem.text.contains("not installed") && problem.fix.is_some());
    }
}
