//! Batches become commands, once their end has come.

use std::collections::BTreeMap;

use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool, Under};

use crate::bulk::Bulk;
use crate::document::{Operation, Space, Template};
use crate::sender::Sender;

/// A command has so many documents at most.
const MOST: usize = 100_000;

/// Writes documents.
pub struct MongodbSink<'a> {
    /// Makes documents of records.
    pub template: Template,
    /// Sends them.
    pub sender: Sender,
    /// Commands have about so many bytes at most.
    pub bulk_bytes: usize,
    /// The batch.
    pub spool: Spool,
    /// What becomes of what the server refuses.
    pub bad_records: &'a BadRecords,
}

/// Operations of several collections that wait until there are enough.
#[derive(Default)]
struct Waiting {
    bulks: BTreeMap<Space, Bulk>,
    bytes: usize,
    operations: usize,
}

impl Waiting {
    fn push(&mut self, operation: &Operation, record: &[u8]) {
        self.bytes += operation.bytes.len();
        self.operations += 1;
        match self.bulks.get_mut(&operation.space) {
            Some(bulk) => bulk.push(&operation.bytes, record),
            None => {
                let mut bulk = Bulk::new(operation.space.clone());
                bulk.push(&operation.bytes, record);
                self.bulks.insert(operation.space.clone(), bulk);
            }
        }
    }

    fn take(&mut self) -> impl Iterator<Item = Bulk> {
        std::mem::take(self).bulks.into_values()
    }
}

impl Sink for MongodbSink<'_> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.template.ids = format!("{}-{}", under.job, under.stage);
        // Which of the batches are there already is seen document by document.
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let MongodbSink { template, sender, bulk_bytes, spool, bad_records } = self;
        let mut bad = |record: &[u8], reason: &str| bad_records.take(time, record, reason);
        let (mut waiting, mut operation, mut place) = (Waiting::default(), Operation::default(), 0);
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                place += 1;
                match template.make(record, time, place, &mut operation) {
                    Ok(true) => waiting.push(&operation, record),
                    Ok(false) => {}
                    Err(reason) => bad(record, &reason)?,
                }
                if waiting.bytes >= *bulk_bytes || waiting.operations >= MOST {
                    waiting.take().try_for_each(|bulk| sender.deliver(bulk, &mut bad))?;
                }
            }
        }
        waiting.take().try_for_each(|bulk| sender.deliver(bulk, &mut bad))?;
        spool.clear();
        Ok(())
    }
}
