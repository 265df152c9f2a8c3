//! Items of wrapped tools: previewed, synchronized, guarded and explained like all others.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::scene::{Scene, of_type};

/// A home with an item `nightly` that rsync copies from A to B.
fn scene() -> Scene {
    let there = Command::new("rsync").arg("--version").output();
    assert!(there.is_ok(), "rsync is not installed: `cargo xtask test` installs it");
    let scene = Scene::bare();
    let settings = format!(
        "[items.nightly]\nhandler = \"rsync\"\nname = \"Every night\"\nsource = \"{}/\"\ntarget = \"{}/\"\ndelete = true\n",
        scene.a.path().display(),
        scene.b.path().display()
    );
    fs::write(scene.home().join("instep.toml"), settings).expect("the home is ours");
    scene
}

#[test]
fn a_tools_item_is_previewed_and_synchronized_by_its_name() {
    let scene = scene();
    scene.a.file("one", "1");
    scene.b.file("gone", "x");
    scene.instep("preview nightly").expect(0).says(&["delete     gone", "create     one"]);
    assert!(scene.b.at("gone").exists());
    let (code, objects) = scene.json("sync nightly");
    assert_eq!((code, objects.last().expect("a summary")["counts"]["deleted"]["b"].as_u64()), (0, Some(1)));
    assert_eq!(of_type(&objects, "event").iter().filter(|event| event["name"] == "The command").count(), 1);
    assert!(scene.b.at("one").exists() && !scene.b.at("gone").exists());
    scene.instep("results last --log").expect(0).says(&["*deleting"]);
    scene.instep("sync nightly --mode copy").expect(2).says(&["--mode is for pairs of folders"]);
}

#[test]
fn s6_a_tools_item_is_guarded_and_released_like_all_others() {
    let scene = scene();
    for number in 0..20 {
        scene.b.file(format!("file-{number}"), "x");
    }
    scene.instep("sync nightly").expect(4).says(&["20 of", "would be deleted", "Nothing was touched"]);
    assert!(scene.b.at("file-0").exists());
    scene.instep("sync nightly --approve").expect(0);
    assert!(!scene.b.at("file-0").exists());
}

#[test]
fn what_is_wrong_with_a_tools_item_is_said_with_its_place() {
    let scene = scene();
    let path = scene.home().join("instep.toml");
    let settings =
        fs::read_to_string(&path).expect("it was written").replace("delete = true", "delet = true");
    fs::write(&path, settings).expect("the home is ours");
    scene.instep("sync nightly").expect(2).says(&["line 6, column 1", "did you mean `delete`"]);
}

/// Each tool with settings that are good, how a version of it that is too old says so, and one that is new enough.
const ALL: [(&str, &str, &str, &str); 6] = [
    ("rsync", "source = \"/a\"\ntarget = \"/b\"", "rsync  version 2.6.9", "rsync  version 9.0.0"),
    ("rclone", "mode = \"copy\"\nsource = \"/a\"\ntarget = \"/b\"", "rclone v1.53.3", "rclone v9.0.0"),
    ("restic", "repository = \"/r\"\npaths = [\"/a\"]", "restic 0.9.6 compiled", "restic 9.0.0 compiled"),
    ("borg", "repository = \"/r\"\npaths = [\"/a\"]", "borg 1.0.9", "borg 9.0.0"),
    ("unison", "a = \"/a\"\nb = \"/b\"", "unison version 2.40.1", "unison version 9.0.0"),
    ("git", "mode = \"push\"\npath = \"/a\"", "git version 1.8.3", "git version 9.0.0"),
];

