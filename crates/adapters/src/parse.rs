//! What a command says while it works, read as facts: how far it is, what it did, what went wrong.
//!
//! Every parser is a pure function of the lines so far. [`Reader`] makes lines of whatever bytes come, in whatever
//! pieces: the same bytes give the same facts, and no output, however odd, takes more than [`LINE_LIMIT`] of memory.

pub mod borg;
pub mod git;
mod lines;
mod loose;
mod osc;
mod percent;
pub mod rclone;
pub mod restic;
pub mod rsync;
mod sniff;
mod tally;
pub mod unison;

use jiff::civil::DateTime;
use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::{EntryKind, PlanSide, Verb};

pub use lines::LINE_LIMIT;
pub use tally::Tally;

use lines::Lines;
use osc::Osc;

/// One thing that a command let know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// How far it is; no maximum: it does not know.
    Bar {
        /// Done.
        step: u64,
        /// In all.
        max: u64,
    },
    /// A line about now: speed, the file at hand.
    Text(String),
    /// It did something to a path.
    Did {
        /// What.
        verb: Verb,
        /// To what.
        path: String,
    },
    /// The same at a side that it names; in a dry run, what it would do.
    Placed {
        /// Where.
        side: PlanSide,
        /// What.
        verb: Verb,
        /// To what.
        path: String,
        /// Of which kind it is, as far as it tells.
        kind: EntryKind,
        /// How many bytes it is about, as far as it tells.
        size: u64,
    },
    /// Something that a person should know.
    Told {
        /// How serious.
        level: Level,
        /// What it is about.
        about: Option<String>,
        /// What happened.
        text: String,
    },
    /// Two versions that need a decision.
    Conflict(Disagreement),
    /// It says that there is nothing to do.
    Nothing,
    /// What was to be done is not there, and was left out.
    Missing(String),
    /// Something was left out by its kind.
    Skipped(String),
    /// What it counted itself, all in all: this is believed rather than what was counted from its lines.
    Total(Total, u64),
    /// Why it failed, in its own words.
    Failure(Problem),
}

/// Something that both sides have changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    /// Its path.
    pub path: String,
    /// What each side has, where the command tells.
    pub versions: Option<[Told; 2]>,
}

impl From<&str> for Disagreement {
    fn from(path: &str) -> Self {
        Self { path: path.to_owned(), versions: None }
    }
}

/// A version as a command tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// What became of it since both sides agreed.
    pub became: Became,
    /// Of which kind it is.
    pub kind: EntryKind,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, by the clock of this machine.
    pub modified: Option<DateTime>,
    /// What else tells it from others, in the command's own words.
    pub besides: String,
}

/// What became of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Became {
    /// It was not there before, or nobody knows what was.
    Created,
    /// It has other content.
    Changed,
    /// It is as it was, but for what stands beside the content.
    Same,
    /// It is gone.
    Deleted,
}

/// What commands count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    /// Entries made.
    Created,
    /// Entries changed.
    Updated,
    /// Entries taken away.
    Deleted,
    /// Entries renamed.
    Moved,
    /// Bytes of content transferred.
    Bytes,
    /// Entries of the source, all of them.
    Source,
    /// Entries of the target before the run.
    Target,
}

/// Where output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Reads the lines of one kind of command.
pub trait Parse: Send {
    /// A line without its end, and without the sequences that terminals understand.
    fn line(&mut self, from: Stream, line: &str, facts: &mut Vec<Fact>);
}

/// Makes facts of bytes.
pub struct Reader {
    lines: [Lines; 2],
    osc: [Osc; 2],
    parse: Box<dyn Parse>,
}

impl Reader {
    /// Reads with this parser.
    pub fn new(parse: Box<dyn Parse>) -> Self {
        Self { lines: <[Lines; 2]>::default(), osc: <[Osc; 2]>::default(), parse }
    }

    /// Some more output.
    pub fn read(&mut self, from: Stream, bytes: &[u8], facts: &mut Vec<Fact>) {
        let (lines, osc) = (&mut self.lines[from as usize], &mut self.osc[from as usize]);
        for &byte in bytes {
            facts.extend(osc.byte(byte));
            if let Some(line) = lines.byte(byte) {
                self.parse.line(from, &line, facts);
            }
        }
    }

    /// There is no more: what was begun is a line as well.
    pub fn end(&mut self, facts: &mut Vec<Fact>) {
        for from in [Stream::Out, Stream::Err] {
            if let Some(line) = self.lines[from as usize].rest() {
                self.parse.line(from, &line, facts);
            }
        }
    }
}

/// What reads commands that nobody knows.
pub fn unknown() -> Box<dyn Parse> {
    Box::<sniff::Sniff>::default()
}

/// The class that a message speaks of, as far as its words tell; what nobody can tell is a matter of settings.
pub fn class_of(message: &str) -> ProblemClass {
    const WORDS: &[(ProblemClass, &[&str])] = &[
        (
            ProblemClass::Auth,
            &[
                "permission denied (publickey",
                "authentication fail",
                "auth failed",
                "wrong password",
                "incorrect password",
                "an empty password",
                "passphrase",
                "password not set",
                "when revealing password",
                "decrypt configuration",
                "could not read username",
                "could not read password",
                "unauthorized",
                "invalid credentials",
                "host key verification failed",
                "couldn't find root directory id",
                "token expired",
                " 401",
                " 403",
            ],
        ),
        (
            ProblemClass::Space,
            &[
                "no space left",
                "quota",
                "disk full",
                "not enough space",
                "disk space",
                "insufficient free space",
            ],
        ),
        (
            ProblemClass::Permission,
            &["permission denied", "operation not permitted", "read-only file system", "access denied"],
        ),
        (
            ProblemClass::Transient,
            &[
                "timed out",
                "timeout",
                "connection refused",
                "connection reset",
                "connection closed",
                "connection unexpectedly closed",
                "unable to start the sftp session",
                "unable to connect",
                "could not resolve",
                "name resolution",
                "no such host",
                "network is unreachable",
                "no route to host",
                "temporary failure",
                "temporarily",
                "broken pipe",
                ": eof",
                "closed network connection",
                "ssh command exited",
                "connection lost",
                "lost connection",
                "hung up unexpectedly",
                "unexpected eof",
                "early eof",
                "unexpected disconnect",
                "already locked",
                "failed to create/acquire the lock",
                "try again",
            ],
        ),
    ];
    let message = message.to_lowercase();
    let speaks = |words: &&[&str]| words.iter().any(|word| message.contains(word));
    WORDS.iter().find(|(_, words)| speaks(words)).map_or(ProblemClass::Config, |(class, _)| *class)
}

/// A failure in a command's own words.
fn failure(text: impl Into<String>) -> Fact {
    let text = text.into();
    Fact::Failure(Problem::new(class_of(&text), text))
}

/// A number as tools write it for people: `1,234`, `12`, `1.5K`.
fn number(text: &str) -> Option<u64> {
    let digits: String = text.chars().filter(|c| *c != ',' && *c != '.').collect();
    (!digits.is_empty()).then(|| digits.parse().ok()).flatten()
}
