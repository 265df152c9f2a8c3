//! The long run of the planner's properties: other cases than the fixed ones that every test run draws.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};

use crate::shell;

pub(crate) fn run(words: &[&str]) -> Result<()> {
    let mut cases: u32 = 100_000;
    let mut seed = None;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut value = || words.next().copied().with_context(|| format!("{word} needs a value"));
        match *word {
            "--cases" => cases = value()?.replace('_', "").parse()?,
            "--seed" => seed = Some(value()?.parse()?),
            other => bail!("properties does not know {other}"),
        }
    }
    let seed: u64 = match seed {
        Some(seed) => seed,
        None => SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs(),
    };
    println!("{cases} cases of each property; again: cargo xtask properties --cases {cases} --seed {seed}");
    // Optimized it is many times as fast; the rest of the build is that of the tests.
    let optimized = "profile.dev.package.reconcile.opt-level=3";
    let tests = ["--test", "histories", "--test", "scoped", "--test", "names", "--no-fail-fast"];
    let words = [&["cargo", "--config", optimized, "test", "--package", "reconcile"][..], &tests].concat();
    let status = shell::command(&words)
        .env("PROPTEST_CASES", cases.to_string())
        .env("PROPTEST_RNG_SEED", seed.to_string())
        .status()?;
    if !status.success() {
        bail!(
            "a property does not hold; its seed is in crates/reconcile/tests/*.regressions: commit it with the mend"
        );
    }
    Ok(())
}
