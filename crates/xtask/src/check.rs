//! Everything about the sources that a machine can judge.

use anyhow::Result;

use crate::{shell, tidy};

pub(crate) fn run() -> Result<()> {
    shell::run(&["cargo", "fmt", "--all", "--check"])?;
    tidy::run()?;
    shell::run(&["cargo", "clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"])?;
    shell::run(&[
        "cargo",
        "--config",
        "build.rustdocflags=[\"-D\",\"warnings\"]",
        "doc",
        "--workspace",
        "--no-deps",
        "--quiet",
    ])?;
    shell::cargo_tool("deny", "cargo-deny")?;
    // Advisories need a copy of their database, which not every machine may fetch: they have a command of their own.
    shell::run(&["cargo", "deny", "--log-level", "error", "check", "licenses", "bans", "sources"])
}
