//! borg: the lines of `--log-json`, its `--progress`, and what it says of failures.

use serde::Deserialize;
use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::Verb;

use super::loose::{Count, Words};
use super::{Fact, Parse, Stream, class_of, failure, percent};

/// Reads borg.
#[derive(Default)]
pub struct Borg;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    ArchiveProgress {
        nfiles: Option<Count>,
        #[serde(default)]
        path: Words,
    },
    ProgressPercent {
        #[serde(default)]
        current: Count,
        #[serde(default)]
        total: Count,
        message: Option<Words>,
    },
    ProgressMessage {
        message: Option<Words>,
    },
    FileStatus {
        #[serde(default)]
        status: Words,
        #[serde(default)]
        path: Words,
    },
    LogMessage {
        #[serde(default)]
        levelname: Words,
        #[serde(default)]
        message: Words,
        #[serde(default)]
        msgid: Words,
    },
    QuestionPrompt {
        #[serde(default)]
        message: Words,
    },
}

impl Parse for Borg {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        if json(line, facts) {
            return;
        }
        if line.contains(" O ") && line.contains(" C ") && line.contains(" D ") {
            // `12.3 MB O 3.2 MB C 1.1 MB D 12 N path`: how much there is in all is not known.
            facts.push(Fact::Text(line.split_whitespace().collect::<Vec<_>>().join(" ")));
        } else if class_of(line) == ProblemClass::Auth || line.starts_with("Repository ") {
            facts.push(Fact::Failure(problem("", line)));
        } else {
            facts.extend(percent::bar(line));
        }
    }
}

/// A line of `--log-json`; tells whether it was one.
pub(super) fn json(line: &str, facts: &mut Vec<Fact>) -> bool {
    if !line.starts_with('{') {
        return false;
    }
    let Ok(line) = serde_json::from_str::<Line>(line) else { return false };
    match line {
        Line::ArchiveProgress { nfiles, path: Words(path) } => {
            facts.push(Fact::Bar { step: nfiles.unwrap_or_default().0, max: 0 });
            facts.extend(nfiles.map(|Count(files)| Fact::Text(format!("{files} files {path}"))));
        }
        Line::ProgressPercent { current: Count(step), total: Count(max), message } => {
            facts.push(Fact::Bar { step, max });
            facts.extend(message.map(|Words(text)| Fact::Text(text)));
        }
        Line::ProgressMessage { message } => facts.extend(message.map(|Words(text)| Fact::Text(text))),
        Line::FileStatus { status: Words(status), path: Words(path) } => {
            let verb = match status.as_str() {
                "A" => Verb::Create,
                "M" | "C" => Verb::Update,
                "E" => {
                    let text = format!("{path} could not be read");
                    facts.push(Fact::Told { level: Level::Error, about: Some(path), text });
                    return true;
                }
                _ => return true,
            };
            facts.push(Fact::Did { verb, path });
        }
        Line::LogMessage { levelname: Words(level), message: Words(message), msgid } => {
            match level.as_str() {
                // The ssh in between says why; borg itself only that nobody is there any more.
                "WARNING"
                    if message.starts_with("Remote: ") && class_of(&message) != ProblemClass::Config =>
                {
                    facts.push(failure(message.trim_start_matches("Remote: ")));
                }
                "WARNING" => {
                    facts.push(Fact::Told { level: Level::Warning, about: about(&message), text: message })
                }
                "ERROR" | "CRITICAL" => facts.push(Fact::Failure(problem(&msgid.0, &message))),
                _ => {}
            }
        }
        // Nobody is there to answer: borg gives up, and this is why.
        Line::QuestionPrompt { message: Words(message) } => {
            let problem = Problem::new(ProblemClass::Config, format!("borg asked: {message}"))
                .with_fix("answer it once by hand, or in borg's environment (BORG_...=yes)");
            facts.push(Fact::Failure(problem));
        }
    }
    true
}

/// `path: [Errno 13] Permission denied: 'path'` is about a path.
fn about(message: &str) -> Option<String> {
    message.split_once(": [Errno ").map(|(path, _)| path.to_owned())
}

/// Of what borg's own code stumbled over the last line says what it was.
fn brief(text: &str) -> &str {
    let trace = text.strip_prefix("Traceback").and_then(|rest| rest.split("\n\n").next());
    trace.and_then(|trace| trace.trim_end().lines().last()).unwrap_or(text)
}

fn problem(id: &str, text: &str) -> Problem {
    let (class, fix) = match id {
        "PassphraseWrong" | "PasscommandFailure" => (ProblemClass::Auth, None),
        "LockTimeout" | "LockFailed" | "LockError" => (
            ProblemClass::Transient,
            Some("wait until the other run is over; if there is none, `borg break-lock` takes the lock away"),
        ),
        "Repository.DoesNotExist" | "Repository.InvalidRepository" => {
            (ProblemClass::Config, Some("check where the repository is; `borg init` makes a new one"))
        }
        "Repository.InsufficientFreeSpaceError" => (ProblemClass::Space, None),
        // A traceback has all kinds of words in it.
        _ => (class_of(brief(text)), None),
    };
    let problem = Problem::new(class, brief(text));
    match fix {
        Some(fix) => problem.with_fix(fix),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_traceback_only_what_it_was_is_told() {
        let text = "Traceback (most recent call last):\n  File \"x.py\", line 1, in y\n    z()\n\
                    OSError: [Errno 28] No space left on device\n\nPlatform: Linux box";
        let problem = problem("Exception", text);
        assert_eq!(problem.text, "OSError: [Errno 28] No space left on device");
        assert_eq!(problem.class, ProblemClass::Space);
    }

    fn facts(line: &str) -> Vec<Fact> {
        let mut facts = Vec::new();
        Borg.line(Stream::Err, line, &mut facts);
        facts
    }

    #[test]
    fn files_and_progress_are_told() {
        assert_eq!(
            facts(r#"{"type": "file_status", "status": "A", "path": "src/f1"}"#),
            [Fact::Did { verb: Verb::Create, path: "src/f1".into() }]
        );
        assert_eq!(facts(r#"{"type": "file_status", "status": "d", "path": "src"}"#), []);
        let progress = facts(
            r#"{"original_size": 0, "nfiles": 3, "path": "src", "type": "archive_progress", "finished": false}"#,
        );
        assert_eq!(progress, [Fact::Bar { step: 3, max: 0 }, Fact::Text("3 files src".into())]);
    }

    #[test]
    fn a_failure_has_the_class_of_its_name() {
        let failed = facts(
            r#"{"type": "log_message", "message": "passphrase supplied is incorrect.", "levelname": "ERROR", "name": "borg.archiver", "msgid": "PassphraseWrong"}"#,
        );
        assert!(matches!(&failed[..], [Fact::Failure(problem)] if problem.class == ProblemClass::Auth));
        let warned = facts(
            r#"{"type": "log_message", "message": "x: [Errno 2] No such file or directory: 'x'", "levelname": "WARNING", "name": "borg.archiver"}"#,
        );
        assert!(matches!(&warned[..], [Fact::Told { about: Some(path), .. }] if path == "x"));
    }
}
