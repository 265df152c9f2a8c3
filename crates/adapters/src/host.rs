//! The host of the handler protocol: handlers in other processes.
//!
//! [`HostedHandler`] implements [`syncmgr::Handler`], so that the center sees no difference. One thread reads and writes
//! each connection (`link`) and carries out whatever a session tells at once: of progress the latest value wins by
//! itself, and whoever is faster than the center is read more slowly, so that nothing waits in memory and nothing is
//! lost. What may take long, or may lead to a question to the handler, is done elsewhere: opening a session by the
//! thread in `synchronize`, control by the errands' thread.

mod calls;
mod connection;
mod control;
mod desk;
mod door;
mod follow;
mod handler;
mod icon;
mod items;
mod limits;
mod link;
mod log;
mod look;
mod memory;
mod parts;
mod process;
mod provider;
mod sessions;
mod settle;
mod shared;
mod spec;
mod stores;
mod synchronize;
mod turns;
mod ui;

pub use door::{Door, Newcomer, Visitors};
pub use handler::HostedHandler;
pub use limits::{Limits, STOP};
pub use provider::{Describe, Provider};
pub use spec::{Environment, HandlerSpec, LookUp, Membership, Services};

/// What the conformance kit needs of a process without a host around it.
pub(crate) mod bare {
    pub(crate) use super::connection::locked;
    pub(crate) use super::process::{Pipes, Process};
}
