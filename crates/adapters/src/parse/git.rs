//! git: `--progress`, what became of each reference, and what it says of failures.

use syncmgr::Level;
use syncmgr::outcome::{Problem, ProblemClass};
use syncmgr::plan::Verb;

use super::{Fact, Parse, Stream, Total, class_of};

/// Reads git.
#[derive(Default)]
pub struct Git {
    /// References that the other side has, as far as they were told (`--verbose` tells all).
    there: u64,
    /// A failure whose reason is on the next line: it ends with a colon.
    without_reason: Option<String>,
}

/// What a reference's line begins with, after its space.
const REFERENCES: [(char, Verb); 5] =
    [('*', Verb::Create), ('-', Verb::Delete), ('+', Verb::Update), ('t', Verb::Update), (' ', Verb::Update)];

impl Parse for Git {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        if let Some(text) = self.without_reason.take() {
            facts.push(super::failure(format!("{text} {}", line.trim())));
        } else if let Some(bar) = bar(line) {
            facts.push(bar);
            facts.push(Fact::Text(line.trim().to_owned()));
        } else if let Some(path) =
            line.split_once("Merge conflict in ").filter(|_| line.starts_with("CONFLICT"))
        {
            facts.push(Fact::Conflict(path.1.into()));
        } else if let Some(rejected) = line.strip_prefix(" ! ") {
            let name = reference(rejected).unwrap_or(rejected).to_owned();
            facts.push(Fact::Told { level: Level::Error, about: Some(name), text: rejected.to_owned() });
            if rejected.contains("non-fast-forward") || rejected.contains("fetch first") {
                let text = "the other side has commits that are not here";
                let problem = Problem::new(ProblemClass::Conflict, text)
                    .with_fix("fetch and merge them (`git pull`), then push again");
                facts.push(Fact::Failure(problem));
            }
        } else if let Some(lock) = lock(line) {
            facts.push(Fact::Failure(locked(lock, line.starts_with("remote: "))));
        } else if let Some(text) = line.strip_prefix("remote: ").unwrap_or(line).strip_prefix("fatal: ") {
            let text = text.trim_end();
            self.without_reason = text.ends_with(':').then(|| text.to_owned());
            facts.push(super::failure(text.trim_end_matches(':')));
        } else if let Some(text) = line.strip_prefix("error: ") {
            facts.push(Fact::Told { level: Level::Error, about: None, text: text.to_owned() });
        } else if class_of(line) == ProblemClass::Auth || line.starts_with("ssh: ") {
            facts.push(super::failure(line));
        } else if line == "Everything up-to-date" {
            facts.push(Fact::Nothing);
        } else if line.starts_with(" = ") {
            self.known(facts);
        } else if let Some(moved) = moved(line) {
            if !matches!(moved, Fact::Did { verb: Verb::Create, .. }) {
                self.known(facts);
            }
            facts.push(moved);
        }
    }
}

impl Git {
    /// One more that was there before.
    fn known(&mut self, facts: &mut Vec<Fact>) {
        self.there += 1;
        facts.push(Fact::Total(Total::Target, self.there));
    }
}

/// `Receiving objects:  45% (450/1000), 1.2 MiB | 1 MiB/s`, also behind `remote: `.
fn bar(line: &str) -> Option<Fact> {
    let (_, counted) = line.split_once("% (")?;
    let (step, max) = counted.split_once(')')?.0.split_once('/')?;
    Some(Fact::Bar { step: step.parse().ok()?, max: max.parse().ok()? })
}

/// `cannot lock ref 'refs/heads/main': Unable to create '/x/refs/heads/main.lock': File exists.`, whoever says it.
fn lock(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("Unable to create '")?;
    rest.split_once("': File exists").map(|(lock, _)| lock).filter(|lock| lock.ends_with(".lock"))
}

/// A lock says nothing of who has it: a git that is at work, or one that was killed. Only a person can tell.
fn locked(lock: &str, over_there: bool) -> Problem {
    let place = if over_there { " on the other side" } else { "" };
    Problem::new(
        ProblemClass::Transient,
        format!("another git is at work{place}, or one was killed there: its lock {lock} is in the way"),
    )
    .with_fix(format!(
        "wait until the other git is over; if none runs{place}, take what it has left away with `rm '{lock}'`, then run it again"
    ))
}

