//! Runs the operations of a plan on the records of a set, column by column.

use crate::element::{Records, Slot, number};
use crate::facts::Facts;
use crate::frame::{self, Link, TunnelType, Tunnels, mapped};
use crate::mapping::{Change, Family};
use crate::plan::{IcmpPlan, Keep, Op, PacketPlan};
use crate::times::Header;
use crate::{Columns, Field, Row, TextId, Texts};

/// What the operations know apart from the records.
pub(crate) struct Context<'c> {
    pub(crate) header: Header,
    pub(crate) facts: &'c Facts,
    pub(crate) texts: &'c mut Texts,
    pub(crate) tunnels: &'c Tunnels,
    /// Is filled and cleared for each packet header.
    pub(crate) row: &'c mut Row,
}

/// Fills the rows after the last with the records, without taking them as written yet.
pub(crate) fn run(ops: &[Op], records: Records<'_>, columns: &mut Columns, context: &mut Context<'_>) {
    for op in ops {
        match op {
            Op::Number(field, slot, change, keep) => {
                numbers(records, *slot, *change, *keep, columns.tail(*field, records.count()), field.width());
            }
            Op::Address(field, slot, family, keep, says_family) => {
                addresses(records, (*field, *slot), *family, *keep, *says_family, columns);
            }
            Op::Constant(field, value) => constant(*field, *value, records.count(), columns),
            Op::PostCounters(bytes, packets) => post_counters(records, *bytes, *packets, columns),
            Op::Icmp(plan) => icmp(records, plan, columns),
            Op::Labels(slots) => labels(records, slots, columns),
            Op::Packet(plan) => packets(records, plan, columns, context),
            Op::RouteDistinguisher(slot) => route_distinguishers(records, *slot, columns, context),
            Op::Text(field, slot) => {
                for (row, bytes) in records.values(*slot).enumerate() {
                    let text = context.texts.sent(bytes);
                    put_text(columns, *field, row, text);
                }
            }
            Op::Application(slot) => applications(records, *slot, columns, context),
            Op::Segment(slot) => segments(records, *slot, columns),
            Op::VrfName(field, slot) => vrf_names(records, *slot, *field, columns, context),
            Op::Times(plan) => {
                if let Some((first, last, base)) = plan.uptimes(records, context.header) {
                    uptimes(records, first, base, columns.tail(Field::FlowStart, records.count()));
                    uptimes(records, last, base, columns.tail(Field::FlowEnd, records.count()));
                    continue;
                }
                for row in 0..records.count() {
                    let (start, end) = plan.of(records.record(row), context.header);
                    columns.set(Field::FlowStart, row, start);
                    columns.set(Field::FlowEnd, row, end);
                }
            }
        }
    }
}

/// Numbers into a column of so many bytes. Of the pairs of widths that are usual each has its own loop.
fn numbers(records: Records<'_>, slot: Slot, change: Change, keep: Keep, column: &mut [u8], width: usize) {
    if change == Change::None && keep == Keep::Nothing {
        match (records.length(slot), width) {
            (1, 1) => return copy::<1, 1>(records, slot, column),
            (2, 1) => return copy::<2, 1>(records, slot, column),
            (1, 2) => return copy::<1, 2>(records, slot, column),
            (2, 2) => return copy::<2, 2>(records, slot, column),
            (1, 4) => return copy::<1, 4>(records, slot, column),
            (2, 4) => return copy::<2, 4>(records, slot, column),
            (4, 4) => return copy::<4, 4>(records, slot, column),
            (4, 8) => return copy::<4, 8>(records, slot, column),
            (6, 8) => return copy::<6, 8>(records, slot, column),
            (8, 8) => return copy::<8, 8>(records, slot, column),
            _ => {}
        }
    }
    match (records.length(slot), width) {
        (1, 1) => merge::<1, 1>(records, slot, change, keep, column),
        (2, 2) => merge::<2, 2>(records, slot, change, keep, column),
        (2, 4) => merge::<2, 4>(records, slot, change, keep, column),
        (4, 4) => merge::<4, 4>(records, slot, change, keep, column),
        _ => any(records, slot, change, keep, column, width),
    }
}

