//! `--assign group`: the brokers deal the partitions out among the members of a
//! group, and keep its offsets there. Which partitions come can change at any
//! moment, so batches cannot be read again, and what comes is kept as of any
//! receiver. Offsets are committed when the batch has left, and under a checkpoint is on
//! disk: at least once.

use std::time::{Duration, Instant};

use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::error::RDKafkaErrorCode as Code;

use super::Options;
use super::arrivals::Arrivals;
use super::ledger::Ledger;
use super::message::Records;
use super::queues::{offsets, push_record};
use super::selection::TopicPattern;
use super::start::StartAt;
use super::stream::commit;
use crate::client::KafkaError;
use crate::client::listener::{Listener, configure, message_of};
use crate::client::patience::Client;
use crate::client::settings::Settings;
use sstream::connect::Wake;
use sstream::connect::{
    BLOCK_BYTES, Bad, Came, Console, Ready, Reason, RecordSource, Room, SourceError, StopSignal, Waited,
};

/// How long one wait is: the client is heard that often.
const LOOK: Duration = Duration::from_millis(500);

/// A member of a consumer group.
pub struct GroupSource {
    consumer: Client<BaseConsumer<Listener>>,
    console: Console,
    wake: Wake,
    stop: StopSignal,
    waited: Waited,
    records: Records,
    held: Arrivals,
    ledger: Ledger,
    /// The topics as they were given, for messages.
    topics: String,
    /// What the ledger would keep, which nobody asks for here.
    unused: Vec<u8>,
    is_over: bool,
}

impl GroupSource {
    /// Joins the group.
    pub fn open(
        settings: &Settings,
        options: &Options,
        console: Console,
        stop: StopSignal,
        waited: Waited,
    ) -> Result<GroupSource, SourceError> {
        let config = configure(
            settings,
            &[
                ("group.id", options.group.as_deref().unwrap_or_default()),
                ("enable.auto.commit", "false"),
                ("enable.auto.offset.store", "false"),
                ("auto.offset.reset", if options.from == StartAt::Beginning { "earliest" } else { "latest" }),
                ("isolation.level", options.isolation.name()),
                ("topic.metadata.refresh.interval.ms", "10000"),
                ("queued.max.messages.kbytes", "16384"),
                ("fetch.queue.backoff.ms", "5"),
            ],
        )?;
        let failed = |error: &rdkafka::error::KafkaError| KafkaError::Create { message: message_of(error) };
        let mut consumer: BaseConsumer<Listener> =
            config.create_with_context(Listener::new(settings, console.clone())).map_err(|error| failed(&error))?;
        let wake = Wake::new().map_err(|error| SourceError::read("kafka", error))?;
        let bell = wake.bell();
        consumer.set_nonempty_callback(move || bell.ring());
        let names: Vec<String> = options.selection.topics.iter().map(subscription).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        consumer.subscribe(&names).map_err(|error| failed(&error))?;
        Ok(GroupSource {
            consumer: Client::new(consumer),
            console,
            wake,
            stop,
            waited,
            records: Records::new(options.form.clone()),
            held: Arrivals::default(),
            ledger: Ledger::default(),
            topics: options.selection.topics.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
            unused: Vec::new(),
            is_over: false,
        })
    }

    /// The partitions that would be committed now.
    #[cfg(test)]
    pub fn progress(&self) -> Vec<(String, i32)> {
        self.ledger.progress().map(|place| (place.topic.clone(), place.partition)).collect()
    }

    /// Takes about a block of what was fetched.
    fn fill(&mut self) -> Result<(), SourceError> {
        while self.held.bytes() < BLOCK_BYTES {
            let polled = self.consumer.poll(Duration::ZERO);
            // What was read of them before is not ours to commit any more: their next
            // owner begins where we have committed, and may be far ahead of us.
            for (topic, partition) in self.consumer.context().revoked() {
                self.ledger.retire(&topic, partition);
            }
            match polled {
                None => break,
                Some(Ok(message)) => {
                    let (topic, partition, offset) = (message.topic(), message.partition(), message.offset());
                    let index = self.ledger.index(topic, partition);
                    let index = index.unwrap_or_else(|| self.ledger.begin(topic, partition, offset));
                    let bad = push_record(&mut self.records, topic, &message, self.held.space());
                    self.held.added(index, offset, bad);
                }
                Some(Err(error)) => match error.rdkafka_error_code() {
                    Some(Code::TopicAuthorizationFailed | Code::GroupAuthorizationFailed) => {
                        let what = "the group's topics".to_owned();
                        return Err(KafkaError::Ask { what, message: message_of(&error) }.into());
                    }
                    Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => {
                        return Err(KafkaError::NoTopic { topic: self.topics.clone() }.into());
                    }
                    _ => {}
                },
            }
        }
        self.consumer.context().check()?;
        if !self.held.is_empty() {
            self.consumer.context().note_back();
        }
        Ok(())
    }
}

/// A topic as the client takes it: a regex begins with `^`.
fn subscription(topic: &TopicPattern) -> String {
    match topic {
        TopicPattern::Name(name) => name.clone(),
        TopicPattern::Regex(regex) => regex.as_str().replace("(?:", "("),
    }
}

impl RecordSource for GroupSource {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        let started = Instant::now();
        loop {
            self.fill()?;
            if !self.held.is_empty() {
                return Ok(Came::Something);
            }
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(Came::Timeout);
            }
            let woken = self.waited.during(|| self.wake.wait(Some(&self.stop), left.min(LOOK)));
            if woken.map_err(|error| SourceError::read("kafka", error))? == Ready::Wake {
                return Ok(Came::Stop);
            }
        }
    }

    /// The group's next member goes on from here.
    fn held(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    fn has_records(&self) -> bool {
        !self.held.is_empty()
    }

    fn take(&mut self, room: Room, block: &mut Vec<u8>, bad: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.held.take(room, &mut self.ledger, block, bad)
    }

    fn batch_left(&mut self) -> Result<(), SourceError> {
        let progress = offsets(self.ledger.progress());
        self.ledger.write_batch(&mut self.unused);
        self.unused.clear();
        if progress.count() == 0 {
            return Ok(());
        }
        let mode = if self.is_over { CommitMode::Sync } else { CommitMode::Async };
        if let Err(message) = commit(&self.consumer, progress, mode) {
            self.console.info(&format!("kafka: the group's offsets could not be committed: {message}"));
        }
        Ok(())
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.is_over = true;
        Ok(0)
    }
}
