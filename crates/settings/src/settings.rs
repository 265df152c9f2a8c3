//! What the whole file says.

use serde::de::DeserializeOwned;
use syncmgr::ItemId;
use toml_edit::Document;

use crate::alerts::{self, Rule};
use crate::channels::{self, Channel};
use crate::collections::{self, Collection};
use crate::file::digest;
use crate::handlers::{self, HandlerProgram};
use crate::hooks::Hooks;
use crate::items::{self, Item};
use crate::mistake::{Mistake, Source, unknown};
use crate::raw::{Named, RawTable};
use crate::schedule::{Schedule, check_chains};
use crate::sections::{MergeTool, ResultsKept, Secrets, Server, Stop};

/// The sections of the file.
const SECTIONS: &[&str] = &[
    "alerts",
    "channels",
    "collections",
    "handlers",
    "hooks",
    "items",
    "merge",
    "results",
    "secrets",
    "server",
    "stop",
];

/// What the settings say.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The items, by identity.
    pub items: Vec<Item>,
    /// Handlers that are other programs.
    pub handlers: Vec<HandlerProgram>,
    /// Providers of which each partner is a handler.
    pub collections: Vec<Collection>,
    /// Ways to tell a person something.
    pub channels: Vec<Channel>,
    /// When a person is told something.
    pub alerts: Vec<Rule>,
    /// What is started for every run.
    pub hooks: Hooks,
    /// Where the API is reached.
    pub server: Server,
    /// How much of the past is kept.
    pub results: ResultsKept,
    /// The tool in which a person merges.
    pub merge: MergeTool,
    /// How a stop is carried through.
    pub stop: Stop,
    /// Where secrets are looked up.
    pub secrets: Secrets,
    /// What tells this text from others: the tag of what somebody saw when they edit it later.
    pub digest: String,
}

impl Default for Settings {
    /// What an empty file says.
    fn default() -> Self {
        Self {
            items: Vec::new(),
            handlers: Vec::new(),
            collections: Vec::new(),
            channels: Vec::new(),
            alerts: Vec::new(),
            hooks: Hooks::default(),
            server: Server::default(),
            results: ResultsKept::default(),
            merge: MergeTool::default(),
            stop: Stop::default(),
            secrets: Secrets::default(),
            digest: digest(""),
        }
    }
}

