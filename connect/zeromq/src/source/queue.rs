//! Records that have come and are not taken yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memchr_iter;
use sstream::connect::{Bad, Bell, Room, SourceError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::wire::ZeromqError;

/// What waits for the pipeline holds at most so many bytes, and then no more is read.
const MEMORY: usize = 16 << 20;

/// What came, in the order in which it came from a peer.
#[derive(Debug)]
enum Item {
    /// Records, a line each; what was taken of them is before `taken`.
    Records { lines: Vec<u8>, taken: usize, _memory: OwnedSemaphorePermit },
    /// What is none, and why.
    Bad { message: Vec<u8>, reason: String, _memory: OwnedSemaphorePermit },
}

/// What the connections put in and the stage takes out.
#[derive(Clone, Debug)]
pub struct Queue {
    inner: Arc<Mutex<Inner>>,
    memory: Arc<Semaphore>,
    bell: Bell,
}

#[derive(Debug, Default)]
struct Inner {
    items: VecDeque<Item>,
    /// How it ended: no more will come.
    ended: Option<Result<(), ZeromqError>>,
}

impl Queue {
    /// An empty one; whoever waits for records hears the bell.
    pub fn new(bell: Bell) -> Queue {
        Queue { inner: Arc::default(), memory: Arc::new(Semaphore::new(MEMORY)), bell }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts records in, when there is room.
    pub async fn put(&self, lines: Vec<u8>) {
        if let Some(memory) = self.reserve(lines.len()).await {
            self.push(Item::Records { lines, taken: 0, _memory: memory });
        }
    }

    /// Puts a message in that is no record, when there is room.
    pub async fn put_bad(&self, message: Vec<u8>, reason: String) {
        if let Some(memory) = self.reserve(message.len() + reason.len()).await {
            self.push(Item::Bad { message, reason, _memory: memory });
        }
    }

    /// No more will come.
    pub fn end(&self, how: Result<(), ZeromqError>) {
        self.lock().ended = Some(how);
        self.bell.ring();
    }

    /// Whether no more will come.
    pub fn has_ended(&self) -> bool {
        self.lock().ended.is_some()
    }

    /// Whether something has come.
    ///
    /// # Errors
    /// Nothing more will, for this reason.
    pub fn look(&self) -> Result<bool, SourceError> {
        let mut inner = self.lock();
        if !inner.items.is_empty() {
            return Ok(true);
        }
        match inner.ended.take_if(|how| how.is_err()) {
            Some(Err(error)) => Err(error.into()),
            _ => Ok(false),
        }
    }

    /// Whether something has come.
    pub fn is_empty(&self) -> bool {
        self.lock().items.is_empty()
    }

    /// Moves records to the end of the block, as far as there is room; how many.
    ///
    /// # Errors
    /// What becomes of a bad one.
    pub fn take(&self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let (mut records, full) = (0, block.len().saturating_add(room.bytes));
        let mut inner = self.lock();
        while records < room.records && block.len() < full {
            match inner.items.front_mut() {
                Some(Item::Records { lines, taken, .. }) => {
                    let rest = &lines[*taken..];
                    let (count, end) = fitting(rest, room.records - records, full - block.len());
                    block.extend_from_slice(&rest[..end]);
                    (*taken, records) = (*taken + end, records + count);
                    if *taken < lines.len() {
                        break;
                    }
                    inner.items.pop_front();
                }
                Some(Item::Bad { message, reason, .. }) => {
                    bad(message, reason)?;
                    inner.items.pop_front();
                }
                None => break,
            }
        }
        Ok(records)
    }

    fn push(&self, item: Item) {
        self.lock().items.push_back(item);
        self.bell.ring();
    }

    /// More than there is takes all.
    async fn reserve(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        self.memory.clone().acquire_many_owned(bytes.min(MEMORY) as u32).await.ok()
    }
}

/// How many lines there is room for, and where they end: the last one may go beyond so many bytes.
fn fitting(lines: &[u8], most: u64, bytes: usize) -> (u64, usize) {
    let (mut count, mut end) = (0, 0);
    for at in memchr_iter(b'\n', lines) {
        if count == most || end >= bytes {
            break;
        }
        (count, end) = (count + 1, at + 1);
    }
    (count, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_taken_as_far_as_there_is_room() {
        assert_eq!(fitting(b"1\n22\n3\n", 9, 100), (3, 7));
        assert_eq!(fitting(b"1\n22\n3\n", 2, 100), (2, 5));
        assert_eq!(fitting(b"1\n22\n3\n", 9, 3), (2, 5));
        assert_eq!(fitting(b"", 9, 3), (0, 0));
    }
}
