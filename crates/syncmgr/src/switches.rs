//! Active, enabled, connected, hidden (R15), and what they and the policies allow.
//!
//! The three switches are independent; nothing is derived from one for another. Hidden is only display: whatever is
//! hidden is synchronized like everything else.

use crate::error::Refusal;
use crate::flags::{HandlerCapabilities, HandlerPolicies, ItemCapabilities, ItemPolicies};
use crate::handler::{HandlerInfo, SyncItemInfo};

/// The switches of a handler or an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Switches {
    /// Listed among the partnerships; off means listed in the set-up only. Items are always active.
    pub active: bool,
    /// Off means listed and never synchronized.
    pub enabled: bool,
    /// As enabled, but a fact that is only reported.
    pub connected: bool,
    /// Shown only on request.
    pub hidden: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Self { active: true, enabled: true, connected: true, hidden: false }
    }
}

impl Switches {
    /// The switches of a handler that was loaded. `kept` is what the center keeps of it; none the first time, which is the
    /// only time when `HIDDEN_BY_DEFAULT` counts. A handler that knows a switch better says so in its info.
    pub fn of_handler(kept: Option<Self>, info: &HandlerInfo, policies: HandlerPolicies) -> Self {
        let before = kept.unwrap_or(Self {
            hidden: policies.contains(HandlerPolicies::HIDDEN_BY_DEFAULT),
            ..Self::default()
        });
        Self {
            active: info.active.unwrap_or(before.active),
            enabled: info.enabled.unwrap_or(before.enabled),
            connected: info.connected,
            hidden: before.hidden,
        }
    }

    /// The switches of an item that was loaded; see [`of_handler`](Self::of_handler).
    pub fn of_item(kept: Option<Self>, info: &SyncItemInfo, policies: ItemPolicies) -> Self {
        let before = kept.unwrap_or(Self {
            hidden: policies.contains(ItemPolicies::HIDDEN_BY_DEFAULT),
            ..Self::default()
        });
        Self {
            active: true,
            enabled: info.enabled.unwrap_or(before.enabled),
            connected: info.connected,
            hidden: before.hidden,
        }
    }
}

/// Who wants to start or stop something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A person, a schedule or a program, through [`Control`](crate::control::Control): policies apply.
    Control,
    /// A process outside that opens a session by itself: the policies that leave synchronizing to the background are
    /// made for it, and it knows best whether it is connected.
    Outside,
}

/// Why something may not be started or stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Withheld {
    /// The handler is inactive.
    #[error("its handler is not set up")]
    Inactive,
    /// The handler is disabled.
    #[error("its handler is disabled")]
    HandlerDisabled,
    /// The handler is disconnected.
    #[error("its handler is not connected")]
    HandlerDisconnected,
    /// The item is disabled.
    #[error("it is disabled")]
    Disabled,
    /// The item is disconnected.
    #[error("it is not connected")]
    Disconnected,
    /// A policy of the handler forbids it.
    #[error("a policy of its handler prevents it")]
    HandlerPolicy,
    /// A policy of the item forbids it.
    #[error("a policy prevents it")]
    Policy,
    /// A policy withholds it for now.
    #[error("it is withheld for now")]
    ForNow,
}

impl Withheld {
    /// Whether it may pass by itself: such a request waits or is passed over, and is no failure.
    pub fn may_pass(self) -> bool {
        matches!(self, Self::HandlerDisconnected | Self::Disconnected | Self::ForNow)
    }
}

impl From<Withheld> for Refusal {
    fn from(why: Withheld) -> Self {
        Self::AccessDenied(why.to_string())
    }
}

/// What decides about a handler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HandlerStanding {
    /// Its switches.
    pub switches: Switches,
    /// Its policies.
    pub policies: HandlerPolicies,
}

/// What decides about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ItemStanding {
    /// Its switches.
    pub switches: Switches,
    /// Its policies.
    pub policies: ItemPolicies,
}

impl HandlerStanding {
    /// Whether any item of the handler may be started. The original does not say whether a `DISABLE` policy ("greyed")
    /// also binds the API; ours does, or the greying would mean nothing.
    ///
    /// # Errors
    /// Why not.
    pub fn may_start(&self, origin: Origin) -> Result<(), Withheld> {
        if !self.switches.active {
            return Err(Withheld::Inactive);
        }
        if !self.switches.enabled {
            return Err(Withheld::HandlerDisabled);
        }
        if origin == Origin::Outside {
            return Ok(());
        }
        if self.policies.contains(HandlerPolicies::PREVENT_START_SYNC) {
            return Err(Withheld::HandlerPolicy);
        }
        if !self.switches.connected {
            return Err(Withheld::HandlerDisconnected);
        }
        if self.policies.contains(HandlerPolicies::DISABLE_START_SYNC) {
            return Err(Withheld::ForNow);
        }
        Ok(())
    }

    /// Whether the handler's sessions may be stopped by control.
    ///
    /// # Errors
    /// Why not.
    pub fn may_stop(&self) -> Result<(), Withheld> {
        if self.policies.contains(HandlerPolicies::PREVENT_STOP_SYNC) {
            return Err(Withheld::HandlerPolicy);
        }
        if self.policies.contains(HandlerPolicies::DISABLE_STOP_SYNC) {
            return Err(Withheld::ForNow);
        }
        Ok(())
    }
}

