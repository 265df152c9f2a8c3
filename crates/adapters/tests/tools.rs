//! The real tools: what they do, how they fail, and what is made of it. `cargo xtask test` installs them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use adapters::parse::Stream;
use adapters::process::{self, Ended, Exit, Follower, Input, Stopping, Wish};
use adapters::telling::{Hearer, Teller};
use adapters::verdict::{Tool, Verdict};
use syncmgr::event::NewEvent;
use syncmgr::{CancelRequest, Counts, ItemId, Level, Outcome, ProblemClass};
use tempfile::TempDir;

const LONG: Duration = Duration::from_secs(600);

/// What one run of a tool let hear.
#[derive(Debug, Default)]
struct Heard {
    bars: Vec<(u64, u64)>,
    events: Vec<NewEvent>,
    counts: Counts,
    exit: Option<Exit>,
    verdict: Option<Verdict>,
}

impl Heard {
    fn outcome(&self) -> Outcome {
        self.verdict.as_ref().unwrap().outcome
    }

    #[track_caller]
    fn expect(self, code: i32, outcome: Outcome) -> Self {
        assert_eq!((self.exit, self.outcome()), (Some(Exit::Code(code)), outcome), "{self:#?}");
        self
    }

    fn class(&self) -> ProblemClass {
        self.verdict.as_ref().unwrap().problem.as_ref().unwrap().class
    }

    fn names(&self, level: Level) -> Vec<&str> {
        self.events.iter().filter(|event| event.level == level).map(|event| event.name.as_str()).collect()
    }
}

struct Ear<'h>(&'h mut Heard);

impl Hearer for Ear<'_> {
    fn progress(&mut self, _text: &str, step: u64, max: u64) -> CancelRequest {
        self.0.bars.push((step, max));
        CancelRequest::None
    }

    fn event(&mut self, event: NewEvent) {
        self.0.events.push(event);
    }

    fn end(&mut self, verdict: &Verdict, counts: Counts) {
        (self.0.verdict, self.0.counts) = (Some(verdict.clone()), counts);
    }
}

struct Follow<'h> {
    teller: Teller<Ear<'h>>,
    /// Stops at the first sign of work.
    stop: bool,
    heard: usize,
}

impl Follower for Follow<'_> {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        self.heard += bytes.len();
        self.teller.output(from, bytes);
    }

    fn look(&mut self) -> Wish {
        let _ = self.teller.look();
        if self.stop && self.heard > 0 { Wish::Stop } else { Wish::GoOn }
    }

    fn stopping(&mut self, _how: Stopping) {}
}

/// A place of its own for each test.
fn scene(tool: &str) -> TempDir {
    let there = Command::new(tool).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(there.is_ok(), "{tool} is not installed: `cargo xtask test` installs it");
    let home = tempfile::tempdir().unwrap();
    for name in ["src/dir/deep", "dst"] {
        fs::create_dir_all(home.path().join(name)).unwrap();
    }
    for (name, content) in
        [("src/one", "1"), ("src/dir/two", "22"), ("src/dir/deep/three", "333"), ("dst/gone", "x")]
    {
        fs::write(home.path().join(name), content).unwrap();
    }
    home
}

