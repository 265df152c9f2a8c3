//! S8: hostile names are synced, and shown harmlessly everywhere.

use serde_json::Value;

use crate::scene::{Scene, of_type};

const HOSTILE: [&[u8]; 6] = [
    b"new\nline",
    b"\x1b[31mred\x1b]0;title\x07",
    b"caf\xe9",
    "\u{202e}gpj.exe".as_bytes(),
    b"-rf",
    b"back\\slash",
];

#[test]
fn s8_hostile_names_are_synced_and_shown_harmlessly() {
    let scene = Scene::new();
    for name in HOSTILE {
        scene.a.file(name, "x");
    }
    scene.a.file([b'n'; 255], "long");
    let preview = scene.instep("preview pair").expect(0);
    scene.instep("sync pair").expect(0);
    scene.assert_same();
    assert_eq!(scene.b.entries().len(), HOSTILE.len() + 1);
    for name in HOSTILE {
        scene.a.file(name, "left version");
        scene.b.file(name, "right");
    }
    let sync = scene.instep("sync pair -v").expect(5);
    let listed = scene.instep("conflicts").expect(0);
    let results = scene.instep("results last -v").expect(0);
    for run in [&preview, &sync, &listed, &results] {
        let text = format!("{}{}", run.stdout, run.stderr);
        assert!(!text.contains(['\x1b', '\x07', '\u{202e}']), "{text:?}");
    }
    assert!(listed.stdout.contains("new\\nline") && listed.stdout.contains("caf\\xe9"), "{}", listed.stdout);
}

#[test]
fn s8_json_holds_every_name_exactly() {
    let scene = Scene::new();
    for name in HOSTILE {
        scene.a.file(name, "x");
    }
    let (_, objects) = scene.json("preview pair");
    let actions = of_type(&objects, "action");
    assert_eq!(actions.len(), HOSTILE.len());
    let with = |path: &str| actions.iter().find(|action| action["path"] == path).copied();
    assert!(with("new\nline").is_some_and(|action| action["path_base64"] == Value::Null), "{actions:?}");
    assert_eq!(with("caf\\xe9").map(|action| &action["path_base64"]), Some(&"Y2Fm6Q==".into()));
}

#[test]
fn s8_a_hostile_name_can_be_resolved_as_it_is_shown() {
    let scene = Scene::new();
    scene.a.file(b"caf\xe9", "left version");
    scene.b.file(b"caf\xe9", "right");
    scene.instep("sync pair").expect(5);
    scene.run(&["resolve", "pair", "caf\\xe9", "--keep", "a"]).expect(0);
    assert_eq!(scene.b.read(b"caf\xe9"), b"left version");
}

#[test]
fn folders_whose_own_names_are_hostile_are_remembered_exactly() {
    let scene = Scene::bare();
    scene.a.file(b"d\xff\n\x1b[1m/x", "x");
    let side = scene.a.at(b"d\xff\n\x1b[1m");
    let words = ["sync".as_ref(), side.as_os_str(), scene.b.path().as_os_str()];
    let first = scene.run(&words).expect(0);
    assert!(!format!("{}{}", first.stdout, first.stderr).contains('\x1b'), "{first:?}");
    assert_eq!(scene.b.read("x"), b"x");
    scene.run(&words).expect(0);
    let (_, items) = scene.json("list");
    assert_eq!(items.len(), 1);
    assert!(items[0]["a"]["path_base64"].as_str().is_some());
}
