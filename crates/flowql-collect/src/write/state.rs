//! The state of the decoder in the bytes of a note.

use flowql_decode::Decoder;
use flowql_queue::State;

/// A place in the queue as the decoder has it. A segment never reaches 4 GiB.
pub(crate) fn pack(position: flowql_queue::Position) -> u64 {
    position.segment << 32 | (position.offset & u64::from(u32::MAX))
}

/// The place in the queue that the decoder had.
pub(crate) const fn unpack(packed: u64) -> flowql_queue::Position {
    flowql_queue::Position { segment: packed >> 32, offset: packed & 0xFFFF_FFFF }
}

/// So many states are saved as changes before all is saved again.
const CHANGES: u32 = 64;

/// What the decoder remembers, or what of it changed.
#[derive(Debug)]
pub(crate) enum Saved {
    Full(Vec<u8>),
    Change(Vec<u8>),
}

/// Saves what a decoder remembers, each time that a stretch begins.
#[derive(Debug, Default)]
pub(crate) struct Saver {
    /// How many times more only changes are saved.
    changes: u32,
}

impl Saver {
    pub(crate) fn save(&mut self, decoder: &mut Decoder) -> Saved {
        match self.changes.checked_sub(1) {
            Some(left) => {
                self.changes = left;
                Saved::Change(decoder.save_changes())
            }
            None => {
                self.changes = CHANGES;
                Saved::Full(decoder.save())
            }
        }
    }
}

impl Saved {
    /// As a store takes it.
    pub(crate) fn state(&self) -> State<'_> {
        match self {
            Self::Full(bytes) => State::Full(bytes),
            Self::Change(bytes) => State::Change(bytes),
        }
    }
}

/// Takes over what was saved, of the pieces that a store has. Gives whether all could be read.
pub(crate) fn restore(decoder: &mut Decoder, pieces: &[Vec<u8>]) -> bool {
    pieces.iter().all(|piece| decoder.restore(piece).is_ok())
}
