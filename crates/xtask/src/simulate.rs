//! The long simulation: as many histories as there is time for, on all processors.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use folders::simulation::{Failure, Simulator, Tally, replay};

use crate::shell;

/// Histories that a thread takes at once.
const PORTION: u64 = 256;

struct Wish<'w> {
    seeds: u64,
    from: u64,
    script: Option<&'w str>,
    keep_going: bool,
}

pub(crate) fn run(words: &[&str]) -> Result<()> {
    if cfg!(debug_assertions) {
        // Optimized it is ten times as fast; the short simulation among the tests has the assertions.
        let optimized = ["cargo", "run", "--quiet", "--release", "--package", "xtask", "--", "simulate"];
        return shell::run(&[&optimized, words].concat());
    }
    let mut wish = Wish { seeds: 100_000, from: 0, script: None, keep_going: false };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().copied().with_context(|| format!("{word} needs a value"));
        match *word {
            "--seeds" => wish.seeds = value()?.replace('_', "").parse()?,
            "--from" => wish.from = value()?.replace('_', "").parse()?,
            "--script" => wish.script = Some(value()?),
            "--keep-going" => wish.keep_going = true,
            other => bail!("simulate does not know {other}"),
        }
    }
    match wish.script {
        Some(path) => tell(path),
        None => simulate(&wish),
    }
}

/// Tells one history again, with every call that it makes.
fn tell(path: &str) -> Result<()> {
    let script = std::fs::read_to_string(path).with_context(|| format!("cannot read {path}"))?;
    let replayed =
        replay(&script).map_err(|line| anyhow::anyhow!("{path}: this line says nothing: {line}"))?;
    for line in replayed.trace {
        println!("{line}");
    }
    match replayed.broken {
        Some(broken) => bail!("{broken}"),
        None => Ok(()),
    }
}

fn simulate(wish: &Wish<'_>) -> Result<()> {
    let next = AtomicU64::new(wish.from);
    let end = wish.from.saturating_add(wish.seeds);
    let stop = AtomicBool::new(false);
    let found: Mutex<(Tally, Vec<Failure>)> = Mutex::default();
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (mut simulator, mut failures) = (Simulator::new(), Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let first = next.fetch_add(PORTION, Ordering::Relaxed);
                    if first >= end {
                        break;
                    }
                    for seed in first..end.min(first + PORTION) {
                        if let Err(failure) = simulator.history(seed) {
                            failures.push(*failure);
                            if !wish.keep_going {
                                stop.store(true, Ordering::Relaxed);
                                break;
                            }
                        }
                    }
                }
                // A thread that panicked has shown its own failure already.
                let mut found = found.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                found.0 += simulator.tally;
                found.1.append(&mut failures);
            });
        }
    });
    let (tally, failures) = found.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    let seconds = begun.elapsed().as_secs_f64();
    println!("{tally}");
    println!("{seconds:.1} s, {:.0} histories a second", tally.histories as f64 / seconds);
    if failures.is_empty() {
        return Ok(());
    }
    let mut kinds: BTreeMap<String, Vec<Failure>> = BTreeMap::new();
    for failure in failures {
        let rule = failure.rule.split(": ").take(2).collect::<Vec<_>>().join(": ");
        kinds.entry(rule).or_default().push(failure);
    }
    for (rule, mut failures) in kinds {
        failures.sort_by_key(|failure| (failure.script.lines().count(), failure.seed));
        println!("\n== {rule}: {} histories; the shortest:", failures.len());
        for failure in failures.iter().take(3) {
            println!("{failure}");
        }
    }
    bail!("histories broke a rule")
}
