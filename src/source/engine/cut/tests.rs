use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::*;
use crate::clock::testing::ManualClock;
use crate::console::{Console, Level};
use crate::flow::OnError;
use crate::record::forms::{Bad, Recipe};
use crate::signal::{StopSignal, Stopper};
use crate::source::engine::batches::Batches as _;
use crate::source::engine::line_source::LineSource;
use crate::source::engine::records::Room;
use crate::source::{ByteSource, Got};

const NOT_MISSED: &str = "the script goes on";

/// What a scripted source does, at a wall time in ms.
enum Act {
    Bytes(&'static str),
    /// Somebody asks the process to stop, with so much still held.
    Stop(&'static str),
    End,
    /// The wall clock is set.
    Wall(u64),
    /// Nothing comes, while this much time goes by unseen (a suspend, a full
    /// pipe behind).
    Late(Duration),
}

struct Script {
    clock: Rc<ManualClock>,
    acts: VecDeque<(u64, Act)>,
    stopper: Arc<Stopper>,
    held: VecDeque<&'static str>,
}

impl ByteSource for Script {
    fn read(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Got, SourceError> {
        let now = self.clock.read();
        let (at, _) = self.acts.front().expect(NOT_MISSED);
        // Acts go by the monotonic clock, which began at the wall's first time.
        let wait = Duration::from_millis(*at).saturating_sub(now.monotonic);
        if wait > timeout {
            self.clock.advance(timeout);
            return Ok(Got::Timeout);
        }
        self.clock.advance(wait);
        match self.acts.pop_front().expect(NOT_MISSED).1 {
            Act::Bytes(bytes) => {
                buffer[..bytes.len()].copy_from_slice(bytes.as_bytes());
                Ok(Got::Bytes(bytes.len()))
            }
            Act::Stop(held) => {
                self.stopper.stop();
                self.held.extend((!held.is_empty()).then_some(held));
                Ok(Got::Stop)
            }
            Act::End => Ok(Got::End),
            Act::Wall(wall_ms) => {
                self.clock.set_wall(wall_ms);
                Ok(Got::Timeout)
            }
            Act::Late(by) => {
                self.clock.advance(by);
                Ok(Got::Timeout)
            }
        }
    }

    fn read_held(&mut self, buffer: &mut [u8]) -> Result<Got, SourceError> {
        let Some(held) = self.held.pop_front() else { return Ok(Got::End) };
        buffer[..held.len()].copy_from_slice(held.as_bytes());
        Ok(Got::Bytes(held.len()))
    }
}

struct Run {
    events: Vec<String>,
    bad: u64,
}

fn options(interval_ms: u64) -> CutOptions {
    CutOptions {
        interval: Interval::Fixed(interval_ms),
        count: None,
        block_interval: Duration::from_millis(200),
        trace: false,
        skip_missed: false,
        limits: LimitOptions::default(),
    }
}

/// Runs a script that starts at 10 s; its times are ms after that. An event is
/// `@TIME` (ms after the start) and what it was.
fn run(options: CutOptions, rules: impl FnOnce(&mut StopRules), script: Vec<(u64, Act)>) -> Run {
    run_lines(options, rules, script, 20)
}

fn run_lines(options: CutOptions, rules: impl FnOnce(&mut StopRules), script: Vec<(u64, Act)>, max_line: usize) -> Run {
    let clock = Rc::new(ManualClock::at(10_000));
    let (signal, stopper) = StopSignal::manual().unwrap();
    let mut stop = StopRules::signals(signal);
    rules(&mut stop);
    let bad_records = BadRecords::new("test", OnError::Skip);
    let script = Script { clock: clock.clone(), acts: script.into(), stopper, held: VecDeque::new() };
    let console = Console::new("test", Level::Error);
    let lines = LineSource::new(Box::new(script), Recipe::default(), Vec::new(), max_line, &*clock, console);
    let events = steps(Box::new(lines), stop, &clock, &bad_records, options);
    Run { events, bad: bad_records.total() }
}

fn steps<'s>(
    source: Box<dyn RecordSource + 's>,
    stop: StopRules,
    clock: &ManualClock,
    bad_records: &BadRecords,
    options: CutOptions,
) -> Vec<String> {
    let parts = CutterParts { source, has_begun: false, stop, clock, bad_records };
    let mut cutter = Cutter::new(parts, options);
    let mut events = Vec::new();
    while events.len() < 100 {
        let (event, is_last) = match cutter.step() {
            Ok(Step::Head(_)) => ("head".to_owned(), false),
            Ok(Step::Block { time, records }) => {
                let block = crate::frame::Block { time, records, bytes: cutter.block() };
                assert_eq!(block.records, block.iter().count() as u64);
                let records: Vec<_> = block.iter().map(|record| String::from_utf8_lossy(record)).collect();
                (format!("{} {}", block.time, records.join(" ")), false)
            }
            Ok(Step::End(end)) => (format!("{} end {}", end.time, end.records), false),
            Ok(Step::Close(close)) => (format!("{:?}", close.reason), true),
            Err(error) => (error.to_string(), true),
        };
        events.push(format!("@{} {event}", clock.read().monotonic.as_millis()));
        if is_last {
            break;
        }
    }
    events
}

fn plain(interval_ms: u64, script: Vec<(u64, Act)>) -> Vec<String> {
    run(options(interval_ms), |_| (), script).events
}

#[test]
fn empty_batches_tick_and_blocks_leave_early() {
    use Act::*;
    let events = plain(1000, vec![(1300, Bytes("a\nb\n")), (1400, Bytes("c\n")), (1600, Bytes("d\n")), (3100, End)]);
    let want = [
        "@0 head",
        "@1000 11000 end 0",
        // 200 ms after its first record.
        "@1500 12000 \"a\" \"b\" \"c\"",
        "@1800 12000 \"d\"",
        "@2000 12000 end 4",
        "@3000 13000 end 0",
        // The open batch ends at once, with its nominal time.
        "@3100 14000 end 0",
        "@3100 Eof",
    ];
    assert_eq!(events, want);
}

#[test]
fn hours_of_a_zone_end_with_its_clock() {
    use Act::*;
    let hours = CutOptions { interval: Interval::parse_calendar("1h,Asia/Kolkata").unwrap(), ..options(1000) };
    let late = Duration::from_secs(3 * 3600);
    let script = vec![(1_000_000, Bytes("a\n")), (1_900_000, Late(late)), (12_701_000, End)];
    let want = [
        "@0 head",
        "@1000200 1800000 \"a\"",
        // It began at 10 s, and the first hour there ends half an hour after one of UTC.
        "@1790000 1800000 end 1",
        "@12700000 5400000 end 0",
        "@12700000 9000000 end 0",
        "@12700000 12600000 end 0",
        "@12701000 16200000 end 0",
        "@12701000 Eof",
    ];
    assert_eq!(run(hours, |_| (), script).events, want);
}

#[test]
fn a_batch_by_count_ends_when_it_is_full() {
    use Act::*;
    let counted = |records, at_most_ms: Option<u64>| CutOptions {
        count: Some(Count { records, at_most: at_most_ms.map(Duration::from_millis) }),
        ..options(1000)
    };
    let script = || vec![(100, Bytes("a\nb\nc\nd\ne\n")), (150, Bytes("f\n")), (9000, Bytes("g\n")), (9100, End)];
    let events = run(counted(2, None), |_| (), script()).events;
    let want = [
        "@0 head",
        "@100 1000 \"a\" \"b\"",
        "@100 1000 end 2",
        "@100 2000 \"c\" \"d\"",
        "@100 2000 end 2",
        "@150 3000 \"e\" \"f\"",
        "@150 3000 end 2",
        // It waits for its second record; its block does not.
        "@9100 4000 \"g\"",
        "@9100 4000 end 1",
        "@9100 Eof",
    ];
    assert_eq!(events, want);
    let events = run(counted(3, Some(1000)), |_| (), script()).events;
    let want = [
        "@0 head",
        "@100 1000 \"a\" \"b\" \"c\"",
        "@100 1000 end 3",
        "@150 2000 \"d\" \"e\" \"f\"",
        "@150 2000 end 3",
        "@9100 3000 \"g\"",
        "@9100 3000 end 1",
        "@9100 Eof",
    ];
    assert_eq!(events, want);
    let events = run(counted(9, Some(1000)), |_| (), script()).events;
    assert_eq!(events[1..3], ["@300 1000 \"a\" \"b\" \"c\" \"d\" \"e\" \"f\"", "@1100 1000 end 6"]);
    // Nothing is left over at the end: no empty batch.
    let events = run(counted(2, None), |_| (), vec![(0, Bytes("a\nb\n")), (5, End)]).events;
    assert_eq!(events[2..], ["@0 1000 end 2", "@5 Eof"]);
    assert_eq!(run(counted(2, None), |_| (), vec![(5, End)]).events, ["@0 head", "@5 Eof"]);
}

#[test]
fn no_byte_at_all_is_no_batch() {
    assert_eq!(plain(1000, vec![(300, Act::End)]), ["@0 head", "@300 Eof"]);
    assert_eq!(plain(1000, vec![(300, Act::Stop(""))]), ["@0 head", "@300 Stop"]);
}

#[test]
fn a_last_line_needs_no_newline_at_the_end() {
    let events = plain(1000, vec![(100, Act::Bytes("a\nb")), (150, Act::End)]);
    assert_eq!(events[1..], ["@150 11000 \"a\" \"b\"", "@150 11000 end 2", "@150 Eof"]);
    // A lone CR does not end a line.
    let events = plain(1000, vec![(100, Act::Bytes("a\r\nb\r")), (150, Act::End)]);
    assert_eq!(events[1], "@150 11000 \"a\" \"b\\r\"");
}

#[test]
fn a_stop_takes_what_is_held_and_leaves_an_unfinished_line() {
    let script = vec![(100, Act::Bytes("a\n")), (150, Act::Stop("b\nc\nunfini"))];
    let events = plain(1000, script);
    assert_eq!(events[1..], ["@150 11000 \"a\" \"b\" \"c\"", "@150 11000 end 3", "@150 Stop"]);
}

#[test]
fn what_waited_belongs_to_the_batch_that_is_open_when_it_is_read() {
    use Act::*;
    // Time goes by unseen: two batches are over before the next read.
    let script = vec![(500, Bytes("a\n")), (600, Late(Duration::from_millis(2500))), (3100, Bytes("b\n")), (3200, End)];
    let want = [
        "@0 head",
        "@3100 11000 \"a\"",
        "@3100 11000 end 1",
        "@3100 12000 end 0",
        "@3100 13000 end 0",
        "@3200 14000 \"b\"",
        "@3200 14000 end 1",
        "@3200 Eof",
    ];
    assert_eq!(plain(1000, script), want);
}

#[test]
fn records_held_at_a_late_stop_come_into_the_batch_of_the_stop() {
    use Act::*;
    let script = vec![(500, Bytes("a\n")), (600, Late(Duration::from_millis(500))), (1100, Stop("b\n"))];
    let want =
        ["@0 head", "@1100 11000 \"a\"", "@1100 11000 end 1", "@1100 12000 \"b\"", "@1100 12000 end 1", "@1100 Stop"];
    assert_eq!(plain(1000, script), want);
}

#[test]
fn a_clock_set_back_repeats_no_time() {
    use Act::*;
    let script = vec![(500, Bytes("a\n")), (1200, Wall(5_000)), (2500, Bytes("b\n")), (2600, End)];
    let want = [
        "@0 head",
        "@700 11000 \"a\"",
        "@1000 11000 end 1",
        "@2000 12000 end 0",
        "@2600 13000 \"b\"",
        "@2600 13000 end 1",
        "@2600 Eof",
    ];
    assert_eq!(plain(1000, script), want);
}

#[test]
fn a_clock_set_forward_is_caught_up_in_order() {
    use Act::*;
    let script = vec![(500, Bytes("a\n")), (600, Wall(13_100)), (650, End)];
    let want = [
        "@0 head",
        "@600 11000 \"a\"",
        "@600 11000 end 1",
        "@600 12000 end 0",
        "@600 13000 end 0",
        "@650 14000 end 0",
        "@650 Eof",
    ];
    assert_eq!(plain(1000, script), want);
}

#[test]
fn more_than_a_million_missed_batches_are_an_error() {
    let script = || vec![(0, Act::Wall(1_011_001)), (1, Act::End)];
    let events = plain(1, script());
    assert!(events[1].contains("1001001 batches of 1ms were missed"), "{events:?}");
    let events = run(CutOptions { skip_missed: true, ..options(1) }, |_| (), script()).events;
    assert_eq!(events[1], "@0 10001 end 0");
    let events = plain(1, vec![(0, Act::Wall(1_010_000)), (1, Act::End)]);
    assert_eq!(events[1], "@0 10001 end 0");
}

#[test]
fn lines_come_in_pieces() {
    use Act::*;
    let script = vec![(10, Bytes("ab")), (20, Bytes("c\r")), (30, Bytes("\nd\0e\n\r")), (40, Bytes("\n")), (50, End)];
    let events = plain(1000, script);
    assert_eq!(events[1..3], ["@50 11000 \"abc\" \"d\\u0000e\" \"\"", "@50 11000 end 3"]);
}

#[test]
fn a_line_too_long_is_one_bad_record_however_it_comes() {
    use Act::*;
    let script = vec![
        (10, Bytes("a\n0123456789")),
        (20, Bytes("0123456789")),
        (30, Bytes("0123456789")),
        (40, Bytes("0123456789\nb\n01234567890123456789\r\n")),
        (50, Bytes("012345678901234567890")),
        (60, End),
    ];
    let Run { events, bad } = run(options(1000), |_| (), script);
    assert_eq!(events[1], "@60 11000 \"a\" \"b\" \"01234567890123456789\"");
    assert_eq!(bad, 2);
}

#[test]
fn a_full_block_leaves_at_once() {
    let line: &'static str = Box::leak("x".repeat(1 << 17).into_boxed_str());
    let script = vec![
        (10, Act::Bytes(line)),
        (10, Act::Bytes("\n")),
        (20, Act::Bytes(line)),
        (20, Act::Bytes("\n")),
        (100, Act::Bytes("a\n")),
        (110, Act::End),
    ];
    let events = run_lines(options(1000), |_| (), script, 1 << 20).events;
    assert!(events[1].starts_with("@20 11000 \"xxx"));
    assert_eq!(events[2..], ["@110 11000 \"a\"", "@110 11000 end 3", "@110 Eof"]);
}

#[test]
fn an_idle_input_and_a_span_of_time_stop() {
    use Act::*;
    let never = 1_000_000;
    let idle = |rules: &mut StopRules| rules.idle = Some(Duration::from_millis(700));
    let events = run(options(1000), idle, vec![(600, Bytes("a\nb")), (never, End)]).events;
    assert_eq!(events[1..], ["@800 11000 \"a\"", "@1000 11000 end 1", "@1300 12000 end 0", "@1300 Stop"]);
    let after = |rules: &mut StopRules| rules.after = Some(Duration::from_millis(1500));
    let events = run(options(1000), after, vec![(600, Bytes("a\n")), (never, End)]).events;
    assert_eq!(events[1..], ["@800 11000 \"a\"", "@1000 11000 end 1", "@1500 12000 end 0", "@1500 Stop"]);
}

#[test]
fn a_stop_file_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stop");
    std::fs::write(&path, "").unwrap();
    let events = run(options(1000), |rules| rules.file = Some(path), vec![(600, Act::End)]).events;
    assert_eq!(events, ["@0 head", "@0 Stop"]);
}

/// A source whose thread has a record just when nobody looks: after the look before a wait was asked for.
struct Sudden<'s> {
    clock: &'s ManualClock,
    looks: Cell<u32>,
}

