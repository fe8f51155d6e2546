//! Fragments of IP packets, put together.

use std::collections::VecDeque;
use std::net::IpAddr;

/// Which packet a fragment is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) ends: (IpAddr, IpAddr),
    pub(super) id: u32,
}

/// A part of a packet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'b> {
    pub(super) offset: usize,
    pub(super) is_last: bool,
    pub(super) bytes: &'b [u8],
}

/// The packets of which fragments are missing.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    packets: VecDeque<Partial>,
    /// Fragments of packets that were never whole.
    lost: u64,
}

#[derive(Debug)]
struct Partial {
    key: Key,
    /// What came, by offset.
    pieces: Vec<(usize, Vec<u8>)>,
    /// How long the packet is, once its last fragment came.
    length: Option<usize>,
}

/// The most packets that wait for fragments; the oldest leaves.
const PACKETS: usize = 256;
/// The most fragments of a packet: of the largest, in the smallest that links carry.
const PIECES: usize = 128;
/// The longest packet.
const LONGEST: usize = 0xFFFF;

impl Fragments {
    /// Adds a fragment; the whole packet if it was the last missing one.
    pub(super) fn add(&mut self, key: Key, piece: Piece<'_>) -> Option<Vec<u8>> {
        let end = piece.offset + piece.bytes.len();
        if end > LONGEST {
            self.lost += 1;
            return None;
        }
        let place = match self.packets.iter().position(|partial| partial.key == key) {
            Some(place) => place,
            None => {
                if self.packets.len() >= PACKETS {
                    let oldest = self.packets.pop_front();
                    self.lost += oldest.map_or(0, |partial| partial.pieces.len()) as u64;
                }
                self.packets.push_back(Partial { key, pieces: Vec::new(), length: None });
                self.packets.len() - 1
            }
        };
        let partial = self.packets.get_mut(place)?;
        if partial.pieces.len() >= PIECES {
            self.lost += 1;
            return None;
        }
        if piece.is_last {
            partial.length = Some(end);
        }
        let at = partial.pieces.partition_point(|(offset, _)| *offset < piece.offset);
        partial.pieces.insert(at, (piece.offset, piece.bytes.to_vec()));
        let whole = partial.whole()?;
        self.packets.remove(place);
        Some(whole)
    }

    /// How many fragments wait for others, or never met them.
    pub(super) fn lost(&self) -> u64 {
        self.lost + self.packets.iter().map(|partial| partial.pieces.len() as u64).sum::<u64>()
    }
}

impl Partial {
    /// The packet, if nothing is missing; of bytes that came twice the first count.
    fn whole(&self) -> Option<Vec<u8>> {
        let length = self.length?;
        let mut whole = Vec::with_capacity(length);
        for (offset, bytes) in &self.pieces {
            let known = whole.len().checked_sub(*offset)?;
            whole.extend_from_slice(bytes.get(known..).unwrap_or_default());
        }
        (whole.len() >= length).then(|| {
            whole.truncate(length);
            whole
        })
    }
}
