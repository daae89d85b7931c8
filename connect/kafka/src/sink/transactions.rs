//! A transaction a batch, under a checkpoint.
//!
//! The transaction's commit is the batch's: with its messages it commits an offset
//! of a consumer group of the sink's own, whose metadata is the batch's time. So
//! either both are in Kafka or neither is, and at the next start the sink reads there
//! which batch is its newest, whatever its log says. A record in a topic would do as
//! well, but every consumer of the topic would have to leave it out; and the
//! group can be looked at with Kafka's own tools.
//!
//! The transactional id is made of the checkpoint's random id and the stage's name
//! there: two pipelines never have the same, and when one begins, the brokers end
//! what a former self has left open and refuse what it may still send.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, Producer as _};
use rdkafka::{Offset, TopicPartitionList};

use super::parts::Parts;
use super::producer::Sender;
use crate::client::KafkaError;
use crate::client::listener::{Listener, configure, message_of};
use crate::client::patience::{Client, within};
use sstream::connect::{BatchTime, Console, OutletError};

/// How long one call is to wait; then errors are looked for, and it is made again.
const CALL: Duration = Duration::from_secs(5);

/// After a call that may work the next time.
const PAUSE: Duration = Duration::from_millis(100);

/// How often a batch is tried.
const TRIES: u32 = 10;

/// How the metadata begins; the batch's time in ms follows.
const METADATA: &str = "sstream batch ";

/// A producer of transactions, and what goes with them.
pub struct Transactions {
    sender: Sender,
    group: Client<BaseConsumer<Listener>>,
    id: String,
    topic: String,
    /// How long a call may take.
    patience: Duration,
    console: Console,
}

/// How a step of a transaction failed.
enum Failed {
    /// The transaction must be given up; then the batch can be tried again.
    Abort(String),
    /// This sink can do no more.
    Fatal(KafkaError),
}

impl Transactions {
    /// Makes the clients, ends what a former self has left open, and finds the
    /// newest batch that is in the topic.
    pub fn begin(parts: &Parts<'_>, id: String) -> Result<(Transactions, Option<BatchTime>), KafkaError> {
        let Parts { settings, options, patience, console, waited, .. } = parts;
        let own = [("transactional.id", id.as_str())];
        let sender = Sender::open(settings, options, &own, console.clone(), waited.clone())?;
        let group = configure(
            settings,
            &[
                ("group.id", id.as_str()),
                ("enable.auto.commit", "false"),
                // An offset that a transaction holds which is not ended yet is
                // waited for.
                ("isolation.level", "read_committed"),
            ],
        )?
        .create_with_context(Listener::new(settings, console.clone()))
        .map_err(|error| KafkaError::Create { message: message_of(&error) })?;
        let (topic, patience, console) = (options.topic.clone(), *patience, console.clone());
        let mut this = Transactions { sender, group: Client::new(group), id, topic, patience, console };
        this.call("cannot begin", |producer| producer.init_transactions(CALL)).map_err(|failed| this.end_of(failed))?;
        let newest = this.newest()?;
        Ok((this, newest))
    }

