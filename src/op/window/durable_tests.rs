//! Windows that were saved and restored against windows that went on.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::agg::{Aggregation, Aggregator};
use crate::expr::Program;
use crate::frame::{BatchTime, Close, Head, Reason, Watermark};
use crate::op::grouping::{By, Grouping};
use crate::op::merge::Merge;
use crate::op::testing::Collected;
use crate::op::{Downstream, Operator, Out};

const INTERVAL_MS: u64 = 1000;

/// What a log holds: the words on keys in the order in which they came.
#[derive(Clone, Default)]
struct Log {
    words: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Where the slices under way began.
    slicing: Option<usize>,
}

impl Log {
    /// As a stage does after a batch; with slices now and then.
    fn save(&mut self, window: &mut dyn Operator, slices: bool) -> usize {
        let state = window.durable().unwrap();
        let before = self.words.len();
        let words = &mut self.words;
        state.changes(&mut |key, entry| words.push((key.to_vec(), entry.map(<[u8]>::to_vec)))).unwrap();
        let changed = self.words.len() - before;
        if changed > 0 && (slices || self.slicing.is_some()) {
            let from_start = self.slicing.is_none();
            let began = *self.slicing.get_or_insert(self.words.len());
            let words = &mut self.words;
            if state.slice(from_start, 20, &mut |key, entry| words.push((key.to_vec(), entry.map(<[u8]>::to_vec)))) {
                // What is before is purged.
                self.words.drain(..began);
                self.slicing = None;
            }
        }
        changed
    }

    /// What the log says, the last word on a key counting.
    fn live(&self) -> BTreeMap<&[u8], &[u8]> {
        let mut live = BTreeMap::new();
        for (key, entry) in &self.words {
            match entry {
                Some(entry) => live.insert(&key[..], &entry[..]),
                None => live.remove(&key[..]),
            };
        }
        live
    }

    fn load(&self, window: &mut dyn Operator) -> Result<(), OpError> {
        let state = window.durable().unwrap();
        state.track(true);
        for (key, entry) in &self.words {
            state.load(key, entry.as_deref())?;
        }
        state.finish_load()
    }
}

/// A window that is fed batch by batch.
struct Run {
    window: Box<dyn Operator>,
    log: Log,
}

fn head(resume_ms: u64) -> Head {
    let mut head = Head::new(INTERVAL_MS);
    head.other.insert("checkpoint".into(), json!("/c"));
    head.other.insert("resume".into(), json!(resume_ms));
    head
}

impl Run {
    fn new(mut window: Box<dyn Operator>) -> Run {
        window.head(&mut head(0)).unwrap();
        window.durable().unwrap().track(false);
        Run { window, log: Log::default() }
    }

    fn restored(mut window: Box<dyn Operator>, log: &Log, resume_ms: u64) -> Run {
        window.head(&mut head(resume_ms)).unwrap();
        log.load(&mut *window).unwrap();
        window.durable().unwrap().changes(&mut |key, _| panic!("{key:?} was loaded, not changed")).unwrap();
        // Slices begin anew in a new process.
        Run { window, log: Log { slicing: None, ..log.clone() } }
    }

    fn batch(&mut self, number: usize, records: &[String]) -> Vec<(u64, Vec<String>)> {
        let time = BatchTime((number as u64 + 1) * INTERVAL_MS);
        let mut collected = Collected::default();
        let mut out = Out::new(&mut collected);
        out.set_time(time);
        for half in [&records[..records.len() / 2], &records[records.len() / 2..]] {
            let bytes: String = half.iter().map(|record| format!("{record}\n")).collect();
            if !half.is_empty() {
                let block = Block { time, records: half.len() as u64, bytes: bytes.as_bytes() };
                self.window.block(block, &mut out).unwrap();
            }
        }
        self.window.end(time, &mut out).unwrap();
        assert!(collected.bad.is_empty(), "{:?}", collected.bad);
        collected.batches
    }

    fn close(&mut self, reason: Reason) -> Vec<(u64, Vec<String>)> {
        let mut collected = Collected::default();
        self.window.close(&Close::new(reason), &mut Out::new(&mut collected)).unwrap();
        collected.batches
    }
}

struct Nowhere;

