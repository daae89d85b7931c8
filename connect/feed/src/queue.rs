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
    /// The memory that it takes, which is given back when it is taken.
    pub memory: Option<OwnedSemaphorePermit>,
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

    /// Puts a record in.
    pub fn put(&self, item: Item) {
        self.lock().items.push_back(item);
        self.bell.ring();
    }

    /// No more will come.
    pub fn end(&self, how: Result<(), FeedError>) {
        self.lock().over = Some(how);
        self.bell.ring();
    }
}
