//! A saved framed stream, once more: its batches keep their times and contents.
//!
//! The stream's checkpoint is left out: what is replayed is a new stream, and
//! must not open the folders of the one that was saved.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::SourceError;
use super::stop::StopRules;
use super::until_stop::{Stopping, UntilStop};
use crate::clock::Clock;
use crate::frame::{BatchTime, Close, Event, FrameError, FrameReader, Reason};
use crate::stage::{Input, InputError};

/// Keys of a head that belong to the run that was saved.
const OF_THE_RUN: [&str; 3] = ["checkpoint", "run", "resume"];

/// How fast batches follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as they are read.
    Max,
    /// So many times as fast as their times say.
    Times(f64),
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Speed, String> {
        if text == "max" {
            return Ok(Speed::Max);
        }
        match text.strip_suffix('x').and_then(|number| number.parse::<f64>().ok()) {
            Some(times) if times.is_finite() && (1e-6..=1e6).contains(&times) => Ok(Speed::Times(times)),
            _ => Err("a speed is written as 1x, 0.5x, 10x or max".to_owned()),
        }
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Speed::Max => f.write_str("max"),
            Speed::Times(times) => write!(f, "{times}x"),
        }
    }
}

/// An [`Input`] that reads a saved stream.
pub struct Replay<'a> {
    reader: FrameReader<UntilStop<'a>>,
    /// For messages.
    name: String,
    stopping: Stopping,
    pacer: Pacer<'a>,
    /// The batch that was begun.
    open: Option<BatchTime>,
}

impl<'a> Replay<'a> {
    /// The stream that `input` reads, which messages call `name`.
    pub fn new(
        (input, stopping): (UntilStop<'a>, Stopping),
        name: &str,
        speed: Speed,
        clock: &'a dyn Clock,
        stop: StopRules,
    ) -> Replay<'a> {
        let pacer = Pacer { speed, clock, stop, interval_ms: 0, first: None };
        Replay { reader: FrameReader::new(input), name: name.to_owned(), stopping, pacer, open: None }
    }

    fn advance(&mut self) -> Result<Event<'_>, InputError> {
        let stopped = Ok(Event::Close(Close::new(Reason::Stop)));
        if self.open.is_none() && self.pacer.is_asked_to_stop() {
            return stopped;
        }
        // A batch that was begun is given whole, stop or not.
        self.stopping.defer(self.open.is_some());
        let mut event = match self.reader.next() {
            Err(FrameError::CutOff { .. }) if self.stopping.is_stopped() => return stopped,
            event => event.map_err(|error| InputError::Source(SourceError::frames(&self.name, error)))?,
        };
        match &mut event {
            Event::Head(head) => {
                self.pacer.interval_ms = head.interval_ms;
                OF_THE_RUN.iter().for_each(|key| drop(head.other.shift_remove(*key)));
            }
            Event::Block(block) if self.open != Some(block.time) => {
                if !self.pacer.wait_for(block.time)? {
                    return stopped;
                }
                self.open = Some(block.time);
            }
            Event::End(end) => {
                if self.open.take().is_none() && !self.pacer.wait_for(end.time)? {
                    return stopped;
                }
            }
            Event::Block(_) | Event::Close(_) => {}
        }
        Ok(event)
    }
}

impl Input for Replay<'_> {
    fn next(&mut self) -> Result<Event<'_>, InputError> {
        self.advance()
    }

    fn is_ready(&self) -> bool {
        let may_pause = self.open.is_none() && self.pacer.speed != Speed::Max;
        !may_pause && self.reader.is_buffered()
    }
}

/// Holds batches back until their time, counted from the first one.
struct Pacer<'a> {
    speed: Speed,
    clock: &'a dyn Clock,
    stop: StopRules,
    interval_ms: u64,
    /// When the first batch's interval began: in the stream, and here, by the
    /// monotonic clock.
    first: Option<(u64, Duration)>,
}

impl Pacer<'_> {
    fn is_asked_to_stop(&self) -> bool {
        let now = self.clock.read().monotonic;
        self.stop.is_due(now, now)
    }

    /// Waits until the batch of this time is over. False when the source is to
    /// stop instead.
    fn wait_for(&mut self, time: BatchTime) -> Result<bool, SourceError> {
        let Speed::Times(times) = self.speed else { return Ok(true) };
        let mut now = self.clock.read().monotonic;
        let (begin_ms, begun) = *self.first.get_or_insert((time.0.saturating_sub(self.interval_ms), now));
        let due = begun + Duration::from_secs_f64(time.0.saturating_sub(begin_ms) as f64 / 1000.0 / times);
        while now < due {
            if self.stop.is_due(now, now) {
                return Ok(false);
            }
            self.stop.pause(self.clock, due - now)?;
            now = self.clock.read().monotonic;
        }
        Ok(true)
    }
}
