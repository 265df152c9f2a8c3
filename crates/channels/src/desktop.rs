//! Notes on the desktop, by its notification service (`org.freedesktop.Notifications`).

use std::collections::HashMap;
use std::time::Duration;

use async_io::Timer;
use center::{Channel, Notice, Occasion, Undelivered};
use futures_lite::future;
use zbus::connection::Builder;
use zbus::zvariant::Value;

const SERVICE: &str = "org.freedesktop.Notifications";
const OBJECT: &str = "/org/freedesktop/Notifications";

/// A desktop.
pub struct Desktop {
    id: String,
    timeout: Duration,
    /// The address of its bus; none: the one of our session.
    bus: Option<String>,
}

impl Desktop {
    /// The desktop of the session that this process belongs to.
    pub fn new(id: String, timeout: Duration) -> Self {
        Self { id, timeout, bus: None }
    }

    /// The desktop whose bus has this address.
    pub fn on_bus(id: String, timeout: Duration, bus: String) -> Self {
        Self { id, timeout, bus: Some(bus) }
    }

    async fn show(&self, notice: &Notice) -> zbus::Result<()> {
        let bus = match &self.bus {
            Some(address) => Builder::address(address.as_str())?,
            None => Builder::session()?,
        };
        let bus = bus.build().await?;
        // Critical ones stay on the screen until they are clicked away.
        let urgency: u8 = if notice.occasion == Occasion::Raised { 2 } else { 1 };
        let hints =
            HashMap::from([("urgency", Value::U8(urgency)), ("desktop-entry", Value::from("instep"))]);
        let actions: [&str; 0] = [];
        let note = (
            "Instep",
            0_u32,
            "emblem-synchronizing",
            notice.title(),
            escaped(&notice.body()),
            actions.as_slice(),
            hints,
            -1_i32,
        );
        bus.call_method(Some(SERVICE), OBJECT, Some(SERVICE), "Notify", &note).await.map(drop)
    }
}

impl Channel for Desktop {
    fn id(&self) -> &str {
        &self.id
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }

    fn deliver(&self, notice: &Notice) -> Result<(), Undelivered> {
        let told = async { Some(self.show(notice).await) };
        // Over all of it: a bus may hang as well as the service behind it, and as early as when it is greeted.
        let patience = async {
            Timer::after(self.timeout).await;
            None
        };
        let why = match async_io::block_on(future::or(told, patience)) {
            Some(Ok(())) => return Ok(()),
            Some(Err(error)) => format!("The desktop's notification service cannot be reached: {error}."),
            None => format!(
                "The desktop's notification service gave no answer within {} s.",
                self.timeout.as_secs_f32()
            ),
        };
        Err(Undelivered { why, again: true })
    }
}

/// A desktop may read markup in the text; names of files must not become any.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
