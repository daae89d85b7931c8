//! Which keys a checkpoint has not seen as they are, and the order of keys: a sequence number each.

use super::change_set::ChangeSet;
use crate::agg::saved::push_bytes;

/// Far more than what waking a thread takes.
const MANY_CHANGES: usize = if cfg!(test) { 8 } else { 4096 };

/// No stream has so many keys.
pub(super) const MAX_SEQUENCE: u64 = 1 << 62;

/// The sequence numbers of keys, by the key's index; they rise with it, at the end of a batch.
#[derive(Default)]
pub(super) struct Numbers {
    pub all: Vec<u64>,
    /// The number of the next key.
    pub next: u64,
}

impl Numbers {
    /// The key's number.
    #[inline]
    pub fn of(&self, index: usize) -> u64 {
        self.all[index]
    }

    /// The key with this index, the greatest, has just come.
    #[inline]
    pub fn add(&mut self, index: usize) {
        self.all.resize(index, 0);
        self.all.push(self.next);
        self.next += 1;
    }

    /// There is nothing from this index on.
    pub fn truncate(&mut self, end: usize) {
        self.all.truncate(end);
    }

    /// The key with the index `order[i]` gets the index `i`; the others go.
    pub fn reorder(&mut self, order: &[u32]) {
        self.all = order.iter().map(|&from| self.all[from as usize]).collect();
    }
}

/// Keeps track of what a checkpoint has not seen yet.
pub(super) struct Journal {
    pub changed: ChangeSet,
    /// Keys dropped, each as bytes.
    pub dropped: Vec<u8>,
    /// The sequence number with which the next slice begins.
    pub slice_at: u64,
    /// How many entries were written, and their bytes.
    pub written: (u64, u64),
    /// While entries are loaded.
    pub loading: Loading,
    pub buffer: Vec<u8>,
}

impl Journal {
    pub fn new() -> Journal {
        Journal {
            changed: ChangeSet::new(),
            dropped: Vec::new(),
            slice_at: 0,
            written: (0, 0),
            loading: Loading::default(),
            buffer: Vec::new(),
        }
    }

    /// The state at this index is another now.
    #[inline]
    pub fn changed(&mut self, index: usize) {
        self.changed.insert(index);
    }

    /// Whether a checkpoint has so much to write that it is worth to have it written by several threads.
    pub fn has_many_changes(&self) -> bool {
        self.changed.indexes().len() >= MANY_CHANGES
    }

    /// As [`ChangeSet::fetch`].
    pub fn fetch(&self, index: usize) -> u64 {
        self.changed.fetch(index)
    }

    /// A key, in normal form, goes, which had this number.
    pub fn dropped(&mut self, sequence: u64, key: &[u8]) {
        push_bytes(key, &mut self.dropped);
        self.loading.forget(sequence);
    }
}

/// Which key has which sequence number, while entries are loaded. Of a key that
/// was loaded before, its number says where it is: that is a look into one small
/// array, in place of the table of keys, which is large. Most entries of a log
/// are further ones of a key.
#[derive(Default)]
pub(super) struct Loading {
    /// Indexes by sequence number, or [`NO_INDEX`]. A key need not be there.
    indexes: Vec<u32>,
    /// One more than the greatest number.
    pub end: u64,
}

const NO_INDEX: u32 = u32::MAX;

/// Below this, sequence numbers have a place in an array in any case.
const FEW_NUMBERS: usize = if cfg!(test) { 4 } else { 1 << 24 };

/// Whether an array by sequence number is worth its memory: where keys come and
/// go, few of the numbers that were given belong to a key.
fn has_place(sequence: u64, keys: usize) -> bool {
    sequence < keys.saturating_mul(16).max(FEW_NUMBERS) as u64
}

impl Loading {
    /// The index of the key that was loaded with this number, if that is known.
    pub fn get(&self, sequence: u64) -> Option<usize> {
        let index = *self.indexes.get(usize::try_from(sequence).ok()?)?;
        (index != NO_INDEX).then_some(index as usize)
    }

    /// Notes a key, one of `keys`.
    pub fn set(&mut self, sequence: u64, index: usize, keys: usize) {
        self.end = self.end.max(sequence.saturating_add(1));
        if has_place(sequence, keys) {
            let sequence = sequence as usize;
            if sequence >= self.indexes.len() {
                self.indexes.resize(sequence + 1, NO_INDEX);
            }
            self.indexes[sequence] = index as u32;
        }
    }

    fn forget(&mut self, sequence: u64) {
        if let Some(index) = usize::try_from(sequence).ok().and_then(|sequence| self.indexes.get_mut(sequence)) {
            *index = NO_INDEX;
        }
    }
}

/// The keys in the order of their sequence numbers; fewer if some have the same.
pub(super) fn in_order(sequences: &[u64], keys: impl Iterator<Item = usize> + Clone) -> Vec<u32> {
    let end = keys.clone().map(|index| sequences[index] + 1).max().unwrap_or(0);
    if has_place(end, sequences.len()) {
        let mut indexes = vec![NO_INDEX; end as usize];
        keys.for_each(|index| indexes[sequences[index] as usize] = index as u32);
        indexes.retain(|&index| index != NO_INDEX);
        return indexes;
    }
    let mut order: Vec<u32> = keys.map(|index| index as u32).collect();
    order.sort_unstable_by_key(|&index| sequences[index as usize]);
    order.dedup_by_key(|index| sequences[*index as usize]);
    order
}
