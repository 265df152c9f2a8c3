//! The corners of the decisions, each on a small pair of folders, planned and carried out.

mod common;

use common::{mode, on_conflict, policy, story, sync};
use reconcile::model::{EPOCH, Model, rel};
use reconcile::plan::NoteKind;
use reconcile::{Counts, Kind, Mode, OnConflict, Op, Plan, Policy, Side, Time, plan};
use syncmgr::conflict::ConflictKind;

use Side::{A, B};

/// A pair that has met, with these files on both sides.
fn agreed(files: &[&str]) -> Model {
    let mut model = Model::new();
    for file in files {
        model.write(A, file, &format!("{file} as it was"));
    }
    sync(&mut model, &policy());
    assert_eq!(model.show(A), model.show(B));
    model
}

fn paths(plan: &Plan) -> Vec<String> {
    plan.actions.iter().map(|action| action.path.to_string()).collect()
}

fn conflicts(plan: &Plan) -> Vec<String> {
    plan.conflicts.iter().map(|conflict| conflict.path.to_string()).collect()
}

fn has_note(plan: &Plan, path: &str, what: &NoteKind) -> bool {
    plan.notes.iter().any(|note| note.path == rel(path) && note.what == *what)
}

fn is_quiet(plan: &Plan) -> bool {
    plan.actions.is_empty() && plan.settle.is_empty() && plan.conflicts.is_empty()
}

/// The same on both sides, and nothing more to do.
fn assert_settled(model: &mut Model, policy: &Policy) {
    assert_eq!(model.show(A), model.show(B));
    let again = sync(model, policy);
    assert!(is_quiet(&again), "{}", story(model, &again));
}

#[test]
fn a_first_run_is_a_union() {
    let mut model = Model::new();
    model.write(A, "docs/a.txt", "from a");
    model.write(B, "docs/b.txt", "from b");
    model.write(B, "music/x", "x");
    sync(&mut model, &policy());
    assert_eq!(model.show(A).len(), 5);
    assert_settled(&mut model, &policy());
}

#[test]
fn a_tree_that_one_side_lacks_is_one_action() {
    let mut model = Model::new();
    model.write(A, "d/x", "12345");
    model.write(A, "d/e/y", "123");
    model.link(A, "d/e/z", "y");
    let plan = sync(&mut model, &policy());
    assert_eq!(paths(&plan), ["d"]);
    let counts = Counts::of(&plan).b;
    assert_eq!((counts.created, counts.bytes), (5, 8));
    assert_settled(&mut model, &policy());
}

#[test]
fn an_unchanged_pair_reads_no_content() {
    let mut model = agreed(&["a", "d/b", "d/e/c"]);
    let before = model.comparisons.get();
    assert!(is_quiet(&sync(&mut model, &policy())));
    assert_eq!(model.comparisons.get(), before);
    assert_eq!(plan(&model, &policy(), false).looked_at, [5, 5]);
}

#[test]
fn what_was_edited_or_added_in_a_deleted_directory_survives_with_what_leads_to_it() {
    let mut model = agreed(&["d/plain", "d/e/edited", "d/e/plain", "d/f/plain"]);
    model.remove(A, "d");
    model.write(B, "d/e/edited", "news");
    model.write(B, "d/added", "more news");
    let plan = sync(&mut model, &policy());
    assert_eq!(model.show(A), ["d/", "d/added = more news", "d/e/", "d/e/edited = news"]);
    assert!(has_note(&plan, "d/e/edited", &NoteKind::EditSurvived(B)));
    assert_settled(&mut model, &policy());
}

#[test]
fn deleted_whole_and_deleted_in_part_is_deleted() {
    let mut model = agreed(&["d/x", "d/y", "d/e/z"]);
    model.remove(A, "d");
    model.remove(B, "d/x");
    let plan = sync(&mut model, &policy());
    assert_eq!(paths(&plan), ["d"]);
    assert!(model.show(B).is_empty());
    assert_settled(&mut model, &policy());
}

