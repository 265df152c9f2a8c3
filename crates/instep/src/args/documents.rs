//! Whatever the documents tell people to type can be typed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Parser;
use clap::error::ErrorKind;

use super::Cli;

fn documents() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = fs::read_dir(root.join("docs")).unwrap().flatten().map(|entry| entry.path());
    let mut paths: Vec<PathBuf> =
        docs.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    paths.push(root.join("README.md"));
    paths.sort();
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// What a document has for a shell: its blocks, and the commands in its sentences and tables (true: which may only be
/// named there).
fn scripts(text: &str) -> Vec<(String, bool)> {
    let mut scripts = Vec::new();
    let mut block: Option<(&str, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut block) {
            (Some(_), Some((language, script))) => {
                if ["sh", "console"].contains(language) {
                    scripts.push((std::mem::take(script), false));
                }
                block = None;
            }
            (Some(language), None) => block = Some((language, String::new())),
            (None, Some(("console", script))) => {
                if let Some(typed) = line.strip_prefix("$ ") {
                    script.push_str(&format!("{typed}\n"));
                }
            }
            (None, Some((_, script))) => script.push_str(&format!("{line}\n")),
            (None, None) => {
                let code = line.split('`').skip(1).step_by(2);
                // What ends so is the beginning of something, or anything.
                let whole =
                    |code: &&str| !code.ends_with("--") && !code.contains("...") && !code.contains("COMMAND");
                scripts.extend(
                    code.filter(|code| code.starts_with("instep "))
                        .filter(whole)
                        .map(|code| (code.to_owned(), true)),
                );
            }
        }
    }
    scripts
}

/// The command lines of ours in a script, as a shell takes them apart. Nothing is run: there is no program to be found.
fn command_lines(script: &str) -> Vec<Vec<String>> {
    let home = tempfile::tempdir().unwrap();
    let lines = home.path().join("lines");
    let whole = format!(
        "exec 3>lines\ninstep() {{ printf '%s\\0' instep \"$@\" >&3; printf '\\n\\0' >&3; echo continue; }}\n\
         ls() {{ :; }}\nwc() {{ echo 3; }}\n{script}"
    );
    Command::new("/bin/sh")
        .args(["-c", &whole])
        .env_clear()
        .env("PATH", "/nonexistent")
        .env("HOME", home.path())
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    let said = fs::read_to_string(lines).unwrap_or_default();
    let words: Vec<&str> = said.split_terminator('\0').collect();
    let lines = words.split(|word| *word == "\n").filter(|line| !line.is_empty());
    lines.map(|line| line.iter().map(|word| (*word).to_owned()).collect()).collect()
}

fn is_only_named(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

#[test]
fn every_command_that_the_documents_show_can_be_typed() {
    let mut count = 0;
    let mut wrong = Vec::new();
    for (name, text) in documents() {
        let scripts = scripts(&text);
        let lines = scripts
            .iter()
            .flat_map(|(script, named)| command_lines(script).into_iter().map(|line| (line, *named)));
        for (line, named) in lines {
            count += 1;
            if let Err(error) = Cli::try_parse_from(&line)
                && !matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion)
                && !(named && is_only_named(error.kind()))
            {
                wrong.push(format!(
                    "{name}: {}\n  {}",
                    line.join(" "),
                    error.to_string().lines().next().unwrap()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 60, "they were found: {count}");
}
