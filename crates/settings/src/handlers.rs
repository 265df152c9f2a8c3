//! Handlers that are other people's programs: `[handlers.<id>]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use syncmgr::HandlerId;

use crate::mistake::Mistake;
use crate::period::Period;
use crate::raw::Named;
use crate::words::{Command, PathWord, Text, check_id};

/// A program that speaks the handler protocol, and how it is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerProgram {
    /// Its identity, as items name it.
    pub id: HandlerId,
    /// How it is started.
    pub keys: HandlerKeys,
}

/// What `[handlers.<id>]` may say.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HandlerKeys {
    /// What people call it; its own word for itself if nothing is said.
    pub name: Option<String>,
    /// The program and its arguments.
    pub command: Command,
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
}

pub(crate) fn read(named: &Named) -> Result<HandlerProgram, Mistake> {
    let id = check_id(&named.key.text)
        .and_then(|()| HandlerId::new(&named.key.text).map_err(|refusal| refusal.to_string()))
        .map_err(|text| named.key.mistake(text))?;
    Ok(HandlerProgram { id, keys: named.table.read()? })
}
