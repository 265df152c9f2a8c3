//! Tools that do not say what they used to say: the run still ends with what is true, and a guard that does not understand
//! what would be deleted lets nothing be deleted.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use syncmgr::testing::{TestCenter, Verdict};
use syncmgr::{Counts, Handler, Outcome, ProblemClass};

use crate::every::with_own_home;
use crate::place::{Place, expect, item};

/// A tool, what it prepares, and what it does.
struct Row {
    tool: &'static str,
    before: &'static str,
    settings: fn(&Place) -> Value,
}

const ROWS: [Row; 4] = [
    Row {
        tool: "rclone",
        before: "",
        settings: |place| json!({"mode": "sync", "source": place.at("src"), "target": place.at("dst")}),
    },
    Row {
        tool: "restic",
        before: "restic init -q --repo repo --cache-dir home/cache",
        settings: |place| json!({"repository": place.at("repo"), "paths": [place.at("src")]}),
    },
    Row {
        tool: "borg",
        before: "borg init -e none repo",
        settings: |place| json!({"repository": place.at("repo"), "paths": [place.at("src")]}),
    },
    Row {
        tool: "rsync",
        before: "",
        settings: |place| json!({"source": place.at("src/"), "target": place.at("dst/"), "delete": true}),
    },
];

/// Stands in for a tool: the tool itself runs, and what it says goes through `sed`. Its end is its own.
fn says_otherwise(place: &Place, tool: &str, script: &str) {
    let real = std::env::split_paths(&std::env::var_os("PATH").unwrap())
        .map(|directory| directory.join(tool))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("{tool} is not installed: `cargo xtask test` installs it"));
    place.write("script.sed", script);
    place.write(
        &format!("bin/{tool}"),
        &format!(
            "#!/bin/sh\n{} \"$@\" >'{out}' 2>&1\ncode=$?\nsed -f '{}' '{out}'\nexit $code\n",
            real.display(),
            place.at("script.sed"),
            out = place.at("said")
        ),
    );
    place.prepare(&format!("chmod 755 bin/{tool}"));
}

fn scene(before: &str) -> Place {
    let place = Place::new();
    place.prepare("mkdir -p home bin; for n in $(seq 30); do echo $n > dst/old-$n; done");
    place.prepare(before);
    place
}

/// The item, which finds its tool in `bin` before all others.
fn settings(place: &Place, settings: Value) -> Value {
    let mut settings = with_own_home(settings, place);
    let path = std::env::var("PATH").unwrap();
    settings["environment"]["PATH"] = json!(format!("{}:{path}", place.at("bin")));
    settings
}

fn sync(place: &Place, tool: &str, given: Value, options: &str) -> Verdict {
    let handler = place.handler(tool, settings(place, given));
    let center = TestCenter::new(Arc::clone(&handler) as Arc<dyn Handler>);
    center.start(&[item()], handler.request(options).unwrap()).unwrap();
    center.run();
    let verdict = center.finish();
    verdict.assert_clean();
    verdict
}

fn counts(verdict: &Verdict) -> Counts {
    verdict.item(&item()).unwrap().counts
}

