//! `instep doctor`, `instep service` and `instep secret`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::scene::Scene;
use crate::serve::Daemon;

fn findings(scene: &Scene, level: &str) -> Vec<Value> {
    let (_, objects) = scene.json("doctor");
    objects.into_iter().filter(|finding| finding["level"] == level).collect()
}

/// All files below a directory, with what is in them.
fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root).expect("it can be listed").flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.insert(entry.path(), fs::read(entry.path()).unwrap_or_default());
        }
    }
    found
}

#[test]
fn the_doctor_finds_nothing_wrong_where_nothing_is_and_changes_nothing() {
    let scene = Scene::synced(|scene| {
        scene.a.file("f", "x");
    });
    let all = || [scene.home(), scene.a.path(), scene.b.path()].map(files).into_iter().flatten().collect();
    let before: BTreeMap<PathBuf, Vec<u8>> = all();
    assert_eq!(findings(&scene, "error"), Vec::<Value>::new());
    assert!(findings(&scene, "good").len() >= 5);
    let after: BTreeMap<PathBuf, Vec<u8>> = all();
    // Where a log is left, whoever reads it notes that in its index; that holds nothing by itself.
    let is_index = |path: &PathBuf| path.to_string_lossy().ends_with("-shm");
    let changed = |path: &&PathBuf| !is_index(path) && before.get(*path) != after.get(*path);
    let changed: Vec<&PathBuf> = before.keys().chain(after.keys()).filter(changed).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn the_doctor_tells_every_mistake_of_the_settings_with_its_place() {
    let scene = Scene::new();
    let text = fs::read_to_string(scene.settings_file()).expect("there are settings");
    fs::write(scene.settings_file(), format!("[stop]\ngrase = '1s'\n[hooks]\nedn = ['x']\n{text}"))
        .expect("it can be written");
    let run = scene.instep("doctor").expect(3);
    for word in ["line 2, column 1", "did you mean `grace`", "line 4, column 1", "did you mean `end`"] {
        assert!(run.stdout.contains(word), "{word}: {run:?}");
    }
    fs::write(scene.settings_file(), text.replace("[items.pair]\n", "[items.pair]\nnmae = 'x'\n"))
        .expect("it can be written");
    let run = scene.instep("doctor").expect(3);
    assert!(run.stdout.contains("line 2, column 1") && run.stdout.contains("did you mean `name`"), "{run:?}");
}

#[test]
fn the_doctor_finds_a_folder_that_is_gone_and_a_damaged_store() {
    let scene = Scene::synced(|scene| {
        scene.a.file("f", "x");
    });
    fs::rename(scene.b.path(), scene.home().join("elsewhere")).expect("it can be moved");
    fs::write(scene.home().join("state/instep.db"), "no store at all").expect("it can be written");
    scene.instep("doctor").expect(3);
    let errors = findings(&scene, "error");
    let checks: Vec<&Value> = errors.iter().map(|finding| &finding["check"]).collect();
    assert!(checks.contains(&&"sides".into()) && checks.contains(&&"store".into()), "{errors:?}");
    assert!(errors.iter().all(|finding| finding["fix"].is_string()), "{errors:?}");
    fs::rename(scene.home().join("elsewhere"), scene.b.path()).expect("it can be moved back");
}

#[test]
fn the_doctor_finds_damage_inside_the_store_and_the_bases_and_says_what_to_do() {
    let scene = Scene::synced(|scene| {
        scene.a.many(40, 20);
    });
    let damage = |path: &Path| {
        let whole = fs::read(path).expect("it is there");
        let mut bytes = whole.clone();
        let at = bytes.len() / 2 / 8192 * 8192;
        bytes[at..at + 8192].fill(0x5a);
        fs::write(path, bytes).expect("it can be damaged");
        whole
    };
    let base = scene.state("pairs/pair/base.db");
    let whole = damage(&base);
    let damaged = fs::read(&base).expect("it is there");
    let run = scene.instep("doctor").expect(3).says(&[
        "base.db is damaged",
        "instep preview pair",
        "nothing is deleted",
    ]);
    assert!(!run.stdout.contains("instep.db"), "{run:?}");
    assert_eq!(fs::read(&base).expect("it is there"), damaged, "it only looks");
    fs::write(&base, whole).expect("it can be mended");
    damage(&scene.state("instep.db"));
    let damaged = fs::read(scene.state("instep.db")).expect("it is there");
    scene.instep("doctor").expect(3).says(&["instep.db is damaged", "move the file away", ".recover"]);
    assert_eq!(fs::read(scene.state("instep.db")).expect("it is there"), damaged, "it only looks");
}

#[test]
fn the_doctor_finds_a_taken_port_a_daemon_that_hangs_files_of_a_cut_run_and_rights_that_are_too_wide() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::synced(|scene| {
        scene.a.file("f", "x");
    });
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let port = taken.local_addr().expect("it has one").port();
    let text = fs::read_to_string(scene.settings_file()).expect("there are settings");
    fs::write(scene.settings_file(), format!("{text}\n[server]\nlisten = ['127.0.0.1:{port}']\n"))
        .expect("it can be written");
    fs::write(scene.b.at(".instep-0123456789abcdef.tmp"), "half").expect("it can be written");
    fs::set_permissions(scene.state(""), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let (_, found) = scene.json("doctor");
    let says = |level: &str, words: &str| {
        found.iter().any(|finding| {
            let what = finding["what"].as_str().unwrap_or_default();
            finding["level"] == level && what.contains(words) && finding["fix"].is_string()
        })
    };
    assert!(says("error", &format!("another program listens at 127.0.0.1:{port}")), "{found:#?}");
    assert!(says("note", "1 unfinished files"), "{found:#?}");
    assert!(says("warning", "others may read"), "{found:#?}");

    fs::write(scene.settings_file(), text).expect("it can be written");
    let daemon = Daemon::start(&scene);
    daemon.signal(rustix::process::Signal::STOP);
    scene.instep("doctor").expect(3).says(&["does not answer", "kill -CONT"]);
    daemon.kill();
    scene.instep("doctor").expect(1).says(&["nobody does"]);
}

#[test]
fn a_secret_goes_in_and_never_comes_out() {
    let scene = Scene::new();
    let mut child = scene
        .command(&["secret", "set", "ops"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("it is piped").write_all(b"hush-hush\n").expect("it reads");
    assert!(child.wait().expect("it ends").success());
    let listed = scene.instep("secret list").expect(0);
    assert!(listed.stdout.contains("ops") && !listed.stdout.contains("hush"), "{listed:?}");
    assert!(!files(scene.home()).values().any(|bytes| bytes.windows(9).any(|window| window == b"hush-hush")));
    scene.instep("secret remove ops").expect(0);
    scene.instep("secret remove ops").expect(2).says(&["no secret"]);
    scene.instep("secret set ../x").expect(2).says(&["cannot be the name"]);
}

#[test]
fn a_service_is_written_and_taken_away() {
    let scene = Scene::new();
    fs::create_dir(scene.home().join("me")).expect("there is room");
    scene.instep("service status").expect(7);
    if Path::new("/run/systemd/system").exists() {
        return; // Here it would be a real one.
    }
    let installed = scene.instep("service install").expect(0);
    assert!(installed.stdout.contains("systemd does not run here"), "{installed:?}");
    let unit = scene.home().join("me/.config/systemd/user/instep.service");
    let text = fs::read_to_string(&unit).expect("it was written");
    assert!(text.contains("Type=notify") && text.contains("INSTEP_HOME="), "{text}");
    scene.instep("service install").expect(0);
    scene.instep("service uninstall").expect(0);
    assert!(!unit.exists());
    scene.instep("service uninstall").expect(2);
}
