//! The results as files.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::page::EventOrder;
use crate::time::Time;
use crate::words::{Level, Outcome};

/// How results are written into a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportFormat {
    /// A table for spreadsheets, with a heading.
    #[default]
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// Which runs, and how.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportRuns {
    /// How they are written.
    #[param(inline)]
    pub format: ExportFormat,
    /// Only runs of this handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// Only runs with this item (of `handler`).
    #[param(nullable = false)]
    pub item: Option<String>,
    /// Only runs that came to this.
    #[param(nullable = false)]
    pub outcome: Option<Outcome>,
    /// Only runs that began at this moment or later.
    #[param(nullable = false)]
    pub since: Option<Time>,
    /// Only runs that began before this moment.
    #[param(nullable = false)]
    pub until: Option<Time>,
    /// Only runs with an item or a problem that has this text.
    #[param(nullable = false, max_length = 200)]
    pub search: Option<String>,
}

/// Which events, and how.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportEvents {
    /// How they are written.
    #[param(inline)]
    pub format: ExportFormat,
    /// Only events of this run.
    #[param(nullable = false)]
    #[serde(deserialize_with = "crate::said::said_whole")]
    pub run: Option<u64>,
    /// Only events of this handler.
    #[param(nullable = false)]
    pub handler: Option<String>,
    /// Only events of this item (of `handler`).
    #[param(nullable = false)]
    pub item: Option<String>,
    /// Only events of this level or a more serious one.
    #[param(nullable = false)]
    pub level: Option<Level>,
    /// Only events whose name or description has this text.
    #[param(nullable = false, max_length = 200)]
    pub search: Option<String>,
    /// The order.
    #[param(inline)]
    pub order: EventOrder,
}
