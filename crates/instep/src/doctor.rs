//! What is wrong with an installation, why that matters, and what to do. Only looks: nothing is opened for writing,
//! made, moved or mended. Each check is a module of its own in [`CHECKS`].

mod bases;
mod daemon;
mod files;
mod machine;
mod service;
mod settings;
mod sides;
mod store;
mod tools;

use crate::exit::Exit;
use crate::places::Places;
use crate::setup::Setup;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// As it should be.
    Good,
    /// Worth knowing.
    Note,
    /// Works, but not for long or not as meant.
    Warning,
    /// Does not work.
    Error,
}

impl Level {
    /// The word in JSON.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The exit code that follows.
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Good | Self::Note => Exit::Done,
            Self::Warning => Exit::Gaps,
            Self::Error => Exit::Failed,
        }
    }
}

/// One thing that was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    /// What is so.
    pub(crate) what: String,
    /// Why that matters, or where it shows.
    pub(crate) why: Option<String>,
    /// What to do.
    pub(crate) fix: Option<String>,
}

impl Finding {
    fn new(level: Level, what: impl Into<String>) -> Self {
        Self { level, what: what.into(), why: None, fix: None }
    }

    fn good(what: impl Into<String>) -> Self {
        Self::new(Level::Good, what)
    }

    fn note(what: impl Into<String>) -> Self {
        Self::new(Level::Note, what)
    }

    fn warning(what: impl Into<String>) -> Self {
        Self::new(Level::Warning, what)
    }

    fn error(what: impl Into<String>) -> Self {
        Self::new(Level::Error, what)
    }

    fn why(self, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..self }
    }

    fn fix(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}

/// The installation that is looked at.
pub(crate) struct Patient<'a> {
    pub(crate) places: &'a Places,
    /// What the settings say; nothing when they cannot be read.
    pub(crate) setup: Setup,
}

type Check = fn(&Patient<'_>) -> Vec<Finding>;

/// What is looked at, in this order.
pub(crate) const CHECKS: [(&str, Check); 9] = [
    ("settings", settings::check),
    ("files", files::check),
    ("store", store::check),
    ("bases", bases::check),
    ("sides", sides::check),
    ("daemon", daemon::check),
    ("service", service::check),
    ("machine", machine::check),
    ("tools", tools::check),
];

/// Looks at everything.
pub(crate) fn examine(places: &Places) -> Vec<(&'static str, Vec<Finding>)> {
    let patient = Patient { places, setup: Setup::load(places).unwrap_or_default() };
    CHECKS.iter().map(|(name, check)| (*name, check(&patient))).collect()
}
