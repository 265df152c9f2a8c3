//! unison (`-batch -ui text`): what it copied, skipped and failed at.

mod list;

use std::collections::HashSet;

use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::{EntryKind, PlanSide, Verb};

use super::{Fact, Parse, Stream, failure, percent};

pub(crate) use list::List;
use list::{Step, step};

/// How many paths are remembered for the side that they go to; of others it is the second one.
const REMEMBERED: usize = 100_000;

/// Reads unison.
#[derive(Default)]
pub struct Unison {
    /// What goes to the first side: it is said in the list before, and not when it is done.
    to_a: HashSet<String>,
    /// The last lines of the final report name what was skipped and what failed, and why; those before it say less.
    reporting: bool,
    /// What failed, and why, as it was told while it ran: the report gives the paths alone.
    failed: Vec<(String, String)>,
    /// The reason goes on in the next line.
    goes_on: bool,
}

impl Parse for Unison {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        let text = line.trim_start();
        if std::mem::take(&mut self.goes_on) {
            if let Some((_, why)) = self.failed.last_mut() {
                why.push_str(&format!(" {text}"));
            }
            return;
        }
        if let Some((path, why)) = text.strip_prefix("Failed [").and_then(|rest| rest.split_once("]: ")) {
            self.goes_on = why.ends_with(':');
            self.failed.push((path.to_owned(), why.to_owned()));
            return;
        }
        if self.reporting {
            if let Some(rest) = text.strip_prefix("skipped: ") {
                let (path, why) = with_reason(rest);
                if why.contains("both sides") || why.contains("conflict") {
                    facts.push(Fact::Conflict(path.to_owned()));
                } else {
                    facts.push(Fact::Told {
                        level: Level::Error,
                        about: Some(path.to_owned()),
                        text: format!("{path} was skipped: {why}"),
                    });
                }
            } else if let Some(rest) = text.strip_prefix("failed: ") {
                let (path, why) = with_reason(rest);
                let told = self.failed.iter().find(|(failed, _)| failed == path);
                let text = match told {
                    _ if !why.is_empty() => rest.to_owned(),
                    Some((_, why)) => format!("{path} could not be synchronized: {why}"),
                    None => format!("{path} could not be synchronized"),
                };
                facts.push(Fact::Told { level: Level::Error, about: Some(path.to_owned()), text });
            }
        } else if text.starts_with("Synchronization complete")
            || text.starts_with("Synchronization incomplete")
        {
            self.reporting = true;
        } else if let Some(path) = text.strip_prefix("[END] ") {
            let (word, path) = path.split_once(' ').unwrap_or((path, ""));
            let verb = match word {
                "Copying" => Verb::Create,
                "Updating" => Verb::Update,
                "Deleting" => Verb::Delete,
                _ => return,
            };
            facts.push(if self.to_a.remove(path) {
                let (side, kind) = (PlanSide::A, EntryKind::File);
                Fact::Placed { side, verb, path: path.to_owned(), kind, size: 0 }
            } else {
                Fact::Did { verb, path: path.to_owned() }
            });
        } else if let Some((Step::On(PlanSide::A, _), path)) = step(line) {
            if self.to_a.len() < REMEMBERED {
                self.to_a.insert(path.to_owned());
            }
        } else if text.contains("has been completely emptied") {
            let emptied = Problem::new(ProblemClass::Safety, format!("{text} Nothing was touched"));
            facts.push(Fact::Failure(emptied.with_fix(
                "see whether the folder is there, and mounted; if it is right, run again with --approve",
            )));
        } else if let Some(why) = text.strip_prefix("Fatal error: ") {
            facts.push(failure(why));
        } else if text.contains("Permission denied (") || text.starts_with("ssh: ") {
            // What the ssh in between says before Unison only finds the connection lost.
            facts.push(failure(text));
        } else if text.contains("ETA") {
            facts.extend(percent::bar(text));
        }
    }
}

/// `path (why)`.
fn with_reason(text: &str) -> (&str, &str) {
    text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(lines: &[&str]) -> Vec<Fact> {
        let (mut unison, mut facts) = (Unison::default(), Vec::new());
        for line in lines {
            unison.line(Stream::Out, line, &mut facts);
        }
        facts
    }

    #[test]
    fn what_it_copied_and_what_it_skipped_is_told() {
        let told = facts(&[
            "[CONFLICT] Skipping x",
            "[BGN] Copying y from /a to /b",
            " 50%  00:00 ETA",
            "[END] Copying y",
            "Synchronization complete at 19:43:32  (1 item transferred, 1 skipped, 0 failed)",
            "  skipped: x (contents changed on both sides)",
            "  failed: z (permission denied)",
        ]);
        assert_eq!(
            told[..3],
            [
                Fact::Bar { step: 50, max: 100 },
                Fact::Did { verb: Verb::Create, path: "y".into() },
                Fact::Conflict("x".into()),
            ]
        );
        assert!(matches!(&told[3], Fact::Told { level: Level::Error, about: Some(path), .. } if path == "z"));
    }

    #[test]
    fn the_reason_of_a_failure_is_told_with_its_path() {
        let told = facts(&[
            "Failed [big]: Error in readWriteBounded:",
            "No space left on device",
            "Synchronization incomplete at 02:52:15  (0 items transferred, 0 skipped, 1 failed)",
            "  failed: big",
        ]);
        let [Fact::Told { level: Level::Error, text, .. }] = &told[..] else { panic!("{told:?}") };
        assert_eq!(text, "big could not be synchronized: Error in readWriteBounded: No space left on device");
    }

    #[test]
    fn a_fatal_error_is_the_failure() {
        let told = facts(&["Fatal error: Lost connection with the server"]);
        assert!(matches!(&told[..], [Fact::Failure(problem)] if problem.text.starts_with("Lost connection")));
    }
}
