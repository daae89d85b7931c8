//! Messages that have come and are not taken yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sstream::connect::Bell;
use tokio::sync::OwnedSemaphorePermit;

use crate::client::MqttError;

/// An acknowledgement that is due when a message is safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The session that the message came in: numbers of another one mean nothing.
    pub session: u64,
    /// The message's number.
    pub id: u16,
    /// 1 or 2.
    pub qos: u8,
}

/// A message.
#[derive(Debug)]
pub struct Item {
    /// Its record with a newline, or what came, and why it is a bad one.
    pub record: Result<Vec<u8>, (Vec<u8>, String)>,
    /// The acknowledgement that its sender waits for.
    pub due: Option<Due>,
    /// The memory that it takes, which is given back when it is taken.
    pub memory: OwnedSemaphorePermit,
}

/// What the connection puts in and the stage takes out.
#[derive(Clone, Debug)]
pub struct Queue {
    inner: Arc<Mutex<Inner>>,
    bell: Bell,
}

#[derive(Debug, Default)]
pub struct Inner {
    /// The messages, in order.
    pub items: VecDeque<Item>,
    /// Why no more will come.
    pub failed: Option<MqttError>,
}

impl Queue {
    /// An empty one; whoever waits for messages hears the bell.
    pub fn new(bell: Bell) -> Queue {
        Queue { inner: Arc::default(), bell }
    }

    /// All of it.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message in.
    pub fn put(&self, item: Item) {
        self.lock().items.push_back(item);
        self.bell.ring();
    }

    /// No more will come.
    pub fn fail(&self, error: MqttError) {
        self.lock().failed = Some(error);
        self.bell.ring();
    }
}
