//! What the end of a command means: the exit codes that tools document, and what is known of all others.

mod advice;

use syncmgr::Outcome;
use syncmgr::outcome::{Problem, ProblemClass};

use crate::parse::unison::{List, Unison};
use crate::parse::{Parse, Tally};
use crate::parse::{borg::Borg, git::Git, rclone::Rclone, restic::Restic, rsync::Rsync};
use crate::process::Exit;

/// A command whose output and exit codes are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// rsync.
    Rsync,
    /// rclone.
    Rclone,
    /// restic.
    Restic,
    /// Borg backup.
    Borg,
    /// Unison.
    Unison,
    /// git.
    Git,
    /// Any other.
    Other,
}

/// What a command came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome.
    pub outcome: Outcome,
    /// What went wrong, if something did.
    pub problem: Option<Problem>,
}

impl Tool {
    /// Which tool a command line runs, also behind commands that only change how it runs (`sudo`, `nice`, ...).
    pub fn of_command<'w>(words: impl IntoIterator<Item = &'w str>) -> Self {
        const WRAPPERS: [&str; 14] = [
            "sudo",
            "doas",
            "nice",
            "ionice",
            "chrt",
            "env",
            "nohup",
            "time",
            "timeout",
            "stdbuf",
            "flock",
            "setsid",
            "systemd-inhibit",
            "caffeinate",
        ];
        let mut behind_wrapper = false;
        for word in words {
            let name = word.rsplit('/').next().unwrap_or(word);
            if let Some(tool) = Self::of_program(name) {
                return tool;
            }
            if WRAPPERS.contains(&name) {
                behind_wrapper = true;
            } else if !behind_wrapper {
                return Self::Other;
            }
        }
        Self::Other
    }

    fn of_program(name: &str) -> Option<Self> {
        Some(match name {
            "rsync" => Self::Rsync,
            "rclone" => Self::Rclone,
            "restic" => Self::Restic,
            "borg" => Self::Borg,
            "unison" | "unison-text" => Self::Unison,
            "git" => Self::Git,
            _ => return None,
        })
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rsync => "rsync",
            Self::Rclone => "rclone",
            Self::Restic => "restic",
            Self::Borg => "borg",
            Self::Unison => "unison",
            Self::Git => "git",
            Self::Other => "the command",
        }
    }

    /// Whether there is nothing of a run that did not come to its end: an archive is made as a whole.
    pub(crate) fn makes_all_or_nothing(self) -> bool {
        matches!(self, Self::Restic | Self::Borg)
    }

    /// What reads its output.
    pub fn parser(self) -> Box<dyn Parse> {
        match self {
            Self::Rsync => Box::new(Rsync),
            Self::Rclone => Box::<Rclone>::default(),
            Self::Restic => Box::new(Restic),
            Self::Borg => Box::new(Borg),
            Self::Unison => Box::<Unison>::default(),
            Self::Git => Box::new(Git::default()),
            Self::Other => crate::parse::unknown(),
        }
    }

    /// What reads the output of its dry run.
    pub(crate) fn dry_parser(self) -> Box<dyn Parse> {
        match self {
            Self::Unison => Box::<List>::default(),
            tool => tool.parser(),
        }
    }

    /// What an end means. `stopped`: it was asked to stop before.
    pub fn verdict(self, exit: Exit, tally: &Tally, stopped: bool) -> Verdict {
        let verdict = match exit {
            Exit::Code(0) => Self::success(tally),
            Exit::Code(code) => self.failed(code, tally),
            Exit::Signal(signal) => {
                let text = format!("{} was ended by signal {signal}", self.name());
                Verdict {
                    outcome: Outcome::Failed,
                    problem: Some(Problem::new(ProblemClass::Transient, text)),
                }
            }
        };
        let interrupted = matches!(exit, Exit::Signal(2 | 15) | Exit::Code(130 | 143));
        // A command that came to its end all the same did what it was there for.
        if interrupted
            || (stopped && exit != Exit::Code(0))
            || (self == Self::Rsync && exit == Exit::Code(20))
        {
            return Verdict { outcome: Outcome::Canceled, problem: None };
        }
        verdict
    }

    /// A command that says that all is well may have told of conflicts, and may have left out what it was run for; errors
    /// that it told of it thinks nothing of.
    fn success(tally: &Tally) -> Verdict {
        if tally.missing > 0 {
            let first = tally.first_error.as_deref().unwrap_or_default();
            let more = match tally.missing {
                1 => String::new(),
                all => format!(", nor are {} others", all - 1),
            };
            let problem = Problem::new(ProblemClass::Config, format!("{first}{more}, and was left out"))
                .with_fix("see whether it is mounted, or take it out of the item");
            return Verdict { outcome: Outcome::Gaps, problem: Some(problem) };
        }
        if tally.conflicts == 0 {
            return Verdict { outcome: Outcome::Done, problem: None };
        }
        Self::conflicts(tally)
    }

    fn conflicts(tally: &Tally) -> Verdict {
        let needs = if tally.conflicts == 1 { "conflict needs" } else { "conflicts need" };
        let text = format!("{} {needs} a decision", tally.conflicts);
        Verdict { outcome: Outcome::NeedsDecision, problem: Some(Problem::new(ProblemClass::Conflict, text)) }
    }

    fn failed(self, code: i32, tally: &Tally) -> Verdict {
        let known = match self {
            Self::Rsync => rsync(code),
            Self::Rclone => rclone(code, tally),
            Self::Restic => restic(code),
            Self::Borg => borg(code),
            Self::Unison if code == 1 && tally.conflicts > 0 && tally.errors == 0 => {
                return Self::conflicts(tally);
            }
            Self::Unison => unison(code),
            Self::Git if tally.conflicts > 0 => return Self::conflicts(tally),
            Self::Git | Self::Other => None,
        };
        let shell = match code {
            126 => Some((Outcome::Failed, ProblemClass::Permission, "it could not be run")),
            127 => {
                Some((Outcome::Failed, ProblemClass::Config, "it, or a program that it needs, was not found"))
            }
            _ => None,
        };
        let (outcome, class, meaning) =
            known.or(shell).unwrap_or((Outcome::Failed, ProblemClass::Config, ""));
        if outcome == Outcome::Done {
            return Self::success(tally);
        }
        let name = self.name();
        let problem = match (&tally.failure, outcome) {
            // Single errors say more than the sum of them that a tool ends with.
            (_, Outcome::Gaps) => {
                let what = if meaning.is_empty() { String::new() } else { format!(": {meaning}") };
                let first = match &tally.first_error {
                    Some(first) if tally.errors > 1 => {
                        format!("; the first of {} errors: {first}", tally.errors)
                    }
                    Some(first) => format!(": {first}"),
                    None => String::new(),
                };
                // Where its words tell nothing, its code does.
                let told = tally.first_error.as_deref().map(crate::parse::class_of);
                let class = told.filter(|told| *told != ProblemClass::Config).unwrap_or(class);
                Problem::new(class, format!("{name} ended with code {code}{what}{first}"))
            }
            // What the tool itself will not do unasked, before it has done anything.
            (Some(said), _) if said.class == ProblemClass::Safety && !tally.did_something() => {
                return Verdict { outcome: Outcome::SafetyStop, problem: Some(said.clone()) };
            }
            (Some(said), _) => {
                let class = if said.class == ProblemClass::Config { class } else { said.class };
                Problem {
                    class,
                    text: format!("{name} ended with code {code}: {}", said.text),
                    fix: said.fix.clone(),
                }
            }
            (None, _) => {
                let why = match (&tally.first_error, meaning) {
                    (Some(first), _) => format!(": {first}"),
                    (None, "") => String::new(),
                    (None, meaning) => format!(": {meaning}"),
                };
                let class =
                    tally.first_error.as_deref().map_or(class, |first| match crate::parse::class_of(first) {
                        ProblemClass::Config => class,
                        said => said,
                    });
                Problem::new(class, format!("{name} ended with code {code}{why}"))
            }
        };
        Verdict { outcome, problem: Some(advice::with(self, problem)) }
    }
}

