//! What a person asks of one run. Handed to the center as the opaque request of a start, it arrives at
//! [`Handler::synchronize`](syncmgr::Handler::synchronize) untouched.

use std::path::PathBuf;

use reconcile::{Choices, Keep, Mode, OnConflict, Scope};
use syncmgr::{ItemId, RunId};

use crate::pair::MaxDelete;

/// Options of a synchronization that hold for this run only; none means: as the pair says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// Direction.
    pub mode: Option<Mode>,
    /// Conflicts.
    pub on_conflict: Option<OnConflict>,
    /// More globs that leave names out.
    pub exclude: Vec<String>,
    /// More globs that bring names back in.
    pub include: Vec<String>,
    /// The guard's limit.
    pub max_delete: Option<MaxDelete>,
    /// Run although a guard stopped it.
    pub approve: bool,
    /// A first run may delete and overwrite without being asked about.
    pub consent: bool,
    /// Compare content, not only size and time.
    pub checksum: bool,
    /// What is kept besides content, permissions and times.
    pub keep: Option<Keep>,
    /// Run exactly this plan.
    pub plan: Option<String>,
    /// Delete and overwrite for good.
    pub no_trash: bool,
    /// Single changes that are left out, or go the other way.
    pub choices: Choices,
}

/// Something changed: synchronize what is in doubt, as the pair says, and look at nothing else. Where both sides never
/// met, everything is in doubt.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeRequest {
    /// What is in doubt. Where conflicts are open is added.
    pub scope: Scope,
    /// By how many entries A and B shrank in the runs that this one follows closely: guards count them as well (S6).
    pub lost: [u64; 2],
    /// A first run may delete and overwrite without being asked about.
    pub consent: bool,
}

/// Take a run back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UndoRequest {
    /// The run.
    pub run: RunId,
}

/// Where the handler keeps what it must remember of its pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Directory of bases, journals and stored plans.
    pub pairs: PathBuf,
}

impl Home {
    /// A pair's own directory.
    ///
    /// An identifier may hold any character: what is no plain letter, digit or dash becomes `%` with its number, so
    /// that it is one harmless name, and never that of another pair. Case does not tell identifiers apart, so it does
    /// not tell directories apart either.
    pub fn of(&self, pair: &ItemId) -> PathBuf {
        let mut name = String::new();
        for c in pair.as_str().to_lowercase().chars() {
            if c.is_ascii_alphanumeric() || c == '-' {
                name.push(c);
            } else {
                name.push_str(&format!("%{:x}%", u32::from(c)));
            }
        }
        self.pairs.join(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pairs_directory_is_one_harmless_name() {
        let home = Home { pairs: "/pairs".into() };
        let of = |id: &str| home.of(&ItemId::new(id).unwrap()).to_str().unwrap().to_owned();
        assert_eq!(of("photos-2"), "/pairs/photos-2");
        assert_eq!(of("Photos-2"), of("photos-2"));
        assert_eq!(of("../etc"), "/pairs/%2e%%2e%%2f%etc");
        assert_ne!(of("a/b"), of("a b"));
    }
}