#[test]
fn a_deletion_wins_over_a_change_of_metadata() {
    let mut model = agreed(&["x", "d/y"]);
    model.remove(A, "x");
    model.remove(A, "d");
    model.chmod(B, "x", 0o600);
    model.chmod(B, "d/y", 0o600);
    model.chmod(B, "d", 0o700);
    sync(&mut model, &policy());
    assert!(model.show(B).is_empty());
    assert_settled(&mut model, &policy());
}

#[test]
fn moved_on_one_side_edited_on_the_other_is_both_at_the_new_name() {
    let mut model = agreed(&["d/x", "d/e/y", "f"]);
    model.mkdir(A, "n");
    assert!(model.rename(A, "d", "n/d") && model.rename(A, "f", "g"));
    model.write(B, "d/e/y", "edited");
    model.write(B, "f", "edited as well");
    model.write(B, "d/new", "added");
    let plan = sync(&mut model, &policy());
    assert_eq!(Counts::of(&plan).b.moved, 2);
    assert_eq!(Counts::of(&plan).b.deleted, 0);
    assert_eq!(model.read(A, "n/d/e/y").as_deref(), Some("edited"));
    assert_eq!(model.read(A, "g").as_deref(), Some("edited as well"));
    assert_eq!(model.read(A, "n/d/new").as_deref(), Some("added"));
    assert_settled(&mut model, &policy());
}

#[test]
fn a_moved_directory_is_one_move_and_nothing_is_copied() {
    let mut model = agreed(&["d/x", "d/e/y", "d/e/f/z"]);
    assert!(model.rename(B, "d", "n"));
    let plan = sync(&mut model, &policy());
    let counts = Counts::of(&plan);
    assert_eq!((counts.a.moved, counts.a.created, counts.a.bytes), (1, 0, 0));
    assert_eq!(plan.actions.len(), 1);
    assert_settled(&mut model, &policy());
}

#[test]
fn a_file_that_is_moved_and_edited_follows_where_births_are_known() {
    let mut model = agreed(&["x"]);
    assert!(model.rename(A, "x", "y"));
    model.write(A, "y", "moved, then edited");
    let plan = sync(&mut model, &policy());
    assert_eq!(Counts::of(&plan).b.moved, 1);
    assert_eq!(model.read(B, "y").as_deref(), Some("moved, then edited"));
    assert_settled(&mut model, &policy());
}

#[test]
fn a_number_given_again_is_no_move() {
    let mut model = Model::new();
    model.births = false;
    model.write(A, "x", "one");
    sync(&mut model, &policy());
    let old = model.get(A, "x").map(|entry| entry.seen.id).unwrap();
    model.remove(A, "x");
    model.write(A, "y", "another");
    model.alter(A, "y", |entry| entry.seen.id = old);
    let plan = sync(&mut model, &policy());
    assert_eq!(Counts::of(&plan).b.moved, 0);
    assert_settled(&mut model, &policy());
}

#[test]
fn a_hard_link_is_no_move() {
    let mut model = agreed(&["x"]);
    let id = model.get(A, "x").map(|entry| entry.seen.id).unwrap();
    model.write(A, "y", "x as it was");
    model.alter(A, "y", |entry| entry.seen.id = id);
    let plan = sync(&mut model, &policy());
    assert_eq!(Counts::of(&plan).b.moved, 0);
    assert_eq!(model.show(B).len(), 2);
}

#[test]
fn moved_to_two_names_both_names_exist_afterwards() {
    let mut model = agreed(&["f", "d/x"]);
    assert!(model.rename(A, "f", "f-a") && model.rename(B, "f", "f-b"));
    assert!(model.rename(A, "d", "d-a") && model.rename(B, "d", "d-b"));
    let plan = sync(&mut model, &policy());
    assert!(plan.conflicts.is_empty());
    assert_eq!(
        model.show(A),
        [
            "d-a/",
            "d-a/x = d/x as it was",
            "d-b/",
            "d-b/x = d/x as it was",
            "f-a = f as it was",
            "f-b = f as it was"
        ]
    );
    assert_settled(&mut model, &policy());
}

