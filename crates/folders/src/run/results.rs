//! What a run tells: events for people, and what it came to.

use reconcile::{Note, NoteKind, Side};
use syncmgr::event::{Level, NewEvent};
use syncmgr::outcome::{Counts, Outcome, Problem, ProblemClass};
use syncmgr::{ItemId, SyncCallback};

use super::progress::counted;
use crate::apply::{ApplyError, Ending, Trouble, Why};
use crate::pair::Pair;
use crate::side::SideError;

/// What a run of one item came to.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) outcome: Outcome,
    pub(crate) counts: Counts,
    pub(crate) problem: Option<Problem>,
}

impl Finished {
    /// Nothing was done.
    pub(crate) fn stopped(outcome: Outcome, problem: Problem) -> Self {
        Self { outcome, counts: Counts::default(), problem: Some(problem) }
    }
}

/// Writes events, and counts those that are errors.
pub(crate) struct Results<'r> {
    callback: &'r dyn SyncCallback,
    item: &'r ItemId,
    pair: &'r Pair,
    pub(crate) errors: u64,
    pub(crate) skipped: u64,
    /// The first error decides what the run is said to suffer from.
    first: Option<Problem>,
    /// What was to become of each entry.
    deed: &'static str,
}

impl<'r> Results<'r> {
    pub(crate) fn new(callback: &'r dyn SyncCallback, item: &'r ItemId, pair: &'r Pair) -> Self {
        Self { callback, item, pair, errors: 0, skipped: 0, first: None, deed: "synchronized" }
    }

    /// The same for a run that takes another one back.
    pub(crate) fn of_undo(self) -> Self {
        Self { deed: "taken back", ..self }
    }

    pub(crate) fn event(&self, level: Level, name: String, text: String) {
        self.tell(NewEvent::new(Some(self.item), level, name, text));
    }

    /// A problem as a line of its own.
    pub(crate) fn problem_event(&self, level: Level, name: String, problem: &Problem) {
        let event = NewEvent::new(Some(self.item), level, name, problem.text.clone());
        self.tell(match &problem.fix {
            Some(fix) => event.with_fix(fix),
            None => event,
        });
    }

    fn tell(&self, event: NewEvent) {
        // A session that has ended has nobody to tell; the run stops by itself at the next question.
        let _ = self.callback.report_event(event);
    }

    pub(crate) fn error(&mut self, name: String, problem: Problem) {
        self.errors += 1;
        self.problem_event(Level::Error, name, &problem);
        self.first.get_or_insert(problem);
    }

    /// One entry that could not be synchronized (S9); gives what was said about it.
    pub(crate) fn trouble(&mut self, trouble: &Trouble) -> Problem {
        let side = &self.pair.side(trouble.on).label;
        let problem = describe(side, &self.pair.side(trouble.on.other()).label, trouble);
        self.trouble_is(trouble, problem.clone());
        problem
    }

    /// The same, where it is known better what it comes to.
    pub(crate) fn trouble_is(&mut self, trouble: &Trouble, problem: Problem) {
        self.error(format!("Not {}: {}", self.deed, trouble.path), problem);
    }

    /// What planning noted.
    pub(crate) fn note(&mut self, note: &Note) {
        let path = &note.path;
        let label = |side: Side| self.pair.side(side).label.as_str();
        let not = |text: String, class| (format!("Not synchronized: {path}"), Problem::new(class, text));
        match &note.what {
            NoteKind::Unreadable(side, why) => {
                let text =
                    format!("{path} on {}: {why}; nothing was done there on either side", label(*side));
                let (name, problem) = not(text, ProblemClass::Permission);
                self.error(name, problem.with_fix("check its permissions, then sync again"));
            }
            NoteKind::Uncompared(why) => {
                let text = format!("{path}: its two versions could not be compared: {why}");
                let (name, problem) = not(text, ProblemClass::Transient);
                self.error(name, problem.with_fix("sync again"));
            }
            NoteKind::AgainstSpecial => {
                let text =
                    format!("{path} is a socket, device or pipe on one side and something else on the other");
                let (name, problem) = not(text, ProblemClass::Config);
                self.error(name, problem.with_fix("rename or remove one of them"));
            }
            NoteKind::Special(side) => {
                self.skipped += 1;
                let text = format!("{path} on {} is a socket, device or pipe: left out", label(*side));
                let problem = Problem::new(ProblemClass::Config, text)
                    .with_fix("nothing needs to be done; exclude it, and it is told no more");
                self.problem_event(Level::Information, format!("Left out: {path}"), &problem);
            }
            NoteKind::EditSurvived(side) => {
                let text = format!(
                    "{path} was deleted on one side and changed on {}: the change stays",
                    label(*side)
                );
                self.event(Level::Information, format!("Kept: {path}"), text);
            }
            NoteKind::LeftOnB => {
                let text = format!("{path} was changed only on {}, and is left as it is", label(Side::B));
                self.event(Level::Information, format!("Left as it is: {path}"), text);
            }
            NoteKind::DirectoryStays(side) => {
                let text = format!(
                    "{path} stays on {}: something that is left out, or cannot be read, is in it",
                    label(*side)
                );
                self.event(Level::Information, format!("Directory stays: {path}"), text);
            }
        }
    }

    /// What the errors of a run amount to.
    pub(crate) fn problem(&self) -> Option<Problem> {
        let first = self.first.as_ref()?;
        if self.errors == 1 {
            return Some(first.clone());
        }
        let text = format!(
            "{} could not be {}; the first: {}",
            counted(self.errors, "entry", "entries"),
            self.deed,
            first.text
        );
        Some(Problem { class: first.class, text, fix: first.fix.clone() })
    }
}

