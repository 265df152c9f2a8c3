//! Settings, secrets, alerts, and folders to choose from.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::path::PathText;
use crate::time::Time;

/// The settings as they are written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettingsText {
    /// The file.
    pub file: PathText,
    /// What it says, in TOML.
    pub text: String,
    /// Tells this text from others: given back with a change, so that nothing is changed that nobody saw.
    pub digest: String,
    /// The same as values, for programs; null when the text is no TOML. Keys are changed by `PATCH`.
    #[schema(value_type = Option<Object>)]
    pub values: Option<Value>,
}

/// Another text for the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewSettings {
    /// What the file is to say.
    pub text: String,
    /// `digest` of the text that it takes the place of.
    pub digest: String,
}

/// Single keys that are to be changed. Comments and everything else stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsPatch {
    /// `digest` of the settings that were seen; whatever they say if not said.
    #[serde(default, deserialize_with = "crate::said::said", skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub digest: Option<String>,
    /// The changes, in order.
    #[schema(min_items = 1, max_items = 100)]
    pub changes: Vec<KeyChange>,
}

/// One key that is to be changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyChange {
    /// Where it is: `["items", "photos", "schedule"]`. Tables that are missing are made. The tables of a list are counted
    /// from 0: `["alerts", "0", "remind"]`; the number after the last one makes another.
    #[schema(min_items = 1, max_items = 16)]
    pub path: Vec<String>,
    /// Its value; null takes it out. `["items", "photos"]` with an object makes an item, with null it goes.
    #[serde(default)]
    #[schema(value_type = Value)]
    pub value: Value,
}

/// A text that might become the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftSettings {
    /// What the file would say.
    pub text: String,
}

/// What is wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mistakes {
    /// In the order of the lines; none: they can be used.
    pub mistakes: Vec<Mistake>,
}

/// Something wrong with settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: u64,
    /// The column in characters, counted from 1.
    pub column: u64,
    /// How many characters it is about.
    pub width: u64,
    /// What is wrong, and what was probably meant.
    pub text: String,
    /// The line itself.
    pub excerpt: String,
}

/// The secrets that are kept. What they are is never told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretNames {
    /// Their names.
    pub secrets: Vec<SecretPlace>,
}

/// A secret, and where it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SecretPlace {
    /// Its name: settings say `secret:NAME`.
    pub name: String,
    /// Where it is, as a person reads it.
    pub place: String,
}

/// A secret that is to be kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretValue {
    /// The secret, one line.
    pub value: String,
}

/// What persons were told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alerts {
    /// What is open first, then the latest.
    pub alerts: Vec<Alert>,
}

/// Something that a person was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Alert {
    /// Its number.
    pub id: u64,
    /// Whether it is so still.
    pub open: bool,
    /// The rule that raised it, in words.
    pub rule: String,
    /// The handler that it is about.
    pub handler: Option<String>,
    /// The item that it is about.
    pub item: Option<String>,
    /// What that is called.
    pub name: String,
    /// One line.
    pub title: String,
    /// What happened, and why.
    pub text: String,
    /// What to do.
    pub fix: Option<String>,
    /// When it was raised.
    pub raised: Option<Time>,
    /// When a person was told last.
    pub told: Option<Time>,
    /// When all was well again.
    pub cleared: Option<Time>,
    /// How often the same happened again without being told.
    pub more: u64,
}

/// The channels by which persons are told something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Channels {
    /// In the order of their names.
    pub channels: Vec<Channel>,
}

/// A way to tell a person something, and whether it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Channel {
    /// What the settings call it.
    pub id: String,
    /// How it stands.
    pub state: ChannelState,
    /// Why what was told last did not get through.
    pub trouble: Option<String>,
}

/// How a channel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelState {
    /// Nothing was told by it since it was set up.
    Untried,
    /// What was told last got through.
    Works,
    /// What was told last did not, or it does not answer.
    Broken,
}

/// Which folder's folders.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FolderPath {
    /// The folder, from the root on; the person's own if not said.
    #[param(nullable = false)]
    pub path: Option<String>,
    /// The same in base64, where it is no UTF-8.
    #[param(nullable = false)]
    pub path_base64: Option<String>,
}

/// The folders in a folder of this machine, to choose from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Folders {
    /// The folder.
    #[serde(flatten)]
    pub path: PathText,
    /// The folder above it.
    pub parent: Option<PathText>,
    /// The folders in it, by name.
    pub folders: Vec<Folder>,
    /// Whether there are more than are told.
    pub more: bool,
}

/// A folder to choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Folder {
    /// What it is called.
    pub name: String,
    /// Where it is.
    #[serde(flatten)]
    pub path: PathText,
}
