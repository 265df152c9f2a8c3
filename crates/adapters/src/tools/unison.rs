//! Unison: two roots, both ways. What both sides changed stays as it is and is a conflict.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::options::{MaxDelete, Options};
use super::prepared::Answers;
use super::{Ends, Job, Kind, Prepared, Settles, Value};
use crate::verdict::Tool;

/// The kind.
pub struct Unison;

impl Kind for Unison {
    fn tool(&self) -> Tool {
        Tool::Unison
    }

    fn id(&self) -> &'static str {
        "unison"
    }

    fn version_words(&self) -> &'static [&'static str] {
        &["-version"]
    }

    /// The first whose last lines name what was skipped, and why.
    fn oldest(&self) -> [u32; 2] {
        [2, 48]
    }
}

/// Asked about the first item, it lists all of them and is told to leave it at that.
const LISTING: Answers = Answers { words: "l\nq\n", left: 3 };

/// What an item says.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Pair {
    what: What,
    ignore: Vec<String>,
    options: Vec<String>,
    environment: BTreeMap<String, Value>,
    max_delete: Option<MaxDelete>,
}

#[derive(Debug, Clone)]
enum What {
    Roots(String, String),
    Profile(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// A root: a folder, or `ssh://host/path`.
    a: Option<String>,
    /// The other one.
    b: Option<String>,
    /// Or one of Unison's own profiles, by its name.
    profile: Option<String>,
    /// Names that are left out, in Unison's syntax (`Name *.tmp`).
    #[serde(default)]
    ignore: Vec<String>,
    /// More of Unison's own options.
    #[serde(default)]
    options: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, Value>,
    /// The guard's limit.
    max_delete: Option<MaxDelete>,
}

impl TryFrom<Keys> for Pair {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Self, &'static str> {
        let what = match (keys.a, keys.b, keys.profile) {
            (Some(a), Some(b), None) => What::Roots(a, b),
            (None, None, Some(profile)) => What::Profile(profile),
            _ => {
                return Err(
                    "an item of Unison has two roots (`a` and `b`), or one of its profiles (`profile`)",
                );
            }
        };
        let Keys { ignore, options, environment, max_delete, .. } = keys;
        Ok(Self { what, ignore, options, environment, max_delete })
    }
}

impl Pair {
    /// What a profile says, also the one that Unison reads unasked, must not keep it from telling, or from ending.
    fn prepare(&self, own: &[&str], last: &[&str]) -> Prepared {
        let mut prepared = Prepared::new(["unison"]).with(&self.environment);
        for word in own.iter().chain(&["-ui", "text", "-sshargs", "-oBatchMode=yes"]) {
            prepared.word(*word);
        }
        for ignore in &self.ignore {
            prepared.word("-ignore");
            prepared.word(ignore);
        }
        prepared.words(&self.options);
        for word in ["-silent=false", "-terse=false", "-repeat="].iter().chain(last) {
            prepared.word(*word);
        }
        match &self.what {
            What::Roots(a, b) => prepared.words([a, b]),
            What::Profile(profile) => prepared.word(profile),
        }
        prepared
    }
}

impl Pair {
    /// The command that asks about the first item, whatever a profile says: without a question it would do it.
    fn asked(&self, own: &[&str]) -> Prepared {
        Prepared { answers: Some(LISTING), ..self.prepare(own, &["-batch=false", "-auto=false"]) }
    }

    /// The roots as Unison was told of them, as far as that can be seen: a profile may take them from elsewhere.
    fn roots(&self) -> Option<[String; 2]> {
        let profile = match &self.what {
            What::Roots(a, b) => return Some([a.clone(), b.clone()]),
            What::Profile(profile) => profile,
        };
        let own = |name: &str| match self.environment.get(name) {
            Some(Value::Text(text)) => Some(PathBuf::from(text)),
            Some(Value::Secret(_)) => None,
            None => std::env::var_os(name).map(PathBuf::from),
        };
        let directory = own("UNISON").or_else(|| Some(own("HOME")?.join(".unison")))?;
        let text = fs::read_to_string(directory.join(format!("{profile}.prf"))).ok()?;
        let mut roots = text.lines().filter_map(|line| {
            let (key, root) = line.split_once('=')?;
            (key.trim() == "root").then(|| root.trim().to_owned())
        });
        match (roots.next(), roots.next(), roots.next()) {
            (Some(a), Some(b), None) => Some([a, b]),
            _ => None,
        }
    }
}

impl Settles for Pair {
    fn list(&self, paths: &[&str]) -> Prepared {
        // A deletion that is part of a conflict is no reason for it to ask.
        let mut words = vec!["-confirmbigdel=false"];
        words.extend(paths.iter().flat_map(|path| ["-path", *path]));
        self.asked(&words)
    }

    fn prefer(&self, side: usize, keeps_both: bool, paths: &[&str]) -> Option<Prepared> {
        let root = self.roots()?[usize::from(side != 0)].clone();
        let patterns: Vec<_> = paths.iter().map(|path| format!("Path {} -> {root}", pattern(path))).collect();
        // What is overwritten or deleted is kept, where Unison keeps such things.
        let mut words = vec!["-batch", "-confirmbigdel=false", "-backup", "Name *"];
        if keeps_both {
            words.push("-copyonconflict");
        }
        for (path, pattern) in paths.iter().zip(&patterns) {
            words.extend(["-path", *path, "-preferpartial", pattern]);
        }
        Some(self.prepare(&words, &[]))
    }

    fn loser(&self) -> &'static str {
        "the other one is among Unison's backups where it was (by itself in ~/.unison/backup)"
    }

    /// Its patterns have no spaces at their ends.
    fn can_name(&self, path: &str) -> bool {
        path.trim() == path
    }
}

/// A path as one of Unison's patterns, which means just that path.
fn pattern(path: &str) -> String {
    let mut pattern = String::with_capacity(path.len());
    for c in path.chars() {
        if r"\*?[]{},".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

impl Job for Pair {
    fn command(&self, options: &Options) -> Prepared {
        // Its own guard: a root that was emptied.
        let released = if options.approve { &["-confirmbigdel=false"][..] } else { &[] };
        self.prepare(&[&["-batch"], released].concat(), &[])
    }

    /// It has none, but its list. A first run asks something else before, and has nothing to delete.
    fn dry_run(&self, _options: &Options) -> Option<Prepared> {
        Some(self.asked(&[]))
    }

    fn may_delete(&self) -> bool {
        true
    }

    fn max_delete(&self) -> Option<MaxDelete> {
        self.max_delete
    }

    /// A directory that would go is one line of its list, whatever is in it.
    fn folders(&self) -> [Option<PathBuf>; 2] {
        let local = |root: String| Some(PathBuf::from(root)).filter(|root| root.is_absolute());
        self.roots().map_or([None, None], |roots| roots.map(local))
    }

    fn settles(&self) -> Option<&dyn Settles> {
        self.roots().is_some().then_some(self)
    }

    fn comment(&self) -> String {
        match &self.what {
            What::Roots(a, b) => format!("{a} and {b}"),
            What::Profile(profile) => format!("the profile {profile}"),
        }
    }

    fn ends(&self) -> Ends {
        let [a, b] = match self.roots() {
            Some([a, b]) => {
                let last =
                    |root: &str| root.trim_end_matches('/').rsplit('/').next().unwrap_or(root).to_owned();
                let short = [last(&a), last(&b)];
                if short[0] == short[1] { [a, b] } else { short }
            }
            None => ["the first root", "the second root"].map(str::to_owned),
        };
        let same = format!("{a} and {b} are the same");
        Ends::new(a, b, same)
    }
}
