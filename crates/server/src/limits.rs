//! How often one client may ask.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::access::Door;
use crate::config::Limits;
use crate::failure::Failure;

/// How many clients are remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 4096;

/// The rates of all clients on the network. Whoever comes through the local socket is the same person as we are.
#[derive(Clone)]
pub(crate) struct Rates {
    limiter: Arc<RateLimiter<IpAddr, HashMapStateStore<IpAddr>, DefaultClock>>,
}

impl Rates {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { limiter: Arc::new(RateLimiter::hashmap(Quota::per_second(limits.rate))) }
    }

    /// Counts a request; refused, the answer is after how many seconds the next one may come.
    fn count(&self, client: IpAddr) -> Result<(), u64> {
        if self.limiter.len() > REMEMBERED {
            self.limiter.retain_recent();
        }
        let clock = DefaultClock::default();
        self.limiter
            .check_key(&client)
            .map_err(|until| until.wait_time_from(clock.now()).as_secs().saturating_add(1))
    }
}

/// One machine has as many addresses of a network as it likes in version 6.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

/// Refuses requests of clients that ask too often.
pub(crate) async fn rate(State(rates): State<Rates>, request: Request, next: Next) -> Response {
    let Some(Door::Tcp { peer, .. }) = request.extensions().get::<Door>() else {
        return next.run(request).await;
    };
    match rates.count(client(peer.ip())) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            let text = "this client asks more often than the service bears";
            let mut response = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", text)
                .with_fix(format!("wait {seconds} s, then ask less often; the event stream tells of changes"))
                .into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_addresses_of_one_machine_count_as_one() {
        let of = |text: &str| client(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2:aaaa::1"), of("2001:db8:1:2:bbbb::2"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
        assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    }
}
