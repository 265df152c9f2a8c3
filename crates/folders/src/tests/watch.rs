//! Pairs that are followed: what a person does arrives on the other side, by runs that look at nothing else.

use std::collections::BTreeMap;
use std::sync::Condvar;
use std::sync::atomic::Ordering;
use std::time::Duration;

use reconcile::Scope;
use syncmgr::conflict::ConflictLedger;

use super::*;
use crate::options::ChangeRequest;
use crate::roots::Surroundings;
use crate::simulation::Chance;
use crate::watch::{Ended, Follower, Ground, News, Runner};

/// No test waits longer than that for something that does not come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs through the center of a bed, and remembers.
struct Running<'b> {
    bed: &'b Bed,
    runs: Mutex<Vec<(Scope, Outcome)>>,
    news: Mutex<Vec<News>>,
    more: Condvar,
}

impl Runner for Running<'_> {
    fn run(&self, change: ChangeRequest) -> Ended {
        let scope = change.scope.clone();
        let end = self.bed.request(Some(Request::new(ChangeRequest { consent: true, ..change })));
        self.runs.lock().unwrap().push((scope, end.outcome));
        self.more.notify_all();
        Ended { outcome: end.outcome, counts: end.counts }
    }

    fn tell(&self, news: News) {
        self.news.lock().unwrap().push(news);
        self.more.notify_all();
    }
}

/// A bed that is followed.
struct Followed<'f> {
    bed: &'f Bed,
    running: &'f Running<'f>,
    follower: &'f Follower,
}

impl Followed<'_> {
    /// How many runs have ended.
    fn runs(&self) -> usize {
        self.running.runs.lock().unwrap().len()
    }

    /// Waits until so many runs have ended, and makes sure that there were not more.
    #[track_caller]
    fn only_run(&self, number: usize) -> (Vec<String>, Outcome) {
        let run = self.run(number);
        assert_eq!(self.runs(), number, "{:?}", self.running.runs.lock().unwrap());
        run
    }

    /// Waits until so many runs have ended; gives the scope and outcome of that one.
    #[track_caller]
    fn run(&self, number: usize) -> (Vec<String>, Outcome) {
        self.until(|| self.runs() >= number);
        let runs = self.running.runs.lock().unwrap();
        let (scope, outcome) = &runs[number - 1];
        let dirs =
            scope.dirs().map(ToString::to_string).chain(scope.trees().map(|tree| format!("{tree}/**")));
        (dirs.collect(), *outcome)
    }

    /// Waits until something holds; it is asked again whenever a run has ended, and now and then.
    #[track_caller]
    fn until(&self, holds: impl Fn() -> bool) {
        let began = std::time::Instant::now();
        while !holds() {
            assert!(began.elapsed() < PATIENCE, "{:?}", self.running.runs.lock().unwrap());
            let runs = self.running.runs.lock().unwrap();
            let _ = self.running.more.wait_timeout(runs, Duration::from_millis(5)).unwrap();
        }
    }

    /// Waits until both sides hold the same.
    #[track_caller]
    fn until_same(&self) {
        self.until(|| {
            let [a, b] = [&self.bed.a, &self.bed.b].map(|tree| files(tree.path()));
            a.is_some() && a == b
        });
    }
}

/// All files with their contents; none if something went away under the reader's eyes.
fn files(dir: &std::path::Path) -> Option<BTreeMap<std::ffi::OsString, Vec<u8>>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(dir).ok()? {
        let name = entry.ok()?.file_name();
        if crate::side::names::is_ours(name.as_encoded_bytes(), true) {
            continue;
        }
        let path = dir.join(&name);
        if path.is_dir() {
            all.extend(files(&path)?.into_iter().map(|(beneath, content)| {
                (std::path::Path::new(&name).join(beneath).into_os_string(), content)
            }));
            all.insert(name, Vec::new());
        } else {
            all.insert(name, std::fs::read(&path).ok()?);
        }
    }
    Some(all)
}

