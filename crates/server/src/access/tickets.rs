//! Tickets: each lets one page in, once, soon.

use blake3::Hash;

use super::secret::digest;

/// For how long a ticket can be used, in milliseconds.
const LIFE: i64 = 10 * 60 * 1000;
/// The most tickets that are out at once; the oldest go.
const MOST: usize = 16;

/// The tickets that were given out and not used: their digests, and until when each can be used.
#[derive(Debug, Default)]
pub(super) struct Tickets {
    out: Vec<(Hash, i64)>,
}

impl Tickets {
    pub(super) fn add(&mut self, secret: &str, now: i64) {
        if self.out.len() == MOST {
            self.out.remove(0);
        }
        self.out.push((digest(secret), now.saturating_add(LIFE)));
    }

    /// Whether that ticket is good; it is not any more afterwards.
    pub(super) fn take(&mut self, secret: &str, now: i64) -> bool {
        let wanted = digest(secret);
        self.out.retain(|(_, until)| *until > now);
        let alive = self.out.len();
        self.out.retain(|(digest, _)| *digest != wanted);
        self.out.len() < alive
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let mut tickets = Tickets::default();
        tickets.add("one", 0);
        tickets.add("two", 0);
        assert!(!tickets.take("three", 1));
        assert!(tickets.take("one", 1));
        assert!(!tickets.take("one", 2));
        assert!(!tickets.take("two", LIFE));
    }

    #[test]
    fn only_so_many_tickets_are_out() {
        let mut tickets = Tickets::default();
        for number in 0..=MOST {
            tickets.add(&number.to_string(), 0);
        }
        assert!(!tickets.take("0", 1));
        assert!(tickets.take("1", 1));
    }
}