impl Downstream for Nowhere {
    fn block(&mut self, _: Block<'_>) {}

    fn end(&mut self, _: BatchTime, _: u64, _: Option<Watermark>) {}

    fn bad_record(&mut self, _: BatchTime, _: &[u8], _: &str) -> Result<(), OpError> {
        Ok(())
    }
}

/// Sums of floats, where the grouping shows.
fn float_sum() -> Aggregator {
    let program = Program::parse("$a + $b", &["a", "b"]).unwrap();
    Aggregator::expression(Box::new(Merge::new(Box::new(program))))
}

const AGGREGATIONS: [&str; 15] = [
    "",
    "float",
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "first",
    "last",
    "collect",
    "distinct",
    "count-distinct",
    "top:2",
    "quantile:0.5",
    "long",
];

#[derive(Clone, Copy, Debug)]
struct Shape {
    aggregation: &'static str,
    keyed: bool,
    of_records: bool,
    length: u64,
    slide: u64,
    /// Of keyed results; one more is in the process after a restart.
    threads: usize,
}

impl Shape {
    fn window(&self) -> Box<dyn Operator> {
        let grouping = Grouping::new(if self.keyed { By::Pair } else { By::Nothing }, None);
        let fold = || {
            let aggregator = match self.aggregation {
                "float" => float_sum(),
                "long" => {
                    let program = Program::parse("[$a, $b] | flatten", &["a", "b"]).unwrap();
                    Aggregator::expression(Box::new(Merge::new(Box::new(program))))
                }
                name => Aggregator::new(Aggregation::parse(name).unwrap()),
            };
            Fold::new(aggregator, grouping.clone())
        };
        let panes: Box<dyn Panes> = match (self.aggregation, self.threads) {
            ("", _) => Box::new(Plain::new(if self.length.is_multiple_of(2) { 0 } else { 1 << 20 })),
            (_, 2..) if self.keyed => {
                let folds = (0..self.threads).map(|_| fold()).collect();
                Box::new(ShardedFold::new(grouping.clone(), folds).in_pieces_of(16))
            }
            _ => Box::new(fold()),
        };
        match self.of_records {
            true => Box::new(RecordWindow::new(self.length, self.slide, panes)),
            false => {
                let [length_ms, slide_ms] = [self.length, self.slide].map(|batches| batches * INTERVAL_MS);
                Box::new(TimeWindow::new(length_ms.into(), Some(slide_ms.into()), panes))
            }
        }
    }

    /// The same by another number of threads.
    fn other_threads(&self) -> Shape {
        Shape { threads: self.threads % 3 + 1, ..*self }
    }

    /// A record of two small numbers.
    fn record(&self, (key, value): (u8, u8)) -> String {
        let value = ["0.1", "0.2", "0.7", "1e16", "-1e16", "3", "3.0", "1", "12345678901234567891"][usize::from(value)];
        let key = ["1", "1.0", "\"a\"", "[2]", "{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}"][usize::from(key)];
        if self.keyed || self.aggregation.is_empty() { format!("[{key},{value}]") } else { value.to_owned() }
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    (prop::sample::select(&AGGREGATIONS[..]), any::<bool>(), any::<bool>(), (1u64..8, 1u64..8), 1usize..4).prop_map(
        |(aggregation, keyed, of_records, (length, slide), threads)| Shape {
            aggregation,
            keyed,
            of_records,
            length,
            slide,
            threads,
        },
    )
}

fn batches(most: usize) -> impl Strategy<Value = Vec<Vec<(u8, u8)>>> {
    let batch = prop_oneof![
        2 => Just(Vec::new()),
        5 => prop::collection::vec((0u8..6, 0u8..9), 1..7),
    ];
    prop::collection::vec(batch, 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(160))]
    /// Whatever window was saved at any batch, restored it goes on as the one
    /// that was not disturbed, again and again.
    #[test]
    fn a_restored_window_goes_on_as_if_nothing_had_been(
        shape in shape(), batches in batches(40),
        restarts in prop::collection::vec(any::<bool>(), 40), every in 1usize..4, slices_every in 1usize..8,
    ) {
        let mut undisturbed = Run::new(Shape { threads: 1, ..shape }.window());
        let (mut shape, mut tested) = (shape, Run::new(shape.window()));
        // What is given after a restart that goes back to what was saved.
        let mut since = Vec::new();
        for (number, batch) in batches.iter().enumerate() {
            let records: Vec<String> = batch.iter().map(|record| shape.record(*record)).collect();
            let want = undisturbed.batch(number, &records);
            prop_assert_eq!(tested.batch(number, &records), want.clone(), "batch {}", number);
            since.push((number, records, want));
            if number % every == 0 {
                tested.log.save(&mut *tested.window, number % slices_every == 0);
                since.clear();
            }
            if restarts[number] {
                let resume = (number + 1 - since.len()) as u64;
                shape = shape.other_threads();
                tested = Run::restored(shape.window(), &tested.log, resume * INTERVAL_MS);
                for (number, records, want) in &since {
                    prop_assert_eq!(&tested.batch(*number, records), want, "batch {} again", number);
                }
            }
        }
        prop_assert_eq!(tested.close(Reason::Eof), undisturbed.close(Reason::Eof));
    }

