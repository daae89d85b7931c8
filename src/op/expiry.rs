//! When things are over: what is given back once a time has been reached, the oldest first.
//!
//! Times come mostly in order: what does is in a queue, and costs nothing but its place; only what
//! comes before the queue's end is in a heap.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::event::EventTime;

/// Things, by when they are over; those of one time in their own order.
#[derive(Debug)]
pub struct Expiry<T> {
    queue: VecDeque<(EventTime, T)>,
    heap: BinaryHeap<Reverse<(EventTime, T)>>,
}

impl<T: Ord + Copy> Default for Expiry<T> {
    fn default() -> Expiry<T> {
        Expiry { queue: VecDeque::new(), heap: BinaryHeap::new() }
    }
}

impl<T: Ord + Copy> Expiry<T> {
    /// The thing is over at `time`.
    #[inline]
    pub fn push(&mut self, time: EventTime, thing: T) {
        match self.queue.back() {
            Some(last) if *last > (time, thing) => self.heap.push(Reverse((time, thing))),
            _ => self.queue.push_back((time, thing)),
        }
    }

    /// The first thing that is over at a time for which `is_over` holds, if there is one.
    pub fn pop_if(&mut self, is_over: impl Fn(EventTime) -> bool) -> Option<(EventTime, T)> {
        let (queued, heaped) = (self.queue.front().copied(), self.heap.peek().map(|Reverse(first)| *first));
        let is_queued = match (queued, heaped) {
            (Some(queued), Some(heaped)) => queued < heaped,
            (queued, _) => queued.is_some(),
        };
        let first = if is_queued { queued? } else { heaped? };
        if !is_over(first.0) {
            return None;
        }
        if is_queued {
            self.queue.pop_front();
        } else {
            self.heap.pop();
        }
        Some(first)
    }

    /// How many things there are.
    pub fn len(&self) -> usize {
        self.queue.len() + self.heap.len()
    }

    /// About how many bytes that takes.
    pub fn bytes(&self) -> usize {
        (self.queue.capacity() + self.heap.capacity()) * size_of::<(EventTime, T)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_oldest_comes_first(times in prop::collection::vec(-20_i64..20, 0..40), until in -20_i64..20) {
            let mut expiry = Expiry::default();
            let mut want: Vec<(i64, u64)> = (0..).zip(&times).map(|(number, time)| (*time, number)).collect();
            for (time, number) in &want {
                expiry.push(*time, *number);
            }
            want.sort_unstable();
            let over: Vec<u64> =
                std::iter::from_fn(|| expiry.pop_if(|time| time <= until)).map(|(_, number)| number).collect();
            let expected: Vec<u64> = want.iter().filter(|(time, _)| *time <= until).map(|(_, number)| *number).collect();
            prop_assert_eq!(over, expected);
        }
    }
}
