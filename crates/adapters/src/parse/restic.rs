//! restic: the lines of `--json`, and what it says of failures.

use serde::Deserialize;
use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::Verb;

use super::loose::{Count, Measure, Words};
use super::{Fact, Parse, Stream, Total, failure, percent};

/// Reads restic.
#[derive(Default)]
pub struct Restic;

#[derive(Deserialize)]
#[serde(tag = "message_type", rename_all = "snake_case")]
enum Line {
    Status(Status),
    VerboseStatus {
        #[serde(default)]
        action: Words,
        #[serde(default)]
        item: Words,
    },
    Error {
        error: Option<Detail>,
        #[serde(default)]
        item: Words,
    },
    Summary(Summary),
    ExitError {
        #[serde(default)]
        message: Words,
    },
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Status {
    percent_done: Measure,
    total_files: Count,
    files_done: Count,
    total_bytes: Count,
    bytes_done: Count,
    current_files: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Summary {
    files_new: Count,
    files_changed: Count,
    dirs_new: Count,
    dirs_changed: Count,
    data_added: Count,
    snapshot_id: Option<Words>,
    files_restored: Count,
    bytes_restored: Count,
}

/// `{"message":"..."}`; older versions write the error as it is.
#[derive(Deserialize)]
#[serde(untagged)]
enum Detail {
    Message { message: String },
    Other(serde_json::Value),
}

impl Parse for Restic {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        if json(line, facts) {
            return;
        }
        // It does not always begin a line for it.
        if let Some((_, text)) = line.split_once("Fatal: ") {
            facts.push(fatal(text));
        } else if let Some((_, why)) = line.strip_prefix("subprocess ").and_then(|rest| rest.split_once(": "))
        {
            // The ssh that it runs says why; restic itself only that it has gone.
            facts.push(failure(why));
        } else if line.contains("already locked") {
            // Older versions say it without the word.
            facts.push(fatal(line));
        } else if let Some(path) = line.strip_suffix(" does not exist, skipping") {
            facts.push(Fact::Missing(path.to_owned()));
        } else if let Some(error) = line.strip_prefix("error: ") {
            facts.push(Fact::Told { level: Level::Error, about: None, text: error.to_owned() });
        } else if line.starts_with('[') {
            // `[0:12] 42.00%  12 files ...`
            facts.extend(percent::bar(line));
        }
    }
}

/// A line of `--json`; tells whether it was one.
pub(super) fn json(line: &str, facts: &mut Vec<Fact>) -> bool {
    if !line.starts_with('{') {
        return false;
    }
    let Ok(line) = serde_json::from_str::<Line>(line) else {
        // Kinds of lines that say nothing for us.
        return line.contains("\"message_type\"");
    };
    match line {
        Line::Status(status) => {
            let (step, max) = if status.total_bytes.0 > 0 {
                (status.bytes_done.0, status.total_bytes.0)
            } else {
                // The share is between 0 and 1, or nonsense.
                ((status.percent_done.0.clamp(0.0, 1.0) * 10_000.0) as u64, 10_000)
            };
            facts.push(Fact::Bar { step, max });
            let file = status.current_files.get(0).and_then(serde_json::Value::as_str);
            let file = file.map(|file| format!(", {file}")).unwrap_or_default();
            facts
                .push(Fact::Text(format!("{} of {} files{file}", status.files_done.0, status.total_files.0)));
        }
        Line::VerboseStatus { action, item } => {
            let verb = match action.0.as_str() {
                "new" | "restored" => Verb::Create,
                "modified" | "updated" => Verb::Update,
                "deleted" => Verb::Delete,
                _ => return true,
            };
            facts.push(Fact::Did { verb, path: item.0 });
        }
        Line::Error { error, item: Words(item) } => {
            let text = match error {
                Some(Detail::Message { message }) => message,
                Some(Detail::Other(value)) => value.to_string(),
                None => "an error of which it says nothing that is known".to_owned(),
            };
            let text = if text.contains(&item) { text } else { format!("{item}: {text}") };
            facts.push(Fact::Told {
                level: Level::Error,
                about: Some(item).filter(|item| !item.is_empty()),
                text,
            });
        }
        Line::Summary(summary) => {
            let sum =
                |counts: &[Count]| counts.iter().fold(0_u64, |sum, Count(count)| sum.saturating_add(*count));
            let created = sum(&[summary.files_new, summary.dirs_new, summary.files_restored]);
            facts.push(Fact::Total(Total::Created, created));
            facts.push(Fact::Total(Total::Updated, sum(&[summary.files_changed, summary.dirs_changed])));
            facts.push(Fact::Total(Total::Bytes, summary.data_added.0.max(summary.bytes_restored.0)));
            facts.extend(summary.snapshot_id.map(|Words(id)| Fact::Text(format!("snapshot {id}"))));
        }
        Line::ExitError { message: Words(message) } => {
            facts.push(fatal(message.strip_prefix("Fatal: ").unwrap_or(&message)))
        }
    }
    true
}

fn fatal(text: &str) -> Fact {
    let (class, fix) = if text.contains("wrong password") || text.contains("no key found") {
        (ProblemClass::Auth, None)
    } else if text.contains("already locked") {
        (
            ProblemClass::Transient,
            Some(
                "wait until the other run is over; if it was killed, `restic unlock` takes away what it has left, and \
                 nothing of a run that goes on",
            ),
        )
    } else if text.contains("unable to open config file") || text.contains("repository does not exist") {
        (ProblemClass::Config, Some("check where the repository is; `restic init` makes a new one"))
    } else {
        (super::class_of(text), None)
    };
    let problem = Problem::new(class, text);
    Fact::Failure(match fix {
        Some(fix) => problem.with_fix(fix),
        None => problem,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(line: &str) -> Vec<Fact> {
        let mut facts = Vec::new();
        Restic.line(Stream::Out, line, &mut facts);
        facts
    }

    #[test]
    fn status_is_a_bar_of_bytes() {
        let told = facts(
            r#"{"message_type":"status","percent_done":0.5,"total_files":4,"files_done":2,"total_bytes":200,"bytes_done":100,"current_files":["/a"]}"#,
        );
        assert_eq!(told, [Fact::Bar { step: 100, max: 200 }, Fact::Text("2 of 4 files, /a".into())]);
        let told = facts(r#"{"message_type":"status","percent_done":0.25}"#);
        assert_eq!(told[0], Fact::Bar { step: 2500, max: 10_000 });
    }

    #[test]
    fn a_summary_is_believed() {
        let told = facts(
            r#"{"message_type":"summary","files_new":4,"files_changed":1,"dirs_new":2,"dirs_changed":0,"data_added":902385,"snapshot_id":"7d92a7bd"}"#,
        );
        assert_eq!(
            told[..3],
            [
                Fact::Total(Total::Created, 6),
                Fact::Total(Total::Updated, 1),
                Fact::Total(Total::Bytes, 902_385)
            ]
        );
    }

    #[test]
    fn errors_name_the_file_and_fatal_ones_say_what_to_do() {
        let told = facts(
            r#"{"message_type":"error","error":{"message":"open: permission denied"},"during":"archival","item":"/x"}"#,
        );
        assert_eq!(
            told,
            [Fact::Told {
                level: Level::Error,
                about: Some("/x".into()),
                text: "/x: open: permission denied".into()
            }]
        );
        for line in [
            "Fatal: wrong password or no key found",
            r#"{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}"#,
        ] {
            let failed = facts(line);
            assert!(
                matches!(&failed[..], [Fact::Failure(problem)] if problem.class == ProblemClass::Auth),
                "{line}"
            );
        }
    }
}
