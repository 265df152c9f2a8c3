//! Every test there is.

use anyhow::Result;

use crate::shell;

pub(crate) fn run(filters: &[&str]) -> Result<()> {
    shell::cargo_tool("nextest", "cargo-nextest")?;
    if !shell::succeeds(&["strace", "--version"]) {
        // Faults are injected with it; without it those tests say that they were skipped.
        shell::succeeds(&["apt-get", "install", "--yes", "--no-install-recommends", "strace"]);
    }
    let profile = if std::env::var_os("CI").is_some() { "ci" } else { "default" };
    let mut words = vec!["cargo", "nextest", "run", "--workspace", "--profile", profile];
    words.extend(filters);
    shell::run(&words)?;
    if filters.is_empty() {
        // The test runner above does not know documentation tests.
        shell::run(&["cargo", "test", "--quiet", "--workspace", "--doc"])?;
    }
    Ok(())
}
