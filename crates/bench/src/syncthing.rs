//! Syncthing as a program that brings two folders to the same state and ends, so that it can be measured beside others.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use testkit::syncthing::Syncthing;

/// How often it is asked whether it is done.
const PACE: Duration = Duration::from_millis(50);
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(30 * 60);

/// Starts one for each folder, on loopback, has both look at theirs, and ends them when each says that the other has all.
/// What they remember is kept in `state`.
pub(crate) fn run(a: &Path, b: &Path, state: &Path) -> Result<()> {
    let mut both = [("a", a), ("b", b)].map(|(name, folder)| Syncthing::of(&state.join(name), folder));
    let [first, second] = &mut both;
    first.start(second);
    second.start(first);
    let begun = Instant::now();
    let wait_until = |so: &dyn Fn() -> bool| -> Result<()> {
        while !so() {
            ensure!(begun.elapsed() < PATIENCE, "no end after {} s", PATIENCE.as_secs());
            thread::sleep(PACE);
        }
        Ok(())
    };
    wait_until(&|| both.iter().all(Syncthing::answers))?;
    thread::scope(|scope| {
        for one in &both {
            scope.spawn(|| one.rescan());
        }
    });
    let [first, second] = &both;
    wait_until(&|| first.is_done_with(second) && second.is_done_with(first))?;
    both.iter_mut().for_each(Syncthing::shut_down);
    Ok(())
}
