//! A saved framed stream, once more: its batches keep their times and contents.
//!
//! The stream's checkpoint is left out: what is replayed is a new stream, and
//! must not open the folders of the one that was saved.

mod passage;

pub use passage::bytes_of;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::checkpoint::offsets::Position;
use crate::clock::Clock;
use crate::frame::{BatchTime, Block, Close, Event, FrameError, FrameReader, Reason};
use crate::interval::Interval;
use crate::record::forms::Bad;
use crate::source::SourceError;
use crate::source::engine::batches::{Batches, Step};
use crate::source::engine::records::ReadAgain;
use crate::source::engine::stop::StopRules;
use crate::source::kinds::replay::passage::Passage;
use crate::source::kinds::until_stop::{Stopping, UntilStop};

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

/// [`Batches`] of a saved stream.
///
/// A batch is read again by reading on to it: those that a restart sends again come before the
/// new ones, in the file as in time.
pub struct Replay<'a> {
    reader: FrameReader<UntilStop<'a>>,
    /// For messages.
    name: String,
    stopping: Stopping,
    pacer: Pacer<'a>,
    /// The batch that was begun.
    open: Option<BatchTime>,
    /// The batch that was read last, as far as it was.
    seen: Passage,
    is_inside: bool,
    is_recorded: bool,
    /// The last batch of the run before.
    newest: Option<Passage>,
    /// The same, when new batches are asked for and the stream is still to be read up to there.
    skip: Option<Passage>,
    /// The batch that is being read again.
    again: Option<Passage>,
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
        let pacer = Pacer { speed, clock, stop, interval: Interval::Fixed(1), first: None };
        Replay {
            reader: FrameReader::new(input),
            name: name.to_owned(),
            stopping,
            pacer,
            open: None,
            seen: Passage::default(),
            is_inside: false,
            is_recorded: true,
            newest: None,
            skip: None,
            again: None,
        }
    }

    fn read(&mut self) -> Result<Option<Step>, SourceError> {
        let from = self.reader.offset();
        let is_inside = self.is_inside;
        let step = match self.reader.next() {
            Err(FrameError::CutOff { .. }) if self.stopping.is_stopped() => return Ok(None),
            event => match event.map_err(|error| SourceError::frames(&self.name, error))? {
                Event::Head(head) => return Ok(Some(Step::Head(head))),
                Event::Close(close) => return Ok(Some(Step::Close(close))),
                Event::Block(Block { time, records, bytes }) => {
                    if !is_inside {
                        self.seen = Passage::at(from);
                    }
                    self.seen.add(records, bytes);
                    self.is_inside = true;
                    Step::Block { time, records }
                }
                Event::End(end) => {
                    if !is_inside {
                        self.seen = Passage::at(from);
                    }
                    self.is_inside = false;
                    self.is_recorded = false;
                    Step::End(end)
                }
            },
        };
        self.seen.to = self.reader.offset();
        Ok(Some(step))
    }

    fn advance(&mut self) -> Result<Step, SourceError> {
        let stopped = Ok(Step::Close(Close::new(Reason::Stop)));
        if let Some(newest) = self.skip.take() {
            self.skip_to(newest.to)?;
            if newest != self.seen {
                return Err(newest.gone(&self.name));
            }
        }
        if self.open.is_none() && self.pacer.is_asked_to_stop() {
            return stopped;
        }
        // A batch that was begun is given whole, stop or not.
        self.stopping.defer(self.open.is_some());
        let Some(mut step) = self.read()? else { return stopped };
        match &mut step {
            Step::Head(head) => {
                self.pacer.interval = head.interval;
                head.forget_run();
                // What is seen of a saved stream is another run, of old times.
                if head.pipeline().is_some() {
                    head.set_pipeline();
                    head.set_virtual_clock();
                }
            }
            Step::Block { time, .. } if self.open != Some(*time) => {
                if !self.pacer.wait_for(*time)? {
                    return stopped;
                }
                self.open = Some(*time);
            }
            Step::End(end) => {
                if self.open.take().is_none() && !self.pacer.wait_for(end.time)? {
                    return stopped;
                }
            }
            Step::Block { .. } | Step::Close(_) => {}
        }
        Ok(step)
    }

    /// Reads on to that byte of the stream, or past it, or to the end.
    fn skip_to(&mut self, offset: u64) -> Result<(), SourceError> {
        while self.reader.offset() < offset && !matches!(self.read()?, None | Some(Step::Close(_))) {}
        self.is_recorded = true;
        Ok(())
    }
}

impl Batches for Replay<'_> {
    fn step(&mut self) -> Result<Step, SourceError> {
        self.advance()
    }

    fn block(&self) -> &[u8] {
        self.reader.payload()
    }

    fn begins_trace(&self) -> bool {
        false
    }

    fn is_ready(&self) -> bool {
        let may_pause = self.open.is_none() && self.pacer.speed != Speed::Max;
        !may_pause && self.reader.is_buffered()
    }

    fn start_after(&mut self, _time: BatchTime, _carried: u64) {
        // What was read again is behind.
        self.skip = self.newest.filter(|newest| self.reader.offset() < newest.to);
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        Some(self)
    }
}

