//! Syncthing's folders, with two of it on loopback: listed with nothing set up, paused, and their conflict copies settled
//! and taken back with the same commands as everything else.

use std::fs;

use testkit::syncthing::Syncthing;

use crate::scene::{Scene, wait_until};

const ITEM: &str = "syncthing:notes-id";

struct Pair {
    scene: Scene,
    here: Syncthing,
    there: Syncthing,
}

impl Pair {
    /// Both run, know each other, and have a file `two`.
    fn met() -> Self {
        let (mut here, mut there) = (Syncthing::new(), Syncthing::new());
        let scene = Scene::bare();
        let settings = format!("[collections.syncthing]\nhome = \"{}\"\n", here.settings().display());
        fs::write(scene.settings_file(), settings).expect("the home is ours");
        fs::write(here.folder().join("two"), "2").expect("it is ours");
        here.start(&there);
        there.start(&here);
        let pair = Self { scene, here, there };
        pair.until(0);
        assert_eq!(pair.there("two").as_deref(), Some("2"));
        pair
    }

    /// Synchronizes until it comes to that.
    fn until(&self, code: i32) {
        wait_until(|| self.scene.instep(&format!("sync {ITEM}")).code == Some(code));
    }

    fn here(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.here.folder().join(name)).ok()
    }

    fn there(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.there.folder().join(name)).ok()
    }

    /// Both change `two` while they do not hear of each other; gives the name of the copy that comes of it.
    fn disagree(&self) -> String {
        self.scene.instep(&format!("disable {ITEM}")).expect(0);
        fs::write(self.here.folder().join("two"), "ours").expect("it is ours");
        fs::write(self.there.folder().join("two"), "theirs, and longer").expect("it is ours");
        self.there.rescan();
        self.scene.instep(&format!("enable {ITEM}")).expect(0);
        self.until(5);
        self.copy().expect("there is a copy")
    }

    fn copy(&self) -> Option<String> {
        let names = fs::read_dir(self.here.folder()).expect("it is there");
        let names = names.map(|entry| entry.expect("it can be read").file_name());
        let mut names = names.map(|name| name.to_string_lossy().into_owned());
        names.find(|name| name.contains(".sync-conflict-"))
    }

    fn open(&self) -> Vec<String> {
        let (_, objects) = self.scene.json(&format!("conflicts {ITEM}"));
        objects.iter().map(|one| one["path"].as_str().expect("it has a path").to_owned()).collect()
    }
}

#[test]
fn s7_a_conflict_copy_of_syncthing_is_settled_with_the_loser_in_the_trash_and_taken_back() {
    let pair = Pair::met();
    let copy = pair.disagree();
    let (kept, lost) =
        (pair.here("two").expect("one won"), pair.here(&copy).expect("the other is beside it"));
    assert_eq!(pair.open(), ["two"]);
    pair.scene.instep(&format!("conflicts {ITEM}")).expect(0).says(&["two", "Syncthing"]);

    // The copy is to be the file.
    pair.scene.instep(&format!("resolve {ITEM} two --keep b")).expect(0);
    assert_eq!((pair.here("two").as_deref(), pair.copy()), (Some(lost.as_str()), None));
    assert!(pair.open().is_empty());
    let trash = pair.here.folder().join(".instep/trash");
    let runs: Vec<_> = fs::read_dir(&trash).expect("there is trash").flatten().collect();
    assert_eq!(runs.len(), 1);
    assert_eq!(fs::read_to_string(runs[0].path().join("two")).expect("the loser is in it"), kept);

    // Syncthing heard of it at once, and brings the others the file, never our trash.
    wait_until(|| pair.there("two").as_deref() == Some(&lost) && pair.there(&copy).is_none());
    assert!(!pair.there.folder().join(".instep").exists());
    let ignored = pair.here(".stignore").expect("it was told what is ours");
    assert!(ignored.lines().any(|line| line == "/.instep"), "{ignored}");

    // And back: both are there again, and the conflict is open.
    pair.scene.instep("undo last").expect(0);
    assert_eq!((pair.here("two"), pair.here(&copy)), (Some(kept.clone()), Some(lost)));
    assert_eq!(pair.open(), ["two"]);
    wait_until(|| pair.there("two").as_deref() == Some(&kept) && pair.there(&copy).is_some());

    // Settled the other way, with what was ignored before left as it is.
    pair.scene.instep(&format!("resolve {ITEM} --all --keep a --yes")).expect(0);
    assert_eq!((pair.here("two").as_deref(), pair.copy()), (Some(kept.as_str()), None));
    assert_eq!(pair.here(".stignore").expect("it is still there"), ignored);
    pair.until(0);
    assert_eq!(pair.there("two").as_deref(), Some(kept.as_str()));
}

#[test]
fn s1_a_copy_that_was_changed_since_it_was_listed_is_not_settled() {
    let pair = Pair::met();
    let copy = pair.disagree();
    fs::write(pair.here.folder().join(&copy), "edited meanwhile").expect("it is ours");
    pair.scene.instep(&format!("resolve {ITEM} two --keep a")).expect(1).says(&["changed since"]);
    assert_eq!(pair.here(&copy).as_deref(), Some("edited meanwhile"));
    // As it is now it is listed, and can be settled.
    assert_eq!(pair.open(), ["two"]);
    pair.scene.instep(&format!("resolve {ITEM} two --keep both")).expect(0);
    assert_eq!(pair.copy(), None);
    assert!(pair.here("two").is_some() && pair.open().is_empty());
    let mut pair = pair;
    pair.here.stop();
    pair.scene.instep(&format!("sync {ITEM}")).expect(7).says(&["does not answer"]);
}
