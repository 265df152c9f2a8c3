//! The settings: one TOML file that a person may edit and keep in git.
//!
//! ```toml
//! [items.photos]
//! name = "Photos"
//! a = "/home/me/Photos"
//! b = "/media/nas/Photos"
//!
//! [channels.ops]
//! kind = "webhook"
//! url = "https://example.org/hooks/sync"
//! token = "secret:ops"
//!
//! [[alerts]]
//! state = ["failed", "safety_stop", "overdue"]
//! remind = "1d"
//! ```
//!
//! Read strictly: a misspelt key is a [`Mistake`] with its line and column and what was probably meant, never a setting
//! that silently does nothing. Of an item this crate knows what every item has; the keys of its handler's kind stay a
//! [`RawTable`] which whoever knows the kind reads, with the same care for lines and columns. Written only by
//! [`edit::Editor`], which keeps comments and order.

pub mod alerts;
pub mod channels;
pub mod collections;
pub mod edit;
mod file;
pub mod handlers;
pub mod hooks;
pub mod items;
mod mistake;
mod near;
mod one_or_many;
pub mod period;
mod place;
mod raw;
pub mod schedule;
pub mod schema;
mod sections;
mod settings;
pub mod words;

pub use file::{Check, Error, SettingsFile, digest, values};
pub use items::Item;
pub use mistake::{Mistake, Source};
pub use near::nearest;
pub use raw::RawTable;
pub use sections::{MergeTool, ResultsKept, Secrets, Server, Stop, Tls};
pub use settings::Settings;
