//! Two folders and a home of their own, the real binary, and what must hold after every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fastrand::Rng;
use tempfile::TempDir;

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    Dir,
    File(Vec<u8>),
    Link(Vec<u8>),
}

/// A tree without our own directory at its top.
pub(crate) type Tree = BTreeMap<PathBuf, Node>;

pub(crate) struct Pair {
    place: TempDir,
}

/// What a run said.
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) summary: serde_json::Value,
    pub(crate) stderr: String,
}

impl Pair {
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("a")).unwrap();
        fs::create_dir(place.path().join("b")).unwrap();
        Self { place }
    }

    pub(crate) fn a(&self) -> PathBuf {
        self.place.path().join("a")
    }

    pub(crate) fn b(&self) -> PathBuf {
        self.place.path().join("b")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    pub(crate) fn sides(&self) -> [PathBuf; 2] {
        [self.a(), self.b()]
    }

    /// A copy of everything, times and inode-independent: the starting point of many tries.
    pub(crate) fn restore_from(&self, saved: &Path) {
        for part in ["a", "b", "home"] {
            let _ = fs::remove_dir_all(self.place.path().join(part));
        }
        let done = Command::new("cp").arg("-a").arg(saved.join(".")).arg(self.place.path()).status().unwrap();
        assert!(done.success());
    }

    /// Saves everything for [`restore_from`](Self::restore_from).
    pub(crate) fn save(&self) -> TempDir {
        let saved = tempfile::tempdir().unwrap();
        let done =
            Command::new("cp").arg("-a").arg(self.place.path().join(".")).arg(saved.path()).status().unwrap();
        assert!(done.success());
        saved
    }

    /// The binary with this pair's home, to run `words` (sides may be named by their paths).
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        self.wrapped(&[], words)
    }

    /// The same behind another program (`strace`).
    pub(crate) fn wrapped(&self, wrapper: &[&str], words: &[&str]) -> Command {
        let ours = env!("CARGO_BIN_EXE_instep");
        let mut all: Vec<&str> = wrapper.to_vec();
        all.push(ours);
        all.extend(words);
        let mut command = Command::new(all[0]);
        command.args(&all[1..]).env("INSTEP_HOME", self.home()).env("NO_COLOR", "1");
        command
    }

    pub(crate) fn sync(&self, options: &[&str]) -> Said {
        let (a, b) = (self.a(), self.b());
        let mut words = vec!["sync", a.to_str().unwrap(), b.to_str().unwrap(), "--yes", "--json"];
        words.extend(options);
        Said::from(self.command(&words).output().unwrap())
    }

    /// The paths that `conflicts --json` names.
    pub(crate) fn contested(&self) -> BTreeSet<PathBuf> {
        let output = self.command(&["conflicts", "--json"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter_map(|line| line["path"].as_str().map(PathBuf::from))
            .collect()
    }
}

impl Said {
    fn from(output: Output) -> Self {
        let stdout = String::from_utf8_lossy(&output.stdout);
        let summary =
            stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        Self {
            code: output.status.code(),
            summary,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// How many entries the run changed on both sides.
    pub(crate) fn changes(&self) -> u64 {
        ["created", "updated", "deleted", "moved"]
            .iter()
            .flat_map(|count| {
                ["a", "b"].map(|side| self.summary["counts"][count][side].as_u64().unwrap_or(u64::MAX / 16))
            })
            .sum()
    }
}

/// A number that somebody may set to have more tried.
pub(crate) fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Everything beneath `root` but our own top-level names.
pub(crate) fn tree(root: &Path) -> Tree {
    let mut found = Tree::new();
    collect(root, Path::new(""), &mut found);
    found
}

fn collect(root: &Path, beneath: &Path, found: &mut Tree) {
    for entry in fs::read_dir(root.join(beneath)).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let path = beneath.join(&name);
        if beneath == Path::new("") && name.as_bytes().starts_with(b".instep") {
            continue;
        }
        let kind = entry.file_type().unwrap();
        let full = root.join(&path);
        let node = if kind.is_dir() {
            Node::Dir
        } else if kind.is_symlink() {
            Node::Link(fs::read_link(&full).unwrap().into_os_string().into_vec())
        } else {
            Node::File(fs::read(&full).unwrap())
        };
        let descend = node == Node::Dir;
        found.insert(path.clone(), node);
        if descend {
            collect(root, &path, found);
        }
    }
}

/// The contents of all files of a tree.
pub(crate) fn contents(tree: &Tree) -> BTreeSet<Vec<u8>> {
    tree.values()
        .filter_map(|node| match node {
            Node::File(content) => Some(content.clone()),
            _ => None,
        })
        .collect()
}

/// The contents of all files in a side's trash.
pub(crate) fn trash(side: &Path) -> BTreeSet<Vec<u8>> {
    let trash = side.join(".instep/trash");
    if trash.is_dir() { contents(&tree(&trash)) } else { BTreeSet::new() }
}

/// Temp names that are left anywhere in a tree (S2).
pub(crate) fn left_over(side: &Path) -> Vec<PathBuf> {
    tree(side)
        .into_keys()
        .filter(|path| path.file_name().is_some_and(|name| name.as_bytes().starts_with(b".instep-")))
        .collect()
}

/// One random thing that a person does to a side. Every written content is new in the world, so that a content is a
/// version. Answers what was done, for the script that a failure prints.
pub(crate) fn act(random: &mut Rng, root: &Path, written: &mut u64) -> String {
    let tree = tree(root);
    let dirs: Vec<PathBuf> = std::iter::once(PathBuf::new())
        .chain(tree.iter().filter(|(_, node)| **node == Node::Dir).map(|(path, _)| path.clone()))
        .collect();
    let files: Vec<PathBuf> =
        tree.iter().filter(|(_, node)| matches!(node, Node::File(_))).map(|(path, _)| path.clone()).collect();
    let all: Vec<PathBuf> = tree.keys().cloned().collect();
    let names = ["n", "o", "p", "q", "r", "s"];
    let fresh = |random: &mut Rng| {
        let dir = &dirs[random.usize(..dirs.len())];
        dir.join(names[random.usize(..names.len())])
    };
    let mut content = || {
        *written += 1;
        format!("version {written}, {}\n", "x".repeat((*written % 7) as usize * 300)).into_bytes()
    };
    match random.usize(..12) {
        0..=2 => {
            let path = fresh(random);
            if root.join(&path).symlink_metadata().is_ok() {
                return "nothing".into();
            }
            fs::write(root.join(&path), content()).unwrap();
            format!("create {}", path.display())
        }
        3 | 4 => {
            let Some(path) = random.choice(&files) else { return "nothing".into() };
            fs::write(root.join(path), content()).unwrap();
            format!("edit {}", path.display())
        }
        5 => {
            let Some(path) = random.choice(&files) else { return "nothing".into() };
            // As editors save: a new file under the old name.
            let beside = root.join(path).with_file_name("saving~");
            fs::write(&beside, content()).unwrap();
            fs::rename(&beside, root.join(path)).unwrap();
            format!("save {}", path.display())
        }
        6 => {
            let path = fresh(random);
            if fs::create_dir(root.join(&path)).is_err() {
                return "nothing".into();
            }
            format!("mkdir {}", path.display())
        }
        7 | 8 => {
            let Some(from) = random.choice(&all) else { return "nothing".into() };
            let to = fresh(random);
            if to.starts_with(from) || root.join(&to).symlink_metadata().is_ok() {
                return "nothing".into();
            }
            fs::rename(root.join(from), root.join(&to)).unwrap();
            format!("move {} to {}", from.display(), to.display())
        }
        9 => {
            let Some(path) = random.choice(&all) else { return "nothing".into() };
            let full = root.join(path);
            if full.symlink_metadata().unwrap().is_dir() {
                fs::remove_dir_all(&full).unwrap();
            } else {
                fs::remove_file(&full).unwrap();
            }
            format!("delete {}", path.display())
        }
        10 => {
            let path = fresh(random);
            *written += 1;
            if std::os::unix::fs::symlink(format!("to-{written}"), root.join(&path)).is_err() {
                return "nothing".into();
            }
            format!("link {}", path.display())
        }
        _ => {
            let Some(path) = random.choice(&files) else { return "nothing".into() };
            use std::os::unix::fs::PermissionsExt;
            let mode = [0o600, 0o644, 0o755][random.usize(..3)];
            fs::set_permissions(root.join(path), fs::Permissions::from_mode(mode)).unwrap();
            format!("chmod {mode:o} {}", path.display())
        }
    }
}

/// Where both sides are not the same although no conflict is open.
pub(crate) fn differing(pair: &Pair) -> BTreeSet<PathBuf> {
    differing_but(pair, &pair.contested())
}

fn differing_but(pair: &Pair, contested: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let [a, b] = pair.sides().map(|side| tree(&side));
    let is_open = |path: &PathBuf| contested.iter().any(|open| path.starts_with(open));
    let paths = a.keys().chain(b.keys());
    paths.filter(|path| a.get(*path) != b.get(*path) && !is_open(path)).cloned().collect()
}

/// What must hold after a run in two-way mode that left conflicts alone. `before` and `synced` are both sides before
/// the run and after the run before it.
pub(crate) fn check(pair: &Pair, before: &[Tree; 2], synced: &[Tree; 2], said: &Said, script: &str) {
    let after = pair.sides().map(|side| tree(&side));
    assert!(
        matches!(said.code, Some(0 | 5)),
        "ended with {:?}: {}\n{}\n{script}",
        said.code,
        said.stderr,
        said.summary
    );
    let contested = pair.contested();
    assert_eq!(said.code == Some(5), !contested.is_empty(), "5 is for open conflicts\n{script}");
    let differ = differing_but(pair, &contested);
    assert!(differ.is_empty(), "the sides differ at {differ:?}\n{script}");

    let live: BTreeSet<Vec<u8>> = after.iter().flat_map(contents).collect();
    let kept: BTreeSet<Vec<u8>> = pair.sides().iter().flat_map(|side| trash(side)).collect();
    let old: BTreeSet<Vec<u8>> = synced.iter().flat_map(contents).collect();
    for version in before.iter().flat_map(contents) {
        let text = String::from_utf8_lossy(&version).chars().take(20).collect::<String>();
        // Nothing is lost (S1, S7), and nothing new goes away, not even to the trash.
        assert!(live.contains(&version) || kept.contains(&version), "{text:?} is lost\n{script}");
        assert!(
            live.contains(&version) || old.contains(&version),
            "the edit {text:?} did not survive\n{script}"
        );
    }
    for side in pair.sides() {
        assert_eq!(left_over(&side), Vec::<PathBuf>::new(), "temp names are left (S2)\n{script}");
    }
}
