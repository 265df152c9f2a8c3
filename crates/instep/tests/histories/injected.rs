//! S4: killed at any system call, every path has its old or its new content, and the next run converges with no help.
//! S9: an error of the system at any call is reported, stops nothing else, and loses nothing.
//!
//! `strace` kills or fails the nth call of a kind; where it is not installed or may not trace, the tests say so and
//! pass. `INSTEP_STRIDE=1` tries each call in turn (default: every seventh for kills, every eleventh for each error).

use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

use crate::pair::{Node, Pair, Random, Tree, act, check, contents, trash, tree};

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

fn can_trace() -> bool {
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

fn stride(short: usize) -> usize {
    std::env::var("INSTEP_STRIDE").ok().and_then(|text| text.parse().ok()).unwrap_or(short)
}

/// A pair with every kind of change waiting on both sides.
fn waiting() -> (Pair, [Tree; 2]) {
    let pair = Pair::new();
    let mut random = Random(4711);
    let mut written = 0;
    for _ in 0..40 {
        act(&mut random, &pair.a(), &mut written);
    }
    let said = pair.sync(&[]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let synced = pair.sides().map(|side| tree(&side));
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

/// Runs under `strace` with `injection` (a text with `{call}` and `{nth}`) at calls of each kind in turn, and asks
/// `judge` after each run in which the injection hit. `short`: how far the calls are apart unless somebody wants each.
fn inject(injection: &str, short: usize, judge: impl Fn(&Pair, &[Tree; 2], &[Tree; 2], &str)) {
    let (pair, synced) = waiting();
    let before = pair.sides().map(|side| tree(&side));
    let saved = pair.save();
    let mut hits = 0;
    for call in CALLS {
        // The calls before the nth may differ a little from run to run, since the engine works in parallel.
        for nth in (1..).step_by(stride(short)) {
            pair.restore_from(saved.path());
            let log = saved.path().join("strace.log");
            let injection = injection.replace("{call}", call).replace("{nth}", &nth.to_string());
            let (a, b) = (pair.a(), pair.b());
            let wrapper = [
                "strace",
                "-f",
                "-qq",
                "-o",
                log.to_str().unwrap(),
                "-e",
                &format!("trace={call}"),
                "-e",
                &injection,
            ];
            let words = ["sync", a.to_str().unwrap(), b.to_str().unwrap(), "--yes", "--approve", "-q"];
            let run = pair.wrapped(&wrapper, &words).output().unwrap();
            let traced = fs::read_to_string(&log).unwrap_or_default();
            if !traced.contains("INJECTED") && !traced.contains("killed by SIGKILL") {
                break;
            }
            hits += 1;
            let script = format!("{injection}: {:?}\n{}", run.status, String::from_utf8_lossy(&run.stderr));
            judge(&pair, &before, &synced, &script);
        }
    }
    assert!(hits > 0, "nothing was hit");
    println!("{injection}: {hits} runs were hit, nothing is lost");
}

fn nothing_is_lost(pair: &Pair, before: &[Tree; 2], script: &str) {
    let kept: BTreeSet<Vec<u8>> =
        pair.sides().iter().flat_map(|side| trash(side).into_iter().chain(contents(&tree(side)))).collect();
    for version in before.iter().flat_map(contents) {
        let text = String::from_utf8_lossy(&version).chars().take(20).collect::<String>();
        assert!(kept.contains(&version), "{text:?} is lost\n{script}");
    }
}

#[test]
fn s4_killed_at_any_call_the_next_run_converges() {
    if !can_trace() {
        return;
    }
    inject("inject={call}:signal=KILL:when={nth}", 7, |pair, before, synced, script| {
        let known: BTreeSet<Vec<u8>> = before.iter().flat_map(contents).collect();
        for side in pair.sides() {
            for (path, node) in tree(&side) {
                // S2: whatever has a final name is whole.
                let temp =
                    path.components().any(|part| part.as_os_str().to_string_lossy().starts_with(".instep-"));
                if let Node::File(content) = node {
                    assert!(temp || known.contains(&content), "{} is partial\n{script}", path.display());
                }
            }
        }
        nothing_is_lost(pair, before, script);
        let said = pair.sync(&["--approve"]);
        check(pair, before, synced, &said, script);
    });
}

/// What must hold when the system answers with this error, sooner or later.
fn an_error_loses_nothing(error: &str) {
    if !can_trace() {
        return;
    }
    inject(&format!("inject={{call}}:error={error}:when={{nth}}"), 11, |pair, before, synced, script| {
        nothing_is_lost(pair, before, script);
        let said = pair.sync(&["--approve"]);
        check(pair, before, synced, &said, script);
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
