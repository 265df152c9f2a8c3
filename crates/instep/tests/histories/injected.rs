//! S4: killed at any system call, every path has its old or its new content, and the next run converges with no help.
//! S9: an error of the system at any call is reported, stops nothing else, and loses nothing.
//!
//! `strace` kills or fails the nth call of a kind (each thread counts its own: the first to come so far is killed, each
//! that does is refused); where it is not installed or may not trace, the tests say so and pass. `INSTEP_STRIDE=1` tries
//! each call in turn, of each scene; else only some are tried. `INSTEP_FIRST` is the call to begin with (1 if not said): a
//! stride of 4 that begins with 1, 2, 3 and 4 in turn tries them all as well, in parts.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fastrand::Rng;

use crate::pair::{Node, Pair, Tree, act, check, contents, differing, number, trash, tree};

/// Calls that change something, or on whose answer a decision rests.
const CALLS: &[&str] = &[
    "openat",
    "openat2",
    "write",
    "pwrite64",
    "copy_file_range",
    "ftruncate",
    "fchmod",
    "utimensat",
    "renameat2",
    "mkdirat",
    "unlinkat",
    "symlinkat",
    "linkat",
    "syncfs",
    "fsync",
    "fdatasync",
    "getdents64",
    "statx",
    "fcntl",
];

/// All other calls of a run that something depends on, tried where somebody wants more than a test run has time for.
const MORE: &[&str] = &[
    "read",
    "pread64",
    "lseek",
    "newfstatat",
    "fstat",
    "fstatfs",
    "readlink",
    "readlinkat",
    "flock",
    "ioctl",
    "mkdir",
    "unlink",
];

/// Where a run can be killed, but nothing refused that is ever refused.
const NEVER_REFUSED: &[&str] = &["close", "futex", "mmap", "munmap", "clone3", "getpid"];

