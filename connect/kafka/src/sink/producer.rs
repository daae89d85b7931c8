//! Sends messages, and waits for their acknowledgement.

use std::time::Duration;

use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};

use super::Options;
use super::message::Message;
use crate::client::KafkaError;
use crate::client::listener::{Listener, configure, message_of};
use crate::client::patience::Client;
use crate::client::settings::Settings;
use sstream::connect::{Console, Waited};

/// How often it is looked whether the client has room, or is done.
const SHORT: Duration = Duration::from_millis(1);

/// Messages between two looks at what the client has to say.
const POLL_EVERY: u32 = 1000;

/// A producer, and the topic that it sends to.
pub struct Sender {
    producer: Client<BaseProducer<Listener>>,
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
        Ok(Sender { producer: Client::new(producer), topic: options.topic.clone(), waited, since_poll: 0 })
    }

    /// The client.
    pub fn producer(&self) -> &Client<BaseProducer<Listener>> {
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
        self.producer.context().note_back();
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
