//! Batches in, operator, batches out: no process, no sleeping.

use super::{Downstream, OpError, Operator, Out};
use crate::frame::{BatchTime, Block, Close, Head, Reason, Watermark};

/// What came out of an operator.
#[derive(Debug, Default)]
pub struct Collected {
    /// Each batch that ended: its time in ms and its records.
    pub batches: Vec<(u64, Vec<String>)>,
    /// The watermarks that the ends carried.
    pub watermarks: Vec<Option<i64>>,
    /// Records set aside, with the reason.
    pub bad: Vec<(String, String)>,
    /// Records that came too late, with the reason.
    pub late: Vec<(String, String)>,
    open: Vec<String>,
}

impl Downstream for Collected {
    fn block(&mut self, block: Block<'_>) {
        let before = self.open.len();
        self.open.extend(block.iter().map(|record| String::from_utf8(record.to_vec()).unwrap()));
        assert_eq!((self.open.len() - before) as u64, block.records);
    }

    fn end(&mut self, time: BatchTime, records: u64, watermark: Option<Watermark>) {
        assert_eq!(records, self.open.len() as u64);
        self.watermarks.push(watermark.map(|Watermark(ms)| ms));
        self.batches.push((time.0, std::mem::take(&mut self.open)));
    }

    fn bad_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.bad.push((String::from_utf8_lossy(record).into_owned(), reason.to_owned()));
        Ok(())
    }

    fn late_record(&mut self, _: BatchTime, record: &[u8], reason: &str) -> Result<(), OpError> {
        self.late.push((String::from_utf8_lossy(record).into_owned(), reason.to_owned()));
        Ok(())
    }
}

/// Runs an operator over batches of one second; times begin at 1000.
pub fn run<S: AsRef<str>>(operator: &mut dyn Operator, batches: &[Vec<S>]) -> Collected {
    try_run(operator, 1000, batches, Reason::Eof).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs an operator, with all that can be chosen.
pub fn try_run<S: AsRef<str>>(
    operator: &mut dyn Operator,
    interval_ms: u64,
    batches: &[Vec<S>],
    reason: Reason,
) -> Result<Collected, OpError> {
    let mut collected = Collected::default();
    let mut out = Out::new(&mut collected);
    operator.head(&mut Head::new(interval_ms))?;
    for (index, batch) in batches.iter().enumerate() {
        let time = BatchTime((index as u64 + 1) * interval_ms);
        out.set_time(time);
        // Two blocks where there is enough for two: their border must not show.
        for half in [&batch[..batch.len() / 2], &batch[batch.len() / 2..]] {
            let bytes: String = half.iter().map(|record| format!("{}\n", record.as_ref())).collect();
            if !half.is_empty() {
                operator.block(Block { time, records: half.len() as u64, bytes: bytes.as_bytes() }, &mut out)?;
            }
            // As where the next block is waited for; nor must that show.
            if index % 2 == 1 {
                operator.idle(&mut out)?;
            }
        }
        operator.end(time, &mut out)?;
    }
    operator.close(&Close::new(reason), &mut out)?;
    assert!(collected.open.is_empty(), "records without an end");
    Ok(collected)
}

/// Both gave the same, and said the same of bad and late records.
pub fn assert_same(one: &Collected, other: &Collected) {
    assert_eq!(one.batches, other.batches);
    assert_eq!(one.watermarks, other.watermarks);
    assert_eq!(one.bad, other.bad);
    assert_eq!(one.late, other.late);
}

/// An operator of some threads goes on with what one of others has saved, or one of a single thread, and the other way round,
/// as if nothing had been: killed before the batch `at`. `make` makes one of so many threads.
pub fn assert_restored_by_others<S: AsRef<str>>(
    make: impl Fn(usize) -> Box<dyn Operator>,
    batches: &[Vec<S>],
    at: usize,
    threads: (usize, usize),
) {
    let whole = run_restored(&mut || make(1), batches, usize::MAX);
    let mut number = 0;
    let mut next = || {
        number += 1;
        make(if number == 1 { threads.0 } else { threads.1 })
    };
    assert_eq!(run_restored(&mut next, batches, at), whole);
}

/// Runs an operator with state over batches of one second; before the batch `at` it is killed, and
/// another one goes on with what was saved. The batches, without one at the close.
pub fn run_restored<S: AsRef<str>>(
    make: &mut dyn FnMut() -> Box<dyn Operator>,
    batches: &[Vec<S>],
    at: usize,
) -> Vec<(u64, Vec<String>)> {
    use std::collections::HashMap;
    let mut collected = Collected::default();
    let mut saved: Vec<(Vec<u8>, Option<Vec<u8>>)> = Vec::new();
    let begin = |operator: &mut dyn Operator, saved: &[(Vec<u8>, Option<Vec<u8>>)]| {
        operator.head(&mut Head::new(1000)).unwrap();
        let Some(durable) = operator.durable() else { panic!("an operator without state") };
        durable.track(!saved.is_empty());
        for (key, entry) in saved {
            durable.load(key, entry.as_deref()).unwrap();
        }
        if !saved.is_empty() {
            durable.finish_load().unwrap();
        }
    };
    let mut operator = make();
    begin(operator.as_mut(), &saved);
    for (index, batch) in batches.iter().enumerate() {
        if index == at {
            operator = make();
            begin(operator.as_mut(), &saved);
        }
        let mut out = Out::new(&mut collected);
        let time = BatchTime((index as u64 + 1) * 1000);
        out.set_time(time);
        let bytes: String = batch.iter().map(|record| format!("{}\n", record.as_ref())).collect();
        if !batch.is_empty() {
            operator.block(Block { time, records: batch.len() as u64, bytes: bytes.as_bytes() }, &mut out).unwrap();
            operator.idle(&mut out).unwrap();
        }
        operator.end(time, &mut out).unwrap();
        if let Some(durable) = operator.durable() {
            let mut keep = |key: &[u8], entry: Option<&[u8]>| saved.push((key.to_vec(), entry.map(<[u8]>::to_vec)));
            durable.changes(&mut keep).unwrap();
            // A snapshot in slices, now and then, is as good as all changes.
            if index % 3 == 2 {
                let mut whole: HashMap<Vec<u8>, Option<Vec<u8>>> = HashMap::new();
                let mut from_start = true;
                while !durable.slice(from_start, 16, &mut |key, entry| {
                    whole.insert(key.to_vec(), entry.map(<[u8]>::to_vec));
                }) {
                    from_start = false;
                }
                saved = whole.into_iter().collect();
                saved.sort();
            }
        }
    }
    collected.batches
}
