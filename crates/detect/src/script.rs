//! Scripts that other things start.

use std::path::Path;

use crate::files::Files;
use crate::{argv, shell};

/// The first tool that a script runs, and in which line. None for what is no script.
pub(crate) fn tool_in(path: &Path, files: &mut Files) -> Option<(&'static str, u64)> {
    // Most of what is started is a program, of any size: that is nothing to be told.
    let text = files.script(path)?;
    shell::lines(&text).iter().find_map(|(number, line)| {
        let commands = shell::commands(line);
        Some((commands.iter().find_map(|words| argv::hit(words))?.tool, *number))
    })
}