impl ItemStanding {
    /// Whether the item may be started: its handler must allow it too.
    ///
    /// # Errors
    /// Why not.
    pub fn may_start(&self, handler: &HandlerStanding, origin: Origin) -> Result<(), Withheld> {
        handler.may_start(origin)?;
        if !self.switches.enabled {
            return Err(Withheld::Disabled);
        }
        if origin == Origin::Outside {
            return Ok(());
        }
        if self.policies.contains(ItemPolicies::PREVENT_START_SYNC) {
            return Err(Withheld::Policy);
        }
        if !self.switches.connected {
            return Err(Withheld::Disconnected);
        }
        if self.policies.contains(ItemPolicies::DISABLE_START_SYNC) {
            return Err(Withheld::ForNow);
        }
        Ok(())
    }

    /// Whether the item may be stopped by control: its handler must allow it too.
    ///
    /// # Errors
    /// Why not.
    pub fn may_stop(&self, handler: &HandlerStanding) -> Result<(), Withheld> {
        handler.may_stop()?;
        if self.policies.contains(ItemPolicies::PREVENT_STOP_SYNC) {
            return Err(Withheld::Policy);
        }
        if self.policies.contains(ItemPolicies::DISABLE_STOP_SYNC) {
            return Err(Withheld::ForNow);
        }
        Ok(())
    }
}

/// What a person can do to a handler or an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Task {
    /// Set up an inactive handler ("Setup").
    Activate,
    /// Take a handler out of the partnerships ("Delete" on a handler).
    Deactivate,
    /// Enable.
    Enable,
    /// Disable.
    Disable,
    /// Start a sync.
    Start,
    /// Stop a sync.
    Stop,
    /// Show the content.
    Browse,
    /// Show the schedule.
    Schedule,
    /// Take an item out of the sync set.
    Delete,
}

/// How a task is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Offer {
    /// It can be done.
    Shown,
    /// It is shown and cannot be done for now (the `DISABLE` policies).
    Greyed,
    /// It is not shown (the `PREVENT` policies, a missing capability, or nothing to do).
    Absent,
}

impl Offer {
    fn of(shown: bool, prevented: bool, greyed: bool) -> Self {
        match (shown && !prevented, greyed) {
            (false, _) => Self::Absent,
            (true, true) => Self::Greyed,
            (true, false) => Self::Shown,
        }
    }
}

impl HandlerStanding {
    /// How a task is offered on the handler.
    pub fn offer(&self, task: Task, capabilities: HandlerCapabilities) -> Offer {
        use HandlerCapabilities as Can;
        use HandlerPolicies as Not;
        let is = |policy| self.policies.contains(policy);
        let on = self.switches;
        // Disabled, or disconnected: "most tasks gone or greyed"; what is only greyed comes back by itself.
        let idle = on.active && on.enabled;
        match task {
            Task::Activate => Offer::of(!on.active, is(Not::PREVENT_ACTIVATE), false),
            Task::Deactivate => Offer::of(on.active, is(Not::PREVENT_DEACTIVATE), false),
            Task::Enable => {
                Offer::of(on.active && !on.enabled, is(Not::PREVENT_ENABLE), is(Not::DISABLE_ENABLE))
            }
            Task::Disable => Offer::of(idle, is(Not::PREVENT_DISABLE), is(Not::DISABLE_DISABLE)),
            Task::Start => {
                Offer::of(idle, is(Not::PREVENT_START_SYNC), is(Not::DISABLE_START_SYNC) || !on.connected)
            }
            Task::Stop => Offer::of(idle, is(Not::PREVENT_STOP_SYNC), is(Not::DISABLE_STOP_SYNC)),
            Task::Browse => Offer::of(
                on.active && capabilities.contains(Can::CAN_BROWSE_CONTENT),
                false,
                is(Not::DISABLE_BROWSE),
            ),
            Task::Schedule => Offer::of(
                on.active && capabilities.contains(Can::CAN_SHOW_SCHEDULE),
                false,
                is(Not::DISABLE_SCHEDULE),
            ),
            Task::Delete => Offer::Absent,
        }
    }
}

impl ItemStanding {
    /// How a task is offered on the item.
    pub fn offer(&self, task: Task, capabilities: ItemCapabilities, handler: &HandlerStanding) -> Offer {
        use ItemCapabilities as Can;
        use ItemPolicies as Not;
        let is = |policy| self.policies.contains(policy);
        let above = |policy| handler.policies.contains(policy);
        let on = self.switches;
        let live = handler.switches.active && handler.switches.enabled;
        let connected = on.connected && handler.switches.connected;
        match task {
            Task::Enable => Offer::of(live && !on.enabled, is(Not::PREVENT_ENABLE), is(Not::DISABLE_ENABLE)),
            Task::Disable => {
                Offer::of(live && on.enabled, is(Not::PREVENT_DISABLE), is(Not::DISABLE_DISABLE))
            }
            Task::Start => Offer::of(
                live && on.enabled,
                is(Not::PREVENT_START_SYNC) || above(HandlerPolicies::PREVENT_START_SYNC),
                is(Not::DISABLE_START_SYNC) || above(HandlerPolicies::DISABLE_START_SYNC) || !connected,
            ),
            Task::Stop => Offer::of(
                live && on.enabled,
                is(Not::PREVENT_STOP_SYNC) || above(HandlerPolicies::PREVENT_STOP_SYNC),
                is(Not::DISABLE_STOP_SYNC) || above(HandlerPolicies::DISABLE_STOP_SYNC),
            ),
            Task::Browse => {
                Offer::of(capabilities.contains(Can::CAN_BROWSE_CONTENT), false, is(Not::DISABLE_BROWSE))
            }
            Task::Delete => Offer::of(capabilities.contains(Can::CAN_DELETE), false, is(Not::DISABLE_DELETE)),
            Task::Activate | Task::Deactivate | Task::Schedule => Offer::Absent,
        }
    }
}
