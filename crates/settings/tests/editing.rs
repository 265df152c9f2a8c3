//! The settings file is edited as a careful person would: nothing but what was asked for changes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use settings::edit::Change;
use settings::{Error, SettingsFile};
use syncmgr::ItemId;
use toml_edit::{Item, Table, value};

const TEXT: &str = "# mine\n[items.z] # last letter\na = '/p' # here\nb = '/q'\n\n# the first\n[items.a]\na = '/r'\nb = '/s'\n";

struct Scene {
    dir: tempfile::TempDir,
    file: SettingsFile,
}

impl Scene {
    fn new(text: Option<&str>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("c/instep.toml");
        if let Some(text) = text {
            fs::create_dir(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        let file = SettingsFile::new(path, dir.path().join("lock"), Arc::new(|_| Vec::new()));
        Self { dir, file }
    }

    fn path(&self) -> &Path {
        self.file.path()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).unwrap()
    }

    fn only_file(&self) -> Vec<PathBuf> {
        fs::read_dir(self.path().parent().unwrap()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

fn id(text: &str) -> ItemId {
    ItemId::new(text).unwrap()
}

fn photos() -> Table {
    let mut table = Table::new();
    table["a"] = value("/x/a");
    table["b"] = value("/x/b");
    table
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_new_file_is_the_owners_alone() {
    let scene = Scene::new(None);
    scene.file.edit().unwrap().add_item(&id("photos"), photos()).unwrap();
    assert_eq!(scene.text(), "[items.photos]\na = \"/x/a\"\nb = \"/x/b\"\n");
    assert_eq!((mode(scene.path()), mode(scene.path().parent().unwrap())), (0o600, 0o700));
}

#[test]
fn comments_order_and_permissions_stay() {
    let scene = Scene::new(Some(TEXT));
    fs::set_permissions(scene.path(), fs::Permissions::from_mode(0o640)).unwrap();
    let mut editor = scene.file.edit().unwrap();
    editor.add_item(&id("photos"), photos()).unwrap();
    editor.remove_item(&id("photos")).unwrap();
    assert_eq!(scene.text(), TEXT);
    assert_eq!(mode(scene.path()), 0o640);
    assert_eq!(scene.only_file(), [scene.path()]);
}

#[test]
fn a_key_is_set_where_it_stands_and_keeps_its_comment() {
    let scene = Scene::new(Some(TEXT));
    let mut editor = scene.file.edit().unwrap();
    editor.set(&["items", "z", "a"], Some(value("/new"))).unwrap();
    editor.set(&["items", "a", "name"], Some(value("First"))).unwrap();
    let expected = TEXT.replace("'/p'", "\"/new\"") + "name = \"First\"\n";
    assert_eq!(scene.text(), expected);
    editor.set(&["items", "a", "name"], None).unwrap();
    editor.set(&["items", "unheard-of", "name"], None).unwrap();
    editor.set(&["stop", "grace"], Some(value("3s"))).unwrap();
    assert_eq!(scene.text(), TEXT.replace("'/p'", "\"/new\"") + "\n[stop]\ngrace = \"3s\"\n");
}

#[test]
fn an_edit_that_makes_no_sense_is_not_written() {
    let scene = Scene::new(Some(TEXT));
    let mut editor = scene.file.edit().unwrap();
    let wrong = editor.set(&["stop", "grace"], Some(value("soon"))).unwrap_err();
    assert!(matches!(&wrong, Error::Wrong { mistakes, .. } if mistakes[0].text.contains("soon")), "{wrong}");
    assert!(matches!(editor.set(&["items", "a", "a", "x"], Some(value(1))), Err(Error::NoSuchPlace(_))));
    assert!(matches!(editor.set(&[], Some(value(1))), Err(Error::NoSuchPlace(_))));
    assert!(matches!(editor.replace("[items"), Err(Error::Wrong { .. })));
    assert_eq!(scene.text(), TEXT);
    // What was refused is forgotten: the next edit writes only what it says itself.
    editor.set(&["results", "keep_days"], Some(value(10))).unwrap();
    assert!(!scene.text().contains("grace"));
}

#[test]
fn what_somebody_else_wrote_meanwhile_is_not_overwritten() {
    let scene = Scene::new(Some(TEXT));
    let mut editor = scene.file.edit().unwrap();
    let other = format!("{TEXT}[stop]\ngrace = '1s'\n");
    fs::write(scene.path(), &other).unwrap();
    let refused = editor.set(&["results", "keep_days"], Some(value(10)));
    assert!(matches!(refused, Err(Error::Changed { .. })));
    assert_eq!(scene.text(), other);
}

#[test]
fn who_saw_an_older_text_is_told() {
    let scene = Scene::new(Some(TEXT));
    let seen = scene.file.load().unwrap();
    assert!(!scene.file.changed(&seen));
    fs::write(scene.path(), "").unwrap();
    assert!(scene.file.changed(&seen));
    assert!(matches!(scene.file.edit().unwrap().expect(&seen.digest), Err(Error::Changed { .. })));
    let now = scene.file.load().unwrap();
    assert!(scene.file.edit().unwrap().expect(&now.digest).is_ok());
}

#[test]
fn a_file_that_vanished_or_cannot_be_read_says_so() {
    let scene = Scene::new(Some(TEXT));
    let seen = scene.file.load().unwrap();
    fs::remove_file(scene.path()).unwrap();
    assert!(scene.file.changed(&seen));
    fs::create_dir(scene.path()).unwrap();
    assert!(!scene.file.changed(&seen), "what was read last still holds");
    assert!(matches!(scene.file.load(), Err(Error::Read { .. })));
}

#[test]
fn a_linked_file_stays_a_link() {
    let scene = Scene::new(Some(""));
    let real = scene.dir.path().join("dotfiles.toml");
    fs::write(&real, "# mine\n").unwrap();
    fs::remove_file(scene.path()).unwrap();
    std::os::unix::fs::symlink(&real, scene.path()).unwrap();
    let mut editor = scene.file.edit().unwrap();
    editor.add_item(&id("photos"), photos()).unwrap();
    assert!(fs::symlink_metadata(scene.path()).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().starts_with("# mine\n"));
    editor.remove_item(&id("photos")).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "# mine\n");
}

#[test]
fn a_link_of_another_user_is_not_followed() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can make a link look like somebody else's.
    }
    let scene = Scene::new(Some(""));
    let real = scene.dir.path().join("precious");
    fs::write(&real, "").unwrap();
    fs::remove_file(scene.path()).unwrap();
    std::os::unix::fs::symlink(&real, scene.path()).unwrap();
    std::os::unix::fs::lchown(scene.path(), Some(12345), None).unwrap();
    let refused = scene.file.edit().unwrap().add_item(&id("photos"), photos());
    assert!(matches!(refused, Err(Error::ForeignLink { .. })));
    assert_eq!(fs::read_to_string(&real).unwrap(), "");
}

#[test]
fn two_editors_wait_for_each_other() {
    let scene = Scene::new(None);
    std::thread::scope(|scope| {
        for item in ["p1", "p2", "p3", "p4", "p5", "p6"] {
            let file = &scene.file;
            scope.spawn(move || file.edit().unwrap().add_item(&id(item), photos()).unwrap());
        }
    });
    assert_eq!(scene.file.load().unwrap().items.len(), 6);
}

#[test]
fn inline_tables_are_edited_like_others() {
    let scene = Scene::new(Some("items = { x = { a = '/a', b = '/b' } }\n"));
    let mut editor = scene.file.edit().unwrap();
    editor.set(&["items", "x", "name"], Some(Item::from(toml_edit::Value::from("X")))).unwrap();
    assert_eq!(editor.settings().items[0].name, "X");
    editor.remove_item(&id("x")).unwrap();
    assert_eq!(scene.file.load().unwrap().items.len(), 0);
}

#[test]
fn the_tables_of_a_list_are_edited_one_by_one_and_their_comments_stay() {
    let text = "# all\n[[alerts]] # first\nstate = 'failed' # bad\n\n# old\n[[alerts]]\nage = '2d'\n";
    let scene = Scene::new(Some(text));
    let mut editor = scene.file.edit().unwrap();
    editor.set(&["alerts", "0", "remind"], Some(value("1d"))).unwrap();
    editor.set(&["alerts", "1", "age"], Some(value("3d"))).unwrap();
    editor.set(&["alerts", "2", "event"], Some(value("error"))).unwrap();
    let wanted = "# all\n[[alerts]] # first\nstate = 'failed' # bad\nremind = \"1d\"\n\n# old\n[[alerts]]\nage = \"3d\"\n\n[[alerts]]\nevent = \"error\"\n";
    assert_eq!(scene.text(), wanted);
    for beyond in [["alerts", "7", "age"], ["alerts", "first", "age"]] {
        assert!(matches!(editor.set(&beyond, Some(value("1d"))), Err(Error::NoSuchPlace(_))), "{beyond:?}");
    }
    editor.set(&["alerts", "0"], None).unwrap();
    editor.set(&["alerts", "1"], None).unwrap();
    editor.set(&["alerts", "9"], None).unwrap();
    assert_eq!(editor.settings().alerts.len(), 1);
}

#[test]
fn a_list_that_is_written_in_one_line_stays_so_and_is_edited_the_same() {
    let scene = Scene::new(Some("alerts = [{ state = 'failed' }, { age = '2d' }] # all of them\n"));
    let mut editor = scene.file.edit().unwrap();
    editor.set(&["alerts", "0", "remind"], Some(value("1d"))).unwrap();
    let mut table = Table::new();
    table["age"] = value("3d");
    editor.set(&["alerts", "1"], Some(Item::Table(table.clone()))).unwrap();
    editor.set(&["alerts", "2"], Some(Item::Table(table))).unwrap();
    editor.set(&["alerts", "3", "event"], Some(value("error"))).unwrap();
    let wanted = "alerts = [{ state = 'failed', remind = \"1d\" }, { age = \"3d\" }, { age = \"3d\" }, { event = \"error\" }] # all of them\n";
    assert_eq!(scene.text(), wanted);
    for beyond in [["alerts", "7", "age"], ["alerts", "first", "age"]] {
        assert!(matches!(editor.set(&beyond, Some(value("1d"))), Err(Error::NoSuchPlace(_))), "{beyond:?}");
    }
    editor.set(&["alerts", "0"], None).unwrap();
    editor.set(&["alerts", "9"], None).unwrap();
    assert_eq!(editor.settings().alerts.len(), 3);
}

#[test]
fn the_first_table_of_a_list_makes_the_list() {
    let scene = Scene::new(None);
    let mut table = Table::new();
    table["state"] = value("failed");
    scene.file.edit().unwrap().set(&["alerts", "0"], Some(Item::Table(table))).unwrap();
    assert_eq!(scene.text(), "[[alerts]]\nstate = \"failed\"\n");
}

#[test]
fn several_changes_are_made_all_or_none() {
    let scene = Scene::new(Some(TEXT));
    let change = |path: &[&str], to: &str| Change {
        path: path.iter().map(|key| (*key).to_owned()).collect(),
        value: Some(value(to)),
    };
    let mut editor = scene.file.edit().unwrap();
    for impossible in [change(&["items", "a", "a", "deep"], "x"), change(&["nonsense"], "x")] {
        let good = change(&["items", "z", "a"], "/new");
        assert!(editor.set_all([good, impossible]).is_err());
        assert_eq!(scene.text(), TEXT);
    }
    editor.set(&["items", "a", "b"], Some(value("/s2"))).unwrap();
    assert_eq!(scene.text(), TEXT.replace("b = '/s'", "b = \"/s2\""));
}
