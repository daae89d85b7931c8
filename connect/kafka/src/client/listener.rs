//! Making clients, and what they say on stderr while they run.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError as Library, RDKafkaErrorCode};
use rdkafka::message::DeliveryResult;
use rdkafka::producer::ProducerContext;

use super::KafkaError;
use super::settings::Settings;
use sstream::connect::Console;

/// While brokers stay away, this is said again so often.
const SAY_AGAIN: Duration = Duration::from_secs(60);

/// The client's properties: `own`, then the user's.
pub fn configure(settings: &Settings, own: &[(&str, &str)]) -> Result<ClientConfig, KafkaError> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &settings.brokers).set("client.id", "sstream");
    // Soon enough for people to notice, and not so often as to be a burden.
    config.set("reconnect.backoff.max.ms", "5000");
    for (name, value) in own {
        config.set(*name, *value);
    }
    for (place, property) in settings.properties()? {
        config.set(&property.name, &property.value);
        // One by one, so that the message names the place.
        config.create_native_config().map_err(|error| match error {
            Library::ClientConfig(_, message, name, _) => KafkaError::Property { place, name, message },
            error => KafkaError::Create { message: error.to_string() },
        })?;
    }
    Ok(config)
}

/// What librdkafka said, without its own name for where it was said.
pub fn message_of(error: &Library) -> String {
    match error {
        Library::Transaction(error) => error.string(),
        Library::ClientCreation(message) => message.clone(),
        Library::ClientConfig(_, message, name, _) => format!("{name}: {message}"),
        error => error.rdkafka_error_code().map_or_else(|| error.to_string(), code_message),
    }
}

/// The words for a code, without the code: "Broker: Unknown topic or partition".
pub fn code_message(code: RDKafkaErrorCode) -> String {
    let text = code.to_string();
    // `UnknownTopic (Broker: Unknown topic or partition)`
    match (text.find('('), text.ends_with(')')) {
        (Some(at), true) => text[at + 1..text.len() - 1].to_owned(),
        _ => text,
    }
}

/// Hears what a client says, from whatever thread.
#[derive(Debug)]
pub struct Listener {
    console: Console,
    brokers: String,
    heard: Mutex<Heard>,
}

#[derive(Debug, Default)]
struct Heard {
    /// The brokers are away, and it was said at that time.
    away: Option<Instant>,
    /// What ends the stage.
    fatal: Option<String>,
    failed: u64,
    failure: Option<String>,
    /// Partitions that a group has taken from us, and nobody was told of yet.
    revoked: Vec<(String, i32)>,
}

impl Listener {
    /// For a client of these settings.
    pub fn new(settings: &Settings, console: Console) -> Listener {
        Listener { console, brokers: settings.brokers.clone(), heard: Mutex::default() }
    }

    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error that ends the stage, if the client said one.
    pub fn check(&self) -> Result<(), KafkaError> {
        match &self.heard().fatal {
            Some(message) => Err(KafkaError::Fatal { brokers: self.brokers.clone(), message: message.clone() }),
            None => Ok(()),
        }
    }

    /// Something came from a broker: they are there.
    pub fn note_back(&self) {
        if self.heard().away.take().is_some() {
            self.console.warn(&format!("kafka: {} answers again", self.brokers));
        }
    }

    /// A broker did not answer, which is waited for.
    pub fn note_away(&self, reason: &str) {
        let mut heard = self.heard();
        if heard.away.is_none_or(|said| said.elapsed() >= SAY_AGAIN) {
            heard.away = Some(Instant::now());
            self.console.warn(&format!("kafka: {} does not answer, waiting for it: {reason}", self.brokers));
        }
    }

    /// The partitions that a group has taken from us since the last call.
    pub fn revoked(&self) -> Vec<(String, i32)> {
        std::mem::take(&mut self.heard().revoked)
    }

    /// Messages to `topic` that were not delivered since the last call.
    pub fn delivered(&self, topic: &str) -> Result<(), KafkaError> {
        let mut heard = self.heard();
        let failed = std::mem::take(&mut heard.failed);
        match heard.failure.take() {
            Some(message) => Err(KafkaError::Delivery { topic: topic.to_owned(), failed, message }),
            None => Ok(()),
        }
    }
}

impl ClientContext for Listener {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        // The library says so in its log each time, and as an error nearly always: one time in twelve
        // on a busy machine it did not, and the stage would have waited for ever.
        if facility == "FAIL" && message.contains("certificate verify failed") {
            self.heard().fatal.get_or_insert(message.to_owned());
        }
        if (level as i32) <= RDKafkaLogLevel::Notice as i32 {
            self.console.info(&format!("kafka: {facility}: {message}"));
        }
    }

    fn error(&self, error: Library, reason: &str) {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code() {
            Some(code @ (Code::Authentication | Code::SaslAuthenticationFailed | Code::UnsupportedSASLMechanism)) => {
                let reason = if reason.is_empty() { code_message(code) } else { reason.to_owned() };
                self.heard().fatal.get_or_insert(format!("the broker did not let us in: {reason}"));
            }
            Some(Code::Fatal | Code::SSL) => {
                self.heard().fatal.get_or_insert(reason.to_owned());
            }
            // What a partition's queue says is for who reads it.
            Some(Code::PartitionEOF | Code::AutoOffsetReset | Code::OffsetOutOfRange) => {}
            Some(Code::AllBrokersDown | Code::Resolve) => self.note_away(reason),
            _ => self.console.info(&format!("kafka: {reason}")),
        }
    }
}

impl ConsumerContext for Listener {
    fn pre_rebalance(&self, _: &BaseConsumer<Listener>, rebalance: &Rebalance<'_>) {
        // In both protocols; when all are lost the assignment is still there.
        if let Rebalance::Revoke(list) = rebalance {
            let elements = list.elements();
            let revoked = elements.iter().map(|place| (place.topic().to_owned(), place.partition()));
            self.heard().revoked.extend(revoked);
        }
    }
}

impl ProducerContext for Listener {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        match result {
            Ok(_) => {}
            // What a broken transaction takes back is no news.
            Err((Library::MessageProduction(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight), _)) => {}
            Err((error, _)) => {
                let mut heard = self.heard();
                heard.failed += 1;
                heard.failure.get_or_insert_with(|| message_of(error));
            }
        }
    }
}