/// Follows a bed while `test` is at work. It begins when the first run has ended.
fn follow(bed: &Bed, test: impl FnOnce(&Followed<'_>)) {
    let running = Running { bed, runs: Mutex::default(), news: Mutex::default(), more: Condvar::new() };
    let follower = Follower::new().unwrap();
    let handler = HandlerId::new(handler::HANDLER_ID).unwrap();
    let (pair, home) = (bed.pair.clone(), Home { pairs: bed.home.path().into() });
    let ground = Ground {
        pair: &pair,
        home: &home,
        surroundings: &Surroundings::default(),
        handler: &handler,
        conflicts: &*bed.ledger as &dyn ConflictLedger,
    };
    std::thread::scope(|scope| {
        scope.spawn(|| follower.follow(&ground, &running));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let followed = Followed { bed, running: &running, follower: &follower };
            followed.run(1);
            test(&followed);
        }));
        follower.stop();
        if let Err(panic) = result {
            std::panic::resume_unwind(panic);
        }
    });
}

/// A few directories with a few files, in sync.
fn settled() -> Bed {
    settled_in(Mode::TwoWay)
}

fn settled_in(mode: Mode) -> Bed {
    let bed = Bed::with(|pair| Pair { mode, ..pair }, Limits::default());
    for (dir, files) in [("x", 5), ("x/deep", 5), ("y", 30)] {
        for n in 0..files {
            bed.a.file(format!("{dir}/{n}"), format!("{dir} {n}"));
        }
    }
    bed.sync().is(Outcome::Done);
    bed
}

#[test]
fn one_edit_arrives_by_a_run_that_looks_at_its_directory_alone() {
    let bed = settled();
    follow(&bed, |followed| {
        bed.a.file("x/deep/3", "edited");
        assert_eq!(followed.run(2), (vec!["x/deep".into()], Outcome::Done));
        assert_eq!(bed.b.read("x/deep/3"), b"edited");
    });
}

#[test]
fn s12_our_own_writes_cause_no_run() {
    let bed = settled();
    follow(&bed, |followed| {
        for round in 0..6 {
            let (from, to) = if round % 2 == 0 { (&bed.a, &bed.b) } else { (&bed.b, &bed.a) };
            let text = format!("round {round}");
            from.file("y/1", &text).file(format!("x/new-{round}"), &text);
            followed.until(|| to.has(format!("x/new-{round}")) && to.read("y/1") == text.as_bytes());
            // The two files may have come in two runs, but then not in more.
            followed.until(|| {
                followed.running.runs.lock().unwrap().last().is_some_and(|run| run.1 == Outcome::Done)
            });
        }
        let runs = followed.runs();
        assert!(runs <= 1 + 2 * 6, "{runs} runs for 12 changes");
    });
    bed.assert_in_sync();
}

#[test]
fn s12_after_a_sync_the_next_run_is_that_of_the_next_edit() {
    let bed = settled();
    let prepared = Tree::new();
    prepared.file("1", "edited elsewhere and put here in one step").file("2", "another");
    let put = |name: &str, at: &str| std::fs::rename(prepared.at(name), bed.a.at(at)).unwrap();
    follow(&bed, |followed| {
        put("1", "x/1");
        followed.only_run(2);
        bed.b.remove("y/2");
        followed.only_run(3);
        bed.a.rename("x/2", "y/moved");
        followed.only_run(4);
        bed.b.dir("made");
        followed.only_run(5);
        bed.b.rename("x/deep", "made/deep");
        followed.only_run(6);
        put("2", "made/deep/2");
        assert_eq!(followed.only_run(7).1, Outcome::Done);
    });
    bed.assert_in_sync();
}

#[test]
fn a_new_deep_directory_is_followed_however_quickly_it_is_made() {
    let bed = settled();
    follow(&bed, |followed| {
        for n in 0..5 {
            let path = format!("n{n}/a/b/c");
            std::fs::create_dir_all(bed.a.at(&path)).unwrap();
            std::fs::write(bed.a.at(format!("{path}/f")), "in the depth").unwrap();
        }
        followed.until(|| (0..5).all(|n| bed.b.has(format!("n{n}/a/b/c/f"))));
        followed.until_same();
        // And what is new is watched itself.
        bed.a.file("n3/a/b/c/later", "l");
        followed.until(|| bed.b.has("n3/a/b/c/later"));
        bed.b.file("n4/a/b/back", "b");
        followed.until(|| bed.a.has("n4/a/b/back"));
    });
    bed.assert_in_sync();
}