impl RecordSource for Sudden<'_> {
    fn wait(&mut self, timeout: Duration) -> Result<Came, SourceError> {
        self.clock.advance(timeout.min(Duration::from_millis(10)));
        Ok(if self.clock.read().monotonic < Duration::from_millis(1500) { Came::Something } else { Came::End })
    }

    fn held(&mut self) -> Result<bool, SourceError> {
        Ok(false)
    }

    fn has_records(&self) -> bool {
        self.looks.set(self.looks.get() + 1);
        (4..100).contains(&self.looks.get())
    }

    fn take(&mut self, _: Room, block: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        self.looks.set(100);
        block.extend_from_slice(b"1\n");
        Ok(1)
    }

    fn finish(&mut self, _: &Reason, _: &mut Vec<u8>, _: &mut Bad<'_>) -> Result<u64, SourceError> {
        Ok(0)
    }
}

#[test]
fn what_comes_when_nobody_looks_waits_for_no_end() {
    let clock = ManualClock::at(10_000);
    let (signal, _stopper) = StopSignal::manual().unwrap();
    let bad_records = BadRecords::new("test", OnError::Skip);
    let source = Box::new(Sudden { clock: &clock, looks: Cell::new(0) });
    let events = steps(source, StopRules::signals(signal), &clock, &bad_records, options(1000));
    let block = events.iter().find(|event| event.ends_with(" 1")).unwrap();
    assert_eq!(block.split(' ').next(), Some("@210"), "{events:?}");
}
