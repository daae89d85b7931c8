//! What stands beside a stream, and may change from batch to batch.

use std::rc::Rc;

/// Where something comes from that may be another one in the next batch.
pub trait Beside<T> {
    /// As it is now, at the beginning of a batch.
    fn current(&mut self) -> Rc<T>;
}
