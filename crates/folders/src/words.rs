//! The words for modes, policies and limits: the same on the command line, in settings, in requests and in stored plans.

use reconcile::{Keep, MaxDelete, Mode, OnConflict};
use syncmgr::conflict::ConflictVersion;

use crate::run::from_stamp;

/// The words of the modes, in the order in which they are listed to people.
pub const MODES: [(&str, Mode); 3] =
    [("two-way", Mode::TwoWay), ("mirror", Mode::Mirror), ("copy", Mode::Copy)];

/// The words of the conflict policies.
pub const POLICIES: [(&str, OnConflict); 6] = [
    ("ask", OnConflict::Ask),
    ("newest", OnConflict::Newest),
    ("largest", OnConflict::Largest),
    ("a", OnConflict::A),
    ("b", OnConflict::B),
    ("keep-both", OnConflict::KeepBoth),
];

/// The words for what is kept on request.
pub const KEEP: [&str; 2] = ["owners", "attributes"];

/// The words for what is kept.
pub fn keep_words(keep: Keep) -> impl Iterator<Item = &'static str> {
    KEEP.into_iter().zip([keep.owners, keep.attributes]).filter_map(|(word, kept)| kept.then_some(word))
}

/// What is kept by these words.
///
/// # Errors
/// One of them is none; a sentence that lists them.
pub fn keep_of(words: &[impl AsRef<str>]) -> Result<Keep, String> {
    let mut keep = Keep::default();
    for word in words {
        match word.as_ref() {
            "owners" => keep.owners = true,
            "attributes" => keep.attributes = true,
            other => return Err(format!("`{other}` is none of {}", KEEP.join(", "))),
        }
    }
    Ok(keep)
}

/// The word for a mode.
pub fn mode_word(mode: Mode) -> &'static str {
    match mode {
        Mode::TwoWay => "two-way",
        Mode::Mirror => "mirror",
        Mode::Copy => "copy",
    }
}

/// The word for a conflict policy.
pub fn policy_word(policy: OnConflict) -> &'static str {
    match policy {
        OnConflict::Ask => "ask",
        OnConflict::Newest => "newest",
        OnConflict::Largest => "largest",
        OnConflict::A => "a",
        OnConflict::B => "b",
        OnConflict::KeepBoth => "keep-both",
    }
}

/// The permissions of a conflicting version of a pair, as `ls` writes them; none when it has none.
pub fn permissions(version: &ConflictVersion) -> Option<String> {
    Some(letters(from_stamp(&version.stamp)??.mode))
}

/// Permission bits as `ls` writes them.
pub(crate) fn letters(mode: u32) -> String {
    let letters = "rwxrwxrwx".chars().enumerate();
    letters.map(|(at, letter)| if mode & (0o400 >> at) == 0 { '-' } else { letter }).collect()
}

/// What a word stands for, if it is one of these.
pub fn meaning<T: Copy>(words: &[(&str, T)], word: &str) -> Option<T> {
    words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
}

/// What a word stands for.
///
/// # Errors
/// It is none of these; a sentence that lists them.
pub fn one_of<T: Copy>(words: &[(&str, T)], word: &str) -> Result<T, String> {
    meaning(words, word).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("`{word}` is none of {}", known.join(", "))
    })
}

/// A limit on deletions as a person writes it: a number, or a share with a per cent sign.
///
/// # Errors
/// It is neither; a sentence that says what a limit is.
pub fn max_delete(text: &str) -> Result<MaxDelete, String> {
    let wrong = || "a limit is a number of entries (0 or more) or a share of a side (0% to 100%)".to_owned();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.strip_suffix('%') {
        Some(share) if digits(share) => {
            share.parse().ok().filter(|&share| share <= 100).map(MaxDelete::Percent).ok_or_else(wrong)
        }
        None if digits(text) => text.parse().map(MaxDelete::Count).map_err(|_| wrong()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_names_what_it_is_the_word_for() {
        for (word, mode) in MODES {
            assert_eq!(mode_word(mode), word);
        }
        for (word, policy) in POLICIES {
            assert_eq!(policy_word(policy), word);
        }
        assert_eq!(one_of(&MODES, "sideways").unwrap_err(), "`sideways` is none of two-way, mirror, copy");
    }

    #[test]
    fn what_is_kept_is_said_in_words() {
        for words in [&[][..], &["owners"], &["attributes"], &KEEP] {
            assert_eq!(keep_words(keep_of(words).unwrap()).collect::<Vec<_>>(), words);
        }
        assert_eq!(keep_of(&["owner"]).unwrap_err(), "`owner` is none of owners, attributes");
    }

    #[test]
    fn limits_are_numbers_or_shares() {
        assert_eq!(max_delete("0"), Ok(MaxDelete::Count(0)));
        assert_eq!(max_delete("100%"), Ok(MaxDelete::Percent(100)));
        for wrong in ["", "%", "-1", "+1", "101%", "1.5%", "many", "5 %", "99999999999999999999"] {
            assert!(max_delete(wrong).is_err(), "{wrong}");
        }
    }
}
