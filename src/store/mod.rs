//! Keys and values on disk, beyond what memory is to hold: the far half of `--memory` where there are keys.
//!
//! A store is made of [runs](run), files in the order of their keys that are never changed. What is new or
//! changed is written as a *fresh* run. The rest of the keys is in *parts*, runs that follow one another, each with
//! the keys of a range of numbers. Now and then a part is written anew, with all that fresh runs have of its range; a
//! fresh run that is in all parts is no longer needed. This is a log-structured merge tree (LSM) of two levels.
//!
//! What makes it fast is that keys are [looked up](Store::look) many at once and in their order, so that each file is
//! gone through once. And what is done about fresh runs is in proportion to what was written ([`Store::tend`]): it never
//! takes long at once, however large the store is.
//!
//! Where keys are [numbers](Order::Number), a store sorts what memory has no room for; see [`sorter`].

mod error;
mod files;
mod filter;
mod kept;
mod merge;
mod order;
mod run;
pub mod sorter;
mod tend;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use error::{Result, StoreError};
pub use files::{Files, RunFile, Temporary};
pub use kept::ids;
pub use merge::Merge;
pub use order::Order;
use run::{Cursor, Looking, Run};
pub use run::{Wanted, Writer};

/// Takes a key and its value.
pub type Give<'g> = dyn FnMut(&[u8], &[u8]) -> Result<()> + 'g;

/// The store.
pub struct Store {
    files: Arc<dyn Files>,
    order: Order,
    /// Oldest first.
    fresh: Vec<Run>,
    /// In the order of their ranges, which cover all numbers.
    parts: Vec<Part>,
    /// The number of the next file.
    next: u64,
    /// Bytes of work that are still to be done about fresh runs.
    debt: u64,
    looking: Looking,
}

/// The keys of a range of numbers, which ends where the next part's begins.
struct Part {
    from: u64,
    /// None while there are no keys.
    run: Option<Run>,
    /// The newest fresh run whose keys are in it.
    merged: u64,
}

impl Part {
    fn bytes(&self) -> u64 {
        self.run.as_ref().map_or(0, |run| run.bytes)
    }
}

impl Store {
    /// An empty store, with its files there.
    pub fn new(files: Arc<dyn Files>, order: Order) -> Store {
        let next = files.next();
        let parts = vec![Part { from: 0, run: None, merged: 0 }];
        Store { files, order, fresh: Vec::new(), parts, next, debt: 0, looking: Looking::default() }
    }

    /// Whether it has nothing.
    pub fn is_empty(&self) -> bool {
        self.fresh.is_empty() && self.parts.iter().all(|part| part.run.is_none())
    }

    /// Bytes on disk.
    pub fn bytes(&self) -> u64 {
        self.base_bytes() + self.fresh.iter().map(|run| run.bytes).sum::<u64>()
    }

    /// How many keys it has, those that are in several runs as often.
    pub fn entries(&self) -> u64 {
        self.parts.iter().flat_map(|part| &part.run).chain(&self.fresh).map(|run| run.entries).sum()
    }

    fn base_bytes(&self) -> u64 {
        self.parts.iter().map(Part::bytes).sum()
    }

    /// The order of its keys.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Begins a run; keys are pushed in their order, each once.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn begin(&mut self) -> Result<Writer> {
        begin(&*self.files, self.order, &mut self.next)
    }

    /// Takes a run that was written: what it says counts from now on.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, written: Writer) -> Result<()> {
        let run = written.finish()?;
        if run.entries > 0 {
            self.fresh.push(run);
        }
        Ok(())
    }

    /// Makes all that was written durable.
    ///
    /// # Errors
    /// The system's.
    pub fn sync(&self) -> Result<()> {
        self.files.sync().map_err(|error| StoreError::io("sync", &self.files.name(self.next), error))
    }

    /// Looks keys up: those that are there are given, with their values, in no order that says anything.
    ///
    /// # Errors
    /// Those of `found`; a file cannot be read.
    pub fn look(&mut self, wanted: &mut Wanted, found: &mut Give<'_>) -> Result<()> {
        wanted.sort(self.order);
        let Store { fresh, parts, looking, .. } = self;
        let mut found = |key: &[u8], value: Option<&[u8]>| value.map_or(Ok(()), |value| found(key, value));
        let mut left = Vec::new();
        let mut begin = 0;
        for (index, part) in parts.iter().enumerate() {
            let end = parts.get(index + 1).map_or(wanted.len(), |next| wanted.before(next.from));
            left.clear();
            left.extend(begin as u32..end as u32);
            begin = end;
            let newer = fresh.iter().rev().take_while(|run| run.id > part.merged);
            for run in newer.chain(&part.run) {
                if left.is_empty() {
                    break;
                }
                run.look(wanted, &mut left, looking, &mut found)?;
            }
        }
        Ok(())
    }

    /// Gives all keys, with their values, in order.
    ///
    /// # Errors
    /// Those of `give`; a file cannot be read.
    pub fn each(&self, give: &mut Give<'_>) -> Result<()> {
        for index in 0..self.parts.len() {
            let mut keys = self.part(index)?;
            while keys.advance()? {
                if let Some(value) = keys.value() {
                    give(keys.key(), value)?;
                }
            }
        }
        Ok(())
    }

    /// The keys of a part in order, dropped ones too.
    fn part(&self, index: usize) -> Result<Merge<'_>> {
        let part = &self.parts[index];
        let newer = self.fresh.iter().filter(|run| run.id > part.merged);
        merged(part.run.iter().chain(newer), part.from, self.end_of(index))
    }

    /// Where a part's range ends, if anywhere.
    fn end_of(&self, index: usize) -> Option<u64> {
        self.parts.get(index + 1).map(|next| next.from)
    }
}

/// Reads all of a file with a run of so many bytes; how many keys it has.
///
/// # Errors
/// It is not as it was written, or cannot be read.
pub fn check(files: &dyn Files, id: u64, bytes: u64) -> Result<u64> {
    let name = files.name(id);
    let file = files.open(id).map_err(|error| StoreError::io("open", &name, error))?;
    let run = Run::open(file, (id, name), bytes, Order::Number)?;
    let mut keys = merged(std::iter::once(&run), 0, None)?;
    while keys.advance()? {}
    Ok(run.entries)
}

fn begin(files: &dyn Files, order: Order, next: &mut u64) -> Result<Writer> {
    let id = *next;
    *next += 1;
    let name = files.name(id);
    match files.create(id) {
        Ok(file) => Ok(Writer::new(file, (id, name), order)),
        Err(error) => Err(StoreError::io("create", &name, error)),
    }
}

fn cursors<'r>(runs: impl Iterator<Item = &'r Run> + Clone, from: u64, to: Option<u64>) -> Result<Vec<Cursor<'r>>> {
    let several = runs.clone().count();
    runs.map(|run| Cursor::new(run, from, to, several)).collect()
}

/// Runs as one, oldest first.
fn merged<'r>(runs: impl Iterator<Item = &'r Run> + Clone, from: u64, to: Option<u64>) -> Result<Merge<'r>> {
    Merge::new(cursors(runs, from, to)?, from)
}
