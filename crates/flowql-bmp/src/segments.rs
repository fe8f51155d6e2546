//! An array that grows without moving what it holds, so that readers need no lock.

use std::sync::OnceLock;

/// As many segments as a 32-bit index can reach.
const SEGMENTS: usize = 33;

/// Segments of doubling length, each allocated when first needed. An index keeps its place while the array lives.
pub(crate) struct Segments<T> {
    first: u32,
    segments: [OnceLock<Box<[T]>>; SEGMENTS],
}

impl<T: Default> Segments<T> {
    /// An array whose first segment has `2^first` places.
    pub(crate) fn new(first: u32) -> Self {
        Self { first, segments: [const { OnceLock::new() }; SEGMENTS] }
    }

    fn place(&self, index: usize) -> (usize, usize) {
        let shifted = index + (1 << self.first);
        let order = shifted.ilog2();
        ((order - self.first) as usize, shifted - (1 << order))
    }

    /// What is at an index, when it was grown to.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let (segment, offset) = self.place(index);
        self.segments.get(segment)?.get()?.get(offset)
    }

    /// Makes place for an index.
    pub(crate) fn grow_to(&self, index: usize) {
        let (segment, _) = self.place(index);
        if let Some(place) = self.segments.get(segment) {
            place.get_or_init(|| {
                (0..1_usize << (self.first as usize + segment)).map(|_| T::default()).collect()
            });
        }
    }

    /// How many places are allocated.
    pub(crate) fn allocated(&self) -> usize {
        self.segments.iter().filter_map(OnceLock::get).map(|segment| segment.len()).sum()
    }
}
