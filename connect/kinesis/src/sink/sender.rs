//! Calls of PutRecords, each sent until all of its records are taken.
//!
//! Of a call the service may take some records and not others, which are sent again: so they come behind
//! those of their call that were taken, and before those of the next one.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sstream::connect::record::{elements, field, push_string};
use sstream::connect::{Backoff, OpError, OutletError, StopSignal, Waited, wait_readable};

use super::message::Message;
use crate::client::json::{quoted, string};
use crate::client::{Client, Fault, KinesisError};

/// A call has so many records at most.
const RECORDS: usize = 500;

/// A call has so many bytes of data and keys at most.
const BYTES: usize = 5 << 20;

/// Asked to stop, a service that takes nothing is waited for so long.
const AT_A_STOP: Duration = Duration::from_secs(10);

/// Takes a bad record, and why it is one.
pub type Refused<'b> = dyn FnMut(&[u8], &str) -> Result<(), OpError> + 'b;

/// Sends records.
pub struct Sender {
    client: Client,
    /// Give up after so long; never, if it is none.
    retry_for: Option<Duration>,
    stop: StopSignal,
    waited: Waited,
    backoff: Backoff,
    /// The records of the next call.
    entries: Vec<Entry>,
    /// Their data and keys have so many bytes.
    bytes: usize,
}

struct Entry {
    /// The record that it was made of.
    record: Vec<u8>,
    /// As it stands in a call.
    json: Vec<u8>,
}

impl Sender {
    /// Speaks to nobody yet.
    pub fn new(client: Client, retry_for: Option<Duration>, stop: StopSignal, waited: Waited) -> Sender {
        let (backoff, entries) = (Backoff::default(), Vec::new());
        Sender { client, retry_for, stop, waited, backoff, entries, bytes: 0 }
    }

    /// Sends a message, sooner or later.
    ///
    /// # Errors
    /// As [`Sender::settle`].
    pub fn send(&mut self, message: &Message, record: &[u8], bad: &mut Refused<'_>) -> Result<(), OutletError> {
        let bytes = message.data.len() + message.key.len();
        if self.entries.len() == RECORDS || self.bytes + bytes > BYTES {
            self.settle(bad)?;
        }
        let mut json = Vec::with_capacity(message.data.len() * 4 / 3 + message.key.len() + 40);
        json.extend_from_slice(b"{\"Data\":\"");
        json.extend_from_slice(STANDARD.encode(&message.data).as_bytes());
        json.extend_from_slice(b"\",\"PartitionKey\":");
        push_string(message.key.as_bytes(), &mut json);
        json.push(b'}');
        self.entries.push(Entry { record: record.to_vec(), json });
        self.bytes += bytes;
        Ok(())
    }

    /// Sends all messages that were not sent yet, and waits until they are taken.
    ///
    /// # Errors
    /// We are not let in, there is no such stream, or it was tried for long enough.
    pub fn settle(&mut self, bad: &mut Refused<'_>) -> Result<(), OutletError> {
        let entries = std::mem::take(&mut self.entries);
        self.bytes = 0;
        self.deliver(entries, bad)
    }

    fn deliver(&mut self, mut entries: Vec<Entry>, bad: &mut Refused<'_>) -> Result<(), OutletError> {
        while !entries.is_empty() {
            let (client, waited) = (&self.client, &self.waited);
            let called = waited.during(|| client.call("PutRecords", &body(client.stream(), &entries)));
            let message = match called {
                Ok(answer) => match keep_refused(&mut entries, &answer.json) {
                    None => {
                        self.note_back();
                        return Ok(());
                    }
                    Some(Partly { message, has_taken }) => {
                        if has_taken {
                            // There is room, if not for all at once.
                            self.note_back();
                            self.pause();
                            continue;
                        }
                        message
                    }
                },
                Err(Fault::Invalid(message)) => {
                    if let [entry] = &entries[..] {
                        bad(&entry.record, &message)?;
                        return Ok(());
                    }
                    // One by one it shows which it is.
                    for entry in entries {
                        self.deliver(vec![entry], bad)?;
                    }
                    return Ok(());
                }
                Err(Fault::Passing(message) | Fault::Throttled(message)) => message,
                Err(fault) => return Err(crate::client::error_of(&self.client, fault).into()),
            };
            let tried = self.client.patience().note_away(&message);
            let is_over =
                self.retry_for.is_some_and(|limit| tried >= limit) || (self.stop.is_asked() && tried >= AT_A_STOP);
            if is_over {
                let (stream, advice) = (self.client.stream().to_owned(), "with --checkpoint a restart sends it again");
                return Err(KinesisError::GaveUp { stream, message, tried, advice }.into());
            }
            self.pause();
        }
        Ok(())
    }