/// ` * [new branch]  a -> b`, `   1234567..89abcde  a -> b`, ` - [deleted]  (none) -> b`.
fn moved(line: &str) -> Option<Fact> {
    let mut chars = line.chars();
    let flag = (chars.next() == Some(' ')).then(|| chars.next()).flatten()?;
    let verb = REFERENCES.iter().find(|(known, _)| *known == flag).map(|(_, verb)| *verb)?;
    // What a push deletes has no arrow: ` - [deleted]  b`.
    let deleted = || line.split_once("[deleted]").and_then(|(_, name)| name.split_whitespace().next());
    Some(Fact::Did { verb, path: reference(line).or_else(deleted)?.to_owned() })
}

fn reference(line: &str) -> Option<&str> {
    line.split_once(" -> ").and_then(|(_, to)| to.split_whitespace().next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(line: &str) -> Vec<Fact> {
        let mut facts = Vec::new();
        Git::default().line(Stream::Err, line, &mut facts);
        facts
    }

    #[test]
    fn objects_are_a_bar() {
        assert_eq!(facts("Writing objects:  33% (1/3)")[0], Fact::Bar { step: 1, max: 3 });
        assert_eq!(facts("remote: Counting objects: 100% (5/5), done.")[0], Fact::Bar { step: 5, max: 5 });
    }

    #[test]
    fn references_are_deeds() {
        let did = |verb, path: &str| vec![Fact::Did { verb, path: path.into() }];
        let there = |count| Fact::Total(Total::Target, count);
        let known = |verb, path| [vec![there(1)], did(verb, path)].concat();
        assert_eq!(facts("   495d924..d7e51f3  HEAD -> master"), known(Verb::Update, "master"));
        assert_eq!(facts(" - [deleted]         b"), known(Verb::Delete, "b"));
        assert_eq!(facts(" = [up to date]      main -> main"), [there(1)]);
        assert_eq!(facts(" * [new branch]      main -> origin/main"), did(Verb::Create, "origin/main"));
        assert_eq!(facts(" - [deleted]         (none) -> origin/x"), known(Verb::Delete, "origin/x"));
    }

    #[test]
    fn a_lock_is_named_with_who_may_have_left_it() {
        for (line, there) in [
            ("fatal: Unable to create '/r/.git/index.lock': File exists.", false),
            (
                "error: cannot lock ref 'refs/heads/a b': Unable to create '/r/.git/index.lock': File exists.",
                false,
            ),
            (
                "remote: error: cannot lock ref 'refs/x': Unable to create '/r/.git/index.lock': File exists.        ",
                true,
            ),
        ] {
            let told = facts(line);
            let [Fact::Failure(problem)] = &told[..] else { panic!("{told:?}") };
            assert_eq!(problem.class, ProblemClass::Transient);
            let fix = problem.fix.as_deref().unwrap_or_default();
            assert!(fix.contains("`rm '/r/.git/index.lock'`"), "{fix}");
            assert_eq!(fix.contains("on the other side"), there, "{fix}");
        }
        let other = facts("fatal: Unable to create '/r/x': Permission denied");
        assert!(matches!(&other[..], [Fact::Failure(problem)] if problem.class == ProblemClass::Permission));
    }

    #[test]
    fn a_reason_on_the_next_line_belongs_to_its_failure() {
        let (mut git, mut facts) = (Git::default(), Vec::new());
        for line in ["fatal: unable to connect to box:", "box[0: 127.0.0.1]: errno=Connection refused", "x"] {
            git.line(Stream::Err, line, &mut facts);
        }
        let told: Vec<&str> = facts
            .iter()
            .map(|fact| match fact {
                Fact::Failure(problem) => problem.text.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        let whole = "unable to connect to box: box[0: 127.0.0.1]: errno=Connection refused";
        assert_eq!(told, ["unable to connect to box", whole]);
    }

    #[test]
    fn a_refused_push_says_what_to_do() {
        let told = facts(" ! [rejected]        HEAD -> master (non-fast-forward)");
        assert!(matches!(&told[..], [Fact::Told { about: Some(name), .. }, Fact::Failure(problem)]
            if name == "master" && problem.class == ProblemClass::Conflict && problem.fix.is_some()));
        assert_eq!(facts("CONFLICT (content): Merge conflict in a"), [Fact::Conflict("a".into())]);
    }
}
