//! The ZeroMQ source: messages of PUB and PUSH sockets.
//!
//! Constraints, and what follows from them:
//!
//! - *Nothing is acknowledged in ZeroMQ*: what has come and is not in the checkpoint's log is lost when
//!   we are killed. At a stop we hang up, and take what peers had sent by then ([`receiver`]).
//! - *Memory is bounded*: what waits for the stage has a limit ([`queue`]), beyond which nothing is read, so
//!   that it waits at the peers, up to their high-water marks: a PUSH blocks then, a PUB drops.

pub mod kind;
mod queue;
mod receiver;
pub mod records;

use std::time::{Duration, Instant};

use crate::wire::peers::{Doors, Settings};
use queue::Queue;
use receiver::Receiver;
use records::Records;
use sstream::connect::{
    Bad, Came, Ready, Reason, RecordSource, Room, SourceError, SourceParts, StopSignal, Waited, Wake,
};

/// At a stop peers that do not hang up in turn are waited for so long.
const HANGING_UP: Duration = Duration::from_secs(2);

/// Messages of peers.
pub struct ZeromqSource {
    queue: Queue,
    wake: Wake,
    stop: StopSignal,
    waited: Waited,
    receiver: Receiver,
    /// When peers were told that we stop.
    stopped: Option<Instant>,
}

impl ZeromqSource {
    fn open(
        doors: Doors,
        settings: Settings,
        topics: Vec<String>,
        records: Records,
        parts: &SourceParts,
    ) -> Result<ZeromqSource, SourceError> {
        let wake = Wake::new().map_err(failed)?;
        let queue = Queue::new(wake.bell());
        let receiver = Receiver::start(doors, settings, topics, records, queue.clone(), parts.console.clone())?;
        let (stop, waited) = (parts.stop.clone(), parts.waited.clone());
        Ok(ZeromqSource { queue, wake, stop, waited, receiver, stopped: None })
    }
}

fn failed(error: std::io::Error) -> SourceError {
    SourceError::read("zeromq", error)
}

impl RecordSource for ZeromqSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        // However fast they come.
        if self.stop.is_asked() {
            return Ok(Came::Stop);
        }
        if self.queue.look()? {
            return Ok(Came::Something);
        }
        match self.waited.during(|| self.wake.wait(Some(&self.stop), timeout)).map_err(failed)? {
            Ready::Wake => Ok(Came::Stop),
            _ => Ok(if self.queue.look()? { Came::Something } else { Came::Timeout }),
        }
    }

    /// Peers hang up in turn at once, and what they had sent by then is still there to be read.
    fn held(&mut self) -> Result<bool, SourceError> {
        let stopped = *self.stopped.get_or_insert_with(|| {
            self.receiver.stop();
            Instant::now()
        });
        loop {
            // In this order: what came last is there before the end is.
            let has_ended = self.queue.has_ended();
            if !self.queue.is_empty() {
                return Ok(true);
            }
            let left = HANGING_UP.saturating_sub(stopped.elapsed());
            if has_ended || left.is_zero() {
                return Ok(false);
            }
            self.wake.wait(None, left).map_err(failed)?;
        }
    }

    fn has_records(&self) -> bool {
        !self.queue.is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.queue.take(room, block, bad)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }
}
