//! A file of batches: each line a JSON array, whose elements are the records of
//! one batch. The clock is virtual, as fast as it goes, or the wall clock.

mod lines;

pub use lines::bytes_of;

use std::fs::File;
use std::io::{BufRead as _, BufReader};

use crate::checkpoint::offsets::Position;
use crate::frame::{BatchTime, Close, End, Head, Reason};
use crate::interval::Interval;
use crate::record;
use crate::record::forms::Bad;
use crate::source::SourceError;
use crate::source::engine::batches::{Batches, Step};
use crate::source::engine::pace::Pace;
use crate::source::engine::records::ReadAgain;
use crate::source::kinds::queue::lines::{Line, QueueLines};
use crate::source::kinds::until_stop::{Stopping, UntilStop};

/// [`Batches`] of which each is a line.
pub struct Queue<'a> {
    input: BufReader<UntilStop<'a>>,
    stopping: Stopping,
    /// The file's name, for messages.
    name: String,
    pace: Pace<'a>,
    interval: Interval,
    trace: bool,
    next_time: Option<BatchTime>,
    line: Vec<u8>,
    /// Where the last line is.
    at: Line,
    /// The line's batch was recorded in the offsets.
    is_recorded: bool,
    /// The file, to read lines again.
    lines: Option<QueueLines>,
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
        interval: Interval,
        trace: bool,
        pace: Pace<'a>,
    ) -> Queue<'a> {
        Queue {
            input: BufReader::new(input),
            stopping,
            name: name.to_owned(),
            pace,
            interval,
            trace,
            next_time: None,
            line: Vec::new(),
            at: Line::default(),
            is_recorded: true,
            lines: None,
            block: Vec::new(),
            records: 0,
            state: State::Head,
        }
    }

    /// Under a checkpoint, lines are read again from `file`, which shares its place
    /// with the input. `skip_lost` goes on in another file than the checkpoint's from its
    /// beginning.
    pub fn read_again_from(self, file: File, skip_lost: bool) -> Queue<'a> {
        let lines = Some(QueueLines::new(file, &self.name, skip_lost));
        Queue { lines, ..self }
    }

    fn advance(&mut self) -> Result<Step, SourceError> {
        match self.state {
            State::Head => {
                self.state = State::Batch;
                let mut head = Head::new(self.interval);
                if self.trace && !self.pace.is_wall() {
                    head.set_virtual_clock();
                }
                Ok(Step::Head(head))
            }
            State::Batch => {
                if self.pace.is_asked_to_stop() {
                    return Ok(Step::Close(Close::new(Reason::Stop)));
                }
                if !self.read_batch()? {
                    let reason = if self.stopping.is_stopped() { Reason::Stop } else { Reason::Eof };
                    return Ok(Step::Close(Close::new(reason)));
                }
                let previous = self.next_time;
                let Some(time) = self.pace.batch_time(self.interval, previous)? else {
                    return Ok(Step::Close(Close::new(Reason::Stop)));
                };
                self.next_time = Some(time);
                self.state = State::End;
                if self.records == 0 {
                    return self.advance();
                }
                Ok(Step::Block { time, records: self.records })
            }
            State::End => {
                self.state = State::Batch;
                let mut end = End::new(self.next_time.unwrap_or_default(), self.records);
                end.trace = self.trace.then(Vec::new);
                Ok(Step::End(end))
            }
        }
    }

    /// Reads the next line into `block` and `records`; false at the end.
    fn read_batch(&mut self) -> Result<bool, SourceError> {
        loop {
            self.line.clear();
            let read = self.input.read_until(b'\n', &mut self.line);
            if read.map_err(|error| SourceError::read(&self.name, error))? == 0 {
                return Ok(false);
            }
            if self.stopping.is_stopped() && !self.line.ends_with(b"\n") {
                // An unfinished line is left at a stop.
                return Ok(false);
            }
            self.at = self.at.next(&self.line);
            if !record::without_mark(&self.line).iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        self.is_recorded = false;
        self.block.clear();
        self.records = push_batch(&self.line, &mut self.block)
            .map_err(|message| malformed(&self.name, self.at.number, message))?;
        Ok(true)
    }
}

/// Appends the records of a line, and counts them; or says what is wrong with it.
fn push_batch(line: &[u8], block: &mut Vec<u8>) -> Result<u64, String> {
    let mut array = Vec::new();
    record::canonicalize(record::without_mark(line), &mut array).map_err(|error| error.to_string())?;
    if record::kind(&array) != Some(record::Kind::Array) {
        return Err("expected a JSON array, the records of one batch".to_owned());
    }
    let mut records = 0;
    for element in record::elements(&array) {
        block.extend_from_slice(element);
        block.push(b'\n');
        records += 1;
    }
    Ok(records)
}

fn malformed(name: &str, line_number: u64, message: String) -> SourceError {
    SourceError::Malformed { place: format!("{name}, line {line_number}"), message }
}

