//! A store with what a checkpoint has seen of it.

use std::io;
use std::sync::Arc;

use super::temporary;
use crate::agg::saved::{push_number, take_number};
use crate::keyed_state::PairOut;
use crate::op::OpError;
use crate::store::{Files, Order, Result, Store, Writer};

/// The store of an operator.
pub struct Kept {
    /// Where it is.
    files: Arc<dyn Files>,
    pub store: Store,
    /// About so many bytes are held in memory, and so many changes may a checkpoint get on end.
    memory: usize,
    /// There is something in the store, or was.
    has_spilled: bool,
    /// A checkpoint has not seen the store as it is.
    is_new: bool,
    /// Bytes that a checkpoint was given since it last saw the store.
    given: usize,
}

/// A key of which there is no more, in bytes on disk, has little.
const FEW_BYTES: usize = 64;

/// What is taken of memory for such a key when it is read, and by what comes out of it, about.
const READ_BYTES: usize = 256;

impl Kept {
    /// Of temporary files.
    pub fn new(memory: usize) -> Kept {
        let files = temporary();
        let store = Store::new(Arc::clone(&files), Order::hashed());
        Kept { files, store, memory, has_spilled: false, is_new: false, given: 0 }
    }

    /// As [`Durable::keep_in`](crate::op::durable::Durable::keep_in).
    pub fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.store = Store::new(Arc::clone(&files), Order::hashed());
        self.files = files;
    }

    /// The beginning of [`Durable::load_files`](crate::op::durable::Durable::load_files): takes up the store, and as many
    /// numbers as stand behind it.
    ///
    /// # Errors
    /// A file is not there, or not as it was; there are too few numbers.
    pub fn load<const N: usize>(&mut self, mut bytes: &[u8]) -> std::result::Result<[u64; N], OpError> {
        self.store = Store::open(Arc::clone(&self.files), &mut bytes)?;
        self.has_spilled = true;
        let mut numbers = [0; N];
        for number in &mut numbers {
            *number = take_number(&mut bytes).map_err(|error| OpError::Damaged { what: error.to_string() })?;
        }
        Ok(numbers)
    }

    /// Adds a run that was written, and does what is to be done about the runs there are, with
    /// [`keep`](Store::tend).
    ///
    /// # Errors
    /// A file cannot be read or written.
    pub fn add(&mut self, run: Writer, keep: &mut dyn FnMut(&[u8]) -> bool) -> Result<()> {
        let bytes = run.bytes();
        self.store.add(run)?;
        self.store.tend(bytes, keep)?;
        (self.has_spilled, self.is_new) = (true, true);
        Ok(())
    }

    /// Whether there is something in the store, or was.
    pub fn has_spilled(&self) -> bool {
        self.has_spilled
    }

    /// A part of memory for what is read of keys at once: the less, the more there is of each.
    pub fn share(&self, part: usize) -> usize {
        let per_key = usize::try_from(self.store.bytes() / self.store.entries().max(1)).unwrap_or(usize::MAX);
        self.memory / part * FEW_BYTES / per_key.max(FEW_BYTES)
    }

    /// How many keys are read at once at most, of which something comes out.
    pub fn at_once(&self) -> usize {
        (self.share(8) / READ_BYTES).max(1)
    }

    /// Gives changes on to a checkpoint, and counts them.
    pub fn counted<'c>(&'c mut self, out: &'c mut PairOut<'_>) -> impl FnMut(&[u8], Option<&[u8]>) + 'c {
        |key, entry| {
            self.given += key.len() + entry.map_or(0, <[u8]>::len);
            out(key, entry);
        }
    }

    /// Whether a checkpoint is to be told of the store, once all is in it.
    pub fn is_due(&self) -> bool {
        self.is_new || self.given >= self.memory
    }

    /// What a checkpoint is told: the store, which is durable, and numbers behind it.
    ///
    /// # Errors
    /// The system's.
    pub fn tell(&mut self, numbers: &[u64]) -> io::Result<Vec<u8>> {
        self.store.sync()?;
        let mut bytes = Vec::new();
        self.store.keep(&mut bytes);
        numbers.iter().for_each(|&number| push_number(number, &mut bytes));
        (self.is_new, self.given) = (false, 0);
        Ok(bytes)
    }
}
