//! Keys that a store was asked for.

use std::iter::Peekable;
use std::vec::IntoIter;

use crate::op::key_table::KeyTable;
use crate::store::{Order, Result, Store, Wanted, Writer};

/// Keys that the store was asked for since memory was last written to it, and whether it had them: what counts of them is in
/// memory, or nothing is.
#[derive(Default)]
pub struct Asked {
    keys: KeyTable,
    had: Vec<bool>,
}

impl Asked {
    /// Asks for a key in normal form, unless what counts of it is in memory.
    pub fn want(&mut self, key: &[u8], wanted: &mut Wanted) {
        if self.keys.insert_normal(key).1 {
            self.had.push(false);
            wanted.push(key);
        }
    }

    /// The store had such a key.
    pub fn found(&mut self, key: &[u8]) {
        if let Some(index) = self.keys.find_normal(key) {
            self.had[index] = true;
        }
    }

    /// About how many bytes that takes.
    pub fn bytes(&self) -> usize {
        self.keys.bytes() + self.had.len()
    }

    /// Writes a run for the store: entries of keys that are in memory, each made by `entry`, and of the others that the store
    /// had that they are gone. None if there is nothing to write.
    ///
    /// # Errors
    /// The run cannot be written; those of `entry`.
    pub fn write<'k>(
        &self,
        store: &mut Store,
        indexes: impl Iterator<Item = usize>,
        key: impl Fn(usize) -> &'k [u8],
        mut entry: impl FnMut(usize, &mut Vec<u8>) -> Result<()>,
    ) -> Result<Option<Writer>> {
        let order = store.order();
        let (rows, mut had) = (order.sorted(indexes, &key), self.had(order));
        if rows.is_empty() && had.is_empty() {
            return Ok(None);
        }
        let (mut run, mut bytes) = (store.begin()?, Vec::new());
        for (order, index) in rows {
            had.go_on_to(order, key(index), &mut run)?;
            entry(index, &mut bytes)?;
            run.push(key(index), Some(&bytes))?;
        }
        had.finish(&mut run)?;
        Ok(Some(run))
    }

    /// The keys that the store had.
    pub fn had(&self, order: Order) -> Had<'_> {
        let had = self.keys.indexes().filter(|&index| self.had[index]).map(|index| self.keys.normal(index));
        let mut had: Vec<(u64, &[u8])> = had.map(|key| (order.of(key), key)).collect();
        had.sort_unstable();
        Had { keys: had.into_iter().peekable() }
    }
}

/// Keys that the store had, in its order. Those that are not written anew have lost what was there.
pub struct Had<'a> {
    keys: Peekable<IntoIter<(u64, &'a [u8])>>,
}

impl Had<'_> {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.len() == 0
    }

    /// A key is written next: those before it are not.
    ///
    /// # Errors
    /// The run cannot be written.
    pub fn go_on_to(&mut self, order: u64, key: &[u8], run: &mut Writer) -> Result<()> {
        while let Some((_, gone)) = self.keys.next_if(|gone| *gone < (order, key)) {
            run.push(gone, None)?;
        }
        self.keys.next_if(|had| *had == (order, key));
        Ok(())
    }

    /// No more are written.
    ///
    /// # Errors
    /// As of [`Had::go_on_to`].
    pub fn finish(mut self, run: &mut Writer) -> Result<()> {
        self.keys.try_for_each(|(_, gone)| run.push(gone, None))
    }
}
