//! What went wrong: with a run, and with a request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::settings::Mistake;
use crate::words::ProblemClass;

/// Something that went wrong with a run, as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Its kind.
    pub class: ProblemClass,
    /// What happened, to what, and why.
    pub text: String,
    /// What to do next, if there is something to do.
    pub fix: Option<String>,
}

impl From<syncmgr::Problem> for Problem {
    fn from(problem: syncmgr::Problem) -> Self {
        Self { class: problem.class.into(), text: problem.text, fix: problem.fix }
    }
}

impl From<Problem> for syncmgr::Problem {
    fn from(problem: Problem) -> Self {
        Self { class: problem.class.into(), text: problem.text, fix: problem.fix }
    }
}

/// Why a request was not carried out: problem details (RFC 9457), sent as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Fault {
    /// Always `about:blank`: the kind is in `code`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened, to what, and why, in a sentence.
    pub detail: String,
    /// The kind of fault; stable, for programs.
    pub code: String,
    /// What to do next, if there is something to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub fix: Option<String>,
    /// Where settings are wrong, if it is that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
}
