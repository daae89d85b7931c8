//! The clients of a source that many may connect to: how many there may be, and how
//! much they may hold unfinished together, so that no number of them, idle or hostile,
//! takes more than a known amount of memory.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::describe;
use crate::source::kinds::receive::Outbox;
use crate::source::kinds::receive::connection::{Connection, Over, Stream};

/// How much clients may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientLimits {
    /// So many at a time; more wait to be taken in until one has gone.
    pub clients: usize,
    /// Bytes of unfinished lines, of all of them together.
    pub unfinished: usize,
}

/// The clients of one source.
#[derive(Clone, Debug)]
pub struct Clients {
    limits: ClientLimits,
    places: Arc<Semaphore>,
    unfinished: Arc<AtomicUsize>,
    /// For messages.
    name: String,
    outbox: Outbox,
}

impl Clients {
    /// Of the source `name`.
    pub fn new(limits: ClientLimits, name: &str, outbox: &Outbox) -> Clients {
        Clients {
            limits,
            places: Arc::new(Semaphore::new(limits.clients.min(Semaphore::MAX_PERMITS))),
            unfinished: Arc::default(),
            name: name.to_owned(),
            outbox: outbox.clone(),
        }
    }

    /// Waits until one more may be taken in.
    pub async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Some(place);
        }
        self.outbox.console.warn(&format!(
            "{}: {} clients are connected, as --max-clients allows: others wait until one has gone",
            self.name, self.limits.clients
        ));
        self.places.clone().acquire_owned().await.ok()
    }

    /// Reads one client, beside all others.
    pub fn welcome(&self, stream: Stream, client: &str, place: OwnedSemaphorePermit) {
        let (clients, name) = (self.clone(), format!("{}: client {client}", self.name));
        tokio::spawn(async move {
            let outbox = &clients.outbox;
            outbox.console.info(&format!("{name}: connected"));
            let share = Share { clients: clients.clone(), held: 0 };
            let mut connection = Connection::new(stream, &name, outbox.max_line).among(share);
            match connection.forward(outbox).await {
                Ok(Over::End) => {
                    connection.end(outbox, None).await;
                    outbox.console.info(&format!("{name}: gone"));
                }
                Ok(Over::Stop) => connection.forward_held(outbox).await,
                Err(error) => {
                    let lost = describe(&error);
                    outbox.console.warn(&format!("{name}: lost: {lost}"));
                    connection.end(outbox, Some(lost)).await;
                }
            }
            drop(place);
        });
    }
}

/// What one client holds of what all may hold.
#[derive(Debug)]
pub struct Share {
    clients: Clients,
    held: usize,
}

impl Share {
    /// The client holds so many bytes of an unfinished line now. An error if that is
    /// too much: all together hold more than they may, and this one more than its part.
    /// So one that holds little is never cut off because of others, and all together
    /// never hold more than twice the limit.
    pub fn set(&mut self, held: usize) -> std::io::Result<()> {
        let Clients { limits, places, unfinished, .. } = &self.clients;
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
        self.clients.unfinished.fetch_sub(self.held, Ordering::Relaxed);
    }
}
