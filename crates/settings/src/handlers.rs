//! Handlers that are other people's programs: `[handlers.<id>]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use syncmgr::HandlerId;

use crate::mistake::Mistake;
use crate::period::Period;
use crate::raw::{Named, RawTable};
use crate::words::{Command, PathWord, Text, check_id};

/// A program that speaks the handler protocol, and how it is started.
#[derive(Debug, Clone, PartialEq)]
pub struct HandlerProgram {
    /// Its identity, as items name it.
    pub id: HandlerId,
    /// How it is started, and what it is told.
    pub keys: HandlerKeys,
}

/// What `[handlers.<id>]` may say.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandlerKeys {
    /// What people call it; its own word for itself if nothing is said.
    pub name: Option<String>,
    /// The program and its arguments; nothing: it starts itself, and connects to the daemon.
    pub command: Option<Command>,
    /// Variables that are set for it. A value may be `secret:NAME`.
    #[serde(default)]
    pub env: BTreeMap<String, Text>,
    /// Variables that it inherits besides the usual ones (`PATH`, `HOME`, `LANG` and the like).
    #[serde(default)]
    pub pass_env: Vec<String>,
    /// Where it is started; the home directory if nothing is said.
    pub directory: Option<PathWord>,
    /// How long it may take to answer its first call; 10 seconds if nothing is said.
    pub start_timeout: Option<Period>,
    /// What the program itself is told, in its own words.
    #[serde(default)]
    pub settings: Map<String, Value>,
}

/// Keys that say how a program is started.
const OF_A_COMMAND: &[&str] = &["env", "pass_env", "directory"];

pub(crate) fn read(named: &Named) -> Result<HandlerProgram, Mistake> {
    let id = check_id(&named.key.text)
        .and_then(|()| HandlerId::new(&named.key.text).map_err(|refusal| refusal.to_string()))
        .map_err(|text| named.key.mistake(text))?;
    let keys = HandlerKeys::read(&named.table)?;
    Ok(HandlerProgram { id, keys })
}

impl HandlerKeys {
    /// What a table says.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn read(table: &RawTable) -> Result<Self, Mistake> {
        let keys: Self = table.read()?;
        if keys.command.is_none()
            && let Some(key) = OF_A_COMMAND.iter().find(|key| table.has(key))
        {
            let why = format!(
                "`{key}` goes with `command` only: a program that starts itself is started elsewhere"
            );
            return Err(table.mistake_at(key, why));
        }
        Ok(keys)
    }
}
