//! Windows in the log of a state: restored at any time that is covered, they go
//! on as if nothing had been.

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::super::log::View;
use super::super::memory::{Image, Memory};
use super::super::state::{StateLog, look};
use super::super::storage::Storage as _;
use crate::agg::{Aggregation, Aggregator};
use crate::frame::{BatchTime, Block, Head};
use crate::op::grouping::{By, Grouping};
use crate::op::testing::Collected;
use crate::op::window::{Fold, Plain, RecordWindow, TimeWindow};
use crate::op::{Operator, Out};

const DIR: &str = "/d/window";
const STEP_MS: u64 = 10;

fn fold(aggregation: &str) -> Box<Fold> {
    let aggregator = Aggregator::new(Aggregation::parse(aggregation).unwrap());
    Box::new(Fold::new(aggregator, Grouping::new(By::Record, None)))
}

fn window(kind: u8, length: u64, slide: u64, resume_ms: u64) -> Box<dyn Operator> {
    let time = |panes| -> Box<dyn Operator> {
        Box::new(TimeWindow::new((length * STEP_MS).into(), Some((slide * STEP_MS).into()), panes))
    };
    let mut window = match kind {
        0 => time(Box::new(Plain::new(0))),
        1 => time(fold("max")),
        2 => time(fold("count")),
        _ => Box::new(RecordWindow::new(length, slide, fold("collect"))),
    };
    let mut head = Head::new(STEP_MS);
    head.other.insert("checkpoint".into(), json!("/d"));
    head.other.insert("resume".into(), json!(resume_ms));
    window.head(&mut head).unwrap();
    window
}

type Given = Vec<(u64, Vec<String>)>;

fn feed(window: &mut dyn Operator, time_ms: u64, records: &[u8]) -> Given {
    let time = BatchTime(time_ms);
    let mut collected = Collected::default();
    let mut out = Out::new(&mut collected);
    out.set_time(time);
    let bytes: String = records.iter().map(|record| format!("{record}\n")).collect();
    if !records.is_empty() {
        window.block(Block { time, records: records.len() as u64, bytes: bytes.as_bytes() }, &mut out).unwrap();
    }
    window.end(time, &mut out).unwrap();
    collected.batches
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_window_comes_back_from_any_time_that_is_kept(
        kind in 0u8..4, length in 1u64..9, slide in 1u64..9,
        batches in prop::collection::vec(prop::collection::vec(0u8..9, 0..6), 1..60),
        at in any::<prop::sample::Index>(), purge in any::<prop::sample::Index>(), every in 1u64..4,
    ) {
        let memory = Memory::new("/d");
        memory.create_dir(Path::new(DIR)).unwrap();
        memory.sync_dir(Path::new("/d")).unwrap();
        let mut log = StateLog::create(Arc::new(memory.clone()), Path::new(DIR), STEP_MS.into(), every * STEP_MS).unwrap();
        let mut undisturbed = window(kind, length, slide, 0);
        undisturbed.durable().unwrap().track(false);
        let mut given = Vec::new();
        for (index, batch) in batches.iter().enumerate() {
            let time_ms = (index as u64 + 1) * STEP_MS;
            given.push(feed(&mut *undisturbed, time_ms, batch));
            if log.is_due(time_ms) {
                log.save(time_ms, undisturbed.durable().unwrap()).unwrap();
            }
        }
        log.sync().unwrap();
        let purge_ms = purge.index(batches.len()) as u64 * STEP_MS;
        log.purge(purge_ms).unwrap();
        drop(log);
        let memory = memory.after_crash(Image::Synced);
        let seen = look(Arc::new(memory.clone()), Path::new(DIR), View::Visible, 0, STEP_MS.into()).unwrap().unwrap();
        let covers = |time_ms| seen.covers.iter().any(|(from, to)| (*from..*to).contains(&time_ms));
        let times: Vec<u64> = (0..=batches.len() as u64).map(|time| time * STEP_MS).filter(|time| covers(*time)).collect();
        prop_assert!(times.iter().any(|time| *time <= purge_ms.max(every * STEP_MS)), "{times:?}");
        let resume_ms = times[at.index(times.len())];
        let mut restored = window(kind, length, slide, resume_ms);
        let state = restored.durable().unwrap();
        state.track(true);
        let intervals = (STEP_MS.into(), every * STEP_MS);
        let mut load = |key: &[u8], entry: Option<&[u8]>| state.load(key, entry).unwrap();
        StateLog::open(Arc::new(memory), Path::new(DIR), (0, resume_ms), intervals, &mut load).unwrap();
        state.finish_load().unwrap();
        for (index, batch) in batches.iter().enumerate().skip((resume_ms / STEP_MS) as usize) {
            let again = feed(&mut *restored, (index as u64 + 1) * STEP_MS, batch);
            prop_assert_eq!(&again, &given[index], "batch {} after {}", index + 1, resume_ms);
        }
    }
}

#[test]
fn a_window_is_written_once_and_read_back_in_a_few_times_its_size() {
    let memory = Memory::new("/d");
    memory.create_dir(Path::new(DIR)).unwrap();
    let mut log = StateLog::create(Arc::new(memory.clone()), Path::new(DIR), STEP_MS.into(), 0).unwrap();
    let mut window = window(0, 50, 1, 0);
    window.durable().unwrap().track(false);
    let size = || memory.all_files().iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    let records = [7; 200];
    for batch in 1..=1000 {
        feed(&mut *window, batch * STEP_MS, &records);
        log.save(batch * STEP_MS, window.durable().unwrap()).unwrap();
        log.sync().unwrap();
        log.purge(batch * STEP_MS).unwrap();
    }
    // 400 bytes of records a batch, 50 batches in the window; the rest is headers.
    assert!(size() < 4 * 50 * 600, "{}", size());
}
