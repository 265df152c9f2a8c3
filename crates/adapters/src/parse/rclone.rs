//! rclone: its JSON log (`--use-json-log -v --stats 1s`), and its log and progress for people.

use serde::Deserialize;
use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::Verb;

use super::{Fact, Parse, Stream, Total, failure, percent};

/// What a first run of bisync needs, and one after an error that it does not recover from.
const RESYNC: &str = "bisync wants to be told once that both sides may be put together: run the item once with \
    options = [\"--resync\"], then take that out";

/// Reads rclone.
#[derive(Default)]
pub struct Rclone {
    /// It goes both ways: what it counts as checked is not what is at a target.
    both_ways: bool,
}

#[derive(Deserialize)]
struct Line {
    level: String,
    msg: String,
    object: Option<String>,
    stats: Option<Stats>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Stats {
    bytes: u64,
    total_bytes: u64,
    transfers: u64,
    total_transfers: u64,
    checks: u64,
    total_checks: u64,
    deletes: u64,
    deleted_dirs: u64,
    renames: u64,
    speed: f64,
    eta: Option<f64>,
}

impl Parse for Rclone {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        self.both_ways |= line.contains("Synching Path1 ");
        let before = facts.len();
        if json(line, facts) {
            if self.both_ways {
                let said = facts.split_off(before);
                facts.extend(said.into_iter().filter(|fact| !matches!(fact, Fact::Total(Total::Target, _))));
            }
            return;
        }
        if let Some((_, rest)) = line.split_once("Transferred:") {
            // The line of bytes has a speed; that of files has none and says less.
            if rest.contains("/s") {
                facts.extend(percent::bar(rest));
                facts.push(Fact::Text(rest.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            return;
        }
        let Some(text) = stamped(line) else { return };
        if let Some(text) = text.strip_prefix("Failed to ") {
            let why = text.split_once(": ").map_or(text, |(_, why)| why);
            facts.push(failure(why));
            return;
        }
        let Some((level, rest)) = text.split_once(" : ").or_else(|| text.split_once(": ")) else { return };
        let (object, text) =
            rest.split_once(": ").map_or((None, rest), |(object, text)| (Some(object), text));
        let level = match level.trim() {
            "INFO" => "info",
            "NOTICE" => "notice",
            "ERROR" => "error",
            _ => return,
        };
        message(level, text, object, facts);
    }
}

/// What comes after `2026/11/22 19:43:20 `.
fn stamped(line: &str) -> Option<&str> {
    let mut parts = line.splitn(3, ' ');
    let digits =
        |part: &str| part.len() >= 8 && part.bytes().all(|b| b.is_ascii_digit() || b"/-:.".contains(&b));
    let (day, time) = (parts.next()?, parts.next()?);
    (digits(day) && digits(time)).then(|| parts.next()).flatten()
}

/// A line of the JSON log; tells whether it was one.
pub(super) fn json(line: &str, facts: &mut Vec<Fact>) -> bool {
    if !line.starts_with('{') {
        return false;
    }
    let Ok(line) = serde_json::from_str::<Line>(line) else { return false };
    match line.stats {
        Some(stats) => statistics(&stats, facts),
        None => message(&line.level, &line.msg, line.object.as_deref(), facts),
    }
    true
}

fn statistics(stats: &Stats, facts: &mut Vec<Fact>) {
    let (step, max) = if stats.total_bytes > 0 {
        (stats.bytes, stats.total_bytes)
    } else if stats.total_transfers > 0 {
        (stats.transfers, stats.total_transfers)
    } else {
        (stats.checks, stats.total_checks)
    };
    facts.push(Fact::Bar { step, max });
    let eta = stats.eta.map(|eta| format!(", {eta:.0} s left")).unwrap_or_default();
    let speed = if stats.speed > 0.0 { format!(", {:.0} bytes/s", stats.speed) } else { String::new() };
    facts.push(Fact::Text(format!("{} of {} files{speed}{eta}", stats.transfers, stats.total_transfers)));
    facts.push(Fact::Total(Total::Bytes, stats.bytes));
    facts.push(Fact::Total(Total::Deleted, stats.deletes.saturating_add(stats.deleted_dirs)));
    facts.push(Fact::Total(Total::Moved, stats.renames));
    // Whatever is at the target is checked: against the source, or before it is deleted.
    facts.push(Fact::Total(Total::Target, stats.total_checks));
}

fn message(level: &str, text: &str, object: Option<&str>, facts: &mut Vec<Fact>) {
    let path = || object.unwrap_or_default().to_owned();
    let verb = match text {
        "Copied (new)" | "Made directory" => Some(Verb::Create),
        "Deleted" | "Removing directory" | "Removed directory" => Some(Verb::Delete),
        text if text.starts_with("Copied (") || text.starts_with("Copied to") => Some(Verb::Update),
        text if text.starts_with("Renamed from") || text.starts_with("Moved (") => Some(Verb::Move),
        text if text.starts_with("Updated modification time") => Some(Verb::Metadata),
        _ => None,
    };
    if let Some(verb) = verb.filter(|_| object.is_some()) {
        facts.push(Fact::Did { verb, path: path() });
        return;
    }
    let told = |level| Fact::Told {
        level,
        about: object.map(str::to_owned),
        text: object.map_or_else(|| text.to_owned(), |object| format!("{object}: {text}")),
    };
    match level {
        "error" | "critical" | "fatal" | "emergency" => {
            if text.starts_with("Attempt ") {
                // It says of all errors so far that it tries again.
                return;
            }
            facts.push(told(Level::Error));
            if object == Some("Safety abort") {
                facts.push(Fact::Failure(too_much(text)));
            } else if text.contains("cannot find prior") || text.contains("Must run --resync") {
                facts.push(Fact::Failure(Problem::new(ProblemClass::Config, text).with_fix(RESYNC)));
            } else if object.is_none() || level != "error" {
                facts.push(failure(text));
            }
        }
        "warning" | "notice" if text.starts_with("Can't follow symlink") => facts.push(Fact::Skipped(path())),
        "warning" | "notice" if text.starts_with("Config file ") => {}
        // bisync keeps both, each under another name.
        "warning" | "notice" if text.contains("New or changed in both paths") => {
            let rest = text.split_once("both paths").map_or(text, |(_, rest)| rest);
            let path = rest.trim_start().trim_start_matches("- ");
            facts.push(Fact::Conflict(path.to_owned()));
        }
        // What bisync says of each of its steps; what they come to is told by itself.
        "warning" | "notice" if text.starts_with("- Path") || text.starts_with("bisync is ") => {}
        "warning" if text.contains("conflict") => facts.push(Fact::Conflict(path())),
        "warning" | "notice" if text.starts_with("Skipped ") && text.contains("--dry-run") => {
            dry(text, object, facts)
        }
        "warning" | "notice" => facts.push(told(Level::Warning)),
        _ => {}
    }
}

/// What `--dry-run` would have done is a deed that it only tells of.
fn dry(text: &str, object: Option<&str>, facts: &mut Vec<Fact>) {
    let verb = match text.trim_start_matches("Skipped ").split_whitespace().next() {
        Some("delete" | "remove") => Verb::Delete,
        Some("copy") => Verb::Create,
        Some("move" | "rename") => Verb::Move,
        Some("make") => Verb::Create,
        Some("update" | "set") => Verb::Metadata,
        _ => return,
    };
    facts.extend(object.map(|object| Fact::Did { verb, path: object.to_owned() }));
}

/// What bisync itself takes for too much, before it has touched anything.
fn too_much(text: &str) -> Problem {
    let what = text.split(". Run with").next().unwrap_or(text);
    Problem::new(ProblemClass::Safety, format!("{what}. Nothing was touched"))
        .with_fix("look at both sides; if it is right, run again with --approve, or set another max_delete")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(line: &str) -> Vec<Fact> {
        let mut facts = Vec::new();
        Rclone::default().line(Stream::Err, line, &mut facts);
        facts
    }

    #[test]
    fn the_json_log_tells_deeds_and_how_far_it_is() {
        assert_eq!(
            facts(
                r#"{"level":"info","msg":"Copied (new)","object":"d/y","objectType":"*local.Object","source":"x","time":"t"}"#
            ),
            [Fact::Did { verb: Verb::Create, path: "d/y".into() }]
        );
        let stats = facts(
            r#"{"level":"info","msg":"\nTransferred","stats":{"bytes":50,"totalBytes":200,"transfers":1,"totalTransfers":4,"deletes":1,"deletedDirs":1,"eta":null,"speed":0}}"#,
        );
        assert!(stats.contains(&Fact::Bar { step: 50, max: 200 }));
        assert!(stats.contains(&Fact::Total(Total::Deleted, 2)));
    }

    #[test]
    fn errors_are_told_once_and_not_with_every_attempt() {
        let error = facts(
            r#"{"level":"error","msg":"error reading source root directory: directory not found","object":"Local file system at /x"}"#,
        );
        assert!(matches!(&error[..], [Fact::Told { level: Level::Error, .. }]));
        assert_eq!(
            facts(r#"{"level":"error","msg":"Attempt 1/3 failed with 1 errors and: directory not found"}"#),
            []
        );
        let failed = facts("2026/11/22 19:43:21 Failed to sync: directory not found");
        assert!(matches!(&failed[..], [Fact::Failure(problem)] if problem.text == "directory not found"));
    }

    #[test]
    fn the_log_for_people_is_read_as_well() {
        assert_eq!(
            facts("2026/11/22 19:43:21 INFO  : f1: Copied (new)"),
            [Fact::Did { verb: Verb::Create, path: "f1".into() }]
        );
        let bar = facts("Transferred:   \t  1 MiB / 4 MiB, 25%, 1 MiB/s, ETA 3s");
        assert_eq!(bar[0], Fact::Bar { step: 25, max: 100 });
    }

    #[test]
    fn what_bisync_finds_changed_on_both_sides_is_a_conflict() {
        let line = r#"{"level":"warning","msg":"- WARNING  New or changed in both paths        - d/f - x","source":"x"}"#;
        assert!(matches!(&facts(line)[..], [Fact::Conflict(path)] if path == "d/f - x"));
        assert_eq!(
            facts(
                r#"{"level":"warning","msg":"- Path1    Renaming Path1 copy                 - /a/f..path1"}"#
            ),
            []
        );
    }

    #[test]
    fn s6_what_bisync_takes_for_too_much_is_a_safety_stop_with_the_way_out() {
        let line = r#"{"level":"error","msg":"too many deletes (>50%, 8 of 12) on Path1 \"/a/\". Run with --force if desired.","object":"Safety abort","objectType":"string","source":"x"}"#;
        let told = facts(line);
        let Some(Fact::Failure(problem)) = told.last() else { panic!("{told:?}") };
        assert_eq!(problem.class, ProblemClass::Safety);
        assert_eq!(problem.text, "too many deletes (>50%, 8 of 12) on Path1 \"/a/\". Nothing was touched");
    }

    #[test]
    fn a_dry_run_tells_what_it_would_do() {
        assert_eq!(
            facts(
                r#"{"level":"warning","msg":"Skipped delete as --dry-run is set (size 2)","object":"gone"}"#
            ),
            [Fact::Did { verb: Verb::Delete, path: "gone".into() }]
        );
    }
}
