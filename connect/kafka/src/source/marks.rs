//! Where partitions begin and end, asked by threads beside the one that cuts
//! batches: a broker that does not answer holds nobody up.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};

use crate::client::KafkaError;
use crate::client::listener::{Listener, code_message};
use crate::client::patience::{OVERTIME, within};
use sstream::connect::Bell;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many partitions are asked for at once: some may be of a broker that does not
/// answer.
const ASKERS: usize = 8;

/// A partition that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its index in the ledger.
    pub index: usize,
    /// Its topic.
    pub topic: String,
    /// Its number.
    pub partition: i32,
}

/// Where it begins and ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The partition's index in the ledger.
    pub index: usize,
    /// Its oldest offset, and the one behind its newest.
    pub marks: Result<(i64, i64), KafkaError>,
}

/// Takes questions, and has answers some time later.
#[derive(Debug)]
pub struct Marks {
    answers: Receiver<Answer>,
    tell: Sender<Answer>,
    bell: Bell,
}

impl Marks {
    /// `bell` is rung with each answer.
    pub fn new(bell: Bell) -> Marks {
        let (tell, answers) = mpsc::channel();
        Marks { answers, tell, bell }
    }

    /// Asks, without waiting.
    pub fn ask(&self, consumer: &Arc<BaseConsumer<Listener>>, questions: Vec<Question>) -> std::io::Result<()> {
        let askers = questions.len().min(ASKERS);
        let questions = Arc::new(Mutex::new(questions.into_iter()));
        for _ in 0..askers {
            let (consumer, questions) = (consumer.clone(), questions.clone());
            let (tell, bell) = (self.tell.clone(), self.bell.clone());
            std::thread::Builder::new().name("kafka-marks".into()).spawn(move || {
                let next = || questions.lock().unwrap_or_else(PoisonError::into_inner).next();
                while let Some(Question { index, topic, partition }) = next() {
                    let marks = look_at(&consumer, &topic, partition);
                    if tell.send(Answer { index, marks }).is_err() {
                        break;
                    }
                    bell.ring();
                }
            })?;
        }
        Ok(())
    }

    /// An answer that has come.
    pub fn answer(&self) -> Option<Answer> {
        self.answers.try_recv().ok()
    }
}

/// Where a partition begins and ends now: waits for the answer.
pub fn look_at(consumer: &Arc<BaseConsumer<Listener>>, topic: &str, partition: i32) -> Result<(i64, i64), KafkaError> {
    let what = format!("topic {topic}, partition {partition}: where it begins and ends");
    let (consumer, topic) = (consumer.clone(), topic.to_owned());
    let asked = within(PATIENCE + OVERTIME, &what, move || consumer.fetch_watermarks(&topic, partition, PATIENCE))?;
    asked.map_err(|error| KafkaError::Ask {
        what,
        message: error.rdkafka_error_code().map_or_else(|| error.to_string(), code_message),
    })
}