#[test]
fn numbers_that_come_as_text_count_as_before() {
    for row in ROWS {
        let run = |script: &str| {
            let place = scene(row.before);
            says_otherwise(&place, row.tool, script);
            let verdict = sync(&place, row.tool, (row.settings)(&place), r#"{"approve":true}"#);
            expect(&verdict, Outcome::Done);
            // How much restic adds differs by what it encrypts.
            Counts { bytes: 0, ..counts(&verdict) }
        };
        let as_ever = run("");
        assert!(as_ever.b.created > 0, "{}", row.tool);
        assert_eq!(run(r#"s/": *\([0-9][0-9.]*\)/": "\1"/g"#), as_ever, "{}", row.tool);
        // Fields, words and lines that nobody has heard of.
        assert_eq!(run(r#"s/^{/{"novelty":[{}],/; s/^/{"brand":"new"}\n\xff\n/"#), as_ever, "{}", row.tool);
    }
}

#[test]
fn a_run_of_which_nothing_is_understood_is_what_its_end_says() {
    for row in ROWS {
        for (script, code) in [("s/.*/Lorem ipsum/", 0), ("s/\"[a-z_]*\":/\"x\":/g; s/^/~ /", 0)] {
            let place = scene(row.before);
            says_otherwise(&place, row.tool, script);
            let verdict = sync(&place, row.tool, (row.settings)(&place), r#"{"approve":true}"#);
            expect(&verdict, Outcome::Done);
            assert_eq!(code, 0);
        }
        let place = scene(row.before);
        says_otherwise(&place, row.tool, "s/.*/Lorem ipsum/");
        place.prepare(&format!("sed -i 's/exit .code/exit 77/' bin/{}", row.tool));
        let verdict = sync(&place, row.tool, (row.settings)(&place), r#"{"approve":true}"#);
        expect(&verdict, Outcome::Failed);
        let problem = verdict.item(&item()).unwrap().problem.as_ref().unwrap();
        assert!(problem.text.contains("ended with code 77"), "{problem}");
    }
}

/// Items that a guard looks after, with thirty entries that would go.
fn guarded(place: &Place) -> [(&'static str, Value); 3] {
    place.prepare(
        "git init -q -b main code; cd code; echo 1 > f; git add .; git commit -qm 1; git clone -q --bare . ../up.git; \
         for n in $(seq 30); do git -C ../up.git branch old-$n main; done",
    );
    [
        ("rsync", json!({"source": place.at("src/"), "target": place.at("dst/"), "delete": true})),
        ("rclone", json!({"mode": "sync", "source": place.at("src"), "target": place.at("dst")})),
        ("git", json!({"mode": "mirror", "path": place.at("code"), "remote": place.at("up.git")})),
    ]
}

fn is_untouched(place: &Place, tool: &str) {
    let old = if tool == "git" { "up.git/refs/heads/old-30" } else { "dst/old-30" };
    assert!(Path::new(&place.at(old)).exists(), "{tool}");
}

#[test]
fn s6_a_dry_run_that_nobody_understands_stops_the_run_until_it_is_approved() {
    let place = scene("");
    for (tool, given) in guarded(&place) {
        // Only its dry run is another one.
        says_otherwise(&place, tool, "s/.*/Lorem ipsum/");
        let verdict = sync(&place, tool, given.clone(), "{}");
        expect(&verdict, Outcome::SafetyStop);
        let problem = verdict.item(&item()).unwrap().problem.as_ref().unwrap();
        assert_eq!(problem.class, ProblemClass::Safety);
        assert!(problem.fix.as_ref().is_some_and(|fix| fix.contains("--approve")), "{problem:?}");
        assert!(verdict.events.iter().any(|event| event.event.name == "The command"), "{verdict:#?}");
        is_untouched(&place, tool);
        let handler = place.handler(tool, settings(&place, given.clone()));
        let preview = handler.preview(&item(), "{}", &()).unwrap();
        assert_eq!((preview.expected, preview.stops.len()), (Outcome::SafetyStop, 1), "{tool}");
        expect(&sync(&place, tool, given.clone(), r#"{"approve":true}"#), Outcome::Done);
        place.prepare("for n in $(seq 30); do echo $n > dst/old-$n; done");
        let mut never = given;
        never["max_delete"] = json!("100%");
        expect(&sync(&place, tool, never, "{}"), Outcome::Done);
        place.prepare("for n in $(seq 30); do echo $n > dst/old-$n; done");
    }
}

#[test]
fn s5_a_dry_run_that_fails_is_no_leave_to_delete() {
    let place = scene("");
    for (tool, given) in guarded(&place) {
        says_otherwise(&place, tool, "");
        // The moment it looks, something is in its way; right after, nothing is.
        place.prepare(&format!(
            "sed -i '2i case \"$*\" in *--dry-run*) echo it is somewhere else >&2; exit 12;; esac' bin/{tool}"
        ));
        let verdict = sync(&place, tool, given.clone(), "{}");
        expect(&verdict, Outcome::Failed);
        let problem = verdict.item(&item()).unwrap().problem.as_ref().unwrap();
        assert!(problem.text.contains("ended with code 12"), "{problem}");
        is_untouched(&place, tool);
    }
}

#[test]
fn s6_references_that_git_takes_away_on_either_side_are_guarded() {
    let place = scene("");
    place.prepare(
        "git init -q -b main code; cd code; echo 1 > f; git add .; git commit -qm 1; for n in $(seq 15); do git branch b$n; done; \
         git clone -q --mirror . ../mirror.git; git clone -q --bare . ../up.git; for n in $(seq 14); do git branch -qD b$n; done",
    );
    let fetch = |options: Value| json!({"mode": "fetch", "path": place.at("mirror.git"), "remote": "origin", "options": options});
    expect(&sync(&place, "git", fetch(json!([])), "{}"), Outcome::Done);
    let prune = fetch(json!(["--prune"]));
    let verdict = sync(&place, "git", prune.clone(), "{}");
    expect(&verdict, Outcome::SafetyStop);
    let problem = verdict.item(&item()).unwrap().problem.as_ref().unwrap();
    assert!(problem.text.starts_with("14 of 16 entries would be deleted in the repository"), "{problem}");
    place.prepare("git -C mirror.git rev-parse -q --verify b14");
    expect(&sync(&place, "git", prune, r#"{"approve":true}"#), Outcome::Done);
    place.prepare("! git -C mirror.git rev-parse -q --verify b14");
    let push = json!({
        "mode": "push", "path": place.at("code"), "remote": place.at("up.git"), "options": ["--prune"],
        "references": ["refs/heads/*:refs/heads/*"],
    });
    expect(&sync(&place, "git", push, "{}"), Outcome::SafetyStop);
    place.prepare("git -C up.git rev-parse -q --verify b14");
}
