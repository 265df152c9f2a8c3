//! The store on real files.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

mod alerts;
mod conflicts;
mod damage;
mod events;
mod examine;
mod processes;
mod runs;
mod schedules;
mod search;
mod support;