impl Settings {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// All that is wrong with it, in the order of its lines: what is no TOML at all hides the rest.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        let source = Source::new(text);
        let root = root(text, &source).map_err(|mistake| vec![mistake])?;
        let mut mistakes = root.only(SECTIONS);
        let mut settings = Self {
            items: each(&root, "items", &mut mistakes, items::read),
            handlers: each(&root, "handlers", &mut mistakes, |named| handlers::read(&named)),
            collections: each(&root, "collections", &mut mistakes, collections::read),
            channels: each(&root, "channels", &mut mistakes, channels::read),
            alerts: rules(&root, &mut mistakes),
            hooks: section(&root, "hooks", &mut mistakes),
            server: section(&root, "server", &mut mistakes),
            results: section(&root, "results", &mut mistakes),
            merge: section(&root, "merge", &mut mistakes),
            stop: section(&root, "stop", &mut mistakes),
            secrets: section(&root, "secrets", &mut mistakes),
            digest: digest(text),
        };
        if mistakes.is_empty() {
            mistakes = settings.unknown_channels(&root);
            mistakes.extend(settings.wrong_chains(&root));
            mistakes.extend(settings.unknown_predecessors());
        }
        settings.items.sort_by(|a, b| a.id.cmp(&b.id));
        if mistakes.is_empty() {
            return Ok(settings);
        }
        mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        Err(mistakes)
    }

    /// The item with this identity.
    pub fn item(&self, id: &ItemId) -> Option<&Item> {
        self.items.iter().find(|item| item.id == *id)
    }

    /// The rules for alerts. Who sets channels up and writes no rule wants to hear of whatever needs them.
    pub fn rules(&self) -> Vec<Rule> {
        if self.alerts.is_empty() && !self.channels.is_empty() {
            return vec![Rule::attention()];
        }
        self.alerts.clone()
    }

    /// An identity that no item has yet, made of a name.
    pub fn free_id(&self, name: &str) -> ItemId {
        items::free_id(name, |id| self.item(id).is_some())
    }

    /// Items that run after each other must all be there, and not go round in a circle.
    fn wrong_chains(&self, root: &RawTable) -> Option<Mistake> {
        let after = self.items.iter().map(|item| (item.id.clone(), item.schedule.after.clone())).collect();
        let error = check_chains(&after).err()?;
        let table = |table: Option<RawTable>, key: &str| table?.table(key).ok().flatten();
        let item = error.item().map_or("", |item| item.as_str());
        let schedule = ["items", item, "schedule"].into_iter().fold(Some(root.clone()), table);
        Some(schedule.unwrap_or_else(|| root.clone()).mistake_at("after", error.to_string()))
    }

    /// Partners may run after items that are set up here; nothing runs after them, so there is no circle.
    fn unknown_predecessors(&self) -> Vec<Mistake> {
        let wrong = |schedule: &Schedule, table: &RawTable| {
            let missing = schedule.after.iter().find(|id| self.item(id).is_none())?;
            let names = self.items.iter().map(|item| item.id.as_str());
            Some(table.mistake(unknown("item", missing.as_str(), names)))
        };
        let of_one = |collection: &Collection| {
            let partners = collection.partners.values();
            let own = partners
                .filter_map(|partner| wrong(partner.schedule.as_ref()?, &partner.options))
                .collect::<Vec<_>>();
            own.into_iter().chain(wrong(&collection.schedule, &collection.options))
        };
        self.collections.iter().flat_map(of_one).collect()
    }

    /// An alert by a channel that does not exist would tell nobody.
    fn unknown_channels(&self, root: &RawTable) -> Vec<Mistake> {
        let known = |id: &str| self.channels.iter().any(|channel| channel.id == id);
        let tables = root.list("alerts").unwrap_or_default();
        let rules = self.alerts.iter().zip(tables);
        rules
            .filter_map(|(rule, table)| {
                let missing = rule.channels.iter().find(|id| !known(id))?;
                let names = self.channels.iter().map(|channel| channel.id.as_str());
                Some(table.mistake_at("channels", unknown("channel", missing, names)))
            })
            .collect()
    }
}

fn root(text: &str, source: &Source) -> Result<RawTable, Mistake> {
    let document =
        Document::parse(text).map_err(|error| source.refused(error.message(), error.span(), &(0..0), &[]))?;
    Ok(RawTable::new(document.into_table(), 0..0, source.clone()))
}

/// A named table each, read one by one, so that one mistake does not hide the next.
fn each<T>(
    root: &RawTable,
    section: &str,
    mistakes: &mut Vec<Mistake>,
    read: impl Fn(Named) -> Result<T, Mistake>,
) -> Vec<T> {
    let table = match root.table(section) {
        Ok(Some(table)) => table,
        Ok(None) => return Vec::new(),
        Err(mistake) => {
            mistakes.push(mistake);
            return Vec::new();
        }
    };
    let all = table.tables().map(|named| named.and_then(&read));
    all.filter_map(|result| result.map_err(|mistake| mistakes.push(mistake)).ok()).collect()
}

fn rules(root: &RawTable, mistakes: &mut Vec<Mistake>) -> Vec<Rule> {
    let tables = root.list("alerts").map_err(|mistake| mistakes.push(mistake)).unwrap_or_default();
    let rules = tables.iter().map(alerts::read);
    rules.filter_map(|rule| rule.map_err(|mistake| mistakes.push(mistake)).ok()).collect()
}

fn section<T: DeserializeOwned + Default>(root: &RawTable, name: &str, mistakes: &mut Vec<Mistake>) -> T {
    let read =
        root.table(name).and_then(|table| table.map_or_else(|| Ok(T::default()), |table| table.read()));
    read.map_err(|mistake| mistakes.push(mistake)).unwrap_or_default()
}
