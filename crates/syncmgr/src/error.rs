//! What can be refused, and what a handler may fail with.

use crate::outcome::{Problem, ProblemClass};

/// Why the sync center refused a call. Each kind stands for one HRESULT of the original.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// `E_INVALIDARG`: unknown or foreign item, number out of range, item already there; nothing changed (R10).
    #[error("invalid argument: {0}")]
    InvalidArgument(String),
    /// `E_ACCESSDENIED`: a report after the item was complete; the item is failed now (R1).
    #[error("access denied: {0}")]
    AccessDenied(String),
    /// `E_NOTIMPL`: not supported by this object.
    #[error("not supported: {0}")]
    NotImplemented(String),
    /// `RPC_E_DISCONNECTED`: the session has ended; the caller has no one to talk to any more (R12).
    #[error("the session has ended")]
    Ended,
    /// `E_FAIL`: the center itself could not do it (for instance its store is full).
    #[error("the sync center failed: {0}")]
    Failed(String),
}

impl Refusal {
    /// The number a foreign caller receives.
    pub fn hresult(&self) -> u32 {
        match self {
            Self::InvalidArgument(_) => 0x8007_0057,
            Self::AccessDenied(_) => 0x8007_0005,
            Self::NotImplemented(_) => 0x8000_4001,
            Self::Ended => 0x8001_0108,
            Self::Failed(_) => 0x8000_4005,
        }
    }
}

/// Why a handler could not do what it was asked to do: a problem that a person can read and act on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct HandlerError {
    /// What happened, of which class, and what to do.
    pub problem: Problem,
}

impl HandlerError {
    /// A failure of one class with a sentence for a person.
    pub fn new(class: ProblemClass, text: impl Into<String>) -> Self {
        Self { problem: Problem::new(class, text) }
    }
}

impl From<Problem> for HandlerError {
    fn from(problem: Problem) -> Self {
        Self { problem }
    }
}

/// Lets a handler pass on what its callback refused with `?`: a refusal at its work is a mistake of the handler, except that
/// a session can end under its hands.
impl From<Refusal> for HandlerError {
    fn from(refusal: Refusal) -> Self {
        let class = match refusal {
            Refusal::Ended | Refusal::Failed(_) => ProblemClass::Transient,
            Refusal::AccessDenied(_) => ProblemClass::Config,
            Refusal::InvalidArgument(_) | Refusal::NotImplemented(_) => ProblemClass::Bug,
        };
        let text = match refusal {
            // What the center says already is a sentence.
            Refusal::Failed(why) => why,
            other => other.to_string(),
        };
        Self::new(class, text)
    }
}

/// What an error says, without the number that the system has for it: "Permission denied", not "Permission denied (os
/// error 13)". For whatever people read.
pub fn reason(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let number = |rest: &str| {
        rest.strip_suffix(')').is_some_and(|number| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        })
    };
    match text.rsplit_once(" (os error ") {
        Some((reason, rest)) if number(rest) => reason.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_for_people_have_no_numbers_of_the_system() {
        assert_eq!(reason(&"Permission denied (os error 13)"), "Permission denied");
        assert_eq!(reason(&"custom (os error x)"), "custom (os error x)");
        assert_eq!(reason(&"no number"), "no number");
    }

    #[test]
    fn what_the_center_could_not_do_is_passed_on_in_its_words_and_may_pass() {
        let error = HandlerError::from(Refusal::Failed("the store is locked; end that program".into()));
        assert_eq!(error.problem.class, ProblemClass::Transient);
        assert_eq!(error.problem.text, "the store is locked; end that program");
    }
}
