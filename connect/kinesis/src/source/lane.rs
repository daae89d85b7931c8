//! A shard that is read: where it goes on, and one read after the other.

use std::sync::Arc;
use std::time::Instant;

use sstream::connect::Backoff;
use sstream::connect::record::{elements, field};

use super::chunk::{Chunk, State};
use super::ledger::{Place, Point};
use super::records::Records;
use crate::client::json::{number, object, quoted, string};
use crate::client::{Client, Fault, KinesisError};

/// Kinesis keeps records a day, or longer: what came less long ago is there.
const KEPT_MS: u64 = 24 * 3_600_000;

/// A read is to give about so many bytes: what a shard gives in a second.
const READ_BYTES: usize = 2 << 20;

/// What a read may ask for.
const RECORDS: std::ops::RangeInclusive<usize> = 10..=10_000;

/// A shard that is read.
#[derive(Debug)]
pub struct Lane {
    /// Its name.
    pub shard: Arc<str>,
    /// Where a new iterator begins: at the last record that was read, whether it is taken or not.
    place: Place,
    /// Up to this record nothing is wanted.
    after: Option<Point>,
    /// Where that is, as the service calls it; a new one is asked for if it is none.
    iterator: Option<String>,
    /// The iterator is a new one, at the record of this time that was read last: that one must come first,
    /// or others may be lost.
    is_doubtful: bool,
    /// The next read is to give so many records.
    limit: usize,
    /// So many bytes of memory a read takes.
    pub expected: usize,
    /// Nothing is wanted that came after this time, in ms since the epoch.
    pub until_ms: Option<u64>,
    /// Not to be read before.
    pub due: Instant,
    /// How long to wait after a read that came to nothing.
    pub backoff: Backoff,
    /// When it was told last that it has too many readers.
    pub told: Option<Instant>,
    /// When it was told last that nothing had come, in ms since the epoch.
    pub told_ms: u64,
}

/// What a read came to.
#[derive(Debug)]
pub struct Read {
    /// What it gave.
    pub chunk: Chunk,
    /// Records before these may be lost, for this reason.
    pub lost: Option<String>,
}

impl Lane {
    /// Of a shard that goes on there.
    pub fn new(shard: &Arc<str>, place: Place) -> Lane {
        let after = match &place {
            Place::Behind { point, .. } => Some(point.clone()),
            _ => None,
        };
        Lane {
            shard: shard.clone(),
            place,
            after,
            iterator: None,
            is_doubtful: false,
            limit: 1000,
            expected: 1 << 20,
            until_ms: None,
            due: Instant::now(),
            backoff: Backoff::default(),
            told: None,
            told_ms: 0,
        }
    }

    /// Of a shard of which a record is read again, all of it, and what comes behind it.
    pub fn at(shard: &Arc<str>, first: &Point) -> Lane {
        let place = Place::Behind { point: first.clone(), seen_ms: 0 };
        Lane { after: None, ..Lane::new(shard, place) }
    }

