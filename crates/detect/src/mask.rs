//! Secrets that stand in a command line, left out.

use adapters::tools::names_a_secret;

use crate::shell::{self, Word};

/// What stands where a secret was.
const HIDDEN: &str = "***";

/// The line without its secrets.
pub(crate) fn line(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut end = 0;
    for words in shell::commands(line) {
        for (at, word) in words.iter().enumerate() {
            if let Some(masked) = masked(&words[..at], word) {
                shown.push_str(&line[end..word.at.start]);
                shown.push_str(&masked);
                end = word.at.end;
            }
        }
    }
    shown.push_str(&line[end..]);
    // What no word shows (a comment, a redirection) may hold one all the same.
    urls(&shown).unwrap_or(shown)
}

/// Whether there is a secret in one of the words.
pub(crate) fn hides(words: &[Word]) -> bool {
    words.iter().enumerate().any(|(at, word)| masked(&words[..at], word).is_some())
}

/// The word without its secret; none when it has none.
fn masked(before: &[Word], word: &Word) -> Option<String> {
    let last = before.last().map(|word| word.text.as_str());
    let text = &word.text;
    // `--password x`, `-u name:x`
    if let Some(option) = last.filter(|last| last.starts_with('-')) {
        if !option.contains('=') && names_a_secret(option.trim_start_matches('-')) && !text.starts_with('-') {
            return Some(HIDDEN.to_owned());
        }
        if matches!(option, "-u" | "--user")
            && let Some((user, _)) = text.split_once(':')
        {
            return Some(format!("{user}:{HIDDEN}"));
        }
    }
    let typed = |program: &str| before.iter().any(|word| word.text.rsplit('/').next() == Some(program));
    if typed("sshpass") && last == Some("-p") {
        return Some(HIDDEN.to_owned());
    }
    if (typed("sshpass") || typed("mysqldump") || typed("mysql")) && text.starts_with("-p") && text.len() > 2
    {
        return Some(format!("-p{HIDDEN}"));
    }
    // A script in one word: its own words are looked at.
    if last == Some("-c") && text.contains(' ') {
        let inner = line(text);
        return (inner != *text).then(|| format!("'{inner}'"));
    }
    // `NAME=x`, `--name=x`
    if let Some((name, value)) = text.split_once('=')
        && !value.is_empty()
        && names_a_secret(name.trim_start_matches('-'))
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    {
        return Some(format!("{name}={HIDDEN}"));
    }
    let lower = text.to_ascii_lowercase();
    if let Some(at) = lower.find("authorization:") {
        return Some(format!("'{} {HIDDEN}'", &text[..at + "authorization:".len()]));
    }
    urls(text).or_else(|| parameters(text))
}

/// `scheme://user:secret@host`
fn urls(text: &str) -> Option<String> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        let authority = after.split(['/', ' ', '\'', '"', '?', '#']).next().unwrap_or_default();
        shown.push_str(before);
        rest = after;
        if let Some((login, _)) = authority.rsplit_once('@')
            && let Some((user, _)) = login.split_once(':')
        {
            shown.push_str(user);
            shown.push(':');
            shown.push_str(HIDDEN);
            rest = &after[login.len()..];
        }
    }
    shown.push_str(rest);
    (shown != text).then_some(shown)
}

/// `:sftp,host=x,pass=y:path`, `?token=x&...`
fn parameters(text: &str) -> Option<String> {
    let mut shown = String::new();
    let mut rest = text;
    while let Some(at) = rest.find([',', '?', '&']) {
        let (before, after) = rest.split_at(at + 1);
        shown.push_str(before);
        rest = after;
        if let Some((name, value)) = after.split_once('=')
            && !name.contains([',', '&', '/', ':'])
            && names_a_secret(name)
        {
            let end = value.find([',', '&', ':']).unwrap_or(value.len());
            shown.push_str(&format!("{name}={HIDDEN}"));
            rest = &value[end..];
        }
    }
    shown.push_str(rest);
    (shown != text).then_some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_left_out_wherever_they_stand() {
        for (typed, shown) in [
            ("RESTIC_PASSWORD=hunter2 restic backup /x", "RESTIC_PASSWORD=*** restic backup /x"),
            ("export AWS_SECRET_ACCESS_KEY='hunter2'; x", "export AWS_SECRET_ACCESS_KEY=***; x"),
            ("rsync --password=hunter2 a b", "rsync --password=*** a b"),
            ("x --api-key hunter2 y", "x --api-key *** y"),
            (
                "restic -r rest:https://me:hunter2@host/x backup",
                "restic -r rest:https://me:***@host/x backup",
            ),
            ("rclone copy a :sftp,host=h,pass=hunter2:b", "rclone copy a :sftp,host=h,pass=***:b"),
            ("curl -u me:hunter2 'https://h/?a=1&token=hunter2'", "curl -u me:*** https://h/?a=1&token=***"),
            ("curl -H 'Authorization: Bearer hunter2' x", "curl -H 'Authorization: ***' x"),
            ("sshpass -p hunter2 rsync a b", "sshpass -p *** rsync a b"),
            (
                "sh -c 'RESTIC_PASSWORD=hunter2 restic backup /'",
                "sh -c 'RESTIC_PASSWORD=*** restic backup /'",
            ),
            ("x # ftp://me:hunter2@h", "x # ftp://me:***@h"),
            ("mysqldump -phunter2 db | rclone rcat r:db", "mysqldump -p*** db | rclone rcat r:db"),
        ] {
            assert_eq!(line(typed), shown);
            assert!(!line(typed).contains("hunter2"));
        }
    }

    #[test]
    fn what_is_no_secret_stays() {
        for typed in [
            "restic --password-file /etc/restic/key -r /x backup / >> /var/log/x 2>&1",
            "rclone sync a b --ask-password=false --sftp-key-file ~/.ssh/id",
            "rsync -a ssh://me@host/x user@host:y 'a b' --exclude=*.key",
        ] {
            assert_eq!(line(typed), typed);
        }
    }
}
