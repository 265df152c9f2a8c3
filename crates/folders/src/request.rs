//! Options of a run that come as text from outside: a JSON object with the words of `instep sync`'s options.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reconcile::{Choices, RelPath, Side};
use serde::{Deserialize, Deserializer, de};
use syncmgr::Refusal;

use crate::filter::Filter;
use crate::options::RunOptions;
use crate::pair::MaxDelete;
use crate::words::{MODES, POLICIES, keep_of, max_delete, one_of};

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
    keep: Option<Vec<String>>,
    plan: Option<String>,
    no_trash: bool,
    skip: Vec<Place>,
    flip: Vec<Flip>,
}

/// A path beneath the sides: text, or `{"path_base64": "..."}` where it is no UTF-8.
#[derive(Debug)]
struct Place(RelPath);

#[derive(Deserialize)]
#[serde(untagged)]
enum PlaceWritten {
    Text(String),
    Exact { path_base64: String },
}

impl TryFrom<PlaceWritten> for Place {
    type Error = String;

    fn try_from(written: PlaceWritten) -> Result<Self, String> {
        let (bytes, shown) = match written {
            PlaceWritten::Text(path) => (path.clone().into_bytes(), path),
            PlaceWritten::Exact { path_base64 } => {
                let bytes = BASE64_STANDARD.decode(&path_base64).map_err(|error| error.to_string())?;
                (bytes, path_base64)
            }
        };
        // The whole pair is no single change.
        match RelPath::from_bytes(&bytes) {
            Some(path) if !path.is_root() => Ok(Self(path)),
            _ => {
                Err(format!("{shown:?} is no path beneath a side: it has no `/` in front and no `..` in it"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        PlaceWritten::deserialize(deserializer)?.try_into().map_err(de::Error::custom)
    }
}

/// A change that goes the other way.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Flip {
    path: Place,
    wins: Wins,
}

/// The side whose version wins.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wins {
    A,
    B,
}

impl Flip {
    fn choice(self) -> (RelPath, Side) {
        (self.path.0, if matches!(self.wins, Wins::A) { Side::A } else { Side::B })
    }
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
    let keep = written.keep.map(|words| keep_of(&words)).transpose();
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
        keep: keep.map_err(|why| wrong(format!("keep: {why}")))?,
        plan: written.plan,
        no_trash: written.no_trash,
        choices: Choices {
            skip: written.skip.into_iter().map(|place| place.0).collect(),
            flip: written.flip.into_iter().map(Flip::choice).collect(),
        },
    })
}

#[cfg(test)]
mod tests {
    use reconcile::{Keep, Mode, OnConflict};

    use super::*;

    #[test]
    fn options_have_the_words_of_the_command_line() {
        let read = read(
            r#"{"mode":"mirror","on_conflict":"keep-both","exclude":["*.tmp"],"include":["a.tmp"],"max_delete":"10%",
                "approve":true,"yes":true,"checksum":true,"keep":["owners","attributes"],"plan":"abc","no_trash":true,
                "skip":["a/b",{"path_base64":"/w=="}],"flip":[{"path":"c","wins":"b"}]}"#,
        );
        let path = |bytes: &[u8]| RelPath::from_bytes(bytes).unwrap();
        let wanted = RunOptions {
            mode: Some(Mode::Mirror),
            on_conflict: Some(OnConflict::KeepBoth),
            exclude: vec!["*.tmp".into()],
            include: vec!["a.tmp".into()],
            max_delete: Some(MaxDelete::Percent(10)),
            approve: true,
            consent: true,
            checksum: true,
            keep: Some(Keep { owners: true, attributes: true }),
            plan: Some("abc".into()),
            no_trash: true,
            choices: Choices { skip: vec![path(b"a/b"), path(b"\xff")], flip: vec![(path(b"c"), Side::B)] },
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
        assert!(why(r#"{"keep":["owner"]}"#).contains("owners, attributes"));
        assert!(why(r#"{"max_delete":"lots"}"#).contains("a limit is a number"));
        for place in [r#""/a""#, r#""../a""#, r#""""#, r#"{"path_base64":"Li4="}"#] {
            assert!(why(&format!("{{\"skip\":[{place}]}}")).contains("no path beneath a side"), "{place}");
        }
        assert!(why(r#"{"flip":[{"path":"a","wins":"c"}]}"#).contains("wrong"));
        assert!(why(r#"{"max_delete":-1}"#).contains("wrong"));
        assert!(why(r#"{"exclude":["a[z-a]"]}"#).contains("a[z-a]"));
        for text in ["[]", "null", "1", "{", "{}{}", "\"x\""] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
