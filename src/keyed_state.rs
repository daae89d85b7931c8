//! A state of keys and values, as an operator has it and a checkpoint keeps it.

use std::io;
use std::sync::Arc;

use crate::store::Files;

/// Takes a key and its value, or a key that is dropped.
pub type PairOut<'o> = dyn FnMut(&[u8], Option<&[u8]>) + 'o;

/// A state of keys and values that can be kept in a checkpoint. Keys and values
/// are bytes of the state's own; what belongs to a value, such as its place in
/// an order, is in its bytes.
pub trait KeyedState {
    /// Gives every key whose value is new since the last call, and every key
    /// dropped since (`None`).
    ///
    /// # Errors
    /// What is held on disk beyond a memory limit cannot be read.
    fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()>;

    /// Gives about `bytes` worth of the keys and values there are, going on where
    /// the last slice ended, or from the start. True when all have been given. A key
    /// that is there through all slices must be in one of them, or in the changes
    /// meanwhile.
    fn slice(&mut self, from_start: bool, bytes: usize, out: &mut PairOut<'_>) -> bool;

    /// Whether it is partly in files that a checkpoint keeps as they are: then slices are not asked for.
    fn has_files(&self) -> bool {
        false
    }

    /// Which files those are, in bytes of the state's own, if a checkpoint is to note it now. Then they have all that
    /// changed so far, durably, and it is not among [`KeyedState::changes`] any more.
    ///
    /// # Errors
    /// They cannot be written.
    fn files(&mut self) -> io::Result<Option<Vec<u8>>> {
        Ok(None)
    }

    /// About how many bytes all keys and values have.
    fn live_bytes(&self) -> u64;
}

/// Takes up a state that a checkpoint kept.
pub trait Load {
    /// Where the state may keep files: before all else.
    fn keep_in(&mut self, files: Arc<dyn Files>) {
        let _ = files;
    }

    /// Takes up files, as [`KeyedState::files`] told of them, before pairs that came later; whether it does. If not, it
    /// is given all that is in them as pairs.
    fn files(&mut self, files: &[u8]) -> bool {
        let _ = files;
        false
    }

    /// Takes a key and its value, or a key that is dropped; the last word on a key counts.
    fn pair(&mut self, key: &[u8], value: Option<&[u8]>);
}
