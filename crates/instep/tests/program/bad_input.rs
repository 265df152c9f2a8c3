//! Bad input: a clear message, the right exit code, and nothing lost or remembered.

use std::fs;

use testkit::Mounted;

use crate::scene::Scene;

fn remembered(scene: &Scene) -> usize {
    scene.json("list").1.len()
}

#[test]
fn sides_that_cannot_be_a_pair_are_refused_and_not_remembered() {
    let scene = Scene::bare();
    scene.a.file("file", "f").dir("inner");
    let a = scene.a.path().to_string_lossy().into_owned();
    let cases = [
        (format!("sync {a} {a}/missing"), "there is no folder"),
        (format!("sync {a}/missing {a}"), "there is no folder"),
        (format!("sync {a}/file B"), "is not a folder"),
        (format!("sync B {a}/file"), "is not a folder"),
        (format!("sync {a} {a}"), "the same folder"),
        (format!("sync {a} {a}/inner"), "inside the other"),
        (format!("sync {a}/inner {a}/."), "inside the other"),
        (format!("add name {a} {a}/inner"), "inside the other"),
        (format!("preview {a} {a}"), "the same folder"),
        (format!("sync {a}"), "a pair has two"),
        ("sync A B --exclude a{b".to_owned(), "glob"),
        ("add A B --include a{b".to_owned(), "glob"),
        ("sync".to_owned(), "say what"),
        ("sync --all".to_owned(), "no items"),
        ("sync B / --mode mirror".to_owned(), "inside the other"),
    ];
    for (line, word) in &cases {
        let run = scene.instep(line).expect(2).says(&[word]);
        assert!(run.stderr.starts_with("error: "), "{line}: {run:?}");
    }
    assert_eq!(remembered(&scene), 0);
}

#[test]
fn a_mirror_into_a_home_directory_is_refused() {
    let scene = Scene::bare();
    let me = scene.home().join("me");
    fs::create_dir(&me).expect("a home can be made");
    scene.instep("sync A ./me --mode mirror").expect(2).says(&["home directory"]);
    scene.instep("add A ./me --mode mirror").expect(2).says(&["home directory"]);
    scene.instep("add A").expect(2).says(&["two folders"]);
    assert_eq!(remembered(&scene), 0);
}

#[test]
fn unreadable_sides_are_refused() {
    let scene = Scene::bare();
    scene.a.mode("", 0o000);
    let run = testkit::as_nobody(|| {
        // Nobody has no home here, so it gets one of its own.
        let home = tempfile::tempdir().expect("there is room in /tmp");
        let output = scene.command(&scene.words("sync A B")).env("INSTEP_HOME", home.path()).output();
        output.expect("the program starts")
    });
    let text = String::from_utf8_lossy(&run.stderr).into_owned();
    scene.a.mode("", 0o755);
    assert_eq!(run.status.code(), Some(2), "{text}");
    assert!(text.contains("cannot be read"), "{text}");
}

#[test]
fn unknown_items_are_told_with_the_nearest_names() {
    let scene = Scene::new();
    for line in ["sync pairr", "preview piar", "status par", "conflicts pairs", "verify pai", "remove peir"] {
        scene.instep(line).expect(2).says(&["no item", "did you mean \"pair\"?"]);
    }
    scene.instep("resolve pear x --keep a").expect(2).says(&["\"pair\""]);
    scene.instep("sync pair nothing-like-it").expect(2).says(&["nothing-like-it"]);
    scene.instep("results 99").expect(2).says(&["no run 99"]);
    scene.instep("results nothing").expect(2).says(&["no item"]);
    scene.instep("undo 99").expect(2).says(&["no run 99"]);
    scene.instep("undo last").expect(2).says(&["no run yet"]);
    scene.instep("undo pair").expect(2).says(&["no run"]);
}

#[test]
fn contradictions_are_usage_errors_with_a_summary_in_json() {
    let scene = Scene::new();
    for line in [
        "sync pair --plan x --mode mirror",
        "preview pair --approve",
        "sync pair --max-delete -1",
        "sync pair --max-delete 101%",
        "sync pair --mode sideways",
        "sync --all pair",
        "sync pair -q -v",
        "resolve pair --keep a",
        "frobnicate",
    ] {
        let (code, summary) = scene.summary(line);
        assert_eq!((code, &summary["outcome"]), (2, &"usage".into()), "{line}");
    }
    let (code, summary) = scene.summary("sync nothing");
    assert_eq!((code, &summary["outcome"]), (2, &"usage".into()));
    assert_eq!(summary["counts"]["created"]["a"], 0);
    assert!(summary["error"].as_str().is_some_and(|error| error.contains("nothing")));
}

