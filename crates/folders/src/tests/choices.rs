//! Single changes that a person leaves out, or turns around.

use reconcile::Choices;
use syncmgr::Handler;

use super::*;

fn paths(texts: &[&str]) -> Vec<RelPath> {
    texts.iter().map(|text| path_of(text)).collect()
}

fn skipping(texts: &[&str]) -> RunOptions {
    RunOptions { choices: Choices { skip: paths(texts), flip: Vec::new() }, ..RunOptions::default() }
}

fn turning(turned: &[(&str, Side)]) -> RunOptions {
    let flip = turned.iter().map(|(text, wins)| (path_of(text), *wins)).collect();
    RunOptions { choices: Choices { skip: Vec::new(), flip }, ..RunOptions::default() }
}

/// What a run with these options would do.
fn shown(bed: &Bed, options: &str) -> syncmgr::plan::Preview {
    let home = Home { pairs: bed.home.path().into() };
    let handler = FoldersHandler::new(home, vec![bed.pair.clone()], Arc::new(MemoryLedger::new()));
    handler.preview(&bed.item, options, &()).unwrap()
}

/// A pair that is in sync, and then edited on A: one thing of each kind.
fn edited() -> Bed {
    let bed = Bed::new();
    bed.a.file("keep", "k").file("edited", "old").file("gone", "g").file("dir/in", "i").file("from", "f");
    bed.sync().is(Outcome::Done);
    bed.a.file("edited", "new text").file("added", "a").remove("gone").remove("dir").rename("from", "to");
    bed
}

#[test]
fn what_is_skipped_stays_as_it_is_on_both_sides_and_comes_with_the_next_run() {
    let bed = edited();
    bed.sync_with(skipping(&["edited", "gone", "dir/in", "to"])).is(Outcome::Done);
    assert_eq!((bed.a.read("edited"), bed.b.read("edited")), (b"new text".to_vec(), b"old".to_vec()));
    assert!(bed.b.has("gone") && bed.b.has("dir/in") && bed.b.has("from") && !bed.b.has("to"));
    assert_eq!(bed.b.read("added"), b"a");
    bed.sync().is(Outcome::Done);
    assert_eq!(bed.b.read("edited"), b"new text");
    bed.assert_in_sync();
}

#[test]
fn what_is_turned_around_takes_the_other_sides_version_and_its_own_goes_to_the_trash() {
    let bed = edited();
    let all = [("edited", Side::B), ("gone", Side::B), ("dir", Side::B), ("added", Side::B)];
    let end = bed.sync_with(turning(&all)).is(Outcome::Done);
    for (path, content) in [("edited", "old"), ("gone", "g"), ("dir/in", "i")] {
        assert_eq!(bed.a.read(path), content.as_bytes(), "{path}");
    }
    assert!(!bed.a.has("added"));
    bed.assert_in_sync();
    bed.undo(end.run);
    assert_eq!((bed.a.read("edited"), bed.a.read("added")), (b"new text".to_vec(), b"a".to_vec()));
}

#[test]
fn a_side_that_wins_anyway_changes_nothing_and_what_cannot_be_turned_is_left_and_told() {
    let bed = edited();
    bed.sync_with(turning(&[("edited", Side::A), ("to", Side::B)])).is(Outcome::Done);
    assert_eq!(bed.b.read("edited"), b"new text");
    assert!(bed.b.has("from") && !bed.b.has("to"), "a new name is left");
    bed.sync().is(Outcome::Done);
    bed.assert_in_sync();
}

#[test]
fn s1_a_version_that_came_after_the_look_is_not_lost_to_one_that_was_turned_around() {
    let bed = edited();
    let at = bed.a.at("edited");
    let act = once(
        |point, path| point == Point::Publishing && path.as_bytes() == b"edited",
        move || {
            std::fs::write(at, "written meanwhile").unwrap();
            Ok(())
        },
    );
    *bed.hand.act.lock().unwrap() = Some(Box::new(act));
    let end = bed.sync_with(turning(&[("edited", Side::B)]));
    assert_ne!(end.outcome, Outcome::Done);
    assert_eq!(bed.a.read("edited"), b"written meanwhile");
}

#[test]
fn s6_guards_judge_what_is_left_of_the_plan() {
    let bed = Bed::new();
    for n in 0..20 {
        bed.a.file(format!("{n}"), "x");
    }
    bed.sync().is(Outcome::Done);
    for n in 0..15 {
        bed.a.remove(format!("{n}"));
    }
    bed.sync().is(Outcome::SafetyStop);
    let most: Vec<String> = (0..13).map(|n| n.to_string()).collect();
    let most: Vec<&str> = most.iter().map(String::as_str).collect();
    bed.sync_with(skipping(&most)).is(Outcome::Done);
    assert!(bed.b.has("12") && !bed.b.has("13"));
}

#[test]
fn a_plan_with_choices_is_a_plan_of_its_own_and_exactly_it_is_run() {
    let bed = edited();
    let preview = |options: &str| shown(&bed, options);
    let plain = preview("{}");
    let chosen = preview(r#"{"skip":["gone"],"flip":[{"path":"edited","wins":"b"}]}"#);
    assert_ne!(plain.plan, chosen.plan);
    assert_eq!(
        preview(r#"{"flip":[{"path":"edited","wins":"b"}],"skip":["gone","gone"]}"#).plan,
        chosen.plan
    );
    assert_eq!(chosen.counts.a.updated, 1);
    bed.a.file("late", "came after the look");
    let end = bed.sync_with(RunOptions { plan: chosen.plan, ..RunOptions::default() });
    assert_eq!(end.outcome, Outcome::Done, "what was skipped did not change: {:?}", end.errors());
    let names: Vec<_> = end.events.iter().map(|event| event.event.name.as_str()).collect();
    assert_eq!(names, ["New since the plan"]);
    assert_eq!(bed.a.read("edited"), b"old");
    assert!(bed.b.has("gone") && bed.b.has("added") && !bed.b.has("late"));
}

#[test]
fn a_pair_that_goes_one_way_is_not_turned_around() {
    let bed = Bed::with(|pair| Pair { mode: Mode::Mirror, ..pair }, Limits::default());
    bed.a.file("x", "a");
    bed.b.file("x", "older b");
    let found = shown(&bed, r#"{"flip":[{"path":"x","wins":"b"}]}"#);
    assert_eq!(found.rows.actions(), 0);
    assert!(found.warnings.iter().any(|warning| warning.contains("one way only")), "{:?}", found.warnings);
}
