//! What a handler in another process is held to.

use std::time::{Duration, Instant};

use wire::rpc::MAX_LINE;
use wire::rpc::handler::Limits as Told;

/// Patience and room that a handler has. The defaults are those of the specification.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bad lines of a connection before it ends.
    pub bad_lines: u32,
    /// Events per second over a long time.
    pub events_per_second: u32,
    /// Events at once.
    pub event_burst: u32,
    /// Bytes that the handler has not read yet.
    pub unread: usize,
    /// Control questions that wait.
    pub errands: usize,
    /// Sessions that are open at once.
    pub sessions: usize,
    /// How long the handshake and a question about properties may take.
    pub answer: Duration,
    /// How long a question may take behind which a person or much work stands.
    pub work: Duration,
    /// How long a process has to exit after it was asked to.
    pub exit: Duration,
    /// How long a handler has to let go of a session that has ended.
    pub let_go: Duration,
    /// How long a process is kept that has nothing to do and does not ask to stay.
    pub idle: Duration,
}

/// How long a handler has to acknowledge a stop.
pub const STOP: Duration = Duration::from_secs(10);

impl Default for Limits {
    fn default() -> Self {
        Self {
            bad_lines: 100,
            events_per_second: 1000,
            event_burst: 10_000,
            unread: 4 << 20,
            errands: 64,
            sessions: 64,
            answer: Duration::from_secs(10),
            work: Duration::from_secs(600),
            exit: Duration::from_secs(5),
            let_go: Duration::from_secs(10),
            idle: Duration::from_secs(300),
        }
    }
}

impl Limits {
    /// What a handler is told of them.
    pub(crate) fn told(&self) -> Told {
        Told {
            line: u32::try_from(MAX_LINE).unwrap_or(u32::MAX),
            bad_lines: self.bad_lines,
            events_per_second: self.events_per_second,
            lease: u32::try_from(syncmgr::session::LEASE.as_secs()).unwrap_or(u32::MAX),
            stop: u32::try_from(STOP.as_secs()).unwrap_or(u32::MAX),
        }
    }
}

/// Lets so many things through in a second, and says how long the next one has to wait.
#[derive(Debug)]
pub(crate) struct Pace {
    per_second: f64,
    burst: f64,
    room: f64,
    at: Instant,
}

impl Pace {
    pub(crate) fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst.max(1));
        Self { per_second: f64::from(per_second.max(1)), burst, room: burst, at: now }
    }

    /// Takes one; the answer is how long to wait before going on.
    pub(crate) fn take(&mut self, now: Instant) -> Duration {
        let gone = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.room = (self.room + gone * self.per_second).min(self.burst) - 1.0;
        if self.room >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-self.room / self.per_second) }
    }
}

/// The pauses between deaths that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Deaths {
    in_a_row: u32,
    not_before: Option<Instant>,
    last: Option<String>,
}