#[test]
fn a_renamed_directory_is_moved_and_followed_under_its_new_name() {
    let bed = settled();
    follow(&bed, |followed| {
        let ino =
            |path: &str| std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(bed.b.at(path)).unwrap());
        let before = ino("x/deep/1");
        bed.a.rename("x", "z");
        followed.until(|| bed.b.has("z/deep/1"));
        assert_eq!(ino("z/deep/1"), before);
        bed.a.file("z/deep/1", "under its new name");
        followed.until(|| bed.b.read("z/deep/1") == b"under its new name");
        // The other side, where we renamed it, is followed too.
        bed.b.file("z/deep/2", "from the other side");
        followed.until(|| bed.a.read("z/deep/2") == b"from the other side");
        bed.a.rename("z/deep", "y/deep").file("y/deep/3", "moved and edited").rename("y", "w");
        followed.until(|| bed.b.has("w/deep/3") && bed.b.read("w/deep/3") == b"moved and edited");
        followed.until_same();
    });
    bed.assert_in_sync();
}

#[test]
fn a_directory_that_goes_out_and_comes_back_is_looked_at_as_a_whole() {
    let bed = settled();
    let outside = Tree::new();
    follow(&bed, |followed| {
        std::fs::rename(bed.a.at("x"), outside.at("x")).unwrap();
        followed.until(|| !bed.b.has("x"));
        std::fs::write(outside.at("x/deep/1"), "changed outside").unwrap();
        std::fs::rename(outside.at("x"), bed.a.at("x")).unwrap();
        followed.until(|| bed.b.has("x/deep/1") && bed.b.read("x/deep/1") == b"changed outside");
        bed.a.file("x/deep/1", "and watched again");
        followed.until(|| bed.b.read("x/deep/1") == b"and watched again");
    });
    bed.assert_in_sync();
}

#[test]
fn copy_what_was_edited_under_another_name_arrives_under_the_old_one() {
    let bed = settled_in(Mode::Copy);
    follow(&bed, |followed| {
        bed.a.rename("x", "y/x");
        followed.until(|| bed.b.has("y/x/deep/1"));
        bed.a.file("y/x/deep/1", "edited");
        followed.until(|| bed.b.read("y/x/deep/1") == b"edited");
        // B still has it as it was: nothing goes away in this mode.
        assert_eq!(bed.b.read("x/deep/1"), b"x/deep 1");
        bed.a.rename("y/x", "x");
        followed.until(|| bed.b.read("x/deep/1") == b"edited");
    });
}

#[test]
fn deleted_and_made_again_is_what_it_is_at_last() {
    let bed = settled();
    follow(&bed, |followed| {
        for round in 0..4 {
            bed.a.remove("x");
            bed.a.file("x/deep/only", format!("round {round}"));
            followed.until(|| {
                bed.b.has("x/deep/only") && bed.b.read("x/deep/only") == format!("round {round}").as_bytes()
            });
        }
        followed.until_same();
    });
    bed.assert_in_sync();
}

#[test]
fn both_sides_at_once() {
    let bed = settled();
    follow(&bed, |followed| {
        for n in 0..20 {
            bed.a.file(format!("x/from-a-{n}"), "a");
            bed.b.file(format!("x/from-b-{n}"), "b");
            bed.b.file(format!("y/other-{n}"), "b");
        }
        followed.until_same();
        followed.until(|| bed.a.has("y/other-19") && bed.b.has("x/from-a-19"));
    });
    bed.assert_in_sync();
}

