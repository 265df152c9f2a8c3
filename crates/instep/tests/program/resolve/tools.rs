//! Merging in other programs, and versions that move on while a person looks at them.

use super::shapes::{set_up, shapes, trees};

#[test]
fn s1_a_version_edited_or_removed_after_it_was_shown_is_left_alone_and_shown_again() {
    for remove in [false, true] {
        let scene = set_up(&shapes()[0]);
        // The tool is where a person looks longest: meanwhile the other side goes on.
        let path = scene.b.at("dir/x.txt");
        let meanwhile = if remove {
            format!("rm '{}'", path.display())
        } else {
            format!("echo more >> '{}'", path.display())
        };
        let tool = format!("cp $LOCAL $MERGED; {meanwhile}");
        let words = ["resolve", "pair", "dir/x.txt", "--tool", &tool];
        scene.run(&words).expect(1).says(&["changed since it was shown"]);
        assert_eq!(scene.a.read("dir/x.txt"), b"one, left\ntwo\nthree\nfour\n");
        if !remove {
            assert!(scene.b.read("dir/x.txt").ends_with(b"more\n"));
            let (_, open) = scene.json("conflicts");
            assert_eq!(open[0]["b"]["size"], scene.b.read("dir/x.txt").len());
            scene.instep("resolve pair dir/x.txt --keep b").expect(0);
            assert!(scene.a.read("dir/x.txt").ends_with(b"more\n"));
        }
    }
}

#[test]
fn a_tool_merges_with_the_files_that_git_would_give_it() {
    let scene = set_up(&shapes()[0]);
    let tool = "test \"$(basename $LOCAL)\" = LOCAL.txt && cat $BASE $LOCAL $REMOTE > $MERGED";
    scene.run(&["resolve", "pair", "dir/x.txt", "--tool", tool]).expect(0);
    let merged = String::from_utf8(scene.a.read("dir/x.txt")).unwrap();
    assert_eq!(merged.lines().count(), 12);
    assert!(merged.starts_with("one\ntwo\nthree\nfour\none, left\n"));
    scene.assert_same_files("merged");
    scene.instep("undo last").expect(0);
    assert_eq!(scene.json("conflicts").1.len(), 1);
}

#[test]
fn a_tool_that_fails_hangs_writes_nothing_or_is_missing_loses_nothing() {
    for (settings, tool, why) in [
        ("", "echo bad > $MERGED; exit 3", "exit code 3"),
        ("", "kill -9 $$", "signal 9"),
        ("", "rm $MERGED", "left no merge"),
        ("", ": > $MERGED", "empty"),
        ("", "no-such-program-anywhere", "exit code 127"),
        ("trust_exit_code = false\n", "true", "changed nothing"),
        ("time_limit = '200ms'\n", "sleep 600", "was ended after"),
    ] {
        let scene = set_up(&shapes()[0]);
        scene.append_settings(&format!("[merge]\n{settings}"));
        let before = trees(&scene);
        scene.run(&["resolve", "pair", "dir/x.txt", "--tool", tool]).expect(5).says(&[why]);
        assert_eq!(trees(&scene), before, "{tool}");
        assert_eq!(scene.json("conflicts").1.len(), 1, "{tool}");
    }
    let scene = set_up(&shapes()[0]);
    scene.append_settings("[merge]\ntool = 'cat $REMOTE > $MERGED; false'\ntrust_exit_code = false\n");
    scene.instep("resolve pair --all --tool").expect(0);
    assert_eq!(scene.a.read("dir/x.txt"), scene.b.read("dir/x.txt"));
}
