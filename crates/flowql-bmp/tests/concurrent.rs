//! Lookups while routes come and go: a prefix that is always there is always found, or a longer one that has the address.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use flowql_bmp::{Announced, Attributes, Limits, Nlri, PeerKey, PeerKind, Rib, Router, Update, Vrf};
use ipnet::IpNet;

/// The numbers of xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// An address of 10.0.0.0/8 or 2001:db8::/32, one of few, so that nodes and places are used again soon.
    fn address(&mut self) -> IpAddr {
        let value = self.next();
        let (low, high) = ((value & 3) as u8, (value >> 8 & 3) as u8);
        if value >> 63 == 0 {
            Ipv4Addr::new(10, high << 6, low << 6, high << 4).into()
        } else {
            let (low, high) = (u16::from(low) << 14, u16::from(high) << 14);
            Ipv6Addr::new(0x2001, 0xdb8, high, low, high, low, 0, low).into()
        }
    }

    fn prefix(&mut self) -> IpNet {
        let address = self.address();
        let (shortest, lengths) = if address.is_ipv4() { (9, 24) } else { (33, 96) };
        let length = shortest + (self.next() >> 32) % lengths;
        IpNet::new(address, length as u8).unwrap().trunc()
    }
}

fn update(announced: &[IpNet], withdrawn: &[IpNet]) -> Update {
    let nlri = |prefix: &IpNet| Nlri { distinguisher: None, prefix: *prefix, path: 0 };
    Update {
        peer: PeerKey { kind: PeerKind::Global, distinguisher: None, address: None, identifier: None },
        asn: 64500,
        rib: Rib::PostPolicy,
        withdrawn: withdrawn.iter().map(nlri).collect(),
        announced: vec![Announced { next_hop: None, prefixes: announced.iter().map(nlri).collect() }],
        attributes: Attributes::default(),
        end_of_rib: None,
        cleaned: None,
    }
}

#[test]
fn lookups_beside_changes_are_right() {
    let router = Router::new(Ipv4Addr::LOCALHOST.into(), Limits::default());
    let session = router.open();
    let always: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
    router.apply(session, &update(&always, &[]), Instant::now());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let table = router.table(Vrf::Global).unwrap();
            let (mut random, mut count) = (Random(5), 0_u64);
            while !done.load(Ordering::Relaxed) || count < 1000 {
                let address = random.address();
                let matched = table.lookup(address).unwrap_or_else(|| panic!("{address} is not found"));
                let prefix = matched.candidates().unwrap().prefix();
                assert!(prefix.contains(&address), "{address} got {prefix}");
                count += 1;
            }
        });
        let mut random = Random(9);
        for _ in 0..40_000 {
            let prefix = random.prefix();
            let change =
                if random.next() >> 63 == 0 { update(&[prefix], &[]) } else { update(&[], &[prefix]) };
            router.apply(session, &change, Instant::now());
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
}
