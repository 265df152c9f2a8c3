//! One measured run of one command: wall clock, processor time, peak memory, bytes written.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The figures of one run.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Figures {
    /// Seconds on the wall.
    pub(crate) wall: f64,
    /// Seconds of processor time, user and system.
    pub(crate) cpu: f64,
    /// Largest resident set of a single process, in MiB.
    pub(crate) peak: f64,
    /// MiB handed to the disk.
    pub(crate) written: f64,
    /// Seconds that it then takes until all of it is durable.
    pub(crate) flush: f64,
}

impl Figures {
    /// Seconds until what was written is durable.
    pub(crate) fn durable(self) -> f64 {
        self.wall + self.flush
    }
}

/// A command with its environment and the exit codes that count as success.
pub(crate) struct Job {
    pub(crate) words: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) good: Vec<i32>,
}

impl Job {
    pub(crate) fn new(words: &[&str]) -> Self {
        Self { words: words.iter().map(|&word| word.to_owned()).collect(), env: Vec::new(), good: vec![0] }
    }

    pub(crate) fn env(mut self, name: &str, value: &Path) -> Self {
        self.env.push((name.to_owned(), value.display().to_string()));
        self
    }

    pub(crate) fn good(mut self, codes: &[i32]) -> Self {
        self.good.extend(codes);
        self
    }

    /// Runs it once, in a process of its own that has no other children.
    pub(crate) fn run(&self, place: &Path) -> Result<Figures> {
        let log = place.join("measured.json");
        let me = std::env::current_exe().context("where is xtask?")?;
        let status = Command::new(me)
            .arg("measure")
            .arg(&log)
            .args(&self.words)
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .status()?;
        if !status.success() {
            bail!("`{}` could not be measured", self.words.join(" "));
        }
        let figures: Value = serde_json::from_slice(&fs::read(&log)?)?;
        let code = figures["code"].as_i64().unwrap_or(-1);
        if !self.good.iter().any(|&good| i64::from(good) == code) {
            bail!(
                "`{}` ended with {code}: {}",
                self.words.join(" "),
                figures["stderr"].as_str().unwrap_or_default()
            );
        }
        let number = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
        Ok(Figures {
            wall: number("wall"),
            cpu: number("cpu"),
            peak: number("peak"),
            written: number("written"),
            flush: 0.0,
        })
    }
}

/// The body of the measuring process.
pub(crate) fn child(log: &str, command: &str, words: &[&str]) -> Result<()> {
    let written_before = written()?;
    let start = Instant::now();
    let output = Command::new(command)
        .args(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output();
    let wall = start.elapsed().as_secs_f64();
    let output = output.with_context(|| format!("cannot start {command}"))?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    let stderr = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = stderr.lines().rev().take(3).collect();
    let figures = json!({
        "code": output.status.code(),
        "wall": wall,
        "cpu": seconds(usage.user_time()) + seconds(usage.system_time()),
        "peak": usage.max_rss() as f64 / 1024.0,
        "written": (written()? - written_before) as f64 / f64::from(1 << 20),
        "stderr": last.join(" | "),
    });
    fs::write(log, figures.to_string())?;
    Ok(())
}

/// Bytes that this process and its finished children caused to be written.
fn written() -> Result<u64> {
    let io = fs::read_to_string("/proc/self/io")?;
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    Ok(line.context("/proc/self/io names no write_bytes")?.parse()?)
}

/// Touches so much memory and gives it back at once. A guest whose host takes back what is free for some seconds would pay
/// for it again, page by page, in the middle of a run: whoever writes the most new pages would seem slow.
pub(crate) fn fetch_memory(bytes: u64) {
    const PAGE: usize = 4096;
    let mut memory = vec![0_u8; usize::try_from(bytes).unwrap_or_default()];
    for page in memory.chunks_mut(PAGE) {
        page[0] = 1;
    }
    std::hint::black_box(&memory);
}

/// The middle of several runs, each figure by itself.
pub(crate) fn median(runs: &[Figures]) -> Figures {
    let middle = |pick: fn(&Figures) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    Figures {
        wall: middle(|run| run.wall),
        cpu: middle(|run| run.cpu),
        peak: middle(|run| run.peak),
        written: middle(|run| run.written),
        flush: middle(|run| run.flush),
    }
}
