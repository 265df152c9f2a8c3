//! The enumerations of the contract under the words that programs know them by.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An enumeration of words, made from one of the contract's. What a later contract adds and this API does not know yet is
/// told as the word after `else`.
///
/// A word is a `tt`: a `literal` reaches derive macros in an invisible group, where the schema's derive finds no name and
/// would write the variant's instead.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident of $contract:path {
        $($(#[$said:meta])* $variant:ident = $word:tt),+ $(,)?
    } $(else $other:ident)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum $name {
            $($(#[$said])* #[serde(rename = $word)] $variant),+
        }

        impl From<$contract> for $name {
            fn from(value: $contract) -> Self {
                use $contract as Contract;
                match value {
                    $(Contract::$variant => Self::$variant,)+
                    $(_ => Self::$other,)?
                }
            }
        }

        impl From<$name> for $contract {
            fn from(value: $name) -> Self {
                match value {
                    $($name::$variant => Self::$variant,)+
                }
            }
        }
    };
}

words! {
    /// What a handler is.
    HandlerKind of syncmgr::flags::HandlerType {
        /// Nobody said.
        Unspecified = "unspecified",
        /// A program.
        Application = "application",
        /// A device.
        Device = "device",
        /// Folders, here or elsewhere.
        Folder = "folder",
        /// A service of the web.
        Service = "service",
        /// Another computer.
        Computer = "computer",
    }
}

words! {
    /// What a run of an item came to, from best to worst.
    Outcome of syncmgr::Outcome {
        /// Everything is in sync.
        Done = "done",
        /// What was asked for is done, and leaves something for the next synchronization.
        Pending = "pending",
        /// A condition is not met; nothing was tried.
        Waiting = "waiting",
        /// The other end went away and was not back by the end.
        Disconnected = "disconnected",
        /// A person stopped it.
        Canceled = "canceled",
        /// The program that ran it went away.
        Interrupted = "interrupted",
        /// Conflicts are open; all the rest is in sync.
        NeedsDecision = "needs_decision",
        /// Some entries could not be synchronized.
        Gaps = "gaps",
        /// Nothing useful was done.
        Failed = "failed",
        /// A guard stopped it before anything was touched.
        SafetyStop = "safety_stop",
    } else Failed
}

words! {
    /// The state that a handler reports about an item.
    Status of syncmgr::ProgressStatus {
        /// Running; steps count.
        Updating = "updating",
        /// Running; nobody knows how far.
        UpdatingIndeterminate = "updating-indeterminate",
        /// Complete.
        Succeeded = "succeeded",
        /// Went wrong.
        Failed = "failed",
        /// Stopped before completion: the acknowledgement of a cancel request.
        Canceled = "canceled",
        /// The other end went away; does not complete the item.
        Disconnected = "disconnected",
    }
}

words! {
    /// What a handler is doing with an item just now.
    Phase of syncmgr::Phase {
        /// Finding out what there is.
        Looking = "looking",
        /// Deciding what to do.
        Comparing = "comparing",
        /// Carrying it out.
        Moving = "moving",
        /// Flushing, recording, cleaning up.
        Finishing = "finishing",
    } else Moving
}

words! {
    /// How serious an event is. Only errors are counted and notified.
    Level of syncmgr::Level {
        /// Worth a line.
        Information = "information",
        /// Worth a look.
        Warning = "warning",
        /// Counted and notified.
        Error = "error",
    }
}

words! {
    /// The kind of a problem: decides whether it is retried and who must act.
    ProblemClass of syncmgr::ProblemClass {
        /// The settings are wrong; the same run will fail again.
        Config = "config",
        /// Credentials are missing or refused.
        Auth = "auth",
        /// Likely to pass by itself.
        Transient = "transient",
        /// A decision of a person is needed.
        Conflict = "conflict",
        /// No room.
        Space = "space",
        /// The system denies access.
        Permission = "permission",
        /// A guard stopped the run before anything was touched.
        Safety = "safety",
        /// A person has to agree first.
        Consent = "consent",
        /// A mistake of the program.
        Bug = "bug",
    } else Bug
}

words! {
    /// What the center asks of a handler in the answer of each report.
    CancelRequest of syncmgr::CancelRequest {
        /// Go on.
        None = "none",
        /// Stop this item, acknowledge it with `canceled`, go on with the others.
        Item = "item",
        /// Stop everything, acknowledge every unfinished item with `canceled`.
        All = "all",
    }
}

words! {
    /// The state of a handler or item, as the original folds it.
    SyncState of syncmgr::SyncState {
        /// Inactive: to be set up first.
        NotSetUp = "not_set_up",
        /// Never synchronized.
        NotRun = "not_run",
        /// Synchronized, nothing to say.
        Idle = "idle",
        /// The last run ended with errors.
        Error = "error",
        /// A request waits.
        Pending = "pending",
        /// A session runs.
        Syncing = "syncing",
    }
}

words! {
    /// How versions disagree.
    ConflictKind of syncmgr::conflict::ConflictKind {
        /// Both sides changed it differently.
        EditEdit = "edit-edit",
        /// Both sides created it differently.
        CreateCreate = "create-create",
        /// A file against a directory, a link against a file.
        KindMismatch = "kind",
        /// One side deleted what the other edited.
        EditDelete = "edit-delete",
        /// Two names that one side takes for the same.
        NameClash = "name-clash",
        /// The content is the same, permissions were changed differently.
        Metadata = "metadata",
        /// A conflict copy that another program has left beside the original.
        ForeignCopy = "foreign-copy",
    } else EditEdit
}

words! {
    /// What became of a version.
    VersionState of syncmgr::conflict::ConflictItemType {
        /// It was changed or created.
        Updated = "changed",
        /// It was deleted.
        Deleted = "deleted",
    }
}

/// The one word that says how an item stands: the worst fact wins. From worst to best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Headline {
    /// A guard stopped the last run before anything was touched.
    SafetyStop,
    /// The last run did nothing useful.
    Failed,
    /// No good run for longer than it should take.
    Overdue,
    /// Conflicts wait for a decision.
    Conflicts,
    /// Its handler does not answer a request to stop, or has fallen silent.
    NotResponding,
    /// The last run could not synchronize some entries.
    Gaps,
    /// The last run was stopped, or its program went away.
    Interrupted,
    /// There was no run yet.
    NeverRun,
    /// A condition is not met, a request waits, or nothing was seen yet since the center was started.
    Waiting,
    /// Nobody wants it synchronized for now.
    Paused,
    /// The last run was clean.
    UpToDate,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(value: impl Serialize) -> String {
        serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
    }

    #[test]
    fn words_are_those_of_the_contract() {
        for outcome in [Outcome::Done, Outcome::NeedsDecision, Outcome::SafetyStop, Outcome::Gaps] {
            assert_eq!(word(outcome), syncmgr::Outcome::from(outcome).word());
        }
        for status in syncmgr::ProgressStatus::ALL {
            assert_eq!(word(Status::from(*status)), status.word());
        }
        for level in syncmgr::Level::ALL {
            assert_eq!(word(Level::from(*level)), level.word());
        }
        for class in [ProblemClass::Config, ProblemClass::Consent, ProblemClass::Bug, ProblemClass::Space] {
            assert_eq!(word(class), syncmgr::ProblemClass::from(class).word());
        }
        for kind in [ConflictKind::EditEdit, ConflictKind::KindMismatch, ConflictKind::EditDelete] {
            assert_eq!(word(kind), syncmgr::conflict::ConflictKind::from(kind).word());
        }
    }
}
