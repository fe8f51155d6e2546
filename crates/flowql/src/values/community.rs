//! BGP communities, with wildcards.

/// A community as a filter writes it; `None` stands for the wildcard `*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Community {
    /// Two parts of 16 bits (RFC 1997).
    Standard([Option<u16>; 2]),
    /// Three parts of 32 bits (RFC 8092).
    Large([Option<u32>; 3]),
}

impl Community {
    /// Reads `65000:100`, `65000:100:200`, or the same with `*` for parts.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let mut parts = word.split(':');
        let (first, second) = (parts.next()?, parts.next()?);
        match (parts.next(), parts.next()) {
            (None, _) => Some(Self::Standard([part(first)?, part(second)?])),
            (Some(third), None) => Some(Self::Large([part(first)?, part(second)?, part(third)?])),
            (Some(_), Some(_)) => None,
        }
    }
}

/// One part: `*`, or a decimal number that fits.
fn part<T: TryFrom<u64>>(text: &str) -> Option<Option<T>> {
    if text == "*" {
        return Some(None);
    }
    if text.is_empty() || !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    T::try_from(text.parse().ok()?).ok().map(Some)
}

impl std::fmt::Display for Community {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts: [Option<u32>; 3] = match *self {
            Self::Standard([first, second]) => [first.map(u32::from), second.map(u32::from), None],
            Self::Large(parts) => parts,
        };
        let count = if matches!(self, Self::Standard(_)) { 2 } else { 3 };
        for (index, part) in parts.iter().take(count).enumerate() {
            if index > 0 {
                formatter.write_str(":")?;
            }
            match part {
                Some(number) => write!(formatter, "{number}")?,
                None => formatter.write_str("*")?,
            }
        }
        Ok(())
    }
}

/// Communities whose parts lie in ranges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommunityRange {
    /// Whether they are large ones, with three parts of 32 bits; others have two of 16.
    pub large: bool,
    /// The least and the greatest number of each part; of others than large ones the last is not used.
    pub parts: [(u32, u32); 3],
}

impl CommunityRange {
    /// Reads `65000:100-199` and the like, of two or three parts, each a number, a range or `*`. A range may be in the wrong
    /// order.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let count = word.split(':').count();
        let large = count == 3;
        let max = if large { u32::MAX } else { u32::from(u16::MAX) };
        let mut parts = [(0, max); 3];
        for (text, place) in word.split(':').zip(&mut parts) {
            let (low, high) = text.split_once('-').unwrap_or((text, text));
            if text != "*" {
                let number = |text| part::<u32>(text)?.filter(|&number| number <= max);
                *place = (number(low)?, number(high)?);
            }
        }
        (2..=3).contains(&count).then_some(Self { large, parts })
    }

    /// The parts that there are.
    pub fn parts(&self) -> &[(u32, u32)] {
        let [parts @ .., _] = &self.parts;
        if self.large { &self.parts } else { parts }
    }

    /// The greatest number of a part.
    pub const fn max(&self) -> u32 {
        if self.large { u32::MAX } else { u16::MAX as u32 }
    }

    /// Whether no range ends before it begins.
    pub(crate) fn is_ordered(&self) -> bool {
        self.parts.iter().all(|(low, high)| low <= high)
    }
}

impl std::fmt::Display for CommunityRange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, &(low, high)) in self.parts().iter().enumerate() {
            if index > 0 {
                formatter.write_str(":")?;
            }
            match (low, high) {
                (0, high) if high == self.max() => formatter.write_str("*")?,
                (low, high) if low == high => write!(formatter, "{low}")?,
                (low, high) => write!(formatter, "{low}-{high}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn communities_are_read_and_printed() {
        for word in ["65000:100", "65000:*", "*:*", "4200000000:1:2", "65000:*:2", "*:*:*"] {
            assert_eq!(Community::parse(word).map(|read| read.to_string()).as_deref(), Some(word));
        }
        for bad in [
            "no-export",
            "65536:1",
            "1:65536",
            "4294967296:1:2",
            "1",
            "1:2:3:4",
            ":",
            "1:",
            "a:b",
            "**:1",
            "+1:2",
        ] {
            assert_eq!(Community::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn ranges_of_communities_are_read_and_printed() {
        for word in ["65000:100-199", "64512-65534:*", "1-2:3-4", "4200000000:1-9:*", "1:2:0-4294967294"] {
            let read = CommunityRange::parse(word).unwrap();
            assert!(read.is_ordered());
            assert_eq!(read.to_string(), word);
        }
        assert_eq!(CommunityRange::parse("0-65535:7").unwrap().to_string(), "*:7");
        assert!(!CommunityRange::parse("1:9-2").unwrap().is_ordered());
        for bad in [
            "1-2",
            "1-2:3:4:5",
            "1:2-",
            "1:-2",
            "1:2-3-4",
            "1:2-70000",
            "1:*-3",
            "1:2-*",
            "1:[2-3]",
            "1:",
            "é:1-2",
        ] {
            assert_eq!(CommunityRange::parse(bad), None, "{bad}");
        }
    }
}
