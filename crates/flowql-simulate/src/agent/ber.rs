//! Answers in the basic encoding rules (X.690), as far as SNMP uses them.

use super::objects::{ObjectId, Value};

const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
const OBJECT: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const GAUGE: u8 = 0x42;
const TICKS: u8 = 0x43;
const NO_SUCH_OBJECT: u8 = 0x80;
const END_OF_MIB_VIEW: u8 = 0x82;
const RESPONSE: u8 = 0xa2;

/// An answer of version 2c without an error.
pub(super) fn response(community: &[u8], request: i32, found: &[(ObjectId, Value)]) -> Vec<u8> {
    let objects: Vec<u8> = found.iter().flat_map(object).collect();
    let number = |number: i64| item(INTEGER, &integer(number));
    let answer = [number(request.into()), number(0), number(0), item(SEQUENCE, &objects)].concat();
    let message = [number(1), item(OCTET_STRING, community), item(RESPONSE, &answer)].concat();
    item(SEQUENCE, &message)
}

/// The bytes that an object takes in an answer.
pub(super) fn length(found: &(ObjectId, Value)) -> usize {
    object(found).len()
}

fn object((name, value): &(ObjectId, Value)) -> Vec<u8> {
    let value = match value {
        Value::Text(text) => item(OCTET_STRING, text),
        Value::Integer(number) => item(INTEGER, &integer((*number).into())),
        Value::Gauge(number) => item(GAUGE, &integer((*number).into())),
        Value::Ticks(number) => item(TICKS, &integer((*number).into())),
        Value::NoSuchObject => item(NO_SUCH_OBJECT, &[]),
        Value::EndOfMibView => item(END_OF_MIB_VIEW, &[]),
    };
    item(SEQUENCE, &[item(OBJECT, &arcs(name)), value].concat())
}

fn item(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut item = match length {
        0..=0x7f => vec![kind, length as u8],
        0x80..=0xff => vec![kind, 0x81, length as u8],
        _ => vec![kind, 0x82, (length >> 8) as u8, length as u8],
    };
    item.extend_from_slice(content);
    item
}

/// The fewest bytes of a number, with its sign in the first bit.
fn integer(number: i64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let redundant = bytes.windows(2).take_while(|pair| {
        matches!(pair, [0, next] if next & 0x80 == 0) || matches!(pair, [0xff, next] if next & 0x80 != 0)
    });
    let redundant = redundant.count();
    bytes.into_iter().skip(redundant).collect()
}

fn arcs(object: &[u64]) -> Vec<u8> {
    let (first, rest) = object.split_at_checked(2).unwrap_or((object, &[]));
    // The first two are one number.
    let first = first.iter().fold(0, |sum, arc| sum * 40 + arc);
    std::iter::once(first).chain(rest.iter().copied()).flat_map(base_128).collect()
}

/// A number in groups of seven bits, all but the last with the first bit set.
fn base_128(number: u64) -> Vec<u8> {
    let groups = (64 - number.leading_zeros()).div_ceil(7).max(1);
    let group = |place: u32| {
        let bits = (number >> (7 * place) & 0x7f) as u8;
        if place == 0 { bits } else { bits | 0x80 }
    };
    (0..groups).rev().map(group).collect()
}
