//! Progress as terminals are told of it: `ESC ] 9 ; 4 ; state ; percent`, ended by BEL or `ESC \`.

use super::Fact;

/// The longest sequence that says something.
const LONGEST: usize = 16;

/// A sequence that is being read.
#[derive(Default)]
pub(super) struct Osc {
    sequence: Vec<u8>,
    within: Within,
}

#[derive(Default, PartialEq)]
enum Within {
    #[default]
    Nothing,
    Escape,
    Command,
    CommandEscape,
}

impl Osc {
    /// One more byte; a fact when it ends a sequence.
    pub(super) fn byte(&mut self, byte: u8) -> Option<Fact> {
        self.within = match (&self.within, byte) {
            (Within::Nothing, 0x1b) => Within::Escape,
            (Within::Nothing, _) => return None,
            (Within::Escape, b']') => {
                self.sequence.clear();
                Within::Command
            }
            (Within::Escape, 0x1b) => Within::Escape,
            (Within::Escape, _) => Within::Nothing,
            (Within::Command, 0x07) => return self.ended(),
            (Within::Command, 0x1b) => Within::CommandEscape,
            (Within::Command, _) => {
                self.sequence.push(byte);
                if self.sequence.len() > LONGEST { Within::Nothing } else { Within::Command }
            }
            (Within::CommandEscape, b'\\') => return self.ended(),
            (Within::CommandEscape, b']') => {
                self.sequence.clear();
                Within::Command
            }
            (Within::CommandEscape, _) => Within::Nothing,
        };
        None
    }

    fn ended(&mut self) -> Option<Fact> {
        self.within = Within::Nothing;
        let text = std::str::from_utf8(&self.sequence).ok()?;
        let (state, percent) = match text.strip_prefix("9;4;")?.split_once(';') {
            Some((state, percent)) => (state, percent),
            None => (text.strip_prefix("9;4;")?, ""),
        };
        match state {
            // Running, failed or paused: the bar stands where it says.
            "1" | "2" | "4" => {
                percent.parse().ok().map(|step: u64| Fact::Bar { step: step.min(100), max: 100 })
            }
            "3" => Some(Fact::Bar { step: 0, max: 0 }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(bytes: &[u8]) -> Vec<Fact> {
        let mut osc = Osc::default();
        bytes.iter().filter_map(|&byte| osc.byte(byte)).collect()
    }

    #[test]
    fn a_terminals_progress_is_a_bar() {
        let bar = |step| Fact::Bar { step, max: 100 };
        assert_eq!(facts(b"x\x1b]9;4;1;42\x07y\x1b]9;4;1;43\x1b\\"), [bar(42), bar(43)]);
        assert_eq!(facts(b"\x1b]9;4;3\x07"), [Fact::Bar { step: 0, max: 0 }]);
        assert_eq!(facts(b"\x1b]9;4;1;999\x07"), [bar(100)]);
    }

    #[test]
    fn other_sequences_say_nothing() {
        for bytes in [
            &b"\x1b]9;4;0\x07"[..],
            b"\x1b]9;4;1;x\x07",
            b"\x1b]0;a long title that goes on\x07",
            b"\x1b]9;4;1;5",
        ] {
            assert_eq!(facts(bytes), [], "{bytes:?}");
        }
    }
}
