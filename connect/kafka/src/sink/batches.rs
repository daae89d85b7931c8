//! The sink: without a checkpoint messages leave as they come, and a batch is done
//! with when the brokers have acknowledged them; under one a batch is held until
//! its end has come, and then is a transaction.

use std::time::Duration;

use rdkafka::message::{Header, OwnedHeaders};

use super::BATCH_HEADER;
use super::message::{Made, Messages};
use super::parts::Parts;
use super::producer::Sender;
use super::transactions::Transactions;
use crate::client::KafkaError;
use sstream::connect::{BatchTime, Block, OutletError, Sink, Under};

/// How long a call into the client may take: some wait 5 s, those that flush twice
/// that, and then they are made again.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Sends each record to a topic.
pub struct Kafka<'a> {
    parts: Parts<'a>,
    mode: Mode,
}

enum Mode {
    /// Messages leave as they come.
    Direct(Box<Sender>),
    /// A batch is a transaction.
    Transactions(Box<Transactions>),
}

impl<'a> Kafka<'a> {
    /// Makes the client; brokers are looked for when there is something to send.
    pub fn open(parts: Parts<'a>) -> Result<Kafka<'a>, KafkaError> {
        let Parts { settings, options, console, waited, .. } = &parts;
        let sender = Sender::open(settings, options, &[], console.clone(), waited.clone())?;
        Ok(Kafka { parts, mode: Mode::Direct(Box::new(sender)) })
    }
}

/// What becomes of a record that is no message, and why it is none.
type Refused<'b> = dyn FnMut(&[u8], &str) -> Result<(), OutletError> + 'b;

/// Sends the messages of a block; a record that is none goes to `bad`.
fn send(
    block: Block<'_>,
    sender: &mut Sender,
    messages: &mut Messages,
    batch_header: bool,
    bad: &mut Refused<'_>,
) -> Result<(), OutletError> {
    let headers = batch_header.then(|| {
        let time = block.time.to_string();
        OwnedHeaders::new_with_capacity(1).insert(Header { key: BATCH_HEADER, value: Some(&time) })
    });
    for record in block {
        match messages.make(record) {
            Made::Nothing => {}
            Made::Bad(reason) => bad(record, &reason)?,
            Made::Message(message) => sender.send(&message, headers.as_ref())?,
        }
    }
    Ok(())
}

impl Sink for Kafka<'_> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        let Parts { messages, bad_records, options, spool, .. } = &mut self.parts;
        match &mut self.mode {
            Mode::Direct(sender) => send(block, sender, messages, options.batch_header, &mut |record, reason| {
                Ok(bad_records.take(block.time, record, reason)?)
            }),
            Mode::Transactions(_) => Ok(spool.append(block)?),
        }
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        let Parts { messages, bad_records, options, spool, .. } = &mut self.parts;
        match &mut self.mode {
            Mode::Direct(sender) => Ok(sender.settle()?),
            // An empty batch leaves no trace, and may come again.
            Mode::Transactions(_) if spool.is_empty() => Ok(()),
            Mode::Transactions(transactions) => {
                // A batch that is tried again has the same bad records, which are
                // told once.
                let mut told = 0u64;
                transactions.batch(time, &mut |sender| {
                    let mut met = 0u64;
                    let mut bad = |record: &[u8], reason: &str| {
                        met += 1;
                        if met > told {
                            told = met;
                            bad_records.take(time, record, reason)?;
                        }
                        Ok(())
                    };
                    let mut blocks = spool.blocks();
                    while let Some(block) = blocks.next()? {
                        send(block, sender, messages, options.batch_header, &mut bad)?;
                    }
                    Ok(())
                })?;
                spool.discard_through(time);
                Ok(())
            }
        }
    }

    fn close(&mut self, _: bool) -> Result<(), OutletError> {
        match &mut self.mode {
            Mode::Direct(sender) => Ok(sender.settle()?),
            Mode::Transactions(_) => Ok(()),
        }
    }

    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        let id = format!("sstream-{}-{}", under.job, under.stage);
        let (transactions, newest) = Transactions::begin(&self.parts, id)?;
        self.mode = Mode::Transactions(Box::new(transactions));
        Ok(newest)
    }
}
