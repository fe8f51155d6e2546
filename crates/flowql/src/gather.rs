//! Lists made of what iterators give, each by one plain loop.
//!
//! For each kind of iterator, `collect` and `extend` are code that asks for the length and reads the first item apart
//! from the others. In a hundred places, that is 2 kB more of the browser's module than loops are.

/// Iterators whose items become a list.
pub(crate) trait Gather: Iterator + Sized {
    /// The items.
    fn list(self) -> Vec<Self::Item> {
        let mut list = Vec::new();
        add_all(&mut list, self);
        list
    }

    /// The values that all the items have; `None` where one has none.
    fn list_all<T>(self) -> Option<Vec<T>>
    where
        Self: Iterator<Item = Option<T>>,
    {
        let mut list = Vec::new();
        for item in self {
            list.push(item?);
        }
        Some(list)
    }
}

impl<I: Iterator> Gather for I {}

/// Adds items to a list.
pub(crate) fn add_all<T>(list: &mut Vec<T>, items: impl IntoIterator<Item = T>) {
    for item in items {
        list.push(item);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_all_items_in_their_order() {
        assert_eq!((1..4).list(), [1, 2, 3]);
        assert_eq!(["1", "2"].iter().map(|text| text.parse::<u8>().ok()).list_all(), Some(vec![1, 2]));
        assert_eq!(["1", "x", "2"].iter().map(|text| text.parse::<u8>().ok()).list_all(), None);
        let mut list = vec![1];
        add_all(&mut list, Some(2));
        assert_eq!(list, [1, 2]);
    }
}
