//! Batches become transactions.
//!
//! A transaction has the batch's time in it, in a key of this sink's own. Before it that key is watched and
//! read: a batch that is there is left out, and a transaction of a connection that was
//! lost, which the server may still come to, lets the one that was begun after it come to nothing.

use std::collections::BTreeMap;

use sstream::connect::{BadRecords, BatchTime, Block, OutletError, Sink, Spool, Under};
use sstream_tables::fault::TableError;
use sstream_tables::patience::Patience;
use sstream_tables::{Failed, Fault};

use crate::connection::{Connection, Place, of_reply};
use crate::protocol::{Reply, push_command};
use crate::template::Template;

/// Commands are sent in pieces of about so many bytes.
const PIECE: usize = 256 << 10;

/// Without a checkpoint the key of a run that was killed stays this long, in seconds.
const FORGOTTEN_AFTER: &str = "86400";

/// Runs commands.
pub struct RedisSink<'a> {
    /// The server.
    pub place: Place,
    /// A record has each of these commands.
    pub templates: Vec<Template>,
    /// How a server that is away is waited for.
    pub patience: Patience,
    /// What becomes of what the server refuses.
    pub bad_records: &'a BadRecords,
    /// The batch.
    pub spool: Spool,
    /// Where the newest batch's time is kept.
    pub key: String,
    /// Whether the key is that of a checkpoint.
    pub is_kept: bool,
    /// The connection, if there is one.
    pub connection: Option<Connection>,
    /// Records of the batch that are refused, by their place in it; a reason that was told is none.
    pub refused: BTreeMap<u64, Option<String>>,
}

