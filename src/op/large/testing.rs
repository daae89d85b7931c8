//! Operators under a checkpoint in memory, killed and started again with more or less memory.

use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::memory::{Image, Memory};
use crate::checkpoint::state::StateLog;
use crate::checkpoint::storage::{Storage, make_dir};
use crate::frame::{BatchTime, Block, Close, Head, Reason};
use crate::keyed_state::Load;
use crate::op::durable::Durable;
use crate::op::testing::Collected;
use crate::op::{Operator, Out};
use crate::store::Files;
use proptest::prelude::*;

/// Makes an operator of so much memory, or with all in it.
pub type Make<'m> = dyn Fn(Option<usize>) -> Box<dyn Operator> + 'm;

/// How much memory there is, how many batches more are run than one, and what it resumes by.
pub type Turn = (Option<usize>, usize, u64);

/// Turns as they are drawn.
pub fn turns() -> impl Strategy<Value = Vec<Turn>> {
    prop::collection::vec((prop::option::weighted(0.8, 100..3000usize), 0..4usize, any::<u64>()), 1..8)
}

/// One of so many keys, in several ways to write them.
pub fn key(count: u32) -> impl Strategy<Value = String> {
    (0..count, any::<bool>()).prop_map(|(key, is_odd)| match (key % 3, is_odd) {
        (0, false) => format!("\"key-{key}\""),
        (0, true) => format!("\"\\u006bey-{key}\""),
        (_, false) => format!("{key}"),
        (_, true) => format!("{key}.0"),
    })
}

/// A record's time, which may be none, and what else there is of it, written.
pub type Dated = (Option<i64>, String);

/// Batches of fewer than `most` records, `[KEYS,TIME,MORE…]`, each with several of `keys`, one, or none. Times go on from
/// batch to batch.
pub fn dated(
    keys: impl Strategy<Value = String>,
    rest: impl Strategy<Value = Dated>,
    most: usize,
) -> impl Strategy<Value = Vec<Vec<String>>> {
    let keys = prop::collection::vec(keys, 0..3).prop_map(|keys| keys.join(","));
    prop::collection::vec((prop::collection::vec((keys, rest), 0..most), 0..8_i64), 1..14).prop_map(|batches| {
        let mut now = 0;
        let written = batches.into_iter().map(|(records, forward)| {
            now += forward;
            let time = |time: Option<i64>| time.map_or("\"none\"".to_owned(), |time| (now + time).to_string());
            records.into_iter().map(|(keys, (at, more))| format!("[[{keys}],{}{more}]", time(at))).collect()
        });
        written.collect()
    })
}

const DIR: &str = "/stage";

/// Gives a state what was kept of it.
struct Loading<'s>(&'s mut dyn Durable, bool);

impl Loading<'_> {
    fn begin(&mut self) {
        if !std::mem::replace(&mut self.1, true) {
            self.0.track(true);
        }
    }
}

impl Load for Loading<'_> {
    fn keep_in(&mut self, files: Arc<dyn Files>) {
        self.0.keep_in(files);
    }

    fn files(&mut self, files: &[u8]) -> bool {
        self.begin();
        self.0.load_files(files).unwrap()
    }

    fn pair(&mut self, key: &[u8], value: Option<&[u8]>) {
        self.begin();
        self.0.load(key, value).unwrap();
    }
}

/// Makes the operator and gives it the state as of a batch, or that before all.
fn restored(
    make: &Make<'_>,
    memory: Option<usize>,
    disk: &Memory,
    resume_ms: Option<u64>,
) -> (Box<dyn Operator>, StateLog) {
    let mut operator = make(memory);
    operator.head(&mut Head::new(1000)).unwrap();
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let durable = operator.durable().unwrap();
    let log = match resume_ms {
        None => {
            make_dir(&*storage, Path::new(DIR)).unwrap();
            let log = StateLog::create(storage, Path::new(DIR), 1000.into(), 0).unwrap();
            durable.keep_in(log.files());
            durable.track(false);
            log
        }
        Some(resume_ms) => {
            let mut loading = Loading(durable, false);
            let log =
                StateLog::open_with(storage, Path::new(DIR), (0, resume_ms), (1000.into(), 0), &mut loading).unwrap();
            if log.is_restored() {
                loading.begin();
                durable.finish_load().unwrap();
            } else {
                durable.track(false);
            }
            log
        }
    };
    (operator, log)
}

