//! The center under load: ten thousand items and a million events in the store, asked through the real daemon.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, ensure};
use serde_json::Value;
use store::{NewRun, RunEnd, RunItemEnd, Store};
use syncmgr::{
    Counts, HandlerId, ItemId, Level, NewEvent, Outcome, Problem, ProblemClass, ProgressStatus, Refusal,
};

use crate::daemon::Daemon;
use crate::{cpu, median};

const ITEMS: u64 = 10_000;
const RUNS: u64 = 100_000;
const EVENTS_PER_RUN: u64 = 10;
/// Whoever writes a run waits for the disk; many share one wait.
const WRITERS: u64 = 64;
const ROUNDS: usize = 9;

/// Fills a store, starts the daemon on it, and prints how long its answers take.
pub(crate) fn run() -> Result<()> {
    let home = tempfile::tempdir()?;
    settings(home.path())?;
    fill(home.path())?;
    let daemon = Daemon::start(home.path())?;
    println!("{:60}  {:>10}  {:>12}", "asked at the socket", "median", "bytes");
    for (what, path) in QUESTIONS {
        let mut times = Vec::new();
        let mut size = 0;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            size = daemon.get(path).with_context(|| what.to_owned())?.len();
            times.push(begun.elapsed().as_secs_f64());
        }
        println!("{what:60}  {:>7.1} ms  {size:>12}", median(&mut times) * 1e3);
    }
    let home: Value = serde_json::from_slice(&daemon.get("/items?limit=1")?)?;
    ensure!(home["counts"]["all"] == ITEMS, "the daemon does not show all items: {}", home["counts"]);
    let found: Value = serde_json::from_slice(&daemon.get("/events?search=4711.jpg&limit=1000")?)?;
    ensure!(found["events"].as_array().is_some_and(|events| !events.is_empty()), "nothing was found");
    Ok(())
}

/// Makes a home with all that is asked about, and one run with as many lines as all others together.
pub(crate) fn prepare(home: &Path) -> Result<()> {
    settings(home)?;
    let file = home.join("instep.toml");
    let kept =
        format!("[results]\nkeep_events = {}\n\n{}", 4 * RUNS * EVENTS_PER_RUN, fs::read_to_string(&file)?);
    fs::write(file, kept)?;
    fill(home)?;
    let store = Store::open(&home.join("state/instep.db"))?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    write_run(&store, RUNS, now, RUNS * EVENTS_PER_RUN)?;
    store.flush()?;
    Ok(())
}

/// What screens and monitors ask for.
const QUESTIONS: &[(&str, &str)] = &[
    ("home: items, and how all of them stand", "/items?sort=attention&history=14&limit=100"),
    ("home: only what needs a person", "/items?attention=true&history=14&limit=100"),
    ("items by a part of their names", "/items?search=4711"),
    ("one item", "/items/folders/item-4711"),
    ("handlers", "/handlers"),
    ("search: a part of a path, some events", "/events?search=album-47/IMG_1"),
    ("search: a word in every event", "/events?search=permission"),
    ("search: two words in every event, the oldest first", "/events?search=denied+by&order=oldest"),
    ("search: nothing", "/events?search=nowhere+to+be+found"),
    ("search: nothing, two letters", "/events?search=zq"),
    ("search: errors", "/events?search=IMG_47&level=error"),
    ("search: of an item", "/events?search=IMG&handler=folders&item=item-4711"),
    ("runs: the latest", "/runs"),
    ("runs: the oldest", "/runs?offset=99900"),
    ("runs: by a part of a problem, nothing", "/runs?search=nowhere"),
    ("runs: of an item", "/runs?handler=folders&item=item-4711"),
    ("runs: failed", "/runs?outcome=failed"),
    ("calendar of a week", "/calendar"),
    ("health", "/health"),
    ("metrics", "/metrics"),
];

/// Pairs that run by themselves once a day, half a day from now.
fn settings(home: &Path) -> Result<()> {
    let hour = (SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() / 3600 + 12) % 24;
    let mut text = String::new();
    for item in 0..ITEMS {
        write!(
            text,
            "[items.item-{item}]\nname = \"Photos {item}\"\na = \"{home}/a/{item}\"\nb = \"{home}/b/{item}\"\nschedule = {{ cron = \"{minute} {hour} * * *\", zone = \"UTC\" }}\n\n",
            home = home.display(),
            minute = item % 60,
        )?;
    }
    fs::write(home.join("instep.toml"), text)?;
    Ok(())
}

fn fill(home: &Path) -> Result<()> {
    let store = Store::open(&home.join("state/instep.db"))?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let (begun, computed) = (Instant::now(), cpu()?);
    thread::scope(|scope| {
        let store = &store;
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                scope.spawn(move || {
                    (writer..RUNS)
                        .step_by(WRITERS as usize)
                        .try_for_each(|run| write_run(store, run, now, EVENTS_PER_RUN))
                })
            })
            .collect();
        writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| anyhow!("a writer panicked"))?)
    })?;
    store.flush()?;
    let (events, seconds) = ((RUNS * EVENTS_PER_RUN) as f64, begun.elapsed().as_secs_f64());
    println!(
        "{ITEMS} items, {RUNS} runs, {events} events written in {seconds:.0} s; {:.1} us of computing an event; {} MiB",
        (cpu()? - computed) / events * 1e6,
        fs::metadata(store.path())?.len() >> 20,
    );
    Ok(())
}

fn write_run(store: &Store, number: u64, now: i64, events: u64) -> Result<()> {
    let refused = |refusal: Refusal| anyhow!("{refusal}");
    let mut dice = Dice(number);
    let item = ItemId::new(&format!("item-{}", number % ITEMS)).map_err(refused)?;
    let started = now - i64::try_from(RUNS.saturating_sub(number) * 1000)?;
    let handler = HandlerId::new("folders").map_err(refused)?;
    let recorder =
        store.begin_run(NewRun { handler, items: vec![item.clone()], started, reference: None })?;
    let failed = dice.roll(10) == 0;
    for _ in 0..events {
        let path = format!(
            "photos/{}/album-{}/IMG_{}.jpg",
            2000 + dice.roll(25),
            dice.roll(100),
            dice.roll(100_000_000)
        );
        let level = if failed { Level::Error } else { Level::Warning };
        let text = format!("'{path}' was not copied: permission denied by the system");
        recorder.event(NewEvent::new(Some(&item), level, "Not copied", text), started)?;
    }
    let (status, outcome) = if failed {
        (ProgressStatus::Failed, Outcome::Failed)
    } else {
        (ProgressStatus::Succeeded, Outcome::Done)
    };
    let problem = failed.then(|| Problem::new(ProblemClass::Permission, "The folder could not be read."));
    let end = RunItemEnd { item, status, outcome, counts: Counts::default(), problem };
    recorder.finish(RunEnd {
        ended: started + 500,
        recorded: started + 500,
        status,
        outcome,
        manual: false,
        conflicts: 0,
        items: vec![end],
    })?;
    Ok(())
}

/// The same numbers each time (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}
