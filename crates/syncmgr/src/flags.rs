//! Capabilities, policies and small enums, with the numbers of the original.

use bitflags::bitflags;

use crate::error::Refusal;

/// Reads numbers of foreign callers: flags of which all bits are defined, or a variant of an enum.
macro_rules! from_number {
    ($flags:ident, $what:literal) => {
        impl $flags {
            /// Reads the number of a foreign caller. Every defined bit is accepted, also where the original's valid
            /// mask forgot one.
            ///
            /// # Errors
            /// [`Refusal::InvalidArgument`] for undefined bits (R10).
            pub fn from_number(number: u32) -> Result<Self, Refusal> {
                Self::from_bits(number).ok_or_else(|| {
                    Refusal::InvalidArgument(format!("{number:#x} has bits that are no {}", $what))
                })
            }

            /// The number that a foreign caller knows.
            pub fn number(self) -> u32 {
                self.bits()
            }
        }
    };
    ($name:ident, $what:literal, [$($variant:ident),+]) => {
        impl $name {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Reads the number of a foreign caller.
            ///
            /// # Errors
            /// [`Refusal::InvalidArgument`] for a number that is not defined (R10).
            pub fn from_number(number: u32) -> Result<Self, Refusal> {
                let found = Self::ALL.iter().copied().find(|value| value.number() == number);
                found.ok_or_else(|| Refusal::InvalidArgument(format!("{number} is no {}", $what)))
            }

            /// The number that a foreign caller knows.
            pub fn number(self) -> u32 {
                self as u32
            }
        }
    };
}

pub(crate) use from_number;

bitflags! {
    /// `SYNCMGR_HANDLER_CAPABILITIES`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct HandlerCapabilities: u32 {
        /// Has an icon of its own.
        const PROVIDES_ICON = 0x1;
        /// Has an event store of its own.
        const EVENT_STORE = 0x2;
        /// Has a conflict store of its own.
        const CONFLICT_STORE = 0x4;
        /// Opens several sessions at once.
        const SUPPORTS_CONCURRENT_SESSIONS = 0x10;
        /// Can show its content.
        const CAN_BROWSE_CONTENT = 0x1_0000;
        /// Can show its schedule.
        const CAN_SHOW_SCHEDULE = 0x2_0000;
        /// Asks before set-up.
        const QUERY_BEFORE_ACTIVATE = 0x10_0000;
        /// Asks before delete.
        const QUERY_BEFORE_DEACTIVATE = 0x20_0000;
        /// Asks before enable.
        const QUERY_BEFORE_ENABLE = 0x40_0000;
        /// Asks before disable.
        const QUERY_BEFORE_DISABLE = 0x80_0000;
    }

    /// `SYNCMGR_HANDLER_POLICIES`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct HandlerPolicies: u32 {
        /// No set-up.
        const PREVENT_ACTIVATE = 0x1;
        /// No delete.
        const PREVENT_DEACTIVATE = 0x2;
        /// No enable.
        const PREVENT_ENABLE = 0x4;
        /// No disable.
        const PREVENT_DISABLE = 0x8;
        /// No start, by page or API.
        const PREVENT_START_SYNC = 0x10;
        /// No stop.
        const PREVENT_STOP_SYNC = 0x20;
        /// Enable is withheld for now.
        const DISABLE_ENABLE = 0x100;
        /// Disable is withheld for now.
        const DISABLE_DISABLE = 0x200;
        /// Start is withheld for now.
        const DISABLE_START_SYNC = 0x400;
        /// Stop is withheld for now.
        const DISABLE_STOP_SYNC = 0x800;
        /// Browse is withheld for now (not in the original's valid mask, yet defined).
        const DISABLE_BROWSE = 0x1000;
        /// Schedule is withheld for now.
        const DISABLE_SCHEDULE = 0x2000;
        /// Hidden the first time it is loaded.
        const HIDDEN_BY_DEFAULT = 0x1_0000;
        /// Both prevent bits of start and stop.
        const BACKGROUND_SYNC_ONLY = 0x30;
    }

    /// `SYNCMGR_ITEM_CAPABILITIES`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct ItemCapabilities: u32 {
        /// Has an icon of its own.
        const PROVIDES_ICON = 0x1;
        /// Has an event store of its own.
        const EVENT_STORE = 0x2;
        /// Has a conflict store of its own.
        const CONFLICT_STORE = 0x4;
        /// Can leave the sync set.
        const CAN_DELETE = 0x10;
        /// Can show its content.
        const CAN_BROWSE_CONTENT = 0x1_0000;
        /// Asks before enable.
        const QUERY_BEFORE_ENABLE = 0x10_0000;
        /// Asks before disable.
        const QUERY_BEFORE_DISABLE = 0x20_0000;
        /// Asks before delete.
        const QUERY_BEFORE_DELETE = 0x40_0000;
    }

    /// `SYNCMGR_ITEM_POLICIES`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct ItemPolicies: u32 {
        /// No enable.
        const PREVENT_ENABLE = 0x1;
        /// No disable.
        const PREVENT_DISABLE = 0x2;
        /// No start, by page or API.
        const PREVENT_START_SYNC = 0x4;
        /// No stop.
        const PREVENT_STOP_SYNC = 0x8;
        /// Enable is withheld for now.
        const DISABLE_ENABLE = 0x10;
        /// Disable is withheld for now.
        const DISABLE_DISABLE = 0x20;
        /// Start is withheld for now.
        const DISABLE_START_SYNC = 0x40;
        /// Stop is withheld for now.
        const DISABLE_STOP_SYNC = 0x80;
        /// Browse is withheld for now (not in the original's valid mask, yet defined).
        const DISABLE_BROWSE = 0x100;
        /// Delete is withheld for now.
        const DISABLE_DELETE = 0x200;
        /// Hidden the first time it is loaded.
        const HIDDEN_BY_DEFAULT = 0x1_0000;
    }

    /// `SYNCMGR_CONTROL_FLAGS`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct ControlFlags: u32 {
        /// Return when it is done.
        const WAIT = 1;
        /// Ask the handler for no UI.
        const NO_UI = 2;
    }

    /// `SYNCMGR_SYNC_CONTROL_FLAGS`.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub struct SyncControlFlags: u32 {
        /// Only items that are not syncing now (R17).
        const IGNORE_IF_ALREADY_SYNCING = 1;
    }
}

