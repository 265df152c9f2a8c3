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
        Self::new(class, refusal.to_string())
    }
}
