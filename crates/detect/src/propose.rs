//! The item that a command would be.

mod options;
mod tool;

use adapters::tools::{Read, names_a_secret, read};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use wire::RunIt;

use crate::argv::Hit;
use crate::{Roots, mask};

/// Why a command cannot be an item, as the end of a sentence.
pub(crate) struct Refused(pub(crate) String);

/// What a command would be as an item.
pub(crate) struct Proposed {
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) settings: Map<String, Value>,
    pub(crate) missing: Vec<String>,
}

/// The item that does what that command does.
pub(crate) fn item(roots: &Roots, hit: &Hit<'_>, directory: Option<&str>) -> Result<Proposed, Refused> {
    let refused = |why: &str| Err(Refused(why.to_owned()));
    if hit.args.iter().any(|arg| !arg.plain) {
        return refused("a shell fills in a part of it");
    }
    if mask::hides(hit.args) {
        return refused("a secret stands in it");
    }
    if hit.wrapped {
        return refused("it runs under a lock, a deadline or another user");
    }
    let mut proposed = tool::item(roots, hit, directory)?;
    variables(hit, &mut proposed)?;
    // What the tool's own reader refuses is nothing to be proposed.
    let mut whole = proposed.settings.clone();
    for key in &proposed.missing {
        whole.entry(key.clone()).or_insert_with(|| json!("x"));
    }
    match read(hit.tool, Table(Value::Object(whole))) {
        Some(Ok(_)) => Ok(proposed),
        Some(Err(error)) => Err(Refused(error.to_string())),
        None => refused("there is no handler for it"),
    }
}

/// Variables of the command: the repository and its secret have keys of their own.
fn variables(hit: &Hit<'_>, proposed: &mut Proposed) -> Result<(), Refused> {
    let mut environment = Map::new();
    for (name, value, plain) in &hit.variables {
        let secret = match *name {
            "RESTIC_PASSWORD" => Some("password"),
            "BORG_PASSPHRASE" => Some("passphrase"),
            _ => None,
        };
        if let Some(key) = secret {
            proposed.settings.insert(key.into(), json!(format!("secret:{}", proposed.name)));
            proposed.missing.push(key.to_owned());
        } else if names_a_secret(name) {
            environment.insert(
                (*name).into(),
                json!(format!("secret:{}", name.to_ascii_lowercase().replace('_', "-"))),
            );
            proposed.missing.push("environment".to_owned());
        } else if *plain {
            environment.insert((*name).into(), json!(value));
        } else {
            return Err(Refused("a shell fills in a part of it".to_owned()));
        }
    }
    for (name, key) in [("RESTIC_REPOSITORY", "repository"), ("BORG_REPO", "repository")] {
        if let Some(place) = environment.remove(name) {
            proposed.settings.insert(key.into(), place);
            proposed.missing.retain(|missing| missing != key);
        }
    }
    if !environment.is_empty() {
        proposed.settings.insert("environment".into(), Value::Object(environment));
    }
    Ok(())
}

/// A table of settings as JSON.
struct Table(Value);

impl Read for Table {
    type Error = serde_json::Error;

    fn read<T: DeserializeOwned>(self) -> Result<T, Self::Error> {
        serde_json::from_value(self.0)
    }
}

/// Whether there is an item that does the same.
pub(crate) fn is_set_up(roots: &Roots, tool: &str, settings: &Map<String, Value>) -> bool {
    const MAIN: [&str; 9] =
        ["source", "target", "repository", "paths", "a", "b", "path", "folder", "profile"];
    roots.items.iter().any(|item| {
        item.get("handler").and_then(Value::as_str) == Some(tool)
            && MAIN.iter().all(|key| item.get(*key) == settings.get(*key))
    })
}

/// The item as it is told.
pub(crate) fn run_it(name: &str, tool: &str, settings: Map<String, Value>, missing: Vec<String>) -> RunIt {
    let mut all = Map::new();
    all.insert("handler".into(), json!(tool));
    all.extend(settings);
    let text = text(name, &all);
    RunIt { item: name.to_owned(), settings: Value::Object(all), missing, text }
}

/// Gives it another name.
pub(crate) fn rename(run: &mut RunIt, name: &str) {
    name.clone_into(&mut run.item);
    if let Value::Object(settings) = &run.settings {
        run.text = text(name, settings);
    }
}

/// As the settings file says it.
fn text(name: &str, settings: &Map<String, Value>) -> String {
    let mut lines = format!("[items.{}]\n", toml::Value::String(name.to_owned()));
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        lines = format!("[items.{name}]\n");
    }
    // The handler says how all the others are meant.
    let (first, others): (Vec<_>, Vec<_>) = settings.iter().partition(|(key, _)| *key == "handler");
    for (key, value) in first.into_iter().chain(others) {
        // Whatever was read from a command is text, lists and tables of text: TOML can say all of it.
        if let Ok(value) = toml::Value::try_from(value) {
            lines.push_str(&format!("{key} = {value}\n"));
        }
    }
    lines
}

/// A name as an identity of an item: small letters, digits and dashes.
pub(crate) fn slug(name: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().take(40) {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { otherwise.to_owned() } else { slug.to_owned() }
}