#[test]
fn moved_onto_a_name_that_the_other_side_created_is_a_conflict_there() {
    let mut model = agreed(&["f"]);
    assert!(model.rename(A, "f", "n"));
    model.write(B, "n", "something else");
    let plan = sync(&mut model, &policy());
    assert_eq!(conflicts(&plan), ["n"]);
    assert_eq!(model.read(A, "n").as_deref(), Some("f as it was"));
    assert_eq!(model.read(B, "n").as_deref(), Some("something else"));
}

#[test]
fn moved_alike_on_both_sides_is_only_news_for_the_base() {
    let mut model = agreed(&["d/x", "d/y", "f"]);
    for side in Side::BOTH {
        assert!(model.rename(side, "d", "n") && model.rename(side, "f", "g"));
    }
    // It is known to be the same directory: what is deleted in it stays deleted.
    model.remove(A, "n/x");
    let plan = sync(&mut model, &policy());
    assert_eq!(paths(&plan), ["n/x"]);
    assert_eq!(model.show(B), ["g = f as it was", "n/", "n/y = d/y as it was"]);
    assert_settled(&mut model, &policy());
}

#[test]
fn what_one_side_changed_beside_a_move_that_both_made_goes_to_the_other() {
    for (side, other) in [(A, B), (B, A)] {
        let mut model = agreed(&["x", "keep"]);
        for on in [A, B] {
            assert!(model.rename(on, "x", "y"));
        }
        model.chmod(side, "y", 0o600);
        sync(&mut model, &policy());
        let mode = |on| model.get(on, "y").map(|entry| entry.seen.mode);
        assert_eq!((mode(other), mode(side)), (Some(0o600), Some(0o600)));
        assert_settled(&mut model, &policy());

        model.rename(A, "y", "z");
        model.rename(B, "y", "z");
        model.touch(side, "z");
        sync(&mut model, &policy());
        let mtime = |on| model.get(on, "z").map(|entry| entry.seen.mtime);
        assert_eq!(mtime(A), mtime(B));
        assert_settled(&mut model, &policy());
    }
}

#[test]
fn each_side_moved_one_directory_into_the_other() {
    let mut model = agreed(&["x/in-x", "y/in-y"]);
    assert!(model.rename(A, "x", "y/x") && model.rename(B, "y", "x/y"));
    sync(&mut model, &policy());
    let all = model.show(A).join("\n");
    assert!(all.contains("x/in-x as it was") && all.contains("y/in-y as it was"), "{all}");
    assert_settled(&mut model, &policy());
}

#[test]
fn a_directory_is_turned_inside_out() {
    let mut model = agreed(&["d/e/x", "d/y"]);
    assert!(model.rename(A, "d/e", "e") && model.rename(A, "d", "e/d"));
    let plan = sync(&mut model, &policy());
    // The inner one is known again too late to be moved as a whole, but nothing is copied.
    let counts = Counts::of(&plan).b;
    assert_eq!((counts.moved, counts.bytes), (2, 0), "{}", story(&model, &plan));
    assert_settled(&mut model, &policy());
}

#[test]
fn what_is_moved_out_of_a_deleted_directory_is_moved() {
    let mut model = agreed(&["d/keep", "d/e/also", "d/drop"]);
    model.mkdir(A, "n");
    assert!(model.rename(A, "d/keep", "n/keep") && model.rename(A, "d/e", "n/e"));
    model.remove(A, "d");
    let plan = sync(&mut model, &policy());
    let counts = Counts::of(&plan).b;
    assert_eq!((counts.moved, counts.created, counts.deleted), (2, 1, 2), "{}", story(&model, &plan));
    assert_settled(&mut model, &policy());
}

