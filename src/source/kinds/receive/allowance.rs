//! How much the clients of a source may take, and what each of them does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How much clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// So many at a time; more wait to be taken in until one has gone.
    pub clients: usize,
    /// Bytes of unfinished lines, of all of them together.
    pub unfinished: usize,
}

/// What the clients of one source have taken of that.
#[derive(Clone, Debug)]
pub struct Allowance {
    limits: ClientLimits,
    places: Arc<Semaphore>,
    unfinished: Arc<AtomicUsize>,
}

impl Allowance {
    /// All of it.
    pub fn new(limits: ClientLimits) -> Allowance {
        Allowance {
            limits,
            places: Arc::new(Semaphore::new(limits.clients.min(Semaphore::MAX_PERMITS))),
            unfinished: Arc::default(),
        }
    }

    /// How much there is.
    pub fn limits(&self) -> ClientLimits {
        self.limits
    }

    /// A place for one more client, if there is one.
    pub fn free_place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Waits for a place.
    pub async fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().acquire_owned().await.ok()
    }

    /// The part of one client, who holds nothing yet.
    pub fn share(&self) -> Share {
        Share { allowance: self.clone(), held: 0 }
    }
}

/// What one client holds of what all may hold.
#[derive(Debug)]
pub struct Share {
    allowance: Allowance,
    held: usize,
}

impl Share {
    /// The client holds so many bytes of an unfinished line now. An error if that is
    /// too much: all together hold more than they may, and this one more than its part.
    /// So one that holds little is never cut off because of others, and all together
    /// never hold more than twice the limit.
    pub fn set(&mut self, held: usize) -> std::io::Result<()> {
        let Allowance { limits, places, unfinished } = &self.allowance;
        let before = unfinished.fetch_add(held, Ordering::Relaxed);
        unfinished.fetch_sub(self.held, Ordering::Relaxed);
        let all = before + held - self.held;
        self.held = held;
        let connected = limits.clients.saturating_sub(places.available_permits()).max(1);
        if all > limits.unfinished && held > limits.unfinished / connected {
            let limit = limits.unfinished;
            return Err(std::io::Error::other(format!(
                "clients hold unfinished lines of more than --max-unfinished {limit} together, and this one much of it"
            )));
        }
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.allowance.unfinished.fetch_sub(self.held, Ordering::Relaxed);
    }
}
