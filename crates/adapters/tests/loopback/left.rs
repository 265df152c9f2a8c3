//! What a run that was killed has left behind: locks, and states that a tool does not go on from. The next run does not
//! hang, says what is in the way and what a person can do about it, and goes well when that was done.

use serde_json::{Value, json};
use syncmgr::testing::{Ask, TestCenter, Verdict};
use syncmgr::{Handler, Outcome, ProblemClass};

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::every::with_own_home;
use crate::place::{Place, expect, finish, item};

/// Whatever a run is waited for.
const LONG: Duration = Duration::from_secs(60);

/// A tool that runs by itself, as somebody else runs it, until it is killed.
struct Other(Child);

impl Other {
    fn start(place: &Place, line: &str) -> Self {
        let mut command = Command::new("sh");
        command.args(["-ec", &format!("exec {line}")]).current_dir(place.root());
        command.env("HOME", place.at("home")).env("RCLONE_CONFIG", "/dev/null");
        command.env("RESTIC_PASSWORD", "right").env("RESTIC_CACHE_DIR", place.at("home/cache"));
        command.env("BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK", "yes");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// Until it is as far as that.
    fn until(mut self, there: impl Fn() -> bool) -> Self {
        let end = Instant::now() + LONG;
        while !there() {
            assert!(Instant::now() < end, "waited in vain");
            assert!(self.0.try_wait().unwrap().is_none(), "it was over before");
            std::thread::yield_now();
        }
        self
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn files_in(place: &Place, directory: &str) -> Vec<String> {
    let found = fs::read_dir(place.at(directory)).into_iter().flatten().filter_map(Result::ok);
    found.map(|entry| entry.path().to_string_lossy().into_owned()).collect()
}

/// The advice of a run that did not go well, which is to be tried again later.
#[track_caller]
fn advice(verdict: &Verdict) -> String {
    let ended = verdict.item(&item()).unwrap();
    assert!(matches!(ended.outcome, Outcome::Failed | Outcome::Waiting), "{verdict:#?}");
    let problem = ended.problem.as_ref().unwrap();
    assert_eq!(problem.class, ProblemClass::Transient, "{problem:?}");
    problem.fix.clone().unwrap_or_else(|| panic!("it says nothing of what to do: {problem:?}"))
}

/// Does what an advice says between its backquotes.
#[track_caller]
fn follow(place: &Place, advice: &str, word: &str) {
    let line = advice.split('`').find(|line| line.starts_with(word));
    place.prepare(line.unwrap_or_else(|| panic!("no {word} in: {advice}")));
}

fn bisync(place: &Place, options: &[&str]) -> Value {
    let mut all = vec![format!("--workdir={}", place.at("work"))];
    all.extend(options.iter().map(|option| (*option).to_owned()));
    with_own_home(
        json!({"mode": "bisync", "source": place.at("src"), "target": place.at("dst"), "options": all}),
        place,
    )
}

/// Two sides that bisync knows, and something large that it has to bring over.
fn two_sides() -> Place {
    let place = Place::new();
    place.prepare("mkdir -p home work");
    expect(&place.sync("rclone", bisync(&place, &["--resync"])), Outcome::Done);
    place.prepare("head -c 4000000 /dev/urandom > src/big");
    place
}

#[test]
fn a_bisync_that_was_killed_leaves_a_lock_which_is_told_of_and_nothing_is_lost_when_it_is_taken_away() {
    let place = two_sides();
    let line = "rclone bisync --workdir work --bwlimit 1k src dst";
    // Its paths are those of the item, so that the lock is the same.
    let line = line.replace(" src dst", &format!(" {} {}", place.at("src"), place.at("dst")));
    let other = Other::start(&place, &line).until(|| place.root().join("dst/big").exists());
    let lock = |place: &Place| files_in(place, "work").into_iter().any(|file| file.ends_with(".lck"));
    assert!(lock(&place));
    // While it runs, and when it was killed, nothing is begun beside it.
    advice(&place.sync("rclone", bisync(&place, &[])));
    other.kill();
    let advice = advice(&place.sync("rclone", bisync(&place, &[])));
    assert!(lock(&place), "only a person can tell whether it is still needed");
    follow(&place, &advice, "rm ");
    let verdict = place.sync("rclone", bisync(&place, &[]));
    let ended = verdict.item(&item()).unwrap();
    assert!(matches!(ended.outcome, Outcome::Done | Outcome::NeedsDecision), "{verdict:#?}");
    // Half of it was there: whatever it is called now, all of it is on both sides.
    let large = |directory: &str| {
        let files = files_in(&place, directory).into_iter();
        files.filter(|file| fs::metadata(file).unwrap().len() == 4_000_000).count()
    };
    assert!(large("src") >= 1 && large("dst") >= 1);
}

#[test]
fn a_bisync_that_was_stopped_wants_a_person_to_put_both_sides_together_and_says_what_that_takes_away() {
    let place = two_sides();
    let center =
        TestCenter::new(place.handler("rclone", bisync(&place, &["--bwlimit=1k"])) as Arc<dyn Handler>);
    let seen = place.root().join("dst/big");
    center.when(move |_| seen.exists(), Ask::CancelItem(item()));
    expect(&finish(&center), Outcome::Canceled);
    let verdict = place.sync("rclone", bisync(&place, &[]));
    expect(&verdict, Outcome::Failed);
    let problem = verdict.item(&item()).unwrap().problem.as_ref().unwrap();
    let fix = problem.fix.as_deref().unwrap_or_default();
    assert!(fix.contains("options = [\"--resync\"]") && fix.contains("overwrites"), "{problem:?}");
    // As it says: a preview, a run, and it is as before.
    place.write("dst/on-one-side", "x");
    let resync = place.handler("rclone", bisync(&place, &["--resync"]));
    let preview = resync.preview(&item(), "{}", &()).unwrap();
    assert_eq!((preview.counts.b.deleted, preview.expected), (0, Outcome::Done), "nothing is deleted by it");
    expect(&place.sync("rclone", bisync(&place, &["--resync"])), Outcome::Done);
    expect(&place.sync("rclone", bisync(&place, &[])), Outcome::Done);
    assert_eq!(fs::metadata(place.at("dst/big")).unwrap().len(), 4_000_000);
}

#[test]
fn a_lock_that_a_git_has_left_is_named_on_either_side_and_left_to_the_person() {
    let place = Place::new();
    place.prepare("mkdir -p home; git init -q -b main code; cd code; echo 1 > f; git add .; git commit -qm 1; git clone -q --bare . ../up.git; git clone -q ../up.git ../other; echo 2 > f; git commit -qam 2");
    let settings = |mode: &str, path: &str| {
        with_own_home(json!({"mode": mode, "path": place.at(path), "remote": place.at("up.git")}), &place)
    };
    for (mode, path, lock, there) in [
        ("push", "code", "up.git/refs/heads/main.lock", true),
        ("fetch", "other", "other/.git/refs/remotes/origin/main.lock", false),
        ("fetch", "other", "other/.git/shallow.lock", false),
    ] {
        place.write(lock, "");
        let mut settings = settings(mode, path);
        if lock.ends_with("shallow.lock") {
            settings["options"] = json!(["--depth=1"]);
            settings["remote"] = json!(format!("file://{}", place.at("up.git")));
        } else if mode == "fetch" {
            settings["remote"] = json!("origin");
        }
        let advice = advice(&place.sync("git", settings.clone()));
        assert_eq!(advice.contains("on the other side"), there, "{advice}");
        assert!(place.root().join(lock).exists(), "a git may still need it");
        follow(&place, &advice, "rm ");
        expect(&place.sync("git", settings), Outcome::Done);
    }
}

#[test]
fn a_restic_that_was_killed_while_it_had_the_repository_to_itself_is_told_of_with_what_unlocks_it() {
    let place = Place::new();
    place.prepare("mkdir -p home; restic init -q --repo repo --cache-dir home/cache");
    let settings = with_own_home(json!({"repository": place.at("repo"), "paths": [place.at("src")]}), &place);
    place.prepare("head -c 4000000 /dev/urandom > src/big");
    expect(&place.sync("restic", settings.clone()), Outcome::Done);
    let line = "restic check --read-data --limit-download 1 --repo repo";
    let other = Other::start(&place, line).until(|| !files_in(&place, "repo/locks").is_empty());
    let live = advice(&place.sync("restic", settings.clone()));
    let unlock = |advice: &str| {
        assert!(advice.contains("`restic unlock`"), "{advice}");
        place.prepare("restic unlock -q --repo repo --cache-dir home/cache");
    };
    // What the advice says harms nobody who is alive.
    unlock(&live);
    unlock(&advice(&place.sync("restic", settings.clone())));
    other.kill();
    unlock(&advice(&place.sync("restic", settings.clone())));
    expect(&place.sync("restic", settings), Outcome::Done);
}

#[test]
fn a_borg_that_has_the_repository_is_waited_for_and_one_that_was_killed_is_not() {
    let place = Place::new();
    place.prepare("mkdir -p home; borg init -e none repo");
    let settings = with_own_home(json!({"repository": place.at("repo"), "paths": [place.at("src")]}), &place);
    let other = Other::start(&place, "borg with-lock repo sleep 1000")
        .until(|| !files_in(&place, "repo/lock.exclusive").is_empty());
    let told = advice(&place.sync("borg", settings.clone()));
    assert!(told.contains("`borg break-lock`"), "{told}");
    other.kill();
    // borg sees by itself that whoever had it is gone, on the same machine.
    expect(&place.sync("borg", settings.clone()), Outcome::Done);
    // Of another machine it cannot know.
    place.prepare("mkdir repo/lock.exclusive; touch repo/lock.exclusive/another-machine@1.77-0");
    let mut later = settings;
    later["archive"] = json!("later");
    let told = advice(&place.sync("borg", later.clone()));
    assert!(told.contains("`borg break-lock`"), "{told}");
    place.prepare(
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes BORG_BASE_DIR=$PWD/home borg break-lock repo",
    );
    expect(&place.sync("borg", later), Outcome::Done);
}

#[test]
fn locks_that_a_unison_has_left_are_named_and_left_to_the_person() {
    let place = Place::new();
    place.prepare("mkdir -p home");
    let settings = with_own_home(json!({"a": place.at("src"), "b": place.at("dst")}), &place);
    expect(&place.sync("unison", settings.clone()), Outcome::Done);
    place.write("src/new", "x");
    place.prepare("cd home/.unison; for archive in ar*; do touch lk${archive#ar}; done");
    let advice = advice(&place.sync("unison", settings.clone()));
    assert_eq!(files_in(&place, "home/.unison").iter().filter(|file| file.contains("/lk")).count(), 2);
    let removals: Vec<&str> = advice.split('`').filter(|word| word.starts_with("rm ")).collect();
    assert_eq!(removals.len(), 2, "{advice}");
    removals.into_iter().for_each(|line| place.prepare(line));
    expect(&place.sync("unison", settings), Outcome::Done);
}
