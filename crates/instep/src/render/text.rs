//! Text for people: numbers, sizes, times, and names that must not play tricks with the terminal (S8).

use std::fmt::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Any text, with control characters and those that turn its direction escaped.
pub(crate) struct Safe<T>(pub(crate) T);

impl<T: AsRef<str>> fmt::Display for Safe<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_safe(f, self.0.as_ref())
    }
}

/// A path of this machine, with what is no UTF-8 and what is not harmless escaped.
pub(crate) struct SafePath<'a>(pub(crate) &'a Path);

impl fmt::Display for SafePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.as_os_str().as_bytes().utf8_chunks() {
            write_safe(f, chunk.valid())?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

fn write_safe(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        let turns_direction = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}');
        if c.is_control() || turns_direction {
            write!(f, "{}", c.escape_default())?;
        } else {
            f.write_char(c)?;
        }
    }
    Ok(())
}

/// A number with its thousands apart.
pub(crate) struct Count(pub(crate) u64);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        for (at, digit) in digits.char_indices() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_char(',')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}

/// A number with the word for what is counted: "1 file", "2 files".
pub(crate) fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", Count(count), if count == 1 { one } else { many })
}

/// Bytes, in the unit that fits.
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        if self.0 < 1024 {
            return write!(f, "{} B", self.0);
        }
        let mut value = self.0 as f64 / 1024.0;
        let mut unit = 0;
        while value >= 999.5 && unit + 1 < UNITS.len() {
            value /= 1024.0;
            unit += 1;
        }
        if value < 9.95 {
            write!(f, "{value:.1} {}", UNITS[unit])
        } else {
            write!(f, "{value:.0} {}", UNITS[unit])
        }
    }
}

/// A moment in this place's time, to the second: "2026-11-22 16:15:00". Milliseconds since 1970 in.
pub(crate) fn local_time(millis: i64) -> String {
    match jiff::Timestamp::from_millisecond(millis) {
        Ok(time) => time.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => "at an impossible time".to_owned(),
    }
}

/// A moment for programs: RFC 3339 in UTC.
pub(crate) fn utc_time(millis: i64) -> Option<String> {
    jiff::Timestamp::from_millisecond(millis).ok().map(|time| time.to_string())
}

/// How long ago, roughly: "just now", "5 minutes ago", "3 days ago".
pub(crate) fn ago(millis: i64, now: i64) -> String {
    let seconds = now.saturating_sub(millis) / 1000;
    let (count, one, many) = match seconds {
        i64::MIN..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute ago", "minutes ago"),
        3600..86_400 => (seconds / 3600, "hour ago", "hours ago"),
        _ => (seconds / 86_400, "day ago", "days ago"),
    };
    counted(count.unsigned_abs(), one, many)
}

/// A moment to come, with how long that is: "Mon 02:30, in 3 hours". With its date where it is not soon.
pub(crate) fn soon(millis: i64, now: i64) -> String {
    let Ok(time) = jiff::Timestamp::from_millisecond(millis) else { return "some day".to_owned() };
    let seconds = millis.saturating_sub(now) / 1000;
    let (count, one, many) = match seconds {
        i64::MIN..60 => (seconds.max(0), "second", "seconds"),
        60..3600 => (seconds / 60, "minute", "minutes"),
        3600..172_800 => (seconds / 3600, "hour", "hours"),
        _ => (seconds / 86_400, "day", "days"),
    };
    let format = if seconds < 6 * 86_400 { "%a %H:%M" } else { "%a %Y-%m-%d %H:%M" };
    let time = time.to_zoned(jiff::tz::TimeZone::system()).strftime(format);
    format!("{time}, in {}", counted(count.unsigned_abs(), one, many))
}

/// How long something took: "40 ms", "1.4 s", "12 s", "3 min 20 s", "2 h 5 min".
pub(crate) fn took(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        10_000..60_000 => format!("{} s", millis / 1000),
        60_000..3_600_000 => format!("{} min {} s", millis / 60_000, millis / 1000 % 60),
        _ => format!("{} h {} min", millis / 3_600_000, millis / 60_000 % 60),
    }
}

/// A word as the shell takes it back: bare when it is harmless, else in quotes.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./,:=@%+".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Bytes as base64 (RFC 4648, padded), for what JSON's text cannot hold.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                text.push(char::from(DIGITS[(bits >> (18 - 6 * digit) & 63) as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s8_text_is_shown_harmlessly() {
        assert_eq!(Safe("a\x1b[31mb\nc\u{202e}d").to_string(), "a\\u{1b}[31mb\\nc\\u{202e}d");
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/x/caf\xe9\n"));
        assert_eq!(SafePath(path).to_string(), "/x/caf\\xe9\\n");
    }

    #[test]
    fn base64_is_that_of_the_rfc() {
        let pairs = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (bytes, text) in pairs {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe]), "//4=");
    }

    #[test]
    fn numbers_are_readable() {
        assert_eq!(Count(0).to_string(), "0");
        assert_eq!(Count(1_234_567).to_string(), "1,234,567");
        assert_eq!(Size(1023).to_string(), "1023 B");
        assert_eq!(Size(1536).to_string(), "1.5 KiB");
        assert_eq!(Size(1023 * 1024).to_string(), "1.0 MiB");
        assert_eq!(Size(u64::MAX).to_string(), "16 EiB");
        assert_eq!(counted(1, "file", "files"), "1 file");
        assert_eq!((took(40).as_str(), took(1_400).as_str()), ("40 ms", "1.4 s"));
        assert_eq!(took(200_000), "3 min 20 s");
        assert_eq!(ago(0, 3 * 86_400_000), "3 days ago");
        assert_eq!(ago(10, 0), "just now");
    }

    #[test]
    fn a_shell_takes_words_back() {
        assert_eq!(shell_word("a/b.txt"), "a/b.txt");
        assert_eq!(shell_word("it's here"), r"'it'\''s here'");
        assert_eq!(shell_word("-rf"), "'-rf'");
    }
}
