//! `cargo xtask bench`: ours beside the peers, alternately, on the same data, in one run.
//!
//! Each run that writes much does so on a file system of its own; where nothing can be mounted, nothing is at least
//! deleted between runs, for ext4 steps round inodes that were freed in the last minutes.

mod calls;
mod disk;
mod floor;
pub(crate) mod measure;
mod peers;
mod plot;
mod report;
mod results;
mod work;
mod workload;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::shell;
use results::Results;

/// Sizes of the workloads.
pub(crate) struct Sizes {
    /// Runs of each peer on each work.
    rounds: usize,
    /// Small files (log-normal, median about 4 KiB) and their directories.
    small: (u64, u64),
    /// Tiny files (0 to 200 bytes) and their directories.
    tiny: (u64, u64),
    /// Bytes of the one big file.
    big: u64,
    /// Entries of the one wide directory; levels of the one deep directory.
    wide: u64,
    deep: u64,
}

const FULL: Sizes = Sizes {
    rounds: 3,
    small: (100_000, 5_000),
    tiny: (1_000_000, 20_000),
    big: 2 << 30,
    wide: 100_000,
    deep: 1_000,
};
const QUICK: Sizes =
    Sizes { rounds: 3, small: (10_000, 500), tiny: (50_000, 1_000), big: 128 << 20, wide: 10_000, deep: 200 };

pub(crate) fn run(words: &[&str]) -> Result<()> {
    let mut sizes = &FULL;
    let mut only = None;
    let mut dir = std::env::temp_dir();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--quick" => sizes = &QUICK,
            "--only" => only = Some(*words.next().context("--only needs a word")?),
            "--dir" => dir = PathBuf::from(words.next().context("--dir needs a directory")?),
            // Not for people: the bare system calls, as a program that can be measured like the others.
            "floor" => return floor::run(&words.copied().collect::<Vec<_>>()),
            other => bail!("unknown option {other}"),
        }
    }
    shell::run(&["cargo", "build", "--release", "--quiet", "--package", "instep", "--package", "bench"])?;
    let peers = peers::find()?;
    let place = dir.join(format!("instep-bench-{}", std::process::id()));
    fs::create_dir_all(&place).with_context(|| format!("cannot create {}", place.display()))?;
    let fresh = disk::Disk::new(&place, "probe", 1, 1)?.is_fresh();
    let measured = work::all(sizes, only, &peers, &place);
    // The trees are large; they go also when a work failed.
    let cleaned = fs::remove_dir_all(&place);
    let measured = measured?;
    cleaned.with_context(|| format!("cannot remove {}", place.display()))?;
    // A small run shows how it goes: nothing to be kept in the repository.
    let out = shell::root().join(if std::ptr::eq(sizes, &FULL) { "bench" } else { "target/bench" });
    fs::create_dir_all(&out)?;
    let kept = out.join("results.json");
    let programs = peers.iter().map(|peer| peer.version()).collect();
    let mut results = Results::read(&kept, report::machine(fresh), programs)?;
    results.replace(measured);
    results.write(&kept)?;
    let table = report::markdown(&results);
    println!("{table}");
    fs::write(out.join("RESULTS.md"), &table)?;
    fs::write(out.join("results.svg"), plot::svg(&results))?;
    println!("written: {0}/RESULTS.md, {0}/results.svg, {0}/results.json", out.display());
    Ok(())
}
