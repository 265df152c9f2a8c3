//! The HTTP API, its event stream and the web page: a thin skin over the center.
//!
//! Everything here is a method of the center, said in HTTP. The document of the API is generated from the routes
//! ([`api::document`]), so that none can be undocumented.
//!
//! ```no_run
//! # async fn serve(center: center::Center) -> Result<(), server::ServeError> {
//! use server::{Access, Config, Limits, Parts, Server, World};
//!
//! let access = Access::new("/home/me/.local/state/instep/tokens.json");
//! let parts = Parts::new(center, access, World { version: "1.0".into(), ..World::default() }, Limits::default());
//! let config = Config {
//!     socket: Some("/run/user/1000/instep/instep.sock".into()),
//!     listen: vec!["127.0.0.1:8384".parse().expect("an address")],
//!     tls: None,
//! };
//! let server = Server::bind(&config, parts).await?;
//! // Here the daemon is ready.
//! server.run(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await;
//! # Ok(())
//! # }
//! ```

mod access;
pub mod api;
mod config;
mod convert;
mod failure;
mod input;
mod limits;
mod listen;
mod login;
mod metrics;
mod page;
mod parts;
mod previews;
mod routes;
mod segment;
mod table;

pub use access::{Access, AccessError};
pub use config::{Config, Limits, TlsFiles};
pub use convert::{seen, verification};
pub use listen::{ServeError, Server};
pub use parts::{Detect, Parts, World};
