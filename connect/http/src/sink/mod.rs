//! The HTTP sink: a batch, or each record, is a request that is repeated until it is taken.
//!
//! Constraints, and what follows from them:
//!
//! - *A batch that is cut off never looks whole*: nothing is sent before its end has come. Until then
//!   it is held, in memory and then on disk.
//! - *A request that is repeated is the same*: its Idempotency-Key is made of the
//!   checkpoint's id, the sink's place in it, the batch's time and the request's number in the
//!   batch. So a server that keeps keys takes each once, whatever was killed.
//! - *What is no use repeating is not repeated*: a status says whether the request was bad, we
//!   are not let in, or the server will be better later.
//!
//! [`template`] makes requests of records, [`client`] sends them.

mod client;
mod error;
pub mod kind;
mod template;

use client::{Client, Verdict};
use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool, Under};
use template::{Request, Template};

/// What is to be sent at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Per {
    /// All records of a batch, in several requests where they are more than --max-body
    #[default]
    Batch,
    /// One record
    Record,
}

/// Sends batches.
pub struct HttpSink<'a> {
    client: Client,
    template: Template,
    per: Per,
    /// A request has about so many bytes of records at most.
    max_body: usize,
    /// Whether an empty batch is a request too.
    empty: bool,
    spool: Spool,
    bad_records: &'a BadRecords,
    /// How keys begin: no other sink's do so.
    id: String,
}

impl HttpSink<'_> {
    /// Sends all that is held, which is the batch `time`.
    fn send(&mut self, time: BatchTime) -> Result<(), OutletError> {
        let HttpSink { client, template, per, max_body, empty, spool, bad_records, id } = self;
        let mut number = 0u64;
        let mut send = |records: &[u8], count: u64| -> Result<(), OutletError> {
            let key = format!("{id}-{time}-{number}");
            number += 1;
            let refused = match template.request(*per, records, count, time) {
                Ok(None) => return Ok(()),
                Ok(Some(Request { path, content_type, body })) => {
                    match client.deliver(&path, content_type, &body, &key)? {
                        Verdict::Taken => return Ok(()),
                        Verdict::Bad(reason) => reason,
                    }
                }
                Err(reason) => reason,
            };
            for record in records.split(|byte| *byte == b'\n').filter(|record| !record.is_empty()) {
                bad_records.take(time, record, &refused)?;
            }
            Ok(())
        };
        if spool.is_empty() && *empty {
            send(b"", 0)?;
        }
        let (mut part, mut count) = (Vec::new(), 0);
        let mut blocks = spool.blocks();
        while let Some(block) = blocks.next()? {
            for record in block {
                let is_full = *per == Per::Record || part.len() + record.len() >= *max_body;
                if is_full && count > 0 {
                    send(&part, count)?;
                    part.clear();
                    count = 0;
                }
                part.extend_from_slice(record);
                part.push(b'\n');
                count += 1;
            }
        }
        if count > 0 {
            send(&part, count)?;
        }
        spool.clear();
        Ok(())
    }
}

impl Sink for HttpSink<'_> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.id = format!("{}-{}", under.job, under.stage);
        Ok(None)
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        self.send(time)
    }
}