    /// Reads once.
    ///
    /// # Errors
    /// What came of it; the next read goes on where this one did.
    pub fn read(&mut self, client: &Client, records: &mut Records) -> Result<Read, Fault> {
        let mut lost = None;
        if self.iterator.is_none() {
            match self.iterator(client) {
                Ok(iterator) => self.iterator = Some(iterator),
                Err(Fault::Invalid(message)) if self.is_in_the_middle() => {
                    lost = Some(format!("its position is none of this stream, which was made anew ({message})"));
                    (self.place, self.after) = (Place::Oldest, None);
                    self.iterator = Some(self.iterator(client)?);
                }
                Err(Fault::Missing(message)) if message.contains(&*self.shard) => {
                    let mut chunk = Chunk::new(&self.shard);
                    chunk.state = State::End;
                    let lost = Some("it is not there any more, and was not read to its end".to_owned());
                    return Ok(Read { chunk, lost });
                }
                Err(Fault::Invalid(message)) => return Err(self.refused(client, message)),
                Err(fault) => return Err(fault),
            }
        }
        let iterator = self.iterator.clone().unwrap_or_default();
        let body = object(&[("ShardIterator", &quoted(&iterator)), ("Limit", &self.limit.to_string())]);
        let answer = match client.call("GetRecords", &body) {
            Ok(answer) => answer,
            Err(Fault::Expired) => {
                self.iterator = None;
                return Err(Fault::Expired);
            }
            Err(Fault::Invalid(message)) => return Err(self.refused(client, message)),
            Err(fault) => return Err(fault),
        };
        let strange = |message: &str| {
            let (stream, message) = (client.stream().to_owned(), format!("GetRecords: {message}"));
            Fault::Final(KinesisError::Strange { stream, message })
        };
        let mut chunk = Chunk::new(&self.shard);
        let mut count = 0;
        for record in field(&answer.json, b"Records").into_iter().flat_map(elements) {
            let sequence = records.push(record, self.after.as_ref(), &mut chunk).map_err(strange)?;
            if count == 0 {
                lost = lost.or_else(|| self.doubt(Some(&sequence), answer.now_ms));
            }
            count += 1;
        }
        let is_tip = number(&answer.json, "MillisBehindLatest") == Some(0.0);
        let next = string(&answer.json, "NextShardIterator");
        if count == 0 && (is_tip || next.is_none()) {
            lost = lost.or_else(|| self.doubt(None, answer.now_ms));
        }
        chunk.state = match &next {
            None => State::End,
            Some(_) if count == 0 && is_tip => State::Tip(answer.now_ms),
            Some(_) => State::More,
        };
        self.iterator = next;
        if let Some((point, came_ms)) = chunk.last() {
            self.after = Some(point.clone());
            self.place = Place::Behind { point: point.clone(), seen_ms: came_ms };
        } else if let (State::Tip(now_ms), Place::Behind { seen_ms, .. }) = (chunk.state, &mut self.place) {
            *seen_ms = now_ms;
        }
        if let Some(size) = answer.json.len().checked_div(count) {
            self.limit = (READ_BYTES / size.max(1)).clamp(*RECORDS.start(), *RECORDS.end());
        }
        self.expected = (chunk.cost() * 2 + answer.json.len()).max(1 << 16);
        Ok(Read { chunk, lost })
    }

    /// Whether it goes on at a record, and not at a time or the beginning.
    fn is_in_the_middle(&self) -> bool {
        matches!(self.place, Place::Behind { .. })
    }

    /// An iterator for where it goes on.
    fn iterator(&mut self, client: &Client) -> Result<String, Fault> {
        let kind = |name: &str| ("ShardIteratorType", format!("\"{name}\""));
        let (stream, shard) = (quoted(client.stream()), quoted(&self.shard));
        let mut members = vec![("StreamName", stream), ("ShardId", shard)];
        match &self.place {
            Place::Oldest => members.push(kind("TRIM_HORIZON")),
            // Nobody reads on where there is nothing more.
            Place::Latest(_) | Place::Ended => members.push(kind("LATEST")),
            Place::Time(time_ms) => {
                members.push(kind("AT_TIMESTAMP"));
                members.push(("Timestamp", format!("{}.{:03}", time_ms / 1000, time_ms % 1000)));
            }
            // That record shows that nothing was lost, and may be an aggregate with more in it.
            Place::Behind { point, .. } => {
                members.push(kind("AT_SEQUENCE_NUMBER"));
                members.push(("StartingSequenceNumber", quoted(&point.sequence)));
            }
        }
        let members: Vec<(&str, &str)> = members.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = client.call("GetShardIterator", &object(&members))?;
        self.is_doubtful = self.is_in_the_middle();
        if let Place::Latest(time_ms) = self.place {
            // Another one for the same place would be for a later one.
            self.place = Place::Time(time_ms);
        }
        string(&answer.json, "ShardIterator").ok_or_else(|| {
            let message = "GetShardIterator: it gives none".to_owned();
            Fault::Final(KinesisError::Strange { stream: client.stream().to_owned(), message })
        })
    }

    /// Why records before the first that came may be lost, if they may.
    fn doubt(&mut self, first: Option<&Arc<str>>, now_ms: u64) -> Option<String> {
        let Place::Behind { point: Point { sequence, .. }, seen_ms } = &self.place else { return None };
        let is_doubtful = std::mem::take(&mut self.is_doubtful);
        // What has come since then is kept.
        let is_young = now_ms < seen_ms.saturating_add(KEPT_MS);
        (is_doubtful && first != Some(sequence) && !is_young).then(|| {
            format!(
                "the record that was read last, {sequence}, is older than what the stream keeps: records behind it may \
                 be lost"
            )
        })
    }

    fn refused(&self, client: &Client, message: String) -> Fault {
        let message = format!("{}: {message}", self.shard);
        Fault::Final(KinesisError::Refused { stream: client.stream().to_owned(), message, advice: "see --from" })
    }
}
