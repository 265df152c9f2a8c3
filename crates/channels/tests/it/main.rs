//! Channels and hooks against real servers, buses and programs.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

mod alone;
mod bus;
mod channels;
mod desktop;
mod hooks;
mod servers;
mod support;
