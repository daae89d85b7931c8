use std::cell::Cell;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use super::*;
use crate::checkpoint::job::Retain;
use crate::checkpoint::memory::{Image, Memory};
use crate::checkpoint::source::SourceOptions;
use crate::checkpoint::storage::Storage;
use crate::clock::testing::ManualClock;
use crate::console::Level;
use crate::flow::OnError;
use crate::frame::Head;
use crate::interval::Interval;
use crate::signal::StopSignal;

const INTERVAL_MS: u64 = 1000;

/// Batches of one block each, which cannot be read again.
struct Script {
    batches: VecDeque<Vec<String>>,
    block: Vec<u8>,
    time: BatchTime,
    interval: Interval,
    /// The records of the block that was given.
    records: Option<u64>,
    has_head: bool,
    is_ready: bool,
    is_awaited: bool,
    /// Records that were given, and of those how many were said to be done with.
    counts: Rc<Cell<(usize, usize)>>,
}

impl Batches for Script {
    fn step(&mut self) -> Result<Step, SourceError> {
        if !std::mem::replace(&mut self.has_head, true) {
            return Ok(Step::Head(Head::new(self.interval)));
        }
        if let Some(records) = self.records.take() {
            self.time = self.time.after(self.interval);
            return Ok(Step::End(End::new(self.time, records)));
        }
        let Some(batch) = self.batches.pop_front() else { return Ok(Step::Close(Close::new(Reason::Eof))) };
        self.block = batch.iter().map(|record| format!("{record}\n")).collect::<String>().into_bytes();
        self.records = Some(batch.len() as u64);
        self.counts.update(|(given, done)| (given + batch.len(), done));
        if batch.is_empty() {
            return self.step();
        }
        Ok(Step::Block { time: self.time.after(self.interval), records: batch.len() as u64 })
    }

    fn block(&self) -> &[u8] {
        &self.block
    }

    fn is_ready(&self) -> bool {
        self.is_ready
    }

    fn begins_trace(&self) -> bool {
        false
    }

    fn is_awaited(&self) -> bool {
        self.is_awaited
    }

    fn done_with(&mut self) -> Result<(), SourceError> {
        self.counts.update(|(given, _)| (given, given));
        Ok(())
    }

    fn start_after(&mut self, time: BatchTime, _carried: u64) {
        self.time = time;
    }
}

/// What left a run: blocks as they came, and whether their batch ended.
#[derive(Debug, Default)]
struct Left {
    ended: Vec<(u64, Vec<String>)>,
    open: Vec<String>,
    is_closed: bool,
    /// So many records whoever brought them need not bring again.
    done: usize,
}

impl Left {
    fn all(&self) -> Vec<String> {
        self.ended.iter().flat_map(|(_, records)| records).chain(&self.open).cloned().collect()
    }
}

/// One run over `batches`, until it closes or fails.
fn run(memory: &Memory, clock: &ManualClock, is_wall: bool, is_ready: bool, batches: &[Vec<String>]) -> Left {
    run_by(Interval::Fixed(INTERVAL_MS), memory, clock, (is_wall, is_ready), batches)
}

/// The same by another interval.
fn run_by(
    interval: Interval,
    memory: &Memory,
    clock: &ManualClock,
    (is_wall, is_ready): (bool, bool),
    batches: &[Vec<String>],
) -> Left {
    let mut left = Left::default();
    let storage: Arc<dyn Storage> = Arc::new(memory.clone());
    let options = SourceOptions {
        dir: Path::new("/disk/ck"),
        name: "a",
        arguments: "source of a test",
        places: None,
        interval,
        start_ms: if is_wall { interval.up_to(clock.read().wall_ms()) } else { 0 },
        retain: Retain::All,
        wal: true,
    };
    let Ok((checkpoint, plan)) = SourceCheckpoint::open(storage, &options, &mut |_| false) else { return left };
    let bad_records = BadRecords::new("test", OnError::Fail);
    let console = Console::new("test", Level::Error);
    let (skip_missed, on_loss, bad_records) = (false, OnLoss::Fail, &bad_records);
    let (stop, _stopper) = StopSignal::manual().unwrap();
    let parts = KeptParts {
        checkpoint,
        plan,
        is_wall,
        is_counted: false,
        skip_missed,
        on_loss,
        clock,
        stop: StopRules::signals(stop),
        bad_records,
        console,
    };
    let batches = batches.to_vec().into();
    let counts = Rc::new(Cell::new((0, 0)));
    let script = Script {
        batches,
        block: Vec::new(),
        time: BatchTime(0),
        interval,
        records: None,
        has_head: false,
        is_ready,
        is_awaited: !is_ready,
        counts: counts.clone(),
    };
    let mut kept = Kept::new(Box::new(script), parts);
    loop {
        let step = kept.step();
        left.done = counts.get().1;
        match step {
            Ok(Step::Head(_)) => {}
            Ok(Step::Block { records, .. }) => {
                // Who waits for its records to be on disk waits for no end.
                assert!(is_ready || counts.get().0 == counts.get().1, "{:?}", counts.get());
                let block = kept.block().to_vec();
                let text = String::from_utf8(block).unwrap();
                assert_eq!(text.lines().count() as u64, records);
                left.open.extend(text.lines().map(str::to_owned));
            }
            Ok(Step::End(end)) => {
                assert_eq!(end.records, left.open.len() as u64);
                left.ended.push((end.time.0, std::mem::take(&mut left.open)));
            }
            Ok(Step::Close(_)) => {
                left.is_closed = true;
                return left;
            }
            Err(_) => return left,
        }
    }
}

