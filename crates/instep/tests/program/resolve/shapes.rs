//! The shapes that conflicts have, and what came of them.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use testkit::{Entry, Folding, Folds, Tree};

use crate::scene::Scene;

/// What a test does to both sides after they agreed on `base` (given to the first).
pub(super) struct Shape {
    pub(super) name: &'static str,
    /// Lines of the item's settings.
    pub(super) settings: &'static str,
    pub(super) before: fn(&Scene),
    /// Both sides come apart.
    pub(super) apart: fn(&Scene),
    pub(super) path: &'static str,
    pub(super) kind: &'static str,
    /// Where B's version is, if that is not the contested path.
    pub(super) at_b: Option<&'static str>,
    /// The choices that settle it; all others leave it as it is.
    pub(super) settles: &'static [&'static str],
    /// Whose version is the newest and whose the largest, where there is one such.
    pub(super) greatest: [char; 2],
    /// What B takes for one name.
    pub(super) folds: Option<Folds>,
}

/// A shape without a name, to be filled in.
pub(super) const SHAPE: Shape = Shape {
    name: "",
    settings: "",
    before: NOTHING,
    apart: NOTHING,
    path: "",
    kind: "",
    at_b: None,
    settles: &[],
    greatest: ['a', 'b'],
    folds: None,
};

pub(super) const NOTHING: fn(&Scene) = |_| {};
pub(super) const CHOICES: [&str; 8] = [
    "--keep a",
    "--keep b",
    "--keep both",
    "--keep newest",
    "--keep largest",
    "--keep merge",
    "--leave-out",
    "--file F",
];
pub(super) const ALL_BUT_MERGE: &[&str] =
    &["--keep a", "--keep b", "--keep both", "--keep newest", "--keep largest", "--leave-out", "--file F"];
pub(super) const ALL: &[&str] = &CHOICES;
pub(super) const ALL_OF_NAMES: &[&str] =
    &["--keep a", "--keep b", "--keep both", "--keep newest", "--keep largest", "--leave-out"];

pub(super) fn edit_both(scene: &Scene, path: &str) {
    scene.a.file(path, "one, left\ntwo\nthree\nfour\n").mtime(path, 1_700_000_000, 7);
    scene.b.file(path, "one\ntwo\nthree\nfour, on the right side\n").mtime(path, 1_600_000_000, 7);
}

