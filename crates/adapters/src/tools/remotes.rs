//! rclone's remotes as partners: each is a handler whose one item brings the remote into a folder of its name.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde::Deserialize;
use syncmgr::conflict::ConflictLedger;
use syncmgr::flags::HandlerType;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::{HandlerError, HandlerId, HandlerInfo, ItemId, Refusal};

use super::options::MaxDelete;
use super::rclone::{Copying, Rclone};
use super::{Kind as _, Prepared, Set, Surroundings, ToolHandler, Value, asked};
use crate::collection::Source;
use crate::parse::class_of;
use crate::process::Exit;

/// What the collection is called in the settings.
pub const ID: &str = "rclone";
/// How much of a list of remotes is read.
const LIST: usize = 1 << 20;

/// What is said of all remotes together.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RemoteKeys {
    /// Where the folders of the remotes are: absolute, or `~/...`.
    folder: Folder,
    #[serde(default)]
    pub(super) mode: Bring,
    /// Names that are left out.
    #[serde(default)]
    pub(super) exclude: Vec<String>,
    /// More of rclone's own options.
    #[serde(default)]
    pub(super) options: Vec<String>,
    /// More of its environment, also when the remotes are listed.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Value>,
    /// The guard's limit.
    pub(super) max_delete: Option<MaxDelete>,
}

/// How a remote is brought here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Bring {
    /// Nothing is taken away here.
    #[default]
    Copy,
    /// The folder becomes equal to the remote.
    Sync,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
struct Folder(PathBuf);

impl TryFrom<String> for Folder {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let path = PathBuf::from(text);
        if path.is_absolute() || path.starts_with("~") {
            Ok(Self(path))
        } else {
            Err("`folder` is absolute, or begins with `~/`")
        }
    }
}

/// Who knows the remotes: rclone itself.
pub struct Remotes {
    keys: RwLock<Option<RemoteKeys>>,
    home: Option<PathBuf>,
    config: Vec<PathBuf>,
    around: Surroundings,
    conflicts: Arc<dyn ConflictLedger>,
}

/// A remote, and what its one item does.
pub struct Remote {
    name: String,
    kind: String,
    job: Copying,
}

impl Remotes {
    /// Asks rclone as soon as something is said of it. `config` are the files in which it may keep its remotes.
    pub fn new(
        home: Option<PathBuf>,
        config: Vec<PathBuf>,
        around: Surroundings,
        conflicts: Arc<dyn ConflictLedger>,
    ) -> Self {
        Self { keys: RwLock::default(), home, config, around, conflicts }
    }

    /// Takes what is said of them now; nothing: there are none.
    pub fn set(&self, keys: Option<RemoteKeys>) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }

    fn keys(&self) -> Option<RemoteKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn ask(&self, keys: &RemoteKeys) -> Result<Vec<(String, String)>, HandlerError> {
        let words = ["rclone", "listremotes", "--long", "--ask-password=false"];
        let command = Prepared::new(words).with(&keys.environment).command(&*self.around.secret)?;
        let answer = asked::ask(command, LIST).map_err(|error| asked::not_run(Rclone.id(), &error))?;
        if answer.ended.exit != Exit::Code(0) {
            return Err(why_not(&String::from_utf8_lossy(&answer.errors)).into());
        }
        Ok(remotes(&String::from_utf8_lossy(&answer.output)))
    }

    fn item(&self, made: &ToolHandler, remote: &Remote) -> Result<(), Refusal> {
        let id = ItemId::new(syncmgr::Handler::id(made).as_str())?;
        made.set(vec![Set { id, name: remote.name.clone(), job: Arc::new(remote.job.clone()) }]);
        Ok(())
    }
}

impl Source for Remotes {
    type Partner = Remote;
    type Made = ToolHandler;

    fn id(&self) -> &'static str {
        ID
    }

    fn list(&self) -> Result<Vec<(HandlerId, Remote)>, HandlerError> {
        let Some(keys) = self.keys() else { return Ok(Vec::new()) };
        let folder = match (keys.folder.0.strip_prefix("~"), &self.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            (Ok(_), None) => {
                let text = "the folder of rclone's remotes is in a home directory, and there is none";
                return Err(HandlerError::new(ProblemClass::Config, text));
            }
            (Err(_), _) => keys.folder.0.clone(),
        };
        let partner = |(name, kind): (String, String)| {
            // A name that is no identifier, or leads out of the folder, is left out.
            let id = HandlerId::new(&format!("{ID}:{name}")).ok()?;
            let within = folder.join(&name);
            let mut steps = Path::new(&name).components();
            let is_name = matches!((steps.next(), steps.next()), (Some(Component::Normal(_)), None));
            let job = Copying::of_remote(&name, &within, &keys);
            is_name.then_some((id, Remote { name, kind, job }))
        };
        Ok(self.ask(&keys)?.into_iter().filter_map(partner).collect())
    }

    fn make(&self, id: &HandlerId, remote: &Remote) -> Result<ToolHandler, Refusal> {
        let info = HandlerInfo {
            kind: HandlerType::Service,
            type_label: format!("Remote of rclone ({})", remote.kind),
            comment: super::Job::comment(&remote.job),
            ..HandlerInfo::default()
        };
        let (around, conflicts) = (self.around.clone(), Arc::clone(&self.conflicts));
        let made = ToolHandler::of_partner(id.clone(), remote.name.clone(), info, &Rclone, around, conflicts);
        self.item(&made, remote)?;
        Ok(made)
    }

    fn renew(&self, made: &ToolHandler, remote: &Remote) -> Result<(), Refusal> {
        self.item(made, remote)
    }

    fn files(&self) -> Vec<PathBuf> {
        let Some(keys) = self.keys() else { return Vec::new() };
        match keys.environment.get("RCLONE_CONFIG") {
            Some(Value::Text(file)) => vec![file.into()],
            _ => self.config.clone(),
        }
    }
}

/// Why rclone does not list them.
fn why_not(said: &str) -> Problem {
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    let encrypted = last.contains("RCLONE_CONFIG_PASS");
    let class = if encrypted { ProblemClass::Auth } else { class_of(last) };
    let problem = Problem::new(class, format!("rclone does not list its remotes: {}", last.trim()));
    if encrypted {
        return problem.with_fix(
            "keep its password with `instep secret set rclone`, and give it to rclone: environment = \
             { RCLONE_CONFIG_PASS = \"secret:rclone\" }",
        );
    }
    problem.with_fix("see what `rclone listremotes` says")
}

/// Name and kind of each, of lines like `drive:   webdav`.
fn remotes(text: &str) -> Vec<(String, String)> {
    let remote = |line: &str| {
        let (name, kind) = line.trim_end().rsplit_once([' ', '\t'])?;
        Some((name.trim_end().strip_suffix(':')?.to_owned(), kind.to_owned()))
    };
    text.lines().filter_map(remote).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_read_as_rclone_lists_them() {
        let all = remotes("..:       local\nmy drive: drive\nweb:      webdav\nno remote\n");
        let names: Vec<_> = all.iter().map(|(name, kind)| (name.as_str(), kind.as_str())).collect();
        assert_eq!(names, [("..", "local"), ("my drive", "drive"), ("web", "webdav")]);
    }
}
