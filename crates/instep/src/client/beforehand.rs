//! What the daemon says of items beforehand: what a run would do, and whether they are as the last one left them.

use std::time::Duration;

use hyper::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use syncmgr::{HandlerId, ItemId};
use wire::{PathText, Preview, PreviewOrder, Verification};

use super::orders::segment;
use super::{Daemon, Trouble};
use crate::outlook::{Outlook, Planned};

/// How long a look may take: as long as the folders or the other end do. Ctrl-C ends it there, too.
const LOOK: Duration = Duration::from_secs(24 * 60 * 60);
/// How many rows are asked for at once.
const ROWS: usize = 1000;

/// A page of rows, as far as they are shown.
#[derive(Deserialize)]
struct Rows {
    actions: Vec<Action>,
    notes: Vec<Note>,
    next: Option<u64>,
}

#[derive(Deserialize)]
struct Action {
    verb: String,
    side: String,
    #[serde(flatten)]
    path: PathText,
    kind: String,
    entries: u64,
}

#[derive(Deserialize)]
struct Note {
    text: String,
}

impl Daemon {
    /// What a run of an item with these options would do.
    pub(crate) fn preview(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        options: &Map<String, Value>,
    ) -> Result<Outlook, Trouble> {
        let found: Preview = self.look("preview", handler, item, options)?;
        let (mut actions, mut notes) = (Vec::new(), Vec::new());
        let mut next = Some(0);
        while let Some(offset) = next {
            let rows: Rows = self.get(&format!("/previews/{}?limit={ROWS}&offset={offset}", found.id))?;
            actions.extend(rows.actions.into_iter().map(|action| Planned {
                verb: action.verb,
                side: action.side,
                path: action.path.path,
                kind: action.kind,
                entries: action.entries,
            }));
            notes.extend(rows.notes.into_iter().map(|note| note.text));
            next = rows.next;
        }
        Ok(Outlook {
            plan: found.plan,
            counts: found.counts.into(),
            expected: found.expected.into(),
            first_run: found.first_run,
            stops: found.stops,
            warnings: found.warnings,
            actions,
            notes,
        })
    }

    /// Whether an item is as its last run left it.
    pub(crate) fn verify(
        &self,
        handler: &HandlerId,
        item: &ItemId,
        options: &Map<String, Value>,
    ) -> Result<Verification, Trouble> {
        self.look("verify", handler, item, options)
    }

    /// Has the handler of an item look, for what `verb` says.
    fn look<T: DeserializeOwned>(
        &self,
        verb: &str,
        handler: &HandlerId,
        item: &ItemId,
        options: &Map<String, Value>,
    ) -> Result<T, Trouble> {
        let path = format!("/items/{}/{}/{verb}", segment(handler.as_str()), segment(item.as_str()));
        let order = PreviewOrder { options: (!options.is_empty()).then(|| options.clone()) };
        self.ask(Method::POST, &path, Some(&order), LOOK)
    }
}