pub(super) fn shapes() -> Vec<Shape> {
    vec![
        Shape {
            name: "edit against edit",
            before: |scene| {
                scene.a.file("dir/x.txt", "one\ntwo\nthree\nfour\n");
            },
            apart: |scene| edit_both(scene, "dir/x.txt"),
            path: "dir/x.txt",
            kind: "edit-edit",
            settles: ALL,
            ..SHAPE
        },
        Shape {
            name: "create against create",
            apart: |scene| edit_both(scene, "dir/new"),
            path: "dir/new",
            kind: "create-create",
            settles: ALL_BUT_MERGE,
            ..SHAPE
        },
        Shape {
            name: "file against directory",
            apart: |scene| {
                scene.a.file("x", "file");
                scene.b.file("x/deep/inside", "tree");
            },
            path: "x",
            kind: "kind",
            settles: &["--keep a", "--keep b", "--keep both", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "link against file",
            before: |scene| {
                scene.a.file("x", "was a file");
            },
            apart: |scene| {
                scene.a.file("x", "edited, still a file").mtime("x", 1_600_000_000, 7);
                std::fs::remove_file(scene.b.at("x")).unwrap();
                std::os::unix::fs::symlink("elsewhere", scene.b.at("x")).unwrap();
            },
            path: "x",
            kind: "kind",
            greatest: ['b', 'a'],
            settles: &[
                "--keep a",
                "--keep b",
                "--keep both",
                "--keep newest",
                "--keep largest",
                "--leave-out",
            ],
            ..SHAPE
        },
        Shape {
            name: "edit against deletion",
            settings: "ask = ['deletions']\n",
            before: |scene| {
                scene.a.file("dir/x", "base").file("dir/stays", "s");
            },
            apart: |scene| {
                scene.a.file("dir/x", "edited after all");
                std::fs::remove_file(scene.b.at("dir/x")).unwrap();
            },
            path: "dir/x",
            kind: "edit-delete",
            greatest: ['a', 'a'],
            settles: &["--keep a", "--keep b", "--keep newest", "--keep largest", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "deleted directory against new content in it",
            settings: "ask = ['deletions']\n",
            before: |scene| {
                scene.b.file("dir/in/old", "base").file("other", "o");
            },
            apart: |scene| {
                std::fs::remove_dir_all(scene.a.at("dir")).unwrap();
                scene.b.file("dir/in/new", "news");
            },
            path: "dir/in/new",
            kind: "edit-delete",
            greatest: ['b', 'b'],
            settles: &["--keep a", "--keep b", "--keep newest", "--keep largest", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "permissions against permissions",
            settings: "ask = ['permissions']\n",
            before: |scene| {
                scene.a.file("x", "base");
            },
            apart: |scene| {
                let set = |path, mode| {
                    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
                };
                set(scene.a.at("x"), 0o600);
                set(scene.b.at("x"), 0o640);
            },
            path: "x",
            kind: "metadata",
            settles: &["--keep a", "--keep b", "--leave-out"],
            ..SHAPE
        },
        Shape {
            name: "names that differ in case",
            before: |scene| {
                scene.a.file("d/readme", "the old one, which is longer");
            },
            apart: |scene| {
                scene.a.file("d/README", "the new one").mtime("d/README", 4_000_000_000, 7);
            },
            path: "d/README",
            at_b: Some("d/readme"),
            kind: "name-clash",
            settles: ALL_OF_NAMES,
            folds: Some(Folds::Case),
            ..SHAPE
        },
        Shape {
            name: "names that differ in composition",
            before: |scene| {
                scene.b.file("caf\u{e9}.txt", "composed, and longer");
            },
            apart: |scene| {
                scene.a.file("cafe\u{301}.txt", "decomposed").mtime("cafe\u{301}.txt", 4_000_000_000, 7);
            },
            path: "cafe\u{301}.txt",
            at_b: Some("caf\u{e9}.txt"),
            kind: "name-clash",
            settles: ALL_OF_NAMES,
            folds: Some(Folds::Composition),
            ..SHAPE
        },
    ]
}

pub(super) type Trees = (BTreeMap<Vec<u8>, Entry>, BTreeMap<Vec<u8>, Entry>);

pub(super) fn trees(scene: &Scene) -> Trees {
    let files = |tree: &testkit::Tree| {
        let mut entries = tree.entries();
        // Directories take their times from what happens in them, and one that is left empty is no version of anything.
        entries.retain(|_, entry| !matches!(entry, Entry::Dir(_)));
        entries
    };
    (files(&scene.a), files(&scene.b))
}

/// The folder on a file system of its own comes first: it must be gone before that is.
pub(super) struct Set {
    pub(super) scene: Scene,
    pub(super) _folding: Option<Folding>,
}

/// None where the shape needs a file system that cannot be mounted here.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(super) fn set_up_on(shape: &Shape) -> Option<Set> {
    let folding = match shape.folds.map(Folding::mount) {
        None => None,
        Some(Ok(folding)) => Some(folding),
        Some(Err(error)) => {
            eprintln!("skipped: {} needs a file system in user space: {error}", shape.name);
            return None;
        }
    };
    let b = folding.as_ref().map_or_else(Tree::new, |folding| Tree::in_dir(folding.path()));
    let scene = Scene::with_b(b);
    scene.set_of_item(shape.settings);
    (shape.before)(&scene);
    scene.instep("sync pair --yes").expect(0);
    (shape.apart)(&scene);
    scene.instep("sync pair --yes").expect(5);
    let (_, open) = scene.json("conflicts pair");
    assert_eq!(open.len(), 1, "{}: {open:?}", shape.name);
    assert_eq!(
        (&open[0]["path"], &open[0]["kind"]),
        (&shape.path.into(), &shape.kind.into()),
        "{}",
        shape.name
    );
    Some(Set { scene, _folding: folding })
}

/// One of those that need nothing.
pub(super) fn set_up(shape: &Shape) -> Scene {
    set_up_on(shape).unwrap().scene
}

/// What is in a file, or where a link points.
pub(super) fn content(entry: &Entry) -> Vec<u8> {
    match entry {
        Entry::File(content, ..) => content.clone(),
        other => format!("{other:?}").into_bytes(),
    }
}

/// All that is at a path, or beneath it, by what comes after the path.
pub(super) fn beneath(tree: &BTreeMap<Vec<u8>, Entry>, path: &str) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let entries = tree.iter().filter_map(|(at, entry)| {
        let rest = at.strip_prefix(path.as_bytes())?;
        (rest.is_empty() || rest.starts_with(b"/")).then(|| (rest.to_vec(), content(entry)))
    });
    entries.collect()
}

pub(super) fn trash_of(tree: &Tree) -> BTreeMap<Vec<u8>, Entry> {
    let trash = tree.at(".instep/trash");
    if trash.exists() { testkit::tree_of(&trash) } else { BTreeMap::new() }
}
