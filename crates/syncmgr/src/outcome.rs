//! What a run came to, for people: problems with a class, phases, counts and outcomes.
//!
//! The original has none of these; every relative of it shows that they are needed (a failure without a class cannot
//! be retried or explained, a bar without a phase cannot be understood).

use std::fmt;

use crate::status::ProgressStatus;

/// The kind of a problem: decides whether it is retried, who must act, and how it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProblemClass {
    /// The settings are wrong; the same run will fail again.
    Config,
    /// Credentials are missing or refused.
    Auth,
    /// Likely to pass by itself; worth a retry.
    Transient,
    /// A decision of a person is needed.
    Conflict,
    /// No room (disk, quota).
    Space,
    /// The system denies access.
    Permission,
    /// A guard stopped the run before anything was touched.
    Safety,
    /// Nothing was touched because a person has to agree first; the same start with their consent goes through.
    Consent,
    /// Our own mistake.
    Bug,
}

impl ProblemClass {
    /// The word used in the store, the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Auth => "auth",
            Self::Transient => "transient",
            Self::Conflict => "conflict",
            Self::Space => "space",
            Self::Permission => "permission",
            Self::Safety => "safety",
            Self::Consent => "consent",
            Self::Bug => "bug",
        }
    }

    /// The class a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Config,
            Self::Auth,
            Self::Transient,
            Self::Conflict,
            Self::Space,
            Self::Permission,
            Self::Safety,
            Self::Consent,
            Self::Bug,
        ]
        .into_iter()
        .find(|class| class.word() == word)
    }
}

/// Something that went wrong, as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its kind.
    pub class: ProblemClass,
    /// What happened, to what, and why: one or two sentences.
    pub text: String,
    /// What to do next, if there is something to do.
    pub fix: Option<String>,
}

impl Problem {
    /// A problem without advice.
    pub fn new(class: ProblemClass, text: impl Into<String>) -> Self {
        Self { class, text: text.into(), fix: None }
    }

    /// The same problem with advice.
    #[must_use]
    pub fn with_fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match &self.fix {
            Some(fix) => write!(f, " ({fix})"),
            None => Ok(()),
        }
    }
}

/// What a handler is doing with an item just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Phase {
    /// Finding out what there is.
    Looking,
    /// Deciding what to do.
    Comparing,
    /// Carrying it out.
    Moving,
    /// Flushing, recording, cleaning up.
    Finishing,
}

impl Phase {
    /// The word people see.
    pub fn word(self) -> &'static str {
        match self {
            Self::Looking => "looking",
            Self::Comparing => "comparing",
            Self::Moving => "moving",
            Self::Finishing => "finishing",
        }
    }

    /// The phase a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Looking, Self::Comparing, Self::Moving, Self::Finishing]
            .into_iter()
            .find(|phase| phase.word() == word)
    }
}

/// What a run changed on one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SideCounts {
    /// Entries that appeared.
    pub created: u64,
    /// Entries whose content or metadata was replaced.
    pub updated: u64,
    /// Entries that went away.
    pub deleted: u64,
    /// Entries that were renamed or moved; a moved directory is one.
    pub moved: u64,
}

/// What a run of an item changed, in entries (files, links, directories) and bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Changes on side A (for handlers without sides: all of them are on B).
    pub a: SideCounts,
    /// Changes on side B.
    pub b: SideCounts,
    /// Conflicts that are open after the run.
    pub conflicts: u64,
    /// Entries that could not be synchronized.
    pub errors: u64,
    /// Entries left out by their kind (sockets, devices, pipes).
    pub skipped: u64,
    /// Bytes of content that were transferred.
    pub bytes: u64,
}

/// What a run of one item came to. The order is from best to worst for a person's attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Outcome {
    /// Everything is in sync.
    Done,
    /// What was asked for is done, and leaves something for the next synchronization: a run was taken back, say.
    Pending,
    /// A condition is not met (drive, network, another run); nothing was tried.
    Waiting,
    /// The other end went away and was not back by the end (R11).
    Disconnected,
    /// A person stopped it.
    Canceled,
    /// The program that ran it went away (R12).
    Interrupted,
    /// Conflicts are open; all the rest is in sync.
    NeedsDecision,
    /// Some entries could not be synchronized ("done with gaps").
    Gaps,
    /// Nothing useful was done.
    Failed,
    /// A guard stopped it before anything was touched.
    SafetyStop,
}

impl Outcome {
    /// The outcome of an item from its final status and what the handler said before. The status has the last word
    /// where the two contradict each other: a failed item is neither done nor canceled, a canceled or disconnected one is
    /// not done.
    pub fn of(status: ProgressStatus, said: Option<Self>) -> Self {
        match status {
            ProgressStatus::Failed => said
                .filter(|said| !matches!(said, Self::Done | Self::Pending | Self::Canceled))
                .unwrap_or(Self::Failed),
            ProgressStatus::Canceled => said.filter(|said| *said > Self::Pending).unwrap_or(Self::Canceled),
            ProgressStatus::Disconnected => {
                said.filter(|said| *said > Self::Pending).unwrap_or(Self::Disconnected)
            }
            ProgressStatus::Succeeded => said.unwrap_or(Self::Done),
            ProgressStatus::Updating | ProgressStatus::UpdatingIndeterminate => {
                said.unwrap_or(Self::Interrupted).max(Self::Interrupted)
            }
        }
    }

    /// The word used in the store, the API and the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Pending => "pending",
            Self::Waiting => "waiting",
            Self::Disconnected => "disconnected",
            Self::Canceled => "canceled",
            Self::Interrupted => "interrupted",
            Self::NeedsDecision => "needs_decision",
            Self::Gaps => "gaps",
            Self::Failed => "failed",
            Self::SafetyStop => "safety_stop",
        }
    }

    /// The outcome a word names, if it names one.
    pub fn from_word(word: &str) -> Option<Self> {
        [
            Self::Done,
            Self::Pending,
            Self::Waiting,
            Self::Disconnected,
            Self::Canceled,
            Self::Interrupted,
            Self::NeedsDecision,
            Self::Gaps,
            Self::Failed,
            Self::SafetyStop,
        ]
        .into_iter()
        .find(|outcome| outcome.word() == word)
    }
}
