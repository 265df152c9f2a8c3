//! What starts a run besides the time, and what a run needs.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// What starts a run besides the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Trigger {
    /// `change`: the item's handler noticed a change.
    Change,
    /// `mount`, `mount:/media/nas`: something is mounted there; without a path, where one of the item's folders is.
    Mount(Option<PathBuf>),
    /// `network`, `network:wlan0`: the machine is online again, by that interface.
    Network(Option<String>),
    /// `wake`: the machine was asleep.
    Wake,
    /// `start`: the center was started.
    Start,
}

/// What must hold for a run to begin; until then it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Need {
    /// `mount:/media/nas`: something is mounted there.
    Mount(PathBuf),
    /// `network`, `network:wlan0`: the machine is online, by that interface.
    Network(Option<String>),
}

impl FromStr for Trigger {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, of) = split(text);
        match (word, of) {
            ("change", None) => Ok(Self::Change),
            ("wake", None) => Ok(Self::Wake),
            ("start", None) => Ok(Self::Start),
            ("mount", None) => Ok(Self::Mount(None)),
            ("mount", Some(path)) => mount_point(path).map(|path| Self::Mount(Some(path))),
            ("network", None) => Ok(Self::Network(None)),
            ("network", Some(name)) => interface(name).map(|name| Self::Network(Some(name))),
            _ => Err(format!(
                "`{text}` is none of change, mount, mount:/a/path, network, network:an-interface, wake, start"
            )),
        }
    }
}

impl FromStr for Need {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, of) = split(text);
        match (word, of) {
            ("mount", Some(path)) => mount_point(path).map(Self::Mount),
            ("mount", None) => {
                Err("say what must be mounted, by its mount point: `mount:/media/nas`".to_owned())
            }
            ("network", None) => Ok(Self::Network(None)),
            ("network", Some(name)) => interface(name).map(|name| Self::Network(Some(name))),
            _ => Err(format!("`{text}` is none of mount:/a/path, network, network:an-interface")),
        }
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    text.split_once(':').map_or((text, None), |(word, of)| (word, Some(of)))
}

fn mount_point(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    if !path.is_absolute() {
        return Err(format!(
            "`{text}`: a mount point is given by its absolute path, as in `mount:/media/nas`"
        ));
    }
    // As the system lists it: without a slash at the end.
    Ok(path.components().collect())
}

fn interface(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > 15 || text.contains(['/', ' ']) {
        return Err(format!("`{text}` is no name of a network interface; `ip link` lists them"));
    }
    Ok(text.to_owned())
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Change => f.write_str("change"),
            Self::Mount(None) => f.write_str("mount"),
            Self::Mount(Some(path)) => write!(f, "mount:{}", path.display()),
            Self::Network(None) => f.write_str("network"),
            Self::Network(Some(name)) => write!(f, "network:{name}"),
            Self::Wake => f.write_str("wake"),
            Self::Start => f.write_str("start"),
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mount(path) => write!(f, "mount:{}", path.display()),
            Self::Network(None) => f.write_str("network"),
            Self::Network(Some(name)) => write!(f, "network:{name}"),
        }
    }
}

impl TryFrom<String> for Trigger {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl TryFrom<String> for Need {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Trigger> for String {
    fn from(trigger: Trigger) -> Self {
        trigger.to_string()
    }
}

impl From<Need> for String {
    fn from(need: Need) -> Self {
        need.to_string()
    }
}

impl JsonSchema for Trigger {
    fn schema_name() -> Cow<'static, str> {
        "Trigger".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "What starts a run besides the time",
            "pattern": "^(change|wake|start|mount(:/.*)?|network(:.+)?)$",
            "examples": ["change", "mount", "mount:/media/nas", "network", "network:wlan0", "wake", "start"],
        })
    }
}

impl JsonSchema for Need {
    fn schema_name() -> Cow<'static, str> {
        "Need".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "What must hold for a run to begin",
            "pattern": "^(mount:/.*|network(:.+)?)$",
            "examples": ["mount:/media/nas", "network", "network:wlan0"],
        })
    }
}