type Known = Option<(Outcome, ProblemClass, &'static str)>;

/// From rsync(1), "EXIT VALUES".
fn rsync(code: i32) -> Known {
    use {Outcome as O, ProblemClass as C};
    Some(match code {
        1 => (O::Failed, C::Config, "wrong syntax or usage"),
        2 => (O::Failed, C::Config, "the versions of both ends do not go together"),
        3 => (O::Failed, C::Config, "a source or target cannot be used"),
        4 => (O::Failed, C::Config, "not supported by the version at one end"),
        5 => (O::Failed, C::Config, "the other end refused to begin"),
        10 | 12 => (O::Failed, C::Transient, "the connection broke"),
        11 => (O::Failed, C::Space, "a file could not be written"),
        14 => (O::Failed, C::Transient, "a process of it died"),
        23 => (O::Gaps, C::Permission, "some files could not be transferred"),
        // What went away while it ran is gone on purpose; all else is in sync.
        24 => (O::Done, C::Transient, "some files went away while it ran"),
        25 => (O::Gaps, C::Safety, "--max-delete stopped it from deleting more"),
        30 | 35 => (O::Failed, C::Transient, "the other end did not answer in time"),
        124..=127 => (O::Failed, C::Config, "the remote shell could not run it"),
        255 => (O::Failed, C::Transient, "the connection could not be made"),
        _ => return None,
    })
}

/// From rclone's page on exit codes; 1 and 2 have changed places in its history.
fn rclone(code: i32, tally: &Tally) -> Known {
    use {Outcome as O, ProblemClass as C};
    let partly = tally.did_something() && tally.errors > 0;
    Some(match code {
        1 | 2 if partly => (O::Gaps, C::Transient, "some files could not be transferred"),
        1 | 2 => (O::Failed, C::Config, ""),
        3 => (O::Failed, C::Config, "a directory was not found"),
        4 => (O::Failed, C::Config, "a file was not found"),
        5 if partly => (O::Gaps, C::Transient, "errors that may pass"),
        5 => (O::Failed, C::Transient, "errors that may pass"),
        6 => (O::Gaps, C::Config, "some files cannot be transferred"),
        7 => (O::Failed, C::Auth, "the account or its settings do not allow it"),
        8 => (O::Gaps, C::Safety, "--max-transfer stopped it"),
        9 => (O::Done, C::Config, "nothing had to be transferred"),
        10 => (O::Gaps, C::Safety, "--max-duration stopped it"),
        _ => return None,
    })
}

/// From restic's page on exit codes.
fn restic(code: i32) -> Known {
    use {Outcome as O, ProblemClass as C};
    Some(match code {
        3 => (O::Gaps, C::Permission, "some files could not be read"),
        10 => (O::Failed, C::Config, "there is no repository"),
        11 => (O::Waiting, C::Transient, "another run has the repository"),
        12 => (O::Failed, C::Auth, "the password is wrong"),
        _ => return None,
    })
}

/// From borg's page on return codes: 1 and 100 to 127 are warnings, of files most often.
fn borg(code: i32) -> Known {
    use {Outcome as O, ProblemClass as C};
    Some(match code {
        1 | 100..=127 => (O::Gaps, C::Permission, "there were warnings"),
        70..=75 => (O::Waiting, C::Transient, "another run has the repository"),
        50..=53 => (O::Failed, C::Auth, "the passphrase or key is wrong"),
        _ => return None,
    })
}

/// From unison's manual.
fn unison(code: i32) -> Known {
    use {Outcome as O, ProblemClass as C};
    Some(match code {
        1 => (O::Gaps, C::Conflict, "some files were skipped"),
        2 => (O::Gaps, C::Transient, "some files could not be synchronized"),
        3 => (O::Failed, C::Config, "it could not go on"),
        _ => return None,
    })
}
