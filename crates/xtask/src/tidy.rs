//! The house's rules as a test: arrows between crates only point down, and the pure crates stay pure.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::shell;

/// Which crates of ours each crate may name. Whatever stands here is on a lower floor.
const ARROWS: &[(&str, &[&str])] = &[
    ("syncmgr", &[]),
    ("reconcile", &["syncmgr"]),
    ("folders", &["reconcile", "syncmgr"]),
    ("store", &["syncmgr"]),
    ("settings", &["syncmgr"]),
    ("errand", &[]),
    ("secrets", &["errand", "settings"]),
    ("wire", &["syncmgr"]),
    ("center", &["settings", "store", "syncmgr"]),
    ("channels", &["center", "errand", "secrets", "settings", "syncmgr"]),
    ("adapters", &["syncmgr", "wire"]),
    ("detect", &["adapters", "settings", "wire"]),
    ("server", &["center", "secrets", "settings", "syncmgr", "wire"]),
    (
        "instep",
        &[
            "adapters",
            "center",
            "channels",
            "detect",
            "errand",
            "folders",
            "reconcile",
            "secrets",
            "server",
            "settings",
            "store",
            "syncmgr",
            "wire",
        ],
    ),
    ("instep-handler", &["syncmgr", "wire"]),
    ("testkit", &["reconcile", "syncmgr"]),
    ("xtask", &["folders"]),
    ("bench", &["adapters", "center", "instep-handler", "store", "syncmgr", "testkit"]),
];

/// Crates that must be callable from anywhere, with their world given as arguments.
const PURE: &[&str] = &["syncmgr", "reconcile"];

/// What a pure crate must not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "SystemTime",
    "Instant",
    "tokio",
    "serde",
];

pub(crate) fn run() -> Result<()> {
    let mut faults = arrows()?;
    for name in PURE {
        purity(&shell::root().join("crates").join(name).join("src"), &mut faults)?;
    }
    if !faults.is_empty() {
        bail!("the house is not tidy:\n  {}", faults.join("\n  "));
    }
    println!("tidy: every arrow points down, the pure crates are pure");
    Ok(())
}

/// Compares the dependencies between our crates with [`ARROWS`]. Tests may use more: `testkit` is for them.
fn arrows() -> Result<Vec<String>> {
    let metadata = shell::output(&["cargo", "metadata", "--format-version", "1", "--no-deps"])?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo metadata printed no JSON")?;
    let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?;
    let rules: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some(allowed) = rules.get(name) else {
            faults.push(format!("crate {name} has no rule: say in xtask's tidy.rs what it may name"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let to = dependency["name"].as_str().unwrap_or_default();
            let for_tests = dependency["kind"].as_str() == Some("dev");
            if rules.contains_key(to) && !allowed.contains(&to) && !for_tests {
                faults.push(format!("{name} must not depend on {to}"));
            }
        }
    }
    Ok(faults)
}

fn purity(dir: &Path, faults: &mut Vec<String>) -> Result<()> {
    for file in sources(dir)? {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        for (number, line) in text.lines().enumerate() {
            // What follows is the file's own tests; comments may name what the code must not.
            if line.trim_start().starts_with("#[cfg(test)]") {
                break;
            }
            let code = line.split("//").next().unwrap_or_default();
            for word in IMPURE {
                if names(code, word) {
                    faults.push(format!(
                        "{}:{}: a pure crate must not name {word}",
                        file.display(),
                        number + 1
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Whether `code` has `word` as a whole word.
fn names(code: &str, word: &str) -> bool {
    let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        !code[..at].chars().next_back().is_some_and(part_of_name)
            && !code[at + word.len()..].chars().next().is_some_and(part_of_name)
    })
}

fn sources(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_only_whole() {
        assert!(names("use std::fs;", "std::fs"));
        assert!(names("let t = Instant::now();", "Instant"));
        assert!(!names("let constant = InstantCoffee;", "Instant"));
    }

    #[test]
    fn the_house_is_tidy() {
        run().unwrap();
    }
}
