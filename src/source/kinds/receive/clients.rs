//! The clients of a source that many may connect to: how many there may be, and how
//! much they may hold unfinished together, so that no number of them, idle or hostile,
//! takes more than a known amount of memory.

use tokio::sync::OwnedSemaphorePermit;

use crate::error::describe;
use crate::source::kinds::receive::Outbox;
use crate::source::kinds::receive::allowance::{Allowance, ClientLimits};
use crate::source::kinds::receive::connection::{Connection, Over, Stream};

/// The clients of one source.
#[derive(Clone, Debug)]
pub struct Clients {
    allowance: Allowance,
    /// For messages.
    name: String,
    outbox: Outbox,
}

impl Clients {
    /// Of the source `name`.
    pub fn new(limits: ClientLimits, name: &str, outbox: &Outbox) -> Clients {
        Clients { allowance: Allowance::new(limits), name: name.to_owned(), outbox: outbox.clone() }
    }

    /// Waits until one more may be taken in.
    pub async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Some(place) = self.allowance.free_place() {
            return Some(place);
        }
        self.outbox.console.warn(&format!(
            "{}: {} clients are connected, as --max-clients allows: others wait until one has gone",
            self.name,
            self.allowance.limits().clients
        ));
        self.allowance.place().await
    }

    /// Reads one client, beside all others.
    pub fn welcome(&self, stream: Stream, client: &str, place: OwnedSemaphorePermit) {
        let (clients, name) = (self.clone(), format!("{}: client {client}", self.name));
        let client = self.outbox.tells_clients.then(|| client.into());
        tokio::spawn(async move {
            let outbox = &clients.outbox;
            outbox.console.info(&format!("{name}: connected"));
            let mut connection = Connection::new(stream, &name, outbox).among(clients.allowance.share(), client);
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
