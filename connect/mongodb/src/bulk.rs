//! The operations of a command, and the records that they were made of.

use crate::document::Space;

/// Operations on documents of one collection, as they stand in a command.
#[derive(Clone, Debug, Default)]
pub struct Bulk {
    space: Space,
    bytes: Vec<u8>,
    /// The records, one behind the other: a server may refuse them.
    records: Vec<u8>,
    items: Vec<Item>,
}

/// Where an operation ends; it begins where the one before it does.
#[derive(Clone, Copy, Debug, Default)]
struct Item {
    /// Its bytes.
    bytes: usize,
    /// Its record in the records.
    record: usize,
}

impl Bulk {
    /// One without operations.
    pub fn new(space: Space) -> Bulk {
        Bulk { space, ..Bulk::default() }
    }

    /// Where the documents are.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Puts an operation behind the others.
    pub fn push(&mut self, operation: &[u8], record: &[u8]) {
        self.bytes.extend_from_slice(operation);
        self.records.extend_from_slice(record);
        self.items.push(Item { bytes: self.bytes.len(), record: self.records.len() });
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The operations, one behind the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// An operation.
    pub fn operation(&self, item: usize) -> &[u8] {
        &self.bytes[self.before(item).bytes..self.items[item].bytes]
    }

    /// The record of an operation.
    pub fn record(&self, item: usize) -> &[u8] {
        &self.records[self.before(item).record..self.items[item].record]
    }

    /// These operations, in their order.
    pub fn only(&self, items: impl Iterator<Item = usize>) -> Bulk {
        let mut only = Bulk::new(self.space.clone());
        for item in items {
            only.push(self.operation(item), self.record(item));
        }
        only
    }

    /// The first half and the second one.
    pub fn halves(&self) -> (Bulk, Bulk) {
        let middle = self.len() / 2;
        (self.only(0..middle), self.only(middle..self.len()))
    }

    fn before(&self, item: usize) -> Item {
        item.checked_sub(1).map_or(Item::default(), |before| self.items[before])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_command() {
        let mut bulk = Bulk::new(Space::default());
        (0..5).for_each(|n| bulk.push(format!("op{n} ").as_bytes(), format!("r{n}").as_bytes()));
        assert_eq!((bulk.len(), bulk.record(4)), (5, &b"r4"[..]));
        let (first, second) = bulk.halves();
        assert_eq!((first.bytes(), second.bytes()), (&b"op0 op1 "[..], &b"op2 op3 op4 "[..]));
        let only = second.only([0, 2].into_iter());
        assert_eq!((only.bytes(), only.record(1)), (&b"op2 op4 "[..], &b"r4"[..]));
        assert!(bulk.only(std::iter::empty()).is_empty());
    }
}
