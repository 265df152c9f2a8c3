//! What the API stands on.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};

use center::{Center, Feed};
use secrets::Secrets;
use settings::SettingsFile;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, AccessError};
use crate::config::Limits;
use crate::failure::Failure;
use crate::login;
use crate::metrics::{Glance, Tally};
use crate::previews::Previews;

/// What the API stands on. Cheap to clone: every request has one.
#[derive(Clone)]
pub struct Parts {
    inner: Arc<Inner>,
}

struct Inner {
    center: Center,
    feed: Feed,
    access: Access,
    world: World,
    limits: Limits,
    streams: Arc<Semaphore>,
    closing: CancellationToken,
    listening: OnceLock<Listening>,
    previews: Previews,
    tally: Tally,
    glance: Glance,
}

/// Where pages find the service.
struct Listening {
    addresses: Vec<SocketAddr>,
    tls: bool,
}

/// What the service is told about itself and the world around it.
#[derive(Clone, Default)]
pub struct World {
    /// The program's version.
    pub version: String,
    /// Names by which it may be asked on the network besides its addresses (`Host`).
    pub hosts: Vec<String>,
    /// Other origins whose pages may use it (`Origin`).
    pub origins: Vec<String>,
    /// The settings' file, if they are one.
    pub settings: Option<Arc<SettingsFile>>,
    /// Where secrets are kept, if they are.
    pub secrets: Option<Arc<Secrets>>,
    /// Looks at what the machine synchronizes already, if it can be looked at.
    pub detect: Option<Arc<Detect>>,
}

/// A look at the machine. It reads only, and takes its time.
pub type Detect = dyn Fn() -> wire::Detected + Send + Sync;

impl Parts {
    /// Of a center, for those whom `access` lets in.
    pub fn new(center: Center, access: Access, world: World, limits: Limits) -> Self {
        Self {
            inner: Arc::new(Inner {
                feed: center.feed(),
                center,
                access,
                world,
                streams: Arc::new(Semaphore::new(limits.streams)),
                limits,
                closing: CancellationToken::new(),
                listening: OnceLock::new(),
                previews: Previews::default(),
                tally: Tally::default(),
                glance: Glance::default(),
            }),
        }
    }

    /// Who may ask for what.
    pub fn access(&self) -> &Access {
        &self.inner.access
    }

    pub(crate) fn center(&self) -> &Center {
        &self.inner.center
    }

    pub(crate) fn feed(&self) -> &Feed {
        &self.inner.feed
    }

    pub(crate) fn version(&self) -> &str {
        &self.inner.world.version
    }

    pub(crate) fn hosts(&self) -> &[String] {
        &self.inner.world.hosts
    }

    pub(crate) fn origins(&self) -> &[String] {
        &self.inner.world.origins
    }

    pub(crate) fn settings(&self) -> Result<Arc<SettingsFile>, Failure> {
        let none = || Failure::not_found("no_settings", "this service has no settings file");
        self.inner.world.settings.clone().ok_or_else(none)
    }

    pub(crate) fn secrets(&self) -> Result<Arc<Secrets>, Failure> {
        let none = || Failure::not_found("no_secrets", "this service keeps no secrets");
        self.inner.world.secrets.clone().ok_or_else(none)
    }

    pub(crate) fn detect(&self) -> Result<Arc<Detect>, Failure> {
        let none = || Failure::not_found("no_detection", "this service does not look at other tools");
        self.inner.world.detect.clone().ok_or_else(none)
    }

    /// How requests went.
    pub(crate) fn tally(&self) -> &Tally {
        &self.inner.tally
    }

    /// How all items stand.
    pub(crate) fn glance(&self) -> &Glance {
        &self.inner.glance
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.inner.limits
    }

    pub(crate) fn previews(&self) -> &Previews {
        &self.inner.previews
    }

    /// Room for event streams.
    pub(crate) fn streams(&self) -> &Arc<Semaphore> {
        &self.inner.streams
    }

    /// Over when the service ends: for answers that have no end of their own.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.inner.closing
    }

    pub(crate) fn listens_at(&self, addresses: Vec<SocketAddr>, tls: bool) {
        // Said once, by the one server that there is.
        let _ = self.inner.listening.set(Listening { addresses, tls });
    }

    /// A link that lets a page in; none when nothing listens on the network.
    pub(crate) fn page_link(&self) -> Result<Option<String>, AccessError> {
        let Some(Listening { addresses, tls }) = self.inner.listening.get() else { return Ok(None) };
        // Nearest first: a page on this machine needs no network.
        let nearest = addresses.iter().min_by_key(|address| !address.ip().is_loopback());
        let Some(mut address) = nearest.copied() else { return Ok(None) };
        if address.ip().is_unspecified() {
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        let scheme = if *tls { "https" } else { "http" };
        let ticket = self.inner.access.ticket()?;
        Ok(Some(format!("{scheme}://{address}{}?ticket={ticket}", login::PATH)))
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
