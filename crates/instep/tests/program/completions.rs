//! What shells offer when somebody types TAB: each shell itself is asked, with the script that `instep completions` prints.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::scene::Scene;

/// Puts the words of a command line, the last one not yet finished, before each shell's own machinery.
const SHELLS: [(&str, &str); 3] = [
    (
        "bash",
        r#"source <(instep completions bash)
           COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
           function=$(complete -p instep); function=${function#*-F }
           "${function%% *}" instep "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" || exit 1
           printf '%s\n' "${COMPREPLY[@]}""#,
    ),
    (
        "zsh",
        r#"compdef() { function=$1 }
           _describe() { for name; do [[ $name =~ ^[a-z_]+$ && ${(Pt)name} == *array* ]] && print -l -- ${(P)name}; done; true }
           source <(instep completions zsh)
           words=("$@"); CURRENT=$#; $function"#,
    ),
    ("fish", r#"instep completions fish | source; complete --do-complete "$argv""#),
];

/// What a shell offers, without what it says about it.
fn offered(scene: &Scene, (shell, script): (&str, &str), line: &str) -> Vec<String> {
    let words = line.split(' ').map(str::to_owned);
    let bin = Path::new(env!("CARGO_BIN_EXE_instep")).parent().expect("it is somewhere");
    let mut command = Command::new(shell);
    match shell {
        "fish" => command.args(["--no-config", "-c", script]),
        "zsh" => command.args(["-f", "-c", script, "zsh"]),
        _ => command.args(["--norc", "-c", script, "bash"]),
    };
    let ours = scene.command::<&str>(&[]);
    let env = ours.get_envs().filter_map(|(key, value)| Some((key, value?)));
    let output = command
        .args(words)
        .env_clear()
        .envs(env)
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .current_dir(scene.home().join("me"))
        .output()
        .unwrap_or_else(|error| panic!("{shell}: {error}; `cargo xtask test` installs it"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{shell}: {} {said}", output.status);
    let word = |line: &str| {
        line.split(['\t', ':']).next().unwrap_or_default().trim().trim_end_matches('/').to_owned()
    };
    let words = String::from_utf8_lossy(&output.stdout).lines().map(word).collect::<Vec<_>>();
    words.into_iter().filter(|word| !word.is_empty()).collect()
}

#[test]
fn shells_offer_commands_options_items_jobs_channels_and_folders() {
    let scene = Scene::bare();
    for folder in ["me", "me/photos-old"] {
        fs::create_dir(scene.home().join(folder)).expect("the home is ours");
    }
    fs::write(
        scene.settings_file(),
        "[items.photos]\nname = 'My photos'\na = '/a'\nb = '/b'\n[items.music]\na = '/c'\nb = '/d'\n\
         [channels.phone]\nkind = 'ntfy'\ntopic = 'x'\n",
    )
    .expect("the home is ours");
    scene.instep("run nightly -- true").expect(0);
    for shell in SHELLS {
        let offers = |line: &str| offered(&scene, shell, line);
        assert_eq!(offers("instep sta"), ["status"], "{}", shell.0);
        assert_eq!(offers("instep sync --appr"), ["--approve"], "{}", shell.0);
        assert_eq!(offers("instep sync mu"), ["music"], "{}", shell.0);
        let mut mixed = offers("instep sync photos");
        mixed.sort();
        assert_eq!(mixed, ["photos", "photos-old"], "{}", shell.0);
        assert_eq!(offers("instep results nigh"), ["nightly"], "{}", shell.0);
        assert_eq!(offers("instep alerts test ph"), ["phone"], "{}", shell.0);
        assert_eq!(offers("instep resolve mus"), ["music"], "{}", shell.0);
        assert_eq!(offers("instep sync zebra"), Vec::<String>::new(), "{}", shell.0);
    }
}

#[test]
fn nothing_is_made_by_somebody_who_only_looks_what_there_is() {
    let scene = Scene::bare();
    fs::create_dir(scene.home().join("me")).expect("the home is ours");
    assert!(offered(&scene, SHELLS[0], "instep status ").iter().all(|word| word.starts_with('-')));
    let left: Vec<_> = fs::read_dir(scene.home()).expect("it is there").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}
