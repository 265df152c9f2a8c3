//! Deterministic simulation: planner and applier on a machine in memory, where everything that can go wrong does.
//!
//! A seed decides a history: two people work on both sides, runs are refused, killed, cut off from power or disturbed
//! by other programs at any call, and after every stop the safety rules are looked after. A history that breaks a rule
//! is shortened as long as it still breaks it, and shown as a script that [`replay`] understands.

mod chance;
mod home;
mod run;
mod shorten;
mod story;
mod teller;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::AddAssign;

use crate::filter::Filter;
pub use crate::side::simulated::Chance;

/// What happened in histories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "they say what they count")]
pub struct Tally {
    pub histories: u64,
    pub runs: u64,
    pub clean_runs: u64,
    pub calls: u64,
    pub kills: u64,
    pub recoveries: u64,
    pub power_losses: u64,
    pub refusals: u64,
    pub full_disks: u64,
    pub meanwhile: u64,
    pub conflicts: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.histories += other.histories;
        self.runs += other.runs;
        self.clean_runs += other.clean_runs;
        self.calls += other.calls;
        self.kills += other.kills;
        self.recoveries += other.recoveries;
        self.power_losses += other.power_losses;
        self.refusals += other.refusals;
        self.full_disks += other.full_disks;
        self.meanwhile += other.meanwhile;
        self.conflicts += other.conflicts;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, runs, clean_runs, calls, .. } = self;
        writeln!(f, "{histories} histories, {runs} runs ({clean_runs} undisturbed), {calls} calls")?;
        write!(
            f,
            "{} kills ({} times the base learned afterwards what was done), {} power failures, {} refused calls, \
             {} full disks, {} edits in between, {} open conflicts",
            self.kills,
            self.recoveries,
            self.power_losses,
            self.refusals,
            self.full_disks,
            self.meanwhile,
            self.conflicts
        )
    }
}

/// A history that broke a rule.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What decided it.
    pub seed: u64,
    /// The rule, and how it was broken.
    pub rule: String,
    /// The shortest history found that breaks the same rule, for [`replay`].
    pub script: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}: {}\n{}", self.seed, self.rule, self.script)
    }
}

/// Simulates histories. Each thread has its own.
#[derive(Debug)]
pub struct Simulator {
    filter: Filter,
    /// What happened so far.
    pub tally: Tally,
}

impl Default for Simulator {
    fn default() -> Self {
        Self::new()
    }
}

impl Simulator {
    /// Nothing is left out of the pairs.
    pub fn new() -> Self {
        Self { filter: Filter::default(), tally: Tally::default() }
    }

    /// Tells the history of a seed.
    ///
    /// # Errors
    /// It broke a rule.
    pub fn history(&mut self, seed: u64) -> Result<(), Box<Failure>> {
        let (story, result, tally) = chance::tell(seed, &self.filter);
        self.tally += tally;
        let Err(broken) = result else { return Ok(()) };
        let (story, broken) = shorten::shorten(story, broken, &self.filter);
        let rule = format!("{}: {}", broken.rule, broken.what);
        Err(Box::new(Failure { seed, rule, script: story.to_string() }))
    }
}

/// What came of a script.
#[derive(Debug)]
pub struct Replayed {
    /// The broken rule, if one was.
    pub broken: Option<String>,
    /// Every call of every run.
    pub trace: Vec<String>,
}

/// Tells the history that a script says.
///
/// # Errors
/// A line of it says nothing.
pub fn replay(script: &str) -> Result<Replayed, String> {
    let story = story::Story::parse(script)?;
    let (result, trace) = shorten::tell(&story, &Filter::default(), true);
    let broken = result.err().map(|broken| format!("{}: {}", broken.rule, broken.what));
    Ok(Replayed { broken, trace })
}
