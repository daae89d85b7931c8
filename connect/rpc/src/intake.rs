//! A source of what clients send.

use std::time::Duration;

use clap::Args;
use sstream::connect::{
    Aside, Bad, Came, Ready, Reason, RecordSource, Room, SourceError, SourceParts, StopSignal, Waited, Wake, duration,
};

use crate::queue::{Queue, Taken};
use crate::server::{Doors, Reception, Server};

/// How much of what clients send waits for the pipeline.
#[derive(Args, Clone, Copy, Debug)]
pub struct WaitingArgs {
    /// When so much waits for the pipeline, clients are told to come again
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size, default_value = "64MiB")]
    pub max_waiting: usize,

    /// Let so much more wait on disk; they are answered when it is safe, as ever
    #[arg(long, value_name = "SIZE", value_parser = duration::parse_size)]
    pub spool: Option<usize>,
}

/// What clients send.
pub struct Intake {
    queue: Queue,
    /// Clients whose records were taken, and who wait for their answer.
    taken: Taken,
    wake: Wake,
    stop: StopSignal,
    waited: Waited,
    /// For messages.
    name: String,
    /// Dropped behind the answers, which it sees off.
    _server: Server,
}

impl Intake {
    /// Listens at once. `reception` is made with the queue that it puts records into.
    ///
    /// # Errors
    /// The address cannot be listened at.
    pub fn open<R: Reception>(
        doors: Doors,
        waiting: WaitingArgs,
        parts: &SourceParts,
        reception: impl FnOnce(Queue) -> R,
    ) -> Result<Intake, SourceError> {
        let name = doors.name();
        let wake = Wake::new().map_err(|error| SourceError::read(&name, error))?;
        let aside = waiting.spool.map(|limit| Aside::new(&name, limit as u64, parts.console.clone()));
        let queue = Queue::new(waiting.max_waiting, aside, wake.bell());
        let server = Server::start(doors, reception(queue.clone()), parts.console.clone())
            .map_err(|error| SourceError::read(&name, error))?;
        Ok(Intake {
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

impl Drop for Intake {
    /// Whose records were not taken hears so, before the server ends.
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

impl RecordSource for Intake {
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

    fn waiting(&self) -> Option<u64> {
        self.queue.waiting()
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
