//! The messages of an IPFIX connection, which follow each other without a gap (RFC 7011, section 10.4).

/// The version of IPFIX, and the bytes of the header of a message.
const VERSION: u16 = 10;
const HEADER: u16 = 16;

/// The bytes of a connection that have not become messages yet.
#[derive(Debug, Default)]
pub(crate) struct Framer {
    bytes: Vec<u8>,
    /// Where the next message begins.
    start: usize,
}

/// What follows is not a message: where it would end, nothing says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Astray;

impl Framer {
    /// Adds what was received.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start.min(self.bytes.len()));
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next message that is whole.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Astray> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let Some(&[a, b, c, d]) = rest.first_chunk() else { return Ok(None) };
        let length = u16::from_be_bytes([c, d]);
        if u16::from_be_bytes([a, b]) != VERSION || length < HEADER {
            return Err(Astray);
        }
        let message = rest.get(..usize::from(length));
        self.start += message.map_or(0, <[u8]>::len);
        Ok(message)
    }

    /// How many bytes are left.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.start
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(length: u16) -> Vec<u8> {
        let mut message = [VERSION.to_be_bytes(), length.to_be_bytes()].concat();
        message.resize(usize::from(length), 0xaa);
        message
    }

    #[test]
    fn what_is_not_a_message_is_astray() {
        for bytes in [[0, 9, 0, 16], [0, 10, 0, 15], [0, 10, 0, 0], *b"GET "] {
            let mut framer = Framer::default();
            framer.push(&bytes);
            assert_eq!(framer.next(), Err(Astray), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn messages_come_whole_however_they_are_cut(
            lengths in proptest::collection::vec(prop_oneof![16..200_u16, 60_000..=u16::MAX], 1..6),
            cuts in proptest::collection::vec(1..70_000_usize, 1..20),
            missing in 0..16_usize,
        ) {
            let sent: Vec<_> = lengths.iter().map(|length| message(*length)).collect();
            let stream = sent.concat();
            let mut rest = &stream[..stream.len() - missing];
            let mut framer = Framer::default();
            let mut found: Vec<Vec<u8>> = Vec::new();
            for cut in cuts.into_iter().cycle() {
                let (now, later) = rest.split_at(cut.min(rest.len()));
                framer.push(now);
                while let Some(message) = framer.next().unwrap() {
                    found.push(message.to_vec());
                }
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            let whole = if missing == 0 { sent.len() } else { sent.len() - 1 };
            prop_assert_eq!(&found[..], &sent[..whole]);
            let left = if missing == 0 { 0 } else { sent[whole].len() - missing };
            prop_assert_eq!(framer.left(), left);
        }
    }
}
