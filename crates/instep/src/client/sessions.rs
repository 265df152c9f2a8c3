//! Sessions that the daemon keeps for a command: opened, spoken in, and gone on with when it is another daemon by now.

use std::time::Duration;

use hyper::Method;
use syncmgr::RunId;
use wire::{Answer, Call, OpenSession, Opened};

use super::{Daemon, Trouble};

/// How long a word in a session may take. Whoever waits for it has a command to look after.
const WORD: Duration = Duration::from_secs(5);

impl Daemon {
    /// Opens a session, or goes on with one.
    pub(crate) fn open_session(&self, order: &OpenSession) -> Result<RunId, Trouble> {
        let opened: Opened = self.ask(Method::POST, "/sessions", Some(order), WORD)?;
        Ok(RunId(opened.run))
    }

    /// Says or asks something in a session.
    pub(crate) fn call(&self, run: RunId, call: &Call) -> Result<Answer, Trouble> {
        self.ask(Method::POST, &format!("/sessions/{run}/call"), Some(call), WORD)
    }
}

impl Trouble {
    /// Whether the session may go on elsewhere: its daemon is gone, or has let go of it.
    pub(crate) fn is_lost(&self) -> bool {
        match self {
            Self::Silent(_) => true,
            Self::Refused(fault) => matches!(fault.code.as_str(), "ended" | "unknown_session"),
        }
    }
}