    /// Where the group's offset is: any partition would do.
    fn place(&self, offset: Offset) -> Result<TopicPartitionList, Library> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(&self.topic, 0, offset)?;
        Ok(list)
    }

    /// The newest batch that is in the topic.
    fn newest(&mut self) -> Result<Option<BatchTime>, KafkaError> {
        loop {
            let ask = {
                let (group, list) = (self.group.share(), self.place(Offset::Invalid));
                move || list.and_then(|list| group.committed_offsets(list, CALL))
            };
            let error = match within(self.patience, "the newest batch", ask)? {
                Ok(list) => match list.elements().first().map(|place| (place.error(), place.metadata().to_owned())) {
                    Some((Ok(()), metadata)) => return self.parse(&metadata),
                    Some((Err(error), _)) => error,
                    None => return Ok(None),
                },
                Err(error) => error,
            };
            match error.rdkafka_error_code() {
                // The topic is made with the first batch.
                Some(Code::UnknownTopicOrPartition | Code::UnknownPartition) => return Ok(None),
                Some(Code::GroupAuthorizationFailed | Code::TopicAuthorizationFailed) => {
                    let what = format!("the newest batch, in group {}", self.id);
                    return Err(KafkaError::Ask { what, message: message_of(&error) });
                }
                _ => self.pause(&message_of(&error))?,
            }
        }
    }

    fn parse(&self, metadata: &str) -> Result<Option<BatchTime>, KafkaError> {
        if metadata.is_empty() {
            return Ok(None);
        }
        let time = metadata.strip_prefix(METADATA).and_then(|time| time.parse().ok());
        time.map(|time| Some(BatchTime(time))).ok_or_else(|| KafkaError::Ask {
            what: format!("the newest batch, in group {}", self.id),
            message: format!("'{metadata}' is no batch of sstream's: is another program in this group?"),
        })
    }

    /// Has a batch in the topic, whole, with its time: `send` sends its messages, and
    /// is called again when the transaction had to be given up.
    pub fn batch(
        &mut self,
        time: BatchTime,
        send: &mut dyn FnMut(&mut Sender) -> Result<(), OutletError>,
    ) -> Result<(), OutletError> {
        for tried in 1.. {
            let reason = match self.attempt(time, send) {
                Ok(()) => {
                    self.sender.producer().context().note_back();
                    return Ok(());
                }
                Err((error, reason)) => match undelivered(&error).or(reason) {
                    Some(reason) if tried < TRIES => reason,
                    _ => return Err(error),
                },
            };
            self.console.warn(&format!("kafka, topic {}: batch {time} is tried again: {reason}", self.topic));
            self.call("cannot give up a transaction", |producer| producer.abort_transaction(CALL))
                .map_err(|failed| self.end_of(failed))?;
            // What was said of the messages that were taken back is no news.
            let _ = self.sender.producer().context().delivered(&self.topic);
            std::thread::sleep(PAUSE);
        }
        Ok(())
    }

    /// One transaction. With an error that need not be the end comes the reason.
    fn attempt(
        &mut self,
        time: BatchTime,
        send: &mut dyn FnMut(&mut Sender) -> Result<(), OutletError>,
    ) -> Result<(), (OutletError, Option<String>)> {
        let step = |this: &Self, failed: Failed| {
            let reason = match &failed {
                Failed::Abort(reason) => Some(reason.clone()),
                Failed::Fatal(_) => None,
            };
            (this.end_of(failed).into(), reason)
        };
        self.call("cannot begin a transaction", |producer| producer.begin_transaction())
            .map_err(|failed| step(self, failed))?;
        send(&mut self.sender).map_err(|error| (error, None))?;
        self.sender.settle().map_err(|error| (error.into(), None))?;
        let no_group = || {
            let message = "the client has no group".to_owned();
            Failed::Fatal(KafkaError::Transaction { what: "cannot begin", id: self.id.clone(), message })
        };
        let metadata = self.group.group_metadata().ok_or_else(no_group).map_err(|failed| step(self, failed))?;
        let list = self.place(Offset::Offset(time.0 as i64)).map_err(|error| {
            let message = message_of(&error);
            step(self, Failed::Fatal(KafkaError::Ask { what: "the batch's time".to_owned(), message }))
        })?;
        for place in &mut list.elements() {
            place.set_metadata(format!("{METADATA}{time}"));
        }
        self.call("cannot put the batch's time into a transaction", move |producer| {
            producer.send_offsets_to_transaction(&list, &metadata, CALL)
        })
        .map_err(|failed| step(self, failed))?;
        self.call("cannot commit a transaction", |producer| producer.commit_transaction(CALL))
            .map_err(|failed| step(self, failed))
    }

    /// Makes a call until it does not say that it may be made again.
    fn call(
        &mut self,
        what: &'static str,
        call: impl Fn(&BaseProducer<Listener>) -> Result<(), Library> + Send + Sync + 'static,
    ) -> Result<(), Failed> {
        let call = Arc::new(call);
        loop {
            let (call, producer) = (call.clone(), self.sender.producer().share());
            let called = within(self.patience, what, move || call(&producer)).map_err(Failed::Fatal)?;
            let Err(error) = called else { return Ok(()) };
            let fatal = |message: String| {
                let id = self.id.clone();
                Failed::Fatal(KafkaError::Transaction { what, id, message })
            };
            let message = message_of(&error);
            match error {
                Library::Flush(_) => self.pause(&message).map_err(Failed::Fatal)?,
                Library::Transaction(error) => match error.code() {
                    Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch => {
                        return Err(Failed::Fatal(KafkaError::Fenced { id: self.id.clone() }));
                    }
                    _ if error.is_fatal() => return Err(fatal(message)),
                    _ if error.txn_requires_abort() => return Err(Failed::Abort(message)),
                    _ if error.is_retriable() => self.pause(&message).map_err(Failed::Fatal)?,
                    _ => return Err(fatal(message)),
                },
                _ => return Err(fatal(message)),
            }
        }
    }

    /// Before a call is made again.
    fn pause(&mut self, message: &str) -> Result<(), KafkaError> {
        self.sender.poll(PAUSE)?;
        while self.group.poll(Duration::ZERO).is_some() {}
        self.group.context().check()?;
        self.sender.producer().context().note_away(message);
        Ok(())
    }

    fn end_of(&self, failed: Failed) -> KafkaError {
        match failed {
            Failed::Fatal(error) => error,
            Failed::Abort(message) => {
                KafkaError::Transaction { what: "a transaction failed", id: self.id.clone(), message }
            }
        }
    }
}

/// Why a message was not delivered, if that is what failed.
fn undelivered(error: &OutletError) -> Option<String> {
    let OutletError::Kind(error) = error else { return None };
    match (&**error as &(dyn std::error::Error + 'static)).downcast_ref() {
        Some(KafkaError::Delivery { message, .. }) => Some(message.clone()),
        _ => None,
    }
}