from_number!(HandlerCapabilities, "handler capabilities");
from_number!(HandlerPolicies, "handler policies");
from_number!(ItemCapabilities, "item capabilities");
from_number!(ItemPolicies, "item policies");
from_number!(ControlFlags, "control flags");
from_number!(SyncControlFlags, "sync control flags");

impl HandlerCapabilities {
    /// `SYNCMGR_HCM_VALID_MASK`.
    pub const VALID: Self = Self::from_bits_retain(0x00F3_0017);
}

impl HandlerPolicies {
    /// `SYNCMGR_HPM_VALID_MASK`. It lacks [`DISABLE_BROWSE`](Self::DISABLE_BROWSE), which is defined all the same; so we
    /// accept every defined bit and keep the mask for those who must compare.
    pub const VALID: Self = Self::from_bits_retain(0x0001_2F3F);
}

impl ItemCapabilities {
    /// `SYNCMGR_ICM_VALID_MASK`.
    pub const VALID: Self = Self::from_bits_retain(0x0071_0017);
}

impl ItemPolicies {
    /// `SYNCMGR_IPM_VALID_MASK`. It lacks [`DISABLE_BROWSE`](Self::DISABLE_BROWSE); see [`HandlerPolicies::VALID`].
    pub const VALID: Self = Self::from_bits_retain(0x0001_02FF);
}

impl ControlFlags {
    /// `SYNCMGR_CF_VALID`.
    pub const VALID: Self = Self::from_bits_retain(3);
    /// `SYNCMGR_CF_NOWAIT`: zero, so it is the absence of [`WAIT`](Self::WAIT).
    pub const NO_WAIT: Self = Self::empty();
}

impl SyncControlFlags {
    /// `SYNCMGR_SCF_VALID`.
    pub const VALID: Self = Self::from_bits_retain(1);
}

/// `SYNCMGR_HANDLER_TYPE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u32)]
pub enum HandlerType {
    /// Also when the handler does not know.
    #[default]
    Unspecified = 0,
    /// Programs.
    Application = 1,
    /// Devices.
    Device = 2,
    /// Folders, local or remote.
    Folder = 3,
    /// Web services.
    Service = 4,
    /// Computers.
    Computer = 5,
}

from_number!(HandlerType, "handler type", [Unspecified, Application, Device, Folder, Service, Computer]);

impl HandlerType {
    /// The heading under which handlers of this type are grouped.
    pub fn group(self) -> &'static str {
        match self {
            Self::Unspecified => "Other",
            Self::Application => "Programs",
            Self::Device => "Devices",
            Self::Folder => "Folders",
            Self::Service => "Web services",
            Self::Computer => "Computers",
        }
    }
}
