//! The HTTP intake: records that clients POST.
//!
//! Constraints, and what follows from them:
//!
//! - *200 means safe.* A request is answered when its records are in the checkpoint's log, synced,
//!   or without a checkpoint when their batch has left. So the answer is given by
//!   [`queue`], which the stage takes from, and not where the body is read.
//! - *A body counts whole or not at all.* It is read and made into records before
//!   anything of it is handed on, and a body with an error in it is refused, by line.
//! - *Strangers cost a bounded amount of memory.* Connections have a number, heads and bodies a
//!   time, and all bodies together a size, beyond which the answer is 429.
//!
//! [`server`] takes connections, [`answer`] decides on a request by its head, [`body`] reads it,
//! [`content`] makes records of it.

mod answer;
mod auth;
mod body;
mod content;
mod fields;
pub mod kind;
mod queue;
mod server;
mod tls;

use std::time::Duration;

use queue::{Queue, Taken};
use server::Server;
use sstream::connect::{
    Bad, Came, Ready, Reason, RecordSource, Room, SourceError, SourceParts, StopSignal, Waited, Wake,
};

/// What clients POST.
pub struct HttpSource {
    queue: Queue,
    /// Requests whose records were taken, and that wait for their answer.
    taken: Taken,
    wake: Wake,
    stop: StopSignal,
    waited: Waited,
    /// For messages.
    name: String,
    /// Dropped behind the answers, which it sees off.
    _server: Server,
}

impl HttpSource {
    /// Listens at once.
    ///
    /// # Errors
    /// The address cannot be listened at.
    fn open(options: server::Options, parts: &SourceParts) -> Result<HttpSource, SourceError> {
        let name = format!("http {}", options.address);
        let wake = Wake::new().map_err(|error| SourceError::read(&name, error))?;
        let queue = Queue::new(options.max_waiting, wake.bell());
        let server = Server::start(options, queue.clone(), parts.console.clone())
            .map_err(|error| SourceError::read(&name, error))?;
        Ok(HttpSource {
            queue,
            taken: Taken::default(),
            wake,
            stop: parts.stop.clone(),
            waited: parts.waited.clone(),
            name,
            _server: server,
        })
    }
}

impl Drop for HttpSource {
    /// Whose records were not taken hears so, before the server ends.
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl RecordSource for HttpSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        // However fast they come.
        if self.stop.is_asked() {
            return Ok(Came::Stop);
        }
        if !self.queue.is_empty() {
            return Ok(Came::Something);
        }
        let ready = self.waited.during(|| self.wake.wait(Some(&self.stop), timeout));
        match ready.map_err(|error| SourceError::read(&self.name, error))? {
            Ready::Wake => Ok(Came::Stop),
            // Who rang may be one whose records were taken already.
            _ if self.queue.is_empty() => Ok(Came::Timeout),
            _ => Ok(Came::Something),
        }
    }

    /// What is in the queue is taken; who comes later is told to come back.
    fn held(&mut self) -> Result<bool, SourceError> {
        self.queue.close();
        Ok(!self.queue.is_empty())
    }

    fn has_records(&self) -> bool {
        !self.queue.is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(self.queue.take(room, block, bad, &mut self.taken)?)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }

    fn batch_left(&mut self) -> Result<(), SourceError> {
        self.taken.answer();
        Ok(())
    }

    fn is_awaited(&self) -> bool {
        !self.taken.is_empty()
    }
}
