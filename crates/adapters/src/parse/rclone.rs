//! rclone: its JSON log (`--use-json-log -v --stats 1s`), and its log and progress for people.

use serde::Deserialize;
use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::Verb;

use super::loose::{Count, Measure, Words};
use super::{Fact, Parse, Stream, Total, class_of, failure, percent};

/// What a first run of bisync needs, and one after an error or a stop that it does not recover from. What it takes away is
/// said: nobody else will.
const RESYNC: &str = "bisync wants to hear from a person that both sides may be put together: give the item \
    options = [\"--resync\"], look at `instep preview`, run it once, and take that out again. What was deleted on one side \
    alone comes back by it, and where both have a file, that of Path1 overwrites that of Path2";

/// Reads rclone.
#[derive(Default)]
pub struct Rclone {
    /// It goes both ways: what it counts as checked is not what is at a target.
    both_ways: bool,
    /// It puts both sides together, which deletes nothing.
    resync: bool,
    /// It only says what it would do: what it did not bring over before looks to it as if it were to be deleted.
    dry: bool,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    level: Words,
    msg: Words,
    object: Option<Words>,
    /// Statistics, in the shape that is known or in another one.
    stats: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(default, rename_all = "camelCase")]
#[derive(Default)]
struct Stats {
    bytes: Count,
    total_bytes: Count,
    transfers: Count,
    total_transfers: Count,
    checks: Count,
    total_checks: Count,
    /// None where a version does not tell, which is no zero.
    deletes: Option<Count>,
    deleted_dirs: Option<Count>,
    renames: Option<Count>,
    speed: Measure,
    eta: Option<Measure>,
}

