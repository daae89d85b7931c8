//! Records that have come and are not taken yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use memchr::memchr_iter;
use sstream::connect::Bell;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::FeedError;
use crate::position::{Made, Mark};

/// Records that follow each other and leave the feed at one mark.
#[derive(Debug)]
pub struct Item {
    /// What they are; or a bad one.
    pub made: Made,
    /// How many they are.
    pub count: u64,
    /// How far the feed is taken with them.
    pub mark: Mark,
    /// The memory of them and of those that came with them and before them, which is given back when they are taken.
    pub memory: Option<OwnedSemaphorePermit>,
}

impl Item {
    /// A record, which has no memory yet.
    pub fn new(made: Made, mark: Mark) -> Item {
        Item { made, count: 1, mark, memory: None }
    }

    /// What it takes, in bytes.
    pub fn cost(&self) -> usize {
        let length = match &self.made {
            Ok(records) => records.len(),
            Err((payload, reason)) => payload.len() + reason.len(),
        };
        length + 200
    }

    /// Takes so many records at most from the front, and no more once there are so many bytes of them.
    pub fn split(&mut self, most: u64, bytes: usize) -> Item {
        if let Ok(records) = &mut self.made
            && (self.count > most || records.len() > bytes)
        {
            let ends = memchr_iter(b'\n', records).map(|at| at + 1);
            let (count, end) = (1..).zip(ends).find(|(count, end)| *count >= most || *end >= bytes).unwrap_or_default();
            let rest = records.split_off(end);
            let front = std::mem::replace(records, rest);
            self.count -= count;
            return Item { made: Ok(front), count, mark: self.mark.clone(), memory: None };
        }
        let nothing = Item { made: Ok(Vec::new()), count: 0, mark: self.mark.clone(), memory: None };
        std::mem::replace(self, nothing)
    }
}

/// What the connection puts in and the stage takes out.
#[derive(Clone, Debug)]
pub struct Queue {
    inner: Arc<Mutex<Inner>>,
    bell: Bell,
}

/// What is in a queue.
#[derive(Debug, Default)]
pub struct Inner {
    /// The records, in order.
    pub items: VecDeque<Item>,
    /// No more will come: the feed has ended, or why not.
    pub over: Option<Result<(), FeedError>>,
}

impl Queue {
    /// An empty one; whoever waits for records hears the bell.
    pub fn new(bell: Bell) -> Queue {
        Queue { inner: Arc::default(), bell }
    }

    /// All of it.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts records in.
    pub fn put(&self, items: impl IntoIterator<Item = Item>) {
        self.lock().items.extend(items);
        self.bell.ring();
    }

    /// No more will come.
    pub fn end(&self, how: Result<(), FeedError>) {
        self.lock().over = Some(how);
        self.bell.ring();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_split_where_one_ends() {
        let three = || Item { made: Ok(b"1\n22\n333\n".to_vec()), count: 3, mark: Mark::default(), memory: None };
        for (most, bytes, front, rest) in [
            (u64::MAX, 100, (3, "1\n22\n333\n"), (0, "")),
            (3, 9, (3, "1\n22\n333\n"), (0, "")),
            (2, 100, (2, "1\n22\n"), (1, "333\n")),
            (3, 3, (2, "1\n22\n"), (1, "333\n")),
            (3, 1, (1, "1\n"), (2, "22\n333\n")),
        ] {
            let mut item = three();
            let taken = item.split(most, bytes);
            let show = |item: &Item| (item.count, String::from_utf8(item.made.clone().unwrap()).unwrap());
            assert_eq!(show(&taken), (front.0, front.1.to_owned()), "{most} {bytes}");
            assert_eq!(show(&item), (rest.0, rest.1.to_owned()), "{most} {bytes}");
        }
    }
}
