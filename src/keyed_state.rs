//! A state of keys and values, as an operator has it and a checkpoint keeps it.

use std::io;

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

    /// About how many bytes all keys and values have.
    fn live_bytes(&self) -> u64;
}
