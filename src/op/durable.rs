//! What a stage under a checkpoint needs of an operator with state.

use std::sync::Arc;

use super::{OpError, Out};
use crate::keyed_state::KeyedState;
use crate::store::Files;

/// The state of an operator that outlives its process.
///
/// Without a checkpoint none of this is called. Under one, after
/// [`Operator::head`](super::Operator::head) and before the first batch:
/// [`Durable::track`] once; if it is restored, [`Durable::load`] for each entry
/// and [`Durable::finish_load`]. After a batch's end, and after the close, the
/// state is saved by what [`KeyedState`] gives.
pub trait Durable: KeyedState {
    /// From now on changes are kept in mind for [`KeyedState::changes`], and what
    /// the operator has already (`--initial`) counts as changed. If it `is_restored`,
    /// a state is loaded next, and takes the place of what the operator has.
    fn track(&mut self, is_restored: bool);

    /// Where a state of which memory has no room for all may keep files: before all else.
    fn keep_in(&mut self, files: Arc<dyn Files>) {
        let _ = files;
    }

    /// Takes up the files that [`KeyedState::files`] told of, before entries that came later. If it says no, it is
    /// given all that is in them, as entries.
    ///
    /// # Errors
    /// They are not there, or not as they were.
    fn load_files(&mut self, files: &[u8]) -> Result<bool, OpError> {
        let _ = files;
        Ok(false)
    }

    /// Takes a key's entry, or takes the key out, as [`KeyedState`] gave it; of
    /// several entries of a key the last counts.
    ///
    /// # Errors
    /// [`OpError::Damaged`] if it is no entry of such a state.
    fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError>;

    /// All was loaded, and counts as saved.
    ///
    /// # Errors
    /// [`OpError::Damaged`] if the entries together are no such state.
    fn finish_load(&mut self) -> Result<(), OpError>;
}

/// A state that can be shown to people.
pub trait Shown: Durable {
    /// Gives what it has, as records.
    ///
    /// # Errors
    /// It cannot be read.
    fn show(&self, out: &mut Out<'_>) -> Result<(), OpError>;
}
