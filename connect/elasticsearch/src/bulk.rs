//! The operations of a request, and the records that they were made of.

use crate::document::Operation;

/// Operations, as they stand in a request.
#[derive(Clone, Debug, Default)]
pub struct Bulk {
    body: Vec<u8>,
    /// The records, one behind the other: a server may refuse them.
    records: Vec<u8>,
    items: Vec<Item>,
}

/// Where an operation ends; it begins where the one before it does.
#[derive(Clone, Copy, Debug, Default)]
struct Item {
    /// Its action in the body.
    action: usize,
    /// Its document in the body.
    document: usize,
    /// Its record in the records.
    record: usize,
}

impl Bulk {
    /// Puts an operation behind the others.
    pub fn push(&mut self, operation: &Operation, record: &[u8]) {
        self.push_parts(&operation.action, &operation.document, record);
    }

    fn push_parts(&mut self, action: &[u8], document: &[u8], record: &[u8]) {
        self.body.extend_from_slice(action);
        let action = self.body.len();
        self.body.extend_from_slice(document);
        self.records.extend_from_slice(record);
        self.items.push(Item { action, document: self.body.len(), record: self.records.len() });
    }

    /// How many operations there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What a request has.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Says what is done with which document: who has the same action has the same document.
    pub fn action(&self, item: usize) -> &[u8] {
        &self.body[self.before(item).document..self.items[item].action]
    }

    /// The record of an operation.
    pub fn record(&self, item: usize) -> &[u8] {
        &self.records[self.before(item).record..self.items[item].record]
    }

    /// These operations, in their order.
    pub fn only(&self, items: impl Iterator<Item = usize>) -> Bulk {
        let mut only = Bulk::default();
        for item in items {
            let Item { action, document, .. } = self.items[item];
            only.push_parts(self.action(item), &self.body[action..document], self.record(item));
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
    fn parts_of_a_request() {
        let mut bulk = Bulk::default();
        for n in 0..5 {
            let operation =
                Operation { action: format!("a{n}\n").into_bytes(), document: format!("doc{n}\n").into_bytes() };
            bulk.push(&operation, format!("r{n}").as_bytes());
        }
        assert_eq!((bulk.len(), bulk.action(0), bulk.record(4)), (5, &b"a0\n"[..], &b"r4"[..]));
        let (first, second) = bulk.halves();
        assert_eq!(
            (first.body(), second.body()),
            (&b"a0\ndoc0\na1\ndoc1\n"[..], &b"a2\ndoc2\na3\ndoc3\na4\ndoc4\n"[..])
        );
        let only = second.only([0, 2].into_iter());
        assert_eq!((only.body(), only.record(1)), (&b"a2\ndoc2\na4\ndoc4\n"[..], &b"r4"[..]));
        assert!(bulk.only(std::iter::empty()).is_empty());
    }
}
