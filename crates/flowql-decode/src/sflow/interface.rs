//! Interfaces, and why packets were discarded.

/// Where a packet came from, or was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interface {
    /// The interface with this number; 0 where it is not known.
    Index(u32),
    /// None: the packet was discarded, for this reason.
    Discarded(u32),
    /// Several.
    Multiple,
    /// The device itself.
    Local,
}

impl Interface {
    /// The form of samples that are not expanded: the top two bits are the format.
    pub(super) fn compact(word: u32) -> Self {
        Self::expanded(word >> 30, word & 0x3fff_ffff)
    }

    /// The form of expanded samples.
    pub(super) fn expanded(format: u32, value: u32) -> Self {
        const LOCAL: [u32; 2] = [0x3fff_ffff, u32::MAX];
        match format {
            0 if LOCAL.contains(&value) => Self::Local,
            0 => Self::Index(value),
            1 => Self::Discarded(value),
            2 => Self::Multiple,
            _ => Self::Index(0),
        }
    }

    /// The number of the interface; 0 where it is not one.
    pub(super) fn index(self) -> u32 {
        match self {
            Self::Index(index) => index,
            Self::Discarded(_) | Self::Multiple | Self::Local => 0,
        }
    }

    /// The forwarding status of a packet that was sent here; 0 where it is not known.
    pub(super) fn forwarding_status(self) -> u32 {
        match self {
            Self::Discarded(reason) => discarded(reason),
            Self::Index(_) | Self::Multiple | Self::Local => 0,
        }
    }
}

/// The forwarding status (element 89) of a discard. Reasons below 256 are codes of ICMP's "destination unreachable", the
/// others are those of sFlow's extension for discarded packets.
pub(super) fn discarded(reason: u32) -> u32 {
    const UNKNOWN: u32 = 128;
    const ACL_DENY: u32 = 129;
    const ACL_DROP: u32 = 130;
    const UNROUTABLE: u32 = 131;
    const ADJACENCY: u32 = 132;
    const DONT_FRAGMENT: u32 = 133;
    const BAD_TOTAL_LENGTH: u32 = 135;
    const BAD_TTL: u32 = 137;
    const POLICER: u32 = 138;
    const WRED: u32 = 139;
    const RPF: u32 = 140;
    const HARDWARE: u32 = 143;
    match reason {
        0..=3 | 5..=7 | 263 => UNROUTABLE,
        4 => DONT_FRAGMENT,
        8 => ADJACENCY,
        9 | 10 => ACL_DENY,
        257 => BAD_TTL,
        258 | 269 => ACL_DROP,
        259 => HARDWARE,
        260 => WRED,
        261 => POLICER,
        262 => BAD_TOTAL_LENGTH,
        302 => RPF,
        _ => UNKNOWN,
    }
}
