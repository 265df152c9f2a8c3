//! What commands order of the daemon.

use std::fmt::Write;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use folders::RunOptions;
use folders::words::{keep_words, mode_word, policy_word};
use hyper::Method;
use reconcile::{Choices, RelPath, Side};
use serde_json::{Map, Value, json};
use syncmgr::{HandlerId, ItemId, RunId};
use wire::{ItemSwitches, Live, PauseOrder, ResumeOrder, Start, StartOrder, StopOrder};

use super::{Daemon, Trouble};
use crate::setup::limit_text;

impl Daemon {
    /// What runs and waits there.
    pub(crate) fn live(&self) -> Result<Live, Trouble> {
        self.get("/live")
    }

    pub(super) fn start(
        &self,
        handler: &HandlerId,
        items: &[ItemId],
        options: Map<String, Value>,
    ) -> Result<Start, Trouble> {
        let order = StartOrder {
            handler: handler.as_str().to_owned(),
            items: Some(names(items)),
            options: (!options.is_empty()).then_some(options),
            ignore_if_syncing: false,
        };
        self.send(Method::POST, "/control/start", &order)
    }

    pub(super) fn what_came_of(&self, id: u64) -> Result<Start, Trouble> {
        self.get(&format!("/starts/{id}"))
    }

    /// Takes a run back.
    pub(crate) fn undo(&self, run: RunId) -> Result<Start, Trouble> {
        self.send(Method::POST, &format!("/runs/{run}/undo"), &())
    }

    /// Asks items to stop, or (none) all that runs.
    pub(crate) fn stop(&self, of: Option<(&HandlerId, &[ItemId])>) -> Result<(), Trouble> {
        let order = match of {
            None => StopOrder::default(),
            Some((handler, items)) => {
                StopOrder { handler: Some(handler.as_str().to_owned()), items: Some(names(items)) }
            }
        };
        self.send(Method::POST, "/control/stop", &order)
    }

    /// Lets nothing begin by itself: of one item, or (none) of all.
    pub(crate) fn pause(&self, of: Option<(&HandlerId, &ItemId)>, until: Option<i64>) -> Result<(), Trouble> {
        let (handler, item) = words(of);
        let order = PauseOrder { handler, item, until: until.map(Into::into) };
        self.send(Method::POST, "/control/pause", &order)
    }

    /// Ends a pause.
    pub(crate) fn resume(&self, of: Option<(&HandlerId, &ItemId)>) -> Result<(), Trouble> {
        let (handler, item) = words(of);
        self.send(Method::POST, "/control/resume", &ResumeOrder { handler, item })
    }

    /// Whether it knows an item.
    pub(super) fn knows(&self, handler: &HandlerId, item: &ItemId) -> bool {
        let path = format!("/items/{}/{}", segment(handler.as_str()), segment(item.as_str()));
        !matches!(self.get::<Value>(&path), Err(Trouble::Refused(fault)) if fault.status == 404)
    }

    /// Says whether an item may be synchronized.
    pub(crate) fn enable(&self, handler: &HandlerId, item: &ItemId, enabled: bool) -> Result<(), Trouble> {
        let path = format!("/items/{}/{}", segment(handler.as_str()), segment(item.as_str()));
        let switches = ItemSwitches { enabled: Some(enabled), ..ItemSwitches::default() };
        self.send(Method::PATCH, &path, &switches)
    }
}

fn words(of: Option<(&HandlerId, &ItemId)>) -> (Option<String>, Option<String>) {
    of.map(|(handler, item)| (handler.to_string(), item.to_string())).unzip()
}

fn names(items: &[ItemId]) -> Vec<String> {
    items.iter().map(|item| item.as_str().to_owned()).collect()
}

/// An identifier as a segment of a path. What clients would take for directions gets a `~` in front.
pub(super) fn segment(id: &str) -> String {
    let mut segment = String::with_capacity(id.len() + 1);
    if id.starts_with('~') || id == "." || id == ".." {
        segment.push('~');
    }
    segment.push_str(&encoded(id));
    segment
}

/// A text as it may stand in a segment or behind a `?`.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The options of a run in the words of the handler of folder pairs; only what differs from a plain run.
pub(super) fn options(options: &RunOptions) -> Map<String, Value> {
    let mut words = Map::new();
    let mut say = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            words.insert(key.to_owned(), value);
        }
    };
    let flag = |on: bool| on.then_some(Value::Bool(true));
    let list = |globs: &Vec<String>| (!globs.is_empty()).then(|| json!(globs));
    say("mode", options.mode.map(|mode| json!(mode_word(mode))));
    say("on_conflict", options.on_conflict.map(|policy| json!(policy_word(policy))));
    say("exclude", list(&options.exclude));
    say("include", list(&options.include));
    say("max_delete", options.max_delete.map(|limit| json!(limit_text(limit))));
    say("approve", flag(options.approve));
    say("yes", flag(options.consent));
    say("keep", options.keep.map(|keep| keep_words(keep).collect()));
    say("checksum", flag(options.checksum));
    say("plan", options.plan.as_ref().map(|plan| json!(plan)));
    say("no_trash", flag(options.no_trash));
    // Exactly, whatever is in a name.
    let place = |path: &RelPath| json!({ "path_base64": BASE64_STANDARD.encode(path.as_bytes()) });
    let Choices { skip, flip } = &options.choices;
    let turned = |(path, wins): &(RelPath, Side)| json!({ "path": place(path), "wins": if *wins == Side::A { "a" } else { "b" } });
    say("skip", (!skip.is_empty()).then(|| skip.iter().map(place).collect()));
    say("flip", (!flip.is_empty()).then(|| flip.iter().map(turned).collect()));
    words
}

#[cfg(test)]
mod tests {
    use folders::FoldersHandler;
    use folders::options::Home;
    use folders::pair::MaxDelete;
    use reconcile::{Keep, Mode, OnConflict};
    use syncmgr::Handler;

    use super::*;

    #[test]
    fn every_option_reaches_the_handler_as_it_was_given() {
        let dir = tempfile::tempdir().unwrap();
        let store = std::sync::Arc::new(store::Store::open(&dir.path().join("x.db")).unwrap());
        let handler = FoldersHandler::new(Home { pairs: dir.path().into() }, Vec::new(), store);
        let all = RunOptions {
            mode: Some(Mode::Mirror),
            on_conflict: Some(OnConflict::KeepBoth),
            exclude: vec!["*.o".into()],
            include: vec!["keep.o".into()],
            max_delete: Some(MaxDelete::Percent(10)),
            approve: true,
            consent: true,
            checksum: true,
            keep: Some(Keep { owners: true, attributes: true }),
            plan: Some("7f3a9c".into()),
            no_trash: true,
            choices: Choices {
                skip: vec![RelPath::from_bytes(b"a/\xff").unwrap()],
                flip: vec![(RelPath::from_bytes(b"b").unwrap(), Side::A)],
            },
        };
        let read = |words: &RunOptions| {
            let text = Value::Object(options(words)).to_string();
            let request = handler.request(&text).unwrap();
            request.and_then(|request| request.get::<RunOptions>().cloned()).unwrap_or_default()
        };
        for said in
            [all.clone(), RunOptions::default(), RunOptions { max_delete: Some(MaxDelete::Count(0)), ..all }]
        {
            assert_eq!(read(&said), said);
        }
    }

    #[test]
    fn identifiers_become_segments_that_nobody_bends() {
        assert_eq!(segment("a b/ü"), "a%20b%2F%C3%BC");
        assert_eq!((segment(".."), segment("~x")), ("~..".to_owned(), "~~x".to_owned()));
    }
}
