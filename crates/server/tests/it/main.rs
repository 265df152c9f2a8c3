//! The service over real sockets, on a real center.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod access;
mod control;
mod document;
mod reading;
mod sessions;

mod stream;
mod support;
