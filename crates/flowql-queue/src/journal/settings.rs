//! What a journal is opened with.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a journal is opened with.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// How many partitions a new journal gets. All datagrams of a source address are in one.
    pub partitions: u16,
    /// The most bytes of all segments. Beyond it the oldest segment is removed, and counted as lost.
    pub size: u64,
    /// How much of the disk the journal leaves free, in percent.
    pub keep_free_percent: u8,
    /// A segment that would be longer, in bytes, is closed.
    pub segment_bytes: u64,
    /// A segment that is older is closed.
    pub segment_age: Duration,
    /// How often what was written is made to be on the disk: what a loss of power can cost. Zero for each batch.
    pub sync: Duration,
    /// The clock and the disk.
    pub host: Host,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            partitions: 1,
            size: 8 << 30,
            keep_free_percent: 5,
            segment_bytes: 16 << 20,
            segment_age: Duration::from_secs(2),
            sync: Duration::from_millis(200),
            host: Host::default(),
        }
    }
}

/// What a journal knows of the machine: tests put in clocks that jump and disks that fill up.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    /// The time, in nanoseconds since 1970. It is written down only; how old a segment is does not follow it.
    pub now: fn() -> u64,
    /// The disk of a folder.
    pub disk: fn(&Path) -> io::Result<Disk>,
}

/// The room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Its size.
    pub total: u64,
    /// What this process may still write.
    pub free: u64,
}

impl Default for Host {
    fn default() -> Self {
        Self { now, disk }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

fn disk(folder: &Path) -> io::Result<Disk> {
    let found = nix::sys::statvfs::statvfs(folder)?;
    // The sizes of these numbers differ from system to system.
    #[allow(clippy::useless_conversion, reason = "they are 32 bits wide elsewhere")]
    let (block, total, free) =
        (u64::from(found.fragment_size()), u64::from(found.blocks()), u64::from(found.blocks_available()));
    Ok(Disk { total: total.saturating_mul(block), free: free.saturating_mul(block) })
}
