//! Channels over HTTP: webhooks and ntfy.

use std::sync::Arc;
use std::time::Duration;

use center::{Notice, Occasion, Undelivered};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use settings::channels::{Ntfy, Webhook};
use settings::words::Text;
use ureq::tls::{RootCerts, TlsConfig};

use crate::{Common, Tell, json};

/// Where ntfy is when nobody says otherwise.
const NTFY: &str = "https://ntfy.sh";

impl Tell for Webhook {
    fn tell(&self, common: &Common, notice: &Notice) -> Result<(), Undelivered> {
        let url = common.secret(&self.url)?;
        let mut post = Post::new(url.expose_secret(), common.timeout);
        post.bearer(common, self.token.as_ref())?;
        for (name, value) in &self.headers {
            post.header(name, common.secret(value)?.expose_secret());
        }
        post.send(&json::notice(notice))
    }
}

impl Tell for Ntfy {
    fn tell(&self, common: &Common, notice: &Notice) -> Result<(), Undelivered> {
        // As JSON to the server's root: the topic, which may be a secret, then stands in no address.
        let topic = common.secret(&self.topic)?;
        let mut post = Post::new(self.server.as_deref().unwrap_or(NTFY), common.timeout);
        post.bearer(common, self.token.as_ref())?;
        let (priority, tag) = match notice.occasion {
            Occasion::Raised => (4, "warning"),
            Occasion::Reminder => (3, "warning"),
            Occasion::Resolved => (3, "white_check_mark"),
            Occasion::Test => (3, "test_tube"),
        };
        post.send(&json!({
            "topic": topic.expose_secret(),
            "title": notice.title(),
            "message": notice.body(),
            "priority": priority,
            "tags": [tag],
        }))
    }
}

struct Post {
    request: ureq::RequestBuilder<ureq::typestate::WithBody>,
}

impl Post {
    fn new(url: &str, timeout: Duration) -> Self {
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let agent = ureq::Agent::config_builder()
            .tls_config(tls)
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            // To follow one would take tokens to wherever it leads.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("instep/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Self { request: agent.post(url).header("content-type", "application/json") }
    }

    fn header(&mut self, name: &str, value: &str) {
        if let Some(headers) = self.request.headers_mut()
            && let (Ok(name), Ok(mut value)) = (
                ureq::http::HeaderName::from_bytes(name.as_bytes()),
                ureq::http::HeaderValue::from_str(value),
            )
        {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }

    fn bearer(&mut self, common: &Common, token: Option<&Text>) -> Result<(), Undelivered> {
        if let Some(token) = token {
            let token = common.secret(token)?;
            self.header("authorization", &format!("Bearer {}", token.expose_secret()));
        }
        Ok(())
    }

    fn send(self, body: &Value) -> Result<(), Undelivered> {
        let answer = self.request.send(body.to_string()).map_err(|error| Undelivered {
            why: format!("The server could not be told: {error}."),
            again: !matches!(error, ureq::Error::BadUri(_) | ureq::Error::Http(_)),
        })?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let (why, again) = match status.as_u16() {
            300..=399 => ("; it sends us elsewhere, and a channel goes only where the settings say", false),
            401 | 403 => ("; it wants another token", false),
            404 | 410 => ("; the address in the settings is not there", false),
            408 | 429 | 500..=599 => ("", true),
            _ => ("", false),
        };
        Err(Undelivered { why: format!("The server answered {status}{why}."), again })
    }
}
