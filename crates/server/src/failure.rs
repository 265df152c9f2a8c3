//! Requests that are not carried out: problem details (RFC 9457), with a code for programs and advice for people.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use center::StoreError;
use syncmgr::Refusal;
use wire::Fault;

use crate::access::AccessError;
use crate::convert;

/// The media type of problem details.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    detail: String,
    fix: Option<String>,
    mistakes: Vec<wire::Mistake>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), fix: None, mistakes: Vec::new() }
    }

    #[must_use]
    pub(crate) fn with_fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }

    /// A problem that a run would have, too.
    pub(crate) fn of_problem(problem: syncmgr::Problem) -> Self {
        Self { fix: problem.fix, ..Self::new(StatusCode::CONFLICT, problem.class.word(), problem.text) }
    }

    /// As it is told.
    pub(crate) fn into_fault(self) -> Fault {
        Fault {
            kind: "about:blank".into(),
            title: self.status.canonical_reason().unwrap_or("Error").into(),
            status: self.status.as_u16(),
            detail: self.detail,
            code: self.code.into(),
            fix: self.fix,
            mistakes: self.mistakes,
        }
    }

    /// Whether there is nobody to talk to any more.
    pub(crate) fn is_end(&self) -> bool {
        self.status == StatusCode::GONE
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid_argument", detail)
    }

    pub(crate) fn not_found(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, detail)
    }

    pub(crate) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::InvalidArgument(text) => Self::bad_request(text),
            Refusal::AccessDenied(text) => Self::new(StatusCode::CONFLICT, "access_denied", text),
            Refusal::NotImplemented(text) => Self::new(StatusCode::CONFLICT, "not_supported", text),
            Refusal::Ended => Self::new(StatusCode::GONE, "ended", "the session has ended"),
            Refusal::Failed(text) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "center_failed", text),
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store_failed", error.to_string())
            .with_fix("`instep doctor` looks at what is wrong with the store")
    }
}

impl From<settings::Error> for Failure {
    fn from(error: settings::Error) -> Self {
        use settings::Error;
        match error {
            Error::Wrong { mistakes, .. } => {
                let text = "the settings could not be used; nothing was written";
                let failure = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "wrong_settings", text);
                Self { mistakes: mistakes.into_iter().map(convert::mistake).collect(), ..failure }
            }
            Error::Changed { .. } => Self::new(StatusCode::CONFLICT, "settings_changed", error.to_string())
                .with_fix("read them again, and change what they say now"),
            Error::NoSuchPlace(text) => Self::bad_request(text),
            other => Self::new(StatusCode::SERVICE_UNAVAILABLE, "settings_failed", other.to_string()),
        }
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Senseless(text) => Self::bad_request(text),
            other => Self::new(StatusCode::SERVICE_UNAVAILABLE, "access_failed", other.to_string()),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = self.status;
        // A structure of texts and numbers can always be written.
        let body = serde_json::to_vec(&self.into_fault()).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response()
    }
}