/// Numbers as they are.
fn copy<const FROM: usize, const TO: usize>(records: Records<'_>, slot: Slot, column: &mut [u8]) {
    let (places, _) = column.as_chunks_mut::<TO>();
    for (place, value) in places.iter_mut().zip(records.arrays::<FROM>(slot)) {
        *place = shrunk(wide(value));
    }
}

fn merge<const FROM: usize, const TO: usize>(
    records: Records<'_>,
    slot: Slot,
    change: Change,
    keep: Keep,
    column: &mut [u8],
) {
    let (places, _) = column.as_chunks_mut::<TO>();
    for (place, value) in places.iter_mut().zip(records.arrays::<FROM>(slot)) {
        let value = changed(wide(value), change);
        let keeps = match keep {
            Keep::Nothing => false,
            Keep::Value => *place != [0; TO],
            Keep::UnlessZero => value == 0,
        };
        if !keeps {
            *place = shrunk(value);
        }
    }
}

/// Numbers of any length.
fn any(records: Records<'_>, slot: Slot, change: Change, keep: Keep, column: &mut [u8], width: usize) {
    for (place, value) in column.chunks_exact_mut(width.max(1)).zip(records.numbers(slot)) {
        let value = changed(value, change);
        let keeps = match keep {
            Keep::Nothing => false,
            Keep::Value => place.iter().any(|&byte| byte != 0),
            Keep::UnlessZero => value == 0,
        };
        if !keeps {
            place.iter_mut().zip(value.to_le_bytes()).for_each(|(to, from)| *to = from);
        }
    }
}

/// The number of bytes that have the highest first.
fn wide<const N: usize>(bytes: [u8; N]) -> u64 {
    bytes.into_iter().fold(0, |number, byte| number << 8 | u64::from(byte))
}

/// The lowest bytes of a number, the lowest first.
fn shrunk<const N: usize>(number: u64) -> [u8; N] {
    number.to_le_bytes().first_chunk().copied().unwrap_or([0; N])
}

fn changed(value: u64, change: Change) -> u64 {
    match change {
        Change::None => value,
        Change::Dscp => (value & 0x3F) << 2,
        Change::As => {
            if value == 0xFFFF_FFFF {
                0
            } else {
                value
            }
        }
        Change::Direction => match value {
            0 => INGRESS,
            1 => EGRESS,
            _ => 0,
        },
        Change::OtherDirection => match value {
            0 => EGRESS,
            1 => INGRESS,
            _ => 0,
        },
        Change::Version => match value {
            4 => Family::V4.etype().into(),
            6 => Family::V6.etype().into(),
            _ => 0,
        },
        Change::Word(most) => {
            if value <= most.into() {
                value
            } else {
                0
            }
        }
        Change::JuniperStatus => match value & 0x3FF {
            0 => 64,
            _ => 128,
        },
    }
}

/// The words of `FlowDirection`, by number.
const INGRESS: u64 = 1;
const EGRESS: u64 = 2;

fn addresses(
    records: Records<'_>,
    (field, slot): (Field, Slot),
    family: Family,
    keep: Keep,
    says_family: bool,
    columns: &mut Columns,
) {
    let count = records.count();
    let (column, etypes) = columns.tails(field, Field::EType, count);
    let (places, _) = column.as_chunks_mut::<16>();
    match (family, keep, says_family) {
        (Family::V4, Keep::Nothing, false) => {
            for (place, value) in places.iter_mut().zip(records.arrays::<4>(slot)) {
                *place = mapped(value);
            }
        }
        (Family::V4, Keep::UnlessZero, false) => {
            for (place, value) in places.iter_mut().zip(records.arrays::<4>(slot)) {
                if value != [0; 4] {
                    *place = mapped(value);
                }
            }
        }
        (Family::V6, Keep::Nothing, false) => {
            for (place, value) in places.iter_mut().zip(records.arrays::<16>(slot)) {
                *place = value;
            }
        }
        _ => {
            let (etypes, _) = etypes.as_chunks_mut::<4>();
            let mut etypes = etypes.iter_mut();
            let mut values = records.values(slot);
            for place in places {
                let (etype, bytes) = (etypes.next(), values.next().unwrap_or_default());
                let value = match family {
                    Family::V4 => bytes.first_chunk().copied().map(mapped),
                    Family::V6 => bytes.first_chunk().copied(),
                };
                let Some(value) = value else { continue };
                let is_zero = bytes.iter().all(|&byte| byte == 0);
                let keeps = match keep {
                    Keep::Nothing => false,
                    Keep::Value => is_zero || *place != [0; 16],
                    Keep::UnlessZero => is_zero,
                };
                if !keeps {
                    *place = value;
                    if let Some(etype) = etype.filter(|_| says_family) {
                        *etype = family.etype().to_le_bytes();
                    }
                }
            }
        }
    }
}

