//! Commands that do not outlive the daemon that runs them. A daemon that is killed has no time to end anything, so the
//! system does: between it and the command stands this program for a moment, asks the system for a TERM when its parent
//! is gone, and becomes the command. It has no terminal then: a tool that opens one to ask for a password, behind
//! somebody's back, would be held there by the system until somebody looks for it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The first word of a command on the leash: `PROGRAM leash PID COMMAND...`.
const WORD: &str = "leash";

static PROGRAM: OnceLock<PathBuf> = OnceLock::new();

/// From now on the commands of tools end with this process. `program` is one that calls [`become_command`] first of all.
pub fn take_on_leash(program: PathBuf) {
    // A second word for the same thing.
    let _ = PROGRAM.set(program);
}

/// A command, on the leash if there is one.
pub(crate) fn command(program: &str) -> Command {
    let Some(ours) = PROGRAM.get() else { return Command::new(program) };
    let mut command = Command::new(ours);
    command.args([WORD, &std::process::id().to_string(), program]);
    command
}

/// Whether a command is on the leash: it makes its process group itself, as it makes its session.
pub(super) fn holds(command: &Command) -> bool {
    let is_ours = PROGRAM.get().is_some_and(|ours| command.get_program() == ours);
    is_ours && command.get_args().next().is_some_and(|word| word == WORD)
}

/// Becomes the command, where the words of this process's command line say so; then this does not return. The answer is
/// why it could not be; none when the words say something else.
pub fn become_command(words: &[OsString]) -> Option<io::Error> {
    let [_, word, parent, program, arguments @ ..] = words else { return None };
    if word != WORD {
        return None;
    }
    let parent = parent.to_str()?.parse::<i32>().ok()?;
    let ready = rustix::process::setsid().map_err(io::Error::from).and_then(|_| hold(parent));
    Some(ready.err().unwrap_or_else(|| exec(program, arguments)))
}

fn exec(program: &OsStr, arguments: &[OsString]) -> io::Error {
    Command::new(program).args(arguments).exec()
}

#[cfg(target_os = "linux")]
fn hold(parent: i32) -> io::Result<()> {
    use rustix::process::{Signal, getppid, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::TERM))?;
    // It may have gone before the system was asked.
    if getppid().is_none_or(|now| now.as_raw_nonzero().get() != parent) {
        return Err(io::Error::other("the program that started it is gone"));
    }
    Ok(())
}

/// Other systems have nothing of the kind: a command without its daemon ends when it next writes something.
#[cfg(not(target_os = "linux"))]
fn hold(_parent: i32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_words_are_no_command_on_a_leash() {
        for words in [&["instep", "sync"][..], &["instep", "leash"], &["instep", "leash", "x", "true"], &[]] {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert!(become_command(&words).is_none());
        }
    }
}
