//! Unison's list of what it would do: shown before it asks for the first item (`l`), with two lines about each.
//!
//! ```text
//!   deleted  ---->            d
//! a            : deleted
//! b            : unchanged dir      modified on 2026-11-23 at  5:38:18  size 6         rwxr-xr-x
//! ```

use syncmgr::Level;
use syncmgr::plan::{EntryKind, PlanSide, Verb};

use super::super::{Became, Disagreement, Fact, Parse, Stream, Told};
use super::Refusals;

/// Reads the list.
#[derive(Default)]
pub(crate) struct List {
    item: Option<Item>,
    refusals: Refusals,
}

/// A line of the list, until both lines about it have come.
struct Item {
    step: Step,
    path: String,
    /// What the first side has.
    a: Option<Told>,
}

/// What it would do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Something on one side.
    On(PlanSide, Verb),
    /// Nothing: both have changed.
    Conflict,
}

impl Parse for List {
    fn line(&mut self, _from: Stream, line: &str, facts: &mut Vec<Fact>) {
        if let Some((step, path)) = listed(line) {
            self.tell(None, facts);
            let path = path.to_owned();
            self.item = Some(Item { step, path, a: None });
        } else if let (Some(item), Some(told)) = (&mut self.item, told(line)) {
            match item.a.take() {
                None => item.a = Some(told),
                Some(a) => self.tell(Some([a, told]), facts),
            }
        } else if let Some(refusal) = self.refusals.line(line.trim_start()) {
            facts.push(refusal);
        } else if line.starts_with("Nothing to do") {
            facts.push(Fact::Nothing);
        } else if line.contains("No archive files were found") {
            facts.push(Fact::Nothing);
            let text = "Unison has not synchronized these two before, and says nothing beforehand: what is only on one \
                        side is copied to the other, nothing is deleted";
            facts.push(Fact::Told { level: Level::Warning, about: None, text: text.to_owned() });
        }
    }
}

impl List {
    fn tell(&mut self, versions: Option<[Told; 2]>, facts: &mut Vec<Fact>) {
        let Some(Item { step, path, .. }) = self.item.take() else { return };
        facts.push(match step {
            Step::Conflict => Fact::Conflict(Disagreement { path, versions }),
            Step::On(side, verb) => {
                let both = versions.iter().flatten();
                let size = both.clone().map(|told| told.size).max().unwrap_or(0);
                let kind = both.map(|told| told.kind).find(|kind| *kind != EntryKind::File);
                Fact::Placed { side, verb, path, kind: kind.unwrap_or(EntryKind::File), size }
            }
        });
    }
}

/// An item of the list: two spaces before it; the first stands behind the question for it, which names the same.
fn listed(line: &str) -> Option<(Step, &str)> {
    step(behind_the_question(line).or_else(|| line.strip_prefix("  "))?)
}

/// `ITEM  [f]   ITEM  `, of which the second is meant: whatever the item is called, both are the same.
fn behind_the_question(line: &str) -> Option<&str> {
    ["  []   ", "  [f]   ", "  [m]   "].into_iter().find_map(|question| {
        let twice = line.strip_suffix("  ")?;
        let length = twice.len().checked_sub(question.len())? / 2;
        let (first, second) = (twice.get(..length)?, twice.get(twice.len() - length..)?);
        (first == second && twice.get(length..twice.len() - length)? == question)
            .then(|| &line[twice.len() - length..])
    })
}

/// `deleted  ---->            path  `: what became of it on each side, eight characters each, and where it goes.
pub(super) fn step(item: &str) -> Option<(Step, &str)> {
    let (a, arrow) = (item.get(..8)?, item.get(9..14)?);
    let (b, path) = (item.get(15..23)?, item.get(26..)?);
    let gaps = [&item[8..9], &item[14..15], item.get(23..26)?];
    if gaps != [" ", " ", "   "] || path.is_empty() {
        return None;
    }
    let step = match arrow {
        "---->" | "====>" => Step::On(PlanSide::B, verb(a)?),
        "<----" | "<====" => Step::On(PlanSide::A, verb(b)?),
        "<-?->" | "<=?=>" => Step::Conflict,
        "<-M->" | "<=M=>" => Step::On(PlanSide::B, Verb::Update),
        _ => return None,
    };
    Some((step, path.strip_suffix("  ").unwrap_or(path)))
}

/// What happens where it goes to, by what became of it where it comes from.
fn verb(became: &str) -> Option<Verb> {
    Some(match became.trim_end() {
        "deleted" => Verb::Delete,
        "changed" | "chgd lnk" | "chgd dir" => Verb::Update,
        "props" => Verb::Metadata,
        "new file" | "file" | "new link" | "link" | "new dir" | "dir" => Verb::Create,
        _ => return None,
    })
}