/// Times that are counted since the exporter started, where its uptime and the time of the header are `base`.
fn uptimes(records: Records<'_>, slot: Slot, (uptime, exported): (u32, u64), column: &mut [u8]) {
    let (places, _) = column.as_chunks_mut::<8>();
    for (place, value) in places.iter_mut().zip(records.arrays::<4>(slot)) {
        let since = u32::from_be_bytes(value).wrapping_sub(uptime) as i32;
        *place = exported.saturating_add_signed(since.into()).to_le_bytes();
    }
}

fn constant(field: Field, value: u32, count: usize, columns: &mut Columns) {
    let (places, _) = columns.tail(field, count).as_chunks_mut::<4>();
    places.fill(value.to_le_bytes());
}

fn post_counters(records: Records<'_>, bytes: Option<Slot>, packets: Option<Slot>, columns: &mut Columns) {
    for row in 0..records.count() {
        if columns.get(Field::Bytes, row) != 0 || columns.get(Field::Packets, row) != 0 {
            continue;
        }
        let record = records.record(row);
        for (field, slot) in [(Field::Bytes, bytes), (Field::Packets, packets)] {
            columns.set(field, row, slot.map_or(0, |slot| record.first(slot)));
        }
    }
}

/// Types and codes of ICMP, where the protocol is one; else those that NetFlow puts into the destination port.
fn icmp(records: Records<'_>, plan: &IcmpPlan, columns: &mut Columns) {
    let (protocols, _) = columns.tail(Field::Proto, records.count()).as_chunks::<4>();
    // Most sets have none.
    if !protocols.iter().any(|protocol| matches!(u32::from_le_bytes(*protocol), 1 | 58)) {
        return;
    }
    for row in 0..records.count() {
        let (kind_field, code_field) = match columns.get(Field::Proto, row) {
            1 => (Field::ICMPv4Type, Field::ICMPv4Code),
            58 => (Field::ICMPv6Type, Field::ICMPv6Code),
            _ => continue,
        };
        let record = records.record(row);
        let first = |slots: &[Slot]| slots.iter().map(|&slot| record.first(slot)).find(|&value| value != 0);
        let both = first(&plan.both);
        let mut kind = first(&plan.kind).or(both.map(|both| both >> 8));
        let mut code = first(&plan.code).or(both.map(|both| both & 0xFF));
        if plan.is_empty() && columns.get(Field::SrcPort, row) == 0 {
            let port = columns.get(Field::DstPort, row);
            (kind, code) = (Some(port >> 8), Some(port & 0xFF));
        }
        for (field, value) in [(kind_field, kind), (code_field, code)] {
            if let Some(value) = value.filter(|&value| value != 0) {
                columns.set(field, row, value);
            }
        }
    }
}

/// The label of an entry of a stack; an explicit null says nothing.
fn label(entry: u64) -> Option<u32> {
    const EXPLICIT_NULL: [u64; 2] = [0, 2];
    let label = entry >> 4 & 0xF_FFFF;
    (!EXPLICIT_NULL.contains(&label)).then_some(label as u32)
}

fn labels(records: Records<'_>, slots: &[Slot], columns: &mut Columns) {
    let first = columns.rows();
    for row in 0..records.count() {
        let record = records.record(row);
        columns.put_items(
            Field::MPLSLabels,
            first + row,
            slots.iter().filter_map(|&slot| label(record.first(slot))),
        );
    }
}

