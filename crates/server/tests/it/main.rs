//! The service over real sockets, on a real center.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod access;
mod control;
mod document;
mod hostile;
mod reading;
mod results;
mod roles;
mod sessions;
mod settings_file;
mod stream;
mod support;
mod tls;
