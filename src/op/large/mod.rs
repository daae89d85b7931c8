//! What operators share that hold keys beyond memory: `--memory`.
//!
//! Each has in memory the keys that came, or came again, since all of it was last written to a [store](crate::store). Once
//! there is a store, records are [gathered](Gathered) first, so that it is asked for all their keys at once.

mod asked;
mod ends;
mod gathered;
mod in_order;
mod kept;
#[cfg(test)]
pub mod testing;

pub use asked::Asked;
pub use ends::Ends;
pub use gathered::Gathered;
pub use in_order::InOrder;
pub use kept::Kept;

use std::sync::Arc;

use crate::os;
use crate::store::{Files, Temporary};

/// Files for what is needed for a moment only.
pub fn temporary() -> Arc<dyn Files> {
    Arc::new(Temporary::new())
}

/// Whether so many bytes that are held are too many of `memory`: by what is known of them, or by what the process takes of the
/// system. The other half is for what is being read, sorted and merged.
pub fn is_full(held: usize, memory: usize) -> bool {
    held > memory / 2 || held > memory / 8 && os::anonymous_bytes().is_some_and(|bytes| bytes > memory as u64)
}
