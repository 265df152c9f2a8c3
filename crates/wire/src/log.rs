//! What the command of a run wrote.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Which lines of a log.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct LogFilter {
    /// Only from this place on, in bytes: `next` of the page before, or `bytes` to see what was written since.
    #[serde(deserialize_with = "crate::said::whole")]
    pub from: u64,
    /// The last lines instead of the first ones.
    pub tail: bool,
    /// Only lines with this text, without case.
    #[param(nullable = false, max_length = 200)]
    pub search: Option<String>,
    /// The size of the page; 100 if not said.
    #[param(nullable = false, minimum = 1, maximum = 1000)]
    pub limit: Option<u32>,
}

/// A page of what the command of a run wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunLog {
    /// The run.
    pub run: u64,
    /// How many bytes were written so far.
    pub bytes: u64,
    /// What is not kept: of a long log only the beginning and the end are.
    pub left_out: Option<LogGap>,
    /// The lines, in their order.
    pub lines: Vec<LogLine>,
    /// Where the next page begins (`from`); none after the last.
    pub next: Option<u64>,
}

/// A part of a log that is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogGap {
    /// Its first byte.
    #[serde(deserialize_with = "crate::said::whole")]
    pub from: u64,
    /// The first byte after it.
    pub until: u64,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogLine {
    /// Where it begins, in bytes.
    pub at: u64,
    /// What it says, with whatever the command put into it; what is no UTF-8 is replaced. To be shown, not to be trusted.
    pub text: String,
}
