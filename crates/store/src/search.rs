//! Events by what they say: an index of every three characters in a row (`events_text`).

use rusqlite::Connection;
use syncmgr::event::EventId;

use crate::record::signed;

/// More of a long text is not asked of the index: what it finds is compared anyway.
const MOST: usize = 32;

/// Puts new events into the index.
pub(crate) fn add(conn: &Connection, events: &[EventId]) -> rusqlite::Result<()> {
    let mut put = conn.prepare_cached(
        "INSERT INTO events_text (rowid, name, description) SELECT id, name, description FROM events WHERE id = ?1",
    )?;
    events.iter().try_for_each(|event| put.execute([signed(event.0)]).map(drop))
}

/// Makes the index anew from the events.
pub(crate) fn rebuild(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("INSERT INTO events_text (events_text) VALUES ('rebuild')")
}

/// Whether a damage is of the index alone, which can be made anew; in words of SQLite, which names the table in all of them.
pub(crate) fn is_of_index(verdict: &str) -> bool {
    verdict.contains("events_text")
}

/// What the index is asked for a text: events with each three characters of it. None for a text that is too short.
///
/// Every part is a string in quotes, so that no text is taken for the index's own language.
pub(crate) fn expression(text: &str) -> Option<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut parts: Vec<String> = Vec::new();
    for part in chars.windows(3) {
        let part: String = part.iter().collect();
        let quoted = format!("\"{}\"", part.replace('"', "\"\""));
        if parts.len() < MOST && !parts.contains(&quoted) {
            parts.push(quoted);
        }
    }
    (!parts.is_empty()).then(|| parts.join(" AND "))
}

/// Whether anything can say it. SQLite's texts end at a zero, and so would a question.
pub(crate) fn is_findable(text: Option<&str>) -> bool {
    !text.is_some_and(|text| text.contains('\0'))
}

/// What a person typed is searched as it is, not as a pattern.
pub(crate) fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_asked_for_by_its_parts_and_never_as_a_query() {
        assert_eq!(expression("ab"), None);
        assert_eq!(expression("abc").as_deref(), Some("\"abc\""));
        assert_eq!(expression("a\" OR b").as_deref().map(|said| said.matches(" AND ").count()), Some(4));
        assert_eq!(expression("x\"y").as_deref(), Some("\"x\"\"y\""));
        assert_eq!(expression("aaaaaa").as_deref(), Some("\"aaa\""));
        let long: String = ('a'..='z').chain('A'..='Z').collect();
        assert_eq!(expression(&long).map(|said| said.matches(" AND ").count()), Some(MOST - 1));
    }

    #[test]
    fn nothing_in_a_text_is_a_wildcard() {
        assert_eq!(pattern("50%_\\x"), "%50\\%\\_\\\\x%");
    }
}