/// `b            : unchanged dir      modified on 2026-11-23 at  5:38:18  size 6         rwxr-xr-x`.
pub(super) fn told(line: &str) -> Option<Told> {
    let (_, about) = line.split_once(" : ")?;
    let (what, rest) = about.split_once("modified on ").unwrap_or((about, ""));
    let mut words = what.split_whitespace().peekable();
    let became = match words.peek().copied() {
        Some("deleted" | "absent") => Became::Deleted,
        Some("changed") => Became::Changed,
        Some("unchanged" | "props") => Became::Same,
        _ => Became::Created,
    };
    let kind = match words.last() {
        Some("dir") => EntryKind::Directory,
        Some("link" | "symlink") => EntryKind::Link,
        _ => EntryKind::File,
    };
    let (moment, rest) = rest.split_once("  size ").unwrap_or((rest, ""));
    let (size, besides) = rest.trim_start().split_once(' ').unwrap_or((rest, ""));
    // A link has no time of its own there.
    let modified = moment.split_once(" at ").filter(|_| kind != EntryKind::Link).and_then(|(day, time)| {
        let (day, time) = (day.trim(), time.trim());
        // The hour may have one digit.
        let zero = if time.find(':') == Some(1) { "0" } else { "" };
        format!("{day}T{zero}{time}").parse().ok()
    });
    let besides = besides.trim().to_owned();
    Some(Told { became, kind, size: size.parse().unwrap_or(0), modified, besides })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(text: &str) -> Vec<Fact> {
        let (mut list, mut facts) = (List::default(), Vec::new());
        text.lines().for_each(|line| list.line(Stream::Out, line, &mut facts));
        facts
    }

    #[test]
    fn every_item_is_read_once_with_its_side_and_its_kind() {
        let told = facts(
            "a              b                  \n\
             changed  <-?-> changed    f2  []   changed  <-?-> changed    f2  \n\
             a            : changed file       modified on 2026-11-23 at  5:38:18  size 2         rw-r--r--\n\
             b            : changed file       modified on 2026-11-23 at  5:38:18  size 3         rw-r--r--\n  \
             deleted  ---->            d : e  \n\
             a            : deleted\n\
             b            : unchanged dir      modified on 2026-11-23 at  5:38:18  size 6         rwxr-xr-x\n           \
             <---- new file   n  [f]   \n\
             a            : absent\n\
             b            : new file           modified on 2026-11-23 at  5:38:18  size 4         rw-r--r--\n\
             changed  <-?-> changed    f2  [] ",
        );
        let placed =
            |side, verb, path: &str, kind, size| Fact::Placed { side, verb, path: path.into(), kind, size };
        let version = |size, moment: &str| Told {
            became: Became::Changed,
            kind: EntryKind::File,
            size,
            modified: Some(moment.parse().unwrap()),
            besides: "rw-r--r--".into(),
        };
        let versions = Some([version(2, "2026-11-23T05:38:18"), version(3, "2026-11-23T05:38:18")]);
        assert_eq!(
            told,
            [
                Fact::Conflict(Disagreement { path: "f2".into(), versions }),
                placed(PlanSide::B, Verb::Delete, "d : e", EntryKind::Directory, 6),
                placed(PlanSide::A, Verb::Create, "n  [f] ", EntryKind::File, 4),
            ]
        );
    }

    #[test]
    fn the_first_item_is_found_behind_its_question_whichever_way_it_goes() {
        let told = facts("         <---- deleted    d  [f]            <---- deleted    d  \nTerminated!\n");
        assert!(told.is_empty(), "both lines about it are wanted: {told:?}");
        let told = facts(
            "         <---- deleted    d  [f]            <---- deleted    d  \na  : unchanged dir  size 6  x\nb  : deleted\n",
        );
        assert!(
            matches!(&told[..], [Fact::Placed { side: PlanSide::A, verb: Verb::Delete, path, .. }] if path == "d"),
            "{told:?}"
        );
    }

    #[test]
    fn versions_are_told_as_they_are_on_each_side() {
        let version = |about: &str| {
            let Told { became, kind, size, modified, besides } =
                told(&format!("root a       : {about}")).unwrap();
            (became, kind, size, modified.map(|moment| moment.to_string()), besides)
        };
        let (changed, moment) = (Became::Changed, || Some("2026-11-23T18:21:03".to_owned()));
        assert_eq!(
            version("changed file       modified on 2026-11-23 at 18:21:03  size 6         rw-r--r--"),
            (changed, EntryKind::File, 6, moment(), "rw-r--r--".into())
        );
        assert_eq!(version("deleted"), (Became::Deleted, EntryKind::File, 0, None, String::new()));
        assert_eq!(
            version(
                "new symlink        modified on 1970-01-01 at  0:00:00  size 0         unknown permissions"
            ),
            (Became::Created, EntryKind::Link, 0, None, "unknown permissions".into())
        );
        assert_eq!(
            version("dir                modified on 2026-11-23 at 18:21:03  size 4         rwxr-xr-x"),
            (Became::Created, EntryKind::Directory, 4, moment(), "rwxr-xr-x".into())
        );
        assert_eq!(version("anything else at all").3, None);
        assert!(told("no colon").is_none());
    }

    #[test]
    fn what_is_no_list_says_nothing() {
        for line in
            ["", "  ", "Reconciling changes", "  - d/3", "  \u{e4}\u{e4}\u{e4}\u{e4}\u{e4} ----> ", "[]   "]
        {
            assert!(facts(line).is_empty(), "{line}");
        }
        let failed = facts("Fatal error: Lost connection with the server");
        assert!(matches!(&failed[..], [Fact::Failure(_)]));
    }
}
