//! The program itself: how long it takes to start, and what its callback costs a handler.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use super::Bench;
use crate::bench::peers::{Peer, ours};
use crate::shell;

/// Starts of each command.
const STARTS: usize = 51;

impl Bench<'_> {
    /// Whole processes, from start to end.
    pub(super) fn start(&mut self) -> Result<()> {
        let home = self.place.join("start");
        let [a, b, state] = ["a", "b", "state"].map(|name| home.join(name));
        for dir in [&a, &b, &state] {
            fs::create_dir_all(dir)?;
        }
        fs::write(a.join("file"), "content")?;
        self.run(&Peer::Instep.job(&a, &b, &state, true))?;
        let ours = ours();
        for words in [&["true"][..], &[&ours, "--version"], &[&ours, "status"]] {
            let time = median_start(words, &state)?;
            let what = words.join(" ").replace(&ours, "instep");
            self.fact(
                format!("`{what}`, a whole process ({STARTS} starts)"),
                format!("{:.2} ms", time * 1e3),
            );
        }
        Ok(())
    }

    /// What programs use for progress today, beside the callback: a program of its own, so that nothing else has to be
    /// built with what it compares.
    pub(super) fn callback(&mut self) -> Result<()> {
        for package in ["syncmgr", "bench"] {
            let words: &[&str] = match package {
                "syncmgr" => &["cargo", "bench", "--quiet", "--package", "syncmgr"],
                _ => &["cargo", "run", "--release", "--quiet", "--package", "bench"],
            };
            let said = shell::output(words)?;
            for line in said.lines() {
                if let Some((what, value)) = line.split_once("  ") {
                    self.fact(what.trim(), value.trim());
                }
            }
        }
        Ok(())
    }
}

fn median_start(words: &[&str], state: &std::path::Path) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        let start = Instant::now();
        let status = Command::new(words[0])
            .args(&words[1..])
            .env("INSTEP_HOME", state)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .status()
            .with_context(|| format!("cannot start {}", words[0]))?;
        times.push(start.elapsed().as_secs_f64());
        if !status.success() {
            bail!("`{}` ended with {status}", words.join(" "));
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[STARTS / 2])
}
