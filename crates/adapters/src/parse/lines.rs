//! Lines out of bytes, in whatever pieces they come. A carriage return ends a line too: that is how progress is drawn.

/// The longest line that is looked at; what goes beyond is dropped.
pub const LINE_LIMIT: usize = 64 * 1024;

/// The line that is being made.
#[derive(Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
}

impl Lines {
    /// One more byte; a line when it ends one. Empty lines say nothing.
    pub(super) fn byte(&mut self, byte: u8) -> Option<String> {
        if byte == b'\n' || byte == b'\r' {
            return self.rest();
        }
        if self.bytes.len() < LINE_LIMIT {
            self.bytes.push(byte);
        }
        None
    }

    /// What was begun.
    pub(super) fn rest(&mut self) -> Option<String> {
        if self.bytes.is_empty() {
            return None;
        }
        let line = plain(&self.bytes);
        self.bytes.clear();
        (!line.trim().is_empty()).then_some(line)
    }
}

/// The text of a line: without what steers a terminal.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    if !text.contains(|c: char| c.is_control() && c != '\t') {
        return text.into_owned();
    }
    let mut line = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => skip_sequence(&mut chars),
            '\t' => line.push('\t'),
            c if c.is_control() => {}
            c => line.push(c),
        }
    }
    line
}

/// Skips a sequence after its escape character: to its final byte, or to the end of an operating system command.
fn skip_sequence(chars: &mut std::str::Chars<'_>) {
    match chars.next() {
        Some('[') => {
            chars.by_ref().find(|c| ('\u{40}'..='\u{7e}').contains(c));
        }
        Some(']') => {
            let mut before = ' ';
            chars.by_ref().find(|&c| {
                let ended = c == '\u{7}' || (before == '\u{1b}' && c == '\\');
                before = c;
                ended
            });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[u8]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut all: Vec<String> = text.iter().filter_map(|&byte| lines.byte(byte)).collect();
        all.extend(lines.rest());
        all
    }

    #[test]
    fn lines_end_with_a_feed_a_return_or_the_output() {
        assert_eq!(lines(b"one\ntwo\r\rthree\r\n\n  \nfour"), ["one", "two", "three", "four"]);
    }

    #[test]
    fn what_steers_a_terminal_is_no_text() {
        assert_eq!(lines(b"\x1b[2K\x1b[1mbold\x1b[0m\x07\n"), ["bold"]);
        assert_eq!(lines(b"a\x1b]0;title\x07b\x1b]9;4;1;5\x1b\\c\n"), ["abc"]);
        assert_eq!(lines(b"\xff\x1b"), ["\u{fffd}"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut endless = vec![b'x'; LINE_LIMIT * 3];
        endless.extend(b"\nshort\n");
        let lines = lines(&endless);
        assert_eq!((lines[0].len(), lines[1].as_str()), (LINE_LIMIT, "short"));
    }
}
