//! The Kinesis sink: records in calls of up to 500.
//!
//! A batch is held until its end has come, and is done with when the service has taken all of its records
//! ([`sender`]); [`message`] makes them.

pub mod kind;
pub mod message;
mod sender;

use message::Messages;
use sender::Sender;
use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool};

/// Sends each record to a stream.
pub struct KinesisSink<'a> {
    sender: Sender,
    messages: Messages,
    spool: Spool,
    bad_records: &'a BadRecords,
}

impl Sink for KinesisSink<'_> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let KinesisSink { sender, messages, spool, bad_records } = self;
        if spool.is_empty() {
            return Ok(());
        }
        let mut bad = |record: &[u8], reason: &str| bad_records.take(time, record, reason);
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                match messages.make(record) {
                    Ok(Some(message)) => sender.send(&message, record, &mut bad)?,
                    Ok(None) => {}
                    Err(reason) => bad(record, &reason)?,
                }
            }
        }
        sender.settle(&mut bad)?;
        spool.clear();
        Ok(())
    }
}
