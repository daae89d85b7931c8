//! A partition that is read, by a queue of its own in the client.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{Offset, TopicPartitionList};

use super::ledger::Place;
use super::message::{Parts, Records};
use crate::client::KafkaError;
use crate::client::listener::{Listener, message_of};
use sstream::connect::Bell;
use sstream::connect::RateLimiter;

/// A partition that is assigned.
pub struct Lane {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Where the next message is to be, or behind.
    pub position: i64,
    /// Its marks are asked for, since its next message is gone: it is read no
    /// further before the answer.
    pub is_asked: bool,
    /// It is read up to there, and then done.
    pub target: Option<i64>,
    /// Its end was reached, and nothing has come since.
    pub is_at_end: bool,
    /// Caps the messages a second.
    pub limiter: Option<RateLimiter>,
    /// A record that was taken from the queue and is for later: its offset, and
    /// its bytes or why it is bad.
    pub kept: Option<(i64, Vec<u8>, Option<String>)>,
    queue: PartitionQueue<Listener>,
    /// There may be something in the queue.
    ready: Arc<AtomicBool>,
}

/// What a queue gave.
pub enum Polled<'q> {
    /// A message, at `position` or behind.
    Message(BorrowedMessage<'q>),
    /// The end of what can be read now.
    End,
    /// There is nothing at `position` any more.
    Gone,
    /// Nothing for now.
    Nothing,
}

impl Lane {
    /// Assigns a partition, to be read from `offset` on.
    pub fn open(
        consumer: &Arc<BaseConsumer<Listener>>,
        topic: &str,
        partition: i32,
        offset: i64,
        bell: Bell,
    ) -> Result<Lane, KafkaError> {
        let failed =
            |message: String| KafkaError::Ask { what: format!("topic {topic}, partition {partition}"), message };
        // Split off first: what comes then is in this queue from the beginning.
        let mut queue =
            consumer.split_partition_queue(topic, partition).ok_or_else(|| failed("no such partition".to_owned()))?;
        let ready = Arc::new(AtomicBool::new(true));
        let flag = ready.clone();
        queue.set_nonempty_callback(move || {
            flag.store(true, Ordering::Release);
            bell.ring();
        });
        assign(consumer, topic, partition, offset).map_err(|error| failed(message_of(&error)))?;
        Ok(Lane {
            topic: topic.to_owned(),
            partition,
            position: offset,
            is_asked: false,
            target: None,
            is_at_end: false,
            limiter: None,
            kept: None,
            queue,
            ready,
        })
    }

    /// Whether there may be something.
    pub fn is_ready(&self) -> bool {
        self.kept.is_some() || self.ready.load(Ordering::Acquire)
    }

    /// There may be more than was taken.
    pub fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Begins to empty the queue: what comes from now on is told again.
    pub fn begin(&self) {
        self.ready.store(false, Ordering::Release);
    }

    /// Whether it has been read as far as it is to be.
    pub fn is_done(&self) -> bool {
        self.target.is_some_and(|target| self.position >= target || self.is_at_end)
    }

    /// The next message, without waiting.
    #[inline]
    pub fn poll(&self) -> Result<Polled<'_>, KafkaError> {
        loop {
            match self.queue.poll(Duration::ZERO) {
                None => return Ok(Polled::Nothing),
                // Fetched before the position was set.
                Some(Ok(message)) if message.offset() < self.position => {}
                Some(Ok(message)) => return Ok(Polled::Message(message)),
                Some(Err(Library::PartitionEOF(_))) => return Ok(Polled::End),
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => return Ok(Polled::Gone),
                    Some(Code::TopicAuthorizationFailed | Code::UnknownTopic | Code::UnknownPartition)
                    | Some(Code::UnknownTopicOrPartition | Code::UnknownTopicId) => {
                        let what = format!("topic {}, partition {}", self.topic, self.partition);
                        return Err(KafkaError::Ask { what, message: message_of(&error) });
                    }
                    _ => return Ok(Polled::Nothing),
                },
            }
        }
    }

    /// Goes on elsewhere.
    pub fn seek(&mut self, consumer: &BaseConsumer<Listener>, offset: i64) -> Result<(), KafkaError> {
        let failed = |error: Library| KafkaError::Ask {
            what: format!("topic {}, partition {}", self.topic, self.partition),
            message: message_of(&error),
        };
        let mut list = TopicPartitionList::new();
        list.add_partition(&self.topic, self.partition);
        consumer.incremental_unassign(&list).map_err(failed)?;
        assign(consumer, &self.topic, self.partition, offset).map_err(failed)?;
        (self.position, self.is_at_end, self.kept) = (offset, false, None);
        self.set_ready();
        Ok(())
    }
}

fn assign(consumer: &BaseConsumer<Listener>, topic: &str, partition: i32, offset: i64) -> Result<(), Library> {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, partition, Offset::Offset(offset))?;
    consumer.incremental_assign(&list)
}

/// Appends the record of a message and a newline; why it is a bad one if it is,
/// and then its value as it came.
#[inline]
pub fn push_record(
    records: &mut Records,
    topic: &str,
    message: &BorrowedMessage<'_>,
    out: &mut Vec<u8>,
) -> Option<String> {
    let parts = Parts {
        value: message.payload(),
        key: message.key(),
        timestamp_ms: message.timestamp().to_millis(),
        topic,
        partition: message.partition(),
        offset: message.offset(),
    };
    let pushed = records.push(
        &parts,
        &mut |each| {
            for header in message.headers().into_iter().flat_map(|headers| headers.iter()) {
                each(header.key, header.value);
            }
        },
        out,
    );
    let reason = pushed.err()?;
    out.extend_from_slice(message.payload().unwrap_or_default());
    Some(reason)
}

/// Where each partition goes on, as a consumer group is told of it.
pub(super) fn offsets<'p>(places: impl IntoIterator<Item = &'p Place>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for place in places {
        // Only what is no offset is refused, and a place has one.
        let _ = list.add_partition_offset(&place.topic, place.partition, Offset::Offset(place.next));
    }
    list
}