#[test]
fn names_exchanged_are_exchanged() {
    let mut model = agreed(&["x", "y", "d/one", "e/two"]);
    assert!(model.swap(A, "x", "y") && model.swap(A, "d", "e"));
    sync(&mut model, &policy());
    assert_eq!(model.read(B, "x").as_deref(), Some("y as it was"));
    assert_eq!(model.read(B, "d/two").as_deref(), Some("e/two as it was"));
    assert_settled(&mut model, &policy());
}

#[test]
fn a_change_of_kind_is_a_deletion_and_a_creation() {
    let mut model = agreed(&["x", "d/y", "d/z"]);
    model.write(A, "x/inside", "now a directory");
    model.remove(A, "d");
    model.link(A, "d", "x");
    let counts = Counts::of(&sync(&mut model, &policy())).b;
    assert_eq!((counts.created, counts.deleted, counts.updated), (3, 4, 0));
    assert_settled(&mut model, &policy());
}

#[test]
fn a_directory_with_news_does_not_give_way_to_a_file() {
    let mut model = agreed(&["d/x"]);
    model.remove(A, "d");
    model.write(A, "d", "a file now");
    model.write(B, "d/new", "news");
    let plan = sync(&mut model, &policy());
    assert_eq!(conflicts(&plan), ["d"]);
    assert_eq!(plan.conflicts[0].kind, ConflictKind::KindMismatch);
    assert!(plan.actions.is_empty());
}

#[test]
fn permissions_here_and_an_edit_there_both_survive() {
    let mut model = agreed(&["tool"]);
    model.chmod(A, "tool", 0o755);
    model.write(B, "tool", "a longer content than before");
    sync(&mut model, &policy());
    for side in Side::BOTH {
        assert_eq!(model.get(side, "tool").map(|entry| entry.seen.mode), Some(0o755));
    }
    assert_settled(&mut model, &policy());
}

#[test]
fn an_implausible_time_never_replaces_a_plausible_one() {
    for secs in [0, -86_400, EPOCH + 1_000_000_000] {
        let mut model = agreed(&["x"]);
        let plausible = model.get(B, "x").map(|entry| entry.seen.mtime);
        model.set_mtime(A, "x", Time { secs, nanos: 0 });
        let plan = sync(&mut model, &policy());
        assert!(plan.actions.is_empty());
        assert_eq!(model.get(B, "x").map(|entry| entry.seen.mtime), plausible);
        assert!(is_quiet(&sync(&mut model, &policy())));
    }
}

#[test]
fn equal_content_with_other_times_is_never_a_conflict_and_no_transfer() {
    let mut model = Model::new();
    model.write(A, "x", "the same");
    model.write(B, "x", "the same");
    let plan = sync(&mut model, &policy());
    assert!(plan.conflicts.is_empty() && plan.actions.is_empty());
    assert!(is_quiet(&sync(&mut model, &policy())));
}

#[test]
fn a_clock_shifted_by_an_hour_is_no_change() {
    let mut model = agreed(&["x", "y"]);
    for path in ["x", "y"] {
        model.alter(B, path, |entry| entry.seen.mtime.secs += 3600);
    }
    model.remove(A, "y");
    let plan = sync(&mut model, &policy());
    assert_eq!(paths(&plan), ["y"], "a deletion of what only seems changed is a deletion");
    assert!(is_quiet(&sync(&mut model, &policy())));
}

