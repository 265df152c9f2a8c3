//! All that is written to the terminal or a pipe goes through here.
//!
//! A reader that goes away early (`instep list | head -1`) ends our output, never our work: the first refused write
//! closes the stream for good and the run goes on.

use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;

use clap::builder::styling::{AnsiColor, Style};

use crate::args::{ColorChoice, Global};
use crate::exit::Failure;
use crate::render::text::Safe;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Volume {
    Quiet,
    Normal,
    Verbose,
}

/// What a piece of text is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    Good,
    Warn,
    Bad,
    Strong,
    Faint,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default(),
            Self::Warn => AnsiColor::Yellow.on_default(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            Self::Strong => Style::new().bold(),
            Self::Faint => Style::new().dimmed(),
        }
    }
}

/// The program's output.
pub(crate) struct Out {
    stdout: Mutex<Option<io::BufWriter<io::Stdout>>>,
    volume: Volume,
    json: bool,
    color_out: bool,
    color_err: bool,
}

impl Out {
    pub(crate) fn new(global: &Global, json: bool) -> Self {
        let colored = |terminal: bool| match global.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
                terminal && !set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        };
        Self {
            stdout: Mutex::new(Some(io::BufWriter::new(io::stdout()))),
            volume: match (global.quiet, global.verbose) {
                (true, _) => Volume::Quiet,
                (_, true) => Volume::Verbose,
                _ => Volume::Normal,
            },
            json,
            color_out: colored(io::stdout().is_terminal()),
            color_err: colored(io::stderr().is_terminal()),
        }
    }

    /// Whether standard error has colours.
    pub(crate) fn colors_errors(&self) -> bool {
        self.color_err
    }

    pub(crate) fn volume(&self) -> Volume {
        self.volume
    }

    /// Whether stdout belongs to JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    pub(crate) fn colors_stderr(&self) -> bool {
        self.color_err
    }

    /// Text in a colour, where stdout has colours.
    pub(crate) fn paint<T: fmt::Display>(&self, tone: Tone, text: T) -> Painted<T> {
        Painted { style: self.color_out.then(|| tone.style()), text }
    }

    /// What was asked for: a line for a person on stdout. In JSON mode nothing.
    pub(crate) fn line(&self, line: impl fmt::Display) {
        if !self.json {
            self.write(format_args!("{line}\n"));
        }
    }

    /// A line about what was done; not with `-q`.
    pub(crate) fn say(&self, line: impl fmt::Display) {
        if self.volume > Volume::Quiet {
            self.line(line);
        }
    }

    /// A line about what needs a person: on stdout with the rest of the story, with `-q` alone on stderr.
    pub(crate) fn trouble(&self, line: impl fmt::Display) {
        if self.volume == Volume::Quiet || self.json {
            self.write_err(format_args!("{line}\n"));
        } else {
            self.line(line);
        }
    }

    /// One JSON object, on a line of its own. Outside JSON mode nothing.
    pub(crate) fn json(&self, object: &serde_json::Value) {
        if self.json {
            self.write(format_args!("{object}\n"));
        }
    }

    /// Raw text on stdout.
    pub(crate) fn raw(&self, text: &str) {
        self.write(format_args!("{text}"));
    }

    /// Bytes that are not ours, on stdout as they are.
    pub(crate) fn bytes(&self, bytes: &[u8]) {
        self.with_stdout(|stdout| stdout.write_all(bytes));
    }

    /// A line on stderr, whatever was asked for.
    pub(crate) fn note(&self, text: impl fmt::Display) {
        self.write_err(format_args!("{text}\n"));
    }

    /// Something a person should know that ends nothing, on stderr.
    pub(crate) fn warn(&self, text: impl fmt::Display) {
        let label = Painted { style: self.color_err.then(|| Tone::Warn.style()), text: "warning" };
        self.write_err(format_args!("{label}: {text}\n"));
    }

    /// A remark on stderr that nobody needs to act on; not with `-q`.
    pub(crate) fn remark(&self, text: impl fmt::Display) {
        if self.volume > Volume::Quiet {
            self.write_err(format_args!("{text}\n"));
        }
    }

    /// Why the command ends, on stderr.
    pub(crate) fn failure(&self, failure: &Failure) {
        let label = Painted { style: self.color_err.then(|| Tone::Bad.style()), text: "error" };
        self.write_err(format_args!("{label}: {}\n", Safe(&failure.text)));
        for line in failure.detail.iter().flat_map(|detail| detail.lines()) {
            self.write_err(format_args!("  {}\n", Safe(line)));
        }
        if let Some(tip) = &failure.tip {
            let label = Painted { style: self.color_err.then(|| Tone::Good.style()), text: "tip" };
            self.write_err(format_args!("  {label}: {}\n", Safe(tip)));
        }
    }

    /// Everything written so far reaches the reader.
    pub(crate) fn flush(&self) {
        self.with_stdout(Write::flush);
    }

    fn write(&self, text: fmt::Arguments<'_>) {
        self.with_stdout(|stdout| stdout.write_fmt(text));
    }

    /// Closes stdout on the first error: nobody reads it any more, or there is no room for it.
    fn with_stdout(&self, write: impl FnOnce(&mut io::BufWriter<io::Stdout>) -> io::Result<()>) {
        let mut guard = self.stdout.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(stdout) = guard.as_mut()
            && write(stdout).is_err()
            && let Some(dead) = guard.take()
        {
            // What is still in the buffer must not be written when it is dropped.
            drop(dead.into_parts());
        }
    }

    fn write_err(&self, text: fmt::Arguments<'_>) {
        // Order between both streams is what a person sees on a terminal. And there is nowhere to report to that
        // stderr is gone.
        self.flush();
        let _ = io::stderr().lock().write_fmt(text);
    }
}

/// Text with its colour.
pub(crate) struct Painted<T> {
    style: Option<Style>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => write!(f, "{style}{}{style:#}", self.text),
            None => self.text.fmt(f),
        }
    }
}
