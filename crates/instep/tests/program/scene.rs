//! The scene of every test: a home, two sides, and the program.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;
use testkit::{Entry, Tree};

/// A home of its own with an item `pair` of two empty folders, whose sides are called `left` and `right`.
pub(crate) struct Scene {
    home: TempDir,
    pub(crate) a: Tree,
    pub(crate) b: Tree,
}

/// What one run of the program left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Scene {
    /// A home with nothing set up.
    pub(crate) fn bare() -> Self {
        Self { home: tempfile::tempdir().expect("there is room in /tmp"), a: Tree::new(), b: Tree::new() }
    }

    pub(crate) fn new() -> Self {
        Self::with_b(Tree::new())
    }

    /// With this folder for the second side.
    pub(crate) fn with_b(b: Tree) -> Self {
        let scene = Self { b, ..Self::bare() };
        let (a, b) = (scene.a.path().as_os_str(), scene.b.path().as_os_str());
        let labels = ["--label-a", "left", "--label-b", "right"].map(OsStr::new);
        scene.run(&[&["add", "pair"].map(OsStr::new)[..], &[a, b], &labels].concat()).expect(0);
        scene
    }

    /// With `pair` synchronized once.
    pub(crate) fn synced(fill: impl FnOnce(&Self)) -> Self {
        let scene = Self::new();
        fill(&scene);
        scene.instep("sync pair --yes").expect(0);
        scene
    }

    /// Writes a file in one step: whoever watches sees one change, however busy the machine is.
    pub(crate) fn put(&self, tree: &Tree, at: &str, content: &str) {
        let prepared = self.home().join("prepared");
        fs::write(&prepared, content).expect("there is room");
        fs::rename(&prepared, tree.at(at)).expect("both are in /tmp");
    }

    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    pub(crate) fn command<S: AsRef<OsStr>>(&self, words: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_instep"));
        command.args(words).env_clear().env("INSTEP_HOME", self.home()).env("HOME", self.home().join("me"));
        command.env("TZ", "UTC").current_dir(self.home()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run<S: AsRef<OsStr>>(&self, words: &[S]) -> Run {
        let output = self.command(words).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("output is text");
        let run =
            Run { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        assert!(!run.stderr.contains("panicked"), "{run:?}");
        run
    }

    /// Runs a line of words without spaces; `A` and `B` stand for the folders.
    pub(crate) fn instep(&self, line: &str) -> Run {
        self.run(&self.words(line))
    }

    pub(crate) fn words(&self, line: &str) -> Vec<OsString> {
        let word = |word: &str| match word {
            "A" => self.a.path().into(),
            "B" => self.b.path().into(),
            word => word.into(),
        };
        line.split(' ').map(word).collect()
    }

    pub(crate) fn spawn(&self, line: &str) -> Child {
        let mut command = self.command(&self.words(line));
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// Runs with `--json`: the code and the objects. The last one is the summary.
    pub(crate) fn json(&self, line: &str) -> (i32, Vec<Value>) {
        let run = self.instep(&format!("{line} --json"));
        (run.code.expect("it ended by itself"), run.objects())
    }

    /// Runs with `--json`: the code and the summary.
    pub(crate) fn summary(&self, line: &str) -> (i32, Value) {
        let (code, mut objects) = self.json(line);
        let summary = objects.pop().expect("there is a summary");
        assert_eq!(summary["type"], "summary", "{summary}");
        (code, summary)
    }

    /// Both sides hold the same, and neither holds anything of ours outside `.instep`.
    pub(crate) fn assert_same(&self) {
        let (a, b) = (self.a.entries(), self.b.entries());
        assert_eq!(no_times(&a), no_times(&b));
        assert_no_temps(&a);
    }

    /// Files and links are the same on both sides.
    #[track_caller]
    pub(crate) fn assert_same_files(&self, what: &str) {
        let files = |tree: &Tree| {
            let mut entries = tree.entries();
            entries.retain(|_, entry| !matches!(entry, Entry::Dir(_)));
            entries
        };
        assert_eq!(no_times(&files(&self.a)), no_times(&files(&self.b)), "{what}");
        assert_no_temps(&self.a.entries());
        assert_no_temps(&self.b.entries());
    }

    /// Adds lines to the settings of the item.
    pub(crate) fn set_of_item(&self, lines: &str) {
        let file = self.settings_file();
        let text = fs::read_to_string(&file).expect("there are settings");
        let heading = "[items.pair]\n";
        fs::write(&file, text.replace(heading, &format!("{heading}{lines}")))
            .expect("settings can be written");
    }

    /// Adds a section to the settings.
    pub(crate) fn append_settings(&self, lines: &str) {
        let file = self.settings_file();
        let text = fs::read_to_string(&file).expect("there are settings");
        fs::write(&file, format!("{text}\n{lines}")).expect("settings can be written");
    }

    pub(crate) fn settings_file(&self) -> PathBuf {
        self.home().join("instep.toml")
    }

    /// As [`assert_same`](Self::assert_same), but for the files of these names.
    pub(crate) fn assert_same_but(&self, names: &[&str]) {
        let without = |tree: &Tree| {
            let mut entries = tree.entries();
            entries.retain(|path, _| !names.iter().any(|name| path == name.as_bytes()));
            entries
        };
        assert_eq!(no_times(&without(&self.a)), no_times(&without(&self.b)));
    }

    pub(crate) fn state(&self, path: &str) -> PathBuf {
        self.home().join("state").join(path)
    }

    /// Files below the trash of a side, without the run's directory.
    pub(crate) fn trash(&self, side: &Tree) -> Vec<String> {
        let root = side.at(".instep/trash");
        let Ok(runs) = fs::read_dir(root) else { return Vec::new() };
        let mut found: Vec<String> = runs
            .flat_map(|run| testkit::tree_of(&run.expect("the trash is readable").path()))
            .filter(|(_, entry)| !matches!(entry, Entry::Dir(_)))
            .map(|(path, _)| String::from_utf8_lossy(&path).into_owned())
            .collect();
        found.sort();
        found
    }
}

impl Run {
    /// The code must be this one.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}stderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// The words must be somewhere in the output.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(
                self.stdout.contains(word) || self.stderr.contains(word),
                "does not say {word:?}:\n{}{}",
                self.stdout,
                self.stderr
            );
        }
        self
    }

    pub(crate) fn objects(&self) -> Vec<Value> {
        let object = |line: &str| match serde_json::from_str(line) {
            Ok(Value::Object(object)) => Value::Object(object),
            other => panic!("{line:?} is no object: {other:?}"),
        };
        self.stdout.lines().map(object).collect()
    }
}

/// Directories take their times from what happens in them; files are compared whole.
fn no_times(tree: &BTreeMap<Vec<u8>, Entry>) -> BTreeMap<String, &Entry> {
    tree.iter().map(|(path, entry)| (path.escape_ascii().to_string(), entry)).collect()
}

/// S2: what is ours is gone after a clean run.
pub(crate) fn assert_no_temps(tree: &BTreeMap<Vec<u8>, Entry>) {
    let temp = |path: &&Vec<u8>| path.split(|byte| *byte == b'/').any(|name| name.starts_with(b".instep-"));
    assert_eq!(tree.keys().find(temp).map(|path| path.escape_ascii().to_string()), None);
}

/// Objects of one type.
pub(crate) fn of_type<'v>(objects: &'v [Value], kind: &str) -> Vec<&'v Value> {
    objects.iter().filter(|object| object["type"] == kind).collect()
}

/// Waits until it is so. The machine may be slow, but not that slow.
pub(crate) fn wait_until(mut so: impl FnMut() -> bool) {
    let start = std::time::Instant::now();
    while !so() {
        assert!(start.elapsed().as_secs() < 60, "it never came to that");
        std::thread::yield_now();
    }
}