pub(crate) fn can_trace() -> bool {
    let traced = Command::new("strace")
        .args(["-f", "-o", "/dev/null", "-e", "inject=nanosleep:error=EINTR:when=1000", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let can = traced.is_ok_and(|status| status.success());
    if !can {
        eprintln!("skipped: strace is not here, or may not trace");
    }
    can
}

/// What is waiting for the run that is disturbed.
struct Scene {
    name: &'static str,
    /// Makes the pair; gives both sides as they were after the run before.
    set: fn() -> (Pair, [Tree; 2]),
    /// How many times farther apart than elsewhere the calls are that are tried, unless somebody wants each.
    sparse: u64,
}

const SCENES: [Scene; 3] = [
    Scene { name: "churn", set: churn, sparse: 1 },
    Scene { name: "first copy", set: first_copy, sparse: 3 },
    Scene { name: "large file", set: large_file, sparse: 3 },
];

/// A pair with every kind of change waiting on both sides.
fn churn() -> (Pair, [Tree; 2]) {
    let pair = Pair::new();
    let mut random = Rng::with_seed(4711);
    let mut written = 0;
    for _ in 0..40 {
        act(&mut random, &pair.a(), &mut written);
    }
    let synced = synced(&pair);
    for side in pair.sides() {
        for _ in 0..14 {
            act(&mut random, &side, &mut written);
        }
        fs::create_dir_all(side.join("new/deep/tree")).unwrap();
        for (number, dir) in ["new", "new/deep", "new/deep/tree"].iter().enumerate() {
            fs::write(
                side.join(dir).join(format!("from-{}", side.file_name().unwrap().display())),
                [number as u8; 5000],
            )
            .unwrap();
        }
    }
    (pair, synced)
}

/// A pair that never met: all is on one side.
fn first_copy() -> (Pair, [Tree; 2]) {
    let pair = Pair::new();
    for (number, dir) in ["", "d", "d/deep", "e"].iter().enumerate() {
        let dir = pair.a().join(dir);
        fs::create_dir_all(&dir).unwrap();
        for file in 0..4 {
            let content = format!("{number} {file} {}", "x".repeat(file * 3000));
            fs::write(dir.join(format!("f{file}")), content).unwrap();
        }
    }
    fs::create_dir(pair.a().join("empty")).unwrap();
    symlink("d/f1", pair.a().join("link")).unwrap();
    (pair, [Tree::new(), Tree::new()])
}

/// A large file that was edited in place on each side, and one that was replaced.
fn large_file() -> (Pair, [Tree; 2]) {
    const SIZE: usize = 3 << 20;
    let pair = Pair::new();
    for (number, name) in ["edited-on-a", "edited-on-b", "replaced"].iter().enumerate() {
        fs::write(pair.a().join(name), vec![number as u8; SIZE]).unwrap();
    }
    let synced = synced(&pair);
    for (side, name) in pair.sides().iter().zip(["edited-on-a", "edited-on-b"]) {
        let file = fs::File::options().write(true).open(side.join(name)).unwrap();
        for at in [SIZE as u64 / 3, SIZE as u64 - 10] {
            file.write_all_at(b"edited here, and longer at the end", at).unwrap();
        }
    }
    fs::write(pair.a().join("draft"), vec![9; SIZE + 1]).unwrap();
    fs::rename(pair.a().join("draft"), pair.a().join("replaced")).unwrap();
    (pair, synced)
}

/// Synchronizes; gives both sides as they are then.
fn synced(pair: &Pair) -> [Tree; 2] {
    let said = pair.sync(&[]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    pair.sides().map(|side| tree(&side))
}

/// What a disturbed run is judged by.
struct Disturbed<'d> {
    pair: &'d Pair,
    /// Both sides before it, and after the run before it.
    before: &'d [Tree; 2],
    synced: &'d [Tree; 2],
    run: &'d Output,
    script: &'d str,
}

/// Runs each scene under `strace` with `injection` (a text with `{call}` and `{nth}`) at calls of each kind in turn, and
/// asks `judge` after each run in which the injection hit. `short`: how far the calls are apart unless somebody wants
/// each.
fn inject(injection: &str, short: u64, judge: impl Fn(&Disturbed<'_>)) {
    let mut calls = CALLS.to_vec();
    if std::env::var_os("INSTEP_STRIDE").is_some() {
        calls.extend(MORE);
        if injection.contains("KILL") {
            calls.extend(NEVER_REFUSED);
        }
    }
    for scene in &SCENES {
        let (pair, synced) = (scene.set)();
        let before = pair.sides().map(|side| tree(&side));
        let saved = pair.save();
        let stride = number("INSTEP_STRIDE", short * scene.sparse).max(1) as usize;
        let first = number("INSTEP_FIRST", 1).max(1) as usize;
        let mut hits = 0;
        for call in &calls {
            let hit_before = hits;
            // The calls before the nth may differ a little from run to run, since the engine works in parallel.
            for nth in (first..).step_by(stride) {
                pair.restore_from(saved.path());
                let injection = injection.replace("{call}", call).replace("{nth}", &nth.to_string());
                let Some(run) = traced(&pair, saved.path(), call, &injection) else { break };
                hits += 1;
                let said = String::from_utf8_lossy(&run.stderr);
                let script = format!("{}, {injection}: {:?}\n{said}", scene.name, run.status);
                judge(&Disturbed {
                    pair: &pair,
                    before: &before,
                    synced: &synced,
                    run: &run,
                    script: &script,
                });
            }
            // For those who wait for hours.
            println!("{injection} in {}, {call}: {} runs were hit", scene.name, hits - hit_before);
        }
        assert!(hits > 0, "nothing was hit");
        println!("{injection} in {}: {hits} runs were hit, nothing is lost", scene.name);
    }
}

/// One run with an injection; none if it did not come to that.
fn traced(pair: &Pair, place: &Path, call: &str, injection: &str) -> Option<Output> {
    let log = place.join("strace.log");
    let (a, b) = (pair.a(), pair.b());
    let trace = format!("trace={call}");
    // Not with its faster `--seccomp-bpf`: some versions then miscount.
    let wrapper = ["strace", "-f", "-qq", "-o", log.to_str().unwrap(), "-e", &trace, "-e", injection];
    let words = ["sync", a.to_str().unwrap(), b.to_str().unwrap(), "--yes", "--approve", "-q"];
    let run = pair.wrapped(&wrapper, &words).output().unwrap();
    let traced = fs::read_to_string(&log).unwrap_or_default();
    (traced.contains("INJECTED") || traced.contains("killed by SIGKILL")).then_some(run)
}

fn nothing_is_lost(disturbed: &Disturbed<'_>) {
    let Disturbed { pair, before, script, .. } = disturbed;
    let kept: BTreeSet<Vec<u8>> =
        pair.sides().iter().flat_map(|side| trash(side).into_iter().chain(contents(&tree(side)))).collect();
    for version in before.iter().flat_map(contents) {
        let text = String::from_utf8_lossy(&version).chars().take(20).collect::<String>();
        assert!(kept.contains(&version), "{text:?} is lost\n{script}");
    }
}

/// The next run needs no help.
fn the_next_run_converges(disturbed: &Disturbed<'_>) {
    let Disturbed { pair, before, synced, script, .. } = disturbed;
    let said = pair.sync(&["--approve"]);
    check(pair, before, synced, &said, script);
}

#[test]
fn s4_killed_at_any_call_the_next_run_converges() {
    if !can_trace() {
        return;
    }
    inject("inject={call}:signal=KILL:when={nth}", 7, |disturbed| {
        let known: BTreeSet<Vec<u8>> = disturbed.before.iter().flat_map(contents).collect();
        for side in disturbed.pair.sides() {
            for (path, node) in tree(&side) {
                // S2: whatever has a final name is whole.
                let temp =
                    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with(".instep-"));
                if let Node::File(content) = node {
                    let whole = temp || known.contains(&content);
                    assert!(whole, "{} is partial\n{}", path.display(), disturbed.script);
                }
            }
        }
        nothing_is_lost(disturbed);
        the_next_run_converges(disturbed);
    });
}

/// What must hold when the system answers with this error, sooner or later.
fn an_error_loses_nothing(error: &str) {
    if !can_trace() {
        return;
    }
    inject(&format!("inject={{call}}:error={error}:when={{nth}}"), 11, |disturbed| {
        let Disturbed { pair, run, script, .. } = disturbed;
        nothing_is_lost(disturbed);
        match run.status.code() {
            // Whoever says that all is done has done all.
            Some(0 | 5) => {
                let differ = differing(pair);
                assert!(differ.is_empty(), "not a word of {differ:?}\n{script}");
            }
            // 127: the program could not even be loaded.
            Some(1..=7 | 127) => {}
            other => panic!("ended with {other:?}\n{script}"),
        }
        the_next_run_converges(disturbed);
    });
}

#[test]
fn s9_a_broken_disk_at_any_call_loses_nothing_and_the_next_run_converges() {
    an_error_loses_nothing("EIO");
}

#[test]
fn s9_a_full_disk_at_any_call_loses_nothing_and_the_next_run_converges() {
    an_error_loses_nothing("ENOSPC");
}

#[test]
fn s9_a_refusal_at_any_call_loses_nothing_and_the_next_run_converges() {
    an_error_loses_nothing("EACCES");
}

#[test]
fn s9_an_absence_at_any_call_loses_nothing_and_the_next_run_converges() {
    an_error_loses_nothing("ENOENT");
}

#[test]
fn s9_an_interruption_at_any_call_loses_nothing_and_the_next_run_converges() {
    an_error_loses_nothing("EINTR");
}