/// Reads the headers of packets. What a record says itself goes before what they say.
fn packets(records: Records<'_>, plan: &PacketPlan, columns: &mut Columns, context: &mut Context<'_>) {
    for row in 0..records.count() {
        let record = records.record(row);
        let said = |slot: Option<Slot>| slot.map(|slot| record.first(slot)).filter(|&length| length != 0);
        let bytes = record.values(plan.bytes).next().unwrap_or_default();
        let sent = said(plan.section).and_then(|section| usize::try_from(section).ok());
        let bytes = bytes.get(..sent.unwrap_or(usize::MAX).min(bytes.len())).unwrap_or_default();
        let length = match plan.link {
            Link::Ip => said(plan.ip_length),
            _ => said(plan.frame_length),
        };
        // A packet without an IP header has a length only if the record says it: what was sent may be a part.
        let read = frame::decode(bytes, length.unwrap_or_default(), plan.link, context.tunnels);
        context.row.clear();
        read.fill(context.row);
        if let Some(length) = said(plan.ip_length) {
            context.row.bytes = length;
        }
        columns.complete(row, context.row);
    }
}

fn put_text(columns: &mut Columns, field: Field, row: usize, text: TextId) {
    columns.set(field, row, text.0.into());
}

fn route_distinguishers(records: Records<'_>, slot: Slot, columns: &mut Columns, context: &mut Context<'_>) {
    for (row, value) in records.values(slot).enumerate() {
        let Some(value) = value.first_chunk::<8>().filter(|value| **value != [0; 8]) else { continue };
        let mut line = Line::default();
        let [kind_high, kind_low, rest @ ..] = *value;
        let wide = u64::from_be_bytes([0, 0, rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]]);
        let fits = match u16::from_be_bytes([kind_high, kind_low]) {
            0 => line.write(format_args!("{}:{}", wide >> 32, wide & 0xFFFF_FFFF)),
            1 => {
                let address = std::net::Ipv4Addr::from((wide >> 16) as u32);
                line.write(format_args!("{address}:{}", wide & 0xFFFF))
            }
            2 => line.write(format_args!("{}:{}", wide >> 16, wide & 0xFFFF)),
            kind => line.write(format_args!("{kind}:{wide:#x}")),
        };
        if fits {
            let text = context.texts.id(line.text());
            put_text(columns, Field::MPLSVPNRD, row, text);
        }
    }
}

/// Names of applications; engine and selector, as `13:443`, where the name is not known.
fn applications(records: Records<'_>, slot: Slot, columns: &mut Columns, context: &mut Context<'_>) {
    let mut last: Option<(u64, TextId)> = None;
    for (row, bytes) in records.values(slot).enumerate() {
        let Some((&engine, selector)) = bytes.split_first() else { continue };
        let id = number(bytes);
        if id == 0 {
            continue;
        }
        let text = match last {
            Some((known, text)) if known == id => text,
            _ => context.facts.application(id).unwrap_or_else(|| {
                let mut line = Line::default();
                line.write(format_args!("{engine}:{}", number(selector)));
                context.texts.id(line.text())
            }),
        };
        last = Some((id, text));
        put_text(columns, Field::AppName, row, text);
    }
}

/// The segment's type is the first byte, its number the lower seven (RFC 7133).
fn segments(records: Records<'_>, slot: Slot, columns: &mut Columns) {
    for (row, value) in records.numbers(slot).enumerate() {
        let kind = match value >> 56 {
            1 => TunnelType::Vxlan,
            2 => TunnelType::Nvgre,
            _ => TunnelType::Undefined,
        };
        columns.set(Field::TunnelType, row, kind as u64);
        columns.set(Field::TunnelId, row, value & 0xFFFF_FFFF);
    }
}

fn vrf_names(
    records: Records<'_>,
    slot: Slot,
    field: Field,
    columns: &mut Columns,
    context: &mut Context<'_>,
) {
    if !context.facts.has_vrfs() {
        return;
    }
    for (row, vrf) in records.numbers(slot).enumerate() {
        if let Some(text) = context.facts.vrf(vrf) {
            put_text(columns, field, row, text);
        }
    }
}

/// A short text, made without an allocation.
struct Line {
    bytes: [u8; 48],
    length: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; 48], length: 0 }
    }
}

impl Line {
    /// Adds to it; whether that fits.
    fn write(&mut self, arguments: std::fmt::Arguments<'_>) -> bool {
        std::fmt::Write::write_fmt(self, arguments).is_ok()
    }

    fn text(&self) -> &str {
        self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl std::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let place = self.bytes.get_mut(self.length..self.length + text.len()).ok_or(std::fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.length += text.len();
        Ok(())
    }
}
