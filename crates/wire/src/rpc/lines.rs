//! Lines of a stream, with a limit that no sender can overrun.

use std::mem;

use memchr::memchr;

/// The longest line, with its line feed.
pub const MAX_LINE: usize = 64 * 1024;

/// One line of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// A line without its end.
    Whole(&'a [u8]),
    /// A line longer than [`MAX_LINE`] was passed over to its end.
    TooLong,
}

/// Cuts what is read into lines. Never holds more than [`MAX_LINE`] bytes of an unfinished line.
#[derive(Debug, Default)]
pub struct Lines {
    unfinished: Vec<u8>,
    skipping: bool,
}

impl Lines {
    /// Takes what was read, and hands on each line that it completes. Empty lines are passed over.
    pub fn push(&mut self, mut read: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(end) = memchr(b'\n', read) {
            let (head, rest) = read.split_at(end);
            read = rest.get(1..).unwrap_or_default();
            if mem::take(&mut self.skipping) || self.unfinished.len() + head.len() >= MAX_LINE {
                self.unfinished.clear();
                each(Line::TooLong);
            } else if self.unfinished.is_empty() {
                whole(head, &mut each);
            } else {
                let mut line = mem::take(&mut self.unfinished);
                line.extend_from_slice(head);
                whole(&line, &mut each);
                // Its room is used again.
                line.clear();
                self.unfinished = line;
            }
        }
        if !self.skipping {
            if self.unfinished.len() + read.len() >= MAX_LINE {
                self.unfinished.clear();
                self.skipping = true;
            } else {
                self.unfinished.extend_from_slice(read);
            }
        }
    }

    /// At the end of the stream: how many bytes came without a line feed.
    pub fn rest(&self) -> usize {
        if self.skipping { MAX_LINE } else { self.unfinished.len() }
    }
}

fn whole(line: &[u8], each: &mut impl FnMut(Line<'_>)) {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if !line.is_empty() {
        each(Line::Whole(line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(pieces: &[&[u8]]) -> (Vec<Option<Vec<u8>>>, usize) {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for piece in pieces {
            lines.push(piece, |line| {
                found.push(match line {
                    Line::Whole(line) => Some(line.to_vec()),
                    Line::TooLong => None,
                });
            });
        }
        (found, lines.rest())
    }

    #[test]
    fn lines_come_whole_however_they_are_cut() {
        let text = b"one\ntwo\r\n\n{\"three\":3}\nrest";
        let whole = cut(&[text]);
        assert_eq!(whole.0, [b"one".to_vec(), b"two".to_vec(), b"{\"three\":3}".to_vec()].map(Some));
        assert_eq!(whole.1, 4);
        for at in 0..text.len() {
            let (head, tail) = text.split_at(at);
            assert_eq!(cut(&[head, tail]), whole, "cut at {at}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_to_its_end_and_holds_no_memory() {
        let mut huge = vec![b'x'; 3 * MAX_LINE];
        huge.extend_from_slice(b"\nnext\n");
        assert_eq!(cut(&[&huge]).0, [None, Some(b"next".to_vec())]);
        let pieces: Vec<&[u8]> = huge.chunks(1000).collect();
        assert_eq!(cut(&pieces).0, [None, Some(b"next".to_vec())]);

        let mut lines = Lines::default();
        for _ in 0..100 {
            lines.push(&huge[..MAX_LINE / 2], |_| panic!("no line has ended"));
            assert!(lines.unfinished.len() < MAX_LINE);
        }
    }

    #[test]
    fn the_longest_line_is_a_line() {
        let mut longest = vec![b'x'; MAX_LINE - 1];
        longest.push(b'\n');
        assert_eq!(cut(&[&longest]).0, [Some(vec![b'x'; MAX_LINE - 1])]);
        longest.insert(0, b'x');
        assert_eq!(cut(&[&longest]).0, [None]);
    }
}
