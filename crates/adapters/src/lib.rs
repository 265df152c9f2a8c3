//! Handlers that live in other processes: the host of the handler protocol, and wrapped tools.

pub mod collection;
pub mod conformance;
pub mod files;
pub mod host;
pub mod parse;
pub mod process;
mod strays;
pub mod syncthing;
pub mod telling;
pub mod tools;
pub mod verdict;
