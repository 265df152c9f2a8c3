//! The numbers by which COM knows the contract: interfaces, classes, objects and properties.
//!
//! Nothing in this crate needs them; a face in COM's layout does.

use std::fmt;

/// A 128-bit identifier in the order of its text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Guid(pub u128);

impl Guid {
    /// The sixteen bytes as a COM caller lays them out: the first three groups are little-endian.
    pub const fn to_com_bytes(self) -> [u8; 16] {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.0.to_be_bytes();
        let [i, j, k, l, m, n, o, p] = rest;
        [d, c, b, a, f, e, h, g, i, j, k, l, m, n, o, p]
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.0;
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            n >> 96,
            (n >> 80) & 0xffff,
            (n >> 64) & 0xffff,
            (n >> 48) & 0xffff,
            n & 0xffff_ffff_ffff
        )
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// Interfaces, with their methods in the order of their slots.
pub mod iid {
    use super::Guid;
    /// `ISyncMgrHandlerCollection`; from slot 3: GetHandlerEnumerator, BindToHandler.
    pub const HANDLER_COLLECTION: Guid = Guid(0xa7f3_37a3_d20b_45cb_9ed7_87d0_94ca_5045);
    /// `ISyncMgrHandler`; from slot 3: GetName, GetHandlerInfo, GetObject, GetCapabilities, GetPolicies, Activate, Enable, Synchronize.
    pub const HANDLER: Guid = Guid(0x04ec_2e43_ac77_49f9_9b98_0307_ef7a_72a2);
    /// `ISyncMgrHandlerInfo`; from slot 3: GetType, GetTypeLabel, GetComment, GetLastSyncTime, IsActive, IsEnabled, IsConnected.
    pub const HANDLER_INFO: Guid = Guid(0x4ff1_d798_ecf7_4524_aa81_1e36_2a0a_ef3a);
    /// `ISyncMgrSyncItemContainer`; from slot 3: GetSyncItem, GetSyncItemEnumerator, GetSyncItemCount.
    pub const SYNC_ITEM_CONTAINER: Guid = Guid(0x9070_1133_be32_4129_a65c_99e6_16ca_fff4);
    /// `ISyncMgrSyncItem`; from slot 3: GetItemID, GetName, GetItemInfo, GetObject, GetCapabilities, GetPolicies, Enable, Delete.
    pub const SYNC_ITEM: Guid = Guid(0xb20b_24ce_2593_4f04_bd8b_7ad6_c450_51cd);
    /// `ISyncMgrSyncItemInfo`; from slot 3: GetTypeLabel, GetComment, GetLastSyncTime, IsEnabled, IsConnected.
    pub const SYNC_ITEM_INFO: Guid = Guid(0xe7fd_9502_be0c_4464_90a1_2b52_7703_1232);
    /// `IEnumSyncMgrSyncItems`; from slot 3: Next, Skip, Reset, Clone.
    pub const ENUM_SYNC_ITEMS: Guid = Guid(0x54b3_abf3_f085_4181_b546_e29c_403c_726b);
    /// `ISyncMgrSessionCreator`; from slot 3: CreateSession.
    pub const SESSION_CREATOR: Guid = Guid(0x17f4_8517_f305_4321_a08d_b25a_8349_18fd);
    /// `ISyncMgrSyncCallback`; from slot 3: ReportProgress, SetHandlerProgressText, ReportEvent, CanContinue, QueryForAdditionalItems, AddItemToSession, AddIUnknownToSession, ProposeItem, CommitItem, ReportManualSync.
    pub const SYNC_CALLBACK: Guid = Guid(0x884c_cd87_b139_4937_a4ba_4f8e_1951_3fbe);
    /// `ISyncMgrUIOperation`; from slot 3: Run.
    pub const UI_OPERATION: Guid = Guid(0xfc7c_fa47_dfe1_45b5_a049_8cfd_82be_c271);
    /// `ISyncMgrEventLinkUIOperation`; from slot 3: Run (inherited), Init.
    pub const EVENT_LINK_UI_OPERATION: Guid = Guid(0x6452_2e52_848b_4015_89ce_5a36_f00b_94ff);
    /// `ISyncMgrScheduleWizardUIOperation`; from slot 3: Run (inherited), InitWizard.
    pub const SCHEDULE_WIZARD_UI_OPERATION: Guid = Guid(0x459a_6c84_21d2_4ddc_8a53_f023_a460_66f2);
    /// `ISyncMgrSyncResult`; from slot 3: Result.
    pub const SYNC_RESULT: Guid = Guid(0x2b90_f17e_5a3e_4b33_bb7f_1bc4_8056_b94d);
    /// `ISyncMgrControl`; from slot 3: StartHandlerSync, StartItemSync, StartSyncAll, StopHandlerSync, StopItemSync, StopSyncAll, UpdateHandlerCollection, UpdateHandler, UpdateItem, UpdateEvents, UpdateConflict, UpdateConflicts, ActivateHandler, EnableHandler, EnableItem.
    pub const CONTROL: Guid = Guid(0x9b63_616c_36b2_46bc_959f_c159_3952_d19b);
    /// `ISyncMgrEventStore`; from slot 3: GetEventEnumerator, GetEventCount, GetEvent, RemoveEvent.
    pub const EVENT_STORE: Guid = Guid(0x37e4_12f9_016e_44c2_81ff_db3a_dd77_4266);
    /// `ISyncMgrEvent`; from slot 3: GetEventID, GetHandlerID, GetItemID, GetLevel, GetFlags, GetTime, GetName, GetDescription, GetLinkText, GetLinkReference, GetContext.
    pub const EVENT: Guid = Guid(0xfee0_ef8b_46bd_4db4_b7e6_ff2c_6873_13bc);
    /// `IEnumSyncMgrEvents`; from slot 3: Next, Skip, Reset, Clone.
    pub const ENUM_EVENTS: Guid = Guid(0xc81a_1d4e_8cf7_4683_80e0_bcae_88d6_77b6);
    /// `ISyncMgrConflictStore`; from slot 3: EnumConflicts, BindToConflict, RemoveConflicts, GetCount.
    pub const CONFLICT_STORE: Guid = Guid(0xcf8f_c579_c396_4774_85f1_d908_a831_156e);
    /// `IEnumSyncMgrConflict`; from slot 3: Next, Skip, Reset, Clone.
    pub const ENUM_CONFLICT: Guid = Guid(0x8270_5914_dda3_4893_ba99_49de_6c8c_8036);
    /// `ISyncMgrConflict`; from slot 3: GetProperty, GetConflictIdInfo, GetItemsArray, Resolve, GetResolutionHandler.
    pub const CONFLICT: Guid = Guid(0x9c20_4249_c443_4ba4_85ed_c972_681d_b137);
    /// `ISyncMgrResolutionHandler`; from slot 3: QueryAbilities, KeepOther, KeepRecent, RemoveFromSyncSet, KeepItems.
    pub const RESOLUTION_HANDLER: Guid = Guid(0x40a3_d052_8bff_4c4b_a338_d4a3_9570_0de9);
    /// `ISyncMgrConflictPresenter`; from slot 3: PresentConflict.
    pub const CONFLICT_PRESENTER: Guid = Guid(0x0b4f_5353_fd2b_42cd_8763_4779_f2d5_08a3);
    /// `ISyncMgrConflictResolveInfo`; from slot 3: GetIterationInfo, GetPresenterNextStep, GetPresenterChoice, GetItemChoiceCount, GetItemChoice, SetPresenterNextStep, SetPresenterChoice, SetItemChoices.
    pub const CONFLICT_RESOLVE_INFO: Guid = Guid(0xc405_a219_25a2_442e_8743_b845_a2ce_e93f);
    /// `ISyncMgrConflictFolder`; from slot 3: GetConflictIDList.
    pub const CONFLICT_FOLDER: Guid = Guid(0x5928_7f5e_bc81_4fca_a7f1_e5a8_ecdb_1d69);
    /// `ISyncMgrConflictItems`; from slot 3: GetCount, GetItem.
    pub const CONFLICT_ITEMS: Guid = Guid(0x9c7e_ad52_8023_4936_a4db_d2a9_a99e_436a);
    /// `ISyncMgrConflictResolutionItems`; from slot 3: GetCount, GetItem.
    pub const CONFLICT_RESOLUTION_ITEMS: Guid = Guid(0x4587_25b9_129d_4135_a998_9cea_fec2_7007);
}

/// Classes.
pub mod clsid {
    use super::Guid;
    /// `CLSID_SyncMgrClient`.
    pub const SYNCMGR_CLIENT: Guid = Guid(0x1202_db60_1dac_42c5_aed5_1abd_d432_248e);
    /// `CLSID_SyncMgrControl`.
    pub const SYNCMGR_CONTROL: Guid = Guid(0x1a1f_4206_0688_4e7f_be03_d82e_c69d_f9a5);
    /// `CLSID_SyncMgrScheduleWizard`.
    pub const SYNCMGR_SCHEDULE_WIZARD: Guid = Guid(0x8d8b_8e30_c451_421b_8553_d297_6afa_648c);
    /// `CLSID_SyncMgrFolder`.
    pub const SYNCMGR_FOLDER: Guid = Guid(0x9c73_f5e5_7ae7_4e32_a8e8_8d23_b852_55bf);
    /// `CLSID_SyncSetupFolder`.
    pub const SYNC_SETUP_FOLDER: Guid = Guid(0x2e9e_59c0_b437_4981_a647_9c34_b9b9_0891);
    /// `CLSID_ConflictFolder`.
    pub const CONFLICT_FOLDER: Guid = Guid(0x2899_78ac_a101_4341_a817_21eb_a7fd_046d);
    /// `CLSID_SyncResultsFolder`.
    pub const SYNC_RESULTS_FOLDER: Guid = Guid(0x71d9_9464_3b6b_475c_b241_e158_8320_7529);
    /// `CLSID_SimpleConflictPresenter`.
    pub const SIMPLE_CONFLICT_PRESENTER: Guid = Guid(0x7a0f_6ab7_ed84_46b6_b47e_02aa_159a_152b);
}

/// Objects that `GetObject` makes (`SYNCMGR_OBJECTID_...`).
pub mod object {
    use super::Guid;
    /// `SYNCMGR_OBJECTID_Icon`.
    pub const ICON: Guid = Guid(0x6dbc_85c3_5d07_4c72_a777_7fec_7807_2c06);
    /// `SYNCMGR_OBJECTID_EventStore`.
    pub const EVENT_STORE: Guid = Guid(0x4bef_34b9_a786_4075_ba88_0c2b_9d89_a98f);
    /// `SYNCMGR_OBJECTID_ConflictStore`.
    pub const CONFLICT_STORE: Guid = Guid(0xd781_81f4_2389_47e4_a960_60bc_c2ed_930b);
    /// `SYNCMGR_OBJECTID_BrowseContent`.
    pub const BROWSE_CONTENT: Guid = Guid(0x57cb_b584_e9b4_47ae_a120_c4df_3335_dee2);
    /// `SYNCMGR_OBJECTID_ShowSchedule`.
    pub const SHOW_SCHEDULE: Guid = Guid(0xedc6_f3e3_8441_4109_adf3_6c1c_a0b7_de47);
    /// `SYNCMGR_OBJECTID_QueryBeforeActivate`.
    pub const QUERY_BEFORE_ACTIVATE: Guid = Guid(0xd882_d80b_e7aa_49ed_86b7_e6e1_f714_cdfe);
    /// `SYNCMGR_OBJECTID_QueryBeforeDeactivate`.
    pub const QUERY_BEFORE_DEACTIVATE: Guid = Guid(0xa0ef_c282_60e0_460e_9374_ea88_513c_fc80);
    /// `SYNCMGR_OBJECTID_QueryBeforeEnable`.
    pub const QUERY_BEFORE_ENABLE: Guid = Guid(0x04cb_f7f0_5beb_4de1_bc90_9083_45c4_80f6);
    /// `SYNCMGR_OBJECTID_QueryBeforeDisable`.
    pub const QUERY_BEFORE_DISABLE: Guid = Guid(0xbb5f_64aa_f004_4eb5_8e4d_2675_1966_344c);
    /// `SYNCMGR_OBJECTID_QueryBeforeDelete`.
    pub const QUERY_BEFORE_DELETE: Guid = Guid(0xf76c_3397_afb3_45d7_a59f_5a49_e905_437e);
    /// `SYNCMGR_OBJECTID_EventLinkClick`.
    pub const EVENT_LINK_CLICK: Guid = Guid(0x2203_bdc1_1af1_4082_8c30_2839_9f41_384c);
}

/// Properties of the shell's property system.
pub mod property {
    use super::Guid;

    /// The format that the sync properties share.
    pub const FORMAT: Guid = Guid(0x7bd5_533e_af15_44db_b8c8_bd66_24e1_d032);
    /// `System.Sync.HandlerType`.
    pub const HANDLER_TYPE: u32 = 8;
    /// `System.Sync.Status`.
    pub const STATUS: u32 = 10;
    /// `System.Sync.Comments`.
    pub const COMMENTS: u32 = 13;
    /// `System.Sync.ProgressPercentage`.
    pub const PROGRESS_PERCENTAGE: u32 = 23;
    /// `System.Sync.State`.
    pub const STATE: u32 = 24;
}