/// What went wrong, why, and what to do.
fn describe(label: &str, other: &str, trouble: &Trouble) -> Problem {
    let path = &trouble.path;
    let again = "sync again; if it then differs on both sides, it becomes a conflict";
    match &trouble.why {
        Why::Changed => Problem::new(
            ProblemClass::Transient,
            format!("{path} on {label} changed after this run had looked at it; it was left as it is"),
        )
        .with_fix(again),
        Why::Taken => Problem::new(
            ProblemClass::Transient,
            format!("something called {path} has appeared on {label} after this run had looked; it was left as it is"),
        )
        .with_fix(again),
        Why::SameName { by } => Problem::new(
            ProblemClass::Config,
            format!(
                "{path} and {by} are one name to the file system of {label}, which can hold only one of them; \
                 {by} is the one it has"
            ),
        )
        .with_fix("rename one of them, or exclude it; the next sync makes a conflict of it that you can settle"),
        Why::Name => Problem::new(
            ProblemClass::Config,
            format!("{path} has a name that the file system of {label} cannot hold"),
        )
        .with_fix("rename it, or exclude it"),
        Why::NoLinks => Problem::new(
            ProblemClass::Config,
            format!("{path} is a symbolic link, and the file system of {label} has none"),
        )
        .with_fix("exclude it, or keep that side on another file system"),
        Why::OtherSystem => Problem::new(
            ProblemClass::Config,
            format!("{path} has moved to where another file system is mounted on {label}; it was left where it was there"),
        )
        .with_fix("move it there by hand"),
        Why::Vanished => {
            Problem::new(ProblemClass::Transient, format!("{path} disappeared while the run was working on it"))
                .with_fix("sync again")
        }
        Why::NotInTrash => Problem::new(
            ProblemClass::Config,
            format!("{path} is not in the trash of {label} any more, so it cannot come back"),
        ),
        Why::KeepsChanging => Problem::new(
            ProblemClass::Transient,
            format!("{path} on {other} changed each time while it was copied; no copy was kept"),
        )
        .with_fix("close the program that writes to it, then sync again"),
        Why::HalfMade => Problem::new(
            ProblemClass::Transient,
            format!("{path} was not put on {label}: something in it could neither be completed nor removed again"),
        )
        .with_fix("check the disk, then sync again"),
        Why::Unlisted(why) => {
            Problem::new(ProblemClass::Permission, format!("{path}: {why}"))
                .with_fix("check its permissions, then sync again")
        }
        Why::Extras(parts, error) => {
            let reason = match error {
                SideError::Io { source, .. } => syncmgr::reason(source),
                other => other.to_string(),
            };
            let fix = if parts.owner {
                "only root may give files to others: run Instep as root, or leave owners out of `keep`"
            } else {
                "check that the file system takes them and that you may set them, or leave attributes out of `keep`"
            };
            let text = format!("{path} on {label} has the other side's content, but not its {parts}: {reason}");
            Problem::new(ProblemClass::Permission, text).with_fix(fix)
        }
        Why::Side(error) => side_problem(label, error),
        Why::Source(error) => side_problem(other, error),
    }
}

/// A refusal of the system, with its class and what may help.
pub(crate) fn side_problem(label: &str, error: &SideError) -> Problem {
    use std::io::ErrorKind as E;
    let SideError::Io { path, what, source } = error else {
        return Problem::new(ProblemClass::Transient, format!("{label}: {error}")).with_fix("sync again");
    };
    let (class, fix) = match source.kind() {
        E::PermissionDenied => {
            (ProblemClass::Permission, "check its permissions and its owner, then sync again")
        }
        E::ReadOnlyFilesystem => {
            (ProblemClass::Permission, "the file system is mounted read-only: mount it writable")
        }
        E::StorageFull => (ProblemClass::Space, "make room, then sync again"),
        E::QuotaExceeded => (ProblemClass::Space, "make room within your quota, then sync again"),
        E::FileTooLarge => (ProblemClass::Config, "this file system takes no file of that size: exclude it"),
        E::InvalidFilename => {
            (ProblemClass::Config, "this file system does not take the name: rename or exclude it")
        }
        E::CrossesDevices => (
            ProblemClass::Config,
            "another file system is mounted inside the folder: add it as a pair of its own, and exclude it here",
        ),
        _ => (ProblemClass::Transient, "sync again; if it stays, check the disk"),
    };
    let on = if path.is_root() { label.to_owned() } else { format!("{path} on {label}") };
    Problem::new(class, format!("{on}: cannot {what}: {}", syncmgr::reason(source))).with_fix(fix)
}

/// What ended a run before its time.
pub(crate) fn apply_problem(pair: &Pair, error: &ApplyError) -> Problem {
    match error {
        ApplyError::Flush { side, error } => side_problem(&pair.side(*side).label, error),
        ApplyError::Base(error) => Problem::new(ProblemClass::Permission, error.to_string())
            .with_fix("check the directory that holds Instep's state, then sync again"),
        ApplyError::Journal(_) | ApplyError::Open(_) => {
            Problem::new(ProblemClass::Permission, error.to_string())
                .with_fix("check the directory that holds Instep's state, then sync again")
        }
        ApplyError::Died => Problem::new(ProblemClass::Bug, error.to_string()),
    }
}

/// The outcome of a run that went through, the one that needs a person soonest first.
pub(crate) fn outcome(ending: Ending, wrote: bool, errors: u64, conflicts: u64) -> Outcome {
    match ending {
        Ending::Canceled => Outcome::Canceled,
        Ending::NoRoom(..) if !wrote => Outcome::Failed,
        Ending::NoRoom(..) => Outcome::Gaps,
        Ending::Complete if errors > 0 => Outcome::Gaps,
        Ending::Complete if conflicts > 0 => Outcome::NeedsDecision,
        Ending::Complete => Outcome::Done,
    }
}
