//! What a tap has given and the stage has not taken, and how far the stage is safe.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sstream::connect::Bell;

use crate::error::SingerError;

/// What waits for the pipeline holds so many bytes, and then the tap has to wait.
const MEMORY: usize = 16 << 20;

/// A STATE, as the tap gave it.
pub type State = Arc<[u8]>;

/// What a tap has given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A record with a newline.
    Record(Vec<u8>),
    /// A line that is none, and why.
    Bad(Vec<u8>, String),
    /// How far it has come.
    State(State),
}

impl Item {
    fn cost(&self) -> usize {
        size_of::<Item>()
            + match self {
                Item::Record(record) => record.len(),
                Item::Bad(line, why) => line.len() + why.len(),
                Item::State(state) => state.len(),
            }
    }
}

/// What the tap's thread puts in and the stage takes out.
#[derive(Clone, Debug)]
pub struct Queue {
    inner: Arc<(Mutex<Inner>, Condvar)>,
    bell: Bell,
}

#[derive(Debug, Default)]
struct Inner {
    items: VecDeque<Item>,
    bytes: usize,
    /// How many were put in, were taken, and are safe.
    put: u64,
    taken: u64,
    safe: u64,
    /// The newest STATE that is safe, which the tap's next run begins behind.
    state: Option<State>,
    /// No more will come.
    over: Option<Result<(), SingerError>>,
    /// Nobody takes any more.
    is_closed: bool,
}

impl Queue {
    /// An empty one, behind a STATE; whoever waits for items hears the bell.
    pub fn new(bell: Bell) -> Queue {
        Queue { inner: Arc::default(), bell }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is so; false when nobody takes any more.
    fn until(&self, mut is_so: impl FnMut(&Inner) -> bool) -> (bool, MutexGuard<'_, Inner>) {
        let mut inner = self.lock();
        while !inner.is_closed && !is_so(&inner) {
            inner = self.inner.1.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        (!inner.is_closed, inner)
    }

    /// Puts something in when there is room; false when nobody takes any more.
    pub fn put(&self, item: Item) -> bool {
        let (is_open, mut inner) = self.until(|inner| inner.bytes < MEMORY);
        if is_open {
            inner.bytes += item.cost();
            inner.put += 1;
            inner.items.push_back(item);
            self.bell.ring();
        }
        is_open
    }

    /// Waits until all that was put in is safe; the newest STATE then, and nothing when nobody takes any more.
    pub fn settled(&self) -> Option<Option<State>> {
        let (is_open, inner) = self.until(|inner| inner.safe == inner.put);
        is_open.then(|| inner.state.clone())
    }

    /// Waits for so long; false when nobody takes any more.
    pub fn pause(&self, time: Duration) -> bool {
        let waited = self.inner.1.wait_timeout_while(self.lock(), time, |inner| !inner.is_closed);
        !waited.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    /// No more will come.
    pub fn end(&self, how: Result<(), SingerError>) {
        self.lock().over = Some(how);
        self.bell.ring();
    }

    /// Nobody takes any more.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.inner.1.notify_all();
    }

    /// Where the first run begins, by a checkpoint.
    pub fn begin_behind(&self, state: Option<State>) {
        self.lock().state = state;
    }

    /// Takes what has come first.
    pub fn take(&self) -> Option<Item> {
        let mut inner = self.lock();
        let item = inner.items.pop_front()?;
        inner.bytes -= item.cost();
        inner.taken += 1;
        self.inner.1.notify_all();
        Some(item)
    }

    /// All that was taken is safe, up to this STATE.
    pub fn mark_safe(&self, state: Option<&State>) {
        let mut inner = self.lock();
        (inner.safe, inner.state) = (inner.taken, state.cloned());
        self.inner.1.notify_all();
    }

    /// Whether nothing has come that was not taken.
    pub fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    /// Whether no more will come.
    ///
    /// # Errors
    /// Why not.
    pub fn check_end(&self) -> Result<bool, SingerError> {
        let mut inner = self.lock();
        match inner.over.take_if(|over| over.is_err()) {
            Some(Err(error)) => Err(error),
            _ => Ok(inner.over.is_some()),
        }
    }
}
