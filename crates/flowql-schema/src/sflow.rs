//! The formats of sFlow version 5, and the columns that they fill: the table of `grammar/sflow.json`.

mod generated;

use generated::{DISCARDS, FORMATS};

/// A format of a sample or a record: what an XDR structure of a datagram is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// What has it.
    pub kind: Kind,
    /// The enterprise that defined it; 0 for sFlow.org.
    pub enterprise: u32,
    /// Its number, of at most 12 bits.
    pub number: u32,
    /// The name of its structure, as sFlow.org writes it.
    pub name: &'static str,
    /// The columns that it fills; empty for one that is skipped.
    pub columns: &'static [&'static str],
}

/// What a format describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A sample of a datagram.
    Sample,
    /// A record of a flow sample, or of a discarded packet.
    Flow,
    /// A record of a counter sample.
    Counter,
}

impl Format {
    /// Every format, in order of kind, enterprise and number.
    pub const fn all() -> &'static [Self] {
        FORMATS
    }
}

/// The format of a kind with an enterprise and a number; `None` for an unknown one.
pub fn format(kind: Kind, enterprise: u32, number: u32) -> Option<&'static Format> {
    let key = |format: &Format| (format.kind, format.enterprise, format.number);
    let place = FORMATS.binary_search_by_key(&(kind, enterprise, number), key).ok()?;
    FORMATS.get(place)
}

/// The forwarding status (RFC 7270, section 4.12) of a packet that was discarded for a reason of sFlow: the code that
/// an output interface of the form "discarded", or a sample of a discarded packet, has. 128, dropped, where no better
/// one is known.
pub fn forwarding_status(reason: u32) -> u8 {
    const DROPPED: u8 = 128;
    let place = DISCARDS.binary_search_by_key(&reason, |(reason, _)| *reason).ok();
    place.and_then(|place| DISCARDS.get(place)).map_or(DROPPED, |(_, status)| *status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_found() {
        for known in Format::all() {
            assert_eq!(format(known.kind, known.enterprise, known.number), Some(known));
        }
        let name = |kind, enterprise, number| format(kind, enterprise, number).map(|format| format.name);
        assert_eq!(name(Kind::Flow, 0, 1), Some("sampled_header"));
        assert_eq!(name(Kind::Counter, 0, 1), Some("if_counters"));
        assert_eq!(name(Kind::Counter, 4413, 1), Some("bst_device_buffers"));
        assert_eq!(name(Kind::Flow, 9, 1), None);
    }

    #[test]
    fn discarded_packets_have_a_forwarding_status() {
        for (reason, status) in
            [(0, 131), (8, 132), (10, 129), (263, 131), (302, 140), (303, 128), (u32::MAX, 128)]
        {
            assert_eq!(forwarding_status(reason), status, "{reason}");
        }
    }
}
