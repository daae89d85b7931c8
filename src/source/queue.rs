//! A file of batches: each line a JSON array, whose elements are the records of
//! one batch. The clock is virtual, as fast as it goes, or the wall clock.

use std::io::{BufRead as _, BufReader};

use super::SourceError;
use super::pace::Pace;
use super::until_stop::{Stopping, UntilStop};
use crate::frame::{BatchTime, Block, Close, End, Event, Head, Reason};
use crate::record;
use crate::stage::{Input, InputError};

/// An [`Input`] that gives one batch a line.
pub struct Queue<'a> {
    input: BufReader<UntilStop<'a>>,
    stopping: Stopping,
    /// The file's name, for messages.
    name: String,
    pace: Pace<'a>,
    interval_ms: u64,
    trace: bool,
    next_time: Option<BatchTime>,
    line: Vec<u8>,
    line_number: u64,
    block: Vec<u8>,
    records: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Head,
    Batch,
    End,
}

impl<'a> Queue<'a> {
    /// Batches from `input`, which messages call `name`; the first one's
    /// interval begins at `start`, with a wall clock at the present.
    pub fn new(
        (input, stopping): (UntilStop<'a>, Stopping),
        name: &str,
        interval_ms: u64,
        trace: bool,
        pace: Pace<'a>,
    ) -> Queue<'a> {
        Queue {
            input: BufReader::new(input),
            stopping,
            name: name.to_owned(),
            pace,
            interval_ms,
            trace,
            next_time: None,
            line: Vec::new(),
            line_number: 0,
            block: Vec::new(),
            records: 0,
            state: State::Head,
        }
    }

    fn advance(&mut self) -> Result<Event<'_>, SourceError> {
        match self.state {
            State::Head => {
                self.state = State::Batch;
                Ok(Event::Head(Head::new(self.interval_ms)))
            }
            State::Batch => {
                if self.pace.is_asked_to_stop() {
                    return Ok(Event::Close(Close::new(Reason::Stop)));
                }
                if !self.read_batch()? {
                    let reason = if self.stopping.is_stopped() { Reason::Stop } else { Reason::Eof };
                    return Ok(Event::Close(Close::new(reason)));
                }
                let previous = self.next_time;
                let Some(time) = self.pace.batch_time(self.interval_ms, previous)? else {
                    return Ok(Event::Close(Close::new(Reason::Stop)));
                };
                self.next_time = Some(time);
                self.state = State::End;
                if self.records == 0 {
                    return self.advance();
                }
                Ok(Event::Block(Block { time, records: self.records, bytes: &self.block }))
            }
            State::End => {
                self.state = State::Batch;
                let mut end = End::new(self.next_time.unwrap_or_default(), self.records);
                end.trace = self.trace.then(Vec::new);
                Ok(Event::End(end))
            }
        }
    }

    /// Reads the next line into `block` and `records`; false at the end.
    fn read_batch(&mut self) -> Result<bool, SourceError> {
        loop {
            self.line.clear();
            self.line_number += 1;
            let read = self.input.read_until(b'\n', &mut self.line);
            if read.map_err(|error| SourceError::read(&self.name, error))? == 0 {
                return Ok(false);
            }
            if self.stopping.is_stopped() && !self.line.ends_with(b"\n") {
                // An unfinished line is left at a stop.
                return Ok(false);
            }
            if !self.line.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        self.block.clear();
        self.records = 0;
        let mut array = Vec::new();
        record::canonicalize(&self.line, &mut array).map_err(|error| self.malformed(error.to_string()))?;
        if record::kind(&array) != Some(record::Kind::Array) {
            return Err(self.malformed("expected a JSON array, the records of one batch".to_owned()));
        }
        for element in record::elements(&array) {
            self.block.extend_from_slice(element);
            self.block.push(b'\n');
            self.records += 1;
        }
        Ok(true)
    }

    fn malformed(&self, message: String) -> SourceError {
        SourceError::Malformed { place: format!("{}, line {}", self.name, self.line_number), message }
    }
}

impl Input for Queue<'_> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        Ok(self.advance()?)
    }

    fn is_ready(&self) -> bool {
        // Keeping to the wall clock waits, and so may reading.
        match self.state {
            State::Batch => !self.pace.is_wall() && self.input.buffer().contains(&b'\n'),
            State::Head | State::End => true,
        }
    }
}
