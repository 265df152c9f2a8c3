//! Running other programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The top of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The crate stands two levels below the top.
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// A command that runs at the top of the repository.
pub(crate) fn command(words: &[&str]) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).current_dir(root());
    command
}

/// Runs a command with our own output; an error when it does not succeed.
pub(crate) fn run(words: &[&str]) -> Result<()> {
    println!("$ {}", words.join(" "));
    let status = command(words).status().with_context(|| format!("cannot start {}", words[0]))?;
    if !status.success() {
        bail!("`{}` failed ({status})", words.join(" "));
    }
    Ok(())
}

/// Whether a command starts and succeeds.
pub(crate) fn succeeds(words: &[&str]) -> bool {
    command(words)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// What a command prints.
pub(crate) fn output(words: &[&str]) -> Result<String> {
    let output = command(words).output().with_context(|| format!("cannot start {}", words[0]))?;
    if !output.status.success() {
        bail!(
            "`{}` failed ({}): {}",
            words.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Installs what is missing from the system's packages; each with how to see that it is there. Without a tool its tests fail:
/// none is passed over in silence.
pub(crate) fn packages(tools: &[(&str, &[&str])]) -> Result<()> {
    let missing = || -> Vec<&str> {
        tools.iter().filter(|(_, there)| !succeeds(there)).map(|(package, _)| *package).collect()
    };
    let wanted = missing();
    if !wanted.is_empty() {
        println!("installing from the system's packages: {}", wanted.join(", "));
        succeeds(&["apt-get", "update", "--quiet"]);
        let install = ["apt-get", "install", "--yes", "--no-install-recommends"];
        succeeds(&[&install[..], &wanted].concat());
        let left = missing();
        if !left.is_empty() {
            bail!("tests need these, and they could not be installed: {}", left.join(", "));
        }
    }
    Ok(())
}

/// Makes sure that a cargo subcommand is there, building it from its source if need be.
pub(crate) fn cargo_tool(subcommand: &str, package: &str) -> Result<()> {
    if succeeds(&["cargo", subcommand, "--version"]) {
        return Ok(());
    }
    println!("cargo {subcommand} is missing: installing {package}");
    run(&["cargo", "install", "--locked", package])
}