impl RedisSink<'_> {
    /// Has something done until it is done, or will never be.
    fn insist<T>(&mut self, mut attempt: impl FnMut(&mut Self) -> Result<T, Failed>) -> Result<T, OutletError> {
        loop {
            match self.patience.waited().during(|| attempt(self)) {
                Ok(done) => {
                    self.patience.note_back();
                    return Ok(done);
                }
                Err(Failed::Over(error)) => return Err(error),
                Err(Failed::Fault(Fault::Away(message))) => {
                    self.connection = None;
                    self.patience.pause(message)?;
                }
                // Without what was refused it will do better.
                Err(Failed::Fault(Fault::Again(_))) => {}
                Err(Failed::Fault(Fault::Refused(message) | Fault::Columns(message) | Fault::Hopeless(message))) => {
                    return Err(TableError::Hopeless { name: self.patience.name().to_owned(), message }.into());
                }
            }
        }
    }

    fn connect(&mut self) -> Result<&mut Connection, Fault> {
        match &mut self.connection {
            Some(connection) => Ok(connection),
            none => Ok(none.insert(Connection::open(&self.place)?)),
        }
    }

    /// The newest batch that the server has of this sink.
    fn newest(&mut self) -> Result<Option<BatchTime>, Fault> {
        let key = self.key.clone();
        match self.connect()?.ask(&["get", &key])? {
            Reply::Text(None) => Ok(None),
            Reply::Text(Some(text)) => match std::str::from_utf8(&text).ok().and_then(|text| text.parse().ok()) {
                Some(time) => Ok(Some(BatchTime(time))),
                None => Err(Fault::Hopeless(format!("the key {key} has no batch's time: it is this sink's own"))),
            },
            reply => Err(Fault::Hopeless(format!("the key {key} is answered with {reply:?}"))),
        }
    }

    /// Tries to write the batch.
    fn write(&mut self, time: BatchTime) -> Result<(), Failed> {
        let key = self.key.clone();
        self.connect()?.ask(&["watch", &key])?;
        if self.newest()?.is_some_and(|newest| newest >= time) {
            self.connect()?.ask(&["unwatch"])?;
            return Ok(());
        }
        let senders = self.send(time)?;
        let Some(connection) = &mut self.connection else { return Err(Fault::Away("it was lost".to_owned()).into()) };
        // Of MULTI; then of each command; then of the key's own.
        let mut fault = None;
        for sender in std::iter::once(None).chain(senders.iter().map(Some)).chain([None]) {
            let Reply::Error(error) = connection.reply()? else { continue };
            match (of_reply(error), sender) {
                (Fault::Refused(reason), Some(record)) => drop(self.refused.entry(*record).or_insert(Some(reason))),
                (other, _) => fault = Some(other),
            }
        }
        if fault.is_some() || self.refused.values().any(Option::is_some) {
            connection.ask(&["discard"])?;
            return Err(fault.unwrap_or_else(|| Fault::Again(String::new())).into());
        }
        match connection.ask(&["exec"])? {
            Reply::Array(Some(replies)) => {
                for (reply, record) in replies.into_iter().zip(&senders) {
                    if let Reply::Error(reason) = reply {
                        self.refused.entry(*record).or_insert(Some(reason));
                    }
                }
                Ok(())
            }
            // The transaction of a connection that was lost has come in between.
            _ => Err(Fault::Again(String::new()).into()),
        }
    }

    /// Sends the transaction but for its end, without what was refused: for each command, which record it is of.
    fn send(&mut self, time: BatchTime) -> Result<Vec<u64>, Failed> {
        let RedisSink { templates, bad_records, spool, key, is_kept, connection, refused, .. } = self;
        let Some(connection) = connection else { return Err(Fault::Away("it was lost".to_owned()).into()) };
        let (mut senders, mut bytes) = (Vec::new(), Vec::new());
        push_command(&["multi"], &mut bytes);
        let mut blocks = spool.blocks();
        let mut place = 0;
        while let Some(block) = blocks.next().map_err(OutletError::from)? {
            for record in block {
                place += 1;
                match refused.get_mut(&place).map(Option::take) {
                    None => {}
                    Some(None) => continue,
                    Some(Some(reason)) => {
                        bad_records.take(time, record, &reason).map_err(OutletError::from)?;
                        continue;
                    }
                }
                let commands: Result<Vec<_>, _> =
                    templates.iter_mut().map(|template| template.words(record, time)).collect();
                match commands {
                    Ok(commands) => {
                        for words in commands {
                            push_command(&words, &mut bytes);
                            senders.push(place);
                        }
                    }
                    Err(reason) => {
                        bad_records.take(time, record, &reason).map_err(OutletError::from)?;
                        refused.insert(place, None);
                    }
                }
                if bytes.len() >= PIECE {
                    connection.send(&bytes)?;
                    bytes.clear();
                }
            }
        }
        let time = time.to_string();
        match is_kept {
            true => push_command(&["set", key, &time], &mut bytes),
            false => push_command(&["set", key, &time, "ex", FORGOTTEN_AFTER], &mut bytes),
        }
        connection.send(&bytes)?;
        Ok(senders)
    }

    /// Tells what was refused when the rest was done.
    fn tell(&mut self, time: BatchTime) -> Result<(), OutletError> {
        if !self.refused.values().any(Option::is_some) {
            return Ok(());
        }
        let mut blocks = self.spool.blocks();
        let mut place = 0;
        while let Some(block) = blocks.next()? {
            for record in block {
                place += 1;
                if let Some(reason) = self.refused.get_mut(&place).and_then(Option::take) {
                    self.bad_records.take(time, record, &reason)?;
                }
            }
        }
        Ok(())
    }
}

impl Sink for RedisSink<'_> {
    fn begin(&mut self, under: &Under<'_>) -> Result<Option<BatchTime>, OutletError> {
        self.key = format!("sstream:commits:{}/{}", under.job, under.stage);
        self.is_kept = true;
        self.insist(|this| Ok(this.newest()?))
    }

    fn block(&mut self, block: Block<'_>) -> Result<(), OutletError> {
        Ok(self.spool.append(block)?)
    }

    fn end(&mut self, time: BatchTime, _: u64) -> Result<(), OutletError> {
        // Nothing is as good twice as once.
        if self.spool.is_empty() {
            return Ok(());
        }
        self.refused.clear();
        self.insist(|this| this.write(time))?;
        self.tell(time)?;
        self.spool.clear();
        Ok(())
    }

    fn close(&mut self, complete: bool) -> Result<(), OutletError> {
        if !complete || self.is_kept || self.connection.is_none() {
            return Ok(());
        }
        self.insist(|this| {
            let key = this.key.clone();
            this.connect()?.ask(&["del", &key])?;
            Ok(())
        })
    }
}
