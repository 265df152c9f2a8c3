//! The limits of texts (R5), counted as the original counts: in UTF-16 units.
//!
//! The original truncates names and is silent about all other texts. We cut every text that only a person reads, at a
//! character, and refuse what would become another thing when cut (identifiers, links, a handler's own data).

use crate::error::Refusal;
use crate::event::NewEvent;

/// Longest name of a handler, item or event, in UTF-16 units (`MAX_SYNCMGR_NAME` less its terminating null).
pub const MAX_NAME: usize = 127;
/// Longest comment of a handler or item, in UTF-16 units (the same as a name in the original).
pub const MAX_COMMENT: usize = MAX_NAME;
/// Longest progress text of an item or handler, in UTF-16 units (`MAX_SYNCMGR_PROGRESSTEXT` less its terminating
/// null; the original does not say whether its 260 include one, so we take the smaller number).
pub const MAX_PROGRESS_TEXT: usize = 259;
/// Longest description, link reference and context of an event, in UTF-16 units. The original has no limit; without
/// one a single event could fill the store.
pub const MAX_EVENT_TEXT: usize = 32_767;

/// The longest beginning of `text` that has at most `max_units` UTF-16 units and ends at a character (so that no
/// surrogate pair is split).
pub fn cut(text: &str, max_units: usize) -> &str {
    // No UTF-8 text has more UTF-16 units than bytes: nearly all texts are done here.
    if text.len() <= max_units {
        return text;
    }
    let mut units = 0;
    for (at, c) in text.char_indices() {
        units += c.len_utf16();
        if units > max_units {
            return &text[..at];
        }
    }
    text
}

/// A name as it is kept: cut to [`MAX_NAME`].
pub fn name(text: &str) -> &str {
    cut(text, MAX_NAME)
}

/// A progress text as it is kept: cut to [`MAX_PROGRESS_TEXT`].
pub fn progress(text: &str) -> &str {
    cut(text, MAX_PROGRESS_TEXT)
}

/// The number of UTF-16 units of a text.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn cut_owned(text: String, max_units: usize) -> String {
    match cut(&text, max_units) {
        whole if whole.len() == text.len() => text,
        beginning => beginning.to_owned(),
    }
}

fn within(text: Option<String>, what: &str) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if text.len() > MAX_EVENT_TEXT && units(&text) > MAX_EVENT_TEXT => Err(
            Refusal::InvalidArgument(format!("{what} of an event has at most {MAX_EVENT_TEXT} UTF-16 units")),
        ),
        text => Ok(text),
    }
}

/// An event with its texts within their limits (R5, R16): name, description and link caption are cut; a link and a
/// context, which mean something else when cut, are refused when they are too long.
///
/// # Errors
/// `InvalidArgument` for an empty name or description, or an over-long link or context.
pub fn event(event: NewEvent) -> Result<NewEvent, Refusal> {
    if event.name.trim().is_empty() || event.description.trim().is_empty() {
        return Err(Refusal::InvalidArgument("an event needs a name and a description".into()));
    }
    Ok(NewEvent {
        name: cut_owned(event.name, MAX_NAME),
        description: cut_owned(event.description, MAX_EVENT_TEXT),
        link_text: event.link_text.map(|text| cut_owned(text, MAX_NAME)),
        link_reference: within(event.link_reference, "the link")?,
        context: within(event.context, "the context")?,
        ..event
    })
}
