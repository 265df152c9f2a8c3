//! The whole reference of the command line is one reviewed file: a change of it is a change that someone looks at.

#![expect(clippy::expect_used, reason = "a test that cannot start its program has failed")]

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// Set to rewrite the file: `INSTEP_UPDATE=1 cargo test -p instep --test help`.
const UPDATE: &str = "INSTEP_UPDATE";

fn help_of(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_instep"))
        .args(words)
        .arg("--help")
        .env_clear()
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The commands that the top page lists.
fn commands(top: &str) -> Vec<&str> {
    let list = top.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = list.take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").collect()
}

#[test]
fn the_help_is_the_reviewed_one() {
    let top = help_of(&[]);
    let mut all = format!("$ instep --help\n{top}");
    for command in commands(&top) {
        write!(all, "\n\n$ instep {command} --help\n{}", help_of(&[command])).expect("writing to a string");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/help.txt");
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, &all).expect("the file can be written");
    }
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = all.lines().zip(reviewed.lines()).find(|(now, then)| now != then);
    assert!(
        all == reviewed,
        "the help has changed (first at {differs:?}); if that is meant, set {UPDATE}=1 and review the diff"
    );
}
