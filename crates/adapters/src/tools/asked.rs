//! A short question to a tool: it has to answer in time, and what it says is kept up to a limit.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use syncmgr::outcome::{Problem, ProblemClass};

use crate::parse::Stream;
use crate::process::{self, Ended, Follower, Input, Stopping, Wish};

/// How long a tool may take to answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// What a tool answered.
pub(super) struct Answer {
    pub(super) ended: Ended,
    pub(super) output: Vec<u8>,
    pub(super) errors: Vec<u8>,
}

/// Asks; of each output at most `most` bytes are kept.
pub(super) fn ask(command: Command, most: usize) -> io::Result<Answer> {
    let mut heard = Heard { output: Vec::new(), errors: Vec::new(), most, until: Instant::now() + PATIENCE };
    let ended = process::run(command, Input::Nothing, Duration::ZERO, &mut heard)?;
    Ok(Answer { ended, output: heard.output, errors: heard.errors })
}

/// Why a tool cannot be asked.
pub(super) fn not_run(name: &str, error: &io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::new(
            ProblemClass::Config,
            format!("{name} is not installed, or not where programs are looked for"),
        )
        .with_fix(format!("install {name}, or add its directory to PATH")),
        _ => Problem::new(
            ProblemClass::Permission,
            format!("{name} cannot be run: {}", syncmgr::reason(error)),
        ),
    }
}

struct Heard {
    output: Vec<u8>,
    errors: Vec<u8>,
    most: usize,
    until: Instant,
}

impl Follower for Heard {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        let kept = if from == Stream::Out { &mut self.output } else { &mut self.errors };
        let room = self.most.saturating_sub(kept.len());
        kept.extend(bytes.iter().take(room));
    }

    fn look(&mut self) -> Wish {
        if Instant::now() < self.until { Wish::GoOn } else { Wish::Kill }
    }

    fn stopping(&mut self, _how: Stopping) {}
}
