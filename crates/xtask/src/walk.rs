//! The walk through the center as a service, with real programs: `cargo xtask walk`.

use anyhow::{Context, Result, bail};

use crate::shell;

/// The walk itself, which anybody may run with `instep` in PATH.
const SCRIPT: &str = "crates/xtask/walk/service.sh";

pub(crate) fn run() -> Result<()> {
    shell::run(&["cargo", "build", "--quiet", "--package", "instep"])?;
    let ours = shell::root().join("target/debug");
    let others = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(ours).chain(std::env::split_paths(&others));
    let path = std::env::join_paths(all).context("PATH cannot be written")?;
    let status = shell::command(&["sh", SCRIPT]).env("PATH", path).status().context("there is no sh")?;
    if !status.success() {
        bail!("the walk came to no good end ({status})");
    }
    Ok(())
}