#[test]
fn directories_open_first_and_close_last() {
    let mut model = agreed(&["opens/x", "closes/y"]);
    model.chmod(B, "opens", 0o500);
    model.chmod(A, "opens", 0o500);
    sync(&mut model, &policy());
    model.chmod(A, "opens", 0o700);
    model.write(A, "opens/new", "made when it is open");
    model.write(A, "closes/new", "made before it is closed");
    model.remove(A, "closes/y");
    model.chmod(A, "closes", 0o500);
    let plan = sync(&mut model, &policy());
    assert_eq!(paths(&plan), ["opens", "closes/new", "opens/new", "closes/y", "closes"]);
    assert_settled(&mut model, &policy());
}

#[test]
fn s5_what_refuses_its_status_is_there() {
    let mut model = agreed(&["d/x", "d/y"]);
    for path in ["d/x", "d/y"] {
        model.alter(A, path, |entry| entry.seen.kind = Kind::Unreadable);
    }
    model.remove(B, "d/x");
    let plan = sync(&mut model, &policy());
    assert!(plan.actions.is_empty() && plan.settle.is_empty());
    assert_eq!(plan.notes.len(), 2);
}

#[test]
fn s5_nothing_is_done_beneath_a_directory_that_cannot_be_listed() {
    let mut model = agreed(&["d/x", "e"]);
    model.unlistable.insert((A, rel("d")));
    model.remove(B, "d/x");
    model.write(B, "e", "edited meanwhile");
    let plan = sync(&mut model, &policy());
    assert_eq!(paths(&plan), ["e"]);
    assert!(has_note(&plan, "d", &NoteKind::Unreadable(A, "listing refused".into())));
}

#[test]
fn s5_an_emptied_side_is_noticed() {
    let mut model = agreed(&["x", "y"]);
    model.remove(A, "x");
    assert_eq!(plan(&model, &policy(), false).emptied, [false, false]);
    model.remove(A, "y");
    assert_eq!(plan(&model, &policy(), false).emptied, [true, false]);
}

#[test]
fn s1_a_tree_that_changed_after_the_plan_is_another_tree() {
    let mut model = agreed(&["d/x", "d/e/y"]);
    model.remove(A, "d");
    let plan = plan(&model, &policy(), false);
    let mut edited = model.clone();
    edited.write(B, "d/e/y", "a late edit");
    assert!(edited.apply(&plan).is_err());
    assert!(model.apply(&plan).is_ok());
}

#[test]
fn a_directory_stays_with_just_what_must_stay() {
    let mut model = agreed(&["d/x", "d/e/y", "d/f/z"]);
    model.write(B, "d/e/cache", "filtered");
    model.excluded.insert(b"cache".to_vec());
    model.remove(A, "d");
    let plan = sync(&mut model, &policy());
    assert_eq!(model.show(B), ["d/", "d/e/", "d/e/cache = filtered"]);
    assert!(has_note(&plan, "d/e", &NoteKind::DirectoryStays(B)));
    let again = sync(&mut model, &policy());
    assert!(is_quiet(&again), "it neither goes nor comes back");
}

#[test]
fn a_filter_that_changes_deletes_nothing() {
    let mut model = agreed(&["x", "cache/y", "z"]);
    model.excluded.insert(b"cache".to_vec());
    let plan = sync(&mut model, &policy());
    assert!(plan.actions.is_empty());
    model.excluded.clear();
    assert!(sync(&mut model, &policy()).actions.is_empty());
    assert_settled(&mut model, &policy());
}

#[test]
fn special_files_are_skipped_and_said() {
    let mut model = agreed(&["x"]);
    model.special(A, "d/socket");
    model.special(B, "pipe");
    let plan = sync(&mut model, &policy());
    assert!(has_note(&plan, "d/socket", &NoteKind::Special(A)));
    assert!(has_note(&plan, "pipe", &NoteKind::Special(B)));
    assert_eq!(model.show(B), ["d/", "pipe (special)", "x = x as it was"]);
}