/// A home with an item of each tool, and nothing in its PATH but what stands in for them.
fn stand_ins(script: impl Fn(&str, &str, &str) -> Option<String>) -> (Scene, std::path::PathBuf) {
    let scene = Scene::bare();
    let bin = scene.home().join("bin");
    fs::create_dir(&bin).expect("the home is ours");
    let mut settings = String::new();
    for (tool, keys, old, new) in ALL {
        settings.push_str(&format!("[items.my-{tool}]\nhandler = \"{tool}\"\n{keys}\n"));
        if let Some(script) = script(tool, old, new) {
            let path = bin.join(tool);
            fs::write(&path, script).expect("the home is ours");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
    }
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    (scene, bin)
}

fn sync(scene: &Scene, bin: &std::path::Path, tool: &str, options: &[&str]) -> (Option<i32>, String) {
    let item = format!("my-{tool}");
    let words = [&["sync", &item], options].concat();
    let output = scene.command(&words).env("PATH", bin).output().expect("it starts");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn a_tool_that_is_missing_or_too_old_is_told_with_what_to_do() {
    let (missing, nowhere) = stand_ins(|_, _, _| None);
    let (old, bin) = stand_ins(|_, old, _| Some(format!("#!/bin/sh\necho '{old}'\n")));
    for (tool, ..) in ALL {
        let (code, told) = sync(&missing, &nowhere, tool, &[]);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains(&format!("{tool} is not installed")), "{told}");
        assert!(told.contains(&format!("install {tool}")), "{told}");
        let (code, told) = sync(&old, &bin, tool, &[]);
        assert_eq!(code, Some(2), "{told}");
        assert!(told.contains("is too old") && told.contains("install a newer"), "{told}");
    }
}

/// borg asks at the terminal behind our back, where the system would hold it until somebody looks for it.
#[test]
fn a_tool_that_would_ask_at_the_terminal_fails_with_what_it_wants() {
    let scene = Scene::bare();
    scene.a.file("one", "1");
    let repository = scene.home().join("repo");
    let mut init = Command::new("borg");
    init.args(["init", "-e", "repokey"])
        .arg(&repository)
        .env("BORG_PASSPHRASE", "right")
        .env("HOME", scene.home());
    assert!(init.output().expect("borg is there").status.success());
    let settings = format!(
        "[items.archive]\nhandler = \"borg\"\nrepository = \"{}\"\npaths = [\"{}\"]\nenvironment = {{ HOME = \"{}\" }}\n",
        repository.display(),
        scene.a.path().display(),
        scene.home().display()
    );
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    let ours = scene.command(&["sync", "archive"]);
    let line = format!("{} sync archive", ours.get_program().display());
    // A terminal, and nobody at it.
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).stdin(std::process::Stdio::null());
    for (name, value) in ours.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    let output = terminal.output().expect("util-linux is there");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("passphrase = \"secret:NAME\""), "{told}");
}

/// What it says is not what we know: how it ended counts, and all it said is kept. Where it may delete, a guard that does
/// not understand it has the word before.
#[test]
fn a_tool_that_changed_what_it_says_is_judged_by_how_it_ended() {
    let script = |code: u8| {
        move |_: &str, _: &str, new: &str| {
            let says = r#"{"message_type":"new","surprise":[1,2]} 200% \377 {"level":7} Total: many"#;
            Some(format!(
                "#!/bin/sh\ncase \"$*\" in --version|-version|version) echo '{new}';; *) printf '{says}\\n\\r{{\\n'; exit {code};; esac\n"
            ))
        }
    };
    let (good, good_bin) = stand_ins(script(0));
    let (bad, bad_bin) = stand_ins(script(77));
    for (tool, ..) in ALL {
        if tool == "unison" {
            let (code, told) = sync(&good, &good_bin, tool, &[]);
            assert_eq!(code, Some(4), "{told}");
            good.instep("results last --log").expect(0).says(&["surprise"]);
        }
        let (code, told) = sync(&good, &good_bin, tool, &["--approve"]);
        assert_eq!(code, Some(0), "{tool}: {told}");
        good.instep("results last --log").expect(0).says(&["surprise"]);
        let (code, told) = sync(&bad, &bad_bin, tool, &[]);
        assert_eq!(code, Some(2), "{tool}: {told}");
        assert!(told.contains("ended with code 77"), "{tool}: {told}");
    }
}

