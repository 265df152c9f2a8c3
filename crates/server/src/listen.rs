//! Where requests come in.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use crate::api;
use crate::parts::Parts;

/// Why the service cannot listen.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The socket cannot be made or used.
    #[error("cannot listen at {}: {reason}", path.display())]
    Socket {
        /// Where.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
}

/// Answers at a local socket until `until` is over.
///
/// # Errors
/// The socket cannot be made, or something answers at it already.
pub async fn serve_unix(
    path: &Path,
    parts: Parts,
    until: impl Future<Output = ()> + Send + 'static,
) -> Result<(), ServeError> {
    let failed = |reason| ServeError::Socket { path: path.to_owned(), reason };
    let listener = UnixListener::bind(path).map_err(failed)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(failed)?;
    axum::serve(listener, api::router(parts)).with_graceful_shutdown(until).await.map_err(failed)
}