/// A process that lived this long was no victim of its start.
const SOUND_LIFE: Duration = Duration::from_secs(60);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Deaths {
    /// A process has died by itself.
    pub(crate) fn count(&mut self, lived: Duration, why: String, now: Instant) {
        self.in_a_row = if lived >= SOUND_LIFE { 1 } else { self.in_a_row.saturating_add(1) };
        self.last = Some(why);
        // The first death may be an accident: it is started again at once.
        let pause = match self.in_a_row.checked_sub(2) {
            None => Duration::ZERO,
            Some(doublings) => LONGEST_PAUSE.min(Duration::from_secs(1 << doublings.min(10))),
        };
        self.not_before = now.checked_add(pause);
    }

    /// How long it is not started yet, after how many deaths, and what was the last one.
    pub(crate) fn pause(&self, now: Instant) -> Option<(Duration, u32, &str)> {
        let left = self.not_before?.checked_duration_since(now).filter(|left| !left.is_zero())?;
        Some((left, self.in_a_row, self.last.as_deref().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A number as people read it.
    fn grouped(number: usize) -> String {
        let digits = number.to_string();
        let groups: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|three| str::from_utf8(three).unwrap()).collect();
        groups.join(",")
    }

    #[test]
    fn the_limits_of_the_specification_are_those_of_the_code() {
        let text = include_str!("../../../../docs/handler-protocol.md");
        let limits = Limits::default();
        let told = limits.told();
        let (seconds, minutes) = (Duration::as_secs, |time: &Duration| time.as_secs() / 60);
        let rows = [
            format!("| a line | {} bytes |", grouped(MAX_LINE)),
            format!("| bad lines | {} for a connection |", limits.bad_lines),
            format!(
                "| events | {} a second over a long time, {} at once |",
                grouped(limits.events_per_second as usize),
                grouped(limits.event_burst as usize)
            ),
            format!("| control questions that wait | {} |", limits.errands),
            format!("| open conflicts of an item | {} |", grouped(super::super::control::MOST_CONFLICTS)),
            format!("| what the handler does not read | {} MiB |", limits.unread >> 20),
            format!(
                "| what is shown of a conflict, an icon | {} MiB |",
                super::super::parts::MOST_BYTES >> 20
            ),
            format!(
                "| log | {} bytes a line, {} lines a second |",
                grouped(super::super::log::LONGEST),
                super::super::log::PACE.0
            ),
            format!("| an answer to a question about properties | {} seconds |", seconds(&limits.answer)),
            format!(
                "| an answer behind which a person or much work stands | {} minutes |",
                minutes(&limits.work)
            ),
            "| identifiers, names, texts | R5 |".to_owned(),
            format!("| open sessions | {} for a connection |", limits.sessions),
        ];
        let table = text.split("## Limits").nth(1).and_then(|rest| rest.split("##").next()).unwrap();
        for row in &rows {
            assert!(table.contains(row.as_str()), "the specification does not say {row}");
        }
        let written =
            table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what | ")).count();
        assert_eq!(written, rows.len(), "a row of the specification is not looked at here");
        for sentence in [
            format!("renews its lease of {} seconds", told.lease),
            format!("{} seconds before SIGTERM", seconds(&limits.exit)),
            format!("nothing to do\nfor {} minutes is ended", minutes(&limits.idle)),
            format!(
                r#""limits":{{"line":{},"bad_lines":{},"events_per_second":{},"lease":{},"stop":{}}}"#,
                told.line, told.bad_lines, told.events_per_second, told.lease, told.stop
            ),
            format!("`register` comes within {} seconds", seconds(&super::super::door::PATIENCE)),
        ] {
            assert!(text.contains(&sentence), "the specification does not say: {sentence}");
        }
    }

    #[test]
    fn a_flood_is_slowed_to_its_pace_and_a_burst_is_not() {
        let start = Instant::now();
        let mut pace = Pace::new(100, 10, start);
        assert!((0..10).all(|_| pace.take(start).is_zero()));
        let mut now = start;
        for _ in 0..200 {
            now += pace.take(now);
        }
        let took = (now - start).as_secs_f64();
        assert!((1.9..=2.1).contains(&took), "200 at 100 a second took {took} s");
    }

    #[test]
    fn deaths_in_a_row_make_the_pause_longer_and_a_sound_life_ends_the_row() {
        let now = Instant::now();
        let mut deaths = Deaths::default();
        let mut pauses = Vec::new();
        for _ in 0..12 {
            deaths.count(Duration::from_secs(1), "exit code 1".into(), now);
            pauses.push(deaths.pause(now).map_or(0, |(left, ..)| left.as_secs()));
        }
        assert_eq!(pauses, [0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]);
        assert!(deaths.pause(now + LONGEST_PAUSE).is_none());
        deaths.count(SOUND_LIFE, "exit code 1".into(), now);
        assert!(deaths.pause(now).is_none());
    }
}
