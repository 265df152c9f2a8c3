//! Looking at pairs without a run: what preview and verify have in common.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use folders::RunOptions;
use folders::look::LookError;
use folders::options::Home;
use folders::pair::Pair;
use folders::roots::Surroundings;
use folders::scan::Watch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use reconcile::{RelPath, Time};

use crate::app::App;
use crate::args::Rules;
use crate::exit::{Exit, Failure};
use crate::out::Volume;
use crate::render::human::Names;
use crate::render::text::counted;

/// A look that ends sooner shows no progress.
const QUIET_START: Duration = Duration::from_millis(500);

/// What the looks of one command share.
pub(crate) struct Looking<'a> {
    app: &'a App<'a>,
    pub(crate) home: Home,
    pub(crate) now: Time,
}

impl<'a> Looking<'a> {
    pub(crate) fn new(app: &'a App<'a>) -> Self {
        let now = jiff::Timestamp::now();
        Self {
            app,
            home: app.home(),
            now: Time { secs: now.as_second(), nanos: now.subsec_nanosecond().unsigned_abs() },
        }
    }

    pub(crate) fn surroundings(&self, pair: &Pair) -> Surroundings {
        self.app.surroundings(&pair.item)
    }

    /// Looks with a line of progress, which is gone afterwards.
    pub(crate) fn show<T>(&self, pair: &Pair, look: impl FnOnce(&dyn Watch) -> T) -> T {
        let eye = Eye {
            bar: (self.app.out.volume() > Volume::Quiet).then(|| {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                bar.set_style(ProgressStyle::default_spinner());
                bar
            }),
            name: Names::of(pair).item,
            began: Instant::now(),
            entries: AtomicU64::new(0),
        };
        let result = look(&eye);
        if let Some(bar) = eye.bar {
            bar.finish_and_clear();
        }
        result
    }
}

/// Counts what is looked at, and shows it.
struct Eye {
    bar: Option<ProgressBar>,
    name: String,
    began: Instant,
    entries: AtomicU64,
}

impl Watch for Eye {
    fn canceled(&self) -> bool {
        // Nothing is written: Ctrl-C simply ends the process.
        false
    }

    fn looked_at(&self, entries: u64, dir: &RelPath) {
        let all = self.entries.fetch_add(entries, Ordering::Relaxed) + entries;
        if let Some(bar) = &self.bar
            && self.began.elapsed() >= QUIET_START
        {
            bar.set_message(format!("{}: {} looked at  {dir}", self.name, counted(all, "entry", "entries")));
            bar.tick();
        }
    }
}

/// Options of a run that is only looked at.
pub(crate) fn options_of(rules: &Rules, checksum: bool) -> RunOptions {
    RunOptions {
        mode: rules.mode.map(Into::into),
        on_conflict: rules.on_conflict.map(Into::into),
        exclude: rules.exclude.clone(),
        include: rules.include.clone(),
        max_delete: rules.max_delete,
        checksum,
        keep: rules.keep(),
        ..RunOptions::default()
    }
}

/// Why a pair could not be looked at.
pub(crate) fn failed(pair: &Pair, error: &LookError) -> Failure {
    let problem = error.problem();
    let exit = if error.is_usage() { Exit::Usage } else { Exit::from(error.outcome()) };
    let failure = Failure::new(exit, format!("{}: {}", pair.name, problem.text));
    match problem.fix {
        Some(fix) => failure.tip(fix),
        None => failure,
    }
}
