//! Names that are ours and never a person's: defined once, for those who write them and those who must not list them.

use icu_normalizer::DecomposingNormalizerBorrowed;
use reconcile::path::Name;
use reconcile::{Listing, Seen};
use syncmgr::RunId;

/// Our directory at the top of each side; the trash is in it.
pub const OUR_DIR: &Name = b".instep";

/// The trash of a file system that is mounted inside a side, at its top: no rename leads from there to the side's own.
pub const MOUNT_TRASH: &Name = b".instep-trash";

/// Says what is left out, in any directory of a side. A person's own file, so it is synchronized.
pub const IGNORE_FILE: &Name = b".instepignore";

/// What every name of ours begins with.
const PREFIX: &[u8] = b".instep";
const TEMP_START: &[u8] = b".instep-";
const TEMP_END: &[u8] = b".tmp";
/// The part of a tag that is the pair's.
const PAIR: u32 = 0xffff_0000;
const TEMP_LEN: usize = TEMP_START.len() + 16 + TEMP_END.len();

/// The name of something half-made: `.instep-<16 hex digits>.tmp`, the same 28 bytes however long the final name is.
///
/// The digits are a tag (whose run made it) and a number that counts within the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TempName {
    /// Tells pairs apart, and runs of one pair: see [`TempName::tag_of`].
    pub tag: u32,
    /// Counts within a run.
    pub number: u32,
}

impl TempName {
    /// The tag of a run: the upper half is the pair's, for a run removes only left-overs of its own pair; the lower half
    /// tells which run's journal knows what became of it.
    pub fn tag_of(pair: u32, run: RunId) -> u32 {
        (pair & PAIR) | (run.0 as u32 & !PAIR)
    }

    /// Whether a run of that pair made it.
    pub fn is_of(self, pair: u32) -> bool {
        self.tag & PAIR == pair & PAIR
    }

    /// The name, if it is exactly of that pattern.
    pub fn parse(name: &Name) -> Option<Self> {
        if name.len() != TEMP_LEN {
            return None;
        }
        let digits = name.strip_prefix(TEMP_START)?.strip_suffix(TEMP_END)?;
        let mut value = 0_u64;
        for &byte in digits {
            // Lower case only: another spelling is not ours and may be a person's.
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                _ => return None,
            };
            value = value << 4 | u64::from(digit);
        }
        Some(Self { tag: (value >> 32) as u32, number: value as u32 })
    }

    /// The bytes of the name.
    pub fn to_name(self) -> Vec<u8> {
        format!(".instep-{:08x}{:08x}.tmp", self.tag, self.number).into_bytes()
    }
}

/// Whether a name is ours: at the top of a side everything that begins with `.instep` (but for the file that says what
/// is left out), anywhere else only temporary names and the trash of a mount.
pub fn is_ours(name: &Name, at_top: bool) -> bool {
    // Nearly every name leaves here.
    if !name.starts_with(PREFIX) {
        return false;
    }
    if at_top { name != IGNORE_FILE } else { name == MOUNT_TRASH || TempName::parse(name).is_some() }
}

/// Whether a file system that does not tell cases apart, or how characters are composed, could take one name for the
/// other. Generous: it is asked only about names that were found to be in each other's way.
pub fn same_but_spelling(one: &Name, other: &Name) -> bool {
    one != other && folded(one) == folded(other)
}

fn folded(name: &Name) -> String {
    let text = String::from_utf8_lossy(name);
    DecomposingNormalizerBorrowed::new_nfd().normalize(&text).to_uppercase().to_lowercase()
}

/// The name by which a directory has what it found as `name`, if it takes several names for one and has it by another.
pub(crate) fn spelled_otherwise<'l>(listing: &'l Listing, name: &Name, found: &Seen) -> Option<&'l Name> {
    if listing.get(name).is_some() {
        return None;
    }
    // Numbers tell it for sure where there are such.
    let known = |(_, other): &(&Name, &Seen)| found.id.ino != 0 && other.id == found.id;
    let spelled = |(other, _): &(&Name, &Seen)| same_but_spelling(other, name);
    let other = listing.iter().find(known).or_else(|| listing.iter().find(spelled));
    other.map(|(other, _)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_only_spelled_otherwise_are_told_in_any_script() {
        assert!(same_but_spelling(b"readme", b"README"));
        assert!(same_but_spelling("stra\u{df}e".as_bytes(), "STRASSE".as_bytes()));
        assert!(same_but_spelling("\u{e4}".as_bytes(), "\u{c4}".as_bytes()));
        assert!(same_but_spelling("caf\u{e9}".as_bytes(), "cafe\u{301}".as_bytes()));
        assert!(same_but_spelling("\u{c9}t\u{e9}".as_bytes(), "e\u{301}te\u{301}".as_bytes()));
        assert!(!same_but_spelling(b"same", b"same"));
        assert!(!same_but_spelling(b"a", b"b"));
    }

    #[test]
    fn s2_a_temporary_name_is_known_again_and_short() {
        let temp = TempName { tag: 0xdead_beef, number: 7 };
        assert_eq!(temp.to_name(), b".instep-deadbeef00000007.tmp");
        assert_eq!(TempName::parse(&temp.to_name()), Some(temp));
    }

    #[test]
    fn s2_a_temporary_name_tells_its_pair_and_its_run() {
        let (pair, other) = (0xdead_beef, 0xfeed_beef);
        let temp = TempName { tag: TempName::tag_of(pair, RunId(7)), number: 1 };
        assert!(temp.is_of(pair) && !temp.is_of(other));
        assert_ne!(temp.tag, TempName::tag_of(pair, RunId(8)));
        assert_ne!(temp.tag, TempName::tag_of(other, RunId(7)));
    }

    #[test]
    fn s2_a_name_that_only_looks_like_ours_is_the_persons() {
        for name in [
            &b".instep-DEADBEEF00000007.tmp"[..],
            b".instep-deadbeef0000007.tmp",
            b".instep-deadbeef00000007.tmq",
            b".instep-notes.tmp",
            b".instep",
            b".instep-deadbeef00000007.tmp2",
        ] {
            assert!(!is_ours(name, false), "{}", name.escape_ascii());
        }
    }

    #[test]
    fn at_the_top_all_instep_names_are_ours_but_the_ignore_file() {
        assert!(is_ours(b".instep", true));
        assert!(is_ours(b".instep-anything", true));
        assert!(!is_ours(b".instepignore", true));
        assert!(!is_ours(b".inste", true));
    }
}