    /// What is kept is what the window holds, and a batch writes what came with it.
    #[test]
    fn a_log_holds_what_the_window_holds(shape in shape(), batches in batches(60)) {
        let mut run = Run::new(shape.window());
        for (number, batch) in batches.iter().enumerate() {
            let records: Vec<String> = batch.iter().map(|record| shape.record(*record)).collect();
            let live_before = run.log.live().len();
            run.batch(number, &records);
            let changed = run.log.save(&mut *run.window, number % 3 == 0);
            // Chunks are of one entry and more in tests.
            prop_assert!(changed <= 1 + records.len() + live_before, "{} words", changed);
            let panes: std::collections::BTreeSet<_> = run.log.live().keys().map(|key| key.get(1..9).map(<[u8]>::to_vec)).collect();
            prop_assert!(panes.len() as u64 <= 1 + shape.length, "{} panes", panes.len());
            let bytes: usize = run.log.live().iter().filter(|(key, _)| key.len() > 1).map(|(key, entry)| key.len() + entry.len()).sum();
            prop_assert_eq!(run.window.durable().unwrap().live_bytes(), bytes as u64);
        }
    }

    /// A close in between is as if the stream had gone on later (time) or from
    /// the next window on (records).
    #[test]
    fn a_closed_window_goes_on_in_the_next_run(
        shape in shape(), first in batches(20), second in batches(20), gap in 0usize..10, eof: bool,
    ) {
        let mut run = Run::new(shape.window());
        let mut undisturbed = Run::new(Shape { threads: 1, ..shape }.window());
        for (number, batch) in first.iter().enumerate() {
            let records: Vec<String> = batch.iter().map(|record| shape.record(*record)).collect();
            run.batch(number, &records);
            undisturbed.batch(number, &records);
            run.log.save(&mut *run.window, false);
        }
        let reason = if eof { Reason::Eof } else { Reason::Stop };
        let given = run.close(reason);
        prop_assert!(eof || given.is_empty(), "{:?}", given);
        run.log.save(&mut *run.window, false);
        let last_ms = given.last().map_or(first.len() as u64 * INTERVAL_MS, |(time, _)| *time);
        let mut run = Run::restored(shape.other_threads().window(), &run.log, last_ms + gap as u64 * INTERVAL_MS);
        if eof {
            // At once over again: nothing new to give, and nothing to save.
            prop_assert_eq!(run.close(Reason::Eof), vec![]);
            prop_assert_eq!(run.log.save(&mut *run.window, false), 0);
        }
        // After an eof windows of records begin with the next slide; and panes left
        // for the last window, so that floats may be summed in another grouping.
        if !given.is_empty() && (shape.of_records || shape.aggregation == "float") {
            return Ok(());
        }
        let next = (last_ms / INTERVAL_MS) as usize + gap;
        for (index, batch) in second.iter().enumerate() {
            let records: Vec<String> = batch.iter().map(|record| shape.record(*record)).collect();
            prop_assert_eq!(run.batch(next + index, &records), undisturbed.batch(next + index, &records));
        }
    }

    /// Damaged entries are refused, or are entries of another state; no panic.
    #[test]
    fn damaged_entries_do_no_harm(
        shape in shape(), batches in batches(12), which in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(),
        kind in 0u8..5,
    ) {
        let mut run = Run::new(shape.window());
        for (number, batch) in batches.iter().enumerate() {
            let records: Vec<String> = batch.iter().map(|record| shape.record(*record)).collect();
            run.batch(number, &records);
            run.log.save(&mut *run.window, false);
        }
        let mut log = run.log;
        let index = which.index(log.words.len());
        let (key, entry) = &mut log.words[index];
        match (kind, entry) {
            (0, _) => { let bit = bit.index(key.len() * 8); key[bit / 8] ^= 1 << (bit % 8); }
            (1, Some(entry)) => entry.truncate(bit.index(entry.len())),
            (2, Some(entry)) => entry.push(0),
            (3, _) => drop(log.words.remove(index)),
            (_, Some(entry)) => { let bit = bit.index(entry.len() * 8); entry[bit / 8] ^= 1 << (bit % 8); }
            (_, None) => key.clear(),
        }
        let mut window = shape.window();
        window.head(&mut head(0)).unwrap();
        match log.load(&mut *window) {
            Ok(()) => {
                // What comes of it may be no JSON, and not even text.
                let mut nowhere = Nowhere;
                let mut out = Out::new(&mut nowhere);
                let _ = window.end(BatchTime(100_000), &mut out);
                Log::default().save(&mut *window, false);
                let _ = window.close(&Close::new(Reason::Eof), &mut out);
            }
            Err(error) => prop_assert!(matches!(error, OpError::Damaged { .. }), "{error}"),
        }
    }
}
