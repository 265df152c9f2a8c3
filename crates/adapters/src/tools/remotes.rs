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
use super::{Ends, Kind as _, Prepared, Set, Surroundings, ToolHandler, Value, asked, remembered};
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

/// What is said of one remote alone, in the place of what is said of all.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneRemote {
    mode: Option<Bring>,
    exclude: Option<Vec<String>>,
    options: Option<Vec<String>>,
    max_delete: Option<MaxDelete>,
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

impl RemoteKeys {
    /// The same for one of them.
    #[must_use]
    pub fn but(mut self, one: &OneRemote) -> Self {
        let OneRemote { mode, exclude, options, max_delete } = one.clone();
        self.mode = mode.unwrap_or(self.mode);
        self.exclude = exclude.unwrap_or(self.exclude);
        self.options = options.unwrap_or(self.options);
        self.max_delete = max_delete.or(self.max_delete);
        self
    }

    /// What results call a remote and its folder.
    pub fn ends(&self) -> Ends {
        Ends::one_way(self.mode == Bring::Sync)
    }
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

/// What the settings say of remotes.
#[derive(Clone)]
pub struct SaidOfRemotes {
    /// Of all of them.
    pub keys: RemoteKeys,
    /// Of those that are named.
    pub ones: BTreeMap<String, OneRemote>,
    /// Which of them come in.
    pub enabled: Arc<dyn Fn(&str) -> bool + Send + Sync>,
}

/// Where rclone keeps its remotes, and where we keep what it listed.
#[derive(Debug, Clone)]
pub struct Places {
    /// The home directory, for `~`.
    pub home: Option<PathBuf>,
    /// The files in which rclone may have its remotes.
    pub config: Vec<PathBuf>,
    /// A file of ours for what it listed last.
    pub kept: PathBuf,
}

/// Who knows the remotes: rclone itself.
pub struct Remotes {
    said: RwLock<Option<SaidOfRemotes>>,
    places: Places,
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
    /// Asks rclone as soon as something is said of it.
    pub fn new(places: Places, around: Surroundings, conflicts: Arc<dyn ConflictLedger>) -> Self {
        Self { said: RwLock::default(), places, around, conflicts }
    }

    /// Takes what is said of them now; nothing: there are none.
    pub fn set(&self, said: Option<SaidOfRemotes>) {
        *self.said.write().unwrap_or_else(PoisonError::into_inner) = said;
    }

    fn said(&self) -> Option<SaidOfRemotes> {
        self.said.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What rclone lists, or listed when its settings were the same. Remotes that are made of variables stand in no file.
    fn listed(&self, keys: &RemoteKeys) -> Result<Vec<(String, String)>, HandlerError> {
        let makes_one = |name: &str| name.starts_with("RCLONE_CONFIG_") && name.ends_with("_TYPE");
        let own = std::env::vars_os().any(|(name, _)| name.to_str().is_some_and(makes_one));
        if own || keys.environment.keys().any(|name| makes_one(name)) {
            return self.ask(keys);
        }
        remembered::or_else(&self.places.kept, &self.files_of(keys), || self.ask(keys))
    }

    fn files_of(&self, keys: &RemoteKeys) -> Vec<PathBuf> {
        match keys.environment.get("RCLONE_CONFIG") {
            Some(Value::Text(file)) => vec![file.into()],
            // A path that is a secret is nobody's business before it is needed.
            Some(Value::Secret(_)) => Vec::new(),
            None => self.places.config.clone(),
        }
    }

    fn ask(&self, keys: &RemoteKeys) -> Result<Vec<(String, String)>, HandlerError> {
        let words = ["rclone", "listremotes", "--long", "--ask-password=false"];
        let command = Prepared::new(words).with(&keys.environment).command(&*self.around.secret)?;
        let answer =
            asked::ask(command, LIST, &mut || true).map_err(|error| asked::not_run(Rclone.id(), &error))?;
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
        let Some(said) = self.said() else { return Ok(Vec::new()) };
        let folder = match (said.keys.folder.0.strip_prefix("~"), &self.places.home) {
            (Ok(rest), Some(home)) => home.join(rest),
            (Ok(_), None) => {
                let text = "the folder of rclone's remotes is in a home directory, and there is none";
                return Err(HandlerError::new(ProblemClass::Config, text));
            }
            (Err(_), _) => said.keys.folder.0.clone(),
        };
        let listed = self.listed(&said.keys)?;
        let partner = |(name, kind): (String, String)| {
            // A name that is no identifier, or leads out of the folder, is left out.
            let id = HandlerId::new(&format!("{ID}:{name}")).ok()?;
            let within = folder.join(&name);
            let mut steps = Path::new(&name).components();
            let is_name = matches!((steps.next(), steps.next()), (Some(Component::Normal(_)), None));
            let keys = match said.ones.get(&name) {
                Some(one) => said.keys.clone().but(one),
                None => said.keys.clone(),
            };
            let job = Copying::of_remote(&name, &within, &keys);
            (is_name && (said.enabled)(&name)).then_some((id, Remote { name, kind, job }))
        };
        Ok(listed.into_iter().filter_map(partner).collect())
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
        self.said().map(|said| self.files_of(&said.keys)).unwrap_or_default()
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
