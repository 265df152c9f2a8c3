//! Options of a run that come as text from outside: a JSON object with the words of `instep sync`'s options.

use serde::{Deserialize, Deserializer, de};
use syncmgr::Refusal;

use crate::filter::Filter;
use crate::options::RunOptions;
use crate::pair::MaxDelete;
use crate::words::{MODES, POLICIES, max_delete, one_of};

/// The object as it is written. Unknown keys are refused: an option that is misspelt must not be missed in silence.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Written {
    mode: Option<String>,
    on_conflict: Option<String>,
    exclude: Vec<String>,
    include: Vec<String>,
    max_delete: Option<Limit>,
    approve: bool,
    yes: bool,
    checksum: bool,
    plan: Option<String>,
    no_trash: bool,
}

/// A number, or text as it is typed (`"10%"`).
#[derive(Debug)]
struct Limit(MaxDelete);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either {
            Number(u64),
            Text(String),
        }
        Ok(Self(match Either::deserialize(deserializer)? {
            Either::Number(number) => MaxDelete::Count(number),
            Either::Text(text) => max_delete(&text).map_err(de::Error::custom)?,
        }))
    }
}

/// Reads options; text with nothing in it is an object with nothing in it.
pub(crate) fn read(options: &str) -> Result<RunOptions, Refusal> {
    let wrong =
        |why: String| Refusal::InvalidArgument(format!("the options of a pair of folders are wrong: {why}"));
    let text = if options.trim().is_empty() { "{}" } else { options };
    // A list would be read as well, as the values of the keys in their order: nobody means that.
    if !text.trim_start().starts_with('{') {
        return Err(wrong("they are a JSON object".into()));
    }
    let written: Written = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let mode = written.mode.map(|word| one_of(&MODES, &word)).transpose();
    let on_conflict = written.on_conflict.map(|word| one_of(&POLICIES, &word)).transpose();
    let globs = (written.exclude.iter(), written.include.iter());
    Filter::new(globs.0.map(String::as_str), globs.1.map(String::as_str))
        .map_err(|error| wrong(error.to_string()))?;
    Ok(RunOptions {
        mode: mode.map_err(|why| wrong(format!("mode: {why}")))?,
        on_conflict: on_conflict.map_err(|why| wrong(format!("on_conflict: {why}")))?,
        exclude: written.exclude,
        include: written.include,
        max_delete: written.max_delete.map(|limit| limit.0),
        approve: written.approve,
        consent: written.yes,
        checksum: written.checksum,
        plan: written.plan,
        no_trash: written.no_trash,
    })
}

#[cfg(test)]
mod tests {
    use reconcile::{Mode, OnConflict};

    use super::*;

    #[test]
    fn options_have_the_words_of_the_command_line() {
        let read = read(
            r#"{"mode":"mirror","on_conflict":"keep-both","exclude":["*.tmp"],"include":["a.tmp"],"max_delete":"10%",
                "approve":true,"yes":true,"checksum":true,"plan":"abc","no_trash":true}"#,
        );
        let wanted = RunOptions {
            mode: Some(Mode::Mirror),
            on_conflict: Some(OnConflict::KeepBoth),
            exclude: vec!["*.tmp".into()],
            include: vec!["a.tmp".into()],
            max_delete: Some(MaxDelete::Percent(10)),
            approve: true,
            consent: true,
            checksum: true,
            plan: Some("abc".into()),
            no_trash: true,
        };
        assert_eq!(read, Ok(wanted));
    }

    #[test]
    fn nothing_said_is_as_the_pair_says() {
        for text in ["", " ", "{}", "{ }"] {
            assert_eq!(read(text), Ok(RunOptions::default()), "{text:?}");
        }
        assert_eq!(
            read(r#"{"max_delete":0}"#).map(|options| options.max_delete),
            Ok(Some(MaxDelete::Count(0)))
        );
    }

    #[test]
    fn what_is_misspelt_is_refused_and_what_there_is_is_said() {
        let why = |text: &str| read(text).unwrap_err().to_string();
        assert!(why(r#"{"mod":"mirror"}"#).contains("expected one of `mode`"), "{}", why(r#"{"mod":1}"#));
        assert!(why(r#"{"mode":"miror"}"#).contains("two-way, mirror, copy"));
        assert!(why(r#"{"on_conflict":"me"}"#).contains("ask, newest"));
        assert!(why(r#"{"max_delete":"lots"}"#).contains("a limit is a number"));
        assert!(why(r#"{"max_delete":-1}"#).contains("wrong"));
        assert!(why(r#"{"exclude":["a[z-a]"]}"#).contains("a[z-a]"));
        for text in ["[]", "null", "1", "{", "{}{}", "\"x\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