#[test]
fn a_mirror_leaves_a_socket_and_what_leads_to_it() {
    let mut model = agreed(&["x"]);
    model.special(B, "d/socket");
    model.write(B, "d/extra", "goes");
    model.special(B, "s");
    model.write(A, "s", "a file against a socket");
    let plan = sync(&mut model, &mode(Mode::Mirror));
    assert_eq!(model.show(B), ["d/", "d/socket (special)", "s (special)", "x = x as it was"]);
    assert!(has_note(&plan, "d/socket", &NoteKind::Special(B)));
    assert!(has_note(&plan, "s", &NoteKind::AgainstSpecial));
}

#[test]
fn a_mirror_follows_moves_and_undoes_edits() {
    let mut model = agreed(&["d/x", "y"]);
    assert!(model.rename(A, "d", "n"));
    model.write(B, "d/x", "edited on B");
    model.write(B, "d/extra", "added on B");
    let plan = sync(&mut model, &mode(Mode::Mirror));
    assert_eq!(Counts::of(&plan).b.moved, 1);
    assert_settled(&mut model, &mode(Mode::Mirror));
}

#[test]
fn copy_brings_back_what_b_deleted_and_leaves_what_b_edited() {
    let mut model = agreed(&["deleted", "edited", "both", "kind", "d/x"]);
    model.remove(B, "deleted");
    model.remove(B, "d");
    model.write(B, "edited", "by B alone");
    model.write(A, "both", "by A");
    model.write(B, "both", "by B, differently");
    model.remove(A, "kind");
    model.write(A, "kind/inside", "x");
    let plan = sync(&mut model, &mode(Mode::Copy));
    assert_eq!(paths(&plan), ["d", "deleted"]);
    assert_eq!(conflicts(&plan), ["both", "kind"]);
    assert!(has_note(&plan, "edited", &NoteKind::LeftOnB));
}

#[test]
fn copy_deletes_nothing_and_moves_nothing() {
    let mut model = agreed(&["d/x", "gone", "f"]);
    assert!(model.rename(A, "d", "n") && model.rename(A, "f", "g"));
    model.remove(A, "gone");
    sync(&mut model, &mode(Mode::Copy));
    let on_b = model.show(B);
    assert_eq!(on_b.len(), 7, "{on_b:?}");
    assert!(is_quiet(&sync(&mut model, &mode(Mode::Copy))));
}

#[test]
fn ties_under_newest_and_largest_stay_conflicts() {
    let mut model = agreed(&["x"]);
    model.write(A, "x", "by A");
    model.write(B, "x", "by B");
    let time = model.get(A, "x").map(|entry| entry.seen.mtime).unwrap();
    model.set_mtime(B, "x", time);
    for choice in [OnConflict::Newest, OnConflict::Largest] {
        assert_eq!(conflicts(&sync(&mut model, &on_conflict(choice))), ["x"]);
    }
}

#[test]
fn an_open_conflict_stays_open_whatever_happens_around_it() {
    let mut model = agreed(&["d/x", "d/y", "z"]);
    model.write(A, "d/x", "by A");
    model.write(B, "d/x", "by B, differently");
    assert_eq!(conflicts(&sync(&mut model, &policy())), ["d/x"]);
    assert!(model.rename(A, "d", "n"));
    model.remove(B, "d/y");
    assert_eq!(conflicts(&sync(&mut model, &policy())), ["n/x"]);
    model.chmod(A, "n/x", 0o600);
    assert_eq!(conflicts(&sync(&mut model, &policy())), ["n/x"]);
    model.write(B, "n/x", "by A");
    assert!(sync(&mut model, &policy()).conflicts.is_empty());
    assert_settled(&mut model, &policy());
}

