//! What signals ask of the daemon.

use std::sync::mpsc::{Receiver, channel};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::exit::{Exit, Failure};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wake {
    /// Ctrl-C, or the service manager.
    Stop,
    /// The settings are to be read again.
    Reload,
}

/// Whoever asks this often to stop gets it, whatever hangs.
const TOO_OFTEN: u32 = 3;

/// Begins to listen.
pub(crate) fn listen() -> Result<Receiver<Wake>, Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP]).map_err(|error| {
        Failure::failed(format!("cannot listen for signals: {}", syncmgr::reason(&error)))
    })?;
    let (sender, inbox) = channel();
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            let mut stops = 0;
            for signal in signals.forever() {
                let wake = if signal == SIGHUP { Wake::Reload } else { Wake::Stop };
                stops += u32::from(wake == Wake::Stop);
                if stops >= TOO_OFTEN {
                    signal_hook::low_level::exit(Exit::Canceled.code().into());
                }
                if sender.send(wake).is_err() {
                    return;
                }
            }
        })
        .map_err(|error| Failure::failed(format!("cannot start a thread: {}", syncmgr::reason(&error))))?;
    Ok(inbox)
}
