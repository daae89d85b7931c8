//! The ZeroMQ sink: records to peers, as PUSH or PUB.
//!
//! A batch is sent when its end has come. As PUSH, and as PUB with `--on-slow block`, it is done with when
//! each peer has heard what was for it ([`desk`]); as PUB else when all of it waits for its subscribers.

mod desk;
pub mod kind;
pub mod message;
mod publisher;
mod sender;

use message::Messages;
use publisher::Publisher;
use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool};

/// Sends each record to peers.
pub struct ZeromqSink<'a> {
    publisher: Publisher,
    messages: Messages,
    spool: Spool,
    bad_records: &'a BadRecords,
}

impl Sink for ZeromqSink<'_> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let ZeromqSink { publisher, messages, spool, bad_records } = self;
        if spool.is_empty() {
            return Ok(());
        }
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                match messages.make(record) {
                    Ok(Some(message)) => publisher.send(&message)?,
                    Ok(None) => {}
                    Err(reason) => bad_records.take(time, record, &reason)?,
                }
            }
        }
        spool.clear();
        Ok(publisher.settle()?)
    }

    fn close(&mut self, _: bool) -> Result<(), OutletError> {
        Ok(self.publisher.finish()?)
    }
}
