//! What a first copy costs: system calls for each small file, with the directories around it.
//!
//! `strace` counts them in two runs of different size; the difference is what a file costs. Where it is not installed or
//! may not trace, the test says so and passes.

use std::fs;
use std::path::Path;

use crate::injected::can_trace;
use crate::pair::Pair;

/// Files in each directory, as in trees of sources.
const FILES: usize = 20;

/// Calls that name files or work on open ones, in a first copy of so many directories; none if the machine was so busy
/// that it took more than one batch: what is published before all of it is there takes more calls.
fn calls(dirs: usize) -> Option<usize> {
    let pair = Pair::new();
    for dir in 0..dirs {
        let dir = pair.a().join(format!("top/d{dir}"));
        fs::create_dir_all(&dir).unwrap();
        for file in 0..FILES {
            fs::write(dir.join(format!("f{file}")), format!("content of {file}\n").repeat(file + 1)).unwrap();
        }
    }
    // Only the first 4,096 files of a run are read for later merges.
    let quoted = |path: &Path| format!("{:?}", path.to_str().unwrap());
    let settings = format!("a = {}\nb = {}\nancestors = false\n", quoted(&pair.a()), quoted(&pair.b()));
    fs::create_dir(pair.home()).unwrap();
    fs::write(pair.home().join("instep.toml"), format!("[items.x]\n{settings}")).unwrap();
    let log = pair.home().join("strace.log");
    let strace = ["strace", "-f", "-qq", "-o", log.to_str().unwrap(), "-e", "trace=%file,%desc"];
    let run = pair.wrapped(&strace, &["sync", "x", "--yes", "-q"]).output().unwrap();
    assert_eq!(run.status.code(), Some(0), "{}", String::from_utf8_lossy(&run.stderr));
    let copied = fs::read_dir(pair.b().join(format!("top/d{}", dirs - 1))).unwrap().count();
    assert_eq!(copied, FILES);
    let log = fs::read_to_string(&log).unwrap();
    // Each batch ends by removing the list of what is half-made.
    let batches = log.lines().filter(|line| line.contains("unlink") && line.contains("open.jsonl")).count();
    // A call that another thread's call cut in two is told twice, and where assertions are on, each descriptor is looked
    // at before it is closed.
    let others = ["resumed>", " +++ ", " fcntl("];
    let calls = log.lines().filter(|line| !others.iter().any(|other| line.contains(other))).count();
    (batches == 1).then_some(calls)
}

#[test]
fn a_first_copy_takes_at_most_twelve_calls_a_file() {
    if !can_trace() {
        return;
    }
    let (Some(few), Some(many)) = (calls(10), calls(40)) else {
        eprintln!("skipped: this machine is too busy just now");
        return;
    };
    let each = (many - few) as f64 / (30 * FILES) as f64;
    println!("{each:.2} calls a file");
    assert!(each <= 12.0, "{each:.2} calls a file");
}
