//! A small generator of random numbers (xorshift): the same seed gives the same numbers on every machine.

/// A source of random numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A source that depends on the seed alone.
    pub const fn new(seed: u64) -> Self {
        // Seeds that differ little give numbers that differ much; zero is no state.
        let mixed = (seed ^ seed >> 33).wrapping_mul(0xFF51_AFD7_ED55_8CCD) ^ 0x9E37_79B9_7F4A_7C15;
        Self(if mixed == 0 { 1 } else { mixed })
    }

    /// A number below `end`; 0 for none.
    pub const fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        if end == 0 { 0 } else { (self.0 >> 33) as usize % end }
    }

    /// True once in `times`.
    pub const fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of the texts.
    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from.get(self.below(from.len())).copied().unwrap_or_default()
    }
}
