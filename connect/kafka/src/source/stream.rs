//! The source itself: lanes, one a partition, taken from in turn.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Message as _, TopicPartitionList};

use super::Options;
use super::arrivals::Arrivals;
use super::ledger::{Ledger, Range};
use super::marks::{Answer, Marks, Question};
use super::message::Records;
use super::queues::{Lane, Polled, offsets, push_record};
use super::scout::{Found, Scout, Task};
use crate::client::KafkaError;
use crate::client::listener::{Listener, configure, message_of};
use crate::client::patience::{Client, within};
use crate::client::settings::Settings;
use sstream::connect::Wake;
use sstream::connect::{BLOCK_BYTES, Console, OnLoss, RateLimiter, SourceError, StopSignal, Waited};

/// How often new partitions are looked for unless a property says otherwise.
const REFRESH: &str = "10000";

/// How often every queue is looked into, rung for or not, and the client heard.
const LOOK: Duration = Duration::from_millis(500);

/// How long the last commit to a group may take: the client waits for the group's
/// coordinator without limit.
const COMMIT_PATIENCE: Duration = Duration::from_secs(10);

/// Reads partitions.
pub struct KafkaSource {
    pub(super) consumer: Client<BaseConsumer<Listener>>,
    pub(super) options: Options,
    pub(super) console: Console,
    pub(super) wake: Wake,
    pub(super) stop: StopSignal,
    pub(super) waited: Waited,
    pub(super) ledger: Ledger,
    /// By the ledger's index; none before the brokers have been asked.
    pub(super) lanes: Vec<Option<Lane>>,
    pub(super) records: Records,
    /// What is still to be read of a batch that is read again.
    pub(super) again: std::collections::VecDeque<Range>,
    /// A checkpoint keeps the position.
    pub(super) is_kept: bool,
    pub(super) held: Arrivals,
    pub(super) scout: Option<Scout>,
    pub(super) marks: Marks,
    pub(super) refresh: Duration,
    /// The first news of the scout has come.
    pub(super) has_begun: bool,
    /// The lane to begin with.
    pub(super) turn: usize,
    pub(super) started: Instant,
    pub(super) looked: Instant,
    pub(super) committed: Instant,
    /// What is read at a stop was looked up, and when something came last.
    pub(super) stopping: Option<Instant>,
    /// Only the last batch's end is still to leave.
    pub(super) is_over: bool,
}

impl KafkaSource {
    /// Makes the client; brokers are looked for by the first wait.
    pub fn open(
        settings: &Settings,
        options: Options,
        console: Console,
        stop: StopSignal,
        waited: Waited,
    ) -> Result<KafkaSource, SourceError> {
        let config = configure(
            settings,
            &[
                // A client cannot assign without one; nothing is committed to it
                // unless the user named it.
                ("group.id", options.group.as_deref().unwrap_or("sstream")),
                ("enable.auto.commit", "false"),
                ("enable.auto.offset.store", "false"),
                ("auto.offset.reset", "error"),
                ("enable.partition.eof", "true"),
                ("isolation.level", options.isolation.name()),
                ("topic.metadata.refresh.interval.ms", REFRESH),
                // Each partition has a queue of its own, where messages weigh a few
                // hundred bytes more than they have.
                ("queued.max.messages.kbytes", "8192"),
                ("queued.min.messages", "30000"),
                // A full queue is empty again in milliseconds; and a broker has one
                // question at a time, so one about partitions that have nothing new
                // must not keep the others waiting.
                ("fetch.queue.backoff.ms", "5"),
                ("fetch.wait.max.ms", "20"),
            ],
        )?;
        let refresh = config.get("topic.metadata.refresh.interval.ms").and_then(|text| text.parse().ok());
        let consumer = config
            .create_with_context(Listener::new(settings, console.clone()))
            .map_err(|error| KafkaError::Create { message: message_of(&error) })?;
        let wake = Wake::new().map_err(|error| SourceError::read("kafka", error))?;
        let now = Instant::now();
        Ok(KafkaSource {
            consumer: Client::new(consumer),
            marks: Marks::new(wake.bell()),
            records: Records::new(options.form.clone()),
            options,
            console,
            wake,
            stop,
            waited,
            ledger: Ledger::default(),
            lanes: Vec::new(),
            again: Default::default(),
            is_kept: false,
            held: Arrivals::default(),
            scout: None,
            refresh: Duration::from_millis(refresh.unwrap_or(10_000)),
            has_begun: false,
            turn: 0,
            started: now,
            looked: now,
            committed: now,
            stopping: None,
            is_over: false,
        })
    }

