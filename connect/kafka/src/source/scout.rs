//! Asks the brokers which partitions there are and where they begin and end, in a
//! thread of its own: a broker that is away must not keep batches from being cut.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, SystemTime};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode as Code};
use rdkafka::{Offset, TopicPartitionList};

use super::selection::{Selection, TopicPattern};
use super::start::StartAt;
use crate::client::KafkaError;
use crate::client::listener::{Listener, message_of};
use crate::client::patience::{OVERTIME, within};
use sstream::connect::Bell;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// After a question without an answer.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a partition may end before where it is to go on: after a change of
/// leaders the new one learns a moment later how far it may show what it has.
const GRACE: u32 = 60;

/// A partition, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
    /// Where to begin, if no position says.
    pub start: i64,
    /// The oldest message that is there.
    pub low: i64,
    /// Behind the newest one.
    pub high: i64,
}

/// What a scout is to look for.
pub struct Task {
    /// Which partitions.
    pub selection: Selection,
    /// Where to begin with those that are there at first; later ones are read whole.
    pub from: StartAt,
    /// Partitions that a checkpoint knows, and where they go on.
    pub known: Vec<(String, i32, i64)>,
    /// How often to look for new partitions; never if none.
    pub every: Option<Duration>,
}

/// What a scout says: partitions that it had not found before, or that it cannot
/// go on.
pub type News = Result<Vec<Found>, KafkaError>;

/// A scout at work; dropped, it goes home.
pub struct Scout {
    news: Receiver<News>,
    _home: Sender<()>,
}

impl Scout {
    /// Sends one out; `bell` is rung with each piece of news.
    pub fn send(consumer: Arc<BaseConsumer<Listener>>, task: Task, bell: Bell) -> std::io::Result<Scout> {
        let (tell, news) = mpsc::channel();
        let (home, leave) = mpsc::channel();
        std::thread::Builder::new().name("kafka-scout".into()).spawn(move || {
            let mut trip = Trip { consumer, task, found: BTreeSet::new(), is_first: true, waits: 0 };
            // When nobody listens any more, there is nothing to look for.
            while trip
                .once(&tell, &bell)
                .is_some_and(|pause| leave.recv_timeout(pause) == Err(RecvTimeoutError::Timeout))
            {}
        })?;
        Ok(Scout { news, _home: home })
    }

    /// What there is to hear.
    pub fn news(&self) -> Option<News> {
        self.news.try_recv().ok()
    }
}

struct Trip {
    consumer: Arc<BaseConsumer<Listener>>,
    task: Task,
    found: BTreeSet<(String, i32)>,
    is_first: bool,
    /// How often a partition has ended too early, in a row.
    waits: u32,
}

/// Why there is no answer.
enum Trouble {
    /// Ask again.
    Later(Library),
    /// It is no use.
    Final(KafkaError),
}

impl From<Library> for Trouble {
    fn from(error: Library) -> Trouble {
        match error.rdkafka_error_code() {
            Some(Code::TopicAuthorizationFailed | Code::ClusterAuthorizationFailed) => {
                Trouble::Final(KafkaError::Ask { what: "partitions".to_owned(), message: message_of(&error) })
            }
            _ => Trouble::Later(error),
        }
    }
}

impl Trip {
    /// One look around; how long to wait until the next, if there is one.
    fn once(&mut self, tell: &Sender<News>, bell: &Bell) -> Option<Duration> {
        let (news, pause) = match self.look() {
            Ok(found) if found.is_empty() && !self.is_first => return self.task.every,
            Ok(found) => {
                self.is_first = false;
                self.consumer.context().note_back();
                (Ok(found), self.task.every)
            }
            Err(Trouble::Later(error)) => {
                self.consumer.context().note_away(&message_of(&error));
                return Some(PAUSE);
            }
            Err(Trouble::Final(error)) => (Err(error), None),
        };
        tell.send(news).ok()?;
        bell.ring();
        pause
    }

