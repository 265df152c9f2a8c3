//! unison (`-batch -ui text`): what it copied, skipped and failed at.

mod list;

use std::collections::{HashMap, HashSet};

use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::{EntryKind, PlanSide, Verb};

use super::{Disagreement, Fact, Parse, Stream, Told, failure, percent};

pub(crate) use list::List;
use list::{Step, step};

/// How many paths are remembered for the side that they go to; of others it is the second one.
const REMEMBERED: usize = 100_000;

/// Reads unison.
#[derive(Default)]
pub struct Unison {
    /// What goes to the first side: it is said in the list before, and not when it is done.
    to_a: HashSet<String>,
    /// What both sides have of what they disagree about, told in the same place.
    versions: HashMap<String, [Told; 2]>,
    /// The one that is being told about: its path, and what the first side has.
    open: Option<(String, Option<Told>)>,
    refusals: Refusals,
    /// The last lines of the final report name what was skipped and what failed, and why; those before it say less.
    reporting: bool,
    /// What failed, and why, as it was told while it ran: the report gives the paths alone.
    failed: Vec<(String, String)>,
    /// The reason goes on in the next line.
    goes_on: bool,
}

impl Parse for Unison {
    fn line(&mut self, from: Stream, line: &str, facts: &mut Vec<Fact>) {
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
                    let versions = self.versions.remove(path);
                    facts.push(Fact::Conflict(Disagreement { path: path.to_owned(), versions }));
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
        } else if let Some((step, path)) = step(line) {
            let room = self.to_a.len() + self.versions.len() < REMEMBERED;
            self.open = (room && step == Step::Conflict).then(|| (path.to_owned(), None));
            if room && matches!(step, Step::On(PlanSide::A, _)) {
                self.to_a.insert(path.to_owned());
            }
        } else if from == Stream::Out && self.version(line) {
            // One of both.
        } else if let Some(refusal) = self.refusals.line(text) {
            facts.push(refusal);
        } else if text.contains("ETA") {
            facts.extend(percent::bar(text));
        }
    }
}

impl Unison {
    /// One of the two lines that tell of a conflict; tells whether it was one.
    fn version(&mut self, line: &str) -> bool {
        let Some((path, a)) = self.open.take() else { return false };
        match (a, list::told(line)) {
            (None, Some(a)) => self.open = Some((path, Some(a))),
            (Some(a), Some(b)) => drop(self.versions.insert(path, [a, b])),
            (a, None) => {
                self.open = Some((path, a));
                return false;
            }
        }
        true
    }
}

/// Why it goes no further at all: a root that was emptied, locks, an error, or what the ssh in between says before Unison
/// only finds the connection lost.
#[derive(Default)]
struct Refusals {
    /// The files of locks that it named.
    locks: Vec<String>,
}

impl Refusals {
    fn line(&mut self, text: &str) -> Option<Fact> {
        if text.contains("has been completely emptied") {
            let emptied = Problem::new(ProblemClass::Safety, format!("{text} Nothing was touched"));
            return Some(Fact::Failure(emptied.with_fix(
                "see whether the folder is there, and mounted; if it is right, run again with --approve",
            )));
        }
        let lock = text.strip_prefix("The file ").and_then(|rest| rest.strip_suffix(" should be deleted"));
        if let Some((file, host)) = lock.and_then(|lock| lock.rsplit_once(" on host ")) {
            self.locks.push(format!("`rm '{file}'` on {host}"));
            return Some(Fact::Failure(self.locked()));
        }
        if text.contains("the archives are locked") {
            return Some(Fact::Failure(self.locked()));
        }
        let of_ssh = text.contains("Permission denied (")
            || text.starts_with("ssh: ")
            || text.starts_with("Host key verification failed");
        text.strip_prefix("Fatal error: ").or_else(|| of_ssh.then_some(text)).map(failure)
    }

    /// A lock does not say whether whoever made it is alive.
    fn locked(&self) -> Problem {
        let take_away = match &self.locks[..] {
            [] => "take away the files that it names".to_owned(),
            locks => format!("take its locks away with {}", locks.join(" and ")),
        };
        let text = "another Unison has these two, or one was killed: its locks are in the way";
        Problem::new(ProblemClass::Transient, text).with_fix(format!(
            "wait until the other Unison is over; if none runs, {take_away}, then run it again"
        ))
    }
}

/// `path (why)`.
fn with_reason(text: &str) -> (&str, &str) {
    text.strip_suffix(')').and_then(|text| text.rsplit_once(" (")).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use super::super::Became;
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
            "changed  <-?-> deleted    x  ",
            "a            : changed file       modified on 2026-11-23 at  8:21:04  size 6         rw-r--r--",
            "b            : deleted",
            "[CONFLICT] Skipping x",
            "[BGN] Copying y from /a to /b",
            " 50%  00:00 ETA",
            "[END] Copying y",
            "Synchronization complete at 19:43:32  (1 item transferred, 1 skipped, 0 failed)",
            "  skipped: x (contents changed on both sides)",
            "  failed: z (permission denied)",
        ]);
        assert_eq!(
            told[..2],
            [Fact::Bar { step: 50, max: 100 }, Fact::Did { verb: Verb::Create, path: "y".into() }]
        );
        let Fact::Conflict(Disagreement { path, versions: Some([a, b]) }) = &told[2] else {
            panic!("{told:?}")
        };
        assert_eq!((path.as_str(), a.size, b.became), ("x", 6, Became::Deleted));
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
    fn all_locks_that_are_in_the_way_are_named() {
        let told = facts(&[
            "Fatal error: Warning: the archives are locked.  ",
            "If no other instance of unison is running, the locks should be removed.",
            "The file /h/.unison/lk1 on host vm should be deleted",
            "The file /h/.unison/lk2 on host nas should be deleted",
        ]);
        let Some(Fact::Failure(problem)) = told.last() else { panic!("{told:?}") };
        assert_eq!(problem.class, ProblemClass::Transient);
        let fix = problem.fix.as_deref().unwrap_or_default();
        assert!(fix.contains("`rm '/h/.unison/lk1'` on vm and `rm '/h/.unison/lk2'` on nas"), "{fix}");
    }

    #[test]
    fn a_fatal_error_is_the_failure() {
        let told = facts(&["Fatal error: Lost connection with the server"]);
        assert!(matches!(&told[..], [Fact::Failure(problem)] if problem.text.starts_with("Lost connection")));
    }
}
