//! The handler protocol: JSON-RPC 2.0, one object per line, between the center and a handler in another process.
//!
//! The methods are those of the contract ([`syncmgr`]), one for one, in both directions: [`handler`] has what the center
//! asks a handler, [`center`] what a handler tells the center. `docs/handler-protocol.md` is the specification; its
//! schema is [`schema()`].
//!
//! Readers tolerate what they do not know: members, words ([`Word`]), flags ([`Names`]), abilities.

pub mod bytes;
pub mod center;
pub mod conflict;
pub mod follow;
pub mod handler;
pub mod lines;
pub mod look;
pub mod message;
pub mod number;
mod schema;
pub mod settle;
pub mod things;
pub mod version;
pub mod words;

pub use bytes::{Bytes, part};
pub use lines::{Line, Lines, MAX_LINE};
pub use message::{
    BadLine, Done, ErrorObject, Incoming, Method, Params, code, paged, write_answer, write_call,
};
pub use number::Number;
pub use schema::{center_methods, handler_methods, schema};
pub use version::{VERSION, Version};
pub use words::{Names, Word};
