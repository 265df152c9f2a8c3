//! About the service itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which program answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Version {
    /// Always `instep`.
    pub program: String,
    /// Its version.
    pub version: String,
    /// The version of this API.
    pub api: u32,
}

/// Whether the service can do its work. Answered with status 503 when it cannot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Health {
    /// Whether every check is.
    pub healthy: bool,
    /// What was looked at.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Check {
    /// What it is.
    pub name: String,
    /// Whether it is as it should be.
    pub healthy: bool,
    /// What is wrong, in a sentence.
    pub detail: Option<String>,
}
