//! A store as a checkpoint keeps it: which files it has. The files themselves are never changed.
//!
//! ```text
//! version  1
//! seed     8 bytes, of the order of keys
//! next     number: of the next file
//! parts    number: how many; of each its first number (8 bytes), the newest fresh run in it, its file and
//!          that one's length (numbers), 0 and 0 if it has none
//! fresh    number: how many; of each its file and that one's length, oldest first
//! ```
//!
//! Numbers are as [`varint`] writes them.

use std::sync::Arc;

use super::error::{Result, StoreError};
use super::files::Files;
use super::order::Order;
use super::run::Run;
use super::{Part, Store};
use crate::varint;

const VERSION: u8 = 1;

/// A file, and how long it is.
type Kept = (u64, u64);

struct Whole {
    seed: u64,
    next: u64,
    parts: Vec<(u64, u64, Kept)>,
    fresh: Vec<Kept>,
}

fn take_fixed(bytes: &mut &[u8]) -> Option<u64> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u64::from_le_bytes(*number))
}

fn take_kept(bytes: &mut &[u8]) -> Option<Kept> {
    Some((varint::take(bytes)?, varint::take(bytes)?))
}

impl Whole {
    fn take(bytes: &mut &[u8]) -> Option<Whole> {
        let (&VERSION, rest) = bytes.split_first()? else { return None };
        *bytes = rest;
        let (seed, next) = (take_fixed(bytes)?, varint::take(bytes)?);
        let parts = (0..varint::take(bytes)?)
            .map(|_| Some((take_fixed(bytes)?, varint::take(bytes)?, take_kept(bytes)?)))
            .collect::<Option<_>>()?;
        let fresh = (0..varint::take(bytes)?).map(|_| take_kept(bytes)).collect::<Option<_>>()?;
        Some(Whole { seed, next, parts, fresh })
    }
}

/// The files of a store that was kept so, and the number of its next one; what is behind it stays. None if
/// that is no store.
pub fn ids(bytes: &mut &[u8]) -> Option<(Vec<u64>, u64)> {
    let whole = Whole::take(bytes)?;
    let parts = whole.parts.iter().map(|part| part.2).filter(|kept| kept.1 > 0);
    Some((parts.chain(whole.fresh).map(|kept| kept.0).collect(), whole.next))
}

impl Store {
    /// Appends which files it has.
    pub fn keep(&self, out: &mut Vec<u8>) {
        let seed = if let Order::Hash(seed) = self.order { seed } else { 0 };
        out.push(VERSION);
        out.extend_from_slice(&seed.to_le_bytes());
        varint::push(self.next, out);
        varint::push(self.parts.len() as u64, out);
        for part in &self.parts {
            out.extend_from_slice(&part.from.to_le_bytes());
            varint::push(part.merged, out);
            let kept = part.run.as_ref().map_or((0, 0), |run| (run.id, run.bytes));
            [kept.0, kept.1].iter().for_each(|&number| varint::push(number, out));
        }
        varint::push(self.fresh.len() as u64, out);
        for run in &self.fresh {
            [run.id, run.bytes].iter().for_each(|&number| varint::push(number, out));
        }
    }

    /// The store of which `bytes` begin with what [`Store::keep`] wrote; what is behind it stays. Its files are there.
    ///
    /// # Errors
    /// A file is not there, or not as it was.
    pub fn open(files: Arc<dyn Files>, bytes: &mut &[u8]) -> Result<Store> {
        let Some(whole) = Whole::take(bytes) else {
            return Err(StoreError::damaged("the state's list of files", "it is none"));
        };
        let order = Order::Hash(whole.seed);
        let open = |(id, bytes): Kept| {
            let name = files.name(id);
            let file = files.open(id).map_err(|error| match error.kind() {
                std::io::ErrorKind::NotFound => StoreError::damaged(&name, "it is gone"),
                _ => StoreError::io("open", &name, error),
            })?;
            Run::open(file, (id, name), bytes, order)
        };
        let part = |(from, merged, kept): (u64, u64, Kept)| {
            let run = if kept.1 > 0 { Some(open(kept)?) } else { None };
            Ok(Part { from, run, merged })
        };
        let parts = whole.parts.into_iter().map(part).collect::<Result<Vec<_>>>()?;
        let fresh = whole.fresh.into_iter().map(open).collect::<Result<_>>()?;
        if parts.first().is_none_or(|first| first.from != 0) || !parts.is_sorted_by_key(|part| part.from) {
            return Err(StoreError::damaged("the state's list of files", "its parts do not follow one another"));
        }
        let next = files.next().max(whole.next);
        Ok(Store { parts, fresh, next, ..Store::new(files, order) })
    }
}