impl Parse for Rclone {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        self.both_ways |= line.contains("Synching Path1 ");
        self.resync |= line.contains("Resynching Path1 to Path2");
        self.dry |= line.contains(" as --dry-run is set");
        let before = facts.len();
        if json(line, facts) {
            let said = facts.split_off(before);
            facts.extend(said.into_iter().filter(|fact| self.means(fact)));
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
            let (what, why) = text.split_once(": ").unwrap_or(("", text));
            facts.push(match what.strip_prefix("create file system for ") {
                Some(remote) => Fact::Failure(unusable(remote, why)),
                None => failed(why),
            });
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

impl Rclone {
    /// Whether a fact is one in what it does here.
    fn means(&self, fact: &Fact) -> bool {
        match fact {
            Fact::Total(Total::Target, _) => !self.both_ways,
            Fact::Did { verb: Verb::Delete, .. } | Fact::Total(Total::Deleted, _) => {
                !(self.resync && self.dry)
            }
            _ => true,
        }
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
    match line.stats.and_then(|stats| serde_json::from_value(stats).ok()) {
        Some(stats) => statistics(&stats, facts),
        None => {
            let object = line.object.as_ref().map(|Words(object)| object.as_str());
            message(&line.level.0.to_ascii_lowercase(), &line.msg.0, object, facts);
        }
    }
    true
}

fn statistics(stats: &Stats, facts: &mut Vec<Fact>) {
    let (Count(transfers), Count(all)) = (stats.transfers, stats.total_transfers);
    let (Count(step), Count(max)) = if stats.total_bytes.0 > 0 {
        (stats.bytes, stats.total_bytes)
    } else if all > 0 {
        (stats.transfers, stats.total_transfers)
    } else {
        (stats.checks, stats.total_checks)
    };
    facts.push(Fact::Bar { step, max });
    let eta = stats.eta.map(|Measure(eta)| format!(", {eta:.0} s left")).unwrap_or_default();
    let Measure(speed) = stats.speed;
    let speed = if speed > 0.0 { format!(", {speed:.0} bytes/s") } else { String::new() };
    facts.push(Fact::Text(format!("{transfers} of {all} files{speed}{eta}")));
    facts.push(Fact::Total(Total::Bytes, stats.bytes.0));
    if let Some(Count(deletes)) = stats.deletes {
        let Count(directories) = stats.deleted_dirs.unwrap_or_default();
        facts.push(Fact::Total(Total::Deleted, deletes.saturating_add(directories)));
    }
    facts.extend(stats.renames.map(|Count(renames)| Fact::Total(Total::Moved, renames)));
    // Whatever is at the target is checked: against the source, or before it is deleted.
    facts.push(Fact::Total(Total::Target, stats.total_checks.0));
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
                facts.push(failed(text));
            }
        }
        "warning" | "notice" if text.starts_with("Can't follow symlink") => facts.push(Fact::Skipped(path())),
        "warning" | "notice" if text.starts_with("Config file ") => {}
        // bisync keeps both, each under another name.
        "warning" | "notice" if text.contains("New or changed in both paths") => {
            let rest = text.split_once("both paths").map_or(text, |(_, rest)| rest);
            let path = rest.trim_start().trim_start_matches("- ");
            facts.push(Fact::Conflict(path.into()));
        }
        // What bisync says of each of its steps; what they come to is told by itself.
        "warning" | "notice" if text.starts_with("- Path") || text.starts_with("bisync is ") => {}
        "warning" if text.contains("conflict") => facts.push(Fact::Conflict(path().as_str().into())),
        "warning" | "notice" if text.starts_with("Skipped ") && text.contains("--dry-run") => {
            dry(text, object, facts)
        }
        "warning" | "notice" => facts.push(told(Level::Warning)),
        _ if text == "There was nothing to transfer" => facts.push(Fact::Nothing),
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

/// Why it failed: also the lock of another bisync of the same two, or of one that was killed. Which of both it was is known
/// to nobody but a person: the lock may be that of another machine.
fn failed(why: &str) -> Fact {
    let Some((_, rest)) = why.split_once("prior lock file found: ") else { return failure(why) };
    let lock = rest.lines().next().unwrap_or(rest).trim();
    let text =
        format!("another bisync of these two is at work, or one was killed: its lock {lock} is in the way");
    Fact::Failure(Problem::new(ProblemClass::Transient, text).with_fix(format!(
        "wait until it is over; if the process whose number is in that file is none of rclone's any more, take the file away \
         with `rm '{lock}'`, then run it again. What the other one had brought over already is taken for changed on both \
         sides by older versions of rclone, which then keep both"
    )))
}

/// A remote with which nothing can be done.
fn unusable(remote: &str, why: &str) -> Problem {
    let problem = Problem::new(class_of(why), format!("{remote} cannot be used: {why}"));
    match why.contains("didn't find section") {
        true => problem.with_fix("`rclone listremotes` says which there are, `rclone config` makes one"),
        false => problem,
    }
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
        assert!(matches!(&facts(line)[..], [Fact::Conflict(found)] if found.path == "d/f - x"));
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
    fn a_lock_of_bisync_is_named_with_what_to_do_in_the_words_of_any_version() {
        for line in [
            "2026/11/23 08:18:26 Failed to bisync: prior lock file found: /w/a b.lck",
            r#"{"level":"error","msg":"Bisync critical error: prior lock file found: /w/a b.lck\nTip: this indicates more","source":"x"}"#,
        ] {
            let told = facts(line);
            let Some(Fact::Failure(problem)) = told.last() else { panic!("{told:?}") };
            assert_eq!(problem.class, ProblemClass::Transient);
            assert!(problem.fix.as_ref().is_some_and(|fix| fix.contains("`rm '/w/a b.lck'`")), "{problem:?}");
        }
    }

    #[test]
    fn a_remote_that_cannot_be_used_is_named() {
        let failed = |why: &str| {
            let told = facts(&format!("2026/11/23 08:18:26 Failed to create file system for \"c:\": {why}"));
            let [Fact::Failure(problem)] = &told[..] else { panic!("{told:?}") };
            assert!(problem.text.starts_with("\"c:\" cannot be used: "), "{problem}");
            problem.class
        };
        assert_eq!(failed("password not set in config file"), ProblemClass::Auth);
        let obscured =
            "failed to decrypt password: input too short when revealing password - is it obscured?";
        assert_eq!(failed(obscured), ProblemClass::Auth);
        assert_eq!(failed("didn't find section in config file"), ProblemClass::Config);
    }

    #[test]
    fn a_dry_run_of_a_resync_deletes_nothing_as_the_resync_itself() {
        let (mut rclone, mut told) = (Rclone::default(), Vec::new());
        for line in [
            r#"{"level":"warning","msg":"Skipped copy as --dry-run is set (size 2)","object":"g"}"#,
            r#"{"level":"info","msg":"Resynching Path1 to Path2"}"#,
            r#"{"level":"warning","msg":"Skipped delete as --dry-run is set (size 2)","object":"g"}"#,
            r#"{"level":"warning","msg":"done","stats":{"deletes":1}}"#,
        ] {
            rclone.line(Stream::Err, line, &mut told);
        }
        assert!(told.contains(&Fact::Did { verb: Verb::Create, path: "g".into() }), "{told:?}");
        let gone = |fact: &Fact| {
            matches!(fact, Fact::Did { verb: Verb::Delete, .. } | Fact::Total(Total::Deleted, _))
        };
        assert!(!told.iter().any(gone), "{told:?}");
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
