//! The numbers of the original: what a foreign caller sends and expects.

use syncmgr::conflict::{Abilities, ConflictItemType, Feedback, PresenterChoice, PresenterNextStep};
use syncmgr::control::UpdateReason;
use syncmgr::event::EventFlags;
use syncmgr::flags::{
    ControlFlags, HandlerCapabilities, HandlerPolicies, HandlerType, ItemCapabilities, ItemPolicies,
    SyncControlFlags,
};
use syncmgr::guid::{clsid, iid, object};
use syncmgr::ui::UiAction;
use syncmgr::{CancelRequest, EventId, Level, ProgressStatus, Refusal, SyncState};

/// Every variant with its number; every other number up to a bound is refused.
macro_rules! enum_has {
    ($name:ident { $($variant:ident = $number:literal),+ $(,)? }) => {{
        let table = [$(($name::$variant, $number)),+];
        assert_eq!($name::ALL.len(), table.len(), stringify!($name));
        for (value, number) in table {
            assert_eq!(value.number(), number, "{value:?}");
            assert_eq!($name::from_number(number), Ok(value));
        }
        for number in (0..100).chain([u32::MAX]).filter(|n| table.iter().all(|(_, known)| known != n)) {
            assert!($name::from_number(number).is_err(), "{number} is no {}", stringify!($name));
        }
    }};
}

/// Every flag with its bits, the valid mask, and the bits that are defined and not in the mask.
macro_rules! flags_have {
    ($name:ident { $($flag:ident = $bits:literal),+ $(,)? }, valid = $valid:literal, beside = $beside:literal) => {{
        $(assert_eq!($name::$flag.bits(), $bits, stringify!($flag));)+
        let all: u32 = [$($bits),+].into_iter().fold(0, |all, bits| all | bits);
        assert_eq!($name::all().bits(), all, "no other bits");
        assert_eq!($name::VALID.bits(), $valid);
        assert_eq!($name::all().bits() & !$valid, $beside, "defined, and forgotten by the mask");
        assert_eq!($name::from_number(all), Ok($name::all()));
        assert_eq!($name::from_number(0), Ok($name::empty()));
        for bit in (0..32).map(|n| 1_u32 << n).filter(|bit| all & bit == 0) {
            assert!($name::from_number(bit).is_err(), "{bit:#x}");
        }
    }};
}

#[test]
fn enums_have_the_numbers_of_the_original() {
    enum_has!(ProgressStatus {
        Updating = 1,
        UpdatingIndeterminate = 2,
        Succeeded = 3,
        Failed = 4,
        Canceled = 5,
        Disconnected = 6,
    });
    assert_eq!(ProgressStatus::MAX, 6);
    enum_has!(CancelRequest { None = 0, Item = 1, All = 2 });
    assert_eq!(CancelRequest::MAX, 2);
    enum_has!(Level { Information = 1, Warning = 2, Error = 3 });
    assert_eq!(Level::MAX, 3);
    enum_has!(UpdateReason { Added = 0, Changed = 1, Removed = 2 });
    assert_eq!(UpdateReason::MAX, 2);
    enum_has!(HandlerType {
        Unspecified = 0,
        Application = 1,
        Device = 2,
        Folder = 3,
        Service = 4,
        Computer = 5
    });
    enum_has!(ConflictItemType { Updated = 1, Deleted = 2 });
    enum_has!(PresenterNextStep { Continue = 0, Default = 1, Cancel = 2 });
    enum_has!(PresenterChoice {
        NoChoice = 0,
        KeepOne = 1,
        KeepMultiple = 2,
        KeepRecent = 3,
        RemoveFromSyncSet = 4,
        Skip = 5,
    });
    enum_has!(Feedback { Continue = 0, Refresh = 1, Cancel = 2 });
    for (number, state) in [
        (0, SyncState::NotSetUp),
        (1, SyncState::NotRun),
        (2, SyncState::Idle),
        (3, SyncState::Error),
        (4, SyncState::Pending),
        (5, SyncState::Syncing),
    ] {
        assert_eq!(state as u32, number);
        assert_eq!(SyncState::from_number(number), Some(state));
    }
    assert_eq!(SyncState::from_number(6), None);
}