#[test]
fn a_conflict_is_recorded_once_and_closed_when_both_sides_agree() {
    let bed = settled();
    // In one moment, as far as the follower can tell: it looks when the run before has ended.
    follow(&bed, |followed| {
        *bed.hand.act.lock().unwrap() = Some(Box::new(once(|point, _| point == Point::Committing, {
            let (a, b) = (bed.a.at("y/1"), bed.b.at("y/1"));
            move || {
                std::fs::write(&a, "a's").unwrap();
                std::fs::write(&b, "b's, longer").unwrap();
                Ok(())
            }
        })));
        bed.a.file("x/1", "begins a run");
        followed.until(|| bed.conflicts().len() == 1);
        let runs = followed.runs();
        bed.a.file("x/2", "another change");
        followed.until(|| bed.b.read("x/2") == b"another change");
        // The conflict is still open: a run for something else says so, and there is no run for it alone.
        assert_eq!(followed.run(runs + 1).1, Outcome::NeedsDecision);
        assert_eq!(bed.conflicts().len(), 1);
        bed.a.file("y/1", "b's, longer");
        followed.until(|| bed.conflicts().is_empty());
    });
    // Each keeps the time of its own edit.
    assert_eq!((bed.a.read("y/1"), bed.b.read("y/1")), (b"b's, longer".into(), b"b's, longer".into()));
}

#[test]
fn lost_events_are_answered_by_a_look_at_everything() {
    let bed = settled();
    follow(&bed, |followed| {
        followed.follower.lose.store(true, Ordering::SeqCst);
        bed.a.file("x/deep/new/1", "nobody was told");
        let (scope, outcome) = followed.run(2);
        assert!(scope.contains(&"/**".to_owned()), "{scope:?}");
        assert_eq!(outcome, Outcome::Done);
        // The directory whose making was lost is watched all the same.
        bed.b.file("x/deep/new/2", "told again");
        followed.until(|| bed.a.has("x/deep/new/2"));
    });
    bed.assert_in_sync();
}

#[test]
fn what_happened_while_nobody_followed_is_found_at_the_start() {
    let bed = settled();
    follow(&bed, |followed| {
        bed.a.file("x/1", "while it was followed");
        followed.run(2);
    });
    bed.a.file("y/deep/er", "while nobody did");
    follow(&bed, |followed| {
        assert_eq!(bed.b.read("y/deep/er"), b"while nobody did");
        bed.b.file("y/deep/er", "and again");
        followed.until(|| bed.a.read("y/deep/er") == b"and again");
    });
    bed.assert_in_sync();
}

#[test]
fn s5_a_root_that_is_away_is_waited_for() {
    let bed = settled();
    let aside = Tree::new();
    follow(&bed, |followed| {
        std::fs::rename(bed.b.path(), aside.at("b")).unwrap();
        followed
            .until(|| followed.running.news.lock().unwrap().iter().any(|news| matches!(news, News::Away(_))));
        bed.a.file("x/1", "while B is away");
        std::fs::rename(aside.at("b"), bed.b.path()).unwrap();
        followed.until(|| bed.b.read("x/1") == b"while B is away");
        assert!(bed.a.has("x/deep/1"));
    });
    bed.assert_in_sync();
}

#[test]
fn a_filter_that_changes_is_a_change_of_all_beneath() {
    let bed = settled();
    bed.a.file("x/.instepignore", "secret\n").file("x/secret/plan", "hidden").file("x/open", "o");
    follow(&bed, |followed| {
        assert!(!bed.b.has("x/secret"));
        bed.a.file("x/secret/plan", "still hidden");
        bed.a.file("x/open", "seen");
        followed.until(|| bed.b.read("x/open") == b"seen");
        assert!(!bed.b.has("x/secret"));
        bed.a.file("x/.instepignore", "nothing\n");
        followed.until(|| bed.b.has("x/secret/plan"));
        bed.a.file("x/secret/plan", "watched now");
        followed.until(|| bed.b.read("x/secret/plan") == b"watched now");
    });
    bed.assert_in_sync();
}

