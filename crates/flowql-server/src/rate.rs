//! How many requests a client may send.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use moka::sync::Cache;

/// How many clients are remembered; beyond it the least recent ones start anew.
const CLIENTS: u64 = 100_000;

/// Who is counted as one client.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    /// A user, wherever the requests come from.
    User(Arc<str>),
    /// An address, or the network of 64 bits that a household has.
    Address(IpAddr),
}

impl Client {
    /// The client behind an address.
    pub(crate) fn at(address: IpAddr) -> Self {
        Self::Address(match address {
            IpAddr::V6(v6) if !v6.is_loopback() => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
            other => other,
        })
    }
}

/// Counts the requests of each client, as a bucket that fills again at the rate and holds the burst.
#[derive(Debug)]
pub(crate) struct Rates {
    /// The time that one request costs; `None` where nothing is counted.
    cost: Option<Duration>,
    burst: Duration,
    start: Instant,
    /// For each client the nanosecond since `start` at which its bucket is full again.
    full_at: Cache<Client, Arc<AtomicU64>>,
}

impl Rates {
    /// Counts `rate` requests per second, `burst` at once; a rate of 0 counts nothing.
    pub(crate) fn new(rate: u32, burst: u32) -> Self {
        let cost = Duration::from_secs(1).checked_div(rate);
        let burst = cost.unwrap_or_default() * burst;
        let full_at =
            Cache::builder().max_capacity(CLIENTS).time_to_idle(burst + Duration::from_secs(1)).build();
        Self { cost, burst, start: Instant::now(), full_at }
    }

    /// Whether a client may send one more request now.
    pub(crate) fn take(&self, client: &Client) -> bool {
        self.take_at(client, self.start.elapsed())
    }

    fn take_at(&self, client: &Client, now: Duration) -> bool {
        let Some(cost) = self.cost else { return true };
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let (now, cost, burst) = (nanos(now), nanos(cost), nanos(self.burst));
        let full_at = match self.full_at.get(client) {
            Some(known) => known,
            None => self.full_at.get_with_by_ref(client, Arc::default),
        };
        let taken = full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let later = full_at.max(now).saturating_add(cost);
            (later - now <= burst).then_some(later)
        });
        taken.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_has_its_burst_and_then_its_rate() {
        let rates = Rates::new(10, 3);
        let client = Client::at("192.0.2.1".parse().unwrap());
        let taken = |ms| rates.take_at(&client, Duration::from_millis(ms));
        assert_eq!([taken(0), taken(0), taken(0), taken(0)], [true, true, true, false]);
        assert_eq!([taken(99), taken(100), taken(100)], [false, true, false]);
        assert_eq!([taken(900), taken(900), taken(900), taken(900)], [true, true, true, false]);
        assert!(rates.take_at(&Client::at("192.0.2.2".parse().unwrap()), Duration::from_millis(900)));
    }

    #[test]
    fn a_rate_of_zero_is_none() {
        let rates = Rates::new(0, 1);
        let client = Client::User("x".into());
        assert!((0..1000).all(|_| rates.take(&client)));
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let client = |text: &str| Client::at(text.parse().unwrap());
        assert_eq!(client("2001:db8::1"), client("2001:db8::2"));
        assert_ne!(client("2001:db8::1"), client("2001:db8:0:1::1"));
        assert_ne!(client("192.0.2.1"), client("192.0.2.2"));
    }
}