#[test]
fn keep_both_keeps_both_on_both_sides() {
    let mut model = agreed(&["notes.txt", "d/.hidden"]);
    model.write(A, "notes.txt", "by A");
    model.write(B, "notes.txt", "by B, differently");
    model.write(B, "notes.conflict-B-20261122-161500.txt", "taken");
    model.write(A, "k", "a file");
    model.write(B, "k/x", "a directory");
    sync(&mut model, &on_conflict(OnConflict::KeepBoth));
    assert_eq!(model.read(B, "notes.txt").as_deref(), Some("by A"));
    assert_eq!(model.read(A, "notes.conflict-B-20261122-161500-2.txt").as_deref(), Some("by B, differently"));
    assert_eq!(model.read(A, "k.conflict-B-20261122-161500/x").as_deref(), Some("a directory"));
    assert_settled(&mut model, &on_conflict(OnConflict::KeepBoth));
}

#[test]
fn a_moved_version_is_kept_under_a_name_that_neither_side_has() {
    let policy = on_conflict(OnConflict::KeepBoth);
    let mut model = agreed(&["b", "d/b", "x"]);
    for dir in ["", "d/"] {
        model.write(A, &format!("{dir}b"), "by A");
        model.write(B, &format!("{dir}b"), "by B, differently");
        model.rename(A, &format!("{dir}b"), &format!("{dir}a"));
        model.mkdir(B, &format!("{dir}a.conflict-B-20261122-161500"));
    }
    // One of the directories has another name by now.
    model.rename(A, "d", "e");
    sync(&mut model, &policy);
    for dir in ["", "e/"] {
        assert_eq!(model.read(B, &format!("{dir}a")).as_deref(), Some("by A"));
        let kept = model.read(A, &format!("{dir}a.conflict-B-20261122-161500-2"));
        assert_eq!(kept.as_deref(), Some("by B, differently"));
    }
    assert_settled(&mut model, &policy);
}

#[test]
fn permissions_that_always_differed_stay_and_are_no_news_after_an_edit() {
    let mut model = Model::new();
    for side in [A, B] {
        model.write(side, "f", "the same");
    }
    model.chmod(B, "f", 0o600);
    sync(&mut model, &policy());
    model.write(A, "f", "edited");
    sync(&mut model, &policy());
    assert_eq!(model.get(B, "f").map(|entry| entry.seen.mode), Some(0o600));
    assert_settled(&mut model, &policy());
    assert_eq!(model.get(A, "f").map(|entry| entry.seen.mode), Some(0o644));
}

#[test]
fn what_both_moved_away_from_a_conflict_is_no_old_version_when_one_moves_it_back() {
    let mut model = agreed(&["c", "d"]);
    model.swap(A, "c", "d");
    model.remove(B, "c");
    model.rename(B, "d", "c");
    model.write(B, "d", "new on B");
    assert_eq!(conflicts(&sync(&mut model, &policy())), ["d"]);
    // Now `c` is what `d` was, and on B they change places.
    model.swap(B, "c", "d");
    let plan = sync(&mut model, &policy());
    assert_eq!(conflicts(&plan), ["d"]);
    assert_eq!(model.read(B, "d").as_deref(), Some("d as it was"));
}

#[test]
fn a_lost_base_means_union_and_conflicts_and_no_deletes() {
    let mut model = agreed(&["same", "gone-on-a", "edited"]);
    model.remove(A, "gone-on-a");
    model.write(B, "edited", "by B");
    model.lose_base();
    let plan = sync(&mut model, &policy());
    assert_eq!(conflicts(&plan), ["edited"]);
    assert_eq!(paths(&plan), ["gone-on-a"]);
    assert!(matches!(plan.actions[0].op, Op::Create { on: A, .. }));
}

#[test]
fn hostile_names_are_names() {
    let mut model = Model::new();
    for name in ["line\nbreak", "\u{1b}[31mred", "\u{202e}txt.exe", " ", "-rf", "*", "a\\b"] {
        model.write(A, name, name);
    }
    model.write(A, &"n".repeat(255), "long");
    sync(&mut model, &policy());
    assert_settled(&mut model, &policy());
    assert!(model.show(A).iter().all(|line| !line.split(" = ").next().unwrap_or_default().contains('\n')));
}