#[test]
fn s6_what_a_guard_refused_is_not_run_for_again() {
    let bed = Bed::new();
    bed.a.many(1, 40);
    bed.a.file("other/1", "o");
    bed.sync().is(Outcome::Done);
    follow(&bed, |followed| {
        let many = std::fs::read_dir(bed.a.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let many: Vec<_> = many.filter(|name| name != "other" && name != ".instep").collect();
        for name in many {
            std::fs::remove_dir_all(bed.a.path().join(name)).unwrap();
        }
        followed.until(|| followed.running.runs.lock().unwrap().last().unwrap().1 == Outcome::SafetyStop);
        let runs = followed.runs();
        // Another change is another plan, and refused like the first.
        followed.until(|| {
            bed.a.file("other/1", format!("{:?}", std::time::Instant::now()));
            followed.runs() > runs
        });
        assert_eq!(followed.run(runs + 1).1, Outcome::SafetyStop);
        assert!(bed.b.has("dir-0"));
    });
}

#[test]
fn s6_deletions_in_slices_are_stopped_like_those_at_once() {
    let bed = Bed::new();
    for n in 0..10 {
        for file in 0..9 {
            bed.a.file(format!("d{n}/{file}"), "x");
        }
    }
    bed.sync().is(Outcome::Done);
    follow(&bed, |followed| {
        for n in 0..5 {
            bed.a.remove(format!("d{n}"));
            followed.until(|| !bed.b.has(format!("d{n}")));
        }
        // Of a hundred entries fifty are gone; each slice alone would be allowed.
        bed.a.remove("d5");
        followed.until(|| followed.running.runs.lock().unwrap().last().unwrap().1 == Outcome::SafetyStop);
        assert!(bed.b.has("d5/1"));
    });
}

#[test]
fn directories_that_exchange_their_names_are_followed_under_their_new_ones() {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    let bed = settled();
    follow(&bed, |followed| {
        renameat_with(CWD, bed.a.at("x"), CWD, bed.a.at("y"), RenameFlags::EXCHANGE).unwrap();
        followed.until(|| bed.b.has("x/20") && bed.b.has("y/deep/1"));
        bed.a.file("x/20", "in what was y").file("y/deep/1", "in what was x");
        followed
            .until(|| bed.b.read("x/20") == b"in what was y" && bed.b.read("y/deep/1") == b"in what was x");
        bed.b.file("x/21", "back").file("y/deep/2", "back");
        followed.until(|| bed.a.read("x/21") == b"back" && bed.a.read("y/deep/2") == b"back");
    });
    bed.assert_in_sync();
}

/// A person at work in a folder of their own: makes, writes, renames and removes, without looking back.
struct Busy {
    home: std::path::PathBuf,
    chance: Chance,
}

impl Busy {
    /// Some path of that kind beneath the home; the home itself where there is none.
    fn pick(&mut self, dirs: bool) -> std::path::PathBuf {
        let (mut found, mut open) = (Vec::new(), vec![self.home.clone()]);
        while let Some(dir) = open.pop() {
            for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
                let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_dir {
                    open.push(entry.path());
                }
                if is_dir == dirs {
                    found.push(entry.path());
                }
            }
        }
        found.sort();
        let at = self.chance.below(found.len());
        found.into_iter().nth(at).unwrap_or_else(|| self.home.clone())
    }

    /// What cannot be done is not done.
    fn act(&mut self) {
        let name = format!("n{}", self.chance.below(12));
        match self.chance.below(10) {
            0..4 => {
                drop(std::fs::write(self.pick(true).join(name), format!("{}", self.chance.below(1 << 20))))
            }
            4 | 5 => drop(std::fs::create_dir_all(self.pick(true).join(name).join("x/y"))),
            6 | 7 => drop(std::fs::rename(self.pick(true), self.pick(true).join(name))),
            8 => drop(std::fs::rename(self.pick(false), self.pick(true).join(name))),
            _ => drop(std::fs::remove_file(self.pick(false))),
        }
    }
}

#[test]
fn whatever_two_people_do_arrives_at_last() {
    for seed in 0..3 {
        let bed = settled();
        bed.a.dir("of-a");
        bed.b.dir("of-b");
        follow(&bed, |followed| {
            let mut people = [(&bed.a, "of-a"), (&bed.b, "of-b")].map(|(tree, home)| Busy {
                home: tree.at(home),
                chance: Chance::new(seed * 2 + u64::from(home == "of-a")),
            });
            for _ in 0..150 {
                people.iter_mut().for_each(Busy::act);
            }
            followed.until_same();
        });
        bed.assert_in_sync();
    }
}
