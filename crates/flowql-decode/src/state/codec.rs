//! How the parts of a state are written: numbers seven bits a byte, the lowest first, lists with their length before
//! them, maps in the order of their keys, so that the same state has the same bytes.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::net::{IpAddr, SocketAddr};

use crate::element::Cursor;
use crate::{Protocol, Source, Transport};

/// What can be written, and read again.
pub(crate) trait Saved: Sized {
    /// Appends it.
    fn save(&self, to: &mut Vec<u8>);

    /// Takes it from the front; `None` where the bytes are not those of one. Every value takes a byte at least, so that
    /// no more memory is taken than there are bytes for.
    fn load(from: &mut Cursor<'_>) -> Option<Self>;
}

/// Lets a struct be written field by field.
macro_rules! saved {
    ($name:ident { $($field:ident),* $(,)? }) => {
        crate::state::saved!($name { $($field),* } by crate::state::Saved::load);
    };
    ($name:ident { $($field:ident),* $(,)? } by $load:path) => {
        impl crate::state::Saved for $name {
            fn save(&self, to: &mut Vec<u8>) {
                let Self { $($field),* } = self;
                $($field.save(to);)*
            }

            fn load(from: &mut crate::element::Cursor<'_>) -> Option<Self> {
                Some(Self { $($field: $load(from)?),* })
            }
        }
    };
}
pub(crate) use saved;

/// Lets a struct of counts be written.
macro_rules! saved_counts {
    ($name:ident { $($field:ident),* $(,)? }) => {
        crate::state::saved!($name { $($field),* } by crate::state::Counts::load_counts);
    };
}
pub(crate) use saved_counts;

/// Counts, none of which is so high that counting on could run over.
pub(crate) trait Counts: Sized {
    /// Takes them from the front; `None` where they are too high.
    fn load_counts(from: &mut Cursor<'_>) -> Option<Self>;
}

impl Counts for u64 {
    fn load_counts(from: &mut Cursor<'_>) -> Option<Self> {
        Self::load(from).filter(|&count| count <= Self::MAX / 2)
    }
}

impl<const N: usize> Counts for [u64; N] {
    fn load_counts(from: &mut Cursor<'_>) -> Option<Self> {
        Self::load(from).filter(|counts| counts.iter().all(|&count| count <= u64::MAX / 2))
    }
}

impl Saved for u64 {
    fn save(&self, to: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            to.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        to.push(rest as u8);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        let mut number = 0;
        for shift in (0..=63).step_by(7) {
            let &[byte] = from.take(1)? else { return None };
            let bits = Self::from(byte & 0x7F);
            // One number has one form: nothing is cut off at the top, and no zeros are there.
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                return None;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

macro_rules! numbers {
    ($($kind:ty)*) => {
        $(impl Saved for $kind {
            fn save(&self, to: &mut Vec<u8>) {
                (*self as u64).save(to);
            }

            fn load(from: &mut Cursor<'_>) -> Option<Self> {
                u64::load(from)?.try_into().ok()
            }
        })*
    };
}
numbers!(u8 u16 u32 usize);

impl Saved for bool {
    fn save(&self, to: &mut Vec<u8>) {
        to.push((*self).into());
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        match from.take(1)? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }
}

impl<T: Saved> Saved for Option<T> {
    fn save(&self, to: &mut Vec<u8>) {
        self.is_some().save(to);
        if let Some(value) = self {
            value.save(to);
        }
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        if bool::load(from)? { Some(Some(T::load(from)?)) } else { Some(None) }
    }
}

impl<T: Saved> Saved for Box<T> {
    fn save(&self, to: &mut Vec<u8>) {
        T::save(self, to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        T::load(from).map(Self::new)
    }
}

impl<T: Saved + Copy + Default, const N: usize> Saved for [T; N] {
    fn save(&self, to: &mut Vec<u8>) {
        self.iter().for_each(|item| item.save(to));
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        let mut items = [T::default(); N];
        for item in &mut items {
            *item = T::load(from)?;
        }
        Some(items)
    }
}

/// Appends items that can be counted.
pub(crate) fn save_all<'i, T: Saved + 'i>(items: impl ExactSizeIterator<Item = &'i T>, to: &mut Vec<u8>) {
    items.len().save(to);
    items.for_each(|item| item.save(to));
}

/// Takes items, one after the other.
fn load_all<T: Saved, C: FromIterator<T>>(from: &mut Cursor<'_>) -> Option<C> {
    let count = usize::load(from)?;
    (0..count).map(|_| T::load(from)).collect()
}

impl<T: Saved> Saved for Vec<T> {
    fn save(&self, to: &mut Vec<u8>) {
        save_all(self.iter(), to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        load_all(from)
    }
}

impl<T: Saved> Saved for VecDeque<T> {
    fn save(&self, to: &mut Vec<u8>) {
        save_all(self.iter(), to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        load_all(from)
    }
}

impl<K: Saved + Ord + Copy + Hash, V: Saved> Saved for HashMap<K, V> {
    fn save(&self, to: &mut Vec<u8>) {
        let mut entries: Vec<(&K, &V)> = self.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| **key);
        entries.len().save(to);
        for (key, value) in entries {
            key.save(to);
            value.save(to);
        }
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        load_all(from)
    }
}

impl<K: Saved + Ord + Copy + Hash> Saved for HashSet<K> {
    fn save(&self, to: &mut Vec<u8>) {
        let mut keys: Vec<K> = self.iter().copied().collect();
        keys.sort_unstable();
        keys.save(to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        load_all(from)
    }
}

macro_rules! tuples {
    ($(($($name:ident)*))*) => {
        $(impl<$($name: Saved),*> Saved for ($($name,)*) {
            fn save(&self, to: &mut Vec<u8>) {
                #[expect(non_snake_case, reason = "each value has the name of its type")]
                let ($($name,)*) = self;
                $($name.save(to);)*
            }

            fn load(from: &mut Cursor<'_>) -> Option<Self> {
                Some(($($name::load(from)?,)*))
            }
        })*
    };
}
tuples!((A B) (A B C) (A B C D));

/// Appends bytes.
pub(crate) fn save_bytes(bytes: &[u8], to: &mut Vec<u8>) {
    bytes.len().save(to);
    to.extend_from_slice(bytes);
}

/// Takes bytes.
pub(crate) fn load_bytes<'b>(from: &mut Cursor<'b>) -> Option<&'b [u8]> {
    let length = usize::load(from)?;
    from.take(length)
}

impl Saved for IpAddr {
    fn save(&self, to: &mut Vec<u8>) {
        match self {
            Self::V4(address) => {
                to.push(4);
                to.extend(address.octets());
            }
            Self::V6(address) => {
                to.push(6);
                to.extend(address.octets());
            }
        }
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        match from.take(1)? {
            [4] => from.array::<4>().map(Self::from),
            [6] => from.array::<16>().map(Self::from),
            _ => None,
        }
    }
}

impl Saved for Source {
    fn save(&self, to: &mut Vec<u8>) {
        (self.address.ip(), self.address.port(), self.listener).save(to);
        let connection = match self.transport {
            Transport::Udp => None,
            Transport::Connection(number) => Some(number),
        };
        connection.save(to);
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        let (address, port, listener) = Saved::load(from)?;
        let transport = Option::load(from)?.map_or(Transport::Udp, Transport::Connection);
        Some(Self { address: SocketAddr::new(address, port), listener, transport })
    }
}

impl Saved for Protocol {
    fn save(&self, to: &mut Vec<u8>) {
        to.push(match self {
            Self::Sflow => 0,
            Self::NetflowV1 => 1,
            Self::NetflowV5 => 5,
            Self::NetflowV7 => 7,
            Self::NetflowV9 => 9,
            Self::Ipfix => 10,
        });
    }

    fn load(from: &mut Cursor<'_>) -> Option<Self> {
        Some(match from.take(1)? {
            [0] => Self::Sflow,
            [1] => Self::NetflowV1,
            [5] => Self::NetflowV5,
            [7] => Self::NetflowV7,
            [9] => Self::NetflowV9,
            [10] => Self::Ipfix,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bytes_of<T: Saved>(value: &T) -> Vec<u8> {
        let mut bytes = Vec::new();
        value.save(&mut bytes);
        bytes
    }

    fn again<T: Saved + PartialEq + std::fmt::Debug>(value: &T) {
        let bytes = bytes_of(value);
        let mut cursor = Cursor(&bytes);
        assert_eq!(T::load(&mut cursor).as_ref(), Some(value));
        assert!(cursor.0.is_empty());
        for cut in 0..bytes.len() {
            assert_eq!(T::load(&mut Cursor(&bytes[..cut])), None, "cut at {cut}");
        }
    }

    #[test]
    fn values_are_read_as_written() {
        for number in [0, 1, 127, 128, 16_383, 16_384, u64::MAX - 1, u64::MAX] {
            again(&number);
        }
        again(&Some([1_u8, 255]));
        again(&None::<u8>);
        again(&HashMap::from([(3_u16, true), (1, false)]));
        again(&IpAddr::from([192, 0, 2, 1]));
        for transport in [Transport::Udp, Transport::Connection(u64::MAX)] {
            again(&Source { address: "[2001:db8::1]:2055".parse().unwrap(), listener: 7, transport });
        }
    }

    #[test]
    fn a_number_has_one_form() {
        for bytes in [&[0x80, 0][..], &[0x81, 0x80, 0], &[0xFF; 10], &[0xFF; 11]] {
            assert_eq!(u64::load(&mut Cursor(bytes)), None, "{bytes:?}");
        }
        assert_eq!(u16::load(&mut Cursor(&bytes_of(&65_536_u64))), None);
        assert_eq!(u64::load_counts(&mut Cursor(&bytes_of(&(1_u64 << 63)))), None);
    }

    #[test]
    fn a_long_list_needs_its_bytes() {
        assert_eq!(Vec::<u64>::load(&mut Cursor(&bytes_of(&u64::MAX))), None);
        assert_eq!(load_bytes(&mut Cursor(&bytes_of(&u64::MAX))), None);
    }

    proptest! {
        #[test]
        fn any_value_is_read_as_written(map: HashMap<u64, (u32, bool)>, list: Vec<Option<u16>>) {
            again(&map);
            again(&list);
        }
    }
}
