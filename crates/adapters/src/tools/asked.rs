//! A short question to a tool: it has to answer in time, and what it says is kept up to a limit.

use std::io;
use std::process::Command;
use std::time::{Duration, Instant};

use syncmgr::outcome::{Problem, ProblemClass};

use crate::parse::Stream;
use crate::process::{self, Ended, Follower, Input, Stopping, Wish};

/// How long a tool may take to answer: what starts at once on an idle machine takes many seconds on one with much to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// What a tool answered.
pub(super) struct Answer {
    pub(super) ended: Ended,
    pub(super) output: Vec<u8>,
    pub(super) errors: Vec<u8>,
}

/// Asks; of each output at most `most` bytes are kept. The tool is ended when nobody waits for it any more.
pub(super) fn ask(command: Command, most: usize, waits: &mut dyn FnMut() -> bool) -> io::Result<Answer> {
    let until = Instant::now() + PATIENCE;
    let mut heard = Heard { output: Vec::new(), errors: Vec::new(), most, until, waits };
    let ended = process::run(command, Input::Nothing, Duration::ZERO, &mut heard)?;
    let Heard { output, errors, .. } = heard;
    Ok(Answer { ended, output, errors })
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

struct Heard<'w> {
    output: Vec<u8>,
    errors: Vec<u8>,
    most: usize,
    until: Instant,
    waits: &'w mut dyn FnMut() -> bool,
}

impl Follower for Heard<'_> {
    fn output(&mut self, from: Stream, bytes: &[u8]) {
        let kept = if from == Stream::Out { &mut self.output } else { &mut self.errors };
        let room = self.most.saturating_sub(kept.len());
        kept.extend(bytes.iter().take(room));
    }

    fn look(&mut self) -> Wish {
        if Instant::now() < self.until && (self.waits)() { Wish::GoOn } else { Wish::Kill }
    }

    fn stopping(&mut self, _how: Stopping) {}
}
