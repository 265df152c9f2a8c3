//! A terminal that is handed to a command, as a shell hands it to a job: the command may ask for a password, and Ctrl-C
//! and Ctrl-Z reach it.

use std::io;

use rustix::process::{Pid, Signal, getpgrp, getpid, kill_process, kill_process_group};
use rustix::termios::{isatty, tcgetpgrp, tcsetpgrp};

/// The terminal, while a command has it. It is not taken back: the shell does so when we end.
pub(super) struct Terminal;

impl Terminal {
    /// Hands our terminal over, if we have it.
    pub(super) fn hand_to(group: Pid) -> Option<Self> {
        let terminal = io::stdin();
        let ours = isatty(&terminal) && tcgetpgrp(&terminal).is_ok_and(|foreground| foreground == getpgrp());
        if !ours || tcsetpgrp(&terminal, group).is_err() {
            return None;
        }
        // It may have asked before it had it, and be held for that.
        let _ = kill_process_group(group, Signal::CONT);
        Some(Self)
    }

    /// The command was held (Ctrl-Z): so are we, until the shell brings us back; then it goes on.
    pub(super) fn wait_for_return(&self, group: Pid) {
        let _ = kill_process(getpid(), Signal::STOP);
        // Brought back into the foreground we have the terminal; in the background the command goes on without.
        let terminal = io::stdin();
        if tcgetpgrp(&terminal).is_ok_and(|foreground| foreground == getpgrp()) {
            let _ = tcsetpgrp(&terminal, group);
        }
        let _ = kill_process_group(group, Signal::CONT);
    }
}
