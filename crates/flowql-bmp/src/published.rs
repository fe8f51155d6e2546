//! The longest prefix of an address, found by readers that never wait.
//!
//! A trie of fixed strides whose entries are atomic: for IPv4 the DIR-24-8 of Gupta, Lin and McKeown (1998) with its
//! first table in two parts, so that an empty one is small; for IPv6 the same in narrower steps. An entry holds a value
//! (an index, plus one), or a node of the next level, or nothing. A prefix that ends within a node fills all its entries
//! there, and those of the nodes below that no longer prefix has filled.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::segments::Segments;

/// Set in an entry that leads to a node.
const NODE: u32 = 1 << 31;

/// The widths of the levels for IPv4, in bits: the third is the 8 of DIR-24-8.
const IPV4: &[u32] = &[12, 12, 8];

/// Those for IPv6: few down to the lengths that are common; from there sixteen entries, which are one cache line.
const IPV6: &[u32] = &[12, 12, 8, 8, 4, 4, 4, 4, 4, 4, 8, 8, 8, 8, 8, 8, 8, 8];

struct Level {
    bits: u32,
    /// How many bits of the address the levels before this one take.
    before: u32,
    entries: Segments<AtomicU32>,
}

impl Level {
    #[inline]
    fn index(&self, address: u128) -> usize {
        ((address << self.before) >> (128 - self.bits)) as usize
    }

    #[inline]
    fn entry(&self, node: u32, index: usize) -> Option<&AtomicU32> {
        self.entries.get(((node as usize) << self.bits) + index)
    }

    fn width(&self) -> usize {
        1 << self.bits
    }
}

/// What readers see.
pub(crate) struct Published {
    levels: Vec<Level>,
}

impl Published {
    pub(crate) fn ipv4() -> Self {
        Self::new(IPV4)
    }

    pub(crate) fn ipv6() -> Self {
        Self::new(IPV6)
    }

    fn new(widths: &[u32]) -> Self {
        let mut before = 0;
        let levels = widths.iter().map(|bits| {
            let level = Level { bits: *bits, before, entries: Segments::new(*bits) };
            before += bits;
            level
        });
        let published = Self { levels: levels.collect() };
        if let Some(root) = published.levels.first() {
            root.entries.grow_to(0);
        }
        published
    }

    /// The value of the longest prefix that has the address, whose first bit is the highest.
    #[inline]
    pub(crate) fn find(&self, address: u128) -> Option<u32> {
        let mut node = 0;
        for level in &self.levels {
            let entry = level.entry(node, level.index(address))?.load(Ordering::Acquire);
            if entry & NODE == 0 {
                return entry.checked_sub(1);
            }
            node = entry & !NODE;
        }
        None
    }

    /// The bytes that the entries take.
    pub(crate) fn bytes(&self) -> usize {
        self.levels.iter().map(|level| level.entries.allocated() * size_of::<AtomicU32>()).sum()
    }
}

/// What the writer knows of the nodes of a level.
#[derive(Default)]
struct Nodes {
    free: Vec<u32>,
    /// Of each node: how many prefixes end in it, and how many nodes hang on it.
    uses: Vec<u32>,
}

/// Where a prefix ends.
struct End {
    /// The nodes on the way, one a level, and the index in each that leads on.
    path: Vec<(u32, usize)>,
    node: u32,
    start: usize,
    span: usize,
}

/// The one writer of a [`Published`].
pub(crate) struct Publisher {
    nodes: Vec<Nodes>,
}

impl Publisher {
    pub(crate) fn new(published: &Published) -> Self {
        let mut nodes: Vec<Nodes> = published.levels.iter().map(|_| Nodes::default()).collect();
        if let Some(root) = nodes.first_mut() {
            root.uses.push(0);
        }
        Self { nodes }
    }

    /// Adds a prefix that is not there. `length_of` gives the length of the prefix of another value.
    pub(crate) fn insert(
        &mut self,
        published: &Published,
        reuses: &AtomicU64,
        (address, length): (u128, u8),
        value: u32,
        length_of: &dyn Fn(u32) -> u8,
    ) {
        let Some(end) = self.descend(published, reuses, address, length) else { return };
        let level = end.path.len();
        self.use_node(level, end.node);
        fill(published, level, end.node, end.start..end.start + end.span, value + 1, &|entry| {
            entry.checked_sub(1).is_none_or(|other| length_of(other) <= length)
        });
    }