    /// The partitions that were not found before.
    fn look(&mut self) -> Result<Vec<Found>, Trouble> {
        let partitions: Vec<_> = self.partitions()?.into_iter().filter(|place| !self.found.contains(place)).collect();
        if self.is_first
            && let Some((topic, _, _)) =
                self.task.known.iter().find(|(topic, partition, _)| !partitions.contains(&(topic.clone(), *partition)))
        {
            return Err(Trouble::Final(KafkaError::NoTopic { topic: topic.clone() }));
        }
        let mut all = Vec::new();
        for (topic, partition) in &partitions {
            let asked = (topic.clone(), *partition);
            let (low, high) = self.ask("where partitions begin and end", move |consumer| {
                consumer.fetch_watermarks(&asked.0, asked.1, PATIENCE)
            })?;
            let known = self.task.known.iter().find(|known| (&known.0, known.1) == (topic, *partition));
            if known.is_some_and(|(_, _, next)| *next > high) && self.waits < GRACE {
                self.waits += 1;
                return Err(Trouble::Later(Library::MetadataFetch(Code::OffsetNotAvailable)));
            }
            all.push(Found { topic: topic.clone(), partition: *partition, start: low, low, high });
        }
        if self.is_first {
            self.find_starts(&mut all)?;
        }
        self.found.extend(partitions);
        Ok(all)
    }

    /// Asks the brokers; a client that does not come back is the end of the trip.
    fn ask<T: Send + 'static>(
        &self,
        what: &str,
        question: impl FnOnce(&BaseConsumer<Listener>) -> Result<T, Library> + Send + 'static,
    ) -> Result<T, Trouble> {
        let consumer = self.consumer.clone();
        Ok(within(PATIENCE + OVERTIME, what, move || question(&consumer)).map_err(Trouble::Final)??)
    }

    /// The partitions that are there and wanted.
    fn partitions(&self) -> Result<BTreeSet<(String, i32)>, Trouble> {
        let selection = &self.task.selection;
        let has_regex = selection.topics.iter().any(|topic| matches!(topic, TopicPattern::Regex(_)));
        let mut all = BTreeSet::new();
        // A topic that is named need not be one that may be listed.
        let names = selection.topics.iter().filter_map(|topic| match topic {
            TopicPattern::Name(name) => Some(Some(name.as_str())),
            TopicPattern::Regex(_) => None,
        });
        for asked in names.chain(has_regex.then_some(None)) {
            let asked = asked.map(str::to_owned);
            let metadata =
                self.ask("partitions", move |consumer| consumer.fetch_metadata(asked.as_deref(), PATIENCE))?;
            for topic in metadata.topics().iter().filter(|topic| selection.has_topic(topic.name())) {
                match topic.error().map(Code::from) {
                    None => {}
                    Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => {
                        return Err(Trouble::Final(KafkaError::NoTopic { topic: topic.name().to_owned() }));
                    }
                    Some(code) => return Err(Library::MetadataFetch(code).into()),
                }
                let numbers = topic.partitions().iter().map(|partition| partition.id());
                let wanted = numbers.filter(|partition| selection.has_partition(*partition));
                all.extend(wanted.map(|partition| (topic.name().to_owned(), partition)));
            }
        }
        Ok(all)
    }

    /// Where to begin with partitions that no position is known for.
    fn find_starts(&self, all: &mut [Found]) -> Result<(), Trouble> {
        let from = &self.task.from;
        if let Some(time_ms) = from.time_ms(SystemTime::now()) {
            let mut times = TopicPartitionList::new();
            for Found { topic, partition, .. } in all.iter() {
                let added = times.add_partition_offset(topic, *partition, Offset::Offset(time_ms));
                added.map_err(Trouble::from)?;
            }
            let times = self.ask("offsets of a time", move |consumer| consumer.offsets_for_times(times, PATIENCE))?;
            for found in all {
                found.start = match times.find_partition(&found.topic, found.partition).map(|place| place.offset()) {
                    Some(Offset::Offset(offset)) => offset,
                    _ => found.high,
                };
            }
            return Ok(());
        }
        for found in all {
            found.start = match from {
                StartAt::End => found.high,
                _ => from.offset(&found.topic, found.partition).unwrap_or(found.low),
            };
        }
        Ok(())
    }
}
