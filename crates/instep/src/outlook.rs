//! What a run of an item would do, as a person is shown it, whoever was asked: a handler in this process or the daemon.

use syncmgr::plan::Preview;
use syncmgr::{Counts, Outcome};

/// What a run would do.
#[derive(Debug, Clone)]
pub(crate) struct Outlook {
    pub(crate) plan: Option<String>,
    pub(crate) counts: Counts,
    pub(crate) expected: Outcome,
    pub(crate) first_run: bool,
    pub(crate) stops: Vec<String>,
    pub(crate) warnings: Vec<String>,
    pub(crate) actions: Vec<Planned>,
    pub(crate) notes: Vec<String>,
}

/// One thing that would be done.
#[derive(Debug, Clone)]
pub(crate) struct Planned {
    pub(crate) verb: String,
    /// `a` or `b`.
    pub(crate) side: String,
    pub(crate) path: String,
    /// Files, directories and links that it touches in all.
    pub(crate) entries: u64,
    pub(crate) kind: String,
}

impl From<Preview> for Outlook {
    fn from(found: Preview) -> Self {
        let actions =
            (0..found.rows.actions()).filter_map(|at| found.rows.action(at)).map(|action| Planned {
                verb: action.verb.word().to_owned(),
                side: action.side.word().to_owned(),
                entries: action.entries,
                path: wire::PathText::new(&action.path).path,
                kind: action.kind.word().to_owned(),
            });
        let notes = (0..found.rows.notes()).filter_map(|at| found.rows.note(at)).map(|note| note.text);
        Self {
            actions: actions.collect(),
            notes: notes.collect(),
            plan: found.plan,
            counts: found.counts,
            expected: found.expected,
            first_run: found.first_run,
            stops: found.stops,
            warnings: found.warnings,
        }
    }
}
