//! What a handler said of itself, kept in a file: whoever only wants to see the list of items starts no process for it.

use std::fs;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wire::rpc::handler::{HandlerDescription, ItemDescription};

use super::connection::file_name;
use super::spec::HandlerSpec;
use crate::files::write_whole;

/// What a handler said of itself and its items.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) handler: HandlerDescription,
    pub(crate) items: Vec<ItemDescription>,
    /// It wants to run all the time.
    #[serde(default)]
    pub(crate) stays: bool,
}

/// The file. It can always be made again, so nothing depends on it.
pub(crate) struct Memory {
    path: Option<PathBuf>,
    /// What the handler was told; another command or other settings make another handler of it.
    told: String,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    told: String,
    said: T,
}

impl Memory {
    pub(crate) fn of(spec: &HandlerSpec) -> Self {
        let told = (&spec.command, &spec.dir, &spec.env, &spec.settings, &spec.items);
        Self {
            path: spec
                .state
                .as_ref()
                .map(|state| state.join(format!("{}.json", file_name(spec.id.as_str())))),
            told: serde_json::to_string(&told).unwrap_or_default(),
        }
    }

    pub(crate) fn read<T: DeserializeOwned>(&self) -> Option<T> {
        let text = fs::read(self.path.as_ref()?).ok()?;
        let kept: Kept<T> = serde_json::from_slice(&text).ok()?;
        (kept.told == self.told).then_some(kept.said)
    }

    pub(crate) fn write<T: Serialize>(&self, said: &T) {
        let Some(path) = &self.path else { return };
        let kept = Kept { told: self.told.clone(), said };
        // Whatever keeps it from being written only makes the next reader ask the handler.
        let Ok(text) = serde_json::to_vec(&kept) else { return };
        if fs::read(path).is_ok_and(|old| old == text) {
            return;
        }
        let Some(dir) = path.parent() else { return };
        let _ = fs::create_dir_all(dir);
        let _ = write_whole(path, &text);
    }
}
