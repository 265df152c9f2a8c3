//! Handlers in other processes: real child processes that behave well, or in every wrong way, and what becomes of it.
#![expect(clippy::unwrap_used, reason = "test code")]

mod any;
mod badly;
mod comes;
mod many;
mod shell;
mod support;
mod well;
