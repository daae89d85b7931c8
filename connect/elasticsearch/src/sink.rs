//! Batches become requests, once their end has come.

use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool, Under};

use crate::bulk::Bulk;
use crate::document::{Operation, Template};
use crate::sender::Sender;

/// Writes documents.
pub struct ElasticsearchSink<'a> {
    /// Makes documents of records.
    pub template: Template,
    /// Sends them.
    pub sender: Sender,
    /// The batch.
    pub spool: Spool,
    /// What becomes of what the server refuses.
    pub bad_records: &'a BadRecords,
}

impl Sink for ElasticsearchSink<'_> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.template.ids = format!("{}-{}", under.job, under.stage);
        // Which of the batches are there already is seen document by document.
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let ElasticsearchSink { template, sender, spool, bad_records } = self;
        let mut bad = |record: &[u8], reason: &str| bad_records.take(time, record, reason);
        let (mut bulk, mut operation, mut place) = (Bulk::default(), Operation::default(), 0);
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                place += 1;
                match template.make(record, time, place, &mut operation) {
                    Ok(true) => bulk.push(&operation, record),
                    Ok(false) => {}
                    Err(reason) => bad(record, &reason)?,
                }
                if sender.is_enough(&bulk) {
                    sender.deliver(std::mem::take(&mut bulk), &mut bad)?;
                }
            }
        }
        sender.deliver(bulk, &mut bad)?;
        spool.clear();
        Ok(())
    }
}
