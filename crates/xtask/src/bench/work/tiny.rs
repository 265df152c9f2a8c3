//! A million files that are the same on both sides already, and one change among them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{Bench, Pair, Series};
use crate::bench::disk::Disk;
use crate::bench::peers::{Peer, floor, ours};
use crate::bench::workload;

/// Changes whose way to the other side is timed.
const CHANGES: usize = 21;
/// After that a change is taken for lost.
const PATIENCE: Duration = Duration::from_secs(60);

impl Bench<'_> {
    /// Every peer looks at the same two trees.
    pub(super) fn tiny(&mut self) -> Result<()> {
        let (files, dirs) = self.sizes.tiny;
        // A block for each file, twice.
        let disk = Disk::new(self.place, "tiny", files / 100, 2 * (files + dirs))?;
        let [a, b] = ["a", "b"].map(|name| disk.path().join(name));
        eprintln!("preparing tiny");
        workload::tree(&a, files, dirs, 0.0, 2)?;
        self.copy(&a, &b)?;
        let mut first = Series::new("tiny, first run, both the same");
        let mut pairs = Vec::new();
        for peer in self.peers.clone() {
            let state = disk.path().join(format!("state-{}", peer.word()));
            fs::create_dir_all(&state)?;
            self.measure(&mut first, peer, &peer.job(&a, &b, &state, true), None)?;
            pairs.push(Pair { peer, a: a.clone(), b: b.clone(), state, _disk: None });
        }
        first.add(Peer::Floor, self.run(&floor("walk", &[&a, &b]))?);
        self.keep(first);
        self.unchanged("tiny", &pairs, true)?;
        match pairs.iter().find(|pair| pair.peer == Peer::Instep) {
            Some(pair) => self.watch(pair),
            None => Ok(()),
        }
    }

    /// How long a change takes to the other side of a pair that is followed, by a command and by the daemon.
    fn watch(&mut self, pair: &Pair) -> Result<()> {
        let begun = Instant::now();
        let following = Following::watch(pair)?;
        self.fact("watch: until both sides are followed", seconds(begun.elapsed()));
        self.changes("watch", pair, following)?;
        let daemon = Following::serve(pair)?;
        self.changes("daemon, on change", pair, daemon)
    }

    fn changes(&mut self, who: &str, pair: &Pair, mut following: Following) -> Result<()> {
        let mut times = Vec::new();
        // One more than is timed: the first may meet the look at everything that following begins with.
        for number in 0..=CHANGES {
            // Spread over the tree, so that no directory is warm from the change before.
            let (files, dirs) = self.sizes.tiny;
            let place = number as u64 * (files / (CHANGES as u64 + 1));
            let path = workload::place(Path::new(""), place, files, dirs);
            let wanted = format!("changed: {number}, {who}");
            fs::write(pair.a.join(&path), &wanted)?;
            let start = Instant::now();
            let there = pair.b.join(&path);
            while fs::read(&there).is_ok_and(|content| content != wanted.as_bytes()) {
                if start.elapsed() > PATIENCE || following.has_ended()? {
                    bail!("a change did not arrive in {}", there.display());
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            times.push(start.elapsed());
        }
        following.stop();
        times.remove(0);
        times.sort_unstable();
        self.fact(
            format!("{who}: one change on the other side ({CHANGES} changes): median, slowest"),
            format!("{}, {}", seconds(times[CHANGES / 2]), seconds(times[CHANGES - 1])),
        );
        Ok(())
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// A pair that is followed by a process of its own.
struct Following {
    child: Child,
    /// Held, so that it can go on writing.
    _said: Option<BufReader<ChildStdout>>,
}

impl Following {
    fn watch(pair: &Pair) -> Result<Self> {
        let mut child = Command::new(ours())
            .args(["watch", "--yes", "--json"])
            .args([&pair.a, &pair.b])
            .env("INSTEP_HOME", &pair.state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start instep watch")?;
        let said = child.stdout.take().context("its output is not a pipe")?;
        let mut said = BufReader::new(said);
        let mut line = String::new();
        while said.read_line(&mut line)? > 0 {
            let told: Value = serde_json::from_str(&line).unwrap_or_default();
            if told["type"] == "watching" {
                return Ok(Self { child, _said: Some(said) });
            }
            line.clear();
        }
        bail!("instep watch ended with {}", child.wait()?)
    }

    /// The daemon of a home of its own, in which the pair is an item that runs when something changes.
    fn serve(pair: &Pair) -> Result<Self> {
        let home = pair.state.with_extension("daemon");
        fs::create_dir_all(&home)?;
        let (a, b) = (pair.a.display().to_string(), pair.b.display().to_string());
        let instep = |words: &[&str]| {
            let mut command = Command::new(ours());
            command.args(words).env("INSTEP_HOME", &home).stdin(Stdio::null());
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        for words in [
            &["add", "tiny", &a, &b][..],
            &["sync", "tiny", "--yes"],
            &["schedule", "tiny", "--on", "change"],
        ] {
            let status = instep(words).status()?;
            if !status.success() {
                bail!("`instep {}` ended with {status}", words.join(" "));
            }
        }
        let child = instep(&["serve"]).spawn().context("cannot start instep serve")?;
        Ok(Self { child, _said: None })
    }

    fn has_ended(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_some())
    }

    fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Following {
    fn drop(&mut self) {
        self.end();
    }
}
