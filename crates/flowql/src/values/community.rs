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
}
