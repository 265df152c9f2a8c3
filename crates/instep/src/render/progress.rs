//! What is seen while a run runs: bars on a terminal, a plain line now and then in a pipe, nothing with `-q`.

use std::collections::HashMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use center::LiveItem;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use serde_json::{Value, json};
use syncmgr::{ItemId, Phase};

use super::text::Safe;
use crate::out::{Out, Volume};

/// A run that ends sooner shows nothing: a flash of bars tells nobody anything.
const QUIET_START: Duration = Duration::from_millis(500);
/// How often a plain line is written.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// How often programs are told.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How often a terminal is redrawn, per second.
const REDRAWS: u8 = 10;

/// The progress of one command's items.
pub(crate) struct Progress<'o> {
    out: &'o Out,
    look: Look,
    started: Instant,
    /// When programs were told last.
    told: Instant,
    /// What the items are called.
    names: HashMap<ItemId, String>,
}

enum Look {
    Nothing,
    Bars { screen: MultiProgress, bars: HashMap<ItemId, (ProgressBar, Option<Phase>)> },
    Lines { last: Option<Instant> },
}

impl<'o> Progress<'o> {
    pub(crate) fn new(out: &'o Out, names: HashMap<ItemId, String>) -> Self {
        let look = if out.volume() == Volume::Quiet {
            Look::Nothing
        } else if std::io::stderr().is_terminal() {
            let screen = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(REDRAWS));
            Look::Bars { screen, bars: HashMap::new() }
        } else {
            Look::Lines { last: None }
        };
        let now = Instant::now();
        Self { out, look, started: now, told: now, names }
    }

    /// Whether anybody would see how the items stand now.
    pub(crate) fn is_shown(&self) -> bool {
        let silent = matches!(self.look, Look::Nothing) && !self.out.is_json();
        !silent && self.started.elapsed() >= QUIET_START
    }

    /// Shows how the items stand now.
    pub(crate) fn update(&mut self, items: &[LiveItem]) {
        if self.started.elapsed() < QUIET_START {
            return;
        }
        if self.out.is_json() && self.told.elapsed() >= TELL_EVERY {
            self.told = Instant::now();
            items.iter().filter(|item| item.outcome.is_none()).for_each(|item| self.out.json(&object(item)));
            self.out.flush();
        }
        match &mut self.look {
            Look::Nothing => {}
            Look::Bars { screen, bars } => {
                // One that was done before anything was shown needs no bar any more.
                let shown = |item: &&LiveItem| item.outcome.is_none() || bars.contains_key(&item.item);
                for item in items.iter().filter(shown).collect::<Vec<_>>() {
                    let (bar, phase) = bars.entry(item.item.clone()).or_insert_with(|| {
                        let bar = screen.add(ProgressBar::no_length());
                        bar.set_prefix(self.names.get(&item.item).cloned().unwrap_or_default());
                        (bar, None)
                    });
                    draw(bar, phase, item, self.out.colors_stderr());
                }
            }
            Look::Lines { last } => {
                // The first one comes as late as all others: most runs are over by then.
                if last.unwrap_or(self.started).elapsed() < LINE_EVERY {
                    return;
                }
                *last = Some(Instant::now());
                for item in items.iter().filter(|item| item.outcome.is_none()) {
                    let name = self.names.get(&item.item).map_or("", String::as_str);
                    self.out.remark(format_args!("{name}: {}", line(item)));
                }
            }
        }
    }

    /// Writes a line above the bars.
    pub(crate) fn say(&self, text: &str) {
        match &self.look {
            Look::Nothing => {}
            // A terminal that is gone shows nothing, and the run goes on.
            Look::Bars { screen, .. } => drop(screen.println(text)),
            Look::Lines { .. } => self.out.remark(text),
        }
    }
}

impl Drop for Progress<'_> {
    /// Leaves the screen as it was: the results say all that stays.
    fn drop(&mut self) {
        if let Look::Bars { screen, bars } = &self.look {
            for (bar, _) in bars.values() {
                bar.finish_and_clear();
            }
            // A screen that is gone needs no clearing.
            let _ = screen.clear();
        }
    }
}

fn draw(bar: &ProgressBar, shown: &mut Option<Phase>, item: &LiveItem, colors: bool) {
    if item.outcome.is_some() {
        bar.finish_and_clear();
        return;
    }
    let measured = item.phase == Some(Phase::Moving) && item.max > 0;
    if *shown != item.phase || bar.length().is_some() != measured {
        // Rate and time left are those of a phase.
        bar.reset();
        bar.set_style(style(measured, colors));
        *shown = item.phase;
    }
    if measured {
        bar.set_length(item.max);
        bar.set_position(item.step.min(item.max));
    } else {
        bar.unset_length();
        bar.set_position(item.step);
    }
    bar.set_message(message(item));
    bar.tick();
}

fn style(measured: bool, colors: bool) -> ProgressStyle {
    let template = match (measured, colors) {
        (true, true) => "{prefix:.bold} {bar:20.cyan/dim} {percent:>3}%  {left}  {wide_msg:.dim}{margin}",
        (true, false) => "{prefix} {bar:20} {percent:>3}%  {left}  {wide_msg}{margin}",
        (false, true) => "{prefix:.bold} {spinner:.cyan} {wide_msg}{margin}",
        (false, false) => "{prefix} {spinner} {wide_msg}{margin}",
    };
    let left = |state: &ProgressState, w: &mut dyn std::fmt::Write| {
        let seconds = state.eta().as_secs();
        // A writer that fails shows less, and that is all.
        let _ = match seconds {
            // The first estimates know nothing yet.
            0 if state.per_sec() <= 0.0 => Ok(()),
            0 => write!(w, "nearly done"),
            1..60 => write!(w, "{seconds} s left"),
            60..3600 => write!(w, "{} min left", seconds.div_ceil(60)),
            _ => write!(w, "{} h {} min left", seconds / 3600, seconds / 60 % 60),
        };
    };
    // Leaves the cursor before the edge: the `^C` that a terminal echoes there must not begin a line of its own, which
    // nobody would clear.
    let margin = |_: &ProgressState, w: &mut dyn std::fmt::Write| {
        let _ = w.write_str("   \x1b[3D");
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━╌")
        .with_key("left", left)
        .with_key("margin", margin)
}

fn message(item: &LiveItem) -> String {
    let text = Safe(&item.text);
    match item.phase {
        None => "waiting".to_owned(),
        Some(Phase::Moving) => text.to_string(),
        Some(phase) => format!("{}  {text}", phase.word()),
    }
}

fn line(item: &LiveItem) -> String {
    let phase = item.phase.map_or("waiting", Phase::word);
    let text = Safe(&item.text);
    match item.progress.percent() {
        Some(percent) if item.phase == Some(Phase::Moving) => format!("{phase}, {percent}%, {text}"),
        _ => format!("{phase}, {text}"),
    }
}

fn object(item: &LiveItem) -> Value {
    json!({
        "type": "progress",
        "item": item.item.as_str(),
        "run": item.run.0,
        "phase": item.phase.map(Phase::word),
        "percent": item.progress.percent(),
        "text": item.text,
    })
}