#[test]
fn mistakes_in_the_settings_are_shown_with_their_line_and_nothing_is_done() {
    let scene = Scene::new();
    scene.a.file("x", "x");
    let file = scene.home().join("instep.toml");
    let good = fs::read_to_string(&file).expect("the settings are there");
    fs::write(&file, format!("{good}mdoe = \"mirror\"\n")).expect("they can be edited");
    for line in ["sync pair", "list", "add A B", "status"] {
        scene.instep(line).expect(2).says(&["mdoe", "line", "instep.toml"]);
    }
    assert!(!scene.b.has("x"));
    fs::write(&file, format!("# mine\n{good}mode = \"copy\" # one way\n")).expect("they can be edited");
    let (_, items) = scene.json("list");
    assert_eq!(items[0]["mode"], "copy");
    let (c, d) = (testkit::Tree::new(), testkit::Tree::new());
    scene.instep(&format!("add other {} {}", c.path().display(), d.path().display())).expect(0);
    scene.instep("remove other").expect(0);
    let text = fs::read_to_string(&file).expect("the settings are there");
    assert_eq!(text, format!("# mine\n{good}mode = \"copy\" # one way\n"));
}

#[test]
fn s9_a_side_that_cannot_be_written_is_a_failure_with_a_reason() {
    let scene = Scene::new();
    scene.a.file("x", "x");
    scene.b.mode("", 0o555);
    scene.a.mode("", 0o777).mode("x", 0o644);
    // Whoever runs it must not be almighty, and then needs a home that it may write.
    let home = tempfile::tempdir().expect("there is room in /tmp");
    let words = scene.words("sync A B --json");
    fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .expect("it is ours");
    let run = testkit::as_nobody(|| {
        scene.command(&words).env("INSTEP_HOME", home.path().join("i")).output().expect("the program starts")
    });
    scene.b.mode("", 0o755);
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert!(matches!(run.status.code(), Some(1 | 3)), "{text}{}", String::from_utf8_lossy(&run.stderr));
    assert!(
        text.contains("ermission denied") || text.contains("ead-only") || text.contains("write"),
        "{text}"
    );
    assert!(scene.a.has("x") && !scene.b.has("x"));
}

#[test]
fn s9_one_unreadable_file_stops_no_other_and_is_told_with_its_side() {
    let scene = Scene::bare();
    scene.a.file("nope", "secret").file("fine", "f").mode("nope", 0o000).mode("", 0o755);
    scene.b.mode("", 0o777);
    let home = tempfile::tempdir().expect("there is room in /tmp");
    fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777))
        .expect("it is ours");
    let run = testkit::as_nobody(|| {
        let mut command = scene.command(&scene.words("sync A B"));
        command.env("INSTEP_HOME", home.path().join("i")).output().expect("the program starts")
    });
    let text = String::from_utf8_lossy(&run.stdout).into_owned();
    assert_eq!(run.status.code(), Some(1), "{text}{}", String::from_utf8_lossy(&run.stderr));
    assert!(scene.b.has("fine") && !scene.b.has("nope"));
    let name = scene.a.path().file_name().expect("it has a name").to_string_lossy().into_owned();
    assert!(text.contains(&format!("nope on {name}: ")) && text.contains("Permission denied"), "{text}");
}

#[test]
fn no_space_is_said_and_what_fits_is_synced_when_there_is_room_again() {
    let place = tempfile::tempdir().expect("there is room in /tmp");
    let Some(disk) = Mounted::memory_at(&place.path().join("disk"), "size=2m") else { return };
    let scene = Scene::bare();
    scene.a.file("small", "s").file("large", vec![7; 3_000_000]);
    let line = format!("sync A {}", disk.path().display());
    let run = scene.instep(&line);
    assert!(matches!(run.code, Some(1 | 3)), "{run:?}");
    let run = run.says(&["room"]);
    assert!(scene.a.has("large"), "{run:?}");
    assert!(!disk.path().join("large").exists(), "S2: half a file is never visible");
    scene.a.remove("large");
    scene.instep(&line).expect(0);
    assert_eq!(fs::read(disk.path().join("small")).expect("it was synced"), b"s");
}
