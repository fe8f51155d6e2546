//! Why something was not decoded, and how often.

use crate::state::saved_counts;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal,)*) => {
        /// Why a datagram, a set or a record was not decoded.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum Reason {
            $($(#[doc = $doc])* $name,)*
        }

        impl Reason {
            /// Every reason, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The reason in words.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reasons! {
    /// None of the protocols that are decoded.
    UnknownProtocol "unknown protocol",
    /// The header is cut.
    ShortHeader "the header is cut",
    /// The length of the header disagrees with that of the datagram.
    Length "the length in the header is not that of the datagram",
    /// The count of records is 0, above the protocol's limit, or larger than the datagram.
    Count "the datagram does not hold as many records as it says",
    /// A set, sample or record is longer than what holds it, or shorter than its own header.
    SetLength "a set is longer than the datagram or shorter than its header",
    /// A set's number is reserved.
    SetId "the number of the set is reserved",
    /// A template is cut, or has a number below 256.
    Template "the template is malformed",
    /// A template has no fields of any length.
    EmptyTemplate "the records of the template have no length",
    /// A record is cut, or does not fit its template.
    Record "a record does not fit its template",
    /// A packet header is cut or contradicts itself.
    Frame "a packet header is malformed",
    /// There are too many templates, fields, sessions or exporters.
    Limit "a limit is reached",
    /// A datagram has more rows than are taken.
    Rows "the datagram has too many rows",
}

/// How often each thing happened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams that were given to the decoder.
    pub datagrams: u64,
    /// Sets of templates, those of options included.
    pub template_sets: u64,
    /// Sets of option records.
    pub option_sets: u64,
    /// Sets of flow records, and the records of a NetFlow datagram without sets.
    pub data_sets: u64,
    /// Sets that began to wait, for a template or a sampler. Each is counted among the other sets later.
    pub waiting_sets: u64,
    /// Sets whose template did not come in time, or that found no room to wait.
    pub expired_sets: u64,
    /// Records of flows.
    pub records: u64,
    /// Records of options.
    pub option_records: u64,
    /// Rows that records became.
    pub rows: u64,
    /// Of the rows, those of flows the other way, the second of a record.
    pub reverse_rows: u64,
    /// Records of events without counts, which are rows only where the columns of events are wanted.
    pub events: u64,
    /// Records of firewalls that repeat what was stored: late updates, and further ends of a connection.
    pub repeated: u64,
    /// Records of firewalls that end a connection of which not all was heard.
    pub unknown_connections: u64,
    /// Rows for which nothing said a sampling rate.
    pub unknown_rates: u64,
    /// Rows whose own time was too far from the receive time to be used.
    pub unusable_times: u64,
    /// What could not be decoded, by the number of its reason.
    malformed: [u64; Reason::ALL.len()],
}

saved_counts!(Counters {
    datagrams,
    template_sets,
    option_sets,
    data_sets,
    waiting_sets,
    expired_sets,
    records,
    option_records,
    rows,
    reverse_rows,
    events,
    repeated,
    unknown_connections,
    unknown_rates,
    unusable_times,
    malformed,
});

impl Counters {
    /// Counts something that could not be decoded.
    pub fn refuse(&mut self, reason: Reason) {
        if let Some(count) = self.malformed.get_mut(reason as usize) {
            *count += 1;
        }
    }

    /// Adds what was counted elsewhere of what could not be decoded.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (count, more) in self.malformed.iter_mut().zip(other.malformed) {
            *count += more;
        }
    }

    /// How often something could not be decoded for a reason.
    pub fn refused(&self, reason: Reason) -> u64 {
        self.malformed.get(reason as usize).copied().unwrap_or_default()
    }

    /// How often something could not be decoded.
    pub fn malformed(&self) -> u64 {
        self.malformed.iter().sum()
    }
}
