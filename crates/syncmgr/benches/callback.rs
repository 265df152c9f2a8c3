//! What a session costs the handler: `cargo bench -p syncmgr`.
//!
//! A plain program: the best of several rounds for each figure, and the resident memory that a session of a million items
//! adds.
#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::sync::Barrier;
use std::time::Instant;

use syncmgr::session::Session;
use syncmgr::{HandlerId, ItemId, ProgressStatus, Refusal, RunId};

const CALLS: u64 = 2_000_000;
const ROUNDS: usize = 7;
const MANY: usize = 1_000_000;

fn items(count: usize) -> Result<Vec<ItemId>, Refusal> {
    (0..count).map(|n| ItemId::new(&format!("item-{n:07}"))).collect()
}

fn session(items: &[ItemId]) -> Result<Session, Refusal> {
    Session::new(RunId(1), HandlerId::new("bench")?, items, 0)
}

/// Nanoseconds of one call, best of all rounds.
fn best(mut call: impl FnMut(u64)) -> f64 {
    let round = |call: &mut dyn FnMut(u64)| {
        let start = Instant::now();
        (0..CALLS).for_each(call);
        start.elapsed().as_nanos() as f64 / CALLS as f64
    };
    (0..ROUNDS).map(|_| round(&mut call)).fold(f64::INFINITY, f64::min)
}

fn one_item() -> Result<(), Refusal> {
    let ids = items(8)?;
    let session = session(&ids)?;
    let item = &ids[3];
    // A process outside sends its own text each time: equal, and not the same object.
    let foreign = ItemId::new(item.as_str())?;
    let report = |item: &ItemId, text: Option<&str>, n: u64| {
        let status = ProgressStatus::Updating;
        let _ = black_box(session.report_progress(n as i64 >> 10, item, text, status, n, CALLS));
    };
    println!("report_progress, no text         {:6.1} ns", best(|n| report(black_box(item), None, n)));
    println!(
        "report_progress, a path as text  {:6.1} ns",
        best(|n| report(black_box(item), Some(black_box("photos/2024/summer/IMG_20240714_101112.jpg")), n))
    );
    println!("report_progress, foreign item ID {:6.1} ns", best(|n| report(black_box(&foreign), None, n)));
    println!(
        "can_continue(item)               {:6.1} ns",
        best(|_| {
            let _ = black_box(session.can_continue(Some(black_box(item))));
        })
    );
    println!(
        "can_continue(none)               {:6.1} ns",
        best(|_| {
            let _ = black_box(session.can_continue(None));
        })
    );
    Ok(())
}

/// Each thread reports an item of its own.
fn over_cores() -> Result<(), Refusal> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    for threads in (0..).map(|n| 1 << n).take_while(|threads| *threads <= cores.max(2)) {
        let ids = items(threads)?;
        let session = session(&ids)?;
        let barrier = Barrier::new(threads);
        let slowest = std::thread::scope(|scope| {
            let workers: Vec<_> = ids
                .iter()
                .map(|id| {
                    scope.spawn(|| {
                        barrier.wait();
                        best(|n| {
                            let status = ProgressStatus::Updating;
                            let _ = black_box(session.report_progress(
                                n as i64 >> 10,
                                id,
                                None,
                                status,
                                n,
                                CALLS,
                            ));
                        })
                    })
                })
                .collect();
            workers.into_iter().filter_map(|worker| worker.join().ok()).fold(0.0, f64::max)
        });
        println!("report_progress, {threads:2} threads      {slowest:6.1} ns each ({cores} cores here)");
    }
    Ok(())
}

fn a_million_items() -> Result<(), Refusal> {
    let ids = items(MANY)?;
    let before = resident();
    let start = Instant::now();
    let session = session(&ids)?;
    println!("begin, a million items           {:6.1} ns each", per_item(start));
    println!("memory, nothing reported         {:6.1} bytes an item", held(before));

    let start = Instant::now();
    for (n, id) in (0..).zip(&ids) {
        session.report_progress(n, id, Some("IMG_20240714_101112.jpg"), ProgressStatus::Updating, 1, 2)?;
    }
    println!("report_progress, a million items {:6.1} ns each", per_item(start));
    println!("memory, each with a text         {:6.1} bytes an item", held(before));

    let start = Instant::now();
    let changes = session.changes().len();
    println!("changes, all {changes}         {:6.1} ns each", per_item(start));
    Ok(())
}

fn per_item(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64 / MANY as f64
}

fn held(before: usize) -> f64 {
    (resident() - before) as f64 / MANY as f64
}

fn main() -> Result<(), Refusal> {
    // `cargo test --benches` runs this too; then there is nothing to measure.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    one_item()?;
    over_cores()?;
    a_million_items()
}

/// Bytes of anonymous memory that the program has now, as the system sees it; zero where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap_or_default() * 1024
}
