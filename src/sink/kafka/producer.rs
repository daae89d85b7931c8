//! Sends messages. Without a checkpoint they leave as they come, and a batch is
//! done with when all of its messages are acknowledged.

use std::time::Duration;

use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::message::{Made, Message, Messages};
use super::{BATCH_HEADER, Options};
use crate::console::Console;
use crate::frame::{BatchTime, Block};
use crate::kafka::KafkaError;
use crate::kafka::client::{Listener, configure, message_of};
use crate::kafka::settings::Settings;
use crate::sink::Sink;
use crate::stage::{BadRecords, OutletError, Waited};

/// How often it is looked whether the client has room, or is done.
const SHORT: Duration = Duration::from_millis(1);

/// Messages between two looks at what the client has to say.
const POLL_EVERY: u32 = 1000;

/// Sends each record to a topic.
pub struct Kafka<'a> {
    sender: Sender,
    messages: Messages,
    batch_header: bool,
    bad_records: &'a BadRecords,
}

impl<'a> Kafka<'a> {
    /// Makes the client; brokers are looked for when there is something to send.
    pub fn open(
        settings: &Settings,
        options: &Options,
        messages: Messages,
        bad_records: &'a BadRecords,
        console: Console,
        waited: Waited,
    ) -> Result<Kafka<'a>, KafkaError> {
        let sender = Sender::open(settings, options, &[], console, waited)?;
        Ok(Kafka { sender, messages, batch_header: options.batch_header, bad_records })
    }
}

impl Sink for Kafka<'_> {
    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        let headers = self.batch_header.then(|| {
            let time = block.time.to_string();
            OwnedHeaders::new_with_capacity(1).insert(Header { key: BATCH_HEADER, value: Some(&time) })
        });
        for record in block {
            match self.messages.make(record) {
                Made::Nothing => {}
                Made::Bad(reason) => self.bad_records.take(block.time, record, &reason)?,
                Made::Message(message) => self.sender.send(&message, headers.as_ref())?,
            }
        }
        Ok(())
    }

    fn end(&mut self, _: BatchTime, _: u64) -> Result<(), OutletError> {
        Ok(self.sender.settle()?)
    }

    fn close(&mut self, _: bool) -> Result<(), OutletError> {
        Ok(self.sender.settle()?)
    }
}

/// A producer, and the topic that it sends to.
pub struct Sender {
    producer: BaseProducer<Listener>,
    topic: String,
    waited: Waited,
    since_poll: u32,
}

impl Sender {
    /// Makes the client, with `more` properties.
    pub fn open(
        settings: &Settings,
        options: &Options,
        more: &[(&str, &str)],
        console: Console,
        waited: Waited,
    ) -> Result<Sender, KafkaError> {
        let own = [
            ("enable.idempotence", "true"),
            ("partitioner", options.partitioner.property()),
            ("compression.type", options.compression.property()),
            // Only failures are told: a report for each message would cost more
            // than sending it.
            ("delivery.report.only.error", "true"),
            // What waits for the broker makes the pipeline wait.
            ("queue.buffering.max.kbytes", "65536"),
        ];
        let producer = configure(settings, &[&own, more].concat())?
            .create_with_context(Listener::new(settings, console))
            .map_err(|error| KafkaError::Create { message: message_of(&error) })?;
        Ok(Sender { producer, topic: options.topic.clone(), waited, since_poll: 0 })
    }

    /// The client.
    pub fn producer(&self) -> &BaseProducer<Listener> {
        &self.producer
    }

    /// Gives a message to the client, and waits while it has too many.
    pub fn send(&mut self, message: &Message<'_>, headers: Option<&OwnedHeaders>) -> Result<(), KafkaError> {
        loop {
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(&self.topic);
            (record.key, record.payload) = (message.key.as_deref(), message.value.as_deref());
            record.headers = headers.cloned();
            match self.producer.send(record) {
                Ok(()) => break,
                Err((Library::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                    let waited = self.waited.clone();
                    waited.during(|| self.poll(SHORT))?;
                }
                Err((error, _)) => {
                    let message = message_of(&error);
                    return Err(KafkaError::Delivery { topic: self.topic.clone(), failed: 1, message });
                }
            }
        }
        self.since_poll += 1;
        if self.since_poll >= POLL_EVERY { self.poll(Duration::ZERO) } else { Ok(()) }
    }

    /// Waits until all that was sent is acknowledged.
    pub fn settle(&mut self) -> Result<(), KafkaError> {
        self.poll(Duration::ZERO)?;
        if self.producer.in_flight_count() == 0 {
            return Ok(());
        }
        let waited = self.waited.clone();
        // The client's own flush sees that it is done at the next report only,
        // and there are none.
        waited.during(|| {
            while self.producer.in_flight_count() > 0 {
                self.poll(SHORT)?;
            }
            Ok(())
        })?;
        self.producer.context().is_back();
        Ok(())
    }

    /// Hears what the client has to say.
    pub fn poll(&mut self, wait: Duration) -> Result<(), KafkaError> {
        self.since_poll = 0;
        self.producer.poll(wait);
        let listener = self.producer.context();
        listener.delivered(&self.topic)?;
        listener.check()
    }
}
