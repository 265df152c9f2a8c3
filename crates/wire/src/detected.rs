//! What a machine synchronizes already, found by looking at what other tools are set up for.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::path::PathText;

/// What a look at the machine found. Nothing was written, and no secret is in it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Detected {
    /// The tools that are installed, and those that something found needs and that are not.
    pub tools: Vec<DetectedTool>,
    /// What they are set up for: first what runs by itself, then what could.
    pub found: Vec<Found>,
    /// Files that could not be looked at, or not wholly.
    pub unread: Vec<Unread>,
}

/// A tool that synchronizes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DetectedTool {
    /// Its name, which is also that of its handler.
    pub tool: String,
    /// The program; none when it is not installed.
    pub program: Option<PathText>,
    /// Its version, if it tells one.
    pub version: Option<String>,
    /// Why it cannot be used as it is: missing, too old, does not start.
    pub problem: Option<String>,
}

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FoundKind {
    /// A command that runs by itself: a cron line, a script of cron, a unit of systemd.
    Job,
    /// A folder that a tool keeps in sync.
    Folder,
    /// Two roots that a tool keeps in sync.
    Profile,
    /// Where backups go.
    Repository,
    /// A cloud or machine that a tool is set up for.
    Remote,
    /// Another machine that a tool synchronizes with.
    Device,
}

/// Something that is set up already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// Tells it from all others, as long as its file stays as it is.
    pub key: String,
    /// The tool.
    pub tool: String,
    /// What it is.
    pub kind: FoundKind,
    /// What it does, in one line.
    pub title: String,
    /// Where it is set up.
    pub file: PathText,
    /// The line in that file, counted from 1.
    pub line: Option<u64>,
    /// As whom it runs, if not as the person who asks.
    pub user: Option<String>,
    /// The command as it stands there, with secrets left out.
    pub command: Option<String>,
    /// When it runs, in words.
    pub schedule: Option<String>,
    /// Whether it is told to us already: it runs under `instep run`, or is an item of the settings.
    pub known: bool,
    /// How to have it watched where it is: nothing else changes.
    pub watch: Option<WatchIt>,
    /// The item that it would be, if it is to be run from here.
    pub run: Option<RunIt>,
    /// What a person should know before they choose.
    pub note: Option<String>,
}

/// What to put in front of a command so that it is seen, stopped and explained like all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WatchIt {
    /// The name under which it is shown.
    pub name: String,
    /// What stands in front of the command then: `instep run NAME --`.
    pub prefix: String,
    /// The whole line with it, secrets left out.
    pub line: String,
}

/// An item of the settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunIt {
    /// The item's identity.
    pub item: String,
    /// Its keys as the settings take them: `["items", ITEM]` is set to this.
    #[schema(value_type = Value)]
    pub settings: Value,
    /// Keys that a person has to fill in first.
    pub missing: Vec<String>,
    /// The same as the file says it.
    pub text: String,
}

/// A file that could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unread {
    /// The file.
    pub file: PathText,
    /// Why.
    pub why: String,
}
