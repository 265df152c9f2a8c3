//! What is known of a handler before it is asked anything.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};
use syncmgr::conflict::SharedLedger;
use syncmgr::control::Control;
use syncmgr::{HandlerId, Problem, SessionCreator};

/// A handler in another process, as the settings describe it.
#[derive(Debug, Clone)]
pub struct HandlerSpec {
    /// The identifier under which it is registered.
    pub id: HandlerId,
    /// What people call it; none: what it calls itself.
    pub name: Option<String>,
    /// The program and its arguments; none: the program starts itself and connects to the socket.
    pub command: Option<Vec<String>>,
    /// Where it is started; none: where we are.
    pub dir: Option<PathBuf>,
    /// Added to the environment.
    pub env: BTreeMap<String, String>,
    /// Where the whole environment comes from when a process is started; none: it inherits ours.
    pub environment: Option<Environment>,
    /// The handler's own settings.
    pub settings: Map<String, Value>,
    /// The settings of its items.
    pub items: BTreeMap<String, Map<String, Value>>,
    /// The collection whose partners it lists, or of one of whose partners it is the handler; none: it is by itself.
    pub collection: Option<Membership>,
    /// Where the file is that remembers what it said of itself, and its log; none: nothing is kept.
    pub state: Option<PathBuf>,
}

impl HandlerSpec {
    /// A handler with nothing but a command.
    pub fn of_command(id: HandlerId, command: Vec<String>) -> Self {
        Self { command: Some(command), ..Self::of_socket(id) }
    }

    /// A handler whose program starts itself.
    pub fn of_socket(id: HandlerId) -> Self {
        Self {
            id,
            name: None,
            command: None,
            dir: None,
            env: BTreeMap::new(),
            environment: None,
            settings: Map::new(),
            items: BTreeMap::new(),
            collection: None,
            state: None,
        }
    }
}

/// A process of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The collection.
    pub collection: String,
    /// The partner whose handler it is; none: it lists them.
    pub partner: Option<String>,
}

/// Looks up the variables of a process when it is started: secrets are not held longer than that.
#[derive(Clone)]
pub struct Environment(pub Arc<LookUp>);

/// Gives the variables, or says which cannot be had.
pub type LookUp = dyn Fn() -> Result<Vec<(String, String)>, Problem> + Send + Sync;

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Environment")
    }
}

/// What a handler reaches in the center. Without a part, the calls that need it are refused.
#[derive(Clone, Default)]
pub struct Services {
    /// Opens sessions that nobody asked for.
    pub creator: Option<Arc<dyn SessionCreator>>,
    /// Hears what changed, and starts and stops the handler's own items.
    pub control: Option<Arc<dyn Control>>,
    /// Keeps its conflicts.
    pub ledger: Option<SharedLedger>,
}
