//! When flows began and ended.

use crate::element::{Records, Slot, number};
use crate::mapping::{Clock, Time};

/// The header's clocks, by which times of records are understood.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// When the datagram was received, in nanoseconds since 1970.
    pub(crate) received: u64,
    /// When it was sent, by its own words, in milliseconds since 1970.
    pub(crate) exported: u64,
    /// Milliseconds since the exporter started, where the header has them.
    pub(crate) uptime: Option<u32>,
}

/// Where records say when their flows were; of each kind the first field of the template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TimePlan {
    start: Option<(Clock, Slot)>,
    end: Option<(Clock, Slot)>,
    /// In milliseconds since the exporter started.
    first: Option<Slot>,
    last: Option<Slot>,
    at: Option<(Clock, Slot)>,
    milliseconds: Option<Slot>,
    microseconds: Option<Slot>,
    init: Option<Slot>,
}

impl TimePlan {
    /// Takes in a field of the template.
    pub(crate) fn add(&mut self, time: Time, slot: Slot) {
        match time {
            Time::Start(Clock::Uptime) => self.first = self.first.or(Some(slot)),
            Time::End(Clock::Uptime) => self.last = self.last.or(Some(slot)),
            Time::Start(clock) => self.start = self.start.or(Some((clock, slot))),
            Time::End(clock) => self.end = self.end.or(Some((clock, slot))),
            Time::At(clock) => self.at = self.at.or(Some((clock, slot))),
            Time::DurationMilliseconds => self.milliseconds = Some(slot),
            Time::DurationMicroseconds => self.microseconds = Some(slot),
            Time::Init => self.init = Some(slot),
        }
    }

    /// Where the times of all records lie that only count since the exporter started, in four bytes, with the uptime and
    /// the time of the header; `None` where the template says more, or less.
    pub(crate) fn uptimes(&self, records: Records<'_>, header: Header) -> Option<(Slot, Slot, (u32, u64))> {
        let (first, last) = self.first.zip(self.last)?;
        let only = Self { first: self.first, last: self.last, ..Self::default() };
        let is_plain = *self == only && [first, last].iter().all(|&slot| records.length(slot) == 4);
        Some((first, last, (header.uptime?, header.exported))).filter(|_| is_plain)
    }

    /// When the flow of a record began and ended, in milliseconds since 1970; 0 where it does not say.
    pub(crate) fn of(&self, record: Records<'_>, header: Header) -> (u64, u64) {
        let read = |found: Option<(Clock, Slot)>| {
            found.map_or(0, |(clock, slot)| {
                record.values(slot).next().map_or(0, |bytes| absolute(clock, bytes, header))
            })
        };
        let (mut start, mut end) = (read(self.start), read(self.end));
        if start == 0 && end == 0 {
            (start, end) = self.by_uptime(record, header);
        }
        if start == 0 && end == 0 {
            let at = read(self.at);
            (start, end) = (at, at);
        }
        let milliseconds = self.milliseconds.map_or(0, |slot| record.first(slot));
        let duration = milliseconds.max(self.microseconds.map_or(0, |slot| record.first(slot) / 1_000));
        match (start, end) {
            (0, 0) => (0, 0),
            (0, end) => (end.saturating_sub(duration), end),
            (start, 0) => (start, start.saturating_add(duration)),
            both => both,
        }
    }

    /// The times that are counted since the exporter started. Routers round the header's uptime, so that a flow can end
    /// after it: the difference has a sign.
    fn by_uptime(&self, record: Records<'_>, header: Header) -> (u64, u64) {
        let (first, last) =
            (self.first.map(|slot| record.first(slot)), self.last.map(|slot| record.first(slot)));
        if first.or(last).is_none() {
            return (0, 0);
        }
        let init = self.init.map_or(0, |slot| record.first(slot));
        let uptime = match init {
            0 => header.uptime,
            init => Some(header.exported.wrapping_sub(init) as u32),
        };
        let at = |time: Option<u64>, now: u32| {
            time.map_or(0, |time| {
                header.exported.saturating_add_signed(i64::from((time as u32).wrapping_sub(now) as i32))
            })
        };
        match (uptime, first, last) {
            (Some(now), first, last) => (at(first, now), at(last, now)),
            // Without a base the flow ends now, and lasts as long as the two say.
            (None, Some(first), Some(last)) => {
                let lasted = i64::from((last as u32).wrapping_sub(first as u32) as i32).max(0);
                (header.exported.saturating_add_signed(-lasted), header.exported)
            }
            (None, ..) => (0, header.exported),
        }
    }
}

/// A time of a record in milliseconds since 1970.
fn absolute(clock: Clock, bytes: &[u8], header: Header) -> u64 {
    let value = number(bytes);
    match clock {
        _ if value == 0 && clock != Clock::Before => 0,
        Clock::Seconds => value.saturating_mul(1_000),
        Clock::Milliseconds | Clock::Uptime => value,
        Clock::Ntp => ntp(value),
        Clock::Before => header.exported.saturating_sub(value / 1_000),
    }
}

/// Milliseconds since 1970 of seconds since 1900 and their fractions (RFC 5905); after 2036 the seconds begin again.
fn ntp(value: u64) -> u64 {
    const TO_1970: u64 = 2_208_988_800;
    let (seconds, fraction) = (value >> 32, value & 0xFFFF_FFFF);
    let seconds = if seconds >> 31 == 0 { seconds + (1 << 32) } else { seconds };
    // Rounded to nearest: a millisecond is rarely a whole number of fractions.
    seconds.saturating_sub(TO_1970) * 1_000 + ((fraction * 1_000 + (1 << 31)) >> 32)
}
