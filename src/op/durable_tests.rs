//! A checkpoint of a batch writes what the batch changed, however much is held.

use super::dedup::{Dedup, Memory};
use super::durable::Durable;
use super::grouping::{By, Grouping};
use super::sides::{Merge, Whole};
use super::testing::Collected;
use super::window::event::{Emit, EventWindow, Gap, Layout, Options, TimeOutput, Windows};
use super::within::{self, IntervalJoin, Range, SideOptions, Type};
use super::{Operator, Out};
use crate::agg::{Aggregation, Aggregator};
use crate::event::{TimeForm, Timing, Watermarks};
use crate::expr::Program;
use crate::frame::{BatchTime, Block, Head};
use crate::interval::Extent;

const BATCHES: u64 = 300;
const RECORDS: u64 = 20;
const HOUR_MS: u64 = 3_600_000;

fn program(source: &str) -> Program {
    Program::parse(source, &[]).unwrap()
}

/// Nothing is over as long as the test takes.
fn timing() -> Timing {
    Timing::new(Some(program(".[1]")), TimeForm::default(), Watermarks::own(HOUR_MS, None))
}

fn window(windows: Windows) -> Box<dyn Operator> {
    Box::new(EventWindow::new(Options {
        windows,
        timing: Some(timing()),
        emit: Emit::Closed,
        grouping: Grouping::new(By::Program(program(".[0]")), None),
        aggregator: Aggregator::new(Aggregation::Count),
        time_output: TimeOutput::Milliseconds,
    }))
}

fn sliding(length_ms: u64, slide_ms: u64) -> Box<dyn Operator> {
    window(Windows::Paned(Layout::sliding(Extent::Plain(length_ms), Extent::Plain(slide_ms), 0, None).unwrap()))
}

/// The records of a batch, `[key,time]`: half of the keys are new, half were there in the batch before.
fn records(batch: u64) -> Vec<String> {
    let record = |number| format!("[{},{}]", 1_000_000 + batch * RECORDS / 2 + number, 1_000_000 + batch * 10);
    (0..RECORDS).map(record).collect()
}

/// The bytes that a checkpoint is given of each batch.
fn saved_bytes(durable: &mut dyn Durable) -> usize {
    let mut bytes = 0;
    durable.changes(&mut |key, value| bytes += key.len() + value.map_or(0, <[u8]>::len)).unwrap();
    bytes
}

fn assert_same_to_the_end(name: &str, bytes: &[usize]) {
    // The first batch has no key that was there before.
    let (early, late) = (bytes[1], bytes[bytes.len() - 1]);
    assert!(early > 0 && late == early, "{name}: {early} bytes at first, {late} in the end");
}

#[test]
fn it_writes_what_the_batch_changed() {
    let by_key = || Grouping::new(By::Program(program(".[0]")), None);
    let memory = |timing| Memory { within_ms: Some(HOUR_MS as i64), timing };
    let operators: [(&str, Box<dyn Operator>); 6] = [
        ("windows that follow one another", sliding(HOUR_MS, HOUR_MS)),
        ("windows that slide", sliding(HOUR_MS, 10)),
        ("windows that begin with each hour", {
            let (length, step) = (Extent::Plain(HOUR_MS), Extent::Plain(10));
            window(Windows::Paned(Layout::cumulating(length, step, 0, None).unwrap()))
        }),
        ("sessions", window(Windows::Sessions { gap: Gap::Fixed(HOUR_MS as i64), most_ms: None })),
        ("dedup by event time", Box::new(Dedup::new(by_key(), memory(Some(timing()))))),
        ("dedup by batches", Box::new(Dedup::new(by_key(), memory(None)))),
    ];
    for (name, mut operator) in operators {
        operator.head(&mut Head::new(1000)).unwrap();
        operator.durable().unwrap().track(false);
        let mut collected = Collected::default();
        let mut out = Out::new(&mut collected);
        let bytes: Vec<usize> = (1..=BATCHES)
            .map(|batch| {
                let time = BatchTime(batch * 1000);
                out.set_time(time);
                let bytes: String = records(batch).iter().map(|record| format!("{record}\n")).collect();
                operator.block(Block { time, records: RECORDS, bytes: bytes.as_bytes() }, &mut out).unwrap();
                operator.end(time, &mut out).unwrap();
                saved_bytes(operator.durable().unwrap())
            })
            .collect();
        assert_same_to_the_end(name, &bytes);
    }
}

#[test]
fn so_does_an_interval_join() {
    let side = || SideOptions { grouping: within::by(program(".[0]")), timing: timing() };
    let range = Range { from_ms: -5, to_ms: 5 };
    let mut join = IntervalJoin::new(Type::Full, range, [side(), side()]);
    join.head(&mut Head::new(1000)).unwrap();
    Merge::durable(&mut join).unwrap().track(false);
    let mut collected = Collected::default();
    let mut out = Out::new(&mut collected);
    let bytes: Vec<usize> = (1..=BATCHES)
        .map(|batch| {
            let time = BatchTime(batch * 1000);
            out.set_time(time);
            let records = records(batch);
            join.batch(time, &[&records as &dyn Whole, &records], &mut out).unwrap();
            out.end(time);
            saved_bytes(Merge::durable(&mut join).unwrap())
        })
        .collect();
    assert_same_to_the_end("a join", &bytes);
}
