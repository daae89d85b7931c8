//! The queue between the stage's thread, which pushes, and that of the sockets, whose tasks take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::queue::{OnSlow, Queue};

/// Both threads have it.
#[derive(Debug)]
pub struct Shared {
    queue: Mutex<Queue>,
    /// For the tasks: batches have come, or been dropped, or it is over.
    pushed: watch::Sender<()>,
    /// For the stage: readers have come, gone, or taken something.
    moved: Condvar,
    /// How many pieces have been written to anybody.
    written: AtomicU64,
    /// Since when the other side is away, and what is wrong with it, where there is one alone.
    away: Mutex<Option<(Instant, String)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// With an empty queue.
    pub fn new(on_slow: OnSlow, limit: usize) -> Shared {
        Shared {
            queue: Mutex::new(Queue::new(on_slow, limit)),
            pushed: watch::Sender::new(()),
            moved: Condvar::new(),
            written: AtomicU64::new(0),
            away: Mutex::default(),
        }
    }

    /// The stage changes the queue, or asks it.
    pub fn change<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        let result = work(&mut lock(&self.queue));
        self.pushed.send_replace(());
        result
    }

    /// A task changes the queue, or asks it.
    pub fn report<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        let result = work(&mut lock(&self.queue));
        self.moved.notify_all();
        result
    }

    /// What the stage does is told here, to a task.
    pub fn pushes(&self) -> watch::Receiver<()> {
        self.pushed.subscribe()
    }

    /// The stage waits until `is_so`, for `timeout` at most.
    pub fn wait(&self, timeout: Duration, mut is_so: impl FnMut(&mut Queue) -> bool) -> bool {
        let waited = self.moved.wait_timeout_while(lock(&self.queue), timeout, |queue| !is_so(queue));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// A piece has been written.
    pub fn has_written(&self) {
        self.written.fetch_add(1, Ordering::Relaxed);
    }

    /// How many pieces have been written so far.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Since when the other side is away, and what is wrong with it; nothing if it is there.
    pub fn set_away(&self, since_and_why: Option<(Instant, String)>) {
        *lock(&self.away) = since_and_why;
    }

    /// Since when the other side is away, and what is wrong with it.
    pub fn away(&self) -> Option<(Instant, String)> {
        lock(&self.away).clone()
    }
}