/// Runs batches from `first` on, saving the state after each.
pub fn run_from(
    operator: &mut dyn Operator,
    mut log: Option<&mut StateLog>,
    batches: &[Vec<String>],
    first: usize,
    collected: &mut Collected,
    until: usize,
) {
    if log.is_none() {
        operator.head(&mut Head::new(1000)).unwrap();
    }
    for (index, batch) in batches.iter().enumerate().take(until).skip(first) {
        let mut out = Out::new(collected);
        let time = BatchTime((index as u64 + 1) * 1000);
        out.set_time(time);
        for half in [&batch[..batch.len() / 2], &batch[batch.len() / 2..]] {
            let bytes: String = half.iter().map(|record| format!("{record}\n")).collect();
            if !half.is_empty() {
                operator.block(Block { time, records: half.len() as u64, bytes: bytes.as_bytes() }, &mut out).unwrap();
            }
        }
        operator.end(time, &mut out).unwrap();
        if let Some(log) = &mut log {
            let rolled = log.save(time.0, operator.durable().unwrap()).unwrap();
            log.sync().unwrap();
            if rolled {
                log.purge(time.0.saturating_sub(1000)).unwrap();
            }
        }
    }
}

/// Runs batches in turns, each killed at its end, and compares with one that was never killed and has all in memory.
pub fn goes_on(make: &Make<'_>, batches: &[Vec<String>], turns: Vec<Turn>) {
    let mut expected = Collected::default();
    run_from(&mut *make(None), None, batches, 0, &mut expected, batches.len());
    let mut disk = Memory::new("/");
    let mut resume: Option<usize> = None;
    let mut turns = turns.into_iter();
    let mut collected = Collected::default();
    loop {
        let (memory, more, seed) = turns.next().unwrap_or((Some(500), 99, 0));
        let first = resume.unwrap_or(0);
        let (mut operator, mut log) = restored(make, memory, &disk, resume.map(|done| done as u64 * 1000));
        let until = batches.len().min(first + 1 + more);
        run_from(&mut *operator, Some(&mut log), batches, first, &mut collected, until);
        drop(log);
        if until == batches.len() {
            break;
        }
        // It is killed, and resumes at this batch or the one before.
        resume = Some(until - (seed as usize % 2).min(until - 1));
        collected.batches.truncate(resume.unwrap_or(0));
        disk = disk.after_crash(Image::Everything);
    }
    assert_eq!(collected.batches, expected.batches);
}

/// Runs batches in turns, each with an end of the stream behind it, after which the next goes on; and compares with turns
/// that have all in memory.
pub fn goes_on_after_ends(make: &Make<'_>, batches: &[Vec<String>], turns: &[Turn]) {
    let run = |is_large: bool| {
        let (mut disk, mut resume_ms, mut rest) = (Memory::new("/"), None, batches);
        let mut collected = Collected::default();
        for &(memory, more, _) in turns {
            let (of_turn, later) = rest.split_at(rest.len().min(1 + more));
            rest = later;
            let (mut operator, mut log) = restored(make, memory.filter(|_| is_large), &disk, resume_ms);
            let first = resume_ms.map_or(0, |ms| ms as usize / 1000);
            let of_turn: Vec<Vec<String>> =
                vec![Vec::new(); first].into_iter().chain(of_turn.iter().cloned()).collect();
            run_from(&mut *operator, Some(&mut log), &of_turn, first, &mut collected, of_turn.len());
            operator.close(&Close::new(Reason::Eof), &mut Out::new(&mut collected)).unwrap();
            let newest_ms = collected.batches.last().map_or(0, |batch| batch.0);
            log.close(newest_ms, operator.durable().unwrap()).unwrap();
            drop(log);
            (resume_ms, disk) = (Some(newest_ms), disk.after_crash(Image::Everything));
        }
        collected.batches
    };
    assert_eq!(run(true), run(false));
}
