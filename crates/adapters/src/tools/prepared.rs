//! A command that is ready to be run, and how it is shown: secrets go into its environment, never into its words.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;
use syncmgr::HandlerError;

use crate::process;

/// A value of a command's environment: text, or the name of a secret (`secret:NAME`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum Value {
    /// As it is.
    Text(String),
    /// What is kept under that name.
    Secret(String),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        match text.strip_prefix("secret:") {
            Some(name) => Self::Secret(name.to_owned()),
            None => Self::Text(text),
        }
    }
}

impl Value {
    /// The text itself.
    ///
    /// # Errors
    /// The secret is not to be had.
    pub fn text(
        &self,
        secret: &dyn Fn(&str) -> Result<String, HandlerError>,
    ) -> Result<String, HandlerError> {
        match self {
            Self::Text(text) => Ok(text.clone()),
            Self::Secret(name) => secret(name),
        }
    }
}

/// A command line with what its environment needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prepared {
    /// The program and its arguments.
    pub words: Vec<String>,
    /// What is added to the environment.
    pub environment: BTreeMap<String, Value>,
    /// What it asks, answered beforehand.
    pub answers: Option<Answers>,
}

/// Answers to what a command asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// What would be typed.
    pub words: &'static str,
    /// The code with which it ends when it was told to leave it at that.
    pub left: i32,
}

impl Prepared {
    /// These words.
    pub fn new<I: IntoIterator<Item = S>, S: Into<String>>(words: I) -> Self {
        Self { words: words.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// One more word.
    pub fn word(&mut self, word: impl Into<String>) {
        self.words.push(word.into());
    }

    /// More words.
    pub fn words<'w>(&mut self, words: impl IntoIterator<Item = &'w String>) {
        self.words.extend(words.into_iter().cloned());
    }

    /// `option=value` for each value.
    pub fn each(&mut self, option: &str, values: &[String]) {
        self.words.extend(values.iter().map(|value| format!("{option}={value}")));
    }

    /// Adds to the environment.
    #[must_use]
    pub fn with(mut self, environment: &BTreeMap<String, Value>) -> Self {
        self.environment.extend(environment.iter().map(|(name, value)| (name.clone(), value.clone())));
        self
    }

    /// Adds one variable, unless it is there.
    pub fn variable(&mut self, name: &str, value: Value) {
        self.environment.entry(name.to_owned()).or_insert(value);
    }

    /// As a person would type it. The values of secrets are not known here; one that stands in the settings as it is, in
    /// a variable whose name says so, is left out.
    pub fn shown(&self) -> String {
        let variables = self.environment.iter().map(|(name, value)| match value {
            Value::Text(_) if names_a_secret(name) => format!("{name}=<hidden>"),
            Value::Text(text) => format!("{name}={}", quoted(text)),
            Value::Secret(secret) => format!("{name}=<secret:{secret}>"),
        });
        let words = self.words.iter().map(|word| quoted(word));
        variables.chain(words).collect::<Vec<_>>().join(" ")
    }

    /// The command, with its secrets.
    ///
    /// # Errors
    /// A secret is not to be had.
    pub fn command(
        &self,
        secret: &dyn Fn(&str) -> Result<String, HandlerError>,
    ) -> Result<Command, HandlerError> {
        let mut words = self.words.iter();
        let mut command = process::command(words.next().map_or("", String::as_str));
        command.args(words);
        for (name, value) in &self.environment {
            command.env(name, value.text(secret)?);
        }
        // Nobody is there to be asked, and what it says is read in one language.
        for (name, value) in [
            ("GIT_TERMINAL_PROMPT", "0"),
            ("SSH_ASKPASS_REQUIRE", "never"),
            ("LC_ALL", "C.UTF-8"),
            ("LANGUAGE", ""),
        ] {
            if !self.environment.contains_key(name) {
                command.env(name, value);
            }
        }
        Ok(command)
    }
}

/// Whether a variable or an option of that name holds a secret, as far as its name tells.
pub fn names_a_secret(name: &str) -> bool {
    const SAYS: [&str; 6] = ["pass", "secret", "token", "key", "credential", "pwd"];
    /// It says where one is to be had, or who asks for it, not which.
    const LEADS: [&str; 7] = ["_file", "command", "_hint", "_path", "_id", "_dir", "askpass"];
    let name = name.to_ascii_lowercase().replace('-', "_");
    SAYS.iter().any(|word| name.contains(word))
        && !LEADS.iter().any(|end| name.ends_with(end))
        && !matches!(name.as_str(), "ask_password" | "ssh_askpass_require")
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,~".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_is_typed_and_without_its_secrets() {
        let mut prepared = Prepared::new(["restic", "backup", "it's here", ""]);
        prepared.variable("RESTIC_PASSWORD", Value::from("secret:restic".to_owned()));
        prepared.variable("RESTIC_PASSWORD", Value::from("not this".to_owned()));
        assert_eq!(prepared.shown(), r"RESTIC_PASSWORD=<secret:restic> restic backup 'it'\''s here' ''");
        let command = prepared.command(&|name| Ok(format!("the secret of {name}"))).unwrap();
        assert!(!format!("{:?}", command.get_args().collect::<Vec<_>>()).contains("the secret"));
        let value =
            command.get_envs().find(|(name, _)| *name == "RESTIC_PASSWORD").and_then(|(_, value)| value);
        assert_eq!(value.unwrap(), "the secret of restic");
    }

    #[test]
    fn a_secret_that_stands_in_the_settings_is_not_shown() {
        let mut prepared = Prepared::new(["borg", "create"]);
        for (name, value) in [
            ("BORG_PASSPHRASE", "open sesame"),
            ("BORG_PASSCOMMAND", "pass borg"),
            ("RESTIC_PASSWORD_FILE", "/p"),
        ] {
            prepared.variable(name, Value::Text(value.to_owned()));
        }
        assert_eq!(
            prepared.shown(),
            "BORG_PASSCOMMAND='pass borg' BORG_PASSPHRASE=<hidden> RESTIC_PASSWORD_FILE=/p borg create"
        );
    }
}