#[test]
fn what_a_tool_is_set_up_for_becomes_an_item_in_one_command() {
    let scene = Scene::bare();
    let config = scene.home().join("me/.config/rclone");
    fs::create_dir_all(&config).expect("the home is ours");
    let remote = format!("[disk]\ntype = alias\nremote = {}\n", scene.b.path().display());
    fs::write(config.join("rclone.conf"), remote).expect("the home is ours");
    scene.a.file("one", "1");
    scene.instep("add --found disk").expect(2).says(&["`source`", "--set source=..."]);
    scene.instep("add --found dsk").expect(2).says(&["did you mean \"disk\"?"]);
    let source = format!("add --found disk --set source={}", scene.a.path().display());
    scene.instep(&source).expect(0).says(&["Added \"disk\""]);
    scene.instep("sync disk").expect(0);
    assert!(scene.b.at("one").exists());
    scene.instep(&source).expect(2).says(&["already"]);
}

#[test]
fn an_item_of_a_tool_is_added_key_by_key() {
    let scene = Scene::bare();
    scene.a.file("one", "1");
    scene.b.file("gone", "x");
    let (a, b) = (scene.a.path().display(), scene.b.path().display());
    let line = format!("add nightly --handler rsync --set source={a}/ --set target={b}/ --set delete=true");
    scene.instep(&line).expect(0);
    scene.instep("sync nightly").expect(0);
    assert!(scene.b.at("one").exists() && !scene.b.at("gone").exists());
    scene.instep(&line).expect(2).says(&["already"]);
    let before = fs::read_to_string(scene.settings_file()).expect("there are settings");
    scene.instep("add other --handler rsync --set sourc=/x --set target=/y").expect(2).says(&["sourc"]);
    scene.instep("add other --handler rsync --set source").expect(2).says(&["KEY=VALUE"]);
    scene.instep("add A B --set source=/x").expect(2).says(&["--handler"]);
    assert_eq!(fs::read_to_string(scene.settings_file()).expect("they are there"), before);
}

#[test]
fn conflicts_of_unison_are_shown_with_both_versions_and_settled_by_unison() {
    let scene = Scene::bare();
    let settings = format!(
        "[items.notes]\nhandler = \"unison\"\na = \"{}\"\nb = \"{}\"\nenvironment = {{ HOME = \"{}\" }}\n",
        scene.a.path().display(),
        scene.b.path().display(),
        scene.home().display()
    );
    fs::write(scene.settings_file(), settings).expect("the home is ours");
    for (name, a, b) in [("one", "of a", "of b, longer"), ("two", "a", "b"), ("three", "x", "y")] {
        scene.a.file(name, a);
        scene.b.file(name, b);
    }
    scene
        .instep("sync notes")
        .expect(5)
        .says(&["settle one: instep resolve notes", "a|b|both|newest|largest\n"]);
    let (_, open) = scene.json("conflicts notes");
    let one = open.iter().find(|conflict| conflict["path"] == "one").expect("it is open");
    assert_eq!((one["a"]["size"].as_u64(), one["b"]["size"].as_u64()), (Some(4), Some(12)), "{one}");
    scene.instep("resolve notes one --keep largest").expect(5);
    assert_eq!(
        (scene.a.read("one"), scene.b.read("one")),
        (b"of b, longer".to_vec(), b"of b, longer".to_vec())
    );
    scene.instep("resolve notes two --keep merge").says(&["takes the version of one side"]);
    scene.instep("resolve notes --all --keep a").expect(0);
    assert_eq!((scene.b.read("two"), scene.b.read("three")), (b"a".to_vec(), b"x".to_vec()));
    scene.instep("results last --log").expect(0).says(&["$ ", "-preferpartial", "Synchronization complete"]);
    scene.instep("sync notes").expect(0);
}

/// Each item's output is there, after its command.
#[test]
fn the_log_of_a_run_has_what_all_of_its_items_wrote() {
    let scene = scene();
    let path = scene.settings_file();
    let settings = fs::read_to_string(&path).expect("it was written");
    let other = settings.replace("[items.nightly]", "[items.other]").replace("Every night", "Other");
    fs::write(&path, settings + &other).expect("the home is ours");
    scene.a.file("one", "1");
    scene.instep("sync nightly other").expect(0);
    let log = scene.instep("results last --log").expect(0).stdout;
    assert_eq!(log.matches("Number of files").count(), 2, "{log}");
}
