//! The MQTT sink: records become messages of topics.
//!
//! A batch is held until its end has come, and is done with when the broker has acknowledged all of
//! its messages ([`publisher`]); [`message`] makes them.

pub mod kind;
pub mod message;
mod publisher;

use message::Messages;
use publisher::Publisher;
use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool, Under};

/// Sends each record to a topic.
pub struct MqttSink<'a> {
    publisher: Publisher,
    messages: Messages,
    spool: Spool,
    bad_records: &'a BadRecords,
    /// The user has said who we are.
    has_client_id: bool,
}

impl Sink for MqttSink<'_> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        if !self.has_client_id {
            self.publisher.set_client_id(format!("sstream-{}-{}", under.job, under.stage));
        }
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let MqttSink { publisher, messages, spool, bad_records, .. } = self;
        if spool.is_empty() {
            return Ok(());
        }
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                match messages.make(record) {
                    Ok(Some(message)) => publisher.send(message, record)?,
                    Ok(None) => {}
                    Err(reason) => bad_records.take(time, record, &reason)?,
                }
            }
        }
        for (record, reason) in publisher.settle()? {
            bad_records.take(time, &record, &reason)?;
        }
        spool.clear();
        Ok(())
    }

    fn close(&mut self, _: bool) -> Result<(), OutletError> {
        self.publisher.close();
        Ok(())
    }
}