impl Batches for Queue<'_> {
    fn step(&mut self) -> Result<Step, SourceError> {
        self.advance()
    }

    fn block(&self) -> &[u8] {
        &self.block
    }

    fn begins_trace(&self) -> bool {
        self.trace
    }

    fn is_ready(&self) -> bool {
        // Keeping to the wall clock waits, and so may reading.
        match self.state {
            State::Batch => !self.pace.is_wall() && self.input.buffer().contains(&b'\n'),
            State::Head | State::End => true,
        }
    }

    fn start_after(&mut self, time: BatchTime, _carried: u64) {
        self.next_time = Some(time);
        self.pace.start_after(self.interval, time);
    }

    fn replay(&mut self) -> Option<&mut dyn ReadAgain> {
        self.lines.is_some().then_some(self as &mut dyn ReadAgain)
    }
}

impl ReadAgain for Queue<'_> {
    fn restore(&mut self, position: &Position) -> Result<(), SourceError> {
        if let Some(lines) = &mut self.lines {
            self.at = lines.restore(position)?;
        }
        Ok(())
    }

    fn position(&mut self, delta: &mut Vec<u8>) {
        if !std::mem::replace(&mut self.is_recorded, true) {
            self.at.write(delta);
        }
    }

    fn base(&mut self, base: &mut Vec<u8>) {
        self.at.write(base);
    }

    fn begin_again(&mut self, delta: &[u8]) -> Result<(), SourceError> {
        self.lines.as_mut().map_or(Ok(()), |lines| lines.begin(delta))
    }

    fn next_again(&mut self, block: &mut Vec<u8>, _bad: &mut Bad<'_>) -> Result<Option<u64>, SourceError> {
        let Some((number, line)) = self.lines.as_mut().and_then(QueueLines::take) else { return Ok(None) };
        push_batch(&line, block).map(Some).map_err(|message| malformed(&self.name, number, message))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock as _;
    use crate::clock::testing::ManualClock;
    use crate::flow::Waited;
    use crate::signal::StopSignal;
    use crate::source::engine::stop::StopRules;
    use crate::source::kinds::stdin::Stdin;

    /// When each event came, in ms since the start at 10.3 s, and what it was.
    fn run(lines: &str, is_wall: bool, after: Option<u64>) -> Vec<String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(lines.as_bytes()).unwrap();
        std::io::Seek::rewind(&mut file).unwrap();
        let clock = ManualClock::at(10_300);
        let (signal, _stopper) = StopSignal::manual().unwrap();
        let stop = StopRules { after: after.map(Duration::from_millis), ..StopRules::signals(signal.clone()) };
        let input = Stdin::from_file(file, "queue", signal, Waited::default());
        let reader = UntilStop::new(input, &clock, stop.clone());
        let pace = if is_wall { Pace::wall(&clock, stop) } else { Pace::virtual_from(2500, &clock, stop) };
        let mut queue = Queue::new(reader, "queue", Interval::Fixed(1000), false, pace);
        let mut events = Vec::new();
        loop {
            let (event, is_last) = match queue.advance() {
                Ok(Step::Head(_)) => ("head".to_owned(), false),
                Ok(Step::Block { time, .. }) => {
                    (format!("{time} {}", String::from_utf8_lossy(queue.block()).replace('\n', " ")), false)
                }
                Ok(Step::End(end)) => (format!("{} end {}", end.time, end.records), false),
                Ok(Step::Close(close)) => (format!("{:?}", close.reason), true),
                Err(error) => (error.to_string(), true),
            };
            events.push(format!("@{} {event}", clock.read().monotonic.as_millis()));
            if is_last {
                return events;
            }
        }
    }

    #[test]
    fn a_line_is_a_batch() {
        let want = [
            "@0 head",
            "@0 3000 1 \"a\" ",
            "@0 3000 end 2",
            "@0 4000 end 0",
            "@0 5000 [2] ",
            "@0 5000 end 1",
            "@0 Eof",
        ];
        assert_eq!(run("[1, \"a\"]\n\n[]\n[[2]]", false, None), want);
    }

    #[test]
    fn the_wall_clock_paces() {
        let want = [
            "@0 head",
            "@700 11000 1 ",
            "@700 11000 end 1",
            "@1700 12000 end 0",
            "@2700 13000 2 ",
            "@2700 13000 end 1",
            "@2700 Eof",
        ];
        assert_eq!(run("[1]\n[]\n[2]\n", true, None), want);
        assert_eq!(run("[1]\n[]\n[2]\n", true, Some(2000))[4..], ["@2000 Stop"]);
    }

    #[test]
    fn a_line_that_is_no_array_is_told_with_its_number() {
        let events = run("[1]\n\n{}\n", false, None);
        assert_eq!(events[3], "@0 queue, line 3: expected a JSON array, the records of one batch");
        assert!(run("[1\n", false, None)[1].starts_with("@0 queue, line 1: "));
    }
}