    fn note_back(&mut self) {
        self.backoff.reset();
        self.client.patience().note_back();
    }

    fn pause(&mut self) {
        let delay = self.backoff.next();
        self.waited.during(|| match self.stop.is_asked() {
            true => std::thread::sleep(delay.min(Duration::from_secs(1))),
            // A stop is no reason to try at once, but to look at the time again.
            false => drop(wait_readable(self.stop.wake(), None, Some(delay))),
        });
    }
}

fn body(stream: &str, entries: &[Entry]) -> String {
    let records: Vec<&str> = entries.iter().filter_map(|entry| std::str::from_utf8(&entry.json).ok()).collect();
    format!("{{\"StreamName\":{},\"Records\":[{}]}}", quoted(stream), records.join(","))
}

/// Not all of a call was taken.
struct Partly {
    /// Why not.
    message: String,
    /// Whether some was.
    has_taken: bool,
}

/// Keeps those entries that the answer says were not taken, in their order; none, if all were.
fn keep_refused(entries: &mut Vec<Entry>, answer: &[u8]) -> Option<Partly> {
    let results = field(answer, b"Records").unwrap_or_default();
    let mut message = None;
    let before = entries.len();
    let mut results = elements(results);
    entries.retain(|_| {
        // What it does not speak of it may not have taken.
        let Some(result) = results.next() else { return true };
        let code = string(result, "ErrorCode");
        if let (Some(code), None) = (&code, &message) {
            let words = string(result, "ErrorMessage").unwrap_or_default();
            message = Some(format!("PutRecords: {code}: {words}"));
        }
        code.is_some()
    });
    let message = message.unwrap_or_else(|| "PutRecords: the answer does not say what was taken".to_owned());
    (!entries.is_empty()).then_some(Partly { message, has_taken: entries.len() < before })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(answer: &str) -> (Vec<String>, Option<(String, bool)>) {
        let entry = |name: &str| Entry { record: name.as_bytes().to_vec(), json: Vec::new() };
        let mut entries: Vec<Entry> = ["a", "b", "c"].map(entry).into();
        let partly = keep_refused(&mut entries, answer.as_bytes());
        let left = entries.into_iter().map(|entry| String::from_utf8(entry.record).unwrap()).collect();
        (left, partly.map(|partly| (partly.message, partly.has_taken)))
    }

    #[test]
    fn what_was_not_taken_is_kept_in_its_order() {
        let (ok, no) = ("{\"SequenceNumber\":\"1\"}", "{\"ErrorCode\":\"Slow\",\"ErrorMessage\":\"too fast\"}");
        assert_eq!(refused(&format!("{{\"Records\":[{ok},{ok},{ok}]}}")), (vec![], None));
        let slow = "PutRecords: Slow: too fast".to_owned();
        let some = refused(&format!("{{\"Records\":[{no},{ok},{no}]}}"));
        assert_eq!(some, (vec!["a".to_owned(), "c".to_owned()], Some((slow.clone(), true))));
        assert_eq!(refused(&format!("{{\"Records\":[{no},{no},{no}]}}")).1, Some((slow, false)));
        assert_eq!(refused(&format!("{{\"Records\":[{ok}]}}")).0, ["b", "c"]);
        assert_eq!(refused("").0.len(), 3);
    }
}
