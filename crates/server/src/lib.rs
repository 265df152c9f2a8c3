//! The HTTP API, its event stream and the web page: a thin skin over the center.
//!
//! Everything here is a method of the center, said in HTTP. The document of the API is generated from the routes
//! ([`api::document`]), so that none can be undocumented.

pub mod api;
mod convert;
mod failure;
mod input;
mod listen;
mod parts;
mod segment;

pub use listen::{ServeError, serve_unix};
pub use parts::Parts;