fn batches(names: &str, count: usize) -> Vec<Vec<String>> {
    (0..count).map(|n| (0..n % 3).map(|m| format!("\"{names}{n}.{m}\"")).collect()).collect()
}

/// Killed, or without power, at every call to the file system: what had ended comes
/// again, to the byte, and what came since is in it once.
#[test]
fn a_crash_at_any_moment_changes_nothing_that_was_seen() {
    let clock = ManualClock::at(0);
    for is_ready in [false, true] {
        for image in [Image::Everything, Image::Synced, Image::Some(7)] {
            for at in 1.. {
                let memory = Memory::new("/disk");
                memory.die_at(at);
                let first = run(&memory, &clock, false, is_ready, &batches("a", 7));
                let memory = memory.after_crash(image);
                let second = run(&memory, &clock, false, is_ready, &batches("b", 4));
                assert!(second.is_closed, "{at} {image:?}");
                assert_eq!(second.ended[..first.ended.len()], first.ended[..], "{at} {image:?}");
                let times: Vec<u64> = second.ended.iter().map(|(time, _)| *time).collect();
                assert!(times.iter().copied().eq((1..=times.len() as u64).map(|n| n * INTERVAL_MS)), "{times:?}");
                let (seen, all) = (first.all(), second.all());
                if image == Image::Everything {
                    assert_eq!(all[..seen.len()], seen[..], "{at}");
                }
                // Who brought these may have forgotten them.
                assert!(all.len() >= first.done, "{at} {image:?}");
                assert_eq!(all[..first.done], batches("a", 7).concat()[..first.done], "{at} {image:?}");
                // The rest of the first run's records, if any, then all of the second's.
                let new: Vec<String> = batches("b", 4).concat();
                assert_eq!(all[all.len() - new.len()..], new[..], "{at} {image:?}");
                assert!(batches("a", 7).concat().starts_with(&all[..all.len() - new.len()]), "{at} {image:?}: {all:?}");
                if first.is_closed {
                    break;
                }
            }
        }
    }
}

#[test]
fn what_was_missed_comes_empty_and_costs_one_entry() {
    let memory = Memory::new("/disk");
    let clock = ManualClock::at(0);
    run(&memory, &clock, true, false, &batches("a", 3));
    clock.set_wall(3_600_000);
    let before = memory.calls();
    let left = run(&memory, &clock, true, false, &batches("b", 3));
    assert_eq!(left.ended.len(), 3600 + 3);
    assert_eq!(left.ended[3599].0, 3_600_000);
    assert!(left.ended[3..3600].iter().all(|(_, records)| records.is_empty()));
    assert!(memory.calls() - before < 200, "{}", memory.calls() - before);
    // More than a million are told, not sent.
    clock.set_wall(2_000_000_000);
    let left = run(&memory, &clock, true, false, &[]);
    assert!(!left.is_closed);
    assert_eq!(left.ended.len(), 3603);
}

#[test]
fn days_that_were_missed_come_empty_each_as_long_as_it_is() {
    const HOUR_MS: u64 = 3_600_000;
    let days = Interval::parse_calendar("1d,Europe/Berlin").unwrap();
    // The 23rd of October 2026 begins in Berlin; the 25th has 25 hours.
    let begin_ms = 1_792_706_400_000;
    let memory = Memory::new("/disk");
    let clock = ManualClock::at(begin_ms + HOUR_MS);
    let run = |batches: &[Vec<String>]| run_by(days, &memory, &clock, (true, false), batches);
    let hours = |left: &Left| left.ended.iter().map(|(time, _)| (time - begin_ms) / HOUR_MS).collect::<Vec<_>>();
    let one = |name: &str| vec![vec![format!("\"{name}\"")]];
    assert_eq!(hours(&run(&one("a"))), [24]);
    // At noon of the 28th.
    clock.set_wall(begin_ms + 133 * HOUR_MS);
    let left = run(&one("b"));
    assert_eq!(hours(&left), [24, 48, 73, 97, 121, 145]);
    assert_eq!(left.ended[5].1, ["\"b\""], "{left:?}");
    assert!(left.ended[1..5].iter().all(|(_, records)| records.is_empty()));
    // All of it comes again as it was, whenever that is.
    clock.set_wall(begin_ms + 150 * HOUR_MS);
    let again = run(&one("c"));
    assert_eq!(again.ended[..6], left.ended[..]);
    assert_eq!(hours(&again)[6..], [169]);
}

#[test]
fn batches_that_follow_at_once_share_a_sync() {
    let clock = ManualClock::at(0);
    let calls = |is_ready| {
        let memory = Memory::new("/disk");
        let left = run(&memory, &clock, false, is_ready, &batches("a", 60));
        assert_eq!(left.ended.len(), 60);
        memory.calls()
    };
    assert!(calls(true) < calls(false), "{} {}", calls(true), calls(false));
}
