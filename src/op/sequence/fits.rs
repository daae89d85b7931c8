//! Which names a record is, asked once.

use super::buffer::{Buffer, LinkId};
use super::define::Definition;

/// What is known of the record that comes: which names it is.
pub struct Fits {
    /// Of names whose definitions look at the record alone.
    of_record: Vec<Option<bool>>,
    /// Of the others, for the way that is looked at.
    of_way: Vec<Option<bool>>,
    /// Whether anything is known of the others.
    is_of_way: bool,
    /// What a definition said that failed.
    pub error: Option<String>,
}

impl Fits {
    /// Nothing is known of so many names.
    pub fn new(names: usize) -> Fits {
        Fits { of_record: vec![None; names], of_way: vec![None; names], is_of_way: false, error: None }
    }

    /// Nothing is known of the next record.
    pub fn next_record(&mut self) {
        self.of_record.fill(None);
    }

    /// The record is looked at behind other ones.
    pub fn next_way(&mut self) {
        if std::mem::take(&mut self.is_of_way) {
            self.of_way.fill(None);
        }
    }

    /// Whether the record is the name, behind what a way has taken.
    pub fn fits(
        &mut self,
        name: usize,
        definitions: &mut [Definition],
        record: &[u8],
        before: Option<LinkId>,
        buffer: &Buffer,
        name_of: &[usize],
    ) -> bool {
        let looks_back = definitions[name].looks_back();
        self.is_of_way |= looks_back;
        let known = if looks_back { &mut self.of_way } else { &mut self.of_record };
        *known[name].get_or_insert_with(|| {
            definitions[name].fits(record, before, buffer, name_of).unwrap_or_else(|error| {
                self.error.get_or_insert(error);
                false
            })
        })
    }
}
