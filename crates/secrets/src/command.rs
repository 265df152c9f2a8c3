//! A password manager's command.

use std::time::Duration;

use errand::{Errand, Failed};
use secrecy::SecretString;
use settings::words::{Command, SecretName};
use zeroize::{Zeroize, Zeroizing};

use crate::Error;

/// What it prints for this name, without the end of its line; none if it prints nothing. The value goes through a
/// pipe, never over a command line; the name does.
pub(crate) fn run(
    command: &Command,
    name: &SecretName,
    timeout: Duration,
) -> Result<Option<SecretString>, Error> {
    let args: Vec<String> = command.args.iter().map(|arg| arg.replace("{name}", name.as_str())).collect();
    let errand = Errand {
        program: &command.program,
        args: &args,
        input: b"",
        directory: None,
        env: &[("INSTEP_SECRET", name.as_str().to_owned())],
        timeout,
    };
    let mut done = errand.run().map_err(|failed| Error::Command(told(&failed)))?;
    let text = Zeroizing::new(String::from_utf8_lossy(&done.stdout).into_owned());
    done.stdout.zeroize();
    let line = text.lines().next().unwrap_or_default();
    Ok((!line.is_empty()).then(|| line.into()))
}

/// What it complained of may hold what it was to print: only how it ended is told on.
fn told(failed: &Failed) -> String {
    match failed {
        Failed::Exit { program, status, .. } => format!("{} ended with {status}", program.display()),
        other => other.to_string(),
    }
}