fn command(home: &Path, line: &str) -> Command {
    let mut words = line.split(' ');
    let mut command = Command::new(words.next().unwrap());
    command.args(words).current_dir(home).env("HOME", home).env("LC_ALL", "C");
    for (key, value) in [
        ("RESTIC_PASSWORD", "right"),
        ("BORG_PASSPHRASE", "right"),
        ("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes"),
        ("BORG_RELOCATED_REPO_ACCESS_IS_OK", "yes"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_AUTHOR_NAME", "x"),
        ("GIT_AUTHOR_EMAIL", "x@example.org"),
        ("GIT_COMMITTER_NAME", "x"),
        ("GIT_COMMITTER_EMAIL", "x@example.org"),
        ("RCLONE_CONFIG", "/dev/null"),
    ] {
        command.env(key, value);
    }
    command
}

fn follow(command: Command, tool: Tool, stop: bool) -> Heard {
    let mut heard = Heard::default();
    let teller = Teller::new(Ear(&mut heard), ItemId::new("x").unwrap(), tool);
    let mut follower = Follow { teller, stop, heard: 0 };
    let Ended { exit, stopped } = process::run(command, Input::Nothing, LONG, &mut follower).unwrap();
    follower.teller.end(exit, stopped.is_some());
    heard.exit = Some(exit);
    heard
}

fn run(home: &Path, line: &str) -> Heard {
    follow(command(home, line), Tool::of_command(line.split(' ')), false)
}

/// What only prepares: it must work.
fn prepare(home: &Path, line: &str) {
    let output = command(home, line).output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

const RSYNC: &str = "rsync -a --delete --info=progress2 --itemize-changes --stats";

#[test]
fn rsync_tells_what_it_does_and_how_far_it_is() {
    let home = scene("rsync");
    let heard = run(home.path(), &format!("{RSYNC} src/ dst/")).expect(0, Outcome::Done);
    assert_eq!((heard.counts.b.created, heard.counts.b.deleted, heard.counts.bytes), (5, 1, 6));
    assert_eq!(heard.names(Level::Information), ["Deleted: gone"]);
    let again = run(home.path(), &format!("{RSYNC} src/ dst/")).expect(0, Outcome::Done);
    assert_eq!(again.counts, Counts::default());
}

#[test]
fn rsync_with_a_missing_source_has_gaps_and_names_it() {
    let home = scene("rsync");
    let heard = run(home.path(), "rsync -a src/one src/missing dst/").expect(23, Outcome::Gaps);
    assert!(heard.names(Level::Error)[0].ends_with("src/missing"), "{heard:#?}");
}

#[test]
fn rsync_stops_in_the_middle() {
    let home = scene("rsync");
    fs::File::create(home.path().join("src/big")).unwrap().set_len(1 << 30).unwrap();
    let line = "rsync -a --bwlimit=1m --info=progress2 --outbuf=N src/ dst/";
    let heard = follow(command(home.path(), line), Tool::Rsync, true);
    assert_eq!(heard.outcome(), Outcome::Canceled, "{heard:#?}");
}

#[test]
fn rsync_that_is_typed_wrongly_or_reaches_nobody_says_so() {
    let home = scene("rsync");
    let heard = run(home.path(), "rsync --no-such-option src/ dst/").expect(1, Outcome::Failed);
    assert_eq!(heard.class(), ProblemClass::Config);
    let heard = run(home.path(), "rsync -a src/ rsync://127.0.0.1:1/x").expect(10, Outcome::Failed);
    assert_eq!(heard.class(), ProblemClass::Transient);
}

#[test]
fn rclone_tells_what_it_does() {
    let home = scene("rclone");
    let line = "rclone sync src dst --use-json-log -v --stats 1s";
    let heard = run(home.path(), line).expect(0, Outcome::Done);
    assert_eq!((heard.counts.b.created, heard.counts.b.deleted, heard.counts.bytes), (3, 1, 6));
    let heard =
        run(home.path(), "rclone sync missing dst --use-json-log -v --retries 1").expect(3, Outcome::Failed);
    assert_eq!(heard.class(), ProblemClass::Config);
    let problem = heard.verdict.unwrap().problem.unwrap();
    assert!(problem.text.contains("directory not found"), "{problem}");
}

#[test]
fn restic_tells_what_it_does_and_why_it_fails() {
    let home = scene("restic");
    prepare(home.path(), "restic init --repo repo");
    let heard = run(home.path(), "restic backup --json --repo repo src").expect(0, Outcome::Done);
    assert!(heard.counts.b.created >= 5 && heard.counts.bytes > 0, "{heard:#?}");
    let heard = run(home.path(), "restic backup --json --repo repo src missing");
    assert!(matches!(heard.outcome(), Outcome::Gaps | Outcome::Done), "{heard:#?}");
    let mut wrong = command(home.path(), "restic backup --json --repo repo src");
    wrong.env("RESTIC_PASSWORD", "wrong");
    let heard = follow(wrong, Tool::Restic, false);
    assert_eq!((heard.outcome(), heard.class()), (Outcome::Failed, ProblemClass::Auth), "{heard:#?}");
    let heard = run(home.path(), "restic backup --json --repo elsewhere src");
    assert_eq!((heard.outcome(), heard.class()), (Outcome::Failed, ProblemClass::Config), "{heard:#?}");
    assert!(heard.verdict.unwrap().problem.unwrap().fix.unwrap().contains("restic init"));
}

#[test]
fn borg_tells_what_it_does_and_why_it_fails() {
    let home = scene("borg");
    prepare(home.path(), "borg init -e repokey repo");
    let heard =
        run(home.path(), "borg create --log-json --progress --list repo::one src").expect(0, Outcome::Done);
    assert_eq!(heard.counts.b.created, 3);
    let heard = run(home.path(), "borg create --log-json repo::two src missing").expect(1, Outcome::Gaps);
    assert_eq!(heard.names(Level::Warning), ["Note: missing"]);
    let mut wrong = command(home.path(), "borg create --log-json repo::three src");
    wrong.env("BORG_PASSPHRASE", "wrong");
    let heard = follow(wrong, Tool::Borg, false).expect(2, Outcome::Failed);
    assert_eq!(heard.class(), ProblemClass::Auth);
    let heard = run(home.path(), "borg create --log-json elsewhere::one src").expect(2, Outcome::Failed);
    assert_eq!(heard.class(), ProblemClass::Config);
}

#[test]
fn unison_tells_of_conflicts() {
    let home = scene("unison");
    fs::write(home.path().join("dst/one"), "another").unwrap();
    let heard = run(home.path(), "unison -batch -ui text src dst").expect(1, Outcome::NeedsDecision);
    assert_eq!(heard.counts.conflicts, 1);
    assert_eq!(heard.names(Level::Warning), ["Conflict: one"]);
    assert!(home.path().join("dst/dir/deep/three").exists() && home.path().join("src/gone").exists());
    let heard = run(home.path(), "unison -batch -ui text src /proc/nowhere/x").expect(3, Outcome::Failed);
    assert!(heard.verdict.unwrap().problem.unwrap().text.contains("canonical name"));
}

#[test]
fn git_tells_of_references_and_refused_pushes() {
    let home = scene("git");
    let at = home.path();
    for line in [
        "git init -q -b main src",
        "git -C src add .",
        "git -C src commit -qm one",
        "git clone -q --bare src up.git",
    ] {
        prepare(at, line);
    }
    for line in ["git -C src remote add up ../up.git", "git clone -q up.git other"] {
        prepare(at, line);
    }
    fs::write(at.join("src/one"), "changed").unwrap();
    prepare(at, "git -C src commit -qam two");
    let heard = run(at, "git -C src push --progress up main").expect(0, Outcome::Done);
    assert_eq!(heard.counts.b.updated, 1, "{heard:#?}");
    fs::write(at.join("other/one"), "otherwise").unwrap();
    prepare(at, "git -C other commit -qam three");
    let heard = run(at, "git -C other push --progress origin main").expect(1, Outcome::Failed);
    assert_eq!(heard.class(), ProblemClass::Conflict);
    let heard = run(at, "git -C other pull --no-rebase origin main").expect(1, Outcome::NeedsDecision);
    assert_eq!(heard.names(Level::Warning), ["Conflict: one"]);
    let heard = run(at, "git -C src fetch nowhere").expect(128, Outcome::Failed);
    assert_eq!(heard.class(), ProblemClass::Config);
}

#[test]
fn a_script_that_runs_a_tool_is_understood_too() {
    let home = scene("rsync");
    let mut script = command(home.path(), "sh");
    script.args(["-c", "rsync -a --info=progress2 src/ dst/; exit 3"]);
    let heard = follow(script, Tool::Other, false).expect(3, Outcome::Failed);
    assert_eq!(heard.verdict.unwrap().problem.unwrap().text, "the command ended with code 3");
}
