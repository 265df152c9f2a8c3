//! Where a look begins.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

/// Where a look begins. Everything that it sees of the world is beneath these.
#[derive(Debug, Clone)]
pub struct Roots {
    /// The person's own directory.
    pub home: Option<PathBuf>,
    /// Where the person's programs keep their settings (`~/.config`).
    pub config: Option<PathBuf>,
    /// Where they keep what they remember (`~/.local/state`).
    pub state: Option<PathBuf>,
    /// What `/etc`, `/var` and `/usr` are beneath.
    pub system: PathBuf,
    /// Where programs are looked for.
    pub path: Vec<PathBuf>,
    /// The person's own crontab: only cron may read it where it lies.
    pub crontab: Option<Vec<u8>>,
    /// How this program is started.
    pub program: String,
    /// The items that are set up already, each with the handler in `handler`.
    pub items: Vec<Map<String, Value>>,
    /// The tools of which everything is here already.
    pub collections: Vec<String>,
}

impl Roots {
    /// Whether all that a tool is set up for is here.
    pub(crate) fn collects(&self, tool: &str) -> bool {
        self.collections.iter().any(|collection| collection == tool)
    }

    /// A path of the system.
    pub(crate) fn system(&self, path: &str) -> PathBuf {
        self.system.join(path)
    }

    /// A path in the person's settings.
    pub(crate) fn config(&self, path: &str) -> Option<PathBuf> {
        self.config.as_ref().map(|config| config.join(path))
    }

    /// A path of the person's own.
    pub(crate) fn home(&self, path: &str) -> Option<PathBuf> {
        self.home.as_ref().map(|home| home.join(path))
    }

    /// A program by its name.
    pub(crate) fn program(&self, name: &str) -> Option<PathBuf> {
        self.path.iter().map(|directory| directory.join(name)).find(|path| path.is_file())
    }

    /// A path that a command of the person names: absolute, however it was written. A place on another machine
    /// (`host:path`, `scheme://...`, `remote:`) stays as it is.
    pub(crate) fn absolute(&self, text: &str) -> Option<String> {
        let elsewhere = text.find(':').is_some_and(|colon| !text[..colon].contains('/'));
        if text.starts_with('/') || elsewhere {
            return Some(text.to_owned());
        }
        let rest = text.strip_prefix("~/").unwrap_or(text);
        let home: &Path = self.home.as_deref()?;
        Some(home.join(rest).to_str()?.to_owned())
    }
}