    /// Hears the client and the scout.
    pub(super) fn hear(&mut self) -> Result<(), SourceError> {
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.lanes.iter().flatten().for_each(Lane::set_ready);
        }
        // All messages are in the lanes' queues; this serves what else there is.
        while self.consumer.poll(Duration::ZERO).is_some() {}
        self.consumer.context().check()?;
        if self.scout.is_none() {
            let places = self.ledger.places().iter();
            let known = places.map(|place| (place.topic.clone(), place.partition, place.next)).collect();
            let task = Task {
                selection: self.options.selection.clone(),
                from: self.options.from.clone(),
                known,
                every: (!self.options.available_now).then_some(self.refresh),
            };
            let scout = Scout::send(self.consumer.share(), task, self.wake.bell());
            self.scout = Some(scout.map_err(|error| SourceError::read("kafka", error))?);
        }
        while let Some(news) = self.scout.as_ref().and_then(Scout::news) {
            for found in news? {
                self.attach(&found)?;
            }
            self.has_begun = true;
        }
        while let Some(answer) = self.marks.answer() {
            self.answered(answer)?;
        }
        Ok(())
    }

    /// Begins to read a partition, where it was left or where it begins.
    fn attach(&mut self, found: &Found) -> Result<(), SourceError> {
        let Found { topic, partition, start, low, high } = found;
        let index = self.ledger.index(topic, *partition);
        let index = index.unwrap_or_else(|| self.ledger.begin(topic, *partition, *start));
        let next = self.ledger.places()[index].next;
        if next < *low || next > *high {
            self.lose(index, next, *low, *high)?;
        }
        let next = self.ledger.places()[index].next;
        self.lane(index, next)?;
        if self.options.available_now {
            let lane = self.lanes[index].as_mut();
            lane.into_iter().for_each(|lane| lane.target = Some(*high));
        }
        if self.console.is_verbose() {
            self.console.info(&format!("kafka, topic {topic}, partition {partition}: reading from offset {next}"));
        }
        Ok(())
    }

    /// The lane of a partition, assigned and to be read from `offset` on.
    pub(super) fn lane(&mut self, index: usize, offset: i64) -> Result<&mut Lane, SourceError> {
        if self.lanes.len() <= index {
            self.lanes.resize_with(index + 1, || None);
        }
        let lane = match &mut self.lanes[index] {
            Some(lane) => {
                if lane.position > offset {
                    lane.seek(&self.consumer, offset)?;
                }
                lane
            }
            none => {
                let place = &self.ledger.places()[index];
                let mut lane = Lane::open(&self.consumer, &place.topic, place.partition, offset, self.wake.bell())?;
                let now = self.started.elapsed();
                lane.limiter = self.options.max_rate_per_partition.map(|rate| RateLimiter::new(rate as f64, now));
                none.insert(lane)
            }
        };
        lane.position = offset;
        Ok(lane)
    }

    /// What a partition is to go on with is not there: the error, or with
    /// `--on-loss skip` where it goes on.
    pub(super) fn lose(&mut self, index: usize, next: i64, low: i64, high: i64) -> Result<(), SourceError> {
        let place = &self.ledger.places()[index];
        let (topic, partition) = (place.topic.clone(), place.partition);
        let error = if next < low {
            KafkaError::Lost { topic, partition, from: next, to: low }
        } else {
            KafkaError::Shrunk { topic, partition, position: next, end: high }
        };
        match self.options.on_loss {
            OnLoss::Fail => Err(error.into()),
            OnLoss::Skip => {
                self.console.warn(&format!("{error}: goes on at offset {low}"));
                self.ledger.skip_to(index, low);
                Ok(())
            }
        }
    }

    /// Takes about a block from the queues.
    pub(super) fn fill(&mut self) -> Result<(), SourceError> {
        let count = self.lanes.len();
        for turn in 0..count {
            if self.held.bytes() >= BLOCK_BYTES {
                break;
            }
            let index = (self.turn + turn) % count;
            let is_stopping = self.stopping.is_some();
            let is_wanted = |lane: &&mut Lane| {
                let is_before = lane.target.map_or(!is_stopping, |target| lane.position < target);
                is_before && !lane.is_asked && lane.is_ready()
            };
            let Some(lane) = self.lanes[index].as_mut().filter(is_wanted) else { continue };
            if empty(lane, index, self.started.elapsed(), &mut self.held, &mut self.records)? {
                self.ask_for([index])?;
            }
            // The one that was not emptied has had its turn too.
            if self.held.bytes() >= BLOCK_BYTES {
                self.turn = (index + 1) % count;
            }
        }
        if !self.held.is_empty() {
            self.consumer.context().note_back();
        }
        Ok(())
    }

    /// Asks where partitions begin and end; the answers are heard later.
    pub(super) fn ask_for(&mut self, indexes: impl IntoIterator<Item = usize>) -> Result<(), SourceError> {
        let mut questions = Vec::new();
        for index in indexes {
            let Some(lane) = &mut self.lanes[index] else { continue };
            lane.is_asked = true;
            questions.push(Question { index, topic: lane.topic.clone(), partition: lane.partition });
        }
        self.marks.ask(&self.consumer, questions).map_err(|error| SourceError::read("kafka", error))
    }

    /// The marks of a partition that is to be read up to its end of now, since a stop
    /// was asked for, or whose next message is gone.
    fn answered(&mut self, Answer { index, marks }: Answer) -> Result<(), SourceError> {
        let Some(lane) = &mut self.lanes[index] else { return Ok(()) };
        lane.is_asked = false;
        if self.stopping.is_some() {
            // What cannot be asked has nothing that could be read.
            lane.target = Some(marks.map_or(0, |(_, high)| high));
            return Ok(());
        }
        let next = lane.position;
        let (low, high) = match marks {
            Ok(marks) => marks,
            Err(error @ KafkaError::Stuck { .. }) => return Err(error.into()),
            Err(error) => {
                // The broker that said so has gone itself.
                self.consumer.context().note_away(&error.to_string());
                (next, next)
            }
        };
        let mut offset = next;
        if next < low || next > high {
            self.lose(index, next, low, high)?;
            offset = low;
        }
        let consumer = self.consumer.share();
        self.lanes[index].iter_mut().try_for_each(|lane| lane.seek(&consumer, offset))?;
        Ok(())
    }

    /// How long until a partition may be read again that has something, but has
    /// had its messages for now.
    pub(super) fn rate_wait(&self) -> Duration {
        let lanes = self.lanes.iter().flatten();
        let limited = lanes.filter(|lane| lane.is_ready()).filter_map(|lane| lane.limiter.as_ref());
        limited.map(RateLimiter::wait).min().unwrap_or(LOOK).max(Duration::from_millis(1))
    }

    /// Everything that was there at first has been read.
    pub(super) fn is_done(&self) -> bool {
        self.options.available_now && self.has_begun && self.lanes.iter().flatten().all(Lane::is_done)
    }

    /// Tells the group how far the reading has come.
    pub(super) fn commit(&mut self, mode: CommitMode) {
        if self.options.group.is_none() || self.ledger.places().is_empty() {
            return;
        }
        self.committed = Instant::now();
        // Those who watch lag will see the next one.
        if let Err(message) = commit(&self.consumer, offsets(self.ledger.places()), mode) {
            self.console.info(&format!("kafka: the progress could not be told to the group: {message}"));
        }
    }
}

