//! The service over real sockets, on a real center.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod access;
mod document;
mod reading;

mod stream;
mod support;
