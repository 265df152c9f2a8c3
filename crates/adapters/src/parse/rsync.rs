//! rsync: `--info=progress2` or `--progress`, `--itemize-changes`, `--stats`, and what it says of failures.

use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::Verb;

use super::{Fact, Parse, Stream, Total, class_of, failure, number};

/// Reads rsync.
#[derive(Default)]
pub struct Rsync;

impl Parse for Rsync {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        if progress(line, facts) || itemized(line, facts) || total(line, facts) {
            return;
        }
        let about = |text: &str| text.split('"').nth(1).map(str::to_owned);
        if let Some(path) = line.strip_prefix("file has vanished: ") {
            let told = Fact::Told {
                level: Level::Warning,
                about: about(path),
                text: format!("{} went away while rsync ran", path.trim_matches('"')),
            };
            facts.push(told);
        } else if let Some(path) = line.strip_prefix("skipping non-regular file ") {
            facts.push(Fact::Skipped(path.trim_matches('"').to_owned()));
        } else if let Some(error) = line.strip_prefix("rsync error: ") {
            // The sentence without where in the source it comes from.
            let text = error.split(" (code ").next().unwrap_or(error);
            facts.push(Fact::Failure(Problem::new(class_of(text), text)));
        } else if line.starts_with("rsync warning: ") || line.contains("max-delete limit") {
            facts.push(Fact::Told { level: Level::Warning, about: None, text: line.to_owned() });
        } else if let Some(error) = line.strip_prefix("@ERROR: ") {
            // The word of a daemon, before rsync itself only finds the connection closed.
            facts.push(Fact::Told { level: Level::Error, about: None, text: error.to_owned() });
            facts.push(failure(error));
        } else if let Some(error) = line.strip_prefix("rsync: ") {
            facts.push(Fact::Told { level: Level::Error, about: about(error), text: error.to_owned() });
        } else if line.starts_with("IO error encountered") {
            facts.push(Fact::Told { level: Level::Warning, about: None, text: line.to_owned() });
        } else if class_of(line) == ProblemClass::Auth || line.starts_with("ssh: ") {
            // What the shell in between says before rsync only finds the connection closed.
            facts.push(failure(line));
        }
    }
}

/// `  1,234,567  42%  1.23MB/s    0:00:12 (xfr#3, to-chk=5/20)`. `--progress` counts each file from zero again; only
/// with `(xfr#..., to-chk=left/all)` it tells how far the whole is.
pub(super) fn progress(line: &str, facts: &mut Vec<Fact>) -> bool {
    let mut words = line.split_whitespace();
    let (Some(bytes), Some(percent), Some(speed)) = (words.next(), words.next(), words.next()) else {
        return false;
    };
    let Some(percent) = percent.strip_suffix('%').and_then(|percent| percent.parse::<u64>().ok()) else {
        return false;
    };
    if !speed.ends_with("/s") || !bytes.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    facts.push(Fact::Bar { step: percent.min(100), max: 100 });
    let time = words.next().unwrap_or_default();
    facts.push(Fact::Text(format!("{bytes} bytes, {speed} {time}").trim_end().to_owned()));
    true
}

/// `>f+++++++++ path`, `cd+++++++++ path/`, `.f..t...... path`, `*deleting   path`.
fn itemized(line: &str, facts: &mut Vec<Fact>) -> bool {
    if let Some(path) = line.strip_prefix("*deleting ") {
        facts.push(Fact::Did { verb: Verb::Delete, path: path.trim_start().to_owned() });
        return true;
    }
    let Some((flags, path)) = line.split_once(' ') else { return false };
    let flag = flags.as_bytes();
    if flag.len() != 11
        || !b"<>ch.".contains(&flag[0])
        || !b"fdLDS".contains(&flag[1])
        || !flag[2..].iter().all(|flag| b".+?cstpoguaxbn ".contains(&flag.to_ascii_lowercase()))
    {
        return false;
    }
    let path = match flag[1] {
        b'L' => path.split(" -> ").next().unwrap_or(path),
        _ => path,
    };
    let verb = if flag[2] == b'+' {
        Verb::Create
    } else if flag[0] == b'.' {
        Verb::Metadata
    } else {
        Verb::Update
    };
    // The top of a copied tree is called `./`, and is none of what a person counts.
    if path != "./" {
        facts.push(Fact::Did { verb, path: path.to_owned() });
    }
    true
}

/// `Number of created files: 6 (reg: 4, dir: 1, link: 1)` and the like.
fn total(line: &str, facts: &mut Vec<Fact>) -> bool {
    let Some((what, rest)) = line.split_once(": ") else { return false };
    let total = match what {
        "Number of files" => Total::Source,
        "Number of created files" => Total::Created,
        "Number of deleted files" => Total::Deleted,
        "Total transferred file size" => Total::Bytes,
        _ => return false,
    };
    let count = rest.split_whitespace().next().and_then(number);
    facts.extend(count.map(|count| Fact::Total(total, count)));
    count.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(line: &str) -> Vec<Fact> {
        let mut facts = Vec::new();
        Rsync.line(Stream::Out, line, &mut facts);
        facts
    }

    #[test]
    fn progress2_is_a_bar_with_a_text() {
        assert_eq!(
            facts("        300,000  33%  254.85MB/s    0:00:03 (xfr#1, to-chk=5/7)"),
            [Fact::Bar { step: 33, max: 100 }, Fact::Text("300,000 bytes, 254.85MB/s 0:00:03".into())]
        );
    }

    #[test]
    fn itemized_lines_are_deeds() {
        let did = |verb, path: &str| vec![Fact::Did { verb, path: path.into() }];
        assert_eq!(facts(">f+++++++++ a b"), did(Verb::Create, "a b"));
        assert_eq!(facts("cL+++++++++ l -> f1"), did(Verb::Create, "l"));
        assert_eq!(facts(">f.st...... x"), did(Verb::Update, "x"));
        assert_eq!(facts(".d..t...... d/"), did(Verb::Metadata, "d/"));
        assert_eq!(facts("*deleting   gone"), did(Verb::Delete, "gone"));
        assert_eq!(facts(".d..t...... ./"), []);
        assert_eq!(facts("sending incremental file list"), []);
    }

    #[test]
    fn stats_are_totals() {
        assert_eq!(
            facts("Number of created files: 1,006 (reg: 4, dir: 1)"),
            [Fact::Total(Total::Created, 1006)]
        );
        assert_eq!(facts("Total transferred file size: 900,002 bytes"), [Fact::Total(Total::Bytes, 900_002)]);
    }

    #[test]
    fn errors_name_their_file_and_the_last_word_is_the_failure() {
        let told = facts("rsync: [sender] link_stat \"/x/y\" failed: No such file or directory (2)");
        assert!(
            matches!(&told[..], [Fact::Told { level: Level::Error, about: Some(path), .. }] if path == "/x/y")
        );
        let failed = facts(
            "rsync error: some files/attrs were not transferred (see previous errors) (code 23) at main.c(1394) [sender=3.5.0]",
        );
        assert!(
            matches!(&failed[..], [Fact::Failure(problem)] if problem.text.ends_with("(see previous errors)"))
        );
        let refused = facts("user@host: Permission denied (publickey,password).");
        assert!(matches!(&refused[..], [Fact::Failure(problem)] if problem.class == ProblemClass::Auth));
    }
}
