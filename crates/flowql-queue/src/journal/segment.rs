//! The files of a partition: names, and the header of a segment.

use std::path::{Path, PathBuf};

use super::files::numbered;
use crate::frame::take;
use crate::{Error, QueueId};

/// The bytes of a segment before its first frame.
pub(crate) const HEADER: u64 = 64;
/// The version of segments, and of the file that makes a folder a journal.
pub(crate) const VERSION: u16 = 1;

const MAGIC: [u8; 8] = *b"flowqlSG";
/// The bytes of the header that its checksum covers.
const CHECKED: usize = 60;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) journal: QueueId,
    pub(crate) partition: u16,
    pub(crate) sequence: u64,
    /// When it was begun, in nanoseconds since 1970.
    pub(crate) begun: u64,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CHECKED + 4);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&self.partition.to_le_bytes());
        bytes.extend_from_slice(&self.journal.0);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.begun.to_le_bytes());
        bytes.resize(CHECKED, 0);
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Reads the header of a segment. `None` where the bytes are damaged; the frames behind them can still be read.
    ///
    /// # Errors
    ///
    /// The segment is of another version.
    pub(crate) fn decode(bytes: &[u8], path: &Path) -> Result<Option<Self>, Error> {
        let Some((checked, sum)) = bytes.split_at_checked(CHECKED) else { return Ok(None) };
        if sum.first_chunk() != Some(&crc32fast::hash(checked).to_le_bytes()) {
            return Ok(None);
        }
        let Some(mut rest) = checked.strip_prefix(&MAGIC) else { return Ok(None) };
        let version = take(&mut rest).map(u16::from_le_bytes);
        if let Some(found) = version.filter(|version| *version != VERSION) {
            return Err(Error::Version { path: path.to_owned(), found, known: VERSION });
        }
        Ok(Self::fields(rest))
    }

    fn fields(mut rest: &[u8]) -> Option<Self> {
        Some(Self {
            partition: u16::from_le_bytes(take(&mut rest)?),
            journal: QueueId(take(&mut rest)?),
            sequence: u64::from_le_bytes(take(&mut rest)?),
            begun: u64::from_le_bytes(take(&mut rest)?),
        })
    }
}

/// The file of a segment.
pub(crate) fn path(folder: &Path, sequence: u64) -> PathBuf {
    folder.join(format!("{sequence:020}.segment"))
}

/// The sequence numbers of the segments in a folder, the smallest first.
pub(crate) fn list(folder: &Path) -> Result<Vec<u64>, Error> {
    let mut sequences = numbered(folder, |name| name.strip_suffix(".segment"))?;
    sequences.sort_unstable();
    Ok(sequences)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_gives_back_what_it_was_made_of() {
        let header = Header { journal: QueueId([7; 16]), partition: 3, sequence: 1 << 40, begun: u64::MAX };
        let bytes = header.encode();
        assert_eq!(bytes.len() as u64, HEADER);
        assert_eq!(Header::decode(&bytes, Path::new("s")).unwrap(), Some(header));
        for index in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[index] ^= 1;
            assert_eq!(Header::decode(&changed, Path::new("s")).unwrap(), None, "byte {index}");
            assert_eq!(Header::decode(&bytes[..index], Path::new("s")).unwrap(), None, "{index} bytes");
        }
    }

    #[test]
    fn another_version_is_an_error() {
        let header = Header { journal: QueueId([7; 16]), partition: 0, sequence: 1, begun: 0 };
        let mut bytes = header.encode();
        bytes[8] = 2;
        let sum = crc32fast::hash(&bytes[..CHECKED]).to_le_bytes();
        bytes[CHECKED..].copy_from_slice(&sum);
        let error = Header::decode(&bytes, Path::new("s")).unwrap_err();
        assert_eq!(error.to_string(), "`s` has version 2; this program reads version 1");
    }
}
