//! Whether a tool is there, and new enough for its output to be known.

use std::io;
use std::process::{Command, Stdio};

use syncmgr::outcome::{Problem, ProblemClass};

use super::Kind;

/// Asks the tool; tells what is wrong.
pub(super) fn check(kind: &dyn Kind) -> Result<(), Problem> {
    let name = kind.id();
    let mut command = Command::new(name);
    command.args(kind.version_words()).stdin(Stdio::null());
    let output = command.output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Problem::new(
            ProblemClass::Config,
            format!("{name} is not installed, or not where programs are looked for"),
        )
        .with_fix(format!("install {name}, or add its directory to PATH")),
        _ => Problem::new(
            ProblemClass::Permission,
            format!("{name} cannot be run: {}", syncmgr::reason(&error)),
        ),
    })?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    match found(&said) {
        // A version that nobody can read is no reason to refuse: it may be a newer way to say it.
        None => Ok(()),
        Some(version) if version >= kind.oldest() => Ok(()),
        Some([major, minor]) => {
            let [wanted, least] = kind.oldest();
            let text =
                format!("{name} {major}.{minor} is too old: what it says is known from {wanted}.{least} on");
            Err(Problem::new(ProblemClass::Config, text).with_fix(format!("install a newer {name}")))
        }
    }
}

/// The first `X.Y` in a text.
fn found(text: &str) -> Option<[u32; 2]> {
    text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(|word| {
        let mut numbers = word.split('.');
        Some([numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?])
    })
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
        let problem = check(&Missing).unwrap_err();
        assert!(problem.text.contains("not installed") && problem.fix.is_some());
    }
}
