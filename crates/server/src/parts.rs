//! What the API stands on.

use std::sync::Arc;

use center::Center;

use crate::failure::Failure;

/// What the API stands on. Cheap to clone: every request has one.
#[derive(Clone)]
pub struct Parts {
    inner: Arc<Inner>,
}

struct Inner {
    center: Center,
    version: String,
}

impl Parts {
    /// Of a center, for a program of that version.
    pub fn new(center: Center, version: impl Into<String>) -> Self {
        Self { inner: Arc::new(Inner { center, version: version.into() }) }
    }

    pub(crate) fn center(&self) -> &Center {
        &self.inner.center
    }

    pub(crate) fn version(&self) -> &str {
        &self.inner.version
    }

    /// Asks the center something that may wait for a disk or a handler.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Center) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let center = self.inner.center.clone();
        tokio::task::spawn_blocking(move || question(&center)).await.unwrap_or_else(|_| {
            Err(Failure::internal("the request was given up because of a mistake in the program"))
        })
    }
}
