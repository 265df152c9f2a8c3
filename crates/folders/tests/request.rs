//! Requests from outside: options as text, previews and checks in the shape that every handler has.

mod common;

use std::sync::Arc;

use common::{Both, lines};
use folders::options::Home;
use folders::{FoldersHandler, RunOptions, UndoRequest};
use reconcile::{MaxDelete, Mode};
use syncmgr::plan::{DifferenceKind, EntryKind, PlanSide, PlannedAction, PreviewError, Verb};
use syncmgr::testing::MemoryLedger;
use syncmgr::{Handler, Outcome, Refusal, RunId};
use testkit::{moved, stamps};

fn handler(both: &Both) -> FoldersHandler {
    let home = Home { pairs: both.home.at("pairs") };
    FoldersHandler::new(home, vec![both.pair.clone()], Arc::new(MemoryLedger::new()))
}

fn actions(preview: &syncmgr::plan::Preview) -> Vec<PlannedAction> {
    (0..preview.rows.actions()).filter_map(|at| preview.rows.action(at)).collect()
}

#[test]
fn options_as_text_become_the_request_that_the_command_line_makes() {
    let handler = handler(&Both::new());
    let request = handler.request(r#"{"mode":"copy","max_delete":"5%","yes":true}"#).unwrap().unwrap();
    let wanted = RunOptions {
        mode: Some(Mode::Copy),
        max_delete: Some(MaxDelete::Percent(5)),
        consent: true,
        ..RunOptions::default()
    };
    assert_eq!(request.get::<RunOptions>(), Some(&wanted));
    let undo = handler.undo_request(RunId(7)).unwrap();
    assert_eq!(undo.get::<UndoRequest>(), Some(&UndoRequest { run: RunId(7) }));
}

#[test]
fn r17_no_options_are_a_plain_start_that_is_folded_with_others() {
    let handler = handler(&Both::new());
    for plain in ["", "{}", r#"{"approve":false,"exclude":[]}"#] {
        assert!(handler.request(plain).unwrap().is_none(), "{plain}");
    }
}

#[test]
fn a_preview_for_everyone_says_the_same_as_the_plan_and_touches_neither_side() {
    let both = Both::in_sync(|tree| {
        tree.file("one", "1").file("two", "22").file("dir/three", "333").file("dir/sub/four", "4444");
    });
    both.a.file("new", "n").file("one", "other").remove("dir/sub");
    both.b.rename("two", "dir/zwei").mode("dir/three", 0o600);
    let state = || [&both.a, &both.b].map(|tree| stamps(tree.path()));
    let before = state();
    let preview = handler(&both).preview(&both.pair.item, "{}", &()).unwrap();
    let rows = actions(&preview);
    let told: Vec<_> = rows.iter().map(|row| (row.verb, row.side, row.path.as_slice())).collect();
    assert_eq!(
        told,
        [
            (Verb::Move, PlanSide::A, &b"dir/zwei"[..]),
            (Verb::Create, PlanSide::B, b"new"),
            (Verb::Update, PlanSide::B, b"one"),
            (Verb::Metadata, PlanSide::A, b"dir/three"),
            (Verb::Delete, PlanSide::B, b"dir/sub"),
        ]
    );
    assert_eq!(rows[0].from.as_deref(), Some(&b"two"[..]));
    assert_eq!((rows[2].size, rows[2].why.as_str()), (5, "laptop has the version that counts"));
    assert_eq!((rows[4].kind, rows[4].entries, rows[4].size), (EntryKind::Directory, 2, 4));
    assert_eq!(rows[4].why, "it was deleted on laptop");
    assert_eq!((preview.counts.b.deleted, preview.counts.a.moved, preview.expected), (2, 1, Outcome::Done));
    assert_eq!(preview.plan, Some(both.preview().unwrap().plan_id));
    for (before, after) in before.iter().zip(&state()) {
        assert_eq!(moved(before, after), Vec::<String>::new());
    }
    assert!(preview.rows.action(rows.len()).is_none());
}

#[test]
fn s6_a_preview_says_which_guard_would_stop_the_run() {
    let both = Both::in_sync(|tree| {
        for number in 0..20 {
            tree.file(format!("file-{number}"), "content");
        }
    });
    for number in 0..15 {
        both.a.remove(format!("file-{number}"));
    }
    let preview = handler(&both).preview(&both.pair.item, "", &()).unwrap();
    assert_eq!(preview.expected, Outcome::SafetyStop);
    assert!(preview.stops[0].contains("15 of 20 entries would be deleted on nas"), "{:?}", preview.stops);
    let preview = handler(&both).preview(&both.pair.item, r#"{"max_delete":20}"#, &()).unwrap();
    assert_eq!((preview.expected, preview.stops), (Outcome::Done, vec![]));
}

#[test]
fn conflicts_and_notes_are_rows_as_well() {
    let both = Both::in_sync(|tree| {
        tree.file("plan.txt", "1").file("kept", "1");
    });
    both.a.file("plan.txt", "from a").remove("kept");
    both.b.file("plan.txt", "from b!").file("kept", "edited");
    let preview = handler(&both).preview(&both.pair.item, "{}", &()).unwrap();
    assert_eq!((preview.expected, preview.rows.conflicts()), (Outcome::NeedsDecision, 1));
    let conflict = preview.rows.conflict(0).unwrap();
    assert_eq!((conflict.path.as_slice(), conflict.versions[1].size), (&b"plan.txt"[..], 7));
    let note = preview.rows.note(0).unwrap();
    assert_eq!((note.path.as_slice(), note.is_error), (&b"kept"[..], false));
    assert_eq!(note.text, "was deleted, but edited on nas: the edit stays");
}

#[test]
fn a_check_names_the_differences_and_reads_content_when_asked() {
    let both = Both::in_sync(|tree| {
        tree.file("one", "1").file("two", "22");
    });
    both.a.remove("one");
    let handler = handler(&both);
    let found = handler.verify(&both.pair.item, "{}", &()).unwrap();
    assert!(!found.is_clean());
    assert_eq!(
        (found.differences[0].kind, found.differences[0].side),
        (DifferenceKind::Missing, Some(PlanSide::A))
    );
    let found = handler.verify(&both.pair.item, r#"{"checksum":true}"#, &()).unwrap();
    assert_eq!(found.compared_bytes, 2, "of `two`; `one` has nothing to be compared with");
}

#[test]
fn r10_unknown_items_and_options_are_refused() {
    let both = Both::in_sync(|tree| {
        tree.file("one", "1");
    });
    let handler = handler(&both);
    let nobody = syncmgr::ItemId::new("nobody").unwrap();
    let refused = |error: PreviewError| matches!(error, PreviewError::Refused(Refusal::InvalidArgument(_)));
    assert!(refused(handler.preview(&nobody, "{}", &()).unwrap_err()));
    assert!(refused(handler.preview(&both.pair.item, r#"{"colour":"red"}"#, &()).unwrap_err()));
    assert!(refused(handler.preview(&both.pair.item, r#"{"plan":"000000000000"}"#, &()).unwrap_err()));
    assert!(handler.command_line(&both.pair.item).is_none());
}

#[test]
fn s5_a_vanished_side_is_told_as_the_run_would_end() {
    let both = Both::in_sync(|tree| {
        tree.file("one", "1");
    });
    std::fs::remove_dir_all(both.b.path()).unwrap();
    let error = handler(&both).preview(&both.pair.item, "{}", &()).unwrap_err();
    let PreviewError::Failed { outcome, problem } = error else { panic!("{error}") };
    assert_eq!(outcome, Outcome::SafetyStop);
    assert!(problem.text.contains("nas"), "{problem}");
}

#[test]
fn whoever_follows_can_give_up() {
    struct GiveUp;
    impl syncmgr::plan::Watch for GiveUp {
        fn canceled(&self) -> bool {
            true
        }
    }
    let both = Both::in_sync(|tree| {
        tree.file("one", "1");
    });
    let error = handler(&both).preview(&both.pair.item, "{}", &GiveUp).unwrap_err();
    assert!(matches!(error, PreviewError::Failed { outcome: Outcome::Canceled, .. }), "{error}");
    assert_eq!(lines(&both.preview().unwrap().plan), Vec::<String>::new());
}