impl ReadAgain for Replay<'_> {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        let newest = position.since.iter().rev().chain([&position.base]).find(|bytes| !bytes.is_empty());
        self.newest = newest.map(|bytes| Passage::read(bytes, &self.name)).transpose()?;
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.is_recorded, true) {
            self.seen.write(delta);
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        self.seen.write(base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        let again = Passage::read(delta, &self.name)?;
        self.skip_to(again.from)?;
        if self.reader.offset() != again.from {
            return Err(again.gone(&self.name));
        }
        self.again = Some(again);
        Ok(())
    }

    fn next_again(&mut self, block: &mut Vec<u8>, _bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let Some(again) = self.again else { return Ok(None) };
        match self.read()? {
            Some(Step::Block { records, .. }) if self.reader.offset() <= again.to => {
                block.extend_from_slice(self.reader.payload());
                Ok(Some(records))
            }
            Some(Step::End(_)) if self.seen == again => {
                (self.again, self.is_recorded) = (None, true);
                Ok(None)
            }
            _ => Err(again.gone(&self.name)),
        }
    }
}

/// Holds batches back until their time, counted from the first one.
struct Pacer<'a> {
    speed: Speed,
    clock: &'a dyn Clock,
    stop: StopRules,
    interval: Interval,
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
        let (begin_ms, begun) = *self.first.get_or_insert((self.interval.begin(time.0), now));
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

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;
    use crate::clock::testing::ManualClock;
    use crate::flow::Waited;
    use crate::frame::{End, FrameWriter, Head};
    use crate::signal::StopSignal;
    use crate::source::kinds::stdin::Stdin;

    #[test]
    fn speeds() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("0.5x".parse(), Ok(Speed::Times(0.5)));
        for wrong in ["", "2", "x", "0x", "-1x", "infx", "NaNx"] {
            assert!(wrong.parse::<Speed>().is_err(), "{wrong}");
        }
        assert_eq!(Speed::Times(10.0).to_string(), "10x");
    }

    /// Replays batches 5000 (two blocks), 6000 (empty) and 7000, and gives when
    /// each event came, in ms.
    fn replay(speed: Speed, after: Option<u64>) -> Vec<String> {
        let mut saved = Vec::new();
        let mut writer = FrameWriter::new(&mut saved);
        writer.head(&Head::new(1000)).unwrap();
        for time in [5000, 6000, 7000].map(BatchTime) {
            let blocks = if time.0 == 6000 { 0 } else { 2 };
            for _ in 0..blocks {
                writer.block(Block { time, records: 1, bytes: b"1\n" }).unwrap();
            }
            writer.end(&End::new(time, blocks)).unwrap();
        }
        writer.close(&Close::new(Reason::Eof)).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&saved).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();

        let clock = ManualClock::at(1_000_000);
        let (signal, _stopper) = StopSignal::manual().unwrap();
        let stop = StopRules { after: after.map(Duration::from_millis), ..StopRules::signals(signal.clone()) };
        let input = Stdin::from_file(file, "saved", signal, Waited::default());
        let reader = UntilStop::new(input, &clock, stop.clone());
        let mut replay = Replay::new(reader, "saved", speed, &clock, stop);
        let mut events = Vec::new();
        loop {
            let (event, is_last) = match replay.advance().unwrap() {
                Step::Head(_) => ("head".to_owned(), false),
                Step::Block { time, .. } => (format!("{time} block"), false),
                Step::End(end) => (format!("{} end {}", end.time, end.records), false),
                Step::Close(close) => (format!("{:?}", close.reason), true),
            };
            events.push(format!("@{} {event}", clock.read().monotonic.as_millis()));
            if is_last {
                return events;
            }
        }
    }

    #[test]
    fn batches_keep_their_distances() {
        let want = |step: u64| {
            [
                "@0 head".to_owned(),
                format!("@{step} 5000 block"),
                format!("@{step} 5000 block"),
                format!("@{step} 5000 end 2"),
                format!("@{} 6000 end 0", 2 * step),
                format!("@{} 7000 block", 3 * step),
                format!("@{} 7000 block", 3 * step),
                format!("@{} 7000 end 2", 3 * step),
                format!("@{} Eof", 3 * step),
            ]
        };
        assert_eq!(replay(Speed::Times(1.0), None), want(1000));
        assert_eq!(replay(Speed::Times(10.0), None), want(100));
        assert_eq!(replay(Speed::Max, None), want(0));
    }

    #[test]
    fn a_stop_comes_between_batches() {
        let events = replay(Speed::Times(1.0), Some(2500));
        assert_eq!(events[4..], ["@2000 6000 end 0", "@2500 Stop"]);
    }
}
