//! Links of the results: shown with a number, opened by it.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt;

use store::{NewRun, RunEnd, RunItemEnd, Store};
use syncmgr::outcome::{Counts, Outcome};
use syncmgr::{HandlerId, ItemId, Level, NewEvent, ProgressStatus};

use crate::scene::{Scene, of_type};

/// A run of the item whose events have these links.
fn with_links(scene: &Scene, references: &[&str]) {
    let store = Store::open(&scene.state("instep.db")).unwrap();
    let (handler, item) = (HandlerId::new("folders").unwrap(), ItemId::new("pair").unwrap());
    let run =
        store.begin_run(NewRun { handler, items: vec![item.clone()], started: 1, reference: None }).unwrap();
    run.event(NewEvent::new(Some(&item), Level::Information, "plain", "a line without a link"), 2).unwrap();
    for reference in references {
        let event = NewEvent::new(Some(&item), Level::Warning, "linked", "something to look at");
        run.event(event.with_link("Have a look", *reference), 3).unwrap();
    }
    let (status, outcome) = (ProgressStatus::Succeeded, Outcome::Done);
    let end = RunItemEnd { item, status, outcome, counts: Counts::default(), problem: None };
    run.finish(RunEnd {
        ended: 4,
        recorded: 4,
        status,
        outcome,
        manual: false,
        conflicts: 0,
        items: vec![end],
    })
    .unwrap();
}

/// A desktop that writes down what it is to open.
fn desktop(scene: &Scene) -> std::path::PathBuf {
    let dir = scene.home().join("bin");
    std::fs::create_dir(&dir).unwrap();
    let opener = dir.join(if cfg!(target_os = "macos") { "open" } else { "xdg-open" });
    std::fs::write(&opener, "#!/bin/sh\nprintf '%s\\n' \"$1\" >> \"$0.opened\"\n").unwrap();
    std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
    opener
}

#[test]
fn links_are_shown_with_their_numbers_and_opened_by_them() {
    let scene = Scene::new();
    let opener = desktop(&scene);
    with_links(&scene, &["https://example.org/a?b=c", "/some/file"]);
    scene.instep("results last").expect(0).says(&[
        "link 1: Have a look  https://example.org/a?b=c",
        "link 2: Have a look  /some/file",
        "--open 1",
    ]);
    let (_, objects) = scene.json("results last");
    let links: Vec<_> = of_type(&objects, "event").iter().map(|event| event["link"].clone()).collect();
    assert_eq!(links, [serde_json::Value::Null, "https://example.org/a?b=c".into(), "/some/file".into()]);
    for number in ["2", "1"] {
        let mut command = scene.command(&["results", "last", "--open", number]);
        command.env("PATH", format!("{}:/usr/bin:/bin", opener.parent().unwrap().display()));
        assert!(command.status().unwrap().success());
    }
    let opened = std::fs::read_to_string(format!("{}.opened", opener.display())).unwrap();
    assert_eq!(opened, "/some/file\nhttps://example.org/a?b=c\n");
    scene.instep("results last --open 3").expect(2).says(&["no link 3"]);
    scene.instep("results last --open 0").expect(2).says(&["no link 0"]);
}

#[test]
fn a_command_is_started_only_after_it_was_shown_and_agreed_to() {
    let scene = Scene::new();
    let mark = scene.home().join("mark");
    with_links(&scene, &[&format!("command: touch '{}'", mark.display()), "command: exit 3"]);
    scene.instep("results last --open 1").expect(2).says(&["touch", "only with your consent"]);
    assert!(!mark.exists());
    scene.instep("results last --open 1 --yes").expect(0).says(&["touch"]);
    assert!(mark.exists());
    scene.instep("results last --open 2 --yes").expect(3).says(&["exit code 3"]);
}

#[test]
fn s8_a_link_that_names_nothing_harmless_is_not_opened() {
    for reference in ["javascript:alert(1)", "relative/file", "data:text/html,x", "--help", ""] {
        let scene = Scene::new();
        with_links(&scene, &[reference]);
        scene.instep("results last --open 1").expect(3).says(&["names nothing that can be opened"]);
    }
}
