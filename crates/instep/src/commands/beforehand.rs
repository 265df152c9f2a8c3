//! Looking at an item that is no pair of folders before anything is done: by the daemon if it answers, else here.

use syncmgr::plan::PreviewError;
use syncmgr::{Problem, Refusal};

use super::others::Other;
use crate::client::Trouble;
use crate::exit::{Exit, Failure};

/// Why nothing was seen.
pub(super) enum Unseen {
    /// Its handler never can, in its own words.
    Unable(String),
    Failed(Failure),
}

impl From<Unseen> for Failure {
    fn from(unseen: Unseen) -> Self {
        match unseen {
            Unseen::Unable(why) => Self::usage(why),
            Unseen::Failed(failure) => failure,
        }
    }
}

/// What the daemon said, if it was asked and knows the item; else what is seen from `here`.
pub(super) fn look<T>(
    item: &Other,
    asked: Option<Result<T, Trouble>>,
    here: impl FnOnce() -> Result<T, PreviewError>,
) -> Result<T, Unseen> {
    match asked {
        Some(Ok(found)) => return Ok(found),
        Some(Err(Trouble::Refused(fault))) if fault.code == "not_supported" => {
            return Err(Unseen::Unable(fault.detail));
        }
        // One that was set up a moment ago is news to the daemon.
        Some(Err(Trouble::Refused(fault))) if fault.code == "invalid_argument" || fault.status == 404 => {}
        Some(Err(trouble)) => return Err(Unseen::Failed(trouble.into())),
        None => {}
    }
    here().map_err(|error| match error {
        PreviewError::Refused(Refusal::NotImplemented(why)) => Unseen::Unable(why),
        PreviewError::Refused(refusal) => Unseen::Failed(Failure::usage(refusal.to_string())),
        PreviewError::Failed { outcome, problem: Problem { text, fix, .. } } => {
            let failure = Failure::new(Exit::from(outcome), format!("{}: {text}", item.name));
            Unseen::Failed(match fix {
                Some(fix) => failure.tip(fix),
                None => failure,
            })
        }
    })
}