#[test]
fn flags_have_the_bits_and_masks_of_the_original() {
    flags_have!(
        HandlerCapabilities {
            PROVIDES_ICON = 0x1,
            EVENT_STORE = 0x2,
            CONFLICT_STORE = 0x4,
            SUPPORTS_CONCURRENT_SESSIONS = 0x10,
            CAN_BROWSE_CONTENT = 0x10000,
            CAN_SHOW_SCHEDULE = 0x20000,
            QUERY_BEFORE_ACTIVATE = 0x100000,
            QUERY_BEFORE_DEACTIVATE = 0x200000,
            QUERY_BEFORE_ENABLE = 0x400000,
            QUERY_BEFORE_DISABLE = 0x800000,
        },
        valid = 0xF30017,
        beside = 0
    );
    flags_have!(
        HandlerPolicies {
            PREVENT_ACTIVATE = 0x1,
            PREVENT_DEACTIVATE = 0x2,
            PREVENT_ENABLE = 0x4,
            PREVENT_DISABLE = 0x8,
            PREVENT_START_SYNC = 0x10,
            PREVENT_STOP_SYNC = 0x20,
            DISABLE_ENABLE = 0x100,
            DISABLE_DISABLE = 0x200,
            DISABLE_START_SYNC = 0x400,
            DISABLE_STOP_SYNC = 0x800,
            DISABLE_BROWSE = 0x1000,
            DISABLE_SCHEDULE = 0x2000,
            HIDDEN_BY_DEFAULT = 0x10000,
            BACKGROUND_SYNC_ONLY = 0x30,
        },
        valid = 0x12F3F,
        beside = 0x1000
    );
    flags_have!(
        ItemCapabilities {
            PROVIDES_ICON = 0x1,
            EVENT_STORE = 0x2,
            CONFLICT_STORE = 0x4,
            CAN_DELETE = 0x10,
            CAN_BROWSE_CONTENT = 0x10000,
            QUERY_BEFORE_ENABLE = 0x100000,
            QUERY_BEFORE_DISABLE = 0x200000,
            QUERY_BEFORE_DELETE = 0x400000,
        },
        valid = 0x710017,
        beside = 0
    );
    flags_have!(
        ItemPolicies {
            PREVENT_ENABLE = 0x1,
            PREVENT_DISABLE = 0x2,
            PREVENT_START_SYNC = 0x4,
            PREVENT_STOP_SYNC = 0x8,
            DISABLE_ENABLE = 0x10,
            DISABLE_DISABLE = 0x20,
            DISABLE_START_SYNC = 0x40,
            DISABLE_STOP_SYNC = 0x80,
            DISABLE_BROWSE = 0x100,
            DISABLE_DELETE = 0x200,
            HIDDEN_BY_DEFAULT = 0x10000,
        },
        valid = 0x102FF,
        beside = 0x100
    );
    flags_have!(ControlFlags { WAIT = 1, NO_UI = 2 }, valid = 3, beside = 0);
    assert_eq!(ControlFlags::NO_WAIT.bits(), 0);
    flags_have!(SyncControlFlags { IGNORE_IF_ALREADY_SYNCING = 1 }, valid = 1, beside = 0);
    flags_have!(
        Abilities {
            KEEP_OTHER = 1,
            KEEP_RECENT = 2,
            REMOVE_FROM_SYNC_SET = 4,
            KEEP_SINGLE = 8,
            KEEP_MULTIPLE = 0x10,
        },
        valid = 0x1F,
        beside = 0
    );
    assert_eq!(EventFlags::VALID.bits(), 0);
    assert!(EventFlags::from_number(1).is_err());
}

#[test]
fn refusals_stand_for_the_codes_of_the_original() {
    for (refusal, code) in [
        (Refusal::InvalidArgument(String::new()), 0x8007_0057),
        (Refusal::AccessDenied(String::new()), 0x8007_0005),
        (Refusal::NotImplemented(String::new()), 0x8000_4001),
        (Refusal::Failed(String::new()), 0x8000_4005),
        (Refusal::Ended, 0x8001_0108),
    ] {
        assert_eq!(refusal.hresult(), code, "{refusal}");
    }
}

#[test]
fn guids_read_as_they_are_written() {
    assert_eq!(iid::SYNC_CALLBACK.to_string(), "884ccd87-b139-4937-a4ba-4f8e19513fbe");
    assert_eq!(iid::HANDLER.to_string(), "04ec2e43-ac77-49f9-9b98-0307ef7a72a2");
    assert_eq!(clsid::SYNCMGR_CLIENT.to_string(), "1202db60-1dac-42c5-aed5-1abdd432248e");
    assert_eq!(
        UiAction::EventLinkClick(EventId(1)).object_id().to_string(),
        "2203bdc1-1af1-4082-8c30-2839 9f41384c".replace(' ', "")
    );
    assert_eq!(UiAction::QueryBeforeEnable.object_id(), object::QUERY_BEFORE_ENABLE);
    assert_eq!(
        iid::SYNC_CALLBACK.to_com_bytes(),
        [0x87, 0xcd, 0x4c, 0x88, 0x39, 0xb1, 0x37, 0x49, 0xa4, 0xba, 0x4f, 0x8e, 0x19, 0x51, 0x3f, 0xbe]
    );
}

#[test]
fn words_lead_back_to_what_they_name() {
    for status in ProgressStatus::ALL {
        assert_eq!(ProgressStatus::from_word(status.word()), Some(*status));
    }
    for level in Level::ALL {
        assert_eq!(Level::from_word(level.word()), Some(*level));
    }
}

#[test]
fn operations_are_asked_for_only_where_the_original_asks_for_them() {
    use UiAction::*;
    let all = HandlerCapabilities::all();
    let none = HandlerPolicies::empty();
    for action in
        [BrowseContent, ShowSchedule, QueryBeforeActivate, QueryBeforeDeactivate, QueryBeforeDisable]
    {
        assert!(action.is_asked_of_handler(all, none), "{action:?}");
        assert!(!action.is_asked_of_handler(HandlerCapabilities::empty(), none), "{action:?}");
    }
    assert!(!QueryBeforeEnable.is_asked_of_handler(all, HandlerPolicies::PREVENT_ENABLE));
    assert!(!QueryBeforeDelete.is_asked_of_handler(all, none), "handlers are deactivated");
    assert!(EventLinkClick(EventId(1)).is_asked_of_handler(HandlerCapabilities::empty(), none));

    let not = ItemPolicies::empty();
    assert!(QueryBeforeDelete.is_asked_of_item(ItemCapabilities::all(), not));
    assert!(!QueryBeforeDelete.is_asked_of_item(ItemCapabilities::QUERY_BEFORE_DELETE, not));
    assert!(QueryBeforeDisable.is_asked_of_item(ItemCapabilities::QUERY_BEFORE_DISABLE, not));
    assert!(!ShowSchedule.is_asked_of_item(ItemCapabilities::all(), not));
}
