//! The settings: whether they can be read, and what in them cannot work.

use secrets::Secrets;
use settings::channels::{Channel, Kind};
use settings::words::{SecretName, Text};

use super::{Finding, Patient};
use crate::render::text::SafePath;
use crate::setup;

pub(super) fn check(patient: &Patient<'_>) -> Vec<Finding> {
    let path = &patient.places.settings;
    let shown = SafePath(path);
    match setup::file(patient.places).load() {
        Ok(_) if !path.exists() => vec![
            Finding::note(format!("there are no settings yet: {shown} does not exist"))
                .fix("`instep sync A B` or `instep add A B` makes them"),
        ],
        Ok(_) => {
            let mut findings = vec![Finding::good(format!("{shown} says {} items", patient.setup.said.items.len()))];
            findings.extend(without_channel(patient));
            findings.extend(secrets(patient));
            findings
        }
        Err(settings::Error::Wrong { mistakes, .. }) => mistakes
            .iter()
            .map(|mistake| {
                Finding::error(format!("{shown}, line {}, column {}: {}", mistake.line, mistake.column, mistake.text))
                    .why(format!("the line is: {}", mistake.excerpt.trim()))
                    .fix("correct the line; until then commands refuse, and a running daemon keeps what it read before")
            })
            .collect(),
        Err(error) => vec![
            Finding::error(error.to_string()).fix("make the file readable for you, or set INSTEP_HOME"),
        ],
    }
}

fn without_channel(patient: &Patient<'_>) -> Option<Finding> {
    let said = &patient.setup.said;
    (said.channels.is_empty() && !said.alerts.is_empty()).then(|| {
        Finding::warning("there are alerts, and no channel that tells them")
            .why("alerts are then only seen in `instep status` and on the page")
            .fix("add a [channels.<id>]; docs/alerts.md shows each kind")
    })
}

/// Secrets that are named, and that nobody has. The keyring is not asked: it might ask its person.
fn secrets(patient: &Patient<'_>) -> Vec<Finding> {
    let said = &patient.setup.said;
    let mut named: Vec<(String, &SecretName)> = Vec::new();
    for channel in &said.channels {
        named.extend(texts(channel).into_iter().filter_map(|text| match text {
            Text::Secret(name) => Some((format!("[channels.{}]", channel.id), name)),
            Text::Plain(_) => None,
        }));
    }
    for handler in &said.handlers {
        named.extend(handler.keys.env.values().filter_map(|text| match text {
            Text::Secret(name) => Some((format!("[handlers.{}]", handler.id), name)),
            Text::Plain(_) => None,
        }));
    }
    if named.is_empty() {
        return Vec::new();
    }
    let kept = match Secrets::new(&said.secrets, &patient.places.state).names() {
        Ok(kept) => kept,
        Err(error) => return vec![Finding::error(error.to_string())],
    };
    let elsewhere = said.secrets.command.is_some();
    named.retain(|(_, name)| !elsewhere && !kept.iter().any(|(known, _)| known == *name));
    let missing = |(place, name): (String, &SecretName)| {
        Finding::warning(format!("{place} names the secret \"{name}\", which was not set here"))
            .fix(format!("`instep secret set {name}`, unless you put it into the keyring yourself"))
    };
    named.into_iter().map(missing).collect()
}

fn texts(channel: &Channel) -> Vec<&Text> {
    match &channel.kind {
        Kind::Desktop(_) | Kind::Command(_) => Vec::new(),
        Kind::Mail(keys) => keys.password.iter().collect(),
        Kind::Webhook(keys) => keys.token.iter().chain(keys.headers.values()).chain([&keys.url]).collect(),
        Kind::Ntfy(keys) => keys.token.iter().chain([&keys.topic]).collect(),
    }
}
