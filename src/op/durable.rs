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
///
/// ```
/// use std::collections::{BTreeMap, BTreeSet};
/// use std::io;
/// use sstream::connect::{Durable, KeyedState, OpError, Out, PairOut, Shown};
///
/// /// How often each key came. Its operator gives it as `Operator::durable`.
/// #[derive(Default)]
/// struct Counts {
///     counts: BTreeMap<Vec<u8>, u64>,
///     changed: BTreeSet<Vec<u8>>,
/// }
///
/// impl KeyedState for Counts {
///     fn changes(&mut self, out: &mut PairOut<'_>) -> io::Result<()> {
///         for key in std::mem::take(&mut self.changed) {
///             out(&key, Some(&self.counts[&key].to_le_bytes()));
///         }
///         Ok(())
///     }
///     fn slice(&mut self, _from_start: bool, _bytes: usize, out: &mut PairOut<'_>) -> bool {
///         // Few keys: all of them are one slice.
///         self.counts.iter().for_each(|(key, count)| out(key, Some(&count.to_le_bytes())));
///         true
///     }
///     fn live_bytes(&self) -> u64 {
///         self.counts.keys().map(|key| key.len() as u64 + 8).sum()
///     }
/// }
///
/// impl Durable for Counts {
///     fn track(&mut self, _is_restored: bool) {
///         self.changed = self.counts.keys().cloned().collect();
///     }
///     fn load(&mut self, key: &[u8], entry: Option<&[u8]>) -> Result<(), OpError> {
///         let count = entry.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
///         let count = count.ok_or_else(|| OpError::Damaged { what: "a count of 8 bytes".to_owned() })?;
///         self.counts.insert(key.to_vec(), count);
///         Ok(())
///     }
///     fn finish_load(&mut self) -> Result<(), OpError> {
///         Ok(())
///     }
/// }
///
/// impl Shown for Counts {
///     fn show(&self, out: &mut Out<'_>) -> Result<(), OpError> {
///         for (key, count) in &self.counts {
///             out.record(&[b"[", key.as_slice(), b",", count.to_string().as_bytes(), b"]"].concat());
///         }
///         Ok(())
///     }
/// }
///
/// // What a checkpoint does with it.
/// let mut counts = Counts { counts: [(b"\"a\"".to_vec(), 3)].into(), ..Counts::default() };
/// counts.track(false);
/// let mut restored = Counts::default();
/// restored.track(true);
/// counts.changes(&mut |key, entry| restored.load(key, entry).unwrap()).unwrap();
/// restored.finish_load().unwrap();
/// assert_eq!(restored.counts, counts.counts);
/// ```
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
