//! What stands beside a stream, and may change from batch to batch.

use std::rc::Rc;

/// Where something comes from that may be another one in the next batch.
///
/// ```
/// use std::rc::Rc;
/// use sstream::connect::Beside;
///
/// /// In a test, in the place of a file: what each batch finds.
/// struct Each<I>(I);
///
/// impl<I: Iterator<Item = u64>> Beside<u64> for Each<I> {
///     fn current(&mut self) -> Rc<u64> {
///         Rc::new(self.0.next().unwrap_or_default())
///     }
/// }
///
/// let mut limit: Box<dyn Beside<u64>> = Box::new(Each([10, 20].into_iter()));
/// assert_eq!((*limit.current(), *limit.current()), (10, 20));
/// ```
pub trait Beside<T> {
    /// As it is now, at the beginning of a batch.
    fn current(&mut self) -> Rc<T>;
}
