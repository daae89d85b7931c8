//! The MQTT source: messages of topics.
//!
//! Constraints, and what follows from them:
//!
//! - *A message is acknowledged when it is safe*: in the checkpoint's log, on disk, or without one when
//!   its batch has left. So acknowledgements are given by the stage, and the
//!   connection only sends them ([`receiver`]).
//! - *A connection may be lost at any time*, and the broker sends again what it has no
//!   acknowledgement for: what is here still is not taken twice ([`session`]).
//! - *Memory is bounded*: what waits for the stage has a limit, beyond which it goes to disk (`--spool`), and
//!   then nothing is read; pings and acknowledgements go on.

pub mod kind;
mod queue;
mod receiver;
pub mod records;
mod session;

use std::time::Duration;

use crate::client::args::Settings;
use queue::{Due, Queue};
use receiver::{Receiver, Subscription};
use records::Records;
use sstream::connect::{
    Aside, Bad, Came, Ready, Reason, RecordSource, Room, SourceError, SourceParts, StopSignal, Waited, Wake,
};

/// Messages of topics.
pub struct MqttSource {
    queue: Queue,
    /// Acknowledgements that are due when what was taken is safe.
    due: Vec<Due>,
    wake: Wake,
    stop: StopSignal,
    waited: Waited,
    /// For messages.
    name: String,
    receiver: Receiver,
}

impl MqttSource {
    fn open(
        settings: Settings,
        subscription: Subscription,
        records: Records,
        spool: Option<u64>,
        parts: &SourceParts,
    ) -> Result<MqttSource, SourceError> {
        let name = settings.broker.to_string();
        let wake = Wake::new().map_err(|error| SourceError::read(&name, error))?;
        let aside = spool.map(|limit| Aside::new(&name, limit, parts.console.clone()));
        let queue = Queue::new(aside, wake.bell());
        let receiver = Receiver::start(settings, subscription, records, queue.clone(), parts.console.clone())?;
        Ok(MqttSource {
            queue,
            due: Vec::new(),
            wake,
            stop: parts.stop.clone(),
            waited: parts.waited.clone(),
            name,
            receiver,
        })
    }

    /// What has come, or why nothing more will.
    fn look(&self) -> Result<bool, SourceError> {
        let mut inner = self.queue.lock();
        match inner.is_empty() {
            true => inner.failed.take().map_or(Ok(false), |error| Err(error.into())),
            false => Ok(true),
        }
    }
}

impl RecordSource for MqttSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        // However fast they come.
        if self.stop.is_asked() {
            return Ok(Came::Stop);
        }
        if self.look()? {
            return Ok(Came::Something);
        }
        let ready = self.waited.during(|| self.wake.wait(Some(&self.stop), timeout));
        match ready.map_err(|error| SourceError::read(&self.name, error))? {
            Ready::Wake => Ok(Came::Stop),
            _ => Ok(if self.look()? { Came::Something } else { Came::Timeout }),
        }
    }

    /// What has come is taken; the broker keeps the rest, if it keeps the session.
    fn held(&mut self) -> Result<bool, SourceError> {
        self.receiver.stop_reading();
        Ok(self.has_records())
    }

    fn has_records(&self) -> bool {
        !self.queue.lock().is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        let (mut records, before) = (0, block.len());
        let mut inner = self.queue.lock();
        while records < room.records
            && block.len() - before < room.bytes
            && let Some(item) = inner.take()?
        {
            match &item.record {
                Ok(record) => {
                    block.extend_from_slice(record);
                    records += 1;
                }
                Err((payload, reason)) => bad(payload, reason)?,
            }
            self.due.extend(item.due);
            drop(item.memory);
        }
        Ok(records)
    }

    fn waiting(&self) -> Option<u64> {
        self.queue.lock().waiting()
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }

    fn batch_left(&mut self) -> Result<(), SourceError> {
        if !self.due.is_empty() {
            self.receiver.acknowledge(std::mem::take(&mut self.due));
        }
        Ok(())
    }

    fn is_awaited(&self) -> bool {
        !self.due.is_empty()
    }
}
