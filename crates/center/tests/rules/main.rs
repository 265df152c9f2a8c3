//! The rules as they are seen through the center: on a real store, with handlers that play a part.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop where it stands")]

mod alerts;
mod conflicts;
mod control;
mod ending;
mod escalation;
mod feed;
mod jobs;
mod outside;
mod queue;
mod results;
mod schedules;
mod sessions;
mod status;
mod stopping;
mod storm;
mod support;
