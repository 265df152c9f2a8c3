//! Where in the file something is wrong, and how that is told.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::near::nearest;

/// The text of the file; values that were read from it keep it to say later where they stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source(Arc<str>);

/// Something wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
    /// What is wrong, and what was probably meant.
    pub text: String,
    /// The line itself.
    pub excerpt: String,
    /// How many characters from `column` on it is about; at least one.
    pub width: usize,
}

impl Source {
    /// The text of a settings file.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// A mistake at these bytes of the text.
    pub fn mistake(&self, span: Range<usize>, text: impl Into<String>) -> Mistake {
        let start = self.boundary(span.start);
        let before = &self.0[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let excerpt = self.0[line_start..].lines().next().unwrap_or_default();
        let column = self.0[line_start..start].chars().count();
        let width = self.0[start..self.boundary(span.end.max(start))].lines().next().unwrap_or_default();
        Mistake {
            line: before.matches('\n').count() + 1,
            column: column + 1,
            text: text.into(),
            excerpt: excerpt.to_owned(),
            width: width.chars().count().max(1),
        }
    }

    /// What the reader of TOML refused, in the table that stands at `within`. `more` are keys that are known there
    /// besides those that it names.
    pub(crate) fn refused(
        &self,
        message: &str,
        place: Option<Range<usize>>,
        within: &Range<usize>,
        more: &[&str],
    ) -> Mistake {
        self.mistake(place.unwrap_or_else(|| within.clone()), explained(message, more))
    }

    /// Spans come from this very text; one that does not is shown at the nearest character.
    fn boundary(&self, at: usize) -> usize {
        (0..=at.min(self.0.len())).rev().find(|&at| self.0.is_char_boundary(at)).unwrap_or(0)
    }
}

/// For a key or a word that is unknown: the nearest of those that are known instead of all of them.
fn explained(message: &str, more: &[&str]) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let Some(typed) = quoted.next() else { return message.to_owned() };
    let what = if message.starts_with("unknown field") {
        "key"
    } else if message.starts_with("unknown variant") {
        "word"
    } else {
        return message.to_owned();
    };
    unknown(what, typed, quoted.chain(more.iter().copied()))
}

/// "there is no key `mood` here; did you mean `mode`?"
pub(crate) fn unknown<'a>(what: &str, typed: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let advice = match nearest(typed, known.iter().copied()).as_slice() {
        [] if known.is_empty() => String::new(),
        [] => format!("; known are {}", known.join(", ")),
        near => {
            let near: Vec<String> = near.iter().map(|word| format!("`{word}`")).collect();
            format!("; did you mean {}?", near.join(" or "))
        }
    };
    format!("there is no {what} `{typed}` here{advice}")
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gutter = self.line.to_string().len();
        writeln!(f, "line {}, column {}: {}", self.line, self.column, self.text)?;
        writeln!(f, "{} | {}", self.line, self.excerpt.replace('\t', " "))?;
        write!(f, "{:gutter$} | {:pad$}{}", "", "", "^".repeat(self.width), pad = self.column - 1)
    }
}

impl std::error::Error for Mistake {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_points_at_its_place() {
        let source = Source::new("a = 1\nbü = 2 # x\n");
        let mistake = source.mistake(6..9, "no");
        assert_eq!(mistake.to_string(), "line 2, column 1: no\n2 | bü = 2 # x\n  | ^^");
        assert_eq!(source.mistake(12..13, "no").column, 6);
    }

    #[test]
    fn a_place_outside_the_text_is_no_panic() {
        let source = Source::new("ü");
        for span in [1..2, 7..9, 0..100, 2..2] {
            assert_eq!(source.mistake(span, "x").line, 1);
        }
        assert_eq!(Source::new("").mistake(3..4, "x").column, 1);
    }

    #[test]
    fn what_was_meant_is_guessed() {
        let text = explained("unknown field `mood`, expected one of `name`, `mode`", &["schedule"]);
        assert_eq!(text, "there is no key `mood` here; did you mean `mode`?");
        let text = explained("unknown field `shedule`, expected `a` or `b`", &["schedule"]);
        assert_eq!(text, "there is no key `shedule` here; did you mean `schedule`?");
        let text = explained("unknown variant `zzzzzz`, expected `a` or `b`", &[]);
        assert_eq!(text, "there is no word `zzzzzz` here; known are a, b");
        assert_eq!(explained("invalid type: string `x`", &[]), "invalid type: string `x`");
    }
}