impl Drop for KafkaSource {
    /// Whatever else holds the client goes first, so that it closes with its
    /// deadline.
    fn drop(&mut self) {
        self.scout = None;
        self.lanes.clear();
    }
}

/// Commits offsets to the group, with a deadline where the answer is waited for.
pub(super) fn commit(
    consumer: &Client<BaseConsumer<Listener>>,
    offsets: TopicPartitionList,
    mode: CommitMode,
) -> Result<(), String> {
    let committed = match mode {
        CommitMode::Async => consumer.commit(&offsets, mode),
        CommitMode::Sync => {
            let consumer = consumer.share();
            let call = move || consumer.commit(&offsets, mode);
            within(COMMIT_PATIENCE, "the group's offsets", call).map_err(|error| error.to_string())?
        }
    };
    committed.map_err(|error| message_of(&error))
}

/// Takes from a queue until there is about a block; true if its next message is
/// gone.
fn empty(
    lane: &mut Lane,
    index: usize,
    now: Duration,
    held: &mut Arrivals,
    records: &mut Records,
) -> Result<bool, KafkaError> {
    lane.begin();
    let mut allowed = lane.limiter.as_mut().map_or(u64::MAX, |limiter| limiter.allowed(now));
    let before = allowed;
    if allowed > 0
        && let Some((offset, bytes, bad)) = lane.kept.take()
    {
        held.space().extend_from_slice(&bytes);
        held.added(index, offset, bad);
        allowed -= 1;
    }
    let is_gone = loop {
        if held.bytes() >= BLOCK_BYTES || allowed == 0 || lane.target.is_some_and(|target| lane.position >= target) {
            lane.set_ready();
            break false;
        }
        let offset = match lane.poll()? {
            Polled::Message(message) => {
                let offset = message.offset();
                if lane.target.is_some_and(|target| offset >= target) {
                    // It came after what was there at first.
                    offset
                } else {
                    let bad = push_record(records, &lane.topic, &message, held.space());
                    held.added(index, offset, bad);
                    allowed -= 1;
                    offset
                }
            }
            Polled::End => {
                lane.is_at_end = true;
                continue;
            }
            Polled::Gone => break true,
            Polled::Nothing => break false,
        };
        (lane.position, lane.is_at_end) = (offset + 1, false);
    };
    if let Some(limiter) = &mut lane.limiter {
        limiter.take(before - allowed);
    }
    Ok(is_gone)
}
