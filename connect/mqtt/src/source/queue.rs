//! Messages that have come and are not taken yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sstream::connect::{Aside, Bell, Failure};
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
    /// The memory that it takes, which is given back when it is taken; none, and an empty record, while it waits on disk.
    pub memory: Option<OwnedSemaphorePermit>,
}

/// What the connection puts in and the stage takes out.
#[derive(Clone, Debug)]
pub struct Queue {
    inner: Arc<Mutex<Inner>>,
    bell: Bell,
}

#[derive(Debug)]
pub struct Inner {
    /// The messages, in order.
    items: VecDeque<Item>,
    /// The records of those that wait on disk, by `--spool`.
    aside: Option<Aside>,
    /// Why no more will come.
    pub failed: Option<MqttError>,
}

impl Queue {
    /// An empty one; whoever waits for messages hears the bell.
    pub fn new(aside: Option<Aside>, bell: Bell) -> Queue {
        let inner = Inner { items: VecDeque::new(), aside, failed: None };
        Queue { inner: Arc::new(Mutex::new(inner)), bell }
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

    /// Whether messages may wait on disk.
    pub fn has_disk(&self) -> bool {
        self.lock().aside.is_some()
    }

    /// Puts a message in that there is no memory for: its record goes to disk. False where that may not be, or cannot.
    pub fn put_aside(&self, record: &[u8], due: Option<Due>) -> bool {
        let mut inner = self.lock();
        if !inner.aside.as_mut().is_some_and(|aside| aside.put(record)) {
            return false;
        }
        inner.items.push_back(Item { record: Ok(Vec::new()), due, memory: None });
        drop(inner);
        self.bell.ring();
        true
    }

    /// No more will come.
    pub fn fail(&self, error: MqttError) {
        self.lock().failed = Some(error);
        self.bell.ring();
    }
}

impl Inner {
    /// Whether there is no message.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes the oldest message.
    ///
    /// # Errors
    /// Its record is on disk, and cannot be read.
    pub fn take(&mut self) -> Result<Option<Item>, Box<dyn Failure>> {
        let Some(mut item) = self.items.pop_front() else { return Ok(None) };
        if let (None, Some(aside)) = (&item.memory, &mut self.aside) {
            item.record = Ok(aside.take()?);
        }
        Ok(Some(item))
    }

    /// How many bytes wait, where they may do so on disk.
    pub fn waiting(&self) -> Option<u64> {
        let aside = self.aside.as_ref()?;
        let in_memory: usize = self.items.iter().filter_map(|item| item.record.as_ref().ok()).map(Vec::len).sum();
        Some(aside.bytes() + in_memory as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sstream::connect::{Console, Level, Wake};
    use tokio::sync::Semaphore;

    use super::*;

    #[test]
    fn messages_on_disk_keep_their_order_and_their_acknowledgements() {
        let wake = Wake::new().unwrap();
        let aside = Aside::new("broker", 5, Console::new("sstream-source", Level::Error));
        let queue = Queue::new(Some(aside), wake.bell());
        let due = |id| Some(Due { session: 1, id, qos: 1 });
        let memory = || Some(Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap());
        queue.put(Item { record: Ok(b"1\n".to_vec()), due: due(1), memory: memory() });
        assert!(queue.has_disk());
        assert!(queue.put_aside(b"22\n", due(2)));
        queue.put(Item { record: Err((b"x".to_vec(), "bad".to_owned())), due: due(3), memory: memory() });
        assert!(queue.put_aside(b"4\n", due(4)));
        assert!(!queue.put_aside(b"5\n", due(5)));
        let mut inner = queue.lock();
        assert_eq!(inner.waiting(), Some(7));
        for (record, id) in [(Ok("1\n"), 1), (Ok("22\n"), 2), (Err("x"), 3), (Ok("4\n"), 4)] {
            let item = inner.take().unwrap().unwrap();
            assert_eq!(item.due, due(id));
            assert_eq!(item.record.map_err(|(bytes, _)| bytes), record.map(Into::into).map_err(Into::into));
        }
        assert!(inner.take().unwrap().is_none() && inner.is_empty());
        assert_eq!(inner.waiting(), Some(0));
        drop(inner);
        // Without --spool nothing is put there.
        let queue = Queue::new(None, wake.bell());
        assert!(!queue.has_disk() && !queue.put_aside(b"1\n", None));
    }
}
