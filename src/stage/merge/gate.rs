//! Holds a side back that is ahead of the others: its reader stops reading, and
//! the pipe slows whoever writes to it.
//!
//! A side is held back only between two batches. So the batch that it has open
//! is always taken whole, and two sides that come from one stream (by tee)
//! cannot block each other: whoever writes to both gets rid of the end that the
//! other side waits for. The allowance for batches beyond that is for what
//! stands behind that end in the same piece of a tee, or of a stage that makes
//! much out of little.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes of whole batches, beyond the first, a side may be ahead.
const ALLOWANCE_BYTES: u64 = 16 << 20;

/// What a batch counts besides its records: its end, and room to keep it.
const BATCH_BYTES: u64 = 1 << 10;

/// Between a side's reader and the one who gives its batches out.
#[derive(Debug, Default)]
pub(super) struct Gate {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    /// The sizes of whole batches that were not given out.
    batches: VecDeque<u64>,
    /// The sum of all but the first.
    ahead: u64,
    is_abandoned: bool,
}

impl Gate {
    /// The reader has read a whole batch of so many bytes.
    pub(super) fn read(&self, bytes: u64) {
        let mut waiting = self.lock();
        if !waiting.batches.is_empty() {
            waiting.ahead += bytes + BATCH_BYTES;
        }
        waiting.batches.push_back(bytes + BATCH_BYTES);
    }

    /// Waits until the reader may go on; whether there is a use in it.
    pub(super) fn pass(&self) -> bool {
        let waiting = self.lock();
        let is_held = |waiting: &mut Waiting| waiting.ahead > ALLOWANCE_BYTES && !waiting.is_abandoned;
        let waiting = self.changed.wait_while(waiting, is_held).unwrap_or_else(PoisonError::into_inner);
        !waiting.is_abandoned
    }

    /// The side's oldest batch was given out.
    pub(super) fn given(&self) {
        let mut waiting = self.lock();
        waiting.batches.pop_front();
        let first = waiting.batches.front().copied().unwrap_or_default();
        waiting.ahead -= first;
        self.changed.notify_one();
    }

    /// Nobody wants this side's batches any more.
    pub(super) fn abandon(&self) {
        self.lock().is_abandoned = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_open(gate: &Gate) -> bool {
        gate.lock().ahead <= ALLOWANCE_BYTES
    }

    #[test]
    fn the_oldest_batch_and_the_allowance_pass() {
        let gate = Gate::default();
        gate.read(ALLOWANCE_BYTES * 100);
        assert!(is_open(&gate) && gate.pass(), "however large the first is, the next is begun");
        gate.read(ALLOWANCE_BYTES * 100);
        assert!(!is_open(&gate));
        gate.given();
        assert!(is_open(&gate) && gate.pass());
        gate.read(0);
        assert!(is_open(&gate));
        gate.read(ALLOWANCE_BYTES);
        assert!(!is_open(&gate));
        gate.given();
        assert!(!is_open(&gate));
        gate.given();
        assert!(is_open(&gate));
        gate.given();
        assert!(is_open(&gate));
        gate.abandon();
        assert!(!gate.pass());
    }
}