    /// Takes a prefix out. Its place goes to `cover`, the value of the longest prefix that covers it.
    pub(crate) fn remove(
        &mut self,
        published: &Published,
        (address, length): (u128, u8),
        value: u32,
        cover: Option<u32>,
    ) {
        let Some(mut end) = locate(published, address, length) else { return };
        let level = end.path.len();
        let replacement = cover.map_or(0, |cover| cover + 1);
        let range = end.start..end.start + end.span;
        fill(published, level, end.node, range, replacement, &|entry| entry == value + 1);
        let mut node = end.node;
        while self.release(end.path.len(), node) {
            let depth = end.path.len();
            let Some((parent, index)) = end.path.pop() else { return };
            // INVARIANT: a node in which nothing ends and on which nothing hangs has one value throughout.
            let inherited = published.levels.get(depth).and_then(|level| level.entry(node, 0));
            let inherited = inherited.map_or(0, |entry| entry.load(Ordering::Relaxed));
            if let Some(entry) = published.levels.get(depth - 1).and_then(|level| level.entry(parent, index))
            {
                entry.store(inherited, Ordering::Release);
            }
            if let Some(nodes) = self.nodes.get_mut(depth) {
                nodes.free.push(node);
            }
            node = parent;
        }
    }

    /// The node in which a prefix ends, with those on the way made where they are missing.
    fn descend(
        &mut self,
        published: &Published,
        reuses: &AtomicU64,
        address: u128,
        length: u8,
    ) -> Option<End> {
        let mut path = Vec::new();
        let mut node = 0;
        for (depth, level) in published.levels.iter().enumerate() {
            let index = level.index(address);
            let end = level.before + level.bits;
            if u32::from(length) <= end {
                return Some(End { path, node, start: index, span: 1 << (end - u32::from(length)) });
            }
            let entry = level.entry(node, index)?;
            let found = entry.load(Ordering::Relaxed);
            path.push((node, index));
            if found & NODE != 0 {
                node = found & !NODE;
                continue;
            }
            let child = self.allocate(published, reuses, depth + 1, found)?;
            entry.store(child | NODE, Ordering::Release);
            self.use_node(depth, node);
            node = child;
        }
        None
    }

    /// A node all of whose entries are `value`.
    fn allocate(
        &mut self,
        published: &Published,
        reuses: &AtomicU64,
        depth: usize,
        value: u32,
    ) -> Option<u32> {
        let level = published.levels.get(depth)?;
        let nodes = self.nodes.get_mut(depth)?;
        let node = match nodes.free.pop() {
            Some(node) => {
                // A reader that still walks through the old node sees this, and looks again.
                reuses.fetch_add(1, Ordering::AcqRel);
                node
            }
            None => {
                let node = u32::try_from(nodes.uses.len()).ok().filter(|node| node & NODE == 0)?;
                nodes.uses.push(0);
                level.entries.grow_to((node as usize) << level.bits);
                node
            }
        };
        for index in 0..level.width() {
            level.entry(node, index)?.store(value, Ordering::Release);
        }
        Some(node)
    }

    fn use_node(&mut self, depth: usize, node: u32) {
        if let Some(uses) = self.nodes.get_mut(depth).and_then(|nodes| nodes.uses.get_mut(node as usize)) {
            *uses += 1;
        }
    }

    /// Counts one use of a node less, and says whether it can go.
    fn release(&mut self, depth: usize, node: u32) -> bool {
        let Some(uses) = self.nodes.get_mut(depth).and_then(|nodes| nodes.uses.get_mut(node as usize)) else {
            return false;
        };
        *uses = uses.saturating_sub(1);
        *uses == 0 && depth > 0
    }
}

/// Where a prefix that is there ends.
fn locate(published: &Published, address: u128, length: u8) -> Option<End> {
    let mut path = Vec::new();
    let mut node = 0;
    for level in &published.levels {
        let index = level.index(address);
        let end = level.before + level.bits;
        if u32::from(length) <= end {
            return Some(End { path, node, start: index, span: 1 << (end - u32::from(length)) });
        }
        let found = level.entry(node, index)?.load(Ordering::Relaxed);
        if found & NODE == 0 {
            return None;
        }
        path.push((node, index));
        node = found & !NODE;
    }
    None
}

/// Writes `value` over the entries of a range, and of the nodes below, that `replaces` accepts. It calls itself once a
/// level.
fn fill(
    published: &Published,
    depth: usize,
    node: u32,
    range: std::ops::Range<usize>,
    value: u32,
    replaces: &dyn Fn(u32) -> bool,
) {
    let Some(level) = published.levels.get(depth) else { return };
    for index in range {
        let Some(entry) = level.entry(node, index) else { return };
        let found = entry.load(Ordering::Relaxed);
        if found & NODE != 0 {
            let width = published.levels.get(depth + 1).map_or(0, Level::width);
            fill(published, depth + 1, found & !NODE, 0..width, value, replaces);
        } else if replaces(found) {
            entry.store(value, Ordering::Release);
        }
    }
}
