//! Identifiers as segments of a path.
//!
//! Any text may be an identifier. Percent encoding says all of it but `.` and `..`, which clients take for directions, also
//! when encoded. So those two, and whatever begins with `~`, get a `~` in front.

use std::fmt::Write;

/// The segment of an identifier, percent-encoded.
pub(crate) fn write(id: &str) -> String {
    let mut segment = String::with_capacity(id.len() + 1);
    if id.starts_with('~') || id == "." || id == ".." {
        segment.push('~');
    }
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

/// The identifier that a (percent-decoded) segment means.
pub(crate) fn read(segment: &str) -> &str {
    segment.strip_prefix('~').unwrap_or(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_identifier_has_a_segment_that_no_client_bends() {
        for (id, segment) in [
            ("photos", "photos"),
            (".", "~."),
            ("..", "~.."),
            ("~home", "~~home"),
            ("a/b?c#d e%", "a%2Fb%3Fc%23d%20e%25"),
            ("ü\u{202e}\n<b>", "%C3%BC%E2%80%AE%0A%3Cb%3E"),
        ] {
            assert_eq!(write(id), segment);
        }
        assert_eq!(read("~.."), "..");
        assert_eq!(read("~~home"), "~home");
        assert_eq!(read("photos"), "photos");
    }
}
