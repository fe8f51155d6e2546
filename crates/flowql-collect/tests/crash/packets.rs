//! Exporters that send known flows, without an end: NetFlow v5, and NetFlow v9 with templates that come after their data,
//! names of interfaces and a sampler.

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Numbers that a seed makes.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        // xorshift64*
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// An exporter with a port of its own.
pub(crate) struct Exporter {
    socket: UdpSocket,
    version: u16,
    random: Random,
    sent: u64,
    begun: SystemTime,
}

/// So many datagrams have the same template, which is sent at some of them.
const EPOCH: u64 = 120;
const FIRST_TEMPLATE: u64 = 40;
const TEMPLATE_EVERY: u64 = 20;

impl Exporter {
    /// One at an address of this machine.
    pub(crate) fn at(address: &str, version: u16, seed: u64) -> Self {
        let socket = UdpSocket::bind((address, 0)).unwrap();
        Self { socket, version, random: Random(seed | 1), sent: 0, begun: SystemTime::now() }
    }

    /// The next datagram.
    pub(crate) fn datagram(&mut self) -> Vec<u8> {
        let bytes = if self.version == 5 { self.version_5() } else { self.version_9() };
        self.sent += 1;
        bytes
    }

    /// Sends a datagram. Nobody may be there.
    pub(crate) fn send(&mut self, to: SocketAddr) {
        let bytes = self.datagram();
        drop(self.socket.send_to(&bytes, to));
    }

    fn uptime(&self) -> u32 {
        u32::try_from(self.begun.elapsed().unwrap_or(Duration::ZERO).as_millis()).unwrap()
    }

    fn version_5(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let count = 1 + self.random.below(20) as u16;
        push(&mut bytes, &[(5, 2), (count.into(), 2), (self.uptime().into(), 4)]);
        push(&mut bytes, &[(seconds(), 4), (0, 4), (self.sent, 4), (0, 1), (0, 1), (1 << 14 | 100, 2)]);
        for _ in 0..count {
            let [source, target] = [self.random.below(1 << 16), self.random.below(1 << 16)];
            push(&mut bytes, &[(0x0A00_0000 | source, 4), (0xC633_0000 | target, 4), (0, 4)]);
            push(&mut bytes, &[(self.random.below(4), 2), (7, 2)]);
            push(
                &mut bytes,
                &[(1 + self.random.below(50), 4), (self.random.below(60_000), 4), (0, 4), (0, 4)],
            );
            push(&mut bytes, &[(self.random.below(5), 2), (443, 2), (0, 1), (0x10, 1), (6, 1), (0, 1)]);
            push(&mut bytes, &[(64_500 + self.random.below(8), 2), (64_600, 2), (24, 1), (16, 1), (0, 2)]);
        }
        bytes
    }

    fn version_9(&mut self) -> Vec<u8> {
        let place = self.sent % EPOCH;
        let id = 300 + self.sent / EPOCH % 1000;
        let mut sets = Vec::new();
        if place >= FIRST_TEMPLATE && place.is_multiple_of(TEMPLATE_EVERY) {
            const FIELDS: [(u64, u64); 11] = [
                (8, 4),
                (12, 4),
                (10, 4),
                (14, 4),
                (7, 2),
                (11, 2),
                (4, 1),
                (48, 1),
                (16, 4),
                (1, 4),
                (2, 4),
            ];
            let mut body = Vec::new();
            push(&mut body, &[(id, 2), (FIELDS.len() as u64, 2)]);
            FIELDS.iter().for_each(|&(kind, length)| push(&mut body, &[(kind, 2), (length, 2)]));
            set(&mut sets, 0, &body);
        }
        if place % 50 == 10 {
            self.options(&mut sets);
        }
        let count = 1 + self.random.below(12);
        let mut body = Vec::new();
        for _ in 0..count {
            let [source, target] = [self.random.below(1 << 16), self.random.below(1 << 16)];
            push(&mut body, &[(0x0A01_0000 | source, 4), (0xCB00_0000 | target, 4)]);
            push(&mut body, &[(self.random.below(5), 4), (self.random.below(5), 4)]);
            push(&mut body, &[(self.random.below(3), 2), (53, 2), (17, 1), (1, 1)]);
            push(&mut body, &[(65_000 + self.random.below(4), 4), (self.random.below(9_000), 4)]);
            push(&mut body, &[(1 + self.random.below(9), 4)]);
        }
        set(&mut sets, id, &body);
        let mut bytes = Vec::new();
        push(&mut bytes, &[(9, 2), (count, 2), (self.uptime().into(), 4), (seconds(), 4)]);
        push(&mut bytes, &[(self.sent, 4), (1, 4)]);
        bytes.extend_from_slice(&sets);
        bytes
    }

    /// The sampler's rate, and the name of an interface that changes now and then.
    fn options(&mut self, sets: &mut Vec<u8>) {
        let mut body = Vec::new();
        push(&mut body, &[(256, 2), (4, 2), (8, 2), (1, 2), (4, 2), (48, 2), (1, 2), (34, 2), (4, 2)]);
        set(sets, 1, &body);
        let mut body = Vec::new();
        push(&mut body, &[(257, 2), (4, 2), (4, 2), (2, 2), (4, 2), (82, 2), (8, 2)]);
        set(sets, 1, &body);
        let mut body = Vec::new();
        push(&mut body, &[(1, 4), (1, 1), (1_000, 4)]);
        set(sets, 256, &body);
        let mut body = Vec::new();
        push(&mut body, &[(1 + self.random.below(2), 4)]);
        body.extend_from_slice(format!("port{:04}", self.sent / 400 % 10_000).as_bytes());
        set(sets, 257, &body);
    }
}

/// Now, in seconds since 1970.
pub(crate) fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// Numbers, each of so many bytes, the highest first.
pub(crate) fn push(bytes: &mut Vec<u8>, numbers: &[(u64, usize)]) {
    for (number, width) in numbers {
        bytes.extend_from_slice(&number.to_be_bytes()[8 - width..]);
    }
}

/// A set of records or templates.
pub(crate) fn set(sets: &mut Vec<u8>, id: u64, body: &[u8]) {
    let padded = body.len().next_multiple_of(4);
    push(sets, &[(id, 2), (padded as u64 + 4, 2)]);
    sets.extend_from_slice(body);
    sets.resize(sets.len() + padded - body.len(), 0);
}
