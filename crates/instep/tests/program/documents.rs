//! What the documents tell people to copy is run, or read by the program, as it stands there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::scene::{Scene, wait_until};

/// A block of a document that may be copied.
struct Block {
    language: String,
    text: String,
    place: String,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The blocks between fences of a document.
fn blocks(document: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join(document)).expect("the document is there");
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        match line.strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                let place = format!("{document}, line {}", number + 1);
                blocks.push(Block { language: language.to_owned(), text: String::new(), place });
                open = true;
            }
            None if open => {
                if let Some(block) = blocks.last_mut() {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
            }
            None => {}
        }
    }
    blocks
}

/// All documents for people.
fn documents() -> Vec<String> {
    let entries = fs::read_dir(root().join("docs")).expect("there are documents").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut all: Vec<String> =
        names.filter(|name| name.ends_with(".md")).map(|name| format!("docs/{name}")).collect();
    all.push("README.md".to_owned());
    all.sort();
    all
}

/// A person's account: a home, their programs, and a daemon that runs for them.
struct Account {
    scene: Scene,
    daemon: Child,
}

impl Account {
    fn new() -> Self {
        let scene = Scene::bare();
        for directory in ["me", "me/Photos", "me/nas", "run", "bin"] {
            fs::create_dir(scene.home().join(directory)).expect("the home is ours");
        }
        for photo in ["boat.jpg", "cat & dog.jpg", "100%.jpg"] {
            fs::write(scene.home().join("me/Photos").join(photo), photo).expect("the home is ours");
        }
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_instep"), scene.home().join("bin/instep"))
            .expect("the home is ours");
        // What they would do is theirs; here it counts how they are called.
        for tool in ["rsync", "restic"] {
            let path = scene.home().join("bin").join(tool);
            fs::write(&path, "#!/bin/sh\necho \"$(basename \"$0\") $*\" >> ~/called\n")
                .expect("the home is ours");
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))
                .expect("it is ours");
        }
        let daemon =
            Self::command(&scene, "instep", &["serve"]).stderr(Stdio::null()).spawn().expect("it starts");
        let account = Self { scene, daemon };
        wait_until(|| account.scene.home().join("me/.local/state/instep/daemon").exists());
        account
    }

    /// A program with the environment of a login: none of ours.
    fn command(scene: &Scene, program: &str, words: &[&str]) -> Command {
        let bin = scene.home().join("bin");
        let mut command = Command::new(if program == "instep" { bin.join("instep") } else { program.into() });
        command.args(words).env_clear().stdin(Stdio::null()).current_dir(scene.home().join("me"));
        command.env("HOME", scene.home().join("me")).env("XDG_RUNTIME_DIR", scene.home().join("run"));
        command.env("PATH", format!("{}:/usr/bin:/bin", bin.display()));
        command
    }

    fn run(&self, program: &str, words: &[&str]) -> Output {
        Self::command(&self.scene, program, words).output().expect("it starts")
    }

    /// The same as cron does it: with less, and a shell between.
    fn cron(&self, line: &str) -> Output {
        Self::command(&self.scene, "/bin/sh", &["-c", line])
            .env_remove("XDG_RUNTIME_DIR")
            .output()
            .expect("it starts")
    }

    /// All runs, the newest first: item and outcome.
    fn runs(&self) -> Vec<(String, String)> {
        let said = self.run("instep", &["results", "--json"]).stdout;
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        String::from_utf8(said)
            .expect("it is text")
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("it is JSON"))
            .map(|run| (word(&run["items"][0]["item"]), word(&run["outcome"])))
            .collect()
    }

    /// It ended well, said nothing that went wrong, and is one run more, which is done.
    fn assert_one_more_run(&self, place: &str, output: &Output, before: usize) {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{place}: {} {said}", output.status);
        let runs = self.runs();
        assert_eq!((runs.len(), runs[0].1.as_str()), (before + 1, "done"), "{place}: {runs:?}");
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = self.daemon.kill();
        let _ = self.daemon.wait();
    }
}

#[test]
fn every_block_of_the_page_about_jobs_runs_as_it_stands() {
    let account = Account::new();
    let mut seen = Vec::new();
    for block in blocks("docs/jobs.md") {
        let before = account.runs().len();
        match block.language.as_str() {
            "sh" => {
                if block.text.contains("curl") && Command::new("curl").arg("--version").output().is_err() {
                    eprintln!("{}: left out, there is no curl here", block.place);
                    continue;
                }
                fs::write(account.scene.home().join("script"), &block.text).expect("the home is ours");
                let output = account.run("/bin/sh", &["../script"]);
                account.assert_one_more_run(&block.place, &output, before);
            }
            "cron" => {
                for line in block.text.lines() {
                    let words: Vec<&str> = line.split_whitespace().collect();
                    let (times, command) = words.split_at(5);
                    let schedule = format!(
                        "[items.x]\na = '/x'\nb = '/y'\nschedule = {{ cron = '{}' }}\n",
                        times.join(" ")
                    );
                    settings::Settings::parse(&schedule).expect("these are times");
                    account.assert_one_more_run(&block.place, &account.cron(&command.join(" ")), before);
                }
            }
            "ini" => {
                let value = |key: &str| block.text.lines().find_map(|line| line.strip_prefix(key));
                if let Some(line) = value("ExecStart=") {
                    let line = line.replace("%h", &account.scene.home().join("me").to_string_lossy());
                    account.assert_one_more_run(&block.place, &account.cron(&line), before);
                } else {
                    let calendar = value("OnCalendar=").expect("a timer has a time");
                    let checked = Command::new("systemd-analyze").args(["calendar", calendar]).output();
                    assert!(checked.map_or(true, |checked| checked.status.success()), "{}", block.place);
                }
            }
            other => panic!("{}: nobody knows how to run {other:?}", block.place),
        }
        seen.push(block.language);
    }
    seen.sort();
    assert_eq!(seen, ["cron", "ini", "ini", "sh", "sh", "sh"], "none of them was overlooked");
    let called = fs::read_to_string(account.scene.home().join("me/called")).expect("they were called");
    assert_eq!(called.lines().count(), 3, "{called}");
    for photo in ["boat.jpg", "cat & dog.jpg", "100%.jpg"] {
        assert!(account.scene.home().join("me/nas").join(photo).exists(), "{photo}");
    }
}

#[test]
fn every_setting_that_the_documents_show_is_one() {
    let mut count = 0;
    for document in documents() {
        // All but what is for Cargo.
        let ours = |block: &Block| block.language == "toml" && !block.text.starts_with("[package]");
        for block in blocks(&document).into_iter().filter(ours) {
            let scene = Scene::bare();
            fs::write(scene.settings_file(), &block.text).expect("the home is ours");
            let run = scene.instep("list");
            assert_eq!(run.code, Some(0), "{}:\n{}{}", block.place, block.text, run.stderr);
            count += 1;
        }
    }
    assert!(count > 15, "they were found: {count}");
}
