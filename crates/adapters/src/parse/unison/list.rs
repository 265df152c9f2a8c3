//! Unison's list of what it would do: shown before it asks for the first item (`l`), with two lines about each.
//!
//! ```text
//!   deleted  ---->            d
//! a            : deleted
//! b            : unchanged dir      modified on 2026-11-23 at  5:38:18  size 6         rwxr-xr-x
//! ```

use syncmgr::Level;
use syncmgr::plan::{EntryKind, PlanSide, Verb};

use super::super::{Fact, Parse, Stream, failure};

/// Reads the list.
#[derive(Default)]
pub(crate) struct List {
    item: Option<Item>,
}

/// A line of the list, until both lines about it have come.
struct Item {
    step: Step,
    path: String,
    kind: EntryKind,
    size: u64,
    lines: u8,
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
            self.tell(facts);
            let path = path.to_owned();
            self.item = Some(Item { step, path, kind: EntryKind::File, size: 0, lines: 0 });
        } else if let (Some(item), Some((_, about))) = (&mut self.item, line.split_once(" : ")) {
            let (kind, size) = details(about);
            item.kind = if kind == EntryKind::File { item.kind } else { kind };
            item.size = item.size.max(size);
            item.lines += 1;
            if item.lines == 2 {
                self.tell(facts);
            }
        } else if let Some(why) = line.trim_start().strip_prefix("Fatal error: ") {
            facts.push(failure(why));
        } else if line.contains("No archive files were found") {
            let text = "Unison has not synchronized these two before, and says nothing beforehand: what is only on one \
                        side is copied to the other, nothing is deleted";
            facts.push(Fact::Told { level: Level::Warning, about: None, text: text.to_owned() });
        }
    }
}

impl List {
    fn tell(&mut self, facts: &mut Vec<Fact>) {
        let Some(Item { step, path, kind, size, .. }) = self.item.take() else { return };
        facts.push(match step {
            Step::On(side, verb) => Fact::Placed { side, verb, path, kind, size },
            Step::Conflict => Fact::Conflict(path),
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

/// `unchanged dir      modified on ...  size 6         rwxr-xr-x`.
fn details(about: &str) -> (EntryKind, u64) {
    let kind = match about.split("modified on").next().and_then(|kind| kind.split_whitespace().last()) {
        Some("dir") => EntryKind::Directory,
        Some("link" | "symlink") => EntryKind::Link,
        _ => EntryKind::File,
    };
    let size = about.split_once("  size ").and_then(|(_, rest)| rest.split_whitespace().next());
    (kind, size.and_then(|size| size.parse().ok()).unwrap_or(0))
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
        assert_eq!(
            told,
            [
                Fact::Conflict("f2".into()),
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
