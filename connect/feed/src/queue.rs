//! Records that have come and are not taken yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sstream::connect::Bell;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::FeedError;
use crate::position::{Made, Mark};

/// A record.
#[derive(Debug)]
pub struct Item {
    /// What it is.
    pub made: Made,
    /// How far the feed is taken with it.
    pub mark: Mark,
    /// The memory of it and of those that came with it and before it, which is given back when it is taken.
    pub memory: Option<OwnedSemaphorePermit>,
}

impl Item {
    /// Which has no memory yet.
    pub fn new(made: Made, mark: Mark) -> Item {
        Item { made, mark, memory: None }
    }

    /// What it takes, in bytes.
    pub fn cost(&self) -> usize {
        let length = match &self.made {
            Ok(record) => record.len(),
            Err((payload, reason)) => payload.len() + reason.len(),
        };
        length + 200
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
