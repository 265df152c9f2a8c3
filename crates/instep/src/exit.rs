//! Exit codes, chosen in one place, and what ends a command early.

use std::fmt;

use syncmgr::{Outcome, Problem, ProblemClass, Refusal};

/// How the program ends, as scripts read it. The order is that of urgency: when several hold, the greatest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Exit {
    #[default]
    Done,
    Canceled,
    Waiting,
    NeedsDecision,
    Gaps,
    Usage,
    Failed,
    SafetyStop,
}

impl Exit {
    /// What one item of a run came to. A pair that cannot be one (a side that never was there) is a wrong argument, not
    /// a run that failed.
    pub(crate) fn of(outcome: Outcome, problem: Option<&Problem>) -> Self {
        match problem {
            Some(problem) if outcome == Outcome::Failed && problem.class == ProblemClass::Config => {
                Self::Usage
            }
            _ => outcome.into(),
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Gaps => 1,
            Self::Usage => 2,
            Self::Failed => 3,
            Self::SafetyStop => 4,
            Self::NeedsDecision => 5,
            Self::Canceled => 6,
            Self::Waiting => 7,
        }
    }

    /// The word for it in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Gaps => "gaps",
            Self::Usage => "usage",
            Self::Failed => "failed",
            Self::SafetyStop => "safety_stop",
            Self::NeedsDecision => "needs_decision",
            Self::Canceled => "canceled",
            Self::Waiting => "waiting",
        }
    }
}

impl From<Outcome> for Exit {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done | Outcome::Pending => Self::Done,
            Outcome::Waiting | Outcome::Disconnected => Self::Waiting,
            Outcome::Canceled => Self::Canceled,
            Outcome::NeedsDecision => Self::NeedsDecision,
            Outcome::Gaps => Self::Gaps,
            Outcome::SafetyStop => Self::SafetyStop,
            // An interrupted run, and whatever a later contract adds: nothing that can be relied on was done.
            _ => Self::Failed,
        }
    }
}

/// Why a command could not do what was asked: what happened, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    /// What happened and why, in one sentence.
    pub(crate) text: String,
    /// Lines that show the place, where there are some.
    pub(crate) detail: Option<String>,
    /// What to do next.
    pub(crate) tip: Option<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into(), detail: None, tip: None }
    }

    /// The person asked for something that is not possible.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// Nothing useful could be done.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::new(Exit::Failed, text)
    }

    /// The same with lines that show the place.
    #[must_use]
    pub(crate) fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same with advice.
    #[must_use]
    pub(crate) fn tip(self, tip: impl Into<String>) -> Self {
        Self { tip: Some(tip.into()), ..self }
    }
}

/// What the center refused, in its sentence without the kind that programs know it by.
impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::AccessDenied(text) | Refusal::InvalidArgument(text) | Refusal::Failed(text) => {
                Self::failed(text)
            }
            other => Self::failed(other.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_needs_a_person_soonest_wins() {
        let worst = |exits: &[Exit]| exits.iter().copied().max();
        assert_eq!(worst(&[Exit::Failed, Exit::SafetyStop, Exit::Gaps]), Some(Exit::SafetyStop));
        assert_eq!(worst(&[Exit::NeedsDecision, Exit::Gaps]), Some(Exit::Gaps));
        assert_eq!(worst(&[Exit::NeedsDecision, Exit::Waiting, Exit::Canceled]), Some(Exit::NeedsDecision));
        assert_eq!(worst(&[Exit::Done, Exit::Canceled]), Some(Exit::Canceled));
    }

    #[test]
    fn every_outcome_of_a_run_has_a_code() {
        let codes = [
            (Outcome::Done, 0),
            (Outcome::Pending, 0),
            (Outcome::Gaps, 1),
            (Outcome::Failed, 3),
            (Outcome::Interrupted, 3),
            (Outcome::SafetyStop, 4),
            (Outcome::NeedsDecision, 5),
            (Outcome::Canceled, 6),
            (Outcome::Waiting, 7),
            (Outcome::Disconnected, 7),
        ];
        for (outcome, code) in codes {
            assert_eq!(Exit::from(outcome).code(), code, "{outcome:?}");
        }
    }
}
