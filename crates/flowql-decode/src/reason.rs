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
///
/// Once the tickets of [`Decoder::ready`](crate::Decoder::ready) are resumed, nothing is missing and nothing is there twice:
///
/// - sets are those of templates, of options and of data, those that wait
///   ([`Decoder::waiting`](crate::Decoder::waiting)), that expired, and that are malformed;
/// - records, of flows and of options, and the second rows of those that have two, are the rows, the option records, and
///   what was [dropped](Counters::dropped).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Datagrams that were given to the decoder.
    pub datagrams: u64,
    /// Of them, those that are of no protocol, or whose header is false or cut, or that found no room. What can be read of
    /// them is counted.
    pub malformed_datagrams: u64,
    /// Sets, with a NetFlow datagram without sets, and one of sFlow, as one set of data.
    pub sets: u64,
    /// Sets of templates, those of options included.
    pub template_sets: u64,
    /// Sets of option records.
    pub option_sets: u64,
    /// Sets of flow records.
    pub data_sets: u64,
    /// How often a set began to wait, for a template or a sampler. Each is counted among the other sets later.
    pub waiting_sets: u64,
    /// Sets whose template did not come in time, that found no room to wait, or whose datagram was not there any more.
    pub expired_sets: u64,
    /// Sets whose number is reserved, whose length is not possible, or of which something could not be read. The templates
    /// and records before that count.
    pub malformed_sets: u64,
    /// Records of flows.
    pub records: u64,
    /// Records of options.
    pub option_records: u64,
    /// Rows that records became.
    pub rows: u64,
    /// Of the rows, the second ones of a record, of its flow the other way.
    pub second_rows: u64,
    /// Records of events without counts, which are rows only where the columns of events are wanted.
    pub events: u64,
    /// Records of firewalls that repeat what was stored: late updates, and further ends of a connection.
    pub repeated: u64,
    /// Records of firewalls that end a connection of which not all was heard.
    pub unknown_connections: u64,
    /// Records beyond the rows that a datagram may have.
    pub excess: u64,
    /// Samples that say nothing of their packet.
    pub empty: u64,
    /// Rows for which nothing said a sampling rate.
    pub unknown_rates: u64,
    /// Rows whose own time was too far from the receive time to be used.
    pub unusable_times: u64,
    /// What could not be decoded, by the number of its reason.
    malformed: [u64; Reason::ALL.len()],
}

saved_counts!(Counters {
    malformed_datagrams,
    sets,
    malformed_sets,
    excess,
    empty,
    datagrams,
    template_sets,
    option_sets,
    data_sets,
    waiting_sets,
    expired_sets,
    records,
    option_records,
    rows,
    second_rows,
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

    /// The records that became no row.
    pub const fn dropped(&self) -> u64 {
        self.events + self.repeated + self.unknown_connections + self.excess + self.empty
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
